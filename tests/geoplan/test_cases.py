"""Cases in a planner's words: tests/cases/*.toml say what is there and what must come out."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from geoplan.coverage import StageCoverage, stage_coverage
from geoplan.demand.outlook import residents_in
from tests.geoplan.demand.new_town import Town, housing, town
from tests.geoplan.stage_inputs import stage_input

FOLDER = Path(__file__).resolve().parents[1] / "cases"


def case(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


def covered(told: dict[str, Any]) -> dict[str, StageCoverage]:
    return {stage: stage_coverage(stage_input(told["homes"], told["schools"], stage)) for stage in told["stages"]}


def housed(told: dict[str, Any], control: dict[str, float]) -> Town:
    population = told["population"]
    return town(population["residents"], housing(*told["projects"]), year=population["year"], control=control)


def percent(share: float) -> float:
    return round(100 * share, 1)


@pytest.mark.parametrize("name", ["nine_year_school", "radius_path_rural_time", "county_edge"])
def test_accounts_and_shares(name: str) -> None:
    told = case(name)
    for stage, found in covered(told).items():
        expected, summary = told["expected"][stage], found.summary
        assert dict(found.accounts) == expected["accounts"], told["title"]
        for key in ("radius_share", "walk_share"):
            if f"{key}_percent" in expected:
                assert percent(summary[key]) == expected[f"{key}_percent"], told["title"]
        assert {key: summary["reach"][key] for key in expected.get("reach", {})} == expected.get("reach", {})


def test_a_nine_year_school_is_one_institution_with_places_per_stage() -> None:
    told = case("nine_year_school")
    found = covered(told)
    for stage, result in found.items():
        assert result.summary["places"] == told["expected"][stage]["places"]
    assert sum(result.summary["places"] for result in found.values()) == told["expected"]["places"]
    assert len(told["schools"]) == told["expected"]["institutions"]


def test_each_setting_by_its_own_rule() -> None:
    told = case("radius_path_rural_time")
    rules = {rule["setting"]: rule for rule in covered(told)["primary"].summary["rules"]}
    for setting, expected in told["expected"]["primary"]["rules"].items():
        for key in ("radius_share", "walk_share"):
            assert percent(rules[setting][key]) == expected[f"{key}_percent"]
        assert rules[setting]["pupils"] == expected["pupils"]


def test_both_readings_of_the_edge() -> None:
    told = case("county_edge")
    found, expected = covered(told)["primary"], dict(told["expected"]["primary"]["edge"])
    flagged = found.cells.loc[found.cells["near_edge"], "cell_id"].tolist()
    assert flagged == expected.pop("flagged")
    assert {key: found.summary["edge"][key] for key in expected} == expected


def test_new_housing_is_counted_once() -> None:
    told = case("housing_residents")
    expected, year = told["expected"], told["year"]
    free, held = (housed(told, control) for control in ({}, {str(year): told["control"]}))
    cells = free.cells["cell_id"].tolist()
    assert [name for name in cells if name.startswith("housing:")] == expected["cells"]
    assert free.cells["residents"].sum() == sum(told["population"]["residents"])
    *existing, project = residents_in(free.ahead, year)
    assert project == pytest.approx(expected["project"])
    assert existing == pytest.approx(expected["existing_left"])
    steps = {step.step: step for step in held.ahead.steps if (step.year, step.stage) == (year, "residents")}
    assert steps["housing"].total == pytest.approx(expected["before_control"])
    assert round(steps["control"].factor, 5) == expected["factor"]
    assert residents_in(held.ahead, year).sum() == pytest.approx(expected["residents"])
