"""Homes and schools: walking distances within a limit, the nearest school, and the same in a straight line."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree
from shapely import LineString

from geoplan.network.graph import F64, I32, I64, Graph, build_graph, components
from geoplan.network.join import Gates, Homes, Network, attach_gates, attach_homes, only
from geoplan.network.kernels import FAR, LOW
from geoplan.network.kernels_pairs import homes_within, nearest_of_homes, sorted_pairs
from geoplan.network.search import (
    UNLIMITED,
    Space,
    flow_down,
    k_nearest,
    nearest,
    reach,
    search_nearest,
    seeds_at,
    workspace,
)
from geoplan.network.snap import index_edges, index_obstacles, nearest_edge
from geoplan.network.threads import blocks, share_out, workers
from layers.bundle import Streets

__all__ = [
    "Gates",
    "Homes",
    "Network",
    "Pairs",
    "attach_gates",
    "attach_homes",
    "components",
    "nearest_distance",
    "nearest_straight",
    "only",
    "prepare",
    "straight_pairs",
    "walk_pairs",
    "warm",
]


@dataclass(frozen=True)
class Pairs:
    """Homes and schools within the limit, sorted by cell, distance, school.

    ``cell, school, dist_dm`` are int32 of equal length (rows of cells and schools); ``off_network`` is bool per cell.
    """

    cell: I32
    school: I32
    dist_dm: I32
    off_network: NDArray[np.bool_]


def prepare(streets: Streets) -> Network:
    """Build the walking network: walkable edges, weights from ``length_m``, private edges for first and last legs.

    Nobody boards a ferry between its landings: ferry edges carry walks but take no homes or gates.
    """
    walk = np.flatnonzero(streets.edges["walk"].to_numpy(bool)).astype(np.int32)
    edges = streets.edges.iloc[walk]
    graph = build_graph(
        streets.nodes["x"].to_numpy(float),
        streets.nodes["y"].to_numpy(float),
        edges["u"].to_numpy(),
        edges["v"].to_numpy(),
        np.rint(edges["length_m"].to_numpy(float) * 10),
        private=edges["private"].to_numpy(bool),
    )
    openings = streets.openings.geometry
    obstacles = index_obstacles(streets.barriers.geometry.to_numpy(), np.column_stack([openings.x, openings.y]))
    land = edges["ferry_min"].isna().to_numpy() if "ferry_min" in edges else None
    return Network(graph, walk, index_edges(graph, edges.geometry.to_numpy(), use=land), obstacles)


def walk_pairs(network: Network, homes: Homes, gates: Gates, limit_dm: int, *, threads: int | None = None) -> Pairs:
    """Walking distance of every home to every school within the limit (inclusive), best gate, both legs included.

    Searches run from the schools outward; memory grows with the pairs found and the size of the network, never with
    homes times schools.
    """
    limit = min(int(limit_dm), UNLIMITED)
    count = len(homes.off_network)

    def task(space: tuple[Space, I64, I64], piece: tuple[int, int]) -> list[tuple[I32, I32, I32]]:
        return _pairs_block(network.graph, homes, gates, limit, (space, piece))

    def fresh() -> tuple[Space, I64, I64]:
        nodes = len(network.graph.external)
        return workspace(network.graph, gates.seeds, limit), np.empty(nodes, np.int64), np.zeros(count, np.int64)

    found = share_out(task, blocks(gates.schools, 8), fresh, workers(threads))
    parts = [part for block in found for part in block] or [(np.empty(0, np.int32),) * 3]
    return _pairs(parts, homes.off_network)


def _pairs_block(
    graph: Graph, homes: Homes, gates: Gates, limit: int, work: tuple[tuple[Space, I64, I64], tuple[int, int]]
) -> list[tuple[I32, I32, I32]]:
    space, (first, last) = work
    seeds, ways, arcs = gates.seeds, graph.ways, graph.towards
    room = 2 * len(homes.off_network) + 65_536
    out = np.empty(room, np.int32), np.empty(room, np.int32), np.zeros(gates.schools, np.int64)
    parts = []
    while first < last:
        stop = homes_within(
            (arcs.start, arcs.packed), (seeds.start, seeds.node, seeds.cost_dm),
            (gates.start, gates.edge, gates.offset_dm, gates.leg_dm), homes.arrays, (ways.forward, ways.backward),
            first, last, limit, space, out,
        )  # fmt: skip
        size = int(out[2][stop - 1])
        school = np.repeat(np.arange(first, stop, dtype=np.int32), np.diff(out[2][first:stop], prepend=0))
        parts.append((out[0][:size].copy(), school, out[1][:size].copy()))
        first = stop
    return parts


def _pairs(parts: Iterable[tuple[I32, I32, I32]], off_network: NDArray[np.bool_]) -> Pairs:
    home, school, dist = (np.concatenate(column) for column in zip(*parts, strict=True))
    start, key = sorted_pairs(home, school, dist, len(off_network))
    cell = np.repeat(np.arange(len(off_network), dtype=np.int32), np.diff(start))
    return Pairs(cell, (key & LOW).astype(np.int32), (key >> 32).astype(np.int32), off_network)


def nearest_distance(
    network: Network, homes: Homes, gates: Gates, *, schools: ArrayLike | None = None, limit_dm: int | None = None
) -> tuple[I32, I32]:
    """Walking distance of every home to its nearest school, without a limit unless one is given.

    Parameters
    ----------
    schools
        Rows (or a bool per school) to choose from; all by default.

    Returns
    -------
    dist_dm, school
        int32 per home; -1 where no school can be walked to. Equal distances go to the smaller row.
    """
    chosen = gates if schools is None else only(gates, schools)
    graph, ways, seeds = network.graph, network.graph.ways, chosen.seeds
    limit = UNLIMITED if limit_dm is None else min(int(limit_dm), UNLIMITED)
    label, _ = search_nearest(graph, seeds, limit, graph.towards)
    best = np.full(len(homes.off_network), FAR, np.int64)
    owner = np.repeat(np.arange(chosen.schools, dtype=np.int32), np.diff(chosen.start))
    place = (owner, chosen.edge, chosen.offset_dm, chosen.leg_dm)
    nearest_of_homes(label, homes.arrays, place, (ways.forward, ways.backward), best)
    none = (best == FAR) | ((best >> 32) > limit)
    return np.where(none, -1, best >> 32).astype(np.int32), np.where(none, -1, best & LOW).astype(np.int32)


def straight_pairs(cells_xy: ArrayLike, schools_xy: ArrayLike, limit_m: float) -> Pairs:
    """Cells and schools within ``limit_m`` (inclusive) in a straight line, distances rounded to decimetres.

    The limit is applied to the exact distance, before rounding. No cell is off the network here.
    """
    cells, schools = (np.asarray(xy, np.float64).reshape(-1, 2) for xy in (cells_xy, schools_xy))
    if len(cells) == 0 or len(schools) == 0:
        return _pairs([(np.empty(0, np.int32),) * 3], np.zeros(len(cells), bool))
    tree, radius = cKDTree(cells), limit_m * (1 + 1e-9) + 1e-9  # a hair more; the limit itself is applied below
    lists = [np.asarray(tree.query_ball_point(one, radius), np.int32) for one in schools]
    school = np.repeat(np.arange(len(schools), dtype=np.int32), [len(one) for one in lists])
    cell = np.concatenate(lists)
    dist = np.hypot(*(cells[cell] - schools[school]).T)
    keep = dist <= limit_m
    return _pairs([(cell[keep], school[keep], np.rint(dist[keep] * 10).astype(np.int32))], np.zeros(len(cells), bool))


def nearest_straight(cells_xy: ArrayLike, schools_xy: ArrayLike) -> tuple[F64, I32]:
    """Straight distance (m) from each cell to the nearest school and its row; inf and -1 where there is no school.

    Equal distances go to the smaller row.
    """
    cells, schools = (np.asarray(xy, np.float64).reshape(-1, 2) for xy in (cells_xy, schools_xy))
    if len(schools) == 0:
        return np.full(len(cells), np.inf), np.full(len(cells), -1, np.int32)
    most = min(8, len(schools))
    dist, row = cKDTree(schools).query(cells, k=np.arange(1, most + 1))
    return dist[:, 0], np.where(dist == dist[:, :1], row, len(schools)).min(axis=1).astype(np.int32)


def warm() -> float:
    """Compile every kernel of the network, or load it from numba's cache, by a walk on one street; seconds taken."""
    begun = time.perf_counter()
    graph = build_graph([0.0, 100.0], [0.0, 0.0], [0], [1], [1000])
    street = [LineString([(0, 0), (100, 0)])]
    network = Network(
        graph, np.zeros(1, np.int32), index_edges(graph, street), index_obstacles(street, [(50.0, 0.0)])
    )
    homes = attach_homes(network, [(10.0, 5.0), (90.0, 5.0)], 50.0, threads=1)
    gates = attach_gates(network, [(50.0, 5.0)], [0], 50.0)
    walk_pairs(network, homes, gates, 1000, threads=1)
    nearest_distance(network, homes, gates)
    nearest_edge(network.lines, [(10.0, 5.0)], threads=1)
    seeds = seeds_at(graph, [0])
    reach(graph, seeds, 1000, threads=1)
    k_nearest(graph, seeds, 1)
    flow_down(nearest(graph, seeds), [1.0, 1.0], edges=1)
    return time.perf_counter() - begun
