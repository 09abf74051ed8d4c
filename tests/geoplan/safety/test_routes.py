"""The safest route: equal to the best of all routes counted out, never worse than the shortest, and by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString

from geoplan.network.graph import build_graph
from geoplan.network.join import Network
from geoplan.network.snap import NO_OBSTACLES, index_edges
from geoplan.reach import attach_gates, attach_homes, prepare, walk_pairs
from geoplan.safety.costs import rules_of
from geoplan.safety.crossings import TurnTable
from geoplan.safety.kernels_crossings import turn_bounds
from geoplan.safety.legs import doors_of, join_gates, join_homes
from geoplan.safety.routes import Routes, Ways, safe_routes
from geoplan.safety.turns import build_turns
from layers.bundle import Layers
from tests.geoplan.network.towns import Town
from tests.geoplan.safety.places import Levels, Place, a_place, every_walk, some_crossings, table_of

modest = settings(max_examples=15, deadline=None)
COLUMNS = ("length_dm", "weight_dm", "level", "home", "gate", "start", "arc")


def all_routes(place: Place, **options: int) -> Routes:
    return safe_routes(place.turns, place.homes, place.doors, place.rules, place.every_pair, **options)


def same(one: Ways, other: Ways) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in COLUMNS)


@given(st.integers(0, 10**6), st.sampled_from([0.0, 0.3, 0.6]))
@modest
def test_equals_the_best_of_all_routes_within_the_bound(seed: int, private: float) -> None:
    place = a_place(seed, private=private)
    routes = all_routes(place, threads=1)
    for pair, (cell, school) in enumerate(zip(routes.cell.tolist(), routes.school.tolist(), strict=True)):
        shortest = int(routes.shortest.length_dm[pair])
        most = int(place.rules.longest_dm(np.array([max(shortest, 0)]))[0])
        walks = list(every_walk(place, cell, school, most if shortest >= 0 else 2000))
        if shortest < 0:
            assert not walks
            continue
        best = min(walks, key=lambda walk: (walk.length_dm, walk.weight_dm))
        assert (shortest, routes.shortest.weight_dm[pair]) == (best.length_dm, best.weight_dm)
        safest = min(walks, key=lambda walk: (walk.high, walk.low, walk.weight_dm, walk.length_dm))
        got = routes.safest
        assert (got.high[pair], got.low[pair], got.weight_dm[pair], got.length_dm[pair]) == (
            safest.high, safest.low, safest.weight_dm, safest.length_dm,
        )  # fmt: skip


@given(st.integers(0, 10**6), st.sampled_from([0.0, 0.3]), st.sampled_from([30.0, 90.0]))
@modest
def test_shortest_is_the_walk_of_reach_and_the_safest_is_never_worse(seed: int, private: float, snap: float) -> None:
    place = a_place(seed, side=7, private=private, homes=60, snap_m=snap)
    routes = all_routes(place)
    homes = attach_homes(place.network, place.homes_xy, snap)
    gates = attach_gates(place.network, place.gates_xy, place.gate_school, snap)
    walks = walk_pairs(place.network, homes, gates, 10**8)
    expected = np.full((60, 2), -1)
    expected[walks.cell, walks.school] = walks.dist_dm
    assert (routes.shortest.length_dm == expected[routes.cell, routes.school]).all()
    there = routes.shortest.length_dm >= 0
    short, safe = routes.shortest, routes.safest
    assert (safe.length_dm[there] <= place.rules.longest_dm(short.length_dm[there].astype(np.int64))).all()
    assert (routes.price_dm[there] >= 0).all()
    ranks = [np.stack([w.high, w.low, w.weight_dm], 1)[there].tolist() for w in (safe, short)]
    assert all(one <= other for one, other in zip(*ranks, strict=True))
    assert (safe.high >= safe.low).all()
    assert (safe.length_dm[~there] == -1).all()


def test_order_of_pairs_threads_and_known_distances_change_nothing() -> None:
    place = a_place(11, side=7, private=0.2, homes=80, snap_m=80.0)
    cell, school = place.every_pair
    plain = all_routes(place, threads=1)
    assert all(same(getattr(plain, k), getattr(all_routes(place, threads=2), k)) for k in ("shortest", "safest"))
    mixed = np.random.default_rng(0).permutation(len(cell))
    known = np.maximum(plain.shortest.length_dm - np.arange(len(cell)) % 3 * 500, 0)[mixed]  # some of them too short
    other = safe_routes(
        place.turns, place.homes, place.doors, place.rules, (cell[mixed], school[mixed]), walk_dm=known
    )
    for kind in ("shortest", "safest"):
        one, two = getattr(plain, kind), getattr(other, kind)
        for name in COLUMNS[:5]:
            assert np.array_equal(getattr(one, name)[mixed], getattr(two, name)), name
        assert [one.arc[one.start[p] : one.start[p + 1]].tolist() for p in mixed] == [
            two.arc[two.start[p] : two.start[p + 1]].tolist() for p in range(len(mixed))
        ]


@given(st.integers(0, 10**6))
@modest
def test_a_better_crossing_never_makes_a_route_worse(seed: int) -> None:
    place = a_place(seed, side=5, homes=20)
    element = int(np.random.default_rng(seed).integers(0, place.turns.elements))
    low, high = (level.copy() for level in place.elements)
    low[element] = high[element] = 1
    table = place.table
    bounds = turn_bounds(table.left, table.right, table.mode, low, high)
    mended = replace(table, level_low=bounds[0], level_high=bounds[1])
    better = build_turns(place.network, (place.low, place.high), mended, (low, high))
    before, after = all_routes(place), all_routes(replace(place, turns=better))
    ranks = [np.stack([r.safest.high, r.safest.low], 1).tolist() for r in (before, after)]
    assert all(new <= old for old, new in zip(*ranks, strict=True))


def two_ways(footway_m: float, level: tuple[int, int], *, at_school: int = 0) -> Routes:
    """A main road of 400 m from home to school, and a footway beside it that bends away.

    With ``at_school`` a road of that level must be crossed where both meet again.
    """
    lean = np.sqrt((footway_m / 2) ** 2 - 200.0**2)
    points = [(0.0, 0.0), (400.0, 0.0), (200.0, lean), (-50.0, 0.0), (450.0, 0.0)]
    x, y = (np.array(column) for column in zip(*points, strict=True))
    ends = [(0, 1), (0, 2), (2, 1), (3, 0), (1, 4)]
    lines = [LineString([points[u], points[v]]) for u, v in ends]
    u, v = (np.array(column) for column in zip(*ends, strict=True))
    graph = build_graph(x, y, u, v, [round(line.length * 10) for line in lines])
    network = Network(graph, np.arange(5, dtype=np.int32), index_edges(graph, lines), NO_OBSTACLES)
    low, high = [level[0], 1, 1, 1, 1], [level[1], 1, 1, 1, 1]
    elements = np.full(1, at_school, np.int8), np.full(1, at_school, np.int8)
    rows = np.array([[1, 0, 4], [1, 2, 4]]) if at_school else np.empty((0, 3), int)
    both = np.zeros((len(rows), 1), int)
    turns = build_turns(network, (low, high), table_of(rows, both, both, np.zeros(len(rows)), elements), elements)
    rules = rules_of(1.25, 400.0, (1.0, 1.2, 2.0, 4.0), (0.0, 0.0, 0.0, 0.0))
    none = np.zeros(5, np.uint8)
    gates = join_gates(network, [(450.0, 0.0)], 5.0, none, turns.edge_level)
    homes = join_homes(network, [(-50.0, 0.0)], 5.0, none, turns.edge_level, gates)
    return safe_routes(turns, homes, doors_of(gates, [0], 1, turns, rules), rules, ([0], [0]))


def test_a_footway_beside_the_road_is_taken_within_the_bound() -> None:
    routes = two_ways(520.0, (4, 4))
    assert (routes.shortest.length_dm[0], routes.shortest.verdict[0]) == (5000, "unsafe")
    assert (routes.safest.length_dm[0], routes.safest.verdict[0]) == (6200, "safe")
    assert routes.price_dm[0] == 1200


def test_the_bound_is_inclusive_and_beyond_it_the_road_stays() -> None:
    assert two_ways(525.0, (4, 4)).safest.length_dm[0] == 6250
    beyond = two_ways(525.2, (4, 4))
    assert (beyond.safest.length_dm[0], beyond.safest.verdict[0], beyond.price_dm[0]) == (5000, "unsafe", 0)


@pytest.mark.parametrize(
    ("level", "verdict"),
    [((1, 2), "safe"), ((1, 3), "undetermined"), ((2, 4), "undetermined"), ((3, 3), "unsafe"), ((3, 4), "unsafe")],
)
def test_verdicts(level: tuple[int, int], verdict: str) -> None:
    assert two_ways(800.0, level).safest.verdict[0] == verdict


def test_a_crossing_put_right_makes_the_route_safe() -> None:
    assert two_ways(520.0, (2, 2), at_school=3).safest.verdict[0] == "unsafe"
    mended = two_ways(520.0, (2, 2), at_school=2).safest
    assert (mended.verdict[0], mended.length_dm[0]) == ("safe", 5000)


def test_no_pairs_and_no_way() -> None:
    place = a_place(3)
    none = safe_routes(place.turns, place.homes, place.doors, place.rules, ([], []))
    assert len(none.cell) == 0
    assert none.safest.start.tolist() == [0]
    none = np.zeros(len(place.lines), np.uint8)
    far = join_homes(place.network, [(10_000.0, 10_000.0)], 50.0, none, place.turns.edge_level, place.doors.legs)
    routes = safe_routes(place.turns, far, place.doors, place.rules, ([0], [0]))
    assert (routes.shortest.length_dm[0], routes.safest.verdict[0], routes.price_dm[0]) == (-1, None, -1)


def test_shortest_routes_of_the_embedded_county_are_as_long_as_reach_says(demo_layers: Layers) -> None:
    network = prepare(demo_layers.streets)
    cells = demo_layers.cells.table[["x", "y"]].to_numpy(float)[::3]
    gates_xy = np.column_stack([demo_layers.gates.geometry.x, demo_layers.gates.geometry.y])
    owner = np.searchsorted(demo_layers.schools["id"].sort_values(), demo_layers.gates["school_id"])
    rng = np.random.default_rng(5)
    low = rng.integers(1, 5, len(demo_layers.streets.edges)).astype(np.int8)
    high = np.minimum(low + rng.integers(0, 2, len(low)), 4).astype(np.int8)
    turns = build_turns(network, (low, high), *embedded_crossings(network, rng))
    walks = walk_pairs(
        network, attach_homes(network, cells, 60.0), attach_gates(network, gates_xy, owner, 60.0), 12_000
    )
    none = np.zeros(len(network.edge_row), np.uint8)
    gates = join_gates(network, gates_xy, 60.0, none, turns.edge_level)
    homes = join_homes(network, cells, 60.0, none, turns.edge_level, gates)
    rules = rules_of(1.25, 400.0, (1.0, 1.2, 2.0, 4.0), (5.0, 10.0, 30.0, 60.0))
    doors = doors_of(gates, owner, len(demo_layers.schools), turns, rules)
    some = rng.choice(len(walks.cell), min(4000, len(walks.cell)), replace=False)
    routes = safe_routes(turns, homes, doors, rules, (walks.cell[some], walks.school[some]))
    assert (routes.shortest.length_dm == walks.dist_dm[some]).all()
    assert (routes.price_dm > 0).sum() > 100


def embedded_crossings(network: Network, rng: np.random.Generator) -> tuple[TurnTable, Levels]:
    """Random turns, in rows of the streets."""
    ways = network.graph.ways
    town = Town(network.graph.x, network.graph.y, ways.u, ways.v, *[ways.weight_dm] * 4)
    table, elements = some_crossings(town, rng, 40)
    rows = {name: network.edge_row[getattr(table, name)] for name in ("edge_in", "edge_out")}
    return replace(table, **rows), elements
