"""Searches over a graph: reach within a limit, nearest source with its tree, flow down the tree, k nearest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoplan.network.graph import ENTERED, F64, I32, I64, LEAVING, PUBLIC, Arcs, Graph
from geoplan.network.kernels import FAR, LOW, gather_down, nearest_k, nearest_tree, settle_many, unpack
from geoplan.network.threads import blocks, share_out, workers

UNLIMITED = 2**30
"""A limit no distance reaches, in decimetres (107 000 km)."""
Space = tuple[I64, I32, I64, I64, I64]
"""One thread's workspace: record per node, ring of buckets, pool, epoch; touched only where a search goes."""


@dataclass(frozen=True)
class Seeds:
    """Where searches start: internal nodes and first costs, grouped by source.

    Parameters
    ----------
    start
        int64 (sources + 1), first seed of each source.
    node, cost_dm
        int32 per seed, internal node (see `Graph.copies`) and cost already paid there.
    """

    start: I64
    node: I32
    cost_dm: I32

    @property
    def sources(self) -> int:
        """How many sources there are."""
        return len(self.start) - 1

    @property
    def source(self) -> I32:
        """Source row of each seed."""
        return np.repeat(np.arange(self.sources, dtype=np.int32), np.diff(self.start))


@dataclass(frozen=True)
class Reached:
    """Nodes within the limit: per source the rows ``start[s]:start[s + 1]``, nearest first.

    ``node`` int32 (the caller's rows), ``dist_dm`` int32. A node inside a compound and on public ways counts once.
    """

    start: I64
    node: I32
    dist_dm: I32


@dataclass(frozen=True)
class Nearest:
    """The nearest source of every node of the caller and the tree behind it.

    Parameters
    ----------
    dist_dm, source
        int32 per node of the caller; -1 where no source reaches.
    parent
        int32 per internal node, arc it was reached by (row of ``arcs``), -1 for seeds and nodes not reached.
    at
        int32 per node of the caller, the internal copy its distance belongs to.
    arcs
        The arcs searched.
    """

    dist_dm: I32
    source: I32
    parent: I32
    at: I32
    arcs: Arcs


def seeds_at(
    graph: Graph, node: ArrayLike, *, source: ArrayLike | None = None, cost_dm: ArrayLike | None = None
) -> Seeds:
    """Seeds at the caller's nodes; one source per node unless ``source`` groups them (rows 0 to the largest)."""
    rows = np.atleast_1d(np.asarray(node, np.int64))
    group = np.arange(len(rows)) if source is None else np.atleast_1d(np.asarray(source, np.int64))
    cost = np.zeros(len(rows), np.int64) if cost_dm is None else np.atleast_1d(np.asarray(cost_dm, np.int64))
    inner = graph.copies[:, rows]
    both = np.concatenate([inner[PUBLIC], inner[LEAVING]])
    exists = both >= 0
    return group_seeds(
        np.tile(group, 2)[exists], both[exists], np.tile(cost, 2)[exists], int(group.max(initial=-1)) + 1
    )


def group_seeds(source: ArrayLike, node: ArrayLike, cost_dm: ArrayLike, sources: int) -> Seeds:
    """Seeds from loose rows (source, internal node, cost), sorted by source; ``sources`` counts them all."""
    group = np.asarray(source, np.int64)
    order = np.argsort(group, kind="stable")
    start = np.zeros(sources + 1, np.int64)
    np.cumsum(np.bincount(group, minlength=sources), out=start[1:])
    return Seeds(start, np.asarray(node, np.int32)[order], np.asarray(cost_dm, np.int32)[order])


def workspace(graph: Graph, seeds: Seeds, limit_dm: int) -> Space:
    """A fresh workspace: the large arrays are reserved, not written."""
    pushes = len(graph.towards.packed) + len(seeds.node) + 1
    record = np.zeros(len(graph.external), np.int64)
    return record, *ring(graph, seeds, limit_dm), np.empty(pushes, np.int64), np.zeros(1, np.int64)


def ring(graph: Graph, seeds: Seeds, limit_dm: int) -> tuple[I32, I64]:
    """Empty buckets (heads, bits): a power of two above every arc and first cost that can occur within the limit."""
    longest = min(max(graph.longest_dm, int(seeds.cost_dm.max(initial=0))), limit_dm)
    size = max(64, 1 << int(longest).bit_length())
    return np.full(size, -1, np.int32), np.zeros(size // 64, np.int64)


def reach(
    graph: Graph, seeds: Seeds, limit_dm: int, *, threads: int | None = None, arcs: Arcs | None = None
) -> Reached:
    """Every node within ``limit_dm`` (inclusive) of each source.

    Parameters
    ----------
    graph, seeds
        Where to search and from what.
    limit_dm
        Largest distance, in the unit of the weights.
    threads
        Threads to share the sources out to; 2 at most by default.
    arcs
        ``graph.towards`` (default: distances to the source) or ``graph.away``.

    Returns
    -------
    Reached
        Sparse; memory grows with the pairs found only.
    """
    along = graph.towards if arcs is None else arcs
    limit = min(int(limit_dm), UNLIMITED)
    pieces = blocks(seeds.sources, max(1, min(16, seeds.sources // (4 * workers(threads)))))
    room = 2 * len(graph.external) + 4096

    def task(space: tuple[Space, I64], piece: tuple[int, int]) -> list[tuple[I64, I64]]:
        return _reach_block(along, seeds, limit, space, piece)

    def fresh() -> tuple[Space, I64]:
        return workspace(graph, seeds, limit), np.empty(room, np.int64)

    parts = share_out(task, pieces, fresh, workers(threads))
    found = _unpacked(graph, [part for block in parts for part in block], workers(threads))
    return _once(found) if graph.layered else found


def _reach_block(
    arcs: Arcs, seeds: Seeds, limit: int, space: tuple[Space, I64], piece: tuple[int, int]
) -> list[tuple[I64, I64]]:
    """Counts per source and ``distance << 32 | node`` of some sources, in as many parts as the room asks for."""
    work, found = space
    first, last = piece
    ends = np.zeros(seeds.sources, np.int64)
    parts: list[tuple[I64, I64]] = []
    while first < last:
        stop = settle_many(
            arcs.start, arcs.packed, (seeds.start, seeds.node, seeds.cost_dm), first, last, limit, work, found, ends
        )
        parts.append((np.diff(ends[first:stop], prepend=0), found[: ends[stop - 1]].copy()))
        first = stop
    return parts


def _unpacked(graph: Graph, parts: list[tuple[I64, I64]], threads: int) -> Reached:
    count = np.concatenate([np.empty(0, np.int64), *(count for count, _ in parts)])
    first = np.cumsum([0, *(len(found) for _, found in parts)])
    node, dist = np.empty(first[-1], np.int32), np.empty(first[-1], np.int32)

    def task(_: None, i: int) -> None:
        part = slice(first[i], first[i + 1])
        unpack(parts[i][1], graph.external, node[part], dist[part])

    share_out(task, range(len(parts)), lambda: None, threads)
    return Reached(np.concatenate([[0], np.cumsum(count)]).astype(np.int64), node, dist)


def _once(found: Reached) -> Reached:
    """Keep the nearest copy of each node of the caller."""
    sources = len(found.start) - 1
    source = np.repeat(np.arange(sources), np.diff(found.start))
    order = np.lexsort((found.dist_dm, found.node, source))
    node, group = found.node[order], source[order]
    first = np.ones(len(order), bool)
    first[1:] = (node[1:] != node[:-1]) | (group[1:] != group[:-1])
    keep = np.sort(order[first])
    start = np.concatenate([[0], np.cumsum(np.bincount(source[keep], minlength=sources))]).astype(np.int64)
    return Reached(start, found.node[keep], found.dist_dm[keep])


def nearest(graph: Graph, seeds: Seeds, limit_dm: int | None = None, *, arcs: Arcs | None = None) -> Nearest:
    """The nearest source of every node, ties to the smaller source row; without a limit unless one is given."""
    along = graph.towards if arcs is None else arcs
    limit = UNLIMITED if limit_dm is None else min(int(limit_dm), UNLIMITED)
    best, parent = search_nearest(graph, seeds, limit, along)
    at = nearest_copy(graph, best)
    label = best[at]
    return Nearest(_distance(label), _source(label), parent, at, along)


def search_nearest(graph: Graph, seeds: Seeds, limit: int, arcs: Arcs) -> tuple[I64, I32]:
    """Labels ``distance << 32 | source`` and parents per internal node."""
    return nearest_tree(
        arcs.start, arcs.packed, seeds.node, seeds.cost_dm, seeds.source, limit, *ring(graph, seeds, limit)
    )


def nearest_copy(graph: Graph, label: I64) -> I32:
    """The copy of each node of the caller with the smallest label."""
    at = graph.copies[PUBLIC].copy()
    if not graph.layered:
        return at
    for layer in (LEAVING, ENTERED):
        other = graph.copies[layer]
        better = (other >= 0) & ((at < 0) | (label[other] < label[at]))
        at[better] = other[better]
    return at


def _distance(label: I64) -> I32:
    return np.where(label == FAR, -1, label >> 32).astype(np.int32)


def _source(label: I64) -> I32:
    return np.where(label == FAR, -1, label & LOW).astype(np.int32)


def flow_down(tree: Nearest, amount: ArrayLike, *, edges: int) -> F64:
    """Amount passing each edge when every node's amount walks down the tree to its source.

    Parameters
    ----------
    tree
        From `nearest`.
    amount
        float64 per node of the caller; what stands on nodes that reach no source stays where it is.
    edges
        How many edges the graph has (rows of the result).

    Returns
    -------
    float64 per edge. Conserved: what leaves each node is what stands there and what arrives.
    """
    passing = np.zeros(len(tree.parent), np.float64)
    passing[tree.at] = np.where(tree.dist_dm >= 0, np.asarray(amount, np.float64), 0.0)
    on_edge = np.zeros(edges, np.float64)
    gather_down(tree.parent, tree.arcs.tail, tree.arcs.edge, passing, on_edge)
    return on_edge


def k_nearest(
    graph: Graph, seeds: Seeds, k: int, limit_dm: int | None = None, *, arcs: Arcs | None = None
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The k nearest different sources of every node, by distance, then by source row.

    Returns
    -------
    dist_dm, source
        int32 (nodes, k), the caller's nodes; -1 where fewer than k are reached.
    """
    along = graph.towards if arcs is None else arcs
    limit = UNLIMITED if limit_dm is None else min(int(limit_dm), UNLIMITED)
    label = np.full((len(graph.external), k), FAR, np.int64)
    nearest_k(
        along.start, along.packed, seeds.node, seeds.cost_dm, seeds.source, limit, *ring(graph, seeds, limit), label
    )
    held = _merge_copies(graph, label, k)
    return _distance(held), _source(held)


def _merge_copies(graph: Graph, label: I64, k: int) -> I64:
    """The k best labels of different sources over all copies of each node."""
    if not graph.layered:
        return label[graph.copies[PUBLIC]]
    every = np.where(graph.copies[..., None] >= 0, label[graph.copies], FAR)
    wide = np.sort(np.concatenate(list(every), axis=1), axis=1)
    source = np.where(wide == FAR, -1, wide & LOW)
    for column in range(1, wide.shape[1]):
        again = (source[:, :column] == source[:, [column]]).any(axis=1)
        wide[again, column] = FAR
    return np.sort(wide, axis=1)[:, :k]
