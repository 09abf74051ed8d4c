"""Failing elements of routes against the routes' own levels, and measures judged by the rules of the streets."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import LineString

from geoplan.safety.crossings import crossing_elements
from geoplan.safety.elements import elements_table, failing_uses
from geoplan.safety.levels import segment_levels
from geoplan.safety.measures import fixes, measures, tags_of
from geoplan.safety.needs import failing
from geoplan.safety.rejudged import by_rules
from geoplan.safety.retrofits import plan_retrofits, verdicts
from geoplan.safety.routes import safe_routes
from geoplan.standards import load
from layers.bundle import Streets
from tests.geoplan.safety.places import Place, a_place


def town_elements(place: Place) -> pd.DataFrame:
    """The elements table of a random town: its streets, its crossings, one row for legs."""
    low = np.concatenate([place.low, place.elements[0], [1]]).astype(np.int8)
    high = np.concatenate([place.high, place.elements[1], [4]]).astype(np.int8)
    sizes = len(place.low), len(place.elements[0])
    kind = np.repeat(np.array(["segment", "crossing", "leg"], dtype=object), [*sizes, 1])
    ids = [f"{name[0]}{row}" for row, name in enumerate(kind)]
    return pd.DataFrame(
        {"kind": kind, "osm_id": ids, "length_m": 50.0, "level_low": low, "level_high": high, "assumed": ""}
    )


@pytest.mark.parametrize("seed", range(12))
def test_the_worst_use_is_the_level_of_the_route(seed: int) -> None:
    place = a_place(seed, private=0.1)
    ways = safe_routes(place.turns, place.homes, place.doors, place.rules, place.every_pair, threads=1).safest
    elements = town_elements(place)
    uses = failing_uses(place.turns, ways, (place.homes, place.doors), place.network.edge_row, elements)
    walked = ways.length_dm >= 0
    low, high = np.zeros(len(walked), np.int8), np.zeros(len(walked), np.int8)
    np.maximum.at(low, uses.route, uses.low)
    np.maximum.at(high, uses.route, uses.high)
    assert (np.where(ways.high > 2, ways.high, 0) == high)[walked].all()
    assert (np.where(ways.low > 2, ways.low, 0) == np.where(low > 2, low, 0))[walked].all()
    assert (verdicts(len(walked), uses) == ways.verdict)[walked].all()
    assert (uses.high <= elements["level_high"].to_numpy()[uses.element]).all()


@pytest.mark.parametrize("seed", range(4))
def test_a_plan_keeps_to_what_routes_really_meet(seed: int) -> None:
    place = a_place(seed)
    ways = safe_routes(place.turns, place.homes, place.doors, place.rules, place.every_pair, threads=1).safest
    elements = town_elements(place)
    uses = failing_uses(place.turns, ways, (place.homes, place.doors), place.network.edge_row, elements)
    routes = pd.DataFrame({"pupils": np.where(ways.length_dm >= 0, 2.0, 0.0)})
    found = plan_retrofits(routes, uses, elements)
    assert (found.routes["verdict_after"][found.routes["gained"]] == "safe").all()
    assert not (found.works["kind"] == "leg").any()
    bad = failing(uses)
    on_leg = np.unique(bad.route[(elements["kind"].to_numpy()[bad.element] == "leg") & (bad.low > 2)])
    assert set(found.routes["standing"].iloc[on_leg]) <= {"unfixable"}


def cross(road: dict[str, Any], node: dict[str, Any]) -> Streets:
    """A road west to east, and a footway that crosses it in the middle from south to north."""
    names = ["highway", "crossing", "crossing:markings", "crossing:signals", "crossing:island", "traffic_calming"]
    nodes = pd.DataFrame({"osm_id": [1, 2, 3, 4, 5], "x": [-90.0, 90, 0, 0, 0], "y": [0.0, 0, 0, -90, 90]})
    for name in names:
        nodes[name] = pd.Series([None, None, node.get(name), None, None], dtype=object)
    nodes["signals"] = False
    foot = {"highway": "footway", "drive_forward": False, "drive_backward": False}
    road = {"highway": "residential", "drive_forward": True, "drive_backward": True, "name": "Road", **road}
    rows = [{"u": 0, "v": 2, "osm_id": "7", **road}, {"u": 2, "v": 1, "osm_id": "7", **road}]
    rows += [{"u": 3, "v": 2, "osm_id": "8", **foot}, {"u": 2, "v": 4, "osm_id": "8", **foot}]
    shapes = [LineString(nodes[["x", "y"]].to_numpy()[[row["u"], row["v"]]]) for row in rows]
    edges = gpd.GeoDataFrame(pd.DataFrame(rows), geometry=shapes, crs=32650)
    edges = edges.assign(length_m=90.0, walk=True, private=False)
    none = gpd.GeoDataFrame({"kind": []}, geometry=[], crs=32650)
    return Streets(nodes, edges, none, none)


def judged(streets: Streets) -> tuple[gpd.GeoDataFrame, Any]:
    rural = np.zeros(len(streets.edges), dtype=bool)
    standards = load("neutral")
    crossings = crossing_elements(streets, standards, rural=rural).table
    elements = elements_table(streets, segment_levels(streets, standards, rural=rural), crossings)
    return elements.assign(element=elements.index), by_rules(streets, rural, crossings)


def test_the_elements_stand_in_one_table() -> None:
    elements, _ = judged(cross({"maxspeed": "60", "lanes": "4"}, {}))
    assert elements["kind"].tolist() == ["segment"] * 4 + ["crossing", "leg"]
    crossing = elements.iloc[4]
    assert (crossing["osm_id"], crossing["road_id"], crossing["name"]) == ("3-7", "7", "Road")
    assert crossing["mapped"] is False or not crossing["mapped"]
    assert elements["level_high"].tolist()[:2] == [4, 4] and elements.crs == 32650


@pytest.mark.parametrize(
    ("road", "node", "expected"),
    [
        ({"maxspeed": "60", "lanes": "2"}, {"highway": "crossing", "crossing": "unmarked"}, "zebra;refuge_island"),
        (
            {"maxspeed": "60", "lanes": "4"},
            {"highway": "crossing", "crossing": "uncontrolled"},
            "zebra;refuge_island;raised_crossing",
        ),
        (
            {"maxspeed": "60", "lanes": "4", "highway": "primary"},
            {"highway": "crossing", "crossing": "uncontrolled"},
            "zebra;signal",
        ),
    ],
)
def test_crossings_get_the_cheapest_set_that_the_rules_accept(
    road: dict[str, Any], node: dict[str, Any], expected: str
) -> None:
    elements, judge = judged(cross(road, node))
    found = fixes(elements, measures(), judge)
    assert found["measures"].iloc[4] == expected and found["level_after"].iloc[4] <= 2


@pytest.mark.parametrize(
    ("road", "expected"),
    [
        ({"maxspeed": "40", "lanes": "2", "sidewalk": "no", "lit": "yes", "surface": "asphalt"}, "zone_30"),
        ({"maxspeed": "50", "lanes": "4", "sidewalk": "no"}, "sidewalk"),
        ({"maxspeed": "60", "lanes": "4", "sidewalk": "no"}, "sidewalk;zone_30"),
        ({"maxspeed": "60", "lanes": "4", "sidewalk": "no", "highway": "primary"}, None),
    ],
)
def test_streets_get_the_cheapest_set_that_the_rules_accept(road: dict[str, Any], expected: str | None) -> None:
    elements, judge = judged(cross(road, {}))
    found = fixes(elements, measures(), judge).iloc[0]
    assert found["measures"] == expected if expected else pd.isna(found["measures"])
    assert found["level_after"] <= elements["level_high"].iloc[0]


def test_what_is_promised_is_what_the_rules_find_once_it_is_built() -> None:
    before = cross(
        {"maxspeed": "60", "lanes": "2", "sidewalk": "no"}, {"highway": "crossing", "crossing": "unmarked"}
    )
    elements, judge = judged(before)
    found = fixes(elements, measures(), judge)
    built = cross(
        {"lanes": "2", **{"maxspeed": "60", **tags_of(tuple(found["measures"].iloc[0].split(";")))}},
        {"highway": "crossing", **tags_of(tuple(found["measures"].iloc[4].split(";")))},
    )
    after, _ = judged(replace(before, nodes=built.nodes, edges=built.edges))
    assert after["level_high"].iloc[0] == found["level_after"].iloc[0]
    assert after["level_high"].iloc[4] <= found["level_after"].iloc[4]  # slower traffic helps those who cross, too
