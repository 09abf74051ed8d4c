"""The street graph as flat arrays: nodes along a Hilbert curve, arcs packed, compounds closed to through traffic."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geoplan.network.kernels_layout import csr, hilbert_key

I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
F64 = NDArray[np.float64]
Flags = NDArray[np.bool_]

PUBLIC, ENTERED, LEAVING = 0, 1, 2
"""Copies of a node, seen from the search's sources outward: on public ways; inside the compound where the trip
ends; inside the compound of the source. A trip is LEAVING*, PUBLIC*, ENTERED*, so no compound is crossed."""


@dataclass(frozen=True)
class Ways:
    """Edges by row, in the caller's node numbers.

    Parameters
    ----------
    u, v
        int32, node rows of the two ends.
    weight_dm
        int32, at least 1.
    private
        Usable only on the first and last leg, inside the compound.
    forward, backward
        May be travelled from u to v, from v to u.
    """

    u: I32
    v: I32
    weight_dm: I32
    private: Flags
    forward: Flags
    backward: Flags


@dataclass(frozen=True)
class Arcs:
    """Arcs of one search direction, sorted by tail, then weight, head and edge.

    Parameters
    ----------
    start
        int32 (nodes + 1), first arc of each tail.
    packed
        int64 (arcs), ``weight << 32 | head``.
    tail, edge
        int32 (arcs), node the arc leaves and row of the edge it runs on.
    """

    start: I32
    packed: I64
    tail: I32
    edge: I32


@dataclass(frozen=True)
class Graph:
    """A graph ready for searching.

    Parameters
    ----------
    x, y
        float64, coordinates of the caller's nodes, metres.
    ways
        The edges, in the caller's node numbers.
    copies
        int32 (3, nodes), internal node of the PUBLIC, ENTERED and LEAVING copy, -1 where there is none.
    external
        int32 (internal nodes), the caller's node.
    towards
        Arcs for walking back from a destination: distances *to* the source of the search.
    away
        Arcs for distances *from* the source; the same object where every edge goes both ways.
    """

    x: F64
    y: F64
    ways: Ways
    copies: I32
    external: I32
    towards: Arcs
    away: Arcs

    @property
    def longest_dm(self) -> int:
        """The largest weight of any edge (1 without edges)."""
        return int(self.ways.weight_dm.max(initial=1))

    @property
    def layered(self) -> bool:
        """Whether any edge is private, so that nodes have copies."""
        return len(self.external) != len(self.x)


def build_graph(  # noqa: PLR0913  (the columns of the street table, each with its own name)
    x: ArrayLike,
    y: ArrayLike,
    u: ArrayLike,
    v: ArrayLike,
    weight_dm: ArrayLike,
    *,
    private: ArrayLike | None = None,
    forward: ArrayLike | None = None,
    backward: ArrayLike | None = None,
) -> Graph:
    """Build the graph from node coordinates (metres) and edges by row.

    Parameters
    ----------
    x, y
        Node coordinates, metres.
    u, v
        Node rows of each edge's ends.
    weight_dm
        Decimetres (or 0.1 s) per edge; less than 1 counts as 1.
    private
        Edges usable only on the first and last leg, inside their compound; none by default.
    forward, backward
        Directions that may be travelled; both by default.

    Notes
    -----
    Results do not depend on the order of nodes. Where two edges between the same nodes weigh the same, routes use
    the one with the smaller row.
    """
    ways = ways_of(u, v, weight_dm, private=private, forward=forward, backward=backward)
    across, up = np.array(x, np.float64), np.array(y, np.float64)
    return assemble(across, up, ways, hilbert_order(across, up))


def ways_of(
    u: ArrayLike,
    v: ArrayLike,
    weight_dm: ArrayLike,
    *,
    private: ArrayLike | None = None,
    forward: ArrayLike | None = None,
    backward: ArrayLike | None = None,
) -> Ways:
    """Edges with their defaults filled in and weights of at least 1; all columns are copies."""
    ends = np.array(u, np.int32), np.array(v, np.int32)
    count = len(ends[0])
    weight = np.maximum(np.rint(np.asarray(weight_dm)), 1).astype(np.int32)
    return Ways(
        *ends, weight, _flags(private, count, False), _flags(forward, count, True), _flags(backward, count, True)
    )


def _flags(given: ArrayLike | None, count: int, default: bool) -> Flags:
    return np.full(count, default) if given is None else np.array(given, np.bool_)


def hilbert_order(x: F64, y: F64) -> I64:
    """Rows in the order of a Hilbert curve over their bounding square; equal keys by x, then y."""
    if len(x) == 0:
        return np.empty(0, np.int64)
    side = max(float(np.ptp(x)), float(np.ptp(y)), 1e-9)
    key = hilbert_key(x, y, float(x.min()), float(y.min()), side)
    order = np.argsort(key, kind="stable")
    ranked = key[order]
    return np.lexsort((y, x, key)) if (ranked[1:] == ranked[:-1]).any() else order


def assemble(x: F64, y: F64, ways: Ways, order: I64) -> Graph:
    """Lay the nodes out in ``order`` (rows, first to last), split them at compound gates and sort the arcs."""
    copies, external = _copies(len(x), ways, order)
    towards = _arcs(ways, copies, len(external), reverse=True)
    both = bool((ways.forward == ways.backward).all())
    away = towards if both else _arcs(ways, copies, len(external), reverse=False)
    return Graph(x, y, ways, copies, external, towards, away)


def _copies(count: int, ways: Ways, order: I64) -> tuple[I32, I32]:
    inner = np.zeros(count, bool)
    outer = np.zeros(count, bool)
    for ends in (ways.u, ways.v):
        inner[ends[ways.private]] = True
        outer[ends[~ways.private]] = True
    exists = np.stack([outer | ~inner, inner, inner])
    number = np.cumsum(exists[:, order].T.ravel(), dtype=np.int32) - np.int32(1)
    copies = np.empty((3, count), np.int32)
    copies[:, order] = number.reshape(count, 3).T
    copies[~exists] = -1
    per_node = exists[:, order].sum(axis=0)
    return copies, np.repeat(order, per_node).astype(np.int32)


def _arcs(ways: Ways, copies: I32, nodes: int, *, reverse: bool) -> Arcs:
    """Arcs as the search follows them; ``reverse`` runs every permitted direction backwards."""
    one, other = (ways.backward, ways.forward) if reverse else (ways.forward, ways.backward)
    loop = ways.u == ways.v
    rows = [np.flatnonzero(one & ~loop), np.flatnonzero(other & ~loop)]
    tail = np.concatenate([ways.u[rows[0]], ways.v[rows[1]]])
    head = np.concatenate([ways.v[rows[0]], ways.u[rows[1]]])
    edge = np.concatenate(rows).astype(np.int32)
    if ways.private.any():
        tail, head, edge = _in_layers(ways, copies, tail, head, edge)
    else:
        tail, head = copies[PUBLIC, tail], copies[PUBLIC, head]
    return Arcs(*csr(nodes, tail, head, ways.weight_dm, edge))


def _in_layers(ways: Ways, copies: I32, tail: I32, head: I32, edge: I32) -> tuple[I32, I32, I32]:
    inner = ways.private[edge]
    moves = [(PUBLIC, PUBLIC, ~inner), (LEAVING, LEAVING, inner), (ENTERED, ENTERED, inner)]
    moves.append((LEAVING, PUBLIC, inner & (copies[PUBLIC, head] >= 0)))
    moves.append((PUBLIC, ENTERED, inner & (copies[PUBLIC, tail] >= 0)))
    tails = np.concatenate([copies[start, tail[use]] for start, _, use in moves])
    heads = np.concatenate([copies[end, head[use]] for _, end, use in moves])
    return tails, heads, np.concatenate([edge[use] for _, _, use in moves])


def components(graph: Graph) -> tuple[I32, F64]:
    """Connected parts of the streets, whatever the direction and privacy of edges.

    Returns
    -------
    part
        int32 per edge: 0 is the part with the greatest total weight, then in falling order.
    share
        float64 per part: its share of the weight (length) of all edges.
    """
    ways = graph.ways
    size = len(graph.x)
    links = coo_array((np.ones(len(ways.u), np.int8), (ways.u, ways.v)), shape=(size, size))
    _, label = connected_components(links, directed=False)
    _, part = np.unique(label[ways.u], return_inverse=True)
    length = np.bincount(part, weights=ways.weight_dm)
    order = np.argsort(-length, kind="stable")
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    return rank[part], length[order] / max(length.sum(), 1.0)
