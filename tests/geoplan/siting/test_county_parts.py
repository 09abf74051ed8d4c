"""New housing and the balance of a whole (small) county, by year."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import box

from geoplan.coverage import StageInput
from geoplan.demand.outlook import stage_pupils
from geoplan.siting.county_balance import BalancePart, balance_part
from geoplan.siting.housing.county import HousingPart, housing_part
from geoplan.siting.yearly import yearly_inputs
from geoplan.situation import Situation, take_stock
from geoplan.stage_inputs import stage_input
from layers.bundle import Layers
from layers.planfile import StandardsSection
from tests.toytown import land

STAGES = ("primary", "junior")
YEARS = [2024, 2025, 2027, 2035]


def project(key: str, x: float, y: float, **more: Any) -> dict[str, Any]:
    shape = box(*land.at(x - 5, y - 5), *land.at(x + 5, y + 5))
    usual = {"dwellings": 2000.0, "ready": 2026.0, "status": None, "in_population": None, "geometry": shape}
    return {"id": key, **usual, **more}


def town() -> Layers:
    rows = [
        project("near", 700, 205, reserved_primary_m2=8000.0, name="East Gardens"),
        project("old", 300, 205, ready=2020.0),
        project("said", 450, 205, status="name_only", dwellings=np.nan, ready=np.nan),
        project("small", 760, 205, dwellings=10.0),
    ]
    table = gpd.GeoDataFrame(rows, crs=land.CRS_METRIC)
    layers = land.toytown()
    plan = layers.plan.model_copy(update={"standards": StandardsSection(profile="cn-yongzhou")})
    return replace(layers, plan=plan, tables={**layers.tables, "housing": table})


@cache
def made() -> tuple[Layers, Situation, dict[str, dict[int, StageInput]]]:
    layers = town()
    situation = take_stock(layers, say=lambda step: None)
    base = {stage: stage_input(layers, situation, stage) for stage in STAGES}
    return layers, situation, yearly_inputs(layers, situation, base)


@cache
def housing() -> HousingPart:
    return housing_part(*made())


@cache
def balance() -> BalancePart:
    return balance_part(*made())


def rows_of(key: str, stage: str = "primary") -> pd.DataFrame:
    table = housing().tables["housing_need"]
    return table[(table["housing_id"] == key) & (table["stage"] == stage)].set_index("year")


def test_a_project_owes_by_rule_and_lacks_by_count() -> None:
    near = rows_of("near")
    assert near.index.tolist() == YEARS
    assert set(near["obligation"]) == {"yes"} and set(near["owed_classes"]) == {18.0}
    assert set(near["status"]) == {"met"} and set(near["due"]) == {2026.0}
    assert near["pupils"].tolist()[:2] == [0.0, 0.0] and near.loc[2035, "pupils"] > near.loc[2027, "pupils"] > 0
    np.testing.assert_allclose(near["need"] + near["spare"], near["pupils"])


def test_spare_places_are_those_the_others_leave_and_serve_once() -> None:
    _, situation, inputs = made()
    given = inputs["primary"][2035]
    new = situation.cells.table["cell_id"].str.startswith("housing:").to_numpy()
    others = given.units.loc[~new[given.units["cell"]], "pupils"].sum()
    places = given.schools["places_net"].sum()
    taken = housing().tables["housing_need"].query("stage == 'primary' and year == 2035")["spare"].sum()
    assert 0 < taken <= places
    assert taken >= places - others - 20 - 1e-6  # the nine-year school's 20 places lie across the river
    assert rows_of("near").loc[2035, "need"] + rows_of("small").loc[2035, "need"] > 0


def test_who_is_counted_already_needs_nothing_and_a_name_is_unknown() -> None:
    assert rows_of("old")["need"].tolist() == [0.0] * 4
    assert set(rows_of("old")["obligation"]) == {"yes"}
    assert rows_of("said")["need"].isna().all() and set(rows_of("said")["status"]) == {"unknown"}


def test_the_summary_of_housing() -> None:
    told = housing().summary
    assert [(row["id"], row["obligation"]) for row in told["housing"] if row["stage"] == "primary"] == [
        ("near", "yes"), ("old", "yes"), ("said", "unknown"), ("small", "no"),
    ]  # fmt: skip
    assert told["housing_unmet"] == []  # old does not say what it reserved
    assert [pool["projects"] for pool in told["housing_pools"] if pool["stage"] == "primary"] == [["small"]]


def test_no_table_is_said_so() -> None:
    layers, situation, inputs = made()
    bare = replace(layers, tables={})
    found = housing_part(bare, situation, inputs)
    assert (found.tables, found.summary) == ({}, {"housing_not_computed": "housing"})


def test_the_order_of_the_housing_table_changes_nothing() -> None:
    layers, situation, inputs = made()
    table = layers.tables["housing"].iloc[::-1].reset_index(drop=True)
    again = housing_part(replace(layers, tables={**layers.tables, "housing": table}), situation, inputs)
    pd.testing.assert_frame_equal(
        pd.DataFrame(again.tables["housing_need"]), pd.DataFrame(housing().tables["housing_need"])
    )


@pytest.mark.parametrize("variant", ["low", "mid", "high"])
def test_the_balance_closes_on_the_demand(variant: str) -> None:
    _, situation, _ = made()
    table = balance().tables["places_balance"]
    for stage in STAGES:
        for year in YEARS:
            mine = table[(table["stage"] == stage) & (table["year"] == year) & (table["variant"] == variant)]
            assert mine["pupils"].sum() == pytest.approx(stage_pupils(situation.outlook, stage, year, variant))
            assert mine["places"].sum() == {"primary": 290.0, "junior": 80.0}[stage]


def test_deficits_are_the_first_short_year_of_the_middle_births() -> None:
    found = balance()
    table = found.tables["places_balance"]
    mid = table[(table["variant"] == "mid") & (table["warning"] == "short")]
    assert set(found.deficits) == set(mid[["area_id", "stage"]].itertuples(index=False, name=None))
    for (area, stage), deficit in found.deficits.items():
        mine = mid[(mid["area_id"] == area) & (mid["stage"] == stage)].sort_values("year").iloc[0]
        assert (deficit["year"], deficit["places"]) == (mine["year"], -mine["balance"])
    assert found.deficits["town", "primary"]["area"] == "Town"
    assert found.deficits["town", "primary"]["year"] == 2027  # when the new housing fills


def test_class_sizes_of_the_town() -> None:
    told = balance().summary["class_sizes"]["primary"]
    assert told == {"bands": {"within": 2}, "extra_classes": 0.0, "pupils_in_large": 0.0, "oversized": []}


def test_a_school_that_closes_has_no_places_afterwards() -> None:
    layers, situation, _ = made()
    layers = replace(layers, schools=layers.schools.assign(closes=[2030.0, np.nan, np.nan]))
    inputs = yearly_inputs(layers, situation, {"primary": stage_input(layers, situation, "primary")})
    table = balance_part(layers, situation, inputs).tables["places_balance"]
    of_town = table[(table["area_id"] == "town") & (table["variant"] == "mid")].set_index("year")["places"]
    assert of_town.to_dict() == {2024: 270.0, 2025: 270.0, 2027: 270.0, 2035: 0.0}
