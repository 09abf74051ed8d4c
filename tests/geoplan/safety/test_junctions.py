"""Compiled geometry of junctions against libraries, and which arms make one road."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as some

from geoplan.safety.beside import distance_m, is_road
from geoplan.safety.facilities import MAPPED
from geoplan.safety.junctions import REACH_M, facilities, junctions
from geoplan.safety.kernels_crossings import EITHER, LEFT, NEAREST, RIGHT, arcs_at_nodes, bearings, turn_bounds
from layers.bundle import Streets
from tests.geoplan.safety.toy_map import Tags, toy_map

modest = settings(max_examples=25, deadline=None)
ROAD = {"highway": "residential"}


def star(*arms: tuple[float, Tags]) -> Streets:
    """Arms of 100 m from node 0, each at an angle (degrees) and with tags."""
    places = {0: (0.0, 0.0)}
    for k, (angle, _) in enumerate(arms, start=1):
        places[k] = (100 * float(np.cos(np.radians(angle))), 100 * float(np.sin(np.radians(angle))))
    return toy_map(places, [(str(k), [0, k], tags) for k, (_, tags) in enumerate(arms, start=1)])


def roads(streets: Streets) -> list[int]:
    """Number of the road each arm of a star belongs to, counted from 0 in the order of the arms."""
    net = junctions(streets)
    found = net.group[0::2].tolist()
    seen = {group: k for k, group in enumerate(dict.fromkeys(one for one in found if one >= 0))}
    return [seen.get(one, -1) for one in found]


def test_arms_that_continue_each_other_are_one_road() -> None:
    assert roads(star((0, ROAD), (180, ROAD))) == [0, 0]
    assert roads(star((0, ROAD), (170, ROAD), (270, ROAD))) == [0, 0, 1]
    assert roads(star((0, ROAD), (180, ROAD), (90, ROAD), (270, ROAD))) == [0, 0, 1, 1]
    assert roads(star((0, ROAD), (180, {"highway": "footway"}), (90, ROAD))) == [0, -1, 1]


def test_a_name_carries_a_road_round_a_corner() -> None:
    named, other = {**ROAD, "name": "Bend Road"}, {**ROAD, "name": "Stub"}
    assert roads(star((0, named), (90, named), (180, other))) == [0, 0, 1]
    assert roads(star((0, ROAD), (90, ROAD))) == [0, 1]


def test_a_street_that_splits_into_two_carriageways_is_one_road() -> None:
    single, half = {**ROAD, "name": "Avenue"}, {**ROAD, "name": "Avenue", "oneway": "yes"}
    assert roads(star((180, single), (12, half), (-12, half))) == [0, 0, 0]
    assert len(set(roads(star((180, single), (12, single), (-12, half))))) == 2


def test_arcs_stand_counterclockwise_as_numpy_sorts_them() -> None:
    rng = np.random.default_rng(5)
    u, v = rng.integers(0, 40, 200).astype(np.int32), rng.integers(0, 40, 200).astype(np.int32)
    angle = rng.integers(-3, 4, 400).astype(float)
    start, arc = arcs_at_nodes(u, v, angle, 40)
    node = np.column_stack([u, v]).reshape(-1)
    assert arc.tolist() == np.lexsort((np.arange(400), angle, node)).tolist()
    assert start.tolist() == np.searchsorted(np.sort(node), np.arange(41)).tolist()


@modest
@given(some.lists(some.tuples(some.integers(-40, 40), some.integers(-40, 40)), min_size=2, max_size=7))
def test_bearings_look_a_few_metres_along_the_line(points: list[tuple[int, int]]) -> None:
    line = shapely.LineString(points)
    xy = shapely.get_coordinates(line)
    found = bearings(xy, np.array([0, len(xy)]), REACH_M)
    for angle, shape in zip(found, (line, line.reverse()), strict=True):
        start, ahead = (
            shapely.Point(shape.coords[0]),
            shapely.line_interpolate_point(shape, min(REACH_M, shape.length)),
        )
        if start.distance(ahead) > 1e-6:
            dx, dy = ahead.x - start.x, ahead.y - start.y
            assert (np.cos(angle), np.sin(angle)) == pytest.approx((dx, dy) / np.hypot(dx, dy), abs=1e-6)


@modest
@given(some.integers(0, 10_000))
def test_what_serves_an_arm_stands_on_its_road_within_reach(seed: int) -> None:
    """Against distances along carriageways by networkx, where the road meets no third one."""
    rng = np.random.default_rng(seed)
    size = 12
    places = {k: (float(x), float(y)) for k, (x, y) in enumerate(rng.uniform(0, 45, (size, 2)))}
    pairs = sorted({tuple(sorted(rng.choice(size, 2, replace=False).tolist())) for _ in range(14)})
    kinds = [ROAD if rng.random() < 0.8 else {"highway": "footway"} for _ in pairs]
    signals = {k: {"highway": "traffic_signals"} for k in range(size) if rng.random() < 0.3}
    streets = toy_map(
        places, [(str(k), list(pair), tags) for k, (pair, tags) in enumerate(zip(pairs, kinds, strict=True))], signals
    )
    net = junctions(streets)
    served = facilities(streets, net)
    graph = nx.Graph()
    edges = streets.edges
    for k in np.flatnonzero(is_road(edges)):
        graph.add_edge(int(edges["u"][k]), int(edges["v"][k]), m=float(edges["length_m"][k]))
    for code in range(2 * len(edges)):
        if not net.road[code >> 1]:
            continue
        here = int(edges["u" if code & 1 == 0 else "v"][code >> 1])
        if here in signals:
            assert served.node[code] == here and served.own[code]
        elif served.node[code] >= 0:
            at = int(served.node[code])
            assert at in signals and served.found[served.code[code]].state == MAPPED
            assert nx.shortest_path_length(graph, here, at, weight="m") <= distance_m("facility")
        else:
            first, gone = int(edges["v" if code & 1 == 0 else "u"][code >> 1]), float(edges["length_m"][code >> 1])
            assert first not in signals or gone > distance_m("facility")


@modest
@given(some.integers(0, 10_000))
def test_bounds_of_turns_are_those_of_their_sides(seed: int) -> None:
    rng = np.random.default_rng(seed)
    low = rng.integers(1, 5, 6).astype(np.int8)
    high = np.maximum(low, rng.integers(1, 5, 6)).astype(np.int8)
    left, right = (rng.integers(-1, 6, (20, 3)).astype(np.int32) for _ in range(2))
    mode = rng.integers(0, 4, 20).astype(np.int8)
    best, worst = turn_bounds(left, right, mode, low, high)
    for k in range(20):
        sides = [
            [max([int(level[e]) for e in rows[k] if e >= 0], default=0) for rows in (left, right)]
            for level in (low, high)
        ]
        expected = {
            EITHER: (min(sides[0]), max(sides[1])), LEFT: (sides[0][0], sides[1][0]),
            RIGHT: (sides[0][1], sides[1][1]), NEAREST: (min(sides[0]), min(sides[1])),
        }[int(mode[k])]  # fmt: skip
        assert (best[k], worst[k]) == expected
