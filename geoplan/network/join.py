"""Homes and school gates joined to the walking network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoplan.network.graph import F64, I32, I64, Graph
from geoplan.network.grid import Lines
from geoplan.network.kernels_pairs import grouped
from geoplan.network.search import Seeds
from geoplan.network.snap import BLOCK, Entries, Obstacles, attach, gate_seeds, node_costs, starts
from geoplan.network.threads import blocks, share_out, workers

_Joined = tuple[list[I32], NDArray[np.bool_]]


@dataclass(frozen=True)
class Network:
    """Streets ready for walking.

    Parameters
    ----------
    graph
        Walkable edges only, weights in decimetres.
    edge_row
        int32 per edge of the graph, its row in ``Streets.edges``.
    lines
        The edges' geometry, indexed.
    obstacles
        What a straight leg may not cross.
    """

    graph: Graph
    edge_row: I32
    lines: Lines
    obstacles: Obstacles


@dataclass(frozen=True)
class Homes:
    """Homes joined to the network, seen from the network.

    Parameters
    ----------
    node_start, home, cost_dm
        Homes that start from each internal node and what the way there costs: rows
        ``node_start[n]:node_start[n + 1]``.
    edge_start, edge_home, edge_offset_dm, edge_leg_dm
        Homes attached inside each edge, for walks that stay on it.
    off_network
        bool per home, no edge within its snap limit.
    """

    node_start: I64
    home: I32
    cost_dm: I32
    edge_start: I64
    edge_home: I32
    edge_offset_dm: I32
    edge_leg_dm: I32
    off_network: NDArray[np.bool_]

    @property
    def arrays(self) -> tuple[I64, I32, I32, I64, I32, I32, I32]:
        """The columns as the kernels take them."""
        return (
            self.node_start,
            self.home,
            self.cost_dm,
            self.edge_start,
            self.edge_home,
            self.edge_offset_dm,
            self.edge_leg_dm,
        )


def with_more_homes(homes: Homes, more: Homes) -> Homes:
    """The homes, and behind them more of the same network."""
    count = len(homes.off_network)
    by_node = _grouped((homes.node_start, more.node_start))
    by_edge = _grouped((homes.edge_start, more.edge_start))

    def joined(name: str, order: I64, shift: int = 0) -> I32:
        both = np.concatenate([getattr(homes, name), getattr(more, name) + np.int32(shift)])
        return np.asarray(both[order], np.int32)

    return Homes(
        homes.node_start + more.node_start,
        joined("home", by_node, count),
        joined("cost_dm", by_node),
        homes.edge_start + more.edge_start,
        joined("edge_home", by_edge, count),
        joined("edge_offset_dm", by_edge),
        joined("edge_leg_dm", by_edge),
        np.concatenate([homes.off_network, more.off_network]),
    )


def _grouped(starts: tuple[I64, I64]) -> I64:
    """Rows of two groupings one behind the other, in the order of their groups."""
    group = np.concatenate([np.repeat(np.arange(len(start) - 1), np.diff(start)) for start in starts])
    return np.argsort(group, kind="stable").astype(np.int64)


@dataclass(frozen=True)
class Gates:
    """School gates joined to the network, grouped by school row.

    Parameters
    ----------
    seeds
        Where searches towards each school start.
    start
        int64 (schools + 1), first attachment of each school's gates.
    edge, offset_dm, leg_dm
        int32 per attachment.
    off_network
        bool per school, none of its gates within the snap limit of an edge.
    """

    seeds: Seeds
    start: I64
    edge: I32
    offset_dm: I32
    leg_dm: I32
    off_network: NDArray[np.bool_]

    @property
    def schools(self) -> int:
        """How many schools there are."""
        return len(self.start) - 1


def attach_homes(network: Network, xy: ArrayLike, snap_m: ArrayLike, *, threads: int | None = None) -> Homes:
    """Join homes to the network.

    Parameters
    ----------
    xy
        float64 (homes, 2), metres.
    snap_m
        Snap limit, one or one per home (inclusive).
    """
    at = np.asarray(xy, np.float64).reshape(-1, 2)
    limit = np.broadcast_to(np.asarray(snap_m, np.float64), len(at))

    def task(_: None, piece: tuple[int, int]) -> _Joined:
        part = slice(*piece)
        return _join_homes(network, at[part], limit[part], piece[0])

    parts = share_out(task, blocks(len(at), BLOCK), lambda: None, workers(threads))
    return _seen_from_network(network.graph, parts, len(at))


def _join_homes(network: Network, xy: F64, snap_m: F64, first: int) -> _Joined:
    """Entries (node, home, cost) and attachments inside edges (edge, home, offset, leg) of one block of homes."""
    found = attach(network.lines, network.graph, xy, snap_m, obstacles=network.obstacles, threads=1)
    entries = node_costs(network.graph, found)
    inside = (found.offset_dm > 0) & (found.offset_dm < network.graph.ways.weight_dm[found.edge])
    columns = [
        entries.node,
        _owner(entries) + np.int32(first),
        entries.cost_dm,
        found.edge[inside],
        found.place[inside] + np.int32(first),
        found.offset_dm[inside],
        found.leg_dm[inside],
    ]
    return columns, found.off_network


def _owner(entries: Entries) -> I32:
    return np.repeat(np.arange(len(entries.start) - 1, dtype=np.int32), np.diff(entries.start))


def _seen_from_network(graph: Graph, parts: list[_Joined], homes: int) -> Homes:
    blocks_of_columns = [columns for columns, _ in parts] or [[np.empty(0, np.int32)] * 7]
    node, home, cost, edge, near, offset, leg = (
        np.concatenate(column) for column in zip(*blocks_of_columns, strict=True)
    )
    off_network = np.concatenate([off for _, off in parts]) if parts else np.zeros(homes, bool)
    node_start, row = grouped(node, len(graph.external))
    edge_start, place = grouped(edge, len(graph.ways.u))
    return Homes(node_start, home[row], cost[row], edge_start, near[place], offset[place], leg[place], off_network)


def attach_gates(
    network: Network, xy: ArrayLike, school: ArrayLike, snap_m: ArrayLike, *, schools: int | None = None
) -> Gates:
    """Join school gates to the network.

    Parameters
    ----------
    xy
        float64 (gates, 2), metres.
    school
        School row of each gate; several gates may belong to one school.
    snap_m
        Snap limit, one or one per gate (inclusive).
    schools
        Number of schools; the largest row and one by default.
    """
    owner = np.asarray(school, np.int64).reshape(-1)
    count = int(owner.max(initial=-1)) + 1 if schools is None else schools
    found = attach(network.lines, network.graph, xy, snap_m, obstacles=network.obstacles, threads=1)
    start, row = grouped(owner[found.place].astype(np.int32), count)
    seeds = gate_seeds(network.graph, found, owner, count)
    return Gates(seeds, start, found.edge[row], found.offset_dm[row], found.leg_dm[row], np.diff(start) == 0)


def only(gates: Gates, schools: ArrayLike) -> Gates:
    """The same gates with only some schools' (rows, or a bool per school) kept; row numbers stay."""
    keep = np.zeros(gates.schools, bool)
    keep[np.asarray(schools)] = True
    seeds, count = gates.seeds, np.diff(gates.start)
    use, stay = keep[seeds.source], np.repeat(keep, count)
    kept = Seeds(starts(np.diff(seeds.start) * keep), seeds.node[use], seeds.cost_dm[use])
    return Gates(
        kept, starts(count * keep), gates.edge[stay], gates.offset_dm[stay], gates.leg_dm[stay], gates.off_network
    )
