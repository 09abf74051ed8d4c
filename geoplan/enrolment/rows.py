"""Pairs of units and schools as sorted rows, in one pass over the pairs."""

from __future__ import annotations

import numpy as np
from numba import njit

from geoplan.enrolment.heaps import I32, I64


@njit("void(int64[::1], int32[::1], int64[::1])", cache=True, nogil=True)
def sort_rows(start: I64, school: I32, cost: I64) -> None:
    """Sort every unit's options by (cost, school), in place; rows are short, so by insertion."""
    for unit in range(len(start) - 1):
        first = start[unit]
        for i in range(first + 1, start[unit + 1]):
            c, s = cost[i], school[i]
            k = i - 1
            while k >= first and (cost[k] > c or (cost[k] == c and school[k] > s)):
                cost[k + 1] = cost[k]
                school[k + 1] = school[k]
                k -= 1
            cost[k + 1] = c
            school[k + 1] = s


@njit(
    "Tuple((int64[::1], int32[::1], int64[::1]))(int64, int32[::1], int32[::1], int64[::1])", cache=True, nogil=True
)
def group(n_units: int, unit: I32, school: I32, cost: I64) -> tuple[I64, I32, I64]:
    """Pairs in any order -> rows by unit (CSR), each row sorted by (cost, school)."""
    start = np.zeros(n_units + 1, np.int64)
    for u in unit:
        start[u + 1] += 1
    for u in range(n_units):
        start[u + 1] += start[u]
    place = start[:-1].copy()
    school_out = np.empty(len(unit), np.int32)
    cost_out = np.empty(len(unit), np.int64)
    for i in range(len(unit)):
        k = place[unit[i]]
        place[unit[i]] += 1
        school_out[k] = school[i]
        cost_out[k] = cost[i]
    sort_rows(start, school_out, cost_out)
    return start, school_out, cost_out


Rows = tuple[I64, I32, I64, I64]
"""Start, school, cost and mark of options by unit."""
_ROWS = "Tuple((int64[::1], int32[::1], int64[::1], int64[::1]))"
_NEW = "Tuple((int32[::1], int32[::1], int64[::1], int64[::1]))"


@njit(f"{_ROWS}({_ROWS}, int32[::1], {_NEW})", cache=True, nogil=True)
def edited(rows: Rows, rank: I32, new: tuple[I32, I32, I64, I64]) -> Rows:
    """Sorted rows with some schools left out, the others renumbered, and new options put in their place.

    ``rank`` gives the new number of each school, rising with the old one, -1 for those left out. New options are
    (unit, school, cost, mark) sorted by (unit, cost, school).
    """
    start, school, cost, mark = rows
    unit, new_school, new_cost, new_mark = new
    n_units, size = len(start) - 1, len(unit)
    for s in school:
        size += rank[s] >= 0
    start_out = np.zeros(n_units + 1, np.int64)
    school_out, cost_out, mark_out = np.empty(size, np.int32), np.empty(size, np.int64), np.empty(size, np.int64)
    at, k = 0, 0
    for u in range(n_units):
        for i in range(start[u], start[u + 1]):
            s = rank[school[i]]
            if s < 0:
                continue
            while (
                k < len(unit)
                and unit[k] == u
                and (new_cost[k] < cost[i] or (new_cost[k] == cost[i] and new_school[k] < s))
            ):
                school_out[at], cost_out[at], mark_out[at] = new_school[k], new_cost[k], new_mark[k]
                at += 1
                k += 1
            school_out[at], cost_out[at], mark_out[at] = s, cost[i], mark[i]
            at += 1
        while k < len(unit) and unit[k] == u:
            school_out[at], cost_out[at], mark_out[at] = new_school[k], new_cost[k], new_mark[k]
            at += 1
            k += 1
        start_out[u + 1] = at
    return start_out, school_out, cost_out, mark_out
