"""The land ledger: reserved, needed, missing, in square metres and mu, every square metre once."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from geoplan.siting.candidates import candidates
from geoplan.siting.ledger import land_ledger
from tests.geoplan.siting.fields import CN, fields, square

STAGES = ("primary", "junior")


def plots(*rows: tuple[str, float, float], **more: object) -> pd.DataFrame:
    """Education plots of a side at an x along the lane."""
    sites = [{"id": name, "shape": square(x, 1020, side), "kind": "education_plot"} for name, x, side in rows]
    return candidates(fields(sites, **more), CN, STAGES, search=False)  # type: ignore[arg-type]


def owed(*rows: tuple[str, str, float]) -> pd.DataFrame:
    """Land needed."""
    return pd.DataFrame(rows, columns=["area_id", "stage", "m2"])


def test_needed_reserved_missing() -> None:
    table = land_ledger(
        plots(("p", 500, 100), ("q", 900, 120)), owed(("a", "primary", 6000), ("a", "junior", 20_000))
    )
    rows = table.set_index("stage")
    assert rows.loc["primary", "reserved_m2"] == pytest.approx(6000)
    assert rows.loc["junior", "reserved_m2"] == pytest.approx(10_000 + 14_400 - 6000, rel=1e-4)
    assert rows.loc["junior", "missing_m2"] == pytest.approx(1600, abs=3)
    assert rows.loc["junior", "missing_mu"] == pytest.approx(2.4, abs=0.01)  # 1600 m2 of 666.67 m2 a mu
    assert rows.loc["primary", "plots"] == "p" and rows.loc["junior", "plots"] == "p; q"


def test_a_deficit_without_a_plot_says_none() -> None:
    table = land_ledger(plots(("p", 500, 100)), owed(("b", "primary", 6000)))
    row = table.set_index("area_id").loc["b"]
    assert row["plots"] == "none" and row["missing_m2"] == 6000 and row["reserved_m2"] == 0
    spare = table.set_index("area_id").loc["a"]
    assert spare["stage"] == "any" and spare["reserved_m2"] == pytest.approx(10_000, rel=1e-4)


def test_overlapping_plots_count_once() -> None:
    table = land_ledger(plots(("p", 500, 100), ("q", 550, 100)), owed(("a", "primary", 30_000)))
    assert table["reserved_m2"].sum() == pytest.approx(15_000, rel=1e-4)


def test_a_small_plot_goes_to_the_stage_it_can_hold() -> None:
    """80 m square holds primary classes only, so the larger plot is left for junior."""
    table = land_ledger(plots(("a", 500, 120), ("z", 900, 80)), owed(("a", "primary", 6400), ("a", "junior", 14_400)))
    rows = table.set_index("stage")
    assert rows.loc["primary", "plots"] == "z" and rows.loc["junior", "plots"] == "a"
    assert rows["missing_m2"].sum() == pytest.approx(0, abs=3)


def test_a_plot_that_fails_is_a_conflict_not_a_reserve() -> None:
    table = land_ledger(
        plots(("p", 500, 100), excluded=[("heritage", square(400, 900, 900))]), owed(("a", "primary", 6000))
    )
    row = table.iloc[0]
    assert (row["reserved_m2"], row["missing_m2"], row["plots"]) == (0, 6000, "none")
    assert row["conflict_m2"] == 0  # nothing of it can be used
    line = [("power_line", square(450, 1050, 200))]
    crossed = land_ledger(plots(("p", 500, 100), ground=line), owed(("a", "primary", 6000))).iloc[0]
    assert crossed["conflict_m2"] == pytest.approx(10_000, rel=1e-4) and crossed["reserved_m2"] == 0


@settings(max_examples=20, deadline=None)
@given(some.lists(some.floats(1, 40_000), min_size=2, max_size=2), some.permutations(["p", "q", "r"]))
def test_nothing_is_given_out_twice(needs: list[float], order: list[str]) -> None:
    table = plots(*[(name, 400.0 + 200 * at, 100.0) for at, name in enumerate(sorted(order))])
    wanted = owed(*[("a", stage, m2) for stage, m2 in zip(STAGES, needs, strict=True)])
    found = land_ledger(table, wanted)
    assert found["reserved_m2"].sum() == pytest.approx(30_000, rel=1e-4)
    listed = found[found["stage"] != "any"]
    assert (listed["reserved_m2"] <= listed["needed_m2"] + 1e-6).all()
    assert listed["missing_m2"].sum() == pytest.approx(max(sum(needs) - 30_000, 0), abs=10)
    shuffled = table.set_index("site_id").loc[order].reset_index()
    pd.testing.assert_frame_equal(found, land_ledger(shuffled, wanted))
    assert np.isfinite(found[["needed_mu", "reserved_mu", "missing_mu"]].to_numpy()).all()
