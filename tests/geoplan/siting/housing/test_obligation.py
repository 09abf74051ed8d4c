"""Obligation: who is one project, what it yields, whether it reaches the trigger, what it owes and by when."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from geoplan.siting.housing import Obligation, obligations, project_of, projects, yields
from geoplan.siting.housing.triggers import held, trigger
from geoplan.standards import Standards, load
from tests.geoplan.siting.housing.tables import housing

YONGZHOU = load("cn-yongzhou")
STAGES = ("kindergarten", "primary", "junior", "senior")


def decided(standards: Standards, *rows: dict[str, Any]) -> dict[tuple[str, str], Obligation]:
    found = obligations(projects(housing(*rows), standards, STAGES), standards)
    return {(one.project.id, one.project.stage): one for one in found}


def codes(one: Obligation) -> list[str]:
    return [reason["code"] for reason in one.reasons]


def told(one: Obligation, code: str) -> dict[str, Any]:
    return next(reason["params"] for reason in one.reasons if reason["code"] == code)


@pytest.mark.parametrize(("dwellings", "obligation"), [(999, "no"), (1000, "yes"), (1001, "yes")])
def test_the_trigger_is_inclusive(dwellings: int, obligation: str) -> None:
    found = decided(YONGZHOU, {"id": "a", "dwellings": dwellings})["a", "kindergarten"]
    assert found.obligation == obligation
    assert found.status == ("joint" if obligation == "no" else "unknown")  # nobody says what is reserved


def test_what_a_thousand_dwellings_owe() -> None:
    found = decided(YONGZHOU, {"id": "a", "dwellings": 1000})["a", "kindergarten"]
    assert found.owed is not None and found.due == 2026
    assert (found.owed.classes, found.owed.places) == (6, 165)
    assert found.owed.site_m2 is None and found.owed.floor_m2 is None
    assert {"housing_site_unknown", "housing_floor_unknown"} <= set(codes(found))
    assert told(found, "housing_due")["confidence"] == "unverified"
    assert told(found, "housing_reaches") == {
        "stage": "kindergarten", "amount": 1000.0, "threshold": 1000.0, "unit": "dwelling",
        "norm": "cn.yongzhou.trigger.kindergarten", "source": "永州中心城区住宅小区配套规定", "clause": "",
        "confidence": "secondary",
    }  # fmt: skip


def test_the_nearer_rule_holds_and_the_other_is_named() -> None:
    found = decided(YONGZHOU, {"id": "a", "dwellings": 3400})["a", "primary"]  # 10,200 people: Hunan's rule too
    assert told(found, "housing_reaches")["norm"] == "cn.yongzhou.trigger.primary"
    assert told(found, "housing_also") == {"source": "湖南省中小学校幼儿园规划建设条例"}
    senior = decided(YONGZHOU, {"id": "a", "dwellings": 26_667})["a", "senior"]  # only the province speaks of it
    assert told(senior, "housing_reaches")["norm"] == "cn.hunan.trigger.senior" and senior.obligation == "yes"


def test_people_decide_in_hunan() -> None:
    hunan = load("cn-hunan")
    row = {"id": "a", "dwellings": 5000, "persons_per_dwelling": 2.0}
    assert decided(hunan, row)["a", "primary"].obligation == "yes"
    assert decided(hunan, {**row, "persons_per_dwelling": 1.9998})["a", "primary"].obligation == "no"


def test_classes_are_whole_and_at_least_the_smallest_school() -> None:
    found = decided(YONGZHOU, {"id": "a", "dwellings": 2000})["a", "primary"]
    assert found.owed is not None
    assert (found.owed.places, found.owed.classes) == (660, 18)  # 660 places are 15 classes of 45
    assert told(found, "housing_classes_minimum")["norm"] == "cn.yongzhou.min_classes"
    assert found.owed.site_m2 == 7000.0 and found.owed.floor_m2 == pytest.approx(5.8 * 18 * 45)
    larger = decided(YONGZHOU, {"id": "a", "dwellings": 2500})["a", "primary"].owed
    assert larger is not None and (larger.places, larger.classes) == (825, 19)


def test_more_classes_than_one_school_may_have() -> None:
    found = decided(YONGZHOU, {"id": "a", "dwellings": 5000})["a", "primary"]  # 1650 places, 37 classes of 45
    assert found.owed is not None and found.owed.classes == 37
    several = told(found, "housing_classes_several")
    assert (several["schools"], several["classes_max"]) == (2, 36)
    assert "housing_classes_several" not in codes(decided(YONGZHOU, {"id": "a", "dwellings": 4900})["a", "primary"])


def test_zhuzhou_asks_for_a_school_for_every_ten_thousand_people() -> None:
    rule = trigger(load("cn-zhuzhou"), "primary")
    assert rule is not None and [norm.id for norm in rule.also] == ["cn.hunan.trigger.primary"]
    assert not held(rule, 0.0, 9_999.0).reached
    assert [held(rule, 0.0, people).classes for people in (10_000.0, 19_999.0, 20_000.0)] == [18, 18, 36]


@pytest.mark.parametrize(
    ("people", "classes", "exact"),
    [(3000, 6, True), (5999, 6, True), (6000, 9, True), (9000, 12, True), (11_999, 12, True), (12_000, 12, False)],
)
def test_harbin_lists_classes_by_people(people: int, classes: int, exact: bool) -> None:
    rule = trigger(load("cn-harbin"), "kindergarten")
    assert rule is not None
    found = held(rule, 0.0, people)
    assert (found.reached, found.classes, found.exact) == (True, classes, exact)
    assert not held(rule, 0.0, 2999.0).reached


def test_harbin_states_land_and_floor() -> None:
    harbin = load("cn-harbin")
    row = {"id": "a", "dwellings": 1200, "reserved_kindergarten_m2": 2700.0}  # 3120 people
    found = decided(harbin, row)["a", "kindergarten"]
    assert found.owed is not None
    assert (found.owed.classes, found.owed.site_m2, found.owed.floor_m2) == (6, 2700.0, 2400.0)
    assert found.status == "met"
    short = decided(harbin, {**row, "reserved_kindergarten_m2": 2699.0})["a", "kindergarten"]
    assert short.status == "unmet" and told(short, "housing_reserved_short")["missing_m2"] == 1.0


def test_land_reserved_but_never_taken_for_enough_when_the_profile_is_silent() -> None:
    row = {"id": "a", "dwellings": 1000}
    for reserved, status in ((float("nan"), "unknown"), (0.0, "unmet"), (50_000.0, "unknown")):
        found = decided(YONGZHOU, {**row, "reserved_kindergarten_m2": reserved})["a", "kindergarten"]
        assert found.status == status


def test_no_rule_is_said_so() -> None:
    found = decided(load("cn"), {"id": "a", "dwellings": 9000})["a", "primary"]
    assert (found.obligation, found.status, found.owed, found.due) == ("not_stated", "none", None, None)
    assert codes(found)[-1] == "housing_no_rule"


def test_only_a_name_is_shown_not_computed() -> None:
    found = decided(YONGZHOU, {"id": "a", "status": "name_only", "dwellings": 5000})["a", "primary"]
    assert (found.obligation, found.status, codes(found)) == ("unknown", "unknown", ["housing_name_only"])


def test_phases_of_one_developer_are_summed() -> None:
    one = {"id": "p1", "developer": "D", "phase": "1", "dwellings": 600, "ready": 2028.0}
    two = {"id": "p2", "developer": "D", "phase": "2", "dwellings": 400, "ready": 2026.0}
    found = decided(YONGZHOU, one, two)
    assert set(found) == {("p1", stage) for stage in STAGES}
    together = found["p1", "kindergarten"]
    assert together.obligation == "yes" and together.due == 2026  # in step with the first handover
    assert told(together, "housing_phases") == {"phases": ["p1", "p2"]}
    apart = decided(YONGZHOU, one, {**two, "developer": "E"})
    assert [apart[key, "kindergarten"].obligation for key in ("p1", "p2")] == ["no", "no"]


def test_which_rows_are_one_project() -> None:
    table = housing(
        {"id": "a", "developer": "D", "name": "甲", "phase": "1"},
        {"id": "b", "developer": "D", "name": "甲", "phase": "2"},
        {"id": "c", "developer": "D", "name": "乙", "phase": "1"},  # phase 1 again: another project
        {"id": "d", "developer": "E", "name": "丙", "phase": "1"},
        {"id": "e", "developer": "E", "name": "丁", "phase": "2"},
        {"id": "f", "developer": "E", "name": "戊"},
        {"id": "g", "name": "甲"},
        {"id": "h", "name": "甲"},
    )
    assert project_of(table).tolist() == ["a", "a", "c", "d", "d", "f", "g", "h"]
    shuffled = table.sample(frac=1, random_state=3)
    assert dict(zip(shuffled["id"], project_of(shuffled), strict=True)) == dict(
        zip(table["id"], project_of(table), strict=True)
    )


def test_an_unknown_phase_never_proves_that_nothing_is_owed() -> None:
    rows = [{"id": "a", "developer": "D", "phase": "1"}, {"id": "b", "developer": "D", "phase": "2"}]
    below = decided(YONGZHOU, {**rows[0], "dwellings": 700}, {**rows[1], "status": "name_only"})["a", "kindergarten"]
    assert (below.obligation, below.status) == ("unknown", "unknown")
    assert "housing_below_known" in codes(below)
    above = decided(YONGZHOU, {**rows[0], "dwellings": 1000}, {**rows[1], "status": "name_only"})["a", "kindergarten"]
    assert above.obligation == "yes" and told(above, "housing_phase_unknown") == {"phases": ["b"]}


def test_sources_of_every_number() -> None:
    table = housing(
        {"id": "a", "dwellings": 100},
        {"id": "b", "dwellings": 100, "persons_per_dwelling": 2.5, "pupils_primary": 12.0},
    )
    found = yields(table, YONGZHOU, ("primary", "senior")).set_index(["housing_id", "stage"])
    assert found.loc[("a", "primary"), "residents"] == 300.0
    assert found.loc[("a", "primary"), "persons_source"] == "cn.yongzhou.household"
    assert found.loc[("a", "primary"), "pupils"] == pytest.approx(33.0)
    assert found.loc[("a", "primary"), "pupils_source"] == "cn.yongzhou.per1000.primary"
    assert found.loc[("b", "primary"), ["residents", "pupils", "pupils_source"]].tolist() == [250.0, 12.0, "given"]
    assert found.loc[("b", "senior"), "pupils_source"] == "plan.age_structure"
    neutral = yields(table, load("neutral"), ("primary",)).set_index("housing_id")
    assert neutral.loc["a", "persons_source"] == "plan.housing.persons"
    assert neutral.loc["a", "pupils"] == pytest.approx(260 * 0.01 * 6)  # ten of 1000 in every year of age


def test_the_order_of_rows_changes_nothing() -> None:
    rows = [
        {"id": "a", "developer": "D", "phase": "1", "dwellings": 600, "x": 10.0, "reserved_primary_m2": 3.0},
        {"id": "b", "developer": "D", "phase": "2", "dwellings": 1500, "x": 500.0},
        {"id": "c", "dwellings": 800, "persons_per_dwelling": 2.7},
    ]
    expected = decided(YONGZHOU, *rows)
    for order in itertools.permutations(rows):
        found = decided(YONGZHOU, *order)
        assert found == expected or _equal(found, expected)


def _equal(one: dict[Any, Obligation], two: dict[Any, Obligation]) -> bool:
    """Equal but for NaN, which equals nothing."""
    return repr(one) == repr(two)
