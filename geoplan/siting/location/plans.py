"""The best plan for a problem in the common form, with what is proven about it."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np

from geoplan.siting.location.core import Core, cost_of, merged, nearest_open
from geoplan.siting.location.instance import F64, I64, PROVEN, Mask
from geoplan.siting.location.mip import Found, solve_mip

HAIR = 1e-9
"""A share below this is what is left of arithmetic, not a part of a unit."""


@dataclass(frozen=True)
class Plan:
    """Open sites and who goes where.

    Parameters
    ----------
    is_open
        Per site; None where there is no plan.
    pair, share
        Pairs (rows of the core) that are used, and the share of their unit.
    cost, bound
        What the plan costs (inf without one), and what no plan can be cheaper than (inf: there is no plan).
    """

    is_open: Mask | None
    pair: I64
    share: F64
    cost: float
    bound: float

    @property
    def proven(self) -> bool:
        """Whether no plan can be cheaper, but for the noise of adding in another order."""
        return self.bound >= self.cost - PROVEN * abs(self.cost)


def best_plan(core: Core, deadline: float) -> Plan:
    """The best plan that can be found until the deadline (`time.monotonic`)."""
    asked = merged(core)[0] if core.covering else core
    found = solve_mip(asked, deadline - time.monotonic())
    return plan_of(core, found)


def plan_of(core: Core, found: Found) -> Plan:
    """A plan from what HiGHS found, with its cost added up afresh."""
    if found.is_open is None:
        return Plan(None, np.empty(0, np.int64), np.empty(0), math.inf, found.bound)
    if core.capacity is None:
        pair = nearest_open(core, found.is_open)
        used, share = pair[pair >= 0], np.ones(int((pair >= 0).sum()))
    else:
        used, share = _clean(core, found)
    is_open = core.existing.copy()
    is_open[core.site[used]] = True
    cost = cost_of(core, is_open, used, share)
    return Plan(is_open, used, share, cost, proven_bound(core, found, cost))


def proven_bound(core: Core, found: Found, cost: float) -> float:
    """What HiGHS proved, rounded up where every plan has a whole cost; a proven plan is its own bound."""
    if found.proven:
        return cost
    bound = math.ceil(found.bound - 1e-6) if core.integral and math.isfinite(found.bound) else found.bound
    return min(cost, bound)


def _clean(core: Core, found: Found) -> tuple[I64, F64]:
    """Shares without the dust of the simplex method: units that are served in full have parts that sum to one."""
    share = np.rint(found.share) if core.whole else np.where(found.share > HAIR, found.share, 0.0)
    total = np.bincount(core.unit, share, core.n_units)
    full = np.abs(total - 1) < 1e-6
    share[full[core.unit]] /= total[core.unit][full[core.unit]]
    used = np.flatnonzero(share)
    return used, share[used]
