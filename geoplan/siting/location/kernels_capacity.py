"""Compiled Lagrangian relaxation for problems with capacities.

As in `kernels_relax`, but a site can take no more than it holds: the units that offer most for their size fill it,
the last one in part (the bound of the strong linear relaxation; Cornuejols, Sridharan and Thizy 1991). Where all must
be served, open sites must hold all of them: those that are missing are added in part, cheapest place first.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geoplan.siting.location.kernels_exchange import F64, I32, I64
from geoplan.siting.location.kernels_relax import BEST, INERTIA, STEP, settled

I8 = NDArray[np.int8]
OPEN, FREE, SHUT = 1, 0, -1
NEED = 3  # of Offers.state, after BEST, STEP, STALLED: what one more place in all would be worth
MEMORY = 0.95


class Yard(NamedTuple):
    """A problem with capacities: pairs by site, sizes, places, costs of leaving out and opening."""

    site_start: I64
    unit: I32
    value: F64
    size: F64
    outside: F64
    fixed: F64
    capacity: F64
    rule: I8  # per site: OPEN, SHUT, or FREE to choose


class Offers(NamedTuple):
    """Prices of units with what the best of them prove, and how sites fill at the last prices."""

    price: F64
    best_price: F64
    direction: F64
    worth: F64  # per site: cost of opening less what its units offer above their cost
    opened: F64  # per site: whether it is among the best, or how much of it
    mean: F64  # per site: the same over the last steps
    share: F64  # per pair by site: share of the unit the site would take
    rate: F64  # per site: what one more place would be worth to it
    state: F64


@njit(cache=True, nogil=True)
def _fill(yard: Yard, offers: Offers, j: int) -> float:
    """Fill a site with the units that offer most for their size; returns what it is worth."""
    begin, end = yard.site_start[j], yard.site_start[j + 1]
    worth, waiting = yard.fixed[j], 0
    ratio, at = np.empty(end - begin), np.empty(end - begin, np.int64)
    for t in range(begin, end):
        offers.share[t] = 0.0
        profit = offers.price[yard.unit[t]] - yard.value[t]
        if profit <= 0:
            continue
        if yard.size[yard.unit[t]] <= 0:
            offers.share[t] = 1.0
            worth -= profit
            continue
        ratio[waiting], at[waiting] = -profit / yard.size[yard.unit[t]], t
        waiting += 1
    room = yard.capacity[j]
    offers.rate[j] = 0.0
    for k in np.argsort(ratio[:waiting]):
        if room <= 0:
            break
        t = at[k]
        part = min(1.0, room / yard.size[yard.unit[t]])
        offers.share[t] = part
        worth -= part * (offers.price[yard.unit[t]] - yard.value[t])
        room -= part * yard.size[yard.unit[t]]
        if room <= 0:
            offers.rate[j] = -ratio[k]
    return worth


@njit(cache=True, nogil=True)
def weigh_filled(yard: Yard, offers: Offers, most: int, need: float) -> float:
    """Worth of every site at the prices, the best sites, and the bound they prove.

    ``need`` is what open sites must hold together; ``most`` free sites may be opened.
    """
    total, held, count = offers.price.sum(), 0.0, 0
    offers.state[NEED] = 0.0
    for j in range(yard.fixed.size):
        offers.opened[j] = 0.0
        offers.worth[j] = np.inf
        if yard.rule[j] == SHUT:
            continue
        offers.worth[j] = _fill(yard, offers, j)
        if yard.rule[j] == OPEN:
            offers.opened[j] = 1.0
            total += offers.worth[j]
            held += yard.capacity[j]
    for j in np.argsort(offers.worth):
        if offers.worth[j] >= 0 or count == most:
            break
        if offers.opened[j] == 0.0:
            offers.opened[j] = 1.0
            total += offers.worth[j]
            held += yard.capacity[j]
            count += 1
    if held >= need or count == most:
        return total
    rate = np.full(yard.fixed.size, np.inf)
    for j in range(yard.fixed.size):
        if offers.opened[j] == 0.0 and yard.rule[j] == FREE and yard.capacity[j] > 0:
            rate[j] = offers.worth[j] / yard.capacity[j]
    for j in np.argsort(rate):
        if held >= need or rate[j] == np.inf:
            break
        part = min(1.0, (need - held) / yard.capacity[j])
        offers.opened[j] = part
        total += part * offers.worth[j]
        held += part * yard.capacity[j]
        offers.state[NEED] = rate[j]
    return total


@njit(cache=True, nogil=True)
def raise_filled(yard: Yard, offers: Offers, most: int, need: float, target: float, steps: int) -> float:
    """So many steps of the prices, or until the bound meets the target; returns the best bound."""
    state, n = offers.state, yard.size.size
    for _ in range(steps):
        bound = weigh_filled(yard, offers, most, need)
        for j in range(yard.fixed.size):
            offers.mean[j] = MEMORY * offers.mean[j] + (1 - MEMORY) * offers.opened[j]
        if settled(state, bound, target, offers.price, offers.best_price):
            break
        wanted = np.ones(n)
        for j in range(yard.fixed.size):
            if offers.opened[j] > 0:
                for t in range(yard.site_start[j], yard.site_start[j + 1]):
                    wanted[yard.unit[t]] -= offers.opened[j] * offers.share[t]
        square = 0.0
        for i in range(n):
            if wanted[i] > 0 and offers.price[i] >= yard.outside[i]:
                wanted[i] = 0.0
            offers.direction[i] = wanted[i] + INERTIA * offers.direction[i]
            square += offers.direction[i] * offers.direction[i]
        if square <= 0:
            break
        step = state[STEP] * (target - bound) / square
        for i in range(n):
            offers.price[i] = min(max(offers.price[i] + step * offers.direction[i], 0.0), yard.outside[i])
    return state[BEST]
