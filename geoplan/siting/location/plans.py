"""The best plan for a problem in the common form, with what is proven about it."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace

import numpy as np

from geoplan.siting.location.branching import finished, fit_sites
from geoplan.siting.location.core import Core, cost_of, merged, nearest_open, only
from geoplan.siting.location.covering import condensed
from geoplan.siting.location.instance import F64, I64, PROVEN, Mask
from geoplan.siting.location.mip import Found, solve_mip
from geoplan.siting.location.relaxed import Relaxed, absorbed, narrowed, relax

HAIR = 1e-9
"""A share below this is what is left of arithmetic, not a part of a unit."""
LARGEST_MIP = 400_000
"""Pairs above which HiGHS would only burn time and memory; covering problems need no variables for pairs."""
LARGEST_COVER = 3_000_000
SMALL_MIP = 3_000
"""Pairs up to which HiGHS is asked first where there are capacities."""
SHRUNK = 0.8
"""Share of the pairs left up to which a problem is worth another round of prices."""


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


def best_plan(core: Core, deadline: float, *, enough: float | None = None, exact: bool = True) -> Plan:
    """The best plan that can be found until the deadline (`time.monotonic`).

    ``enough`` stops as soon as a plan costs no more, or is proven to cost more; without ``exact``, HiGHS is not asked
    what prices and exchange leave open (where there are no capacities).
    """
    if core.capacity is not None:
        return _with_capacity(core, deadline, enough)
    asked = absorbed(merged(core) if core.covering else core)
    asked = condensed(asked) if asked.covering else asked
    return _served(core, _best_sites(asked, deadline, enough, exact=exact))


def _with_capacity(core: Core, deadline: float, enough: float | None) -> Plan:
    """Small problems by HiGHS; others, and what it leaves open, by prices, exchange and branching."""
    assert core.capacity is not None
    plan, begun = None, time.monotonic()
    if len(core.site) <= SMALL_MIP:
        plan = plan_of(core, solve_mip(core, (deadline - begun) / 2))
        if plan.proven or (math.isinf(plan.bound) and plan.bound > 0):
            return plan
    fits = core.size[core.unit] <= core.capacity[core.site] if core.whole else np.ones(len(core.site), bool)
    kept = np.flatnonzero(fits)
    asked = only(core, fits)
    best, bound = fit_sites(asked, deadline, enough)
    best = finished(asked, best)
    if plan is not None and (best.is_open is None or plan.cost <= best.cost):
        return replace(plan, bound=min(plan.cost, max(plan.bound, bound)))
    if best.is_open is None:
        return Plan(None, np.empty(0, np.int64), np.empty(0), math.inf, bound)
    used = core.existing.copy()
    used[asked.site[best.fit.pair]] = True
    cost = cost_of(asked, used, best.fit.pair, best.fit.share)
    bound = max(bound, plan.bound) if plan is not None else bound
    return Plan(used, kept[best.fit.pair], best.fit.share, cost, min(bound, cost))


def _best_sites(core: Core, deadline: float, enough: float | None, *, exact: bool = True) -> Relaxed:
    """Prices and exchange, then the same for what they left open while that shrinks, then HiGHS."""
    found = relax(core, deadline, enough=enough)
    if found.is_open is None:
        found = _from_cover(core, found, deadline, exact=exact)
    if not exact or _settled(found, enough) or deadline <= time.monotonic():
        return found
    small, sites, paid = narrowed(core, found)
    if len(small.site) < SHRUNK * len(core.site):
        inner = _best_sites(small, deadline, None if enough is None else enough - paid)
    else:
        inner = _by_mip(small, deadline)
    return _better(core, found, inner, (sites, paid))


def _settled(found: Relaxed, enough: float | None) -> bool:
    if found.bound >= found.cost - PROVEN * abs(found.cost):
        return True
    return enough is not None and (found.cost <= enough or found.bound > enough)


def _by_mip(core: Core, deadline: float) -> Relaxed:
    """The best sites by HiGHS, where the problem is of a size it can handle."""
    nothing = np.zeros(core.n_sites, bool)
    if len(core.site) > (LARGEST_COVER if core.covering else LARGEST_MIP):
        return Relaxed(None, math.inf, -math.inf, nothing, nothing, np.ones(len(core.site), bool))
    exact = solve_mip(core, deadline - time.monotonic())
    cost = math.inf if exact.is_open is None else _cost(core, exact.is_open)
    bound = cost if exact.proven else exact.bound
    if core.integral and math.isfinite(bound):
        bound = math.ceil(bound - 1e-6)
    return Relaxed(exact.is_open, cost, bound, nothing, nothing, np.ones(len(core.site), bool))


def _better(core: Core, found: Relaxed, inner: Relaxed, kept: tuple[I64, float]) -> Relaxed:
    """What is known once the problem that was left is answered; a plan that was ruled out costs more than found."""
    sites, paid = kept
    is_open, cost = found.is_open, found.cost
    if inner.is_open is not None:
        tried = found.forced.copy()
        tried[sites[inner.is_open]] = True
        if (reached := _cost(core, tried)) < cost:
            is_open, cost = tried, reached
    return replace(found, is_open=is_open, cost=cost, bound=min(cost, max(found.bound, inner.bound + paid)))


def _from_cover(core: Core, found: Relaxed, deadline: float, *, exact: bool) -> Relaxed:
    """A plan for those who must be served, begun from the fewest sites that reach them all; or proof that none is."""
    must = np.where(np.isinf(core.outside), np.inf, 0.0)
    cover = replace(core, value=np.zeros(len(core.value)), outside=must, fixed=np.ones(core.n_sites), most=None)
    fewest = best_plan(cover, deadline, enough=core.may_open, exact=exact)
    if fewest.bound > core.may_open:
        return replace(found, bound=math.inf)
    if fewest.is_open is None or fewest.cost > core.may_open:
        return found
    return relax(core, deadline, start=fewest.is_open)


def _cost(core: Core, is_open: Mask) -> float:
    pair = nearest_open(core, is_open)
    used = pair[pair >= 0]
    return cost_of(core, is_open, used, np.ones(len(used)))


def _served(core: Core, found: Relaxed) -> Plan:
    """Everybody to the nearest open site; sites that nobody goes to stay shut."""
    if found.is_open is None:
        return Plan(None, np.empty(0, np.int64), np.empty(0), math.inf, found.bound)
    pair = nearest_open(core, found.is_open | core.existing)
    used = pair[pair >= 0]
    is_open = core.existing.copy()
    is_open[core.site[used]] = True
    share = np.ones(len(used))
    cost = cost_of(core, is_open, used, share)
    return Plan(is_open, used, share, cost, cost if found.bound >= cost - PROVEN * abs(cost) else found.bound)


def plan_of(core: Core, found: Found) -> Plan:
    """A plan from what HiGHS found, with its cost added up afresh; a proven plan is its own bound."""
    if found.is_open is None:
        return Plan(None, np.empty(0, np.int64), np.empty(0), math.inf, found.bound)
    used, share = _clean(core, found)
    is_open = core.existing.copy()
    is_open[core.site[used]] = True
    cost = cost_of(core, is_open, used, share)
    bound = math.ceil(found.bound - 1e-6) if core.integral and math.isfinite(found.bound) else found.bound
    return Plan(is_open, used, share, cost, cost if found.proven else min(cost, bound))


def _clean(core: Core, found: Found) -> tuple[I64, F64]:
    """Shares without the dust of the simplex method: units that are served in full have parts that sum to one."""
    share = np.rint(found.share) if core.whole else np.where(found.share > HAIR, found.share, 0.0)
    total = np.bincount(core.unit, share, core.n_units)
    full = np.abs(total - 1) < 1e-6
    share[full[core.unit]] /= total[core.unit][full[core.unit]]
    used = np.flatnonzero(share)
    return used, share[used]
