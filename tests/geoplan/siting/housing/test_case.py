"""The case of new housing in a planner's words: tests/cases/housing_obligation.toml."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from geoplan.siting.housing import HousingNeed, Supply, housing_need, yields
from geoplan.standards import load
from tests.geoplan.siting.housing.tables import frame, housing

TOLD: dict[str, Any] = tomllib.loads(
    (Path(__file__).resolve().parents[3] / "cases" / "housing_obligation.toml").read_text(encoding="utf-8")
)
STAGES = ("kindergarten", "primary")


def found(**changes: Any) -> HousingNeed:
    """The case, all dwellings lived in."""
    rows = [{**project, **changes} for project in TOLD["projects"]]
    standards, year = load(TOLD["profile"]), TOLD["year"]
    full = yields(housing(*rows), standards, STAGES).assign(year=year)
    spare = [(one["stage"], year, one["school"], float(one["places"])) for one in TOLD["spare"]]
    walks = [("Y", one["stage"], one["school"], 10 * one["walk_m"]) for one in TOLD["spare"]]
    supply = Supply(
        years=(year,),
        pupils=full[["housing_id", "stage", "year", "pupils"]],
        spare=frame("stage year school_id places", *spare),
        walks=frame("housing_id stage school_id dist_dm", *walks),
        limits=frame("housing_id stage limit_m", *(("Y", stage, 300.0) for stage in STAGES)),
    )
    return housing_need(housing(*rows), standards, STAGES, supply)


def test_the_kindergarten_is_owed_though_nothing_is_needed() -> None:
    row = found().table.set_index("stage").loc["kindergarten"]
    expected = dict(TOLD["expected"]["kindergarten"])
    classes = next(reason for reason in json.loads(row["reason"]) if reason["code"] == "housing_classes")
    assert classes["params"]["class_places"] == expected.pop("class_places")
    assert {key: row[key] for key in expected} == expected


def test_the_primary_places_go_to_the_joint_pool() -> None:
    made, expected = found(), TOLD["expected"]["primary"]
    row = made.table.set_index("stage").loc["primary"]
    assert (row["obligation"], row["status"]) == (expected["obligation"], expected["status"])
    pool = next(pool for pool in made.pools if pool["id"] == row["pool"])
    assert pool["places"] == pytest.approx(expected["pool_places"])
    assert row["need"] == pytest.approx(expected["pool_places"])  # no primary place is free nearby


def test_just_under_the_trigger() -> None:
    row = found(dwellings=TOLD["just_under"]["dwellings"]).table.set_index("stage").loc["kindergarten"]
    assert row["obligation"] == TOLD["just_under"]["obligation"]
