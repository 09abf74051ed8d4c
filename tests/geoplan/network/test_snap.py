"""Snapping against shapely, and what barriers and openings do to a leg."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, Point

from geoplan.network.graph import build_graph
from geoplan.network.grid import index_lines
from geoplan.network.snap import attach, index_edges, index_obstacles, nearest_edge, node_costs
from tests.geoplan.network.towns import bent_lines, seeds_of_towns, town

modest = settings(max_examples=20, deadline=None)


@modest
@given(seeds_of_towns, st.sampled_from([1, 2]))
def test_nearest_edge_equals_shapely(seed: int, threads: int) -> None:
    rng = np.random.default_rng(seed)
    lines = bent_lines(town(seed), rng)
    points = rng.uniform(-400, 1000, (200, 2))
    row, dist, along = nearest_edge(index_lines(lines), points, threads=threads)
    tree = shapely.STRtree(lines)
    _, expected = tree.query_nearest(shapely.points(points), all_matches=False, return_distance=True)
    assert np.allclose(dist, expected, rtol=0, atol=1e-9)
    foot = shapely.line_interpolate_point(lines[row], along)
    assert np.allclose(shapely.distance(foot, shapely.points(points)), expected, rtol=0, atol=1e-6)


def test_nearest_edge_within_an_inclusive_limit() -> None:
    lines = index_lines([LineString([(0, 0), (100, 0)])])
    row, dist, along = nearest_edge(lines, [(30, 40), (30, 40.001)], limit_m=40)
    assert row.tolist() == [0, -1]
    assert (dist[0], along[0]) == (40, 30)
    assert np.isnan(dist[1])


def test_nothing_to_snap_to() -> None:
    row, _, _ = nearest_edge(index_lines([]), [(0, 0)])
    assert row.tolist() == [-1]


@modest
@given(seeds_of_towns, st.floats(1, 300))
def test_every_edge_within_the_limit_is_attached_at_its_nearest_point(seed: int, limit: float) -> None:
    rng = np.random.default_rng(seed)
    place = town(seed)
    lines = bent_lines(place, rng)
    graph = place.graph()
    points = rng.uniform(-100, 700, (40, 2))
    found = attach(index_edges(graph, lines), graph, points, limit)
    for i, point in enumerate(shapely.points(points)):
        dist = shapely.distance(lines, point)
        rows = slice(found.start[i], found.start[i + 1])
        columns = (column[rows].tolist() for column in (found.edge, found.offset_dm, found.leg_dm))
        got = sorted(zip(*columns, strict=True))
        near = np.flatnonzero(dist <= limit)
        share = shapely.line_locate_point(lines[near], point, normalized=True)
        offset = np.rint(share * place.weight_dm[near]).astype(int)
        leg = np.rint(dist[near] * 10).astype(int)
        assert got == list(zip(near.tolist(), offset.tolist(), leg.tolist(), strict=True))


WALL = [LineString([(-50, 5), (50, 5)])]


def one_street(points: list[tuple[float, float]], barriers: list[LineString], openings: list[tuple[float, float]]):
    graph = build_graph([-100, 100], [0, 0], [0], [1], [2000])
    lines = index_edges(graph, [LineString([(-100, 0), (100, 0)])])
    return attach(lines, graph, points, 60, obstacles=index_obstacles(barriers, np.reshape(openings, (-1, 2))))


@pytest.mark.parametrize(
    ("point", "openings", "attached"),
    [
        ((0, 10), [], False),  # behind the wall
        ((0, 3), [], True),  # before it
        ((0, 5), [], True),  # a gate on the wall itself
        ((0, 10), [(2.9, 5)], True),  # an opening within 3 m of where the leg crosses
        ((0, 10), [(3.1, 5)], False),
        ((50, 10), [], True),  # the leg touches the wall's free end
        ((70, 10), [], True),  # past the end
    ],
)
def test_a_leg_does_not_cross_a_wall_but_at_an_opening(point, openings, attached: bool) -> None:
    assert one_street([point], WALL, openings).off_network.tolist() == [not attached]


def test_an_opening_in_one_wall_does_not_open_another() -> None:
    walls = [*WALL, LineString([(-50, 9), (50, 9)])]
    assert one_street([(0, 12)], walls, [(0, 5)]).off_network.tolist() == [True]
    assert one_street([(0, 12)], walls, [(0, 5), (0, 9)]).off_network.tolist() == [False]


def test_a_leg_through_the_corner_of_a_wall_crosses_it() -> None:
    corner = [LineString([(-5, 8), (0, 5), (5, 2)])]
    assert one_street([(0, 10)], corner, []).off_network.tolist() == [True]


@modest
@given(seeds_of_towns)
def test_legs_cross_barriers_as_shapely_says(seed: int) -> None:
    rng = np.random.default_rng(seed)
    place = town(seed, side=4)
    lines = bent_lines(place, rng)
    graph = place.graph()
    walls = shapely.linestrings(rng.uniform(-100, 500, (12, 3, 2)))
    points = rng.uniform(-100, 500, (30, 2))
    found = attach(index_edges(graph, lines), graph, points, 200, obstacles=index_obstacles(walls, np.empty((0, 2))))
    for i, point in enumerate(shapely.points(points)):
        near = np.flatnonzero(shapely.distance(lines, point) <= 200)
        legs = shapely.shortest_line(point, lines[near])
        free = near[~shapely.crosses(legs[:, None], walls).any(axis=1)]
        assert sorted(found.edge[found.start[i] : found.start[i + 1]].tolist()) == free.tolist()


def test_an_edge_closed_both_ways_takes_nobody() -> None:
    graph = build_graph([0, 10], [0, 0], [0], [1], [100], forward=[False], backward=[False])
    found = attach(index_edges(graph, [LineString([(0, 0), (10, 0)])]), graph, [(5, 1)], 50)
    assert found.off_network.tolist() == [True]


def test_entries_keep_only_what_a_walk_may_need() -> None:
    # home 1 m beside the street at x = 2: 0 -100 dm- 1 -100 dm- 2 in a row; node 2 is never entered first
    graph = build_graph([0, 10, 20], [0, 0, 0], [0, 1], [1, 2], [100, 100])
    street = [LineString([(0, 0), (10, 0)]), LineString([(10, 0), (20, 0)])]
    entries = node_costs(graph, attach(index_edges(graph, street), graph, [(2, 1)], 50))
    got = {int(graph.external[n]): int(c) for n, c in zip(entries.node, entries.cost_dm, strict=True)}
    assert got == {0: 30, 1: 81}  # 8 m across and 1 m up straight is 8.06 m to node 1, less than 1 + 8


def test_a_point_in_the_middle_of_nowhere() -> None:
    graph = build_graph([0, 10], [0, 0], [0], [1], [100])
    found = attach(index_edges(graph, [LineString([(0, 0), (10, 0)])]), graph, [Point(500, 500).coords[0]], 150)
    assert found.off_network.tolist() == [True]
    assert len(node_costs(graph, found).node) == 0


def test_outlines_of_areas_and_parts_of_lines_are_lines() -> None:
    ring = shapely.box(0, 0, 10, 10)
    lines = index_lines([ring, shapely.MultiLineString([[(20, 0), (30, 0)], [(40, 0), (50, 0)]]), LineString()])
    row, dist, along = nearest_edge(lines, [(5, 4), (45, 3), (25, 1)])
    assert row.tolist() == [0, 1, 1]
    assert dist.tolist() == [4, 3, 1]
    assert along[1:].tolist() == [5, 5]
    assert lines.length.tolist() == [40, 20, 0]
