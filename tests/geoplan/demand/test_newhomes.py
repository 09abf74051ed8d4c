"""New housing: who is counted already, how fast it fills, who its pupils are, whom it takes from inside."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from geoplan import standards as st
from geoplan.demand.newhomes import own_land_m, with_new_homes
from geoplan.demand.outlook import norm_ratio, pupils_in, residents_in, share_unborn, stage_pupils
from tests.geoplan.demand.new_town import by_cell, housing, town
from tests.geoplan.demand.town import births
from tests.geoplan.test_demand import areas, cells

Y: dict[str, Any] = {"id": "Y", "dwellings": 100, "ready": 2026, "persons_per_dwelling": 3.0}
EVEN = births(*[10.0] * 12, first=2024)


def test_what_is_ready_by_the_population_year_is_counted_already() -> None:
    projects = housing(
        {**Y, "id": "ready", "ready": 2023},
        {**Y, "id": "said_no", "ready": 2023, "in_population": False},
        {**Y, "id": "said_yes", "ready": 2026, "in_population": True},
        {**Y, "id": "later", "ready": 2024},
        {**Y, "id": "name", "status": "name_only", "dwellings": np.nan, "ready": np.nan},
    )
    found = town([1000.0], projects)
    assert found.cells["cell_id"].tolist() == ["c0", "housing:later", "housing:said_no"]
    assert found.ahead.params["housing_taken_as_counted"] == {"projects": 1, "year": 2023}
    assert found.ahead.params["housing_names_only"] == {"projects": 1}, "who is left out is said"


def test_nobody_lives_there_in_the_base_year() -> None:
    found = town([1000.0], housing(Y))
    assert residents_in(found.ahead, 2023).tolist() == [1000.0, 0.0]
    assert (
        by_cell(pupils_in(found.ahead, 2023)) == [180.0 - 0.0, 0.0] or by_cell(pupils_in(found.ahead, 2023))[1] == 0.0
    )


def test_dwellings_fill_by_the_profile_or_as_stated() -> None:
    found = town([1000.0], housing(Y, {**Y, "id": "Z", "occupancy_2027": 0.5, "occupancy_2029": 1.0}))
    filled = {year: residents_in(found.ahead, year)[1:] / 300 for year in range(2025, 2031)}
    assert [round(filled[year][0], 6) for year in filled] == [0.0, 0.4, 0.7, 0.9, 1.0, 1.0]
    assert [round(filled[year][1], 6) for year in filled] == [0.0, 0.25, 0.5, 0.75, 1.0, 1.0]
    assert {"housing_occupancy", "housing_from_outside"} <= set(found.ahead.assumptions)


def test_movers_from_inside_leave_their_homes() -> None:
    """Of 300 who move in by 2029, 150 lived inside: every hundredth resident and pupil leaves the old homes."""
    projects = housing({**Y, "from_inside_share": 0.5})
    found = town([9000.0, 6000.0], projects, tables={"births": EVEN}, housing_mode="cohort")
    assert residents_in(found.ahead, 2029).tolist() == pytest.approx([8910.0, 5940.0, 300.0])
    plain = town([9000.0, 6000.0], None, tables={"births": EVEN})
    left, stayed = (by_cell(pupils_in(one.ahead, 2029, stage="primary")) for one in (plain, found))
    assert stayed[:2] == pytest.approx([0.99 * pupils for pupils in left])


def test_pupils_by_the_norm_or_by_the_ages_of_the_region() -> None:
    """300 persons: 24 primary pupils at 80 per 1000; 18 where 60 of 1000 residents are of the age; 31 as stated."""
    guangzhou = st.load("cn-guangzhou")
    by_norm = town([1000.0], housing(Y), standards=guangzhou, tables={"births": EVEN})
    assert by_cell(pupils_in(by_norm.ahead, 2029, stage="primary"))[1] == pytest.approx(24.0)
    assert {"housing_by_norm", "housing_by_ages"} <= set(by_norm.ahead.assumptions)  # no norm for kindergartens
    by_ages = town([1000.0], housing(Y), standards=guangzhou, tables={"births": EVEN}, housing_mode="cohort")
    assert by_cell(pupils_in(by_ages.ahead, 2029, stage="primary"))[1] == pytest.approx(18.0)
    stated = town([1000.0], housing({**Y, "pupils_primary": 31.0}), tables={"births": EVEN})
    assert by_cell(pupils_in(stated.ahead, 2029, stage="primary"))[1] == pytest.approx(31.0)
    assert by_cell(pupils_in(stated.ahead, 2026, stage="primary"))[1] == pytest.approx(0.4 * 31.0)


def test_the_unborn_of_new_housing_count_too() -> None:
    found = town([1000.0], housing(Y), standards=st.load("cn-guangzhou"), tables={"births": EVEN})
    assert share_unborn(found.ahead, "primary", 2029) == 0.0  # six-year-olds of 2029 were born in 2023
    assert share_unborn(found.ahead, "primary", 2031) == pytest.approx(2 / 6)
    assert norm_ratio(found.ahead, "primary", 2031) == pytest.approx(1300 * 0.08 / (60 + 300 * 0.06))


def test_a_project_outside_is_said_and_left_out() -> None:
    found = town([1000.0], housing(Y, at=(50.0, 50.0)))
    assert found.cells["cell_id"].tolist() == ["c0"]
    assert [(fault.code, fault.severity, fault.value) for fault in found.ahead.faults] == [
        ("demand_housing_outside", "warning", "Y")
    ]


def test_cells_are_behind_the_others_and_shown_by_no_pixel() -> None:
    before = cells([10.0, 20.0], age_0_4=[1.0, 2.0])
    after = with_new_homes(before, housing(Y), areas("a", "b"), 2023)
    assert after.index is before.index
    pd.testing.assert_frame_equal(after.table.iloc[:2], before.table)
    last = after.table.iloc[2]
    assert (last["cell_id"], last["residents"], last["age_0_4"], last["area_id"]) == ("housing:Y", 0.0, 0.0, "b")
    assert own_land_m(after).tolist() == pytest.approx([0.0, 0.0, 0.2 * np.sqrt(0.5)])
    assert with_new_homes(before, None, areas("a"), 2023) is before
    assert with_new_homes(before, housing(Y), areas("a"), None) is before


@settings(max_examples=20, deadline=None)
@given(
    some.lists(
        some.tuples(some.integers(0, 3000), some.integers(2024, 2034), some.floats(0, 1), some.floats(0.5, 5)),
        min_size=1,
        max_size=5,
    ),
    some.integers(2024, 2035),
)
def test_all_who_move_in_come_from_somewhere(projects: list[tuple[int, int, float, float]], year: int) -> None:
    """Residents of the region grow by those who come from outside, and by nobody else; no cell is below nobody."""
    rows = [
        {"id": f"P{n}", "dwellings": d, "ready": r, "from_inside_share": s, "persons_per_dwelling": p}
        for n, (d, r, s, p) in enumerate(projects)
    ]
    found = town([60_000.0, 40_000.0], housing(*rows))
    people = residents_in(found.ahead, year)
    homes = found.ahead.projection.homes  # type: ignore[union-attr]
    arrived = float((homes.residents(year) * (1 - homes.inside)).sum())
    assert people.sum() == pytest.approx(100_000 + arrived, rel=1e-9)
    assert (people >= 0).all()
    for stage in ("primary", "junior"):
        units = pupils_in(found.ahead, year, stage=stage)
        assert units["pupils"].sum() == pytest.approx(stage_pupils(found.ahead, stage, year), rel=1e-9)
