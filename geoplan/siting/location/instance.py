"""What a location model is asked, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Mask = NDArray[np.bool_]

MODELS = ("lscp", "mclp", "p_median", "p_center", "cflp")
NEED_P = ("mclp", "p_median", "p_center")
PROVEN = 1e-9
"""Relative gap up to which a solution is called optimal: what is left is the noise of adding in another order."""


@dataclass(frozen=True)
class Pairs:
    """Which demand can reach which site, one entry a pair, in any order; a pair that is not there is out of reach.

    Parameters
    ----------
    unit, site
        Row numbers, int64.
    cost
        Cost of one unit of demand at the site (metres, minutes, money), >= 0.
    """

    unit: I64
    site: I64
    cost: F64


@dataclass(frozen=True)
class Instance:
    """A location model with its data; units are rows of demand.

    Parameters
    ----------
    model
        One of `MODELS`.
    demand
        Weight of each unit (pupils), >= 0, shape (n_units,).
    n_sites
        Number of sites, existing ones included.
    pairs
        Who can reach what, at which cost.
    capacity
        Most demand a site takes, shape (n_sites,); None for no limit.
    opening_cost
        Cost of opening a site that is not there yet, shape (n_sites,); None for the model's own (1 in lscp, else 0).
    existing
        Rows of sites that are open already: never closed, never paid for, not counted in ``p``.
    p
        Most sites that may be opened besides; None for any number.
    limit
        Pairs that cost more are out of reach; inclusive.
    single_source
        Whether a unit goes to one site as a whole where there are capacities.
    time_limit_s
        When to stop improving; what was found by then is returned with its bound.
    unit_xy, site_xy
        Coordinates, shape (n, 2), where there are any: they decide between equals.
    """

    model: str
    demand: F64
    n_sites: int
    pairs: Pairs
    capacity: F64 | None = None
    opening_cost: F64 | None = None
    existing: I64 = field(default_factory=lambda: np.empty(0, np.int64))
    p: int | None = None
    limit: float | None = None
    single_source: bool = False
    time_limit_s: float = 60.0
    unit_xy: F64 | None = None
    site_xy: F64 | None = None


@dataclass(frozen=True)
class Reason:
    """Why a model has no solution, as a code with what its sentence needs."""

    code: str
    params: Mapping[str, Any]


@dataclass(frozen=True)
class Solution:
    """What a location model answers; rows as in the instance.

    Parameters
    ----------
    open
        Rows of the open sites, existing ones included, ascending.
    unit, site, amount
        Who goes where, sorted by unit and site; a unit that is not served has no entry.
    objective, bound, gap
        Value of the plan, what no plan can beat, and how far the two lie apart (relative to the larger); None where
        there is no plan, or nothing is proven.
    status
        ``optimal`` (gap at most 1e-9), ``feasible``, ``infeasible``, or ``unknown`` where the time was too short to
        find a plan or to prove that there is none.
    unreachable
        Units without any site in reach.
    reasons
        Which requirement cannot be met.
    unused
        What was given and has no part in the model.
    """

    open: I64
    unit: I64
    site: I64
    amount: F64
    objective: float | None
    bound: float | None
    gap: float | None
    seconds: float
    status: str
    unreachable: I64
    reasons: tuple[Reason, ...] = ()
    unused: tuple[str, ...] = ()


def pairs_of_points(unit_xy: F64, site_xy: F64, limit: float | None = None) -> Pairs:
    """Pairs of points within a limit (all where None), with their Euclidean distance."""
    if limit is None:
        unit, site = np.divmod(np.arange(len(unit_xy) * len(site_xy), dtype=np.int64), max(len(site_xy), 1))
    else:
        unit, site = _near(unit_xy, site_xy, limit)
    cost = np.hypot(*(unit_xy[unit] - site_xy[site]).T)
    kept = slice(None) if limit is None else cost <= limit
    return Pairs(unit[kept], site[kept], cost[kept])


def _near(unit_xy: F64, site_xy: F64, limit: float) -> tuple[I64, I64]:
    """Rows of pairs within a hair more than the limit."""
    found = cKDTree(site_xy).query_ball_point(unit_xy, np.nextafter(limit * (1 + 1e-12), np.inf))
    unit = np.repeat(np.arange(len(unit_xy)), [len(row) for row in found])
    return unit, np.array([site for row in found for site in row], dtype=np.int64)
