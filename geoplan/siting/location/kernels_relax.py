"""Compiled Lagrangian relaxation for problems without capacities: who serves whom is left to prices.

Every unit offers a price for being served; a site is worth what its units offer above its costs. The sum of prices
less the worth of the best sites is a lower bound (Cornuejols, Fisher and Nemhauser 1977; Beasley 1993). Prices
follow subgradients with the direction of Camerini, Fratta and Maffioli (1975) and the step of Held, Wolfe and Crowder
(1974).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from geoplan.siting.location.kernels_exchange import F64, Mask, Town

BEST, STEP, STALLED = 0, 1, 2  # of Prices.state
PATIENCE = 20
SHRINK = 0.7
INERTIA = 0.9
LEAST_STEP = 1e-4


class Prices(NamedTuple):
    """Prices of units with what the best of them prove."""

    price: F64
    best_price: F64
    direction: F64
    worth: (
        F64  # per site, at the last prices: cost of opening less what units offer above their cost; below 0 is good
    )
    chosen: Mask  # per site, at the last prices
    state: F64


@njit(cache=True, nogil=True)
def weigh(town: Town, prices: Prices, most: int) -> float:
    """Worth of every site at the prices, the best sites, and the bound they prove."""
    worth = prices.worth
    worth[:] = town.fixed
    total = 0.0
    for i in range(town.outside.size):
        price = prices.price[i]
        total += price
        for t in range(town.start[i], town.start[i + 1]):
            if town.value[t] >= price:
                break
            worth[town.site[t]] += town.value[t] - price
    prices.chosen[:] = False
    order = np.argsort(worth)
    for j in order[:most]:
        if worth[j] >= 0:
            break
        prices.chosen[j] = True
        total += worth[j]
    return total


@njit(cache=True, nogil=True)
def _turn(town: Town, prices: Prices) -> float:
    """New direction: units that nobody serves offer more, units served twice offer less; returns its square."""
    square = 0.0
    for i in range(town.outside.size):
        price, wanted = prices.price[i], 1.0
        for t in range(town.start[i], town.start[i + 1]):
            if town.value[t] >= price:
                break
            if prices.chosen[town.site[t]]:
                wanted -= 1.0
        if wanted > 0 and price >= town.outside[i]:
            wanted = 0.0
        now = wanted + INERTIA * prices.direction[i]
        prices.direction[i] = now
        square += now * now
    return square


@njit(cache=True, nogil=True)
def settled(state: F64, bound: float, target: float, price: F64, best_price: F64) -> bool:
    """Note a bound and the prices it comes from; whether it is enough, or the steps have become too short.

    Where no better bound came for a while the steps become shorter.
    """
    if bound > state[BEST]:
        state[BEST], state[STALLED] = bound, 0
        best_price[:] = price
    else:
        state[STALLED] += 1
    if state[BEST] >= target or state[STEP] < LEAST_STEP:
        return True
    if state[STALLED] > PATIENCE:
        state[STALLED] = 0
        state[STEP] *= SHRINK
    return False


@njit(cache=True, nogil=True)
def raise_bound(town: Town, prices: Prices, most: int, target: float, steps: int) -> float:
    """So many steps of the prices, or until the bound meets the target; returns the best bound."""
    state = prices.state
    for _ in range(steps):
        bound = weigh(town, prices, most)
        if settled(state, bound, target, prices.price, prices.best_price):
            break
        square = _turn(town, prices)
        if square <= 0:
            break
        step = state[STEP] * (target - bound) / square
        for i in range(town.outside.size):
            prices.price[i] = min(max(prices.price[i] + step * prices.direction[i], 0.0), town.outside[i])
    return state[BEST]
