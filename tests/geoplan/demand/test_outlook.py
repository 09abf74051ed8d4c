"""Pupils of later years: cohorts grow older, births fill in, nobody is lost or made on the way."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from geoplan import standards as st
from geoplan.demand.cohorts import children
from geoplan.demand.entry import norm_places, places_norm
from geoplan.demand.outlook import (
    headline,
    norm_ratio,
    pupils_in,
    residents_in,
    share_unborn,
    stage_pupils,
)
from geoplan.errors import NotFoundError, PlanError
from layers.errors import InputError
from tests.geoplan.demand.town import YEAR, ahead, births, even_ages

RISING = {f"age_{age}": [float(age), 2.0 * age] for age in range(19)}
GUANGZHOU = st.load("cn-guangzhou")


def test_children_are_a_year_older_every_year() -> None:
    """Ages rise by one child a year: in 2027 the six-year-olds are the three-year-olds of 2024."""
    found = ahead([100.0, 200.0], ages=RISING, tables={"births": births(*[0.0] * 11)})
    primary = pupils_in(found, 2027, stage="primary").groupby("cell")["pupils"].sum()
    assert primary.tolist() == [sum(range(3, 9)), 2 * sum(range(3, 9))]
    assert stage_pupils(found, "kindergarten", 2027) == 3 * (0 + 1 + 2)


def test_the_base_year_is_what_was_counted() -> None:
    found = ahead([100.0, 50.0])
    assert found.years == (2024, 2025, 2027, 2035) and found.base_year == 2024
    pd.testing.assert_frame_equal(pupils_in(found, 2024), found.demand.units)
    assert headline(found) is found.demand
    assert share_unborn(found, "primary", 2024) == 0.0


def test_births_live_where_the_youngest_children_do() -> None:
    """30 births in 2025; two thirds of the children under five live in the second cell, though few residents do."""
    ages = {f"age_{age}": [1.0, 2.0] for age in range(19)}
    found = ahead([900.0, 100.0], ages=ages, tables={"births": births(*[30.0] * 11)})
    kindergarten = pupils_in(found, 2030, stage="kindergarten")["pupils"].tolist()
    assert kindergarten == pytest.approx([30.0, 60.0])


def test_births_without_children_follow_residents() -> None:
    ages = {f"age_{age}": [0.0, 0.0] for age in range(19)}
    found = ahead([900.0, 100.0], ages=ages, tables={"births": births(*[30.0] * 11)})
    assert pupils_in(found, 2030, stage="kindergarten")["pupils"].tolist() == pytest.approx([81.0, 9.0])


def test_share_unborn_counts_years_of_birth() -> None:
    """Ten children a year. In 2027 kindergarten holds births of 2022 to 2024, all born; in 2028 a third is not."""
    tables = {"births": births(*[10.0] * 11)}
    assert share_unborn(ahead([100.0], tables=tables), "kindergarten", 2027) == 0.0
    assert share_unborn(ahead([100.0], tables=tables), "kindergarten", 2028) == pytest.approx(1 / 3)
    assert share_unborn(ahead([100.0], tables=tables), "primary", 2035) == pytest.approx(5 / 6)
    registered = {"births": births(*[10.0] * 11, registered=[9.0, 9.0, *[np.nan] * 9])}
    assert share_unborn(ahead([100.0], tables=registered), "kindergarten", 2028) == 0.0  # 2025, 2026 are registered
    assert share_unborn(ahead([100.0], tables=registered), "primary", 2035) == pytest.approx(3 / 6)


def test_low_and_high_births_differ_only_for_the_unborn() -> None:
    tables = {"births": births(*[10.0] * 11, low=[8.0] * 11, high=[13.0] * 11)}
    found = ahead([100.0], tables=tables)
    assert [stage_pupils(found, "primary", 2027, one) for one in ("low", "mid", "high")] == [60.0, 60.0, 60.0]
    assert [stage_pupils(found, "kindergarten", 2035, one) for one in ("low", "mid", "high")] == [24.0, 30.0, 39.0]
    assert [stage_pupils(found, "primary", 2035, one) for one in ("low", "mid", "high")] == [50.0, 60.0, 75.0]


def test_one_age_asks_of_survival_and_of_each_year() -> None:
    """Of the three-year-olds of 2024, 0.9 x 0.9 live to be five in 2026; births are the children of age 0."""
    survival = pd.DataFrame({"age_from": [0.0, 5.0], "age_to": [4.0, np.nan], "survival": [0.9, 1.0]})
    found = ahead([100.0], tables={"survival": survival, "births": births(*[10.0] * 11)})
    assert found.projection is not None
    assert children(found.projection.cohorts, 2026, "mid", range(7))[0, 4:].tolist() == pytest.approx([8.1, 8.1, 9.0])
    assert children(found.projection.cohorts, 2026, "mid", range(2))[0].tolist() == pytest.approx([10.0, 9.0])
    assert children(found.projection.cohorts, 2034, "mid", range(9, 10))[0, 0] == pytest.approx(10 * 0.9**5)


def test_a_norm_gives_its_places_exactly() -> None:
    norm = places_norm(GUANGZHOU, "primary")
    assert norm is not None and norm.value == 80
    assert norm_places(1000.0, norm) == 80.0
    found = ahead([1000.0, 0.0], standards=GUANGZHOU, mode="norm", ages=even_ages(10.0, 2))
    assert stage_pupils(found, "primary", 2027) == 80.0
    assert pupils_in(found, 2027, stage="primary").groupby("cell")["pupils"].sum().tolist() == pytest.approx(
        [80.0, 0]
    )
    assert stage_pupils(found, "primary", 2024) == 120.0  # the base year is counted


def test_the_nearer_profile_has_the_norm() -> None:
    norm = places_norm(st.load("cn-yongzhou"), "kindergarten")
    assert norm is not None and norm.id == "cn.yongzhou.per1000.kindergarten"
    assert places_norm(st.load("cn"), "primary") is None


def test_modes_and_their_ratio() -> None:
    """60 pupils by cohorts, 80 by the norm of 1000 residents: 4/3; a fixed norm overbuilds."""
    totals = {
        mode: stage_pupils(ahead([1000.0], standards=GUANGZHOU, mode=mode, blend=0.25), "primary", 2027)
        for mode in ("cohort", "norm", "max", "blend")
    }
    assert totals == pytest.approx({"cohort": 60.0, "norm": 80.0, "max": 80.0, "blend": 65.0})
    found = ahead([1000.0], standards=GUANGZHOU)
    assert norm_ratio(found, "primary", 2027) == pytest.approx(80 / 60)
    assert norm_ratio(found, "kindergarten", 2027) is None  # Guangzhou has no norm for kindergartens
    assert norm_ratio(ahead([1000.0]), "primary", 2027) is None


def test_a_mode_without_any_norm_is_refused() -> None:
    with pytest.raises(PlanError, match="places per 1000 residents"):
        ahead([1000.0], mode="max")


def test_a_stage_without_a_norm_stays_by_cohorts_and_says_so() -> None:
    found = ahead([1000.0], standards=GUANGZHOU, mode="norm")
    assert stage_pupils(found, "kindergarten", 2027) == pytest.approx(
        30.0 * st.participation(GUANGZHOU, "kindergarten")
    )
    assert "norm_partly_missing" in found.assumptions


def test_a_control_is_met_and_carried() -> None:
    """1000 residents, 900 in 2029: factor 0.9 then and later, half of the way in between."""
    found = ahead([600.0, 400.0], control={"2029": 900.0}, tables={"births": births(*[20.0] * 11)})
    assert residents_in(found, 2029).tolist() == pytest.approx([540.0, 360.0])
    assert residents_in(found, 2035).sum() == pytest.approx(900.0)
    assert residents_in(found, 2027).sum() == pytest.approx(1000 * (1 - 0.1 * 3 / 5))
    assert stage_pupils(found, "primary", 2029) == pytest.approx(120 * 0.9)
    steps = {step.step: step for step in found.steps if step.year == 2035 and step.stage == "residents"}
    assert steps["control"].factor == pytest.approx(0.9)


def test_schools_of_a_later_year_take_aged_children() -> None:
    found = ahead(
        [100.0], ages={k: v[:1] for k, v in RISING.items()}, years=(2023, 2025), tables={"births": births(0, 0, 0)}
    )
    assert found.base_year == 2025 and found.population_year == 2023
    told = headline(found)
    assert told.units.loc[told.units["stage"] == "primary", "pupils"].sum() == sum(range(4, 10))
    assert told.params["aged_to_schools"] == {"population_year": 2023, "school_year": 2025}
    assert next(step for step in told.steps if step.name == "aged_primary").factor == pytest.approx(39 / 51)


def test_earlier_schools_leave_children_as_they_are() -> None:
    found = ahead([100.0], years=(2025, 2023))
    assert found.base_year == 2025 and "schools_earlier" in headline(found).assumptions


def test_without_any_year_nothing_is_projected() -> None:
    found = ahead([100.0], years=(None, None))
    assert (found.years, found.base_year, found.reason, found.assumptions) == (
        (),
        None,
        "no_year",
        ("not_projected",),
    )
    assert pupils_in(found, None)["pupils"].sum() == found.demand.units["pupils"].sum()
    assert residents_in(found, None).tolist() == [100.0]
    with pytest.raises(PlanError, match="names no year"):
        pupils_in(found, 2027)


def test_years_and_names_that_are_not_there_are_refused() -> None:
    found = ahead([100.0])
    with pytest.raises(PlanError, match="years from 2024 to 2035"):
        pupils_in(found, 2036)
    with pytest.raises(PlanError, match="2023"):
        residents_in(found, 2023)
    with pytest.raises(PlanError, match="variant"):
        pupils_in(found, 2027, "middle")
    with pytest.raises(NotFoundError, match="college"):
        stage_pupils(found, "college", 2027)


@pytest.mark.parametrize(
    ("control", "code"),
    [
        ({"2024": 5.0}, "demand_control_year"),
        ({"soon": 5.0}, "demand_control_year"),
        ({"2030": 0.0}, "demand_control_value"),
    ],
)
def test_controls_that_cannot_be(control: dict[str, float], code: str) -> None:
    with pytest.raises(InputError) as error:
        ahead([100.0], control=control)
    assert [fault.code for fault in error.value.faults] == [code]


def test_every_step_leads_from_one_total_to_the_next() -> None:
    found = ahead([1000.0], standards=GUANGZHOU, mode="norm", control={"2030": 1100.0})
    for year in (2025, 2027, 2035):
        for stage in ("residents", "primary"):
            steps = [step for step in found.steps if (step.year, step.stage) == (year, stage)]
            names = ["cohort", "migration", "housing", "control", *(["mode"] if stage == "primary" else [])]
            assert [step.step for step in steps] == names
            for before, after in itertools.pairwise(steps):
                assert after.total == pytest.approx(before.total * after.factor)
    last = next(step for step in found.steps if (step.year, step.stage, step.step) == (2027, "primary", "mode"))
    assert last.total == pytest.approx(stage_pupils(found, "primary", 2027))


def test_birth_years_split_by_the_day_of_entry_grow_older_too() -> None:
    standards = st.load("neutral", override={"plan.entry.ages_at": "year_end"})
    ages = {key: value[:1] for key, value in RISING.items()}
    found = ahead([100.0], ages=ages, standards=standards, tables={"births": births(*[0.0] * 11)})
    assert stage_pupils(found, "primary", 2027) == pytest.approx(sum(range(3, 9)) + 6 / 3)


@settings(max_examples=25, deadline=None)
@given(some.lists(some.floats(0, 1e4), min_size=19, max_size=19), some.integers(1, 11), some.floats(0, 500))
def test_nobody_is_lost_or_made(counts: list[float], shift: int, born: float) -> None:
    """Without deaths and moves the children of a year are those counted and still young enough, and those born."""
    ages = {f"age_{age}": [count / 4, 3 * count / 4] for age, count in enumerate(counts)}
    found = ahead([500.0, 500.0], ages=ages, tables={"births": births(*[born] * 11)})
    assert found.projection is not None
    later = children(found.projection.cohorts, YEAR + shift, "mid", range(19))
    np.testing.assert_allclose(later.sum(), sum(counts[: 19 - shift]) + born * min(shift, 19), rtol=1e-9, atol=1e-9)
    by_cell = pupils_in(found, YEAR + shift).groupby("stage")["pupils"].sum()
    for stage, amount in by_cell.items():
        assert stage_pupils(found, str(stage), YEAR + shift) == pytest.approx(amount, rel=1e-9, abs=1e-9)


@settings(max_examples=15, deadline=None)
@given(some.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(random: object) -> None:
    rng = np.random.default_rng(7)
    residents, of = rng.uniform(0, 500, 12), rng.choice(["a", "b", "c"], 12)
    ages = {f"age_{age}": rng.uniform(0, 9, 12) for age in range(19)}
    table = births(*rng.uniform(10, 90, 11))
    order = np.arange(12)
    random.shuffle(order)  # type: ignore[attr-defined]
    moves = pd.DataFrame({"year": [2026.0, 2026.0, 2027.0], "net": [5.0, -3.0, 4.0], "area_id": ["a", None, "b"]})
    one = ahead(list(residents), of=list(of), ages=ages, tables={"births": table, "migration": moves})
    mixed = {"births": table.iloc[::-1], "migration": moves.iloc[[2, 0, 1]]}
    two = ahead(list(residents[order]), of=list(of[order]), ages={k: v[order] for k, v in ages.items()}, tables=mixed)
    for year in (2027, 2035):
        first = pupils_in(one, year, stage="primary").groupby("cell")["pupils"].sum().to_numpy()
        second = pupils_in(two, year, stage="primary").groupby("cell")["pupils"].sum().to_numpy()
        np.testing.assert_allclose(first[order], second, rtol=1e-9)


def test_cells_without_people_have_no_demand_in_any_year() -> None:
    found = ahead([0.0, 100.0], ages={f"age_{age}": [0.0, 10.0] for age in range(19)})
    for year in (2027, 2035):
        units = pupils_in(found, year)
        assert units.loc[units["cell"] == 0, "pupils"].sum() == 0.0
