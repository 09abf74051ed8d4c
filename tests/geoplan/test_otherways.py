"""Bus stops and beds: who may use them, within which time, and that the accounts still close."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import pytest
from shapely.geometry import Point

from geoplan.otherways import may_board, other_ways
from geoplan.plan import make_run
from geoplan.settings import plan_standards
from geoplan.situation import take_stock
from geoplan.standards import load
from layers.bundle import Layers
from tests.toytown import at, toytown


def _with_stop(minutes: float) -> Layers:
    """Toytown under Chinese norms with a stop in the rural north, riding to the primary school in the south."""
    town = toytown()
    plan = town.plan.model_copy(update={"standards": town.plan.standards.model_copy(update={"profile": "cn"})})
    stop = gpd.GeoDataFrame(
        {"id": ["B1"], "minutes": [minutes], "school_id": ["S1"]}, geometry=[Point(at(500, 900))], crs=town.crs
    )
    return replace(town, plan=plan, tables={**town.tables, "stops": stop})


def _silent(step: str) -> None:
    assert step


def test_a_stop_serves_homes_that_keep_the_half_hour_door_to_door() -> None:
    layers = _with_stop(minutes=25.0)
    situation = take_stock(layers, say=_silent)
    found = other_ways(layers, situation, "primary")
    assert found is not None
    bus = found[(found["mode"] == "bus") & (situation.setting[found["cell"]] == "rural")]
    rural = bus[bus["band"] == "g1_3"]
    assert len(rural), "homes near the stop reach the school"
    walk_min = rural["cost_dm"] / 10 / 0.9 / 60
    assert (walk_min + 25.0 <= 30.0 + 1e-9).all()


def test_a_ride_beyond_the_limit_serves_nobody_of_the_lower_grades() -> None:
    layers = _with_stop(minutes=31.0)
    situation = take_stock(layers, say=_silent)
    found = other_ways(layers, situation, "primary")
    lower = found is not None and (found["mode"] == "bus") & (found["band"] == "g1_3")
    assert found is None or not (situation.setting[found.loc[lower, "cell"]] == "rural").any()


@pytest.mark.parametrize(("band", "allowed"), [("g1_3", False), ("g4_6", True)])
def test_the_lower_grades_do_not_board_in_china(band: str, allowed: bool) -> None:
    standards = load("cn")
    found = next(item for item in standards.bands if item.stage == "primary" and item.id == band)
    assert may_board(standards, found) is allowed


def test_kindergartens_and_unspoken_primary_grades_do_not_board() -> None:
    standards = load("neutral")
    allowed = {band.stage for band in standards.bands if may_board(standards, band)}
    assert allowed == {"junior", "senior"}


def test_accounts_close_with_a_bus() -> None:
    layers = _with_stop(minutes=5.0)
    assert plan_standards(layers.plan).profile == "cn"
    for found in make_run(layers, parts=("coverage",)).summary["stages"].values():
        assert sum(found["accounts"].values()) == pytest.approx(found["pupils"], abs=1e-6)
        assert sum(found["served_by"].values()) == pytest.approx(found["accounts"]["served"], abs=1e-6)
