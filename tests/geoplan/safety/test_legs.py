"""Straight legs: which are kept, what they cross, and what is not known of the ground they lead over."""

from __future__ import annotations

import numpy as np
import pytest
from shapely import LineString

from geoplan.network.graph import build_graph
from geoplan.network.join import Network
from geoplan.network.snap import NO_OBSTACLES, index_edges
from geoplan.safety.legs import Legs, join_gates, join_homes
from geoplan.safety.turns import pack

ROAD, BACK, BEYOND = range(3)
"""A main road at y = 0, a footway at y = 60, a street at y = 100 behind it; joined at x = 200 by two more edges."""


def three_streets() -> Network:
    ends = [(0.0, 0.0), (200.0, 0.0), (0.0, 60.0), (200.0, 60.0), (0.0, 100.0), (200.0, 100.0)]
    pairs = [(0, 1), (2, 3), (4, 5), (1, 3), (3, 5)]
    x, y = (np.array(column) for column in zip(*ends, strict=True))
    u, v = (np.array(column) for column in zip(*pairs, strict=True))
    lines = [LineString([ends[a], ends[b]]) for a, b in pairs]
    graph = build_graph(x, y, u, v, [round(line.length * 10) for line in lines])
    return Network(graph, np.arange(5, dtype=np.int32), index_edges(graph, lines), NO_OBSTACLES)


ALONG = pack([2, 1, 1, 1, 1], [4, 1, 2, 1, 1])
ACROSS = pack([1, 0, 1, 0, 0], [4, 0, 3, 0, 0])
NONE = Legs(np.zeros(1, np.int64), *[np.empty(0, np.int32)] * 3, np.empty(0, np.uint8))


def home_at(y: float, *, snap_m: float = 150.0, front_m: float = 10.0) -> dict[int, tuple[int, int, int]]:
    """Streets a home at (100, y) is joined to: leg, low and high."""
    network = three_streets()
    legs = join_homes(network, [(100.0, y)], snap_m, ACROSS, ALONG, NONE, front_m=front_m)
    return {
        int(edge): (int(leg), int(level) & 15, int(level) >> 4)
        for edge, leg, level in zip(legs.edge, legs.leg_dm, legs.level, strict=True)
    }


def test_the_leg_to_the_street_in_front_is_good() -> None:
    assert home_at(10.0)[ROAD] == (100, 1, 1)
    assert home_at(55.0)[BACK] == (50, 1, 1)


def test_a_leg_past_a_bad_street_may_be_as_bad() -> None:
    assert home_at(10.0)[BACK] == (500, 1, 4)
    assert home_at(45.0)[BEYOND] == (
        550,
        1,
        4,
    )  # it fronts on the footway, and the main road is nearer than the street
    assert home_at(26.0)[BACK] == (340, 1, 1)  # 34 m against 26 m: it fronts on both
    assert home_at(10.0, front_m=40.0)[BACK] == (500, 1, 1)


def test_a_leg_past_good_streets_is_good() -> None:
    assert home_at(75.0, snap_m=30.0)[BEYOND] == (250, 1, 1)
    assert home_at(40.0, front_m=0.0)[ROAD] == (400, 1, 1)


def test_a_leg_over_a_road_crosses_it() -> None:
    assert home_at(-20.0)[BACK] == (800, 1, 4)
    assert home_at(110.0)[BACK] == (500, 1, 3)
    assert home_at(55.0, snap_m=50.0)[BEYOND] == (450, 1, 1)  # over a footway: nothing to cross


def test_legs_that_no_walk_needs_are_left_out() -> None:
    network = three_streets()
    legs = join_gates(network, [(190.0, 130.0)], 150.0, ACROSS, ALONG)
    assert set(legs.edge.tolist()) == {0, 1, 2, 3, 4}  # gates keep all: a home may live on the same street
    homes = join_homes(network, [(100.0, 130.0)], 150.0, ACROSS, ALONG, NONE)
    assert BEYOND in homes.edge
    kept = join_homes(network, [(100.0, 130.0)], 150.0, ACROSS, ALONG, legs)
    assert set(homes.edge.tolist()) <= set(kept.edge.tolist()) == {0, 1, 2, 3, 4}


def test_each_place_has_its_own_limit_and_front() -> None:
    network = three_streets()
    gates = join_gates(network, [(100.0, 0.0)], 1.0, ACROSS, ALONG)
    legs = join_homes(network, [(100.0, 10.0)] * 2, [20.0, 60.0], ACROSS, ALONG, gates, front_m=[10.0, 40.0])
    assert np.diff(legs.start).tolist() == [1, 2]
    assert legs.level.tolist() == [17, 17, 17]


def test_no_place_and_no_street_near() -> None:
    network = three_streets()
    gates = join_gates(network, np.empty((0, 2)), 50.0, ACROSS, ALONG)
    assert gates.start.tolist() == [0]
    assert len(join_homes(network, [(9000.0, 0.0)], 50.0, ACROSS, ALONG, gates).edge) == 0


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_change_nothing(threads: int) -> None:
    network = three_streets()
    xy = np.random.default_rng(0).uniform(-50, 250, (9000, 2))
    gates = join_gates(network, [(100.0, 0.0)], 50.0, ACROSS, ALONG)
    one = join_homes(network, xy, 80.0, ACROSS, ALONG, gates, threads=1)
    other = join_homes(network, xy, 80.0, ACROSS, ALONG, gates, threads=threads)
    assert all(np.array_equal(getattr(one, n), getattr(other, n)) for n in ("start", "edge", "leg_dm", "level"))
