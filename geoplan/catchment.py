"""Floating catchments: places per pupil within reach, shared among all who can reach them.

2SFCA: Luo and Wang (2003), doi:10.1068/b29120. E2SFCA: Luo and Qi (2009), doi:10.1016/j.healthplace.2009.06.002.
Identity of every variant here: the sum of pupils x access equals the places of all schools with any demand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]


@dataclass(frozen=True)
class Ways:
    """Which homes reach which schools, one entry a pair.

    ``home``, ``school``: row numbers; ``cost``: metres or minutes, the same unit as the limits.
    """

    home: NDArray[np.integer]
    school: NDArray[np.integer]
    cost: F64


def floating_catchment(ways: Ways, weight: F64, pupils: F64, places: F64) -> F64:
    """Places per pupil for every home, by the weights given.

    Parameters
    ----------
    ways
        Pairs of homes and schools.
    weight
        How much a pair counts, >= 0, one number per pair; 0 is out of reach.
    pupils, places
        Per home and per school; unknown places (NaN) count as none.

    Returns
    -------
    float64 per home; 0 where no place can be reached.
    """
    demand = np.bincount(ways.school, weight * pupils[ways.home], minlength=len(places))
    known = np.nan_to_num(np.asarray(places, np.float64), nan=0.0)
    ratio = np.divide(known, demand, out=np.zeros(len(known)), where=demand > 0)
    return np.bincount(ways.home, weight * ratio[ways.school], minlength=len(pupils)).astype(np.float64)


def two_step(ways: Ways, pupils: F64, places: F64, *, limit: float) -> F64:
    """2SFCA: every pair within the limit (inclusive) counts fully."""
    return floating_catchment(ways, step_weights(ways.cost, [limit], [1.0]), pupils, places)


def enhanced_two_step(
    ways: Ways, pupils: F64, places: F64, *, limits: Sequence[float], weights: Sequence[float]
) -> F64:
    """E2SFCA: weights by zones of cost, such as 1, 0.68, 0.22 within 10, 20, 30 minutes."""
    return floating_catchment(ways, step_weights(ways.cost, limits, weights), pupils, places)


def step_weights(cost: F64, limits: Sequence[float], weights: Sequence[float]) -> F64:
    """Weight of the first zone whose limit (inclusive) is not exceeded, 0 beyond the last.

    Raises
    ------
    ValueError
        When limits do not rise, or limits and weights differ in number.
    """
    if len(limits) != len(weights) or any(b <= a for a, b in pairwise(limits)):
        raise ValueError("limits must rise, one weight for each")
    zone = np.searchsorted(np.asarray(limits, np.float64), cost, side="left")
    return np.append(np.asarray(weights, np.float64), 0.0)[zone]


def gaussian_weights(cost: F64, limit: float) -> F64:
    """1 at the door, falling as a bell to 0 at the limit (Dai 2010, doi:10.1016/j.healthplace.2010.06.012)."""
    edge = np.exp(-0.5)
    bell = (np.exp(-0.5 * (np.asarray(cost, np.float64) / limit) ** 2) - edge) / (1 - edge)
    return np.where(cost <= limit, bell, 0.0)


def power_weights(cost: F64, limit: float, *, exponent: float = 1.0, nearest: float = 1.0) -> F64:
    """``(cost / nearest) ** -exponent`` within the limit (inclusive); costs below ``nearest`` count as it."""
    near = np.maximum(np.asarray(cost, np.float64), nearest) / nearest
    return np.where(cost <= limit, near**-exponent, 0.0)
