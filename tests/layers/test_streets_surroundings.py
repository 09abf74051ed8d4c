"""Buildings, ground, sea, barriers and their openings, on hand-made maps."""

import numpy as np
import pytest
import shapely

from layers.streets.surroundings import levels
from tests.layers.toy_osm import EAST, NORTH, read_toy

STREET = {"highway": "residential"}
HOME = {90: (-900, -900), 91: (-800, -900)}
ROAD = {90: ([90, 91], STREET)}


def box(first, west, south, east, north):
    """Four corners numbered from ``first``, and the closed ring over them."""
    corners = {first: (west, south), first + 1: (east, south), first + 2: (east, north), first + 3: (west, north)}
    return corners, [*corners, first]


def town(tmp_path, parts, ways=None, relations=None, nodes=None, **more):
    """A map of closed areas ``{id: (box, tags)}`` beside a street somewhere."""
    every, drawn = dict(HOME), dict(ROAD)
    for key, (bounds, tags) in parts.items():
        corners, ring = box(key * 100, *bounds)
        every.update(corners)
        drawn[key] = (ring, tags)
    return read_toy(tmp_path, {**every, **(nodes or {})}, {**drawn, **(ways or {})}, relations, **more)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"building:levels": "3"}, 3.0),
        ({"building:levels": "2.5"}, 2.5),
        ({"building:levels": "4;6"}, 6.0),
        ({"building:levels": "3-5"}, 5.0),
        ({"height": "18 m"}, 6.0),
        ({"height": "30 ft"}, 3.0),
        ({"height": "2"}, 1.0),
        ({"building:levels": "0", "height": "9"}, 3.0),
        ({"building:levels": "many"}, np.nan),
        ({"building:levels": "9999"}, np.nan),
        ({}, np.nan),
    ],
)
def test_levels(tags, expected):
    assert levels(tags) == pytest.approx(expected, nan_ok=True)


def test_buildings(tmp_path):
    """An unmarked house counts as lived in only on residential land and with no other use."""
    _, around, _ = town(
        tmp_path,
        {
            1: ((0, 0, 20, 10), {"building": "apartments", "building:levels": "5", "name": "A"}),
            2: ((50, 0, 60, 10), {"building": "yes"}),
            3: ((100, 0, 110, 10), {"building": "yes", "shop": "mall"}),
            4: ((300, 0, 310, 10), {"building": "yes"}),
            5: ((40, -20, 200, 30), {"landuse": "residential"}),
            6: ((400, 0, 410, 10), {"building": "school"}),
            7: ((500, 0, 510, 10), {"building": "no"}),
        },
    )
    found = around.buildings.set_index("osm_id")
    assert found.index.tolist() == ["w1", "w2", "w3", "w4", "w6"]
    assert found.residential.to_dict() == {"w1": True, "w2": True, "w3": False, "w4": False, "w6": False}
    assert found.levels["w1"] == 5
    assert found.name["w1"] == "A"
    assert found.name["w2"] is None
    assert found.area["w1"] == pytest.approx(200, rel=1e-3)


def test_a_building_with_a_courtyard(tmp_path):
    _, around, _ = town(
        tmp_path,
        {1: ((0, 0, 30, 30), {}), 2: ((10, 10, 20, 20), {})},
        relations={
            5: ([("way", 1, "outer"), ("way", 2, "inner")], {"type": "multipolygon", "building": "dormitory"})
        },
    )
    assert around.buildings.osm_id.tolist() == ["r5"]
    assert around.buildings.residential.tolist() == [True]
    assert around.buildings.area.iloc[0] == pytest.approx(800, rel=1e-3)


def test_ground(tmp_path):
    _, around, _ = town(
        tmp_path,
        {
            1: ((0, 0, 50, 50), {"leisure": "park"}),
            2: ((100, 0, 150, 50), {"natural": "water"}),
            3: ((200, 0, 250, 50), {"landuse": "construction"}),
            4: ((300, 0, 350, 50), {"natural": "wood"}),
            5: ((-5000, 100, 5000, 150), {"landuse": "grass"}),
            6: ((3000, 0, 3050, 50), {"leisure": "park"}),
        },
        {
            50: ([1001, 1002], {"railway": "rail"}),
            51: ([1001, 1003], {"waterway": "stream", "tunnel": "culvert"}),
        },
        nodes={1001: (0, 200), 1002: (100, 200), 1003: (100, 300)},
    )
    ground = around.ground
    assert ground.kind.tolist() == ["green", "water", "construction", "wood", "green", "rail"]
    assert ground.geometry.iloc[4].bounds[0] == pytest.approx(EAST - 1100, abs=1)
    assert ground.geometry.iloc[5].geom_type == "LineString"


COAST = {1: (-2000, 0), 2: (0, 20), 3: (2000, 0)}


def test_the_sea_lies_right_of_the_coast(tmp_path):
    """Coast drawn from west to east: land (left) is north, so the southern half is sea."""
    _, around, _ = town(tmp_path, {}, {10: ([1, 2, 3], {"natural": "coastline"})}, nodes=COAST)
    sea = around.ground[around.ground.kind == "sea"]
    assert sea.area.sum() == pytest.approx(2200 * 1100, rel=0.02)
    assert sea.intersects(shapely.Point(EAST, NORTH - 500)).all()
    _, around, _ = town(tmp_path, {}, {10: ([3, 2, 1], {"natural": "coastline"})}, nodes=COAST)
    assert around.ground[around.ground.kind == "sea"].intersects(shapely.Point(EAST, NORTH + 500)).all()


def test_an_island_is_no_sea(tmp_path):
    corners, ring = box(200, -300, -600, -100, -400)
    ways = {10: ([1, 2, 3], {"natural": "coastline"}), 11: (ring, {"natural": "coastline"})}
    _, around, _ = town(tmp_path, {}, ways, nodes={**COAST, **corners})
    sea = around.ground[around.ground.kind == "sea"].union_all()
    assert not sea.contains(shapely.Point(EAST - 200, NORTH - 500))
    assert sea.contains(shapely.Point(EAST + 200, NORTH - 500))


def test_a_coast_with_a_gap_draws_no_sea(tmp_path):
    nodes = {1: (-2000, 0), 2: (-200, 20)}
    _, around, _ = town(tmp_path, {}, {10: ([1, 2], {"natural": "coastline"})}, nodes=nodes)
    assert "sea" not in around.ground.kind.tolist()


def test_a_coast_that_ends_just_inside_the_box_is_led_on(tmp_path):
    nodes = {1: (-2000, 0), 2: (800, 0)}
    _, around, _ = town(tmp_path, {}, {10: ([1, 2], {"natural": "coastline"})}, nodes=nodes)
    assert around.ground[around.ground.kind == "sea"].area.sum() == pytest.approx(2200 * 1100, rel=0.02)


def test_barriers_by_kind(tmp_path):
    line = {1: (0, 0), 2: (100, 0), 3: (200, 0), 4: (200, 100)}
    ways = {
        10: ([1, 2], {"barrier": "wall"}),
        11: ([2, 3], {"barrier": "hedge"}),
        12: ([3, 4], {"railway": "rail"}),
        13: ([1, 4], {"railway": "rail", "tunnel": "yes"}),
        14: ([1, 3], {"highway": "motorway"}),
        15: ([1, 3], {"highway": "trunk", "bridge": "yes"}),
        16: ([2, 4], {"waterway": "river"}),
        17: ([2, 4], {"waterway": "stream"}),
        18: ([2, 4], {"natural": "cliff"}),
        19: ([2, 4], {"barrier": "kerb"}),
        20: ([1, 2, 3, 4, 1], {"natural": "water"}),
        21: ([1, 2, 4], {"waterway": "canal", "tunnel": "culvert"}),
    }
    streets, _, _ = town(tmp_path, {}, ways, nodes=line)
    assert sorted(streets.barriers.kind) == ["cliff", "fence", "motorway", "rail", "wall", "water", "water"]
    assert set(streets.barriers.geom_type) == {"LineString"}


def test_openings(tmp_path):
    """A wall with a gate, a shut gate, an entrance and a footway through an untagged hole; a bollard elsewhere."""
    nodes = {
        1: (0, 0),
        2: (10, 0, {"barrier": "gate"}),
        3: (20, 0, {"barrier": "gate", "access": "no"}),
        4: (30, 0, {"entrance": "main"}),
        5: (40, 0),
        6: (50, 0),
        7: (40, -50),
        8: (40, 50),
        9: (60, -50, {"barrier": "bollard"}),
        10: (100, 0, {"railway": "level_crossing"}),
        11: (60, 50, {"entrance": "yes"}),
    }
    ways = {
        10: ([1, 2, 3, 4, 5, 6], {"barrier": "wall"}),
        11: ([7, 5, 8], {"highway": "footway"}),
        12: ([7, 9], STREET),
        13: ([10, 6], {"railway": "rail"}),
        14: ([8, 11], STREET),
    }
    streets, _, _ = town(tmp_path, {}, ways, nodes=nodes)
    found = {
        round(point.x - EAST): kind
        for kind, point in zip(streets.openings.kind, streets.openings.geometry, strict=True)
    }
    assert found == {10: "gate", 30: "entrance", 40: "passage", 100: "level_crossing"}


def test_what_a_school_keeps_away_from_is_kept(tmp_path):
    """Lines above the ground, and only such pipelines as may do harm; spots stand at their node."""
    line = [1001, 1002]
    _, around, _ = town(
        tmp_path,
        {1: ((0, 0, 20, 20), {"amenity": "fuel"})},
        {
            50: (line, {"power": "line"}),
            51: (line, {"power": "minor_line"}),
            52: (line, {"power": "cable"}),
            53: (line, {"man_made": "pipeline", "substance": "gas"}),
            54: (line, {"man_made": "pipeline"}),
            55: (line, {"man_made": "pipeline", "substance": "water"}),
            56: (line, {"railway": "tram"}),
            57: (line, {"railway": "subway", "tunnel": "yes"}),
        },
        nodes={1001: (0, 200), 1002: (100, 200), 1003: (40, 50, {"amenity": "internet_cafe"})},
    )
    kinds = around.ground.kind.tolist()
    assert kinds == ["fuel", "power_line", "pipeline", "pipeline", "rail_transit", "internet_cafe"]
    spot = around.ground.geometry.iloc[5]
    assert (spot.x, spot.y) == (pytest.approx(EAST + 40, abs=1), pytest.approx(NORTH + 50, abs=1))
