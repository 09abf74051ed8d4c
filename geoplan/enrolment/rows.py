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
