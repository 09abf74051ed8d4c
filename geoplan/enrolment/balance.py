"""Prices near the optimum, by Newton steps on how many pupils would change school if prices moved a little.

At given prices every unit asks at its cheapest school. The share of units whose second choice is almost as cheap says
how fast demand leaves a school when its price rises; from that follow prices at which demand and places almost agree.
Only a start: `transport` is exact from any prices. Method: damped Newton for semi-discrete transport (Kitagawa,
Mérigot and Thibert 2019, doi:10.4171/JEMS/889). Loops in a fixed order, so that every machine takes the same steps.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geoplan.enrolment.heaps import FAR, I32, I64, NO_PLACE

F64 = NDArray[np.float64]

STEPS = 6  # of Newton
SWEEPS = 200  # of Gauss-Seidel in one step
SWEEP_WORK = 20_000_000  # and fewer where there are very many schools


_FOUND = "Tuple((float64, float64[::1], float64[:,::1]))"


@njit(f"{_FOUND}(int64[::1], int32[::1], int64[::1], int64[::1], int64[::1], int64)", cache=True, nogil=True)
def _demand(start: I64, school: I32, cost: I64, supply: I64, price: I64, width: int) -> tuple[float, F64, F64]:
    """What all pay, who asks where, and per pair of schools what moves for each unit of price; last is "no place"."""
    n = len(price)
    paid, load, moves = 0.0, np.zeros(n + 1), np.zeros((n + 1, n + 1))
    for unit in range(len(supply)):
        least, first = np.int64(NO_PLACE), n
        second, other = np.int64(FAR), -1
        for i in range(start[unit], start[unit + 1]):
            value = cost[i] + price[school[i]]
            if value < least:
                second, other = least, first
                least, first = value, school[i]
            elif value < second:
                second, other = value, school[i]
        load[first] += supply[unit]
        paid += supply[unit] * np.float64(least)
        if other >= 0 and second - least <= width:
            moves[first, other] += supply[unit] / (2.0 * width)
            moves[other, first] += supply[unit] / (2.0 * width)
    return paid, load, moves


@njit("float64[::1](float64[::1], float64[:,::1], int64[::1], int64[::1], int64)", cache=True, nogil=True)
def _step(load: F64, moves: F64, places: I64, price: I64, sweeps: int) -> F64:
    """Change of prices that brings demand to the places, by Gauss-Seidel; no price falls below 0."""
    n = len(price)
    change, rate = np.zeros(n + 1), np.zeros(n)
    for a in range(n):
        for b in range(n + 1):
            rate[a] += moves[a, b]
    for _ in range(sweeps):
        for a in range(n):
            excess = load[a] - places[a]
            if places[a] == 0 or (price[a] == 0 and excess <= 0):
                continue
            for b in range(n + 1):
                excess += moves[a, b] * change[b]
            if rate[a] > 0:
                change[a] = max(excess / rate[a], -price[a])
    return change[:n]


def balanced_prices(start: I64, school: I32, cost: I64, supply: I64, places: I64, price: I64) -> I64:
    """Prices at which demand and places almost agree: of a few Newton steps, the one that proves most.

    Any prices prove a bound: no assignment costs less than what the units pay at their cheapest school, less what the
    places earn. The optimal prices prove the optimum.
    """
    if not len(school) or not len(places) or not supply.any():
        return price
    sweeps = max(20, min(SWEEPS, SWEEP_WORK // (len(places) + 1) ** 2))
    width = max(int(cost.max()) // 50, 8)
    price = np.where(places == 0, NO_PLACE, price)  # nobody asks at a closed school
    best, most = price, -np.inf
    for _ in range(STEPS):
        paid, load, moves = _demand(start, school, cost, supply, price, width)
        bound = paid - float((places.astype(np.float64) * price).sum())
        if bound <= most:
            price = (best + price) // 2
            continue
        best, most = price, bound
        change = _step(load, moves, places, price, sweeps)
        change = np.rint(np.clip(change, -NO_PLACE, NO_PLACE))
        price = np.clip(price + change.astype(np.int64), 0, NO_PLACE)
        width = max(int(2 * np.median(np.abs(change))), 8)
    return best
