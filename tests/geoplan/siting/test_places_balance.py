"""Places against pupils by area and year: hand-checked levels, and what unknown places do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from geoplan.siting.places_balance import area_places, places_balance
from geoplan.standards import load

STANDARDS = load("neutral")
SCHOOLS = ["school_id", "area_id", "stage", "year", "places"]
PUPILS = ["area_id", "stage", "year", "variant", "pupils", "share_unborn"]


def standing(*rows: tuple[Any, ...]) -> pd.DataFrame:
    return area_places(pd.DataFrame(list(rows), columns=SCHOOLS))


def asking(*rows: tuple[Any, ...]) -> pd.DataFrame:
    return pd.DataFrame([(*row, 0.25) for row in rows], columns=PUPILS)


@pytest.mark.parametrize(
    ("pupils", "warning"),
    [(101, "short"), (100.001, "short"), (100, "watch"), (96, "watch"), (100 / 1.05, "ok"), (0, "ok")],
)
def test_levels_of_warning(pupils: float, warning: str) -> None:
    found = places_balance(
        asking(("A", "primary", 2027, "mid", pupils)), standing(("s", "A", "primary", 2027, 100.0)), STANDARDS
    )
    row = found.iloc[0]
    assert (row["warning"], row["balance"], row["share_unborn"]) == (warning, pytest.approx(100 - pupils), 0.25)


def test_the_first_deficit_is_a_year_of_the_plan() -> None:
    years = (2025, 2027, 2035)
    pupils = asking(
        *(("A", "primary", year, "mid", amount) for year, amount in zip(years, (90, 120, 80), strict=True))
    )
    places = standing(*(("s", "A", "primary", year, 100.0) for year in years))
    found = places_balance(pupils, places, STANDARDS)
    assert found["warning"].tolist() == ["ok", "short", "ok"]
    assert found["first_deficit_year"].tolist() == [2027.0] * 3
    enough = places_balance(pupils.assign(pupils=10.0), places, STANDARDS)
    assert enough["first_deficit_year"].isna().all()


def test_each_variant_has_its_own_first_deficit() -> None:
    pupils = asking(
        ("A", "primary", 2025, "low", 90), ("A", "primary", 2025, "high", 110),
        ("A", "primary", 2035, "low", 101), ("A", "primary", 2035, "high", 120),
    )  # fmt: skip
    places = standing(("s", "A", "primary", 2025, 100.0), ("s", "A", "primary", 2035, 100.0))
    found = places_balance(pupils, places, STANDARDS).groupby("variant")["first_deficit_year"].first()
    assert found.to_dict() == {"high": 2025.0, "low": 2035.0}


def test_unknown_places_are_never_ok() -> None:
    places = standing(("s", "A", "primary", 2027, 1e6), ("t", "A", "primary", 2027, np.nan))
    row = places_balance(asking(("A", "primary", 2027, "mid", 10.0)), places, STANDARDS).iloc[0]
    assert (row["warning"], row["schools"], row["schools_unknown"]) == ("unknown", 2, 1)
    assert np.isnan(row["places"]) and np.isnan(row["balance"]) and np.isnan(row["first_deficit_year"])


def test_an_area_without_a_school_has_no_places() -> None:
    places = standing(("s", None, "primary", 2027, 100.0), ("t", "B", "primary", 2027, 100.0))
    row = places_balance(asking(("A", "primary", 2027, "mid", 10.0)), places, STANDARDS).iloc[0]
    assert (row["places"], row["schools"], row["warning"]) == (0.0, 0, "short")


def test_areas_and_stages_do_not_mix_and_rows_may_be_shuffled() -> None:
    pupils = asking(
        ("B", "junior", 2027, "mid", 30.0), ("A", "primary", 2027, "mid", 60.0), ("A", "junior", 2027, "mid", 40.0)
    )
    places = standing(
        ("n", "A", "primary", 2027, 70.0), ("n", "A", "junior", 2027, 30.0), ("j", "B", "junior", 2027, 50.0)
    )
    found = places_balance(pupils, places, STANDARDS)
    assert found[["area_id", "stage", "balance"]].to_numpy().tolist() == [
        ["A", "junior", -10.0], ["A", "primary", 10.0], ["B", "junior", 20.0]
    ]  # fmt: skip
    mixed = places_balance(pupils.sample(frac=1, random_state=2), places.sample(frac=1, random_state=2), STANDARDS)
    pd.testing.assert_frame_equal(mixed, found)
