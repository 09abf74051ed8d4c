"""Compiled choice of legs: which attachments of a place matter, and what each straight leg crosses."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from geoplan.network.snap_kernels import columns_of, crossing, foot, rows_of
from geoplan.safety.kernels_turns import worse

ALONG = np.uint8(17)
"""Level of a leg that crosses nothing: 1 at best and at worst."""


@njit(cache=True, nogil=True)
def spot_on(x: Any, y: Any, line: Any, ends: Any, of_line: Any) -> Any:
    """The point of a line nearest to a place."""
    start, piece = of_line
    best, sx, sy = np.inf, x, y
    for i in range(start[line], start[line + 1]):
        p = piece[i]
        square, t = foot(x, y, ends[p, 0], ends[p, 1], ends[p, 2], ends[p, 3])
        if square < best:
            best = square
            sx = ends[p, 0] + t * (ends[p, 2] - ends[p, 0])
            sy = ends[p, 1] + t * (ends[p, 3] - ends[p, 1])
    return sx, sy


@njit(cache=True, nogil=True)
def crossed_by(leg: Any, line: Any, lines: Any, levels: Any, whole: bool) -> Any:
    """Whether a leg (x, y, tx, ty) to a line properly crosses others, and the worst level of those (17 at least).

    Stops at the first unless ``whole``.
    """
    x, y, tx, ty = leg
    (ends, owner, _, free), (start, item, left, bottom, side, columns, rows) = lines
    found, level = False, np.int64(ALONG)
    first, last = rows_of(y, ty, bottom, side, rows)
    for row in range(first, last + 1):
        one, other = columns_of(x, y, tx, ty, row, left, bottom, side, columns)
        for z in range(start[row * columns + one], start[row * columns + other + 1]):
            p = item[z]
            if owner[p] == line:
                continue
            if crossing(x, y, tx, ty, ends[p, 0], ends[p, 1], ends[p, 2], ends[p, 3], free[p]) >= 0.0:
                found = True
                level = worse(level, np.int64(levels[owner[p]]))
                if not whole:
                    return found, level
    return found, level


@njit(cache=True, nogil=True, inline="always")
def arrive_at(node: Any, cost: Any, edge: Any, space: Any) -> None:
    """Note that a place reaches a node by an edge at a cost."""
    record, via, epoch = space
    key = (-epoch[0] << 32) | np.int64(cost)
    if key < record[node]:
        record[node] = key
        via[node] = edge


@njit(cache=True, nogil=True)
def needed(node: Any, cost: Any, edge: Any, arcs: Any, space: Any) -> bool:
    """Whether a shortest walk may have to start by reaching this node along this edge.

    It need not where another way to the node is shorter, or where a node one arc nearer, reached by another edge than
    that arc's, gives no longer a way.
    """
    start, packed, arc_edge = arcs
    record, via, epoch = space
    base = -epoch[0] << 32
    if record[node] - base < cost:
        return False
    for a in range(start[node], start[node + 1]):
        weight = packed[a] >> 32
        if weight > cost:
            return True
        other = packed[a] & 0xFFFFFFFF
        near = record[other] - base
        if near < (np.int64(1) << 32) and near + weight <= cost and via[other] != arc_edge[a]:
            return False
    return True


@njit(cache=True, nogil=True)
def choose_legs(xy: Any, places: Any, lines: Any, of_line: Any, levels: Any, always: Any, ways: Any, arcs: Any,
                space: Any, keep: Any, level: Any) -> None:  # fmt: skip
    """Which attachments to keep, and the packed level of their legs.

    Kept are those whose leg crosses no other street, those that a shortest walk may need, and all on some edges.

    ``places`` is (start, edge, offset, leg); ``lines`` (pieces, grid) of the edges, ``of_line`` (start, piece);
    ``levels`` packed per edge, what crossing it anywhere amounts to (0 where it is no road); ``always`` per edge,
    whether to keep all; ``ways`` (u, v, weight, private, copies); ``arcs`` (start, packed, edge) of the walk;
    ``space`` (record, via, epoch) per internal node.
    """
    start, edge, offset, leg = places
    u, v, weight, private, copies = ways
    ends = lines[0][0]
    epoch = space[2]
    for k in range(start.size - 1):
        epoch[0] += 1
        for i in range(start[k], start[k + 1]):
            e = edge[i]
            for layer in range(3 if private[e] else 1):
                if copies[layer, u[e]] >= 0:
                    arrive_at(copies[layer, u[e]], leg[i] + offset[i], e, space)
                if copies[layer, v[e]] >= 0:
                    arrive_at(copies[layer, v[e]], leg[i] + weight[e] - offset[i], e, space)
        for i in range(start[k], start[k + 1]):
            e = edge[i]
            must = bool(always[e])
            for layer in range(3 if private[e] else 1):
                for end in range(2):
                    node = copies[layer, v[e]] if end else copies[layer, u[e]]
                    cost = np.int64(leg[i] + (weight[e] - offset[i] if end else offset[i]))
                    if node >= 0 and not must:
                        must = needed(node, cost, e, arcs, space)
            tx, ty = spot_on(xy[k, 0], xy[k, 1], e, ends, of_line)
            crosses, worst = crossed_by((xy[k, 0], xy[k, 1], tx, ty), e, lines, levels, must)
            keep[i] = must or not crosses
            level[i] = worst


@njit(cache=True, nogil=True)
def pass_nearer(start: Any, edge: Any, leg: Any, along: Any, slack: Any, level: Any) -> None:
    """Make each leg that is longer than its place's shortest by more than ``slack`` as bad, at worst, as any street
    that the place reaches by a shorter one.
    """
    for k in range(start.size - 1):
        first, last = start[k], start[k + 1]
        order = np.argsort(leg[first:last], kind="mergesort")
        nearer, waiting = np.int64(0), 0
        for q in range(order.size):
            i = first + order[q]
            while leg[first + order[waiting]] < leg[i]:
                nearer = max(nearer, np.int64(along[edge[first + order[waiting]]]) >> 4)
                waiting += 1
            if leg[i] > leg[first + order[0]] + slack[k]:
                level[i] = worse(level[i], (nearer << 4) | 1)
