"""Compiled construction and exchange for problems without capacities.

Greedy addition with lazy evaluation (Minoux 1978), then additions, closures and swaps until none helps. A swap is
priced for all sites that could close at once, as in the fast interchange of Whitaker (1983) and Resende and Werneck
(2007): gain of the site that opens, loss of the one that closes, and a correction for units that know both.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
Mask = NDArray[np.bool_]


class Town(NamedTuple):
    """A problem without capacities: pairs by unit (ascending value) and by site, costs of leaving out and opening."""

    start: I64
    site: I32
    value: F64
    site_start: I64
    unit: I32
    site_value: F64
    outside: F64
    fixed: F64


class Served(NamedTuple):
    """Who serves whom: open sites; per unit the two cheapest open values and the cheapest site (-1: left out)."""

    is_open: Mask
    first: F64
    second: F64
    nearest: I32
    loss: F64  # per site: what its units lose when it closes
    extra: F64  # workspace per site, zero between uses


@njit(cache=True, nogil=True)
def _rank(town: Town, served: Served, i: int) -> None:
    """The two cheapest open sites of a unit; leaving out counts as one that is always open."""
    first = second = town.outside[i]
    nearest = -1
    for t in range(town.start[i], town.start[i + 1]):
        if town.value[t] >= second:
            break
        if served.is_open[town.site[t]]:
            if nearest < 0 and town.value[t] < first:
                first, nearest = town.value[t], town.site[t]
            else:
                second = town.value[t]
                break
    served.first[i], served.second[i], served.nearest[i] = first, second, nearest


@njit(cache=True, nogil=True)
def settle(town: Town, served: Served) -> float:
    """Serve every unit afresh; returns the cost in all."""
    served.loss[:] = 0.0
    total = 0.0
    for j in range(town.fixed.size):
        if served.is_open[j]:
            total += town.fixed[j]
    for i in range(town.outside.size):
        _rank(town, served, i)
        total += served.first[i]
        if served.nearest[i] >= 0:
            served.loss[served.nearest[i]] += served.second[i] - served.first[i]
    return total


@njit(cache=True, nogil=True)
def _flip(town: Town, served: Served, j: int) -> None:
    """Open or close a site; only units that know it are served afresh."""
    served.is_open[j] = not served.is_open[j]
    for t in range(town.site_start[j], town.site_start[j + 1]):
        i = town.unit[t]
        if town.site_value[t] > served.second[i]:
            continue
        if served.nearest[i] >= 0:
            served.loss[served.nearest[i]] -= served.second[i] - served.first[i]
        _rank(town, served, i)
        if served.nearest[i] >= 0:
            served.loss[served.nearest[i]] += served.second[i] - served.first[i]


@njit(cache=True, nogil=True)
def _gain(town: Town, served: Served, j: int) -> float:
    """What units save when a site opens, its cost taken off."""
    gain = -town.fixed[j]
    for t in range(town.site_start[j], town.site_start[j + 1]):
        saved = served.first[town.unit[t]] - town.site_value[t]
        if saved > 0:
            gain += saved
    return gain


@njit(cache=True, nogil=True)
def add_greedily(town: Town, served: Served, most: int) -> int:
    """Open the site that saves most, again and again, while it saves anything; returns how many are open."""
    upper = np.empty(town.fixed.size)
    opened = 0
    for j in range(town.fixed.size):
        upper[j] = -np.inf if served.is_open[j] else _gain(town, served, j)
        opened += served.is_open[j]
    while opened < most:
        j = int(np.argmax(upper))
        if upper[j] <= 0:
            break
        now = _gain(town, served, j)  # gains only shrink as sites open
        if now < upper[j]:
            upper[j] = now
            continue
        _flip(town, served, j)
        upper[j] = -np.inf
        opened += 1
    return opened


@njit(cache=True, nogil=True)
def _swap(town: Town, served: Served, c: int, opened: I64) -> tuple[float, int]:
    """Most that opening a site saves with one open site closed for it, and which."""
    gain = -town.fixed[c]
    for t in range(town.site_start[c], town.site_start[c + 1]):
        i, v = town.unit[t], town.site_value[t]
        if v >= served.second[i]:
            continue
        if v < served.first[i]:
            gain += served.first[i] - v
            v = served.first[i]
        if served.nearest[i] >= 0:
            served.extra[served.nearest[i]] += served.second[i] - v
    best, worst = -np.inf, int(opened[0])
    for r in opened:
        left = town.fixed[r] - served.loss[r] + served.extra[r]
        served.extra[r] = 0.0
        if left > best:
            best, worst = left, int(r)
    return gain + best, worst


@njit(cache=True, nogil=True)
def improve(town: Town, served: Served, most: int, tiny: float, passes: int) -> float:
    """Additions, closures and swaps until none saves more than ``tiny``; returns the cost in all."""
    for _ in range(passes):
        changed = False
        opened = np.flatnonzero(served.is_open)
        for j in range(town.fixed.size):
            closes = -1
            if served.is_open[j]:
                flips = town.fixed[j] - served.loss[j] > tiny
            else:
                flips = opened.size < most and _gain(town, served, j) > tiny
                if not flips and opened.size > 0:
                    saved, closes = _swap(town, served, j, opened)
                    flips = saved > tiny
            if not flips:
                continue
            _flip(town, served, j)
            if closes >= 0:
                _flip(town, served, closes)
            opened = np.flatnonzero(served.is_open)
            changed = True
        if not changed:
            break
        settle(town, served)
    return settle(town, served)
