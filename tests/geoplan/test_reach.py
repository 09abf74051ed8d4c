"""Walking distances from homes to schools: by hand, against inserted points, and what must never change."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString

from geoplan import reach
from geoplan.network.graph import build_graph
from geoplan.network.join import Network
from geoplan.network.snap import NO_OBSTACLES, index_edges
from layers.bundle import Streets
from tests.geoplan.network.towns import Town, bent_lines, seeds_of_towns, town

modest = settings(max_examples=12, deadline=None)
FOREVER = 10**8


def network_of(place: Town, lines: np.ndarray, edges: np.ndarray | None = None) -> Network:
    rows = np.arange(len(lines)) if edges is None else edges
    graph = build_graph(
        place.x,
        place.y,
        place.u[rows],
        place.v[rows],
        place.weight_dm[rows],
        private=place.private[rows],
        forward=place.forward[rows],
        backward=place.backward[rows],
    )
    return Network(graph, rows.astype(np.int32), index_edges(graph, lines[rows]), NO_OBSTACLES)


def a_town(seed: int, *, private: float = 0.0, one_way: float = 0.0) -> tuple[Town, np.ndarray]:
    """A town whose weights are the lengths of its bent lines, in decimetres."""
    plain = town(seed, private=private, one_way=one_way)
    lines = bent_lines(plain, np.random.default_rng(seed))
    return Town(**{**plain.__dict__, "weight_dm": np.rint(shapely.length(lines) * 10).astype(int)}), lines


def table(pairs: reach.Pairs, homes: int, schools: int) -> np.ndarray:
    wide = np.full((homes, schools), FOREVER)
    wide[pairs.cell, pairs.school] = pairs.dist_dm
    return wide


def inserted(place: Town, lines: np.ndarray, homes: np.ndarray, gates: np.ndarray, snap_m: float) -> nx.DiGraph:
    """The town with every attachment as a node; trips are (own compound)*, public*, (school's compound)*."""
    states = nx.DiGraph()
    for node in range(len(place.x)):
        states.add_edge(("node", node, 0), ("node", node, 1), w=0)
        states.add_edge(("node", node, 1), ("node", node, 2), w=0)
    for edge, line in enumerate(lines):
        weight, inner = int(place.weight_dm[edge]), bool(place.private[edge])
        chain = [(0, ("node", place.u[edge])), (weight, ("node", place.v[edge]))]
        phases = (0, 2) if inner else (1,)
        for kind, points in (("home", homes), ("gate", gates)):
            dist = shapely.distance(line, shapely.points(points))
            share = shapely.line_locate_point(line, shapely.points(points), normalized=True)
            for i in np.flatnonzero(dist <= snap_m):
                spot, leg = (kind, i, edge), int(np.rint(dist[i] * 10))
                chain.append((int(np.rint(share[i] * weight)), spot))
                for phase in phases:
                    ends = ((kind, i), (*spot, phase)) if kind == "home" else ((*spot, phase), (kind, i))
                    states.add_edge(*ends, w=leg)
        chain.sort(key=lambda one: one[0])
        for (a, one), (b, two) in pairwise(chain):
            for phase in phases:
                for start, end, allowed in ((one, two, place.forward[edge]), (two, one, place.backward[edge])):
                    if allowed or a == b:
                        link = ((*start, phase), (*end, phase))
                        old = states.get_edge_data(*link, {"w": FOREVER})["w"]
                        states.add_edge(*link, w=min(b - a, old))
    return states


def brute_force(states: nx.DiGraph, homes: int, gates_of: list[list[int]]) -> np.ndarray:
    back = states.reverse(copy=False)
    wide = np.full((homes, len(gates_of)), FOREVER)
    for school, rows in enumerate(gates_of):
        ends = {("gate", i) for i in rows} & set(back)
        near = nx.multi_source_dijkstra_path_length(back, ends, weight="w") if ends else {}
        for home in range(homes):
            wide[home, school] = near.get(("home", home), FOREVER)
    return wide


@pytest.mark.parametrize(("private", "one_way"), [(0.0, 0.0), (0.35, 0.0), (0.0, 0.5), (0.3, 0.3)])
def test_500_homes_equal_a_graph_with_every_point_inserted(private: float, one_way: float) -> None:
    place, lines = a_town(7, private=private, one_way=one_way)
    rng = np.random.default_rng(1)
    homes, gates = rng.uniform(-80, 600, (500, 2)), rng.uniform(0, 550, (9, 2))
    school = np.array([0, 1, 2, 3, 4, 0, 1, 1, 2])
    expected = brute_force(
        inserted(place, lines, homes, gates, 60.0), 500, [np.flatnonzero(school == s).tolist() for s in range(5)]
    )
    network = network_of(place, lines)
    joined, doors = reach.attach_homes(network, homes, 60.0), reach.attach_gates(network, gates, school, 60.0)
    got = table(reach.walk_pairs(network, joined, doors, FOREVER - 1), 500, 5)
    assert (got == expected).all()
    assert (expected < FOREVER).sum() > 500
    dist, nearest = reach.nearest_distance(network, joined, doors)
    best = expected.min(axis=1)
    assert (dist == np.where(best < FOREVER, best, -1)).all()
    assert (nearest == np.where(best < FOREVER, expected.argmin(axis=1), -1)).all()
    some, _ = reach.nearest_distance(network, joined, doors, schools=[1, 3])
    best = expected[:, [1, 3]].min(axis=1)
    assert (some == np.where(best < FOREVER, best, -1)).all()


def street(private: bool = False) -> Network:
    """One street of 200 m from x = 0 to x = 200."""
    graph = build_graph([0, 200], [0, 0], [0], [1], [2000], private=[private])
    return Network(graph, np.zeros(1, np.int32), index_edges(graph, [LineString([(0, 0), (200, 0)])]), NO_OBSTACLES)


@pytest.mark.parametrize("private", [False, True])
def test_on_one_street_the_walk_is_the_piece_between(private: bool) -> None:
    network = street(private)
    homes = reach.attach_homes(network, [(50, 20), (120, -10), (500, 0)], 150)
    gates = reach.attach_gates(network, [(100, 5)], [0], 150)
    pairs = reach.walk_pairs(network, homes, gates, 750)
    assert pairs.cell.tolist() == [0, 1]
    assert pairs.dist_dm.tolist() == [200 + 500 + 50, 100 + 200 + 50]
    assert pairs.off_network.tolist() == [False, False, True]
    assert reach.walk_pairs(network, homes, gates, 749).cell.tolist() == [1]
    dist, school = reach.nearest_distance(network, homes, gates)
    assert dist.tolist() == [750, 350, -1]
    assert school.tolist() == [0, 0, -1]


def test_the_best_gate_counts() -> None:
    network = street()
    homes = reach.attach_homes(network, [(50, 0)], 150)
    gates = reach.attach_gates(network, [(200, 0), (60, 0)], [0, 0], 150)
    assert reach.walk_pairs(network, homes, gates, 5000).dist_dm.tolist() == [100]


def test_without_schools_or_homes() -> None:
    network = street()
    nobody = reach.attach_homes(network, np.empty((0, 2)), 150)
    homes = reach.attach_homes(network, [(50, 0)], 150)
    none = reach.attach_gates(network, np.empty((0, 2)), [], 150)
    gates = reach.attach_gates(network, [(60, 0)], [0], 150)
    assert len(reach.walk_pairs(network, nobody, gates, 100).cell) == 0
    assert len(reach.walk_pairs(network, homes, none, 100).cell) == 0
    assert reach.nearest_distance(network, homes, none)[0].tolist() == [-1]


def a_case(seed: int, private: float = 0.2) -> tuple[Town, np.ndarray, np.ndarray, np.ndarray]:
    place, lines = a_town(seed, private=private)
    rng = np.random.default_rng(seed + 1)
    return place, lines, rng.uniform(-80, 600, (60, 2)), rng.uniform(0, 550, (6, 2))


def walk(network: Network, homes: np.ndarray, schools: np.ndarray, limit_dm: int = FOREVER - 1) -> np.ndarray:
    joined = reach.attach_homes(network, homes, 70.0)
    doors = reach.attach_gates(network, schools, np.arange(len(schools)), 70.0)
    return table(reach.walk_pairs(network, joined, doors, limit_dm), len(homes), len(schools))


@modest
@given(seeds_of_towns, st.integers(0, 8000))
def test_a_higher_limit_only_adds_pairs(seed: int, limit: int) -> None:
    place, lines, homes, schools = a_case(seed)
    network = network_of(place, lines)
    everything = walk(network, homes, schools)
    assert (walk(network, homes, schools, limit) == np.where(everything <= limit, everything, FOREVER)).all()


@modest
@given(seeds_of_towns)
def test_another_edge_never_lengthens_a_walk(seed: int) -> None:
    place, lines, homes, schools = a_case(seed, private=0.0)
    fewer = np.sort(np.random.default_rng(seed).permutation(len(lines))[:-3])
    assert (
        walk(network_of(place, lines), homes, schools) <= walk(network_of(place, lines, fewer), homes, schools)
    ).all()


@modest
@given(seeds_of_towns)
def test_another_school_changes_no_other_distance(seed: int) -> None:
    place, lines, homes, schools = a_case(seed)
    network = network_of(place, lines)
    assert (walk(network, homes, schools)[:, :-1] == walk(network, homes, schools[:-1])).all()


@modest
@given(seeds_of_towns)
def test_order_of_rows_changes_nothing(seed: int) -> None:
    place, lines, homes, schools = a_case(seed)
    rng = np.random.default_rng(seed)
    where, rows = rng.permutation(36), rng.permutation(len(lines))
    old = np.argsort(where)
    shuffled = Town(
        place.x[old],
        place.y[old],
        where[place.u[rows]],
        where[place.v[rows]],
        place.weight_dm[rows],
        place.private[rows],
        place.forward[rows],
        place.backward[rows],
    )
    h, s = rng.permutation(len(homes)), rng.permutation(len(schools))
    again = walk(network_of(shuffled, lines[rows]), homes[h], schools[s])
    assert (again == walk(network_of(place, lines), homes, schools)[np.ix_(h, s)]).all()


@modest
@given(seeds_of_towns)
def test_pairs_are_sorted_and_threads_change_nothing(seed: int) -> None:
    place, lines, _, schools = a_case(seed)
    network = network_of(place, lines)
    homes = np.random.default_rng(seed).uniform(-80, 600, (9000, 2))
    doors = reach.attach_gates(network, np.tile(schools, (4, 1)), np.arange(24), 70.0)
    one, two = (
        reach.walk_pairs(network, reach.attach_homes(network, homes, 70.0, threads=t), doors, 4000, threads=t)
        for t in (1, 2)
    )
    for name in ("cell", "school", "dist_dm", "off_network"):
        assert (getattr(one, name) == getattr(two, name)).all()
    order = np.lexsort((one.school, one.dist_dm, one.cell))
    assert (order == np.arange(len(order))).all()


def test_straight_distance_within_an_inclusive_limit() -> None:
    pairs = reach.straight_pairs([(0, 0), (300, 400), (1000, 0)], [(0, 0), (600, 800)], 500)
    assert list(zip(pairs.cell.tolist(), pairs.school.tolist(), pairs.dist_dm.tolist(), strict=True)) == [
        (0, 0, 0),
        (1, 0, 5000),
        (1, 1, 5000),
    ]
    dist, school = reach.nearest_straight([(0, 0), (300, 400), (1000, 0)], [(0, 0), (600, 800)])
    assert dist.tolist() == [0, 500, np.hypot(400, 800)]
    assert school.tolist() == [0, 0, 1]
    assert reach.nearest_straight([(0, 0)], np.empty((0, 2)))[1].tolist() == [-1]
    assert len(reach.straight_pairs([(0, 0)], np.empty((0, 2)), 9).cell) == 0


@modest
@given(seeds_of_towns, st.floats(0, 300))
def test_straight_pairs_are_those_within_the_limit(seed: int, limit: float) -> None:
    rng = np.random.default_rng(seed)
    cells, schools = rng.uniform(0, 500, (50, 2)), rng.uniform(0, 500, (7, 2))
    dist = np.hypot(*(cells[:, None] - schools).transpose(2, 0, 1))
    pairs = reach.straight_pairs(cells, schools, limit)
    got = sorted(zip(pairs.cell.tolist(), pairs.school.tolist(), strict=True))
    assert got == [tuple(row) for row in np.argwhere(dist <= limit).tolist()]


def streets_of_a_cross() -> Streets:
    """Two streets crossing at (0, 0), a motorway that nobody walks, and a wall south of the east arm."""
    nodes = pd.DataFrame({"x": [0.0, 100, -100, 0, 0], "y": [0.0, 0, 0, 100, -100]})
    ends = [(0, 1), (0, 2), (0, 3), (0, 4), (1, 3)]
    lines = [LineString([nodes.loc[a, ["x", "y"]], nodes.loc[b, ["x", "y"]]]) for a, b in ends]
    edges = gpd.GeoDataFrame(
        {"u": [a for a, _ in ends], "v": [b for _, b in ends], "length_m": [line.length for line in lines]},
        geometry=lines,
    )
    edges["walk"] = [True, True, True, True, False]
    edges["private"] = False
    barriers = gpd.GeoDataFrame({"kind": ["wall"]}, geometry=[LineString([(20, -10), (100, -10)])])
    openings = gpd.GeoDataFrame({"kind": ["gate"]}, geometry=gpd.points_from_xy([90], [-10]))
    return Streets(nodes, edges, barriers, openings)


def test_the_network_of_a_bundle() -> None:
    network = reach.prepare(streets_of_a_cross())
    assert network.edge_row.tolist() == [0, 1, 2, 3]
    homes = reach.attach_homes(network, [(50, -20), (90, -20), (50, 20)], 30)
    assert homes.off_network.tolist() == [True, False, False]
    gates = reach.attach_gates(network, [(-100, 0)], [0], 30)
    assert reach.walk_pairs(network, homes, gates, 3000).dist_dm.tolist() == [200 + 1900, 200 + 1500]
    part, share = reach.components(network.graph)
    assert part.tolist() == [0, 0, 0, 0]
    assert share.tolist() == [1.0]


def test_nobody_boards_a_ferry_between_its_landings() -> None:
    streets = streets_of_a_cross()
    streets.edges["ferry_min"] = [np.nan, np.nan, np.nan, 5.0, np.nan]
    network = reach.prepare(streets)
    homes = reach.attach_homes(network, [(0, -100), (0, -20)], 30)
    assert homes.off_network.tolist() == [True, False]


def in_a_process(seed: int) -> int:
    place, lines, homes, schools = a_case(seed)
    return int((walk(network_of(place, lines), homes, schools) < FOREVER).sum())


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_processes_and_threads_after_the_kernels_have_run(method: str) -> None:
    expected = in_a_process(3)
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(in_a_process, [3, 3])) == [expected, expected]
        with multiprocessing.get_context(method).Pool(2) as processes:
            together = processes.map_async(in_a_process, [3, 3])
            assert list(pool.map(in_a_process, [3, 3])) == [expected, expected]
            assert together.get(timeout=120) == [expected, expected]
