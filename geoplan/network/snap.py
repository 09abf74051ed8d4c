"""Homes and gates attached to points on edges, by every edge within their snap limit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoplan.network.graph import F64, I32, I64, LEAVING, PUBLIC, Graph
from geoplan.network.grid import Lines, index_lines, index_points
from geoplan.network.kernels_pairs import entries_of
from geoplan.network.search import Seeds, group_seeds
from geoplan.network.snap_kernels import attach_points, nearest_pieces
from geoplan.network.threads import blocks, share_out, workers

OPENING_M = 3.0
"""A leg may cross a barrier this near to a mapped opening: half the width of a gate and the error of mapping it."""
BLOCK = 4096
"""Points one thread attaches at a time."""
Scratch = tuple[I64, I64, F64, I32, F64, I32, F64]


@dataclass(frozen=True)
class Obstacles:
    """Barrier lines and the openings in them, indexed."""

    barriers: Lines
    openings: Lines


@dataclass(frozen=True)
class Attachments:
    """Points on edges that each place reaches by a straight leg: rows ``start[i]:start[i + 1]`` of place i.

    Parameters
    ----------
    start
        int64 (places + 1).
    edge
        int32, row of the edge.
    offset_dm
        int32, from the edge's u, in the unit of its weight (0 … weight).
    leg_dm
        int32, straight leg to that point.
    """

    start: I64
    edge: I32
    offset_dm: I32
    leg_dm: I32

    @property
    def place(self) -> I32:
        """Place of each attachment."""
        return np.repeat(np.arange(len(self.start) - 1, dtype=np.int32), np.diff(self.start))

    @property
    def off_network(self) -> NDArray[np.bool_]:
        """Places that no edge can be reached from."""
        return np.diff(self.start) == 0


@dataclass(frozen=True)
class Entries:
    """Internal nodes that each place reaches first, and at what cost: rows ``start[i]:start[i + 1]``."""

    start: I64
    node: I32
    cost_dm: I32


def index_edges(graph: Graph, geometry: ArrayLike, *, use: ArrayLike | None = None) -> Lines:
    """Index the edges a place may attach to; ``geometry`` runs from u to v, one LineString an edge.

    Edges that cannot be travelled at all are left out, and those where ``use`` (bool per edge) is false.
    """
    travelled = graph.ways.forward | graph.ways.backward
    return index_lines(geometry, use=travelled if use is None else travelled & np.asarray(use, bool))


def index_obstacles(barriers: ArrayLike, openings_xy: ArrayLike) -> Obstacles:
    """Index barrier lines and opening points (metres)."""
    return Obstacles(index_lines(barriers), index_points(openings_xy))


NO_OBSTACLES = Obstacles(index_lines(np.empty(0, object)), index_points(np.empty((0, 2))))


def nearest_edge(
    lines: Lines, xy: ArrayLike, *, limit_m: float = np.inf, threads: int | None = None
) -> tuple[I32, F64, F64]:
    """The nearest line of each point; equal distances go to the smaller row.

    Returns
    -------
    row
        int32, -1 beyond the limit (inclusive).
    dist_m, along_m
        float64, distance and metres along the line; NaN where there is none.
    """
    at = np.array(xy, np.float64, order="C").reshape(-1, 2)
    row = np.full(len(at), -1, np.int32)
    dist, along = np.full(len(at), np.nan), np.full(len(at), np.nan)
    if len(lines.grid[1]) == 0:
        return row, dist, along

    def task(_: None, piece: tuple[int, int]) -> None:
        part = slice(*piece)
        nearest_pieces(at[part], limit_m, lines.pieces, lines.grid, row[part], dist[part], along[part])

    share_out(task, blocks(len(at), 32_768), lambda: None, workers(threads))
    return row, dist, along


def attach(
    lines: Lines,
    graph: Graph,
    xy: ArrayLike,
    limit_m: ArrayLike,
    *,
    obstacles: Obstacles = NO_OBSTACLES,
    threads: int | None = None,
) -> Attachments:
    """Attach each place to every edge within its limit (inclusive), at that edge's nearest point.

    Parameters
    ----------
    lines
        From `index_edges` over the same graph.
    xy
        float64 (places, 2), metres.
    limit_m
        One limit, or one per place.
    obstacles
        Legs that properly cross a barrier are dropped, unless they do so within 3 m of an opening.

    Notes
    -----
    No attachment is preferred or left out for being farther than another, so adding an edge never lengthens a walk.
    """
    at = np.array(xy, np.float64, order="C").reshape(-1, 2)
    limit = np.array(np.broadcast_to(np.asarray(limit_m, np.float64), len(at)))

    def task(scratch: Scratch, piece: tuple[int, int]) -> tuple[I64, I32, I32, I32]:
        part = slice(*piece)
        return _attach_block(lines, graph, at[part], limit[part], obstacles, scratch)

    parts = share_out(task, blocks(len(at), BLOCK), lambda: _scratch(len(lines.length)), workers(threads))
    return joined(parts)


def joined(parts: list[tuple[I64, I32, I32, I32]]) -> Attachments:
    """Attachments of blocks of places, given as (count per place, edge, offset, leg), one after another."""
    none = (np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.int32))
    count, edge, offset, leg = (np.concatenate(column) for column in zip(*(parts or [none]), strict=True))
    return Attachments(starts(count), edge, offset, leg)


def starts(count: NDArray[np.int64]) -> I64:
    """CSR offsets from counts."""
    return np.concatenate([[0], np.cumsum(count)]).astype(np.int64)


def _scratch(lines: int) -> Scratch:
    return (
        np.zeros(1, np.int64),
        np.zeros(lines, np.int64),
        np.empty(lines),
        np.empty(lines, np.int32),
        np.empty(lines),
        np.empty(lines, np.int32),
        np.empty((lines, 2)),
    )


def _attach_block(
    lines: Lines, graph: Graph, xy: F64, limit_m: F64, obstacles: Obstacles, scratch: Scratch
) -> tuple[I64, I32, I32, I32]:
    room = 64 * len(xy) + len(lines.length)
    out = np.empty(room, np.int32), np.empty(room, np.int32), np.empty(room, np.int32)
    counts: list[I64] = []
    found: list[list[I32]] = []
    first = 0
    walls = obstacles.barriers.pieces, obstacles.barriers.grid
    gaps = obstacles.openings.pieces, obstacles.openings.grid
    ends = np.zeros(len(xy), np.int64)
    while first < len(xy):
        stop = attach_points(
            xy, limit_m, first, (lines.pieces, lines.grid), lines.length, graph.ways.weight_dm,
            walls, gaps, OPENING_M, scratch[:-1], scratch[-1], out, ends,
        )  # fmt: skip
        counts.append(np.diff(ends[first:stop], prepend=0))
        found.append([column[: ends[stop - 1]].copy() for column in out])
        first = stop
    edge, offset, leg = (np.concatenate(column) for column in zip(*found, strict=True))
    return np.concatenate(counts), edge, offset, leg


def node_costs(graph: Graph, homes: Attachments) -> Entries:
    """The nodes each home can start from, with leg and way along the edge paid, least cost per node.

    An entry is left out where another entry of the same home, one arc nearer, costs no more: no walk needs it.
    Homes on private edges start on the copies of nodes inside compounds (the last leg, seen from the school).
    """
    arcs = graph.towards
    space = np.zeros(len(graph.external), np.int64), np.zeros(1, np.int64)
    ways = graph.ways
    most = 6 * len(homes.edge)
    node, cost = np.empty(most, np.int32), np.empty(most, np.int32)
    count = np.zeros(len(homes.start) - 1, np.int64)
    size = entries_of(
        (homes.start, homes.edge, homes.offset_dm, homes.leg_dm),
        (ways.u, ways.v, ways.weight_dm, ways.private, ways.forward, ways.backward),
        graph.copies,
        (arcs.start, arcs.packed),
        space,
        (node, cost, count),
    )
    return Entries(starts(count), node[:size].copy(), cost[:size].copy())


def gate_seeds(graph: Graph, gates: Attachments, school: ArrayLike, schools: int) -> Seeds:
    """Seeds of searches towards schools: every gate's attachments, grouped by school row.

    A gate on a private edge opens into its compound (`LEAVING`), and to public ways where the compound meets them.
    """
    ways = graph.ways
    edge = gates.edge
    rest = ways.weight_dm[edge] - gates.offset_dm
    at_u, at_v = ways.forward[edge] | (gates.offset_dm == 0), ways.backward[edge] | (rest == 0)
    ends = [(ways.u[edge], gates.offset_dm, at_u), (ways.v[edge], rest, at_v)]
    owner = np.asarray(school, np.int64)[gates.place]
    rows = []
    for end, along, open_way in ends:
        for layer in (PUBLIC, LEAVING):
            node = graph.copies[layer, end]
            keep = open_way & (node >= 0) & ((layer == PUBLIC) | ways.private[edge])
            rows.append((owner[keep], node[keep], (gates.leg_dm + along)[keep]))
    source, node, cost = (np.concatenate(column) for column in zip(*rows, strict=True))
    return group_seeds(source, node, cost, schools)
