"""Street searches and snapping against scipy, networkx, osmnx, pandana and shapely."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import networkx as nx
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from bench import Row, best_of, peak_mb, print_table, side_by_side
from bench.networks import COUNTY, LARGE, SMALL, Streets, streets
from geoplan.network.graph import Graph, assemble, build_graph, ways_of
from geoplan.network.search import Reached, flow_down, k_nearest, nearest, reach, seeds_at
from geoplan.network.snap import NO_OBSTACLES, index_edges, nearest_edge
from geoplan.reach import Network, attach_gates, attach_homes, walk_pairs, warm

WALK_DM = 21_600  # half an hour at 1.2 m/s
DRIVE_DS = 9_000  # a quarter of an hour


def rows(small: bool) -> Iterator[Row]:
    """Every comparison; when ``small``, on a network of 25k nodes and without goals, which are set for counties."""
    for row in _small() if small else _full():
        yield replace(row, goal=None) if small else row


def _small() -> Iterator[Row]:
    town = streets(SMALL)
    yield from _on(town, town.spread(60), 30_000, 100_000)
    yield from driving(town, town.spread(60))


def _full() -> Iterator[Row]:
    county = streets(COUNTY)
    yield from _on(county, county.spread(300), 300_000, 1_000_000)
    del county
    large = streets(LARGE)
    yield from driving(large, large.spread(1000))


def _on(town: Streets, schools: np.ndarray, homes: int, points: int) -> Iterator[Row]:
    yield from walking(town, schools)
    yield from tree_and_flow(town, schools)
    yield from five_nearest(town, schools)
    yield from snapping(town, points)
    yield from homes_and_schools(town, homes, schools)


def walk_graph(town: Streets) -> Graph:
    return build_graph(town.x, town.y, town.u, town.v, town.length_dm)


def matrix(town: Streets, weight: np.ndarray, *, both_ways: np.ndarray | None = None) -> csr_array:
    """Arcs for scipy; doubles are no concern, the lattice has none."""
    back = np.ones(len(town.u), bool) if both_ways is None else both_ways
    ends = np.concatenate([town.u, town.v[back]]), np.concatenate([town.v, town.u[back]])
    size = len(town.x)
    return csr_array((np.concatenate([weight, weight[back]]).astype(float), ends), shape=(size, size))


def by_hundreds(arcs: csr_array, sources: np.ndarray, limit: float) -> Callable[[], list[np.ndarray]]:
    return lambda: [dijkstra(arcs, indices=sources[i : i + 100], limit=limit) for i in range(0, len(sources), 100)]


def assert_same(found: Reached, rows_of_dist: list[np.ndarray]) -> None:
    """Sparse results equal the finite entries of dense rows."""
    source = 0
    for table in rows_of_dist:
        for row in table:
            part = slice(found.start[source], found.start[source + 1])
            assert np.isfinite(row).sum() == found.start[source + 1] - found.start[source]
            assert (row[found.node[part]] == found.dist_dm[part]).all()
            source += 1


def walking(town: Streets, schools: np.ndarray) -> Iterator[Row]:
    """Reach within half an hour's walk."""
    graph = walk_graph(town)
    seeds = seeds_at(graph, schools)
    work = f"reach, {len(schools)} schools, 30 min walk, {len(town.x) // 1000}k"
    arcs = matrix(town, town.length_dm)
    found, ours, dense, theirs = side_by_side(
        lambda: reach(graph, seeds, WALK_DM), by_hundreds(arcs, schools, WALK_DM), rounds=5
    )
    assert_same(found, dense)
    _, alone = best_of(lambda: reach(graph, seeds, WALK_DM, threads=1), 15)
    note = f"{alone:.4f} s on one thread, {alone / len(found.node) * 1e9:.0f} ns a node"
    yield Row(work, "scipy dijkstra, 100 sources a call", ours, theirs, 5, note=note)
    del dense
    ours_mb = peak_mb(lambda: reach(graph, seeds, WALK_DM))
    theirs_mb = peak_mb(lambda: dijkstra(arcs, indices=schools, limit=WALK_DM))
    yield Row(work, "scipy's dense rows", ours_mb, theirs_mb, 10, unit="MB")
    yield from against_networkx(town, schools, found, (work, ours))


def against_networkx(town: Streets, schools: np.ndarray, found: Reached, ours: tuple[str, float]) -> Iterator[Row]:
    """A few sources each, scaled to all: the work per source is the same."""
    work, seconds = ours
    plain: nx.Graph = nx.Graph()
    plain.add_weighted_edges_from(zip(town.u.tolist(), town.v.tolist(), town.length_dm.tolist(), strict=True))
    some = schools[:: max(1, len(schools) // 15)][:15].tolist()
    theirs = 0.0
    for source in some:
        lengths, took = best_of(partial(nx.single_source_dijkstra_path_length, plain, source, cutoff=WALK_DM), 2)
        assert lengths == reached_from(found, int(np.searchsorted(schools, source)))
        theirs += took
    yield Row(work, "networkx, cutoff", seconds, theirs / len(some) * len(schools), 50, note=f"{len(some)} sources")
    streets_of_osmnx = nx.MultiDiGraph(plain)
    theirs = 0.0
    for source in some[:5]:
        ball, took = best_of(partial(nx.ego_graph, streets_of_osmnx, source, radius=WALK_DM, distance="weight"), 2)
        assert set(ball) == set(reached_from(found, int(np.searchsorted(schools, source))))
        theirs += took
    yield Row(work, "osmnx's isochrone recipe, ego_graph", seconds, theirs / 5 * len(schools), 400, note="5 sources")


def reached_from(found: Reached, source: int) -> dict[int, int]:
    part = slice(found.start[source], found.start[source + 1])
    return dict(zip(found.node[part].tolist(), found.dist_dm[part].tolist(), strict=True))


def driving(town: Streets, schools: np.ndarray) -> Iterator[Row]:
    """Reach within a quarter of an hour's drive on directed streets, and what the order of nodes is worth."""
    ways = ways_of(town.u, town.v, town.drive_ds, backward=~town.one_way)
    graph = build_graph(town.x, town.y, town.u, town.v, town.drive_ds, backward=~town.one_way)
    seeds = seeds_at(graph, schools)
    work = f"reach, {len(schools)} schools, 15 min drive, {len(town.x) // 1000}k"
    arcs = matrix(town, town.drive_ds, both_ways=~town.one_way).T.tocsr()
    some = schools[:100]
    found, ours, dense, theirs = side_by_side(
        lambda: reach(graph, seeds, DRIVE_DS), by_hundreds(arcs, some, DRIVE_DS), rounds=4, ours_a_round=2
    )
    part = reach(graph, seeds_at(graph, some), DRIVE_DS)
    assert_same(part, dense)
    del dense, part
    scale = len(schools) / len(some)
    note = f"{len(found.node) / 1e6:.1f} M pairs; theirs from {len(some)} sources"
    yield Row(work, "scipy dijkstra, 100 sources a call", ours, theirs * scale, 5, note=note)
    shuffled = assemble(town.x, town.y, ways, np.random.default_rng(1).permutation(len(town.x)))
    apart = seeds_at(shuffled, some)
    near = seeds_at(graph, some)
    one, ordered, other, random = side_by_side(
        lambda: reach(graph, near, DRIVE_DS, threads=1),
        lambda: reach(shuffled, apart, DRIVE_DS, threads=1),
        rounds=6,
        ours_a_round=1,
    )
    assert np.array_equal(one.start, other.start)
    yield Row(f"{work}: Hilbert order", "the same kernel, random order", ordered, random, 3, note="one thread")


def tree_and_flow(town: Streets, schools: np.ndarray) -> Iterator[Row]:
    """Nearest school of every node, the tree, and one pupil a node walking down it."""
    graph = walk_graph(town)
    seeds = seeds_at(graph, schools)
    amount = np.ones(len(town.x))
    arcs = matrix(town, town.length_dm)

    def mine() -> tuple[np.ndarray, np.ndarray]:
        tree = nearest(graph, seeds)
        return tree.dist_dm, flow_down(tree, amount, edges=len(town.u))

    def peer() -> tuple[np.ndarray, np.ndarray]:
        dist, before, _ = dijkstra(arcs, indices=schools, min_only=True, return_predecessors=True)
        return dist, flow_by_rank(dist, before, amount)

    (dist, on_edge), ours, (dense, passing), theirs = side_by_side(mine, peer, rounds=5)
    assert (dist == dense).all()
    total = (amount * dist).sum()
    assert (on_edge * town.length_dm).sum() == total
    assert np.isclose(passing[schools].sum(), amount.sum())
    yield Row(f"nearest school, tree and flow, {len(town.x) // 1000}k", "scipy min_only and numpy", ours, theirs, 3)


def flow_by_rank(dist: np.ndarray, before: np.ndarray, amount: np.ndarray) -> np.ndarray:
    """What passes each node, by steps from the source: one vectorised sum a step, farthest first."""
    steps = np.zeros(len(dist), np.int64)
    jump = np.where(before >= 0, before, np.arange(len(dist)))
    steps[before >= 0] = 1
    while True:  # pointer doubling: steps to the source in log2 rounds
        more = steps[jump]
        if not more.any():
            break
        steps, jump = steps + more, jump[jump]
    passing = amount.copy()
    order = np.argsort(-steps, kind="stable")
    ends = np.flatnonzero(np.diff(-steps[order], prepend=-steps[order[0]] - 1))
    for part in np.split(order, ends[1:]):
        inner = part[before[part] >= 0]
        np.add.at(passing, before[inner], passing[inner])
    return passing


def five_nearest(town: Streets, schools: np.ndarray) -> Iterator[Row]:
    """The five nearest schools of every node within 10 km."""
    limit = 100_000
    graph = walk_graph(town)
    seeds = seeds_at(graph, schools)
    try:
        import pandana
    except ImportError:
        print("pandana is not installed: pip install -r requirements-bench.txt")
        return
    weight = pd.DataFrame({"weight": town.length_dm / 10.0})
    network = pandana.Network(
        pd.Series(town.x), pd.Series(town.y), pd.Series(town.u), pd.Series(town.v), weight, twoway=True
    )
    network.set_pois("schools", limit / 10, 5, pd.Series(town.x[schools]), pd.Series(town.y[schools]))
    (dist, _), ours, table, theirs = side_by_side(
        lambda: k_nearest(graph, seeds, 5, limit),
        lambda: network.nearest_pois(limit / 10, "schools", num_pois=5),
        rounds=2,
    )
    metres = np.where(dist < 0, limit, dist) / 10.0
    assert np.allclose(table.to_numpy(), metres, atol=0.11)  # pandana keeps single precision
    yield Row(
        f"5 nearest schools of every node, {len(town.x) // 1000}k", "pandana query, built before", ours, theirs, 15
    )


def snapping(town: Streets, count: int) -> Iterator[Row]:
    """Nearest edge of points in raster order."""
    graph, lines = walk_graph(town), town.lines()
    index, ours_built = best_of(lambda: index_edges(graph, lines), 2)
    side = int(count**0.5)
    axis = np.linspace(town.x.min(), town.x.max(), side)
    points = np.stack([one.ravel() for one in np.meshgrid(axis, axis)], 1)
    tree, theirs_built = best_of(lambda: shapely.STRtree(lines), 1)
    some = points[::5]
    places = shapely.points(some)
    (_, dist, _), ours, (_, other), theirs = side_by_side(
        lambda: nearest_edge(index, points),
        lambda: tree.query_nearest(places, all_matches=False, return_distance=True),
    )
    assert np.allclose(dist[::5], other, rtol=0, atol=1e-8)
    built = f"index {ours_built:.2f} s, theirs {theirs_built:.2f} s; theirs from every fifth point"
    yield Row(
        f"snap {len(points) // 1000}k points to the nearest edge", "shapely STRtree", ours, theirs * 5, 25, note=built
    )


def homes_and_schools(town: Streets, count: int, schools: np.ndarray) -> Iterator[Row]:
    """Homes on every edge within 150 m, and all walking pairs within 2 km, both legs and walks on one edge included.

    The peer snaps to the nearest node and searches by scipy: less exact, shown for scale and not asserted equal.
    """
    graph = walk_graph(town)
    rows_of = np.arange(len(town.u), dtype=np.int32)
    network = Network(graph, rows_of, index_edges(graph, town.lines()), NO_OBSTACLES)
    side = int(count**0.5)
    axis = np.linspace(town.x.min(), town.x.max(), side)
    homes_xy = np.stack([one.ravel() for one in np.meshgrid(axis, axis)], 1)
    gates_xy = np.stack([town.x[schools], town.y[schools]], 1)
    homes, joined = best_of(lambda: attach_homes(network, homes_xy, 150.0), 2)
    gates = attach_gates(network, gates_xy, np.arange(len(schools)), 150.0)
    arcs = matrix(town, town.length_dm)
    at = shapely.STRtree(shapely.points(town.x, town.y)).nearest(shapely.points(homes_xy))

    def peer() -> int:
        found = 0
        for i in range(0, len(schools), 100):
            found += np.isfinite(dijkstra(arcs, indices=schools[i : i + 100], limit=20_000)[:, at]).sum()
        return found

    pairs, ours, _, theirs = side_by_side(lambda: walk_pairs(network, homes, gates, 20_000), peer, rounds=2)
    note = f"{len(pairs.cell) / 1e6:.2f} M pairs; joining the homes once {joined:.2f} s"
    yield Row(f"pairs, {len(homes_xy) // 1000}k homes, 2 km", "scipy from nearest nodes", ours, theirs, note=note)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="25k nodes: a check that everything runs")
    small = parser.parse_args().small
    print(f"kernels compiled or loaded in {warm():.1f} s (not counted below)")
    shown = print_table(rows(small))
    missed = [f"{row.work} against {row.peer}" for row in shown if "NOT" in row.verdict]
    print(f"{len(shown)} comparisons, goals not met: {'; '.join(missed) or 'none'}")


if __name__ == "__main__":
    main()
