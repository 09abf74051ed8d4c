"""Searches against scipy and a brute-force state graph on the same integers."""

from __future__ import annotations

import networkx as nx
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geoplan.network.graph import build_graph, components
from geoplan.network.search import Nearest, flow_down, k_nearest, nearest, reach, seeds_at
from tests.geoplan.network.towns import Town, seeds_of_towns, town, trips

modest = settings(max_examples=25, deadline=None)


def matrix(place: Town) -> csr_array:
    """Lightest arc between each pair of nodes, for scipy."""
    size = len(place.x)
    dense = np.full((size, size), np.inf)
    np.minimum.at(dense, (place.u[place.forward], place.v[place.forward]), place.weight_dm[place.forward])
    np.minimum.at(dense, (place.v[place.backward], place.u[place.backward]), place.weight_dm[place.backward])
    dense[~np.isfinite(dense)] = 0
    np.fill_diagonal(dense, 0)
    return csr_array(dense)


def to_sources(place: Town, sources: np.ndarray) -> np.ndarray:
    """Distance of every node to every source, int, -1 where there is no way."""
    dist = dijkstra(matrix(place).T, indices=sources)
    return np.where(np.isfinite(dist), dist, -1).astype(int)


def dense(place: Town, found, sources: int) -> np.ndarray:
    table = np.full((sources, len(place.x)), -1)
    table[np.repeat(np.arange(sources), np.diff(found.start)), found.node] = found.dist_dm
    return table


def test_three_nodes_in_a_row_within_an_inclusive_limit() -> None:
    graph = build_graph([0, 10, 30], [0, 0, 0], [0, 1], [1, 2], [100, 200])
    found = reach(graph, seeds_at(graph, [0]), 300)
    assert dict(zip(found.node.tolist(), found.dist_dm.tolist(), strict=True)) == {0: 0, 1: 100, 2: 300}
    assert reach(graph, seeds_at(graph, [0]), 299).node.tolist() == [0, 1]


def test_no_sources_and_no_edges_give_empty_results() -> None:
    graph = build_graph([0.0], [0.0], [], [], [])
    assert len(reach(graph, seeds_at(graph, []), 100).node) == 0
    assert reach(graph, seeds_at(graph, [0]), 100).node.tolist() == [0]
    assert nearest(graph, seeds_at(graph, [])).dist_dm.tolist() == [-1]


@modest
@given(seeds_of_towns, st.integers(0, 200), st.sampled_from([1, 2]))
def test_reach_equals_scipy(seed: int, limit: int, threads: int) -> None:
    place = town(seed, one_way=0.4)
    sources = np.random.default_rng(seed).choice(36, 7)
    expected = to_sources(place, sources)
    graph = place.graph()
    found = reach(graph, seeds_at(graph, sources), limit, threads=threads)
    assert (dense(place, found, 7) == np.where(expected <= limit, expected, -1)).all()
    for source in range(7):
        assert (np.diff(found.dist_dm[found.start[source] : found.start[source + 1]]) >= 0).all()


@modest
@given(seeds_of_towns)
def test_distances_from_the_source_follow_the_arcs_forwards(seed: int) -> None:
    place = town(seed, one_way=0.5)
    dist = dijkstra(matrix(place), indices=[3])
    graph = place.graph()
    found = reach(graph, seeds_at(graph, [3]), 10**6, arcs=graph.away)
    assert (dense(place, found, 1) == np.where(np.isfinite(dist), dist, -1)).all()


@modest
@given(seeds_of_towns)
def test_several_seeds_of_one_source_with_costs(seed: int) -> None:
    place = town(seed, one_way=0.2)
    rng = np.random.default_rng(seed)
    node, cost, group = rng.integers(0, 36, 9), rng.integers(0, 90, 9), rng.integers(0, 3, 9)
    one = to_sources(place, node)
    total = np.where(one >= 0, one + cost[:, None], 10**6)
    expected = np.stack([total[group == g].min(axis=0, initial=10**6) for g in range(group.max() + 1)])
    graph = place.graph()
    found = reach(graph, seeds_at(graph, node, source=group, cost_dm=cost), 150)
    assert (dense(place, found, group.max() + 1) == np.where(expected <= 150, expected, -1)).all()


@modest
@given(seeds_of_towns, st.floats(0.1, 0.6))
def test_no_trip_crosses_a_compound(seed: int, share: float) -> None:
    place = town(seed, private=share, one_way=0.2)
    states = trips(place)
    graph = place.graph()
    everything = seeds_at(graph, np.arange(36))
    table = dense(place, reach(graph, everything, 10**6), 36)
    for home in range(36):
        away = nx.single_source_dijkstra_path_length(states, (home, 0), weight="w")
        assert table[:, home].tolist() == [away.get((school, 2), -1) for school in range(36)]


def test_a_compound_is_no_short_cut_but_its_people_come_and_go() -> None:
    # 0 -100- 1 -10- 2 -100- 3 with 1-2 private; the way round 1-3 weighs 500
    graph = build_graph(
        [0, 10, 20, 30], [0, 0, 0, 5], [0, 1, 2, 1], [1, 2, 3, 3], [100, 10, 100, 500], private=[0, 1, 0, 0]
    )
    found = reach(graph, seeds_at(graph, [0]), 10**6)
    assert dict(zip(found.node.tolist(), found.dist_dm.tolist(), strict=True)) == {0: 0, 1: 100, 2: 110, 3: 600}
    inside = reach(graph, seeds_at(graph, [2]), 10**6)
    assert dict(zip(inside.node.tolist(), inside.dist_dm.tolist(), strict=True)) == {0: 110, 1: 10, 2: 0, 3: 100}


@modest
@given(seeds_of_towns, st.sampled_from([0.0, 0.3]))
def test_nearest_takes_the_smaller_source_and_flow_is_conserved(seed: int, private: float) -> None:
    place = town(seed, one_way=0.3, private=private, longest=6)
    graph = place.graph()
    sources = np.random.default_rng(seed).choice(36, 5, replace=False)
    seeds = seeds_at(graph, sources)
    table = dense(place, reach(graph, seeds, 10**6), 5)
    wide = np.where(table < 0, 10**7, table)
    tree = nearest(graph, seeds)
    best = wide.min(axis=0)
    assert tree.dist_dm.tolist() == np.where(best < 10**7, best, -1).tolist()
    assert tree.source.tolist() == np.where(best < 10**7, wide.argmin(axis=0), -1).tolist()
    amount = np.random.default_rng(seed).integers(0, 9, 36).astype(float)
    flow = flow_down(tree, amount, edges=len(place.u))
    there = tree.dist_dm >= 0
    assert (flow * place.weight_dm).sum() == (amount * tree.dist_dm)[there].sum()
    assert flow.tolist() == walked(tree, amount, len(place.u)).tolist()


def walked(tree: Nearest, amount: np.ndarray, edges: int) -> np.ndarray:
    """Every node's amount carried to its source one arc at a time."""
    flow = np.zeros(edges)
    for node in np.flatnonzero(tree.dist_dm >= 0):
        at = tree.at[node]
        while tree.parent[at] >= 0:
            flow[tree.arcs.edge[tree.parent[at]]] += amount[node]
            at = tree.arcs.tail[tree.parent[at]]
    return flow


@modest
@given(seeds_of_towns, st.integers(1, 4), st.sampled_from([0.0, 0.3]))
def test_k_nearest_by_distance_then_source(seed: int, k: int, private: float) -> None:
    place = town(seed, one_way=0.3, private=private, longest=6)
    graph = place.graph()
    rng = np.random.default_rng(seed)
    seeds = seeds_at(graph, rng.choice(36, 8), source=rng.integers(0, 5, 8), cost_dm=rng.integers(0, 4, 8))
    table = dense(place, reach(graph, seeds, 40), seeds.sources)
    dist, source = k_nearest(graph, seeds, k, 40)
    for node in range(36):
        ranked = sorted((d, s) for s, d in enumerate(table[:, node]) if d >= 0)[:k]
        ranked += [(-1, -1)] * (k - len(ranked))
        assert list(zip(dist[node].tolist(), source[node].tolist(), strict=True)) == ranked


@modest
@given(seeds_of_towns)
def test_order_of_nodes_and_edges_changes_nothing(seed: int) -> None:
    place = town(seed, one_way=0.3, private=0.2, longest=6)
    rng = np.random.default_rng(seed)
    where = rng.permutation(36)  # new row of each old node
    old, rows = np.argsort(where), rng.permutation(len(place.u))
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
    sources = rng.choice(36, 4, replace=False)
    one, other = place.graph(), shuffled.graph()
    first, second = nearest(one, seeds_at(one, sources)), nearest(other, seeds_at(other, where[sources]))
    assert (first.dist_dm == second.dist_dm[where]).all()
    assert (first.source == second.source[where]).all()
    flow = flow_down(first, np.ones(36), edges=len(rows))[rows]
    again = flow_down(second, np.ones(36), edges=len(rows))
    twins = len({(*sorted((u, v)), w) for u, v, w in zip(place.u, place.v, place.weight_dm, strict=True)}) < len(rows)
    assert twins or (flow == again).all()


def test_parts_of_the_network_by_falling_length() -> None:
    graph = build_graph(np.arange(6.0), np.zeros(6), [0, 2, 3], [1, 3, 4], [10, 20, 10])
    part, share = components(graph)
    assert part.tolist() == [1, 0, 0]
    assert share.tolist() == [0.75, 0.25]
