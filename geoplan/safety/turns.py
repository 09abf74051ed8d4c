"""Streets as arcs and turns: what is walked along, what is crossed, and how bad each is at best and at worst.

A state of a walk is an arc, one edge walked in one direction. Going on from arc b to arc a at a node is a turn, and
turns cross roads. Turning back on the same edge is not a turn: it never shortens a walk, and no crossing is
modelled in it. Compounds are open to first and last legs only, as in `geoplan.network.graph`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoplan.network.graph import ENTERED, I32, I64, LEAVING, PUBLIC, Graph, Ways
from geoplan.network.kernels_layout import csr
from geoplan.network.kernels_pairs import grouped
from geoplan.reach import Network
from geoplan.safety.crossings import TurnTable
from geoplan.safety.kernels_turns import BLOCKED, fill_turns, met_in_turns, turn_offsets

U8 = NDArray[np.uint8]
I8 = NDArray[np.int8]


@dataclass(frozen=True)
class Turns:
    """Arcs in the order of (arrival node, length, departure node, edge, direction), and the turns between them.

    Parameters
    ----------
    start
        int32 (internal nodes + 1), arcs that arrive at each node.
    arrive, leave
        int32 per arc, internal nodes.
    edge, along
        int32, row of the graph's edge, and whether it is walked from u to v.
    length_dm
        int32 per arc.
    level
        uint8 per arc, packed ``high << 4 | low``.
    out_start, out
        Arcs that leave each internal node, ascending.
    turn_at
        int64 per arc a: going on from b to a is turn ``turn_at[a] + b``.
    turn_level, turn_row
        uint8 and int32 per turn: packed level of what is crossed (0 nothing, 255 not made), and row of ``met``, -1.
    home_start, home_arc, gate_start, gate_arc
        Arcs that a walk may begin and end on, by ``2 * edge + along``.
    met, certain
        int32 and bool (rows, most): crossing elements met in a turn, padded with -1, and whether they are crossed
        for certain: on the side that is walked on, or on both where the side is not known.
    elements
        How many crossing elements there are.
    """

    start: I32
    arrive: I32
    leave: I32
    edge: I32
    along: NDArray[np.bool_]
    length_dm: I32
    level: U8
    out_start: I64
    out: I32
    turn_at: I64
    turn_level: U8
    turn_row: I32
    home_start: I64
    home_arc: I32
    gate_start: I64
    gate_arc: I32
    met: I32
    certain: NDArray[np.bool_]
    elements: int

    @property
    def edge_level(self) -> U8:
        """Packed level of walking along each edge of the graph."""
        found = np.zeros(int(self.edge.max(initial=-1)) + 1, np.uint8)
        found[self.edge] = self.level
        return found

    def turn(self, before: ArrayLike, after: ArrayLike) -> I64:
        """Numbers of the turns from arcs to the arcs walked next."""
        return self.turn_at[np.asarray(after)] + np.asarray(before)


def pack(low: ArrayLike, high: ArrayLike) -> U8:
    """Both levels in a byte: ``high << 4 | low``."""
    return np.asarray(np.asarray(high).astype(np.uint8) << 4 | np.asarray(low).astype(np.uint8), np.uint8)


def low_of(level: U8) -> I8:
    """The best the level may be."""
    return (level & 15).astype(np.int8)


def high_of(level: U8) -> I8:
    """The worst the level may be."""
    return (level >> 4).astype(np.int8)


def within(low: int, high: int) -> NDArray[np.bool_]:
    """Which packed levels (256) are at most ``low`` at best and ``high`` at worst."""
    level = np.arange(256, dtype=np.uint8)
    return (low_of(level) <= low) & (high_of(level) <= high) & (level != BLOCKED)


def build_turns(
    network: Network,
    levels: tuple[ArrayLike, ArrayLike],
    table: TurnTable,
    elements: tuple[ArrayLike, ArrayLike],
) -> Turns:
    """Arcs and turns of the walking network.

    Parameters
    ----------
    network
        From `geoplan.reach.prepare`: every edge walked both ways.
    levels
        Low and high, int per row of ``Streets.edges``, 1 … 4; rows that are not walkable are not looked at.
    table
        What turns cross, from `geoplan.safety.crossings`; turns not listed cross nothing.
    elements
        Low and high, int per crossing element.
    """
    graph = network.graph
    if not (graph.ways.forward.all() and graph.ways.backward.all()):
        raise ValueError("walking goes both ways on every edge")
    start, packed, arrive, code = _arcs(graph)
    leave, edge = (packed & 0xFFFFFFFF).astype(np.int32), (code >> 1).astype(np.int32)
    low, high = (np.asarray(level)[network.edge_row] for level in levels)
    level = pack(low, high)
    out_start, out = grouped(leave, len(graph.external))
    turn_at, size = turn_offsets(start, leave)
    turn_level, turn_row = np.empty(size, np.uint8), np.empty(size, np.int32)
    fill_turns((start, leave, edge), graph.external, turn_at, _by_node(network, table), turn_level, turn_row)
    ends = _ends(graph, arrive, leave, code)
    return Turns(
        start, arrive, leave, edge, (code & 1).astype(bool), (packed >> 32).astype(np.int32), level[edge],
        out_start, out, turn_at, turn_level, turn_row, *ends, *_met(table, elements), len(np.asarray(elements[0])),
    )  # fmt: skip


def _arcs(graph: Graph) -> tuple[I32, I64, I32, I32]:
    """Start, ``length << 32 | departure node``, arrival node and ``2 * edge + along`` of the sorted arcs."""
    ways, copies = graph.ways, graph.copies
    code = np.arange(2 * len(ways.u), dtype=np.int32)
    edge, along = code >> 1, (code & 1).astype(bool)
    arrive, leave = np.where(along, ways.v[edge], ways.u[edge]), np.where(along, ways.u[edge], ways.v[edge])
    parts = [
        (copies[end, arrive[use]], copies[begin, leave[use]], code[use])
        for end, begin, use in _moves(ways, graph, edge, arrive, leave)
    ]
    tails, heads, codes = (np.concatenate(column) for column in zip(*parts, strict=True))
    return csr(len(graph.external), tails, heads, np.repeat(ways.weight_dm, 2), codes)


def _moves(ways: Ways, graph: Graph, edge: I32, arrive: I32, leave: I32) -> list[tuple[int, int, NDArray[np.bool_]]]:
    """Layer of arrival, layer of departure and the arcs that make the move (see `geoplan.network.graph`)."""
    inner, public = ways.private[edge], graph.copies[PUBLIC] >= 0
    if not inner.any():
        return [(PUBLIC, PUBLIC, ~inner)]
    return [
        (PUBLIC, PUBLIC, ~inner),
        (LEAVING, LEAVING, inner),
        (ENTERED, ENTERED, inner),
        (LEAVING, PUBLIC, inner & public[leave]),
        (PUBLIC, ENTERED, inner & public[arrive]),
    ]


def _ends(graph: Graph, arrive: I32, leave: I32, code: I32) -> tuple[I64, I32, I64, I32]:
    """Arcs a walk may begin on (home) and end on (gate), by ``2 * edge + along``.

    From a home inside a compound it goes on inside, or out to public ways; at the school it ends inside or comes in
    from public ways. Arcs into the school's compound from outside are no beginning: what follows them is the same as
    inside.
    """
    layer = np.empty(len(graph.external), np.int8)
    for number, nodes in enumerate(graph.copies):
        layer[nodes[nodes >= 0]] = number
    comes, goes, inner = layer[arrive], layer[leave], graph.ways.private[code >> 1]
    begins = np.flatnonzero(~(inner & (comes == LEAVING) & (goes == PUBLIC)))
    ends = np.flatnonzero(~inner | (comes == LEAVING))
    size = 2 * len(graph.ways.u)
    home_start, home = grouped(code[begins], size)
    gate_start, gate = grouped(code[ends], size)
    return home_start, begins[home].astype(np.int32), gate_start, ends[gate].astype(np.int32)


def _by_node(network: Network, table: TurnTable) -> tuple[I64, I32, I32, I32, U8]:
    """The crossing table by node, edges as rows of the graph (-1 where not walkable)."""
    last = max(int(rows.max(initial=-1)) for rows in (network.edge_row, table.edge_in, table.edge_out))
    row_of = np.full(last + 1, -1, np.int32)
    row_of[network.edge_row] = np.arange(len(network.edge_row), dtype=np.int32)
    start, row = grouped(table.node, len(network.graph.x))
    return start, row, row_of[table.edge_in], row_of[table.edge_out], pack(table.level_low, table.level_high)


def _met(table: TurnTable, elements: tuple[ArrayLike, ArrayLike]) -> tuple[I32, NDArray[np.bool_]]:
    """Elements that each row of the table meets, and which of them for certain."""
    met = np.full((len(table.node), 2 * table.left.shape[1]), -1, np.int32)
    certain = np.zeros(met.shape, np.bool_)
    low, high = (np.asarray(level, np.int8) for level in elements)
    met_in_turns(table.left, table.right, table.mode, low, high, met, certain)
    return met, certain
