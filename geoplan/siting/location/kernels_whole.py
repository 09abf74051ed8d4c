"""Compiled improvement of assignments in which every unit goes to one site as a whole.

Moves of one unit and exchanges of two, first those that mend overfull sites, until none helps (Martello and Toth
1990, chapter 7; neighbourhoods of Ronnqvist, Tragantalerngsak and Holt 1999).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from geoplan.siting.location.kernels_exchange import F64, I32, I64


class Ways(NamedTuple):
    """Pairs by unit with sites ascending; sizes of units, places of open sites (0 where shut)."""

    start: I64
    site: I32
    value: F64
    size: F64
    room: F64


@njit(cache=True, nogil=True)
def _find(ways: Ways, i: int, j: int) -> int:
    """The pair of a unit and a site, -1 where there is none."""
    low, high = ways.start[i], ways.start[i + 1]
    while low < high:
        middle = (low + high) // 2
        if ways.site[middle] < j:
            low = middle + 1
        else:
            high = middle
    return low if low < ways.start[i + 1] and ways.site[low] == j else -1


@njit(cache=True, nogil=True)
def _over(load: float, room: float) -> float:
    """How much a site is overfull; a hair is what adding in another order makes."""
    return max(load - room * (1 + 1e-12), 0.0)


@njit(cache=True, nogil=True)
def _try_move(ways: Ways, pair: I64, load: F64, i: int, price: float, tiny: float) -> bool:
    """Move a unit to where it costs least, overfull places priced."""
    here = pair[i]
    a, s = ways.site[here], ways.size[i]
    relief = price * (_over(load[a], ways.room[a]) - _over(load[a] - s, ways.room[a]))
    best, to = tiny, -1
    for t in range(ways.start[i], ways.start[i + 1]):
        b = ways.site[t]
        if b == a or ways.room[b] < s:
            continue
        burden = price * (_over(load[b] + s, ways.room[b]) - _over(load[b], ways.room[b]))
        saved = ways.value[here] - ways.value[t] + relief - burden
        if saved > best:
            best, to = saved, t
    if to < 0:
        return False
    load[a] -= s
    load[ways.site[to]] += s
    pair[i] = to
    return True


@njit(cache=True, nogil=True)
def _try_exchange(ways: Ways, pair: I64, load: F64, i: int, price: float, tiny: float) -> bool:
    """Exchange a unit with another one, where that saves most, overfull places priced."""
    here = pair[i]
    a, s = ways.site[here], ways.size[i]
    best, other, to, back = tiny, -1, -1, -1
    for k in range(pair.size):
        there = pair[k]
        b, r = ways.site[there], ways.size[k]
        if b == a or (r == s and ways.value[here] == 0 and ways.value[there] == 0):
            continue
        now = _over(load[a], ways.room[a]) + _over(load[b], ways.room[b])
        then = _over(load[a] - s + r, ways.room[a]) + _over(load[b] - r + s, ways.room[b])
        hoped = ways.value[here] + ways.value[there] + price * (now - then)
        if hoped <= best:
            continue
        t = _find(ways, i, b)
        if t < 0 or hoped - ways.value[t] <= best:
            continue
        u = _find(ways, k, a)
        if u >= 0 and hoped - ways.value[t] - ways.value[u] > best:
            best, other, to, back = hoped - ways.value[t] - ways.value[u], k, t, u
    if other < 0:
        return False
    b, r = ways.site[pair[other]], ways.size[other]
    load[a] += r - s
    load[b] += s - r
    pair[i], pair[other] = to, back
    return True


@njit(cache=True, nogil=True)
def settle_whole(ways: Ways, pair: I64, price: float, tiny: float, passes: int) -> float:
    """Moves and exchanges until none saves more than ``tiny``; returns how much sites are overfull in all.

    ``pair`` is the way each unit goes, changed in place; ``price`` what one place too few costs.
    """
    load = np.zeros(ways.room.size)
    for i in range(pair.size):
        load[ways.site[pair[i]]] += ways.size[i]
    for _ in range(passes):
        changed = False
        for i in range(pair.size):
            if _try_move(ways, pair, load, i, price, tiny):
                changed = True
        for i in range(pair.size):
            if _try_exchange(ways, pair, load, i, price, tiny):
                changed = True
        if not changed:
            break
    total = 0.0
    load[:] = 0.0
    for i in range(pair.size):
        load[ways.site[pair[i]]] += ways.size[i]
    for j in range(load.size):
        total += _over(load[j], ways.room[j])
    return total
