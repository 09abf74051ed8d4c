"""Straight legs between places and streets, and the doors of schools: where routes begin and end."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoplan.network.graph import F64, I32, I64
from geoplan.network.kernels_pairs import grouped
from geoplan.network.snap import BLOCK, Attachments, attach, starts
from geoplan.network.threads import blocks, share_out, workers
from geoplan.reach import Network
from geoplan.safety.costs import RouteRules, weighted_dm
from geoplan.safety.kernels_legs import choose_legs, pass_nearer
from geoplan.safety.turns import U8, Turns

Space = tuple[I64, I32, I64]
Flags = NDArray[np.bool_]
FRONT_M = 10.0
"""Streets at most so much farther than the nearest one are where a place fronts: a corner, the error of mapping."""


@dataclass(frozen=True)
class Legs:
    """Attachments of places by straight legs: rows ``start[i]:start[i + 1]`` of place i.

    Parameters
    ----------
    start
        int64 (places + 1).
    edge, offset_dm, leg_dm
        int32: row of the graph's edge, way along it from its u, straight leg.
    level
        uint8, packed level of the leg: 1 and 1 to the streets where the place fronts; to others 1 at best, and at
        worst that of walking along the worst street nearer; no better than crossing each road it crosses.
    """

    start: I64
    edge: I32
    offset_dm: I32
    leg_dm: I32
    level: U8

    @property
    def place(self) -> I32:
        """Place of each attachment."""
        return np.repeat(np.arange(len(self.start) - 1, dtype=np.int32), np.diff(self.start))


@dataclass(frozen=True)
class Doors:
    """Where routes to each school end.

    Parameters
    ----------
    legs
        Attachments of gates by school (places are schools), ascending by edge and offset within a school.
    gate
        int32 per attachment, row of the gate.
    start
        int64 (schools + 1), first door of each school.
    arc, attachment
        int32 per door: the arc walked to the attachment, and its row in ``legs``.
    length_dm, weight_dm
        int32 and int64 per door, from the beginning of the arc to the gate, leg included.
    level
        uint8 per door, worse of leg and arc.
    """

    legs: Legs
    gate: I32
    start: I64
    arc: I32
    attachment: I32
    length_dm: I32
    weight_dm: I64
    level: U8


def join_gates(
    network: Network, xy: ArrayLike, snap_m: ArrayLike, crossing: U8, along: U8, *, threads: int | None = None
) -> Legs:
    """Join gates to every street within their snap limit; parameters as for `join_homes`."""
    every = np.ones(len(network.graph.ways.u), np.bool_)
    return past_nearer(_join(network, xy, snap_m, crossing, every, threads), along, FRONT_M)


def join_homes(  # noqa: PLR0913  (the two levels of a street and what else legs depend on)
    network: Network,
    xy: ArrayLike,
    snap_m: ArrayLike,
    crossing: U8,
    along: U8,
    gates: Legs,
    *,
    front_m: ArrayLike = FRONT_M,
    threads: int | None = None,
) -> Legs:
    """Join homes to every street they can walk straight to.

    Kept are attachments within the snap limit whose leg crosses no other street, and farther ones that a shortest
    walk may need, those on the streets of gates among them; so shortest routes are as long as `geoplan.reach` says,
    while a safe route does not begin by jumping over a road unseen, nor certainly avoid the street where the home
    fronts by walking over ground that nothing is known of.

    Parameters
    ----------
    xy
        float64 (places, 2), metres.
    snap_m
        One limit, or one per place.
    crossing
        uint8 per edge of the graph, packed level of crossing it away from mapped crossings; 0 where it is no road.
    along
        uint8 per edge of the graph, packed level of walking along it.
    gates
        Attachments of all gates.
    front_m
        How much farther than the nearest street others may be where the home fronts, one or one per place: half the
        side of a cell, where the home may be anywhere in it.
    """
    gated = np.zeros(len(network.graph.ways.u), np.bool_)
    gated[gates.edge] = True
    return past_nearer(_join(network, xy, snap_m, crossing, gated, threads), along, front_m)


def past_nearer(legs: Legs, along: U8, front_m: ArrayLike) -> Legs:
    """Legs to other streets than those where a place fronts: at worst like walking along the worst street nearer.

    Nothing is known of the ground such a leg leads over. Who cannot cross it walks along the streets it passes by.
    """
    slack = np.rint(np.broadcast_to(np.asarray(front_m, np.float64), len(legs.start) - 1) * 10).astype(np.int64)
    level = legs.level.copy()
    pass_nearer(legs.start, legs.edge, legs.leg_dm, along, slack, level)
    return replace(legs, level=level)


def _join(
    network: Network, xy: ArrayLike, snap_m: ArrayLike, crossing: U8, always: Flags, threads: int | None
) -> Legs:
    at = np.array(xy, np.float64, order="C").reshape(-1, 2)
    limit = np.array(np.broadcast_to(np.asarray(snap_m, np.float64), len(at)))
    of_line = grouped(network.lines.pieces[1], len(network.graph.ways.u))

    def task(space: Space, piece: tuple[int, int]) -> tuple[NDArray[np.int64], list[NDArray[np.generic]]]:
        part = slice(*piece)
        return _chosen(network, at[part], limit[part], (of_line, crossing, always), space)

    parts = share_out(task, blocks(len(at), BLOCK), lambda: _space(network), workers(threads))
    count = np.concatenate([np.empty(0, np.int64), *(part[0] for part in parts)])
    kinds = (np.int32, np.int32, np.int32, np.uint8)
    columns = [
        np.concatenate([np.empty(0, kind), *(part[1][i] for part in parts)]).astype(kind)
        for i, kind in enumerate(kinds)
    ]
    return Legs(starts(count), *columns)


def _space(network: Network) -> Space:
    nodes = len(network.graph.external)
    return np.zeros(nodes, np.int64), np.empty(nodes, np.int32), np.zeros(1, np.int64)


def _chosen(
    network: Network, xy: F64, snap_m: F64, edges: tuple[tuple[I64, I32], U8, Flags], space: Space
) -> tuple[NDArray[np.int64], list[NDArray[np.generic]]]:
    graph = network.graph
    found = attach(network.lines, graph, xy, snap_m, obstacles=network.obstacles, threads=1)
    keep, level = np.empty(len(found.edge), np.bool_), np.empty(len(found.edge), np.uint8)
    ways, arcs = graph.ways, graph.towards
    choose_legs(
        xy, (found.start, found.edge, found.offset_dm, found.leg_dm), (network.lines.pieces, network.lines.grid),
        *edges, (ways.u, ways.v, ways.weight_dm, ways.private, graph.copies),
        (arcs.start, arcs.packed, arcs.edge), space, keep, level,
    )  # fmt: skip
    kept = np.flatnonzero(keep)[_by_edge(found, keep)]
    count = np.bincount(found.place[kept], minlength=len(xy)).astype(np.int64)
    return count, [found.edge[kept], found.offset_dm[kept], found.leg_dm[kept], level[kept]]


def _by_edge(found: Attachments, keep: NDArray[np.bool_]) -> I64:
    """Kept attachments by place and edge, so that nothing depends on the order they were found in."""
    return np.lexsort((found.edge[keep], found.place[keep]))


def doors_of(legs: Legs, school: ArrayLike, schools: int, turns: Turns, rules: RouteRules) -> Doors:
    """Doors of every school from the legs of its gates.

    Parameters
    ----------
    legs
        Of the gates.
    school
        Row of the school of each gate.
    """
    owner = np.asarray(school, np.int64)[legs.place]
    order = np.lexsort((legs.leg_dm, legs.offset_dm, legs.edge, owner))
    start = starts(np.bincount(owner, minlength=schools).astype(np.int64))
    mine = Legs(start, legs.edge[order], legs.offset_dm[order], legs.leg_dm[order], legs.level[order])
    code = np.repeat(2 * mine.edge.astype(np.int64), 2) + np.tile([0, 1], len(order))
    count = np.diff(turns.gate_start)[code]
    side = np.repeat(np.arange(len(code)), count)
    arc = turns.gate_arc[np.repeat(turns.gate_start[code] - starts(count)[:-1], count) + np.arange(len(side))]
    row = (side >> 1).astype(np.int32)
    return _doors(mine, legs.place[order], arc, row, turns, rules)


def _doors(legs: Legs, gate: I32, arc: I32, row: I32, turns: Turns, rules: RouteRules) -> Doors:
    offset, length = legs.offset_dm[row], turns.length_dm[arc]
    part = np.where(turns.along[arc], offset, length - offset).astype(np.int32)
    level = np.where(part > 0, _worse(legs.level[row], turns.level[arc]), legs.level[row]).astype(np.uint8)
    weight = weighted_dm(legs.leg_dm[row], legs.level[row], rules) + weighted_dm(part, turns.level[arc], rules)
    start = starts(np.bincount(legs.place[row], minlength=len(legs.start) - 1).astype(np.int64))
    return Doors(legs, gate, start, arc, row, (legs.leg_dm[row] + part).astype(np.int32), weight, level)


def _worse(one: U8, other: U8) -> U8:
    return np.maximum(one & 0xF0, other & 0xF0) | np.maximum(one & 15, other & 15)
