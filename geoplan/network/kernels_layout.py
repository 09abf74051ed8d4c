"""Compiled layout of the graph: Hilbert keys and the sorted arc table."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

LEVELS = 26
"""Bits an axis of a Hilbert key: 1 mm in a square of 67 km."""


@njit(cache=True, nogil=True)
def hilbert_key(x: Any, y: Any, left: float, bottom: float, side: float) -> Any:
    """Position of each point along a Hilbert curve that fills the square, int64."""
    out = np.empty(x.size, np.int64)
    top = np.int64((1 << LEVELS) - 1)
    for i in range(x.size):
        a: Any = min(max(np.int64((x[i] - left) / side * top), np.int64(0)), top)
        b: Any = min(max(np.int64((y[i] - bottom) / side * top), np.int64(0)), top)
        key = np.int64(0)
        for level in range(LEVELS - 1, -1, -1):
            east = (a >> level) & 1
            north = (b >> level) & 1
            key = (key << 2) | ((3 * east) ^ north)
            if north == 0:
                if east == 1:
                    a = top - a
                    b = top - b
                a, b = b, a
        out[i] = key
    return out


@njit(cache=True, nogil=True)
def csr(nodes: int, tail: Any, head: Any, weight: Any, edge: Any) -> Any:
    """Arcs by tail; within a tail by weight, head and edge row, whatever the order they came in.

    ``weight`` is per edge row, the other arrays per arc. Returns start, packed, tail, edge.
    """
    start = np.zeros(nodes + 1, np.int32)
    for i in range(tail.size):
        start[tail[i] + 1] += 1
    for i in range(nodes):
        start[i + 1] += start[i]
    free = start[:-1].copy()
    packed = np.empty(tail.size, np.int64)
    rows = np.empty(tail.size, np.int32)
    tails = np.empty(tail.size, np.int32)
    for i in range(tail.size):
        t = tail[i]
        value = (np.int64(weight[edge[i]]) << 32) | np.int64(head[i])
        at = free[t]
        free[t] += 1
        tails[at] = t
        while at > start[t] and (packed[at - 1] > value or (packed[at - 1] == value and rows[at - 1] > edge[i])):
            packed[at] = packed[at - 1]
            rows[at] = rows[at - 1]
            at -= 1
        packed[at] = value
        rows[at] = edge[i]
    return start, packed, tails, rows
