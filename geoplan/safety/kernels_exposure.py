"""Compiled counting along routes: pupils on edges and at crossings, and how far they walk there."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, inline="always")
def part_walked(path: Any, i: Any, home_offset: Any, gate_offset: Any, arcs: Any) -> Any:
    """Where on its arc the i-th step of a path begins and ends, from the arc's beginning."""
    _, along, length, _, _ = arcs
    a = path[i]
    enters, leaves = np.int64(0), np.int64(length[a])
    if i == 0:
        enters = np.int64(home_offset if along[a] else length[a] - home_offset)
    if i == path.size - 1:
        leaves = np.int64(gate_offset if along[a] else length[a] - gate_offset)
    return enters, leaves


@njit(cache=True, nogil=True)
def step_lengths(start: Any, path: Any, home_offset: Any, gate_offset: Any, arcs: Any) -> Any:
    """Length walked on each arc of each route, int32 (0 where a route only touches the arc's end).

    ``home_offset`` and ``gate_offset`` are per route, from the u of the first and last edge; ``arcs`` is (edge,
    along, length, turn_at, turn_row).
    """
    out = np.empty(path.size, np.int32)
    for r in range(start.size - 1):
        mine = path[start[r] : start[r + 1]]
        for i in range(mine.size):
            enters, leaves = part_walked(mine, i, home_offset[r], gate_offset[r], arcs)
            out[start[r] + i] = abs(leaves - enters)
    return out


@njit(cache=True, nogil=True)
def count_along(
    start: Any, path: Any, length: Any, amount: Any, arcs: Any, rows: Any, edges: Any, elements: Any
) -> None:
    """Add the amount of every route to what it passes.

    ``length`` is what `step_lengths` gives; ``rows`` (met, certain) of the crossing table; ``edges`` is (stamp,
    amount, amount times length) per edge, ``elements`` (stamp, met, crossed for certain) per element. An edge or
    element passed twice by a route counts once, its length every time.
    """
    edge, _, _, turn_at, turn_row = arcs
    e_stamp, e_amount, e_length = edges
    c_stamp, c_met, c_sure = elements
    met, certain = rows
    for r in range(start.size - 1):
        if amount[r] == 0:
            continue
        for i in range(start[r], start[r + 1]):
            e = edge[path[i]]
            if length[i] > 0:
                e_length[e] += amount[r] * length[i]
                if e_stamp[e] <= r:
                    e_stamp[e] = r + 1
                    e_amount[e] += amount[r]
            if i == start[r]:
                continue
            row = turn_row[turn_at[path[i]] + path[i - 1]]
            if row < 0:
                continue
            for k in range(met.shape[1]):
                element = met[row, k]
                if element < 0:
                    break
                sure = certain[row, k]
                seen = c_stamp[element] - 2 * np.int64(r)  # 1 met so far, 2 crossed for certain
                if seen < 1:
                    c_met[element] += amount[r]
                if sure and seen < 2:
                    c_sure[element] += amount[r]
                c_stamp[element] = max(c_stamp[element], 2 * np.int64(r) + (2 if sure else 1))


@njit(cache=True, nogil=True)
def met_crossings(start: Any, path: Any, turn_at: Any, turn_row: Any, rows: Any, out: Any) -> Any:
    """Crossing elements each route meets, in walking order; returns how many there are.

    ``rows`` (met, certain) of the crossing table. ``out`` is (start, element, certain); call once with an empty
    ``element`` to learn the counts, again to fill.
    """
    met, certain = rows
    o_start, o_element, o_certain = out
    at = 0
    for r in range(start.size - 1):
        for i in range(start[r] + 1, start[r + 1]):
            row = turn_row[turn_at[path[i]] + path[i - 1]]
            if row < 0:
                continue
            for k in range(met.shape[1]):
                if met[row, k] < 0:
                    break
                if at < o_element.size:
                    o_element[at] = met[row, k]
                    o_certain[at] = certain[row, k]
                at += 1
        o_start[r + 1] = at
    return at
