"""Compiled turns: which arcs follow which, and what is crossed between them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from geoplan.safety.kernels_crossings import EITHER, LEFT, NEAREST, RIGHT

BLOCKED = np.uint8(255)
"""The level of a turn that is not made: back along the edge one came by."""


@njit(cache=True, nogil=True, inline="always")
def worse(one: Any, other: Any) -> Any:
    """The worse of two packed levels (``high << 4 | low``), low and high each for itself."""
    a, b = np.int64(one), np.int64(other)
    return (max(a >> 4, b >> 4) << 4) | max(a & 15, b & 15)


@njit(cache=True, nogil=True)
def turn_offsets(start: Any, leave: Any) -> Any:
    """Per arc a: the turn from b to a is number ``at[a] + b``; and how many turns there are."""
    at = np.empty(leave.size, np.int64)
    size = np.int64(0)
    for a in range(leave.size):
        n = leave[a]
        at[a] = size - start[n]
        size += start[n + 1] - start[n]
    return at, size


@njit(cache=True, nogil=True)
def fill_turns(arcs: Any, external: Any, at: Any, table: Any, level: Any, row: Any) -> None:
    """Level and table row of every turn: 0 and -1 where nothing is crossed, BLOCKED on the same edge.

    ``arcs`` is (start, leave, edge); ``table`` is (start per node, row, edge in, edge out, packed level) with the
    caller's nodes. A turn not listed is looked for the other way round, which crosses the same.
    """
    start, leave, edge = arcs
    t_start, t_row, t_in, t_out, t_level = table
    for a in range(leave.size):
        n = leave[a]
        node = external[n]
        for b in range(start[n], start[n + 1]):
            turn = at[a] + b
            row[turn] = -1
            level[turn] = 0
            if edge[b] == edge[a]:
                level[turn] = BLOCKED
                continue
            for i in range(t_start[node], t_start[node + 1]):
                r = t_row[i]
                if t_in[r] == edge[b] and t_out[r] == edge[a]:
                    row[turn] = r
                    break
                if t_in[r] == edge[a] and t_out[r] == edge[b]:
                    row[turn] = r
            if row[turn] >= 0:
                level[turn] = t_level[row[turn]]


@njit(cache=True, nogil=True)
def side_rank(elements: Any, low: Any, high: Any) -> Any:
    """How bad a side is, to choose the better one: worst level, best level, elements, lowest element."""
    worst, best, count, first = 0, 0, 0, np.int64(2**31)
    for e in elements:
        if e >= 0:
            worst, best, count = max(worst, high[e]), max(best, low[e]), count + 1
            first = min(first, np.int64(e))
    return worst, best, count, first


@njit(cache=True, nogil=True)
def met_in_turns(left: Any, right: Any, mode: Any, low: Any, high: Any, met: Any, certain: Any) -> None:
    """Elements each turn meets and which of them are crossed for certain.

    On a known side those of that side, for certain. Where the walk is free, those of the better side. Where the side
    is not known, those of both sides, for certain only those that lie on both.
    """
    for t in range(mode.size):
        side = mode[t]
        if side == NEAREST:
            side = LEFT if side_rank(left[t], low, high) <= side_rank(right[t], low, high) else RIGHT
        at = 0
        for k in range(left.shape[1]):
            e = left[t, k]
            if e >= 0 and side != RIGHT:
                met[t, at] = e
                certain[t, at] = side == LEFT or e in right[t]
                at += 1
        for k in range(right.shape[1]):
            e = right[t, k]
            if e >= 0 and (side == RIGHT or (side == EITHER and e not in left[t])):
                met[t, at] = e
                certain[t, at] = side == RIGHT
                at += 1
