"""Problems without capacities: exchange from below and above, prices that bound, and what they rule out."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace

import numpy as np

from geoplan.siting.location.core import Core, only
from geoplan.siting.location.instance import F64, I64, PROVEN, Mask
from geoplan.siting.location.kernels_exchange import Served, Town, add_greedily, improve, settle
from geoplan.siting.location.kernels_relax import BEST, LEAST_STEP, STEP, Prices, raise_bound, weigh

STEPS = 50
"""Steps of the prices between two looks at the sites they choose."""
MOST_TURNS = 100
HOPELESS = 4
"""Turns after which a problem without any plan so far is looked at in another way."""
LARGE = 200_000
"""Pairs from which on exchanges begin only at promising sites, and a gap of `NEAR` is first used to narrow."""
WORTH_IT, NEAR = 1.05, 0.001
PASSES = 100
FIRST_STEP = 1.5
ROUNDING = 1e-12
"""Share of the sum of prices taken off a bound: more than adding in any order can err."""


@dataclass(frozen=True)
class Relaxed:
    """Best sites found, and what the prices prove.

    Parameters
    ----------
    is_open
        Per site; None where no plan was found.
    cost, bound
        Of the plan (inf without one); proven for every plan.
    out, forced
        Sites that no better plan opens, and that every better plan opens.
    pairs
        Pairs that a better plan may use.
    """

    is_open: Mask | None
    cost: float
    bound: float
    out: Mask
    forced: Mask
    pairs: Mask


def absorbed(core: Core) -> Core:
    """Existing sites as what leaving a unit out costs: only pairs that do better than that are kept."""
    old = core.existing[core.site]
    outside = core.outside.copy()
    np.minimum.at(outside, core.unit[old], core.value[old])
    kept = ~old & (core.value < outside[core.unit])
    return replace(only(core, kept), outside=outside, existing=np.zeros(core.n_sites, bool), most=core.may_open)


def relax(core: Core, deadline: float, *, enough: float | None = None, start: Mask | None = None) -> Relaxed:
    """Raise the bound by prices and improve the sites these choose, until they meet or the time is over.

    ``core`` must be `absorbed`. ``enough`` stops as soon as a plan costs no more, or is proven to cost more;
    ``start`` is a set of sites to begin with.
    """
    town, served = town_of(core), _nobody(core)
    seen: set[bytes] = set()
    best = _improved(core, town, served, np.zeros(core.n_sites, bool), Best(None, math.inf, math.inf))
    prices = _prices(core, town, served)
    if start is not None:
        best = _improved(core, town, served, start, best)
    offers, bound = town._replace(outside=core.outside), -math.inf
    for turn in range(MOST_TURNS):
        raise_bound(offers, prices, core.may_open, best.target, STEPS)
        bound = _sure(core, prices, bound)
        if _done(best.cost, bound, enough) or prices.state[STEP] < LEAST_STEP or time.monotonic() > deadline:
            break
        if (best.is_open is None and turn > HOPELESS) or _near(core, best.cost, bound):
            break
        if (key := np.packbits(prices.chosen).tobytes()) not in seen:
            seen.add(key)
            best = _improved(core, town, served, prices.chosen, best)
    prices.price[:] = prices.best_price
    weigh(offers, prices, core.may_open)
    return Relaxed(best.is_open, best.cost, bound, *_ruled_out(core, prices, best.cost))


@dataclass(frozen=True)
class Best:
    """Best sites so far with their cost, and the least cost of any sites if those left out pay the penalty."""

    is_open: Mask | None
    cost: float
    penalised: float

    @property
    def target(self) -> float:
        """What the bound is raised towards."""
        return self.cost if math.isfinite(self.cost) else self.penalised


def _improved(core: Core, town: Town, served: Served, chosen: Mask, best: Best) -> Best:
    """Fill up a set of sites and exchange until nothing helps."""
    served.is_open[:] = chosen
    settle(town, served)
    add_greedily(town, served, core.may_open)
    total = settle(town, served)
    if len(core.site) > LARGE and total > WORTH_IT * best.cost:
        return best
    total = improve(town, served, core.may_open, PROVEN * abs(total) / 10, PASSES)
    left_out = (served.nearest < 0) & np.isinf(core.outside)
    if left_out.any() or total >= best.cost:
        return replace(best, penalised=min(best.penalised, total))
    return Best(served.is_open.copy(), total, min(best.penalised, total))


def _nobody(core: Core) -> Served:
    units, sites = np.zeros(core.n_units), np.zeros(core.n_sites)
    nearest = np.full(core.n_units, -1, np.int32)
    return Served(np.zeros(core.n_sites, bool), units, units.copy(), nearest, sites, sites.copy())


def town_of(core: Core) -> Town:
    """The problem as the kernels take it; who must be served pays more for being left out than any plan costs."""
    by_site = np.argsort(core.site, kind="stable")
    site_start = np.concatenate([[0], np.cumsum(np.bincount(core.site, minlength=core.n_sites))])
    dearest = np.zeros(core.n_units)
    np.maximum.at(dearest, core.unit, core.value)
    penalty = 1.0 + float(dearest.sum() + core.fixed.sum())
    outside = np.where(np.isfinite(core.outside), core.outside, penalty)
    columns = (site_start.astype(np.int64), core.unit[by_site].astype(np.int32), core.value[by_site])
    return Town(core.start, core.site, core.value, *columns, outside, core.fixed)


def _prices(core: Core, town: Town, served: Served) -> Prices:
    """Prices to begin with: what a unit would pay if its site closed, or its part of a site's cost."""
    units = np.maximum(np.bincount(core.site, minlength=core.n_sites), 1)
    part = np.zeros(core.n_units)
    np.maximum.at(part, core.unit, core.value + (core.fixed / units)[core.site])
    second = np.where(served.second < town.outside, np.maximum(served.second, part), np.minimum(part, town.outside))
    if core.covering:
        second = np.full(core.n_units, np.inf)
        np.minimum.at(second, core.unit, (core.fixed / units)[core.site])
        second = np.minimum(second, town.outside)
    worth = np.zeros(len(town.fixed))
    state = np.array([-np.inf, FIRST_STEP, 0.0])
    return Prices(second.copy(), second, np.zeros(len(second)), worth, worth > 0, state)


def _sure(core: Core, prices: Prices, before: float) -> float:
    """The best bound less what arithmetic may err; rounded up where every plan has a whole cost."""
    bound = float(prices.state[BEST]) - ROUNDING * float(np.abs(prices.best_price).sum())
    bound = math.ceil(bound - 1e-6) if core.integral else bound
    return max(before, bound)


def _near(core: Core, cost: float, bound: float) -> bool:
    """Whether a large problem is better gone on with once narrowed: most of its pairs are ruled out by now."""
    return len(core.site) > LARGE and cost - bound <= NEAR * abs(cost)


def _done(cost: float, bound: float, enough: float | None) -> bool:
    if bound >= cost - PROVEN / 10 * abs(cost):
        return True
    return enough is not None and (cost <= enough or bound > enough)


def _ruled_out(core: Core, prices: Prices, cost: float) -> tuple[Mask, Mask, Mask]:
    """Sites out, sites forced, pairs that may be used: by what opening, closing or using them adds to the bound."""
    worth, chosen = prices.worth, prices.chosen
    full = int(chosen.sum()) >= core.may_open
    last = float(worth[chosen].max(initial=-np.inf)) if full and chosen.any() else 0.0
    following = min(float(worth[~chosen].min(initial=0.0)), 0.0) if full else 0.0
    opening = np.where(chosen, 0.0, worth - last)
    closing = np.where(chosen, following - worth, 0.0)
    room = cost + PROVEN * abs(cost) - float(prices.state[BEST])
    using = opening[core.site] + np.maximum(core.value - prices.price[core.unit], 0.0)
    return opening > room, closing > room, using <= room


def narrowed(core: Core, found: Relaxed) -> tuple[Core, I64, float]:
    """The problem without what was ruled out, its sites, and the cost of sites forced open."""
    open_now = replace(core, existing=found.forced, fixed=np.where(found.forced, 0.0, core.fixed))
    small = absorbed(only(open_now, found.pairs & ~found.out[core.site]))
    sites = np.flatnonzero(np.bincount(small.site, minlength=core.n_sites) > 0)
    rank = np.zeros(core.n_sites, np.int32)
    rank[sites] = np.arange(len(sites))
    left = None if core.most is None else core.most - int(found.forced.sum())
    small = replace(
        small, site=rank[small.site], fixed=core.fixed[sites], existing=np.zeros(len(sites), bool), most=left
    )
    return small, sites, _sum(core.fixed[found.forced])


def _sum(part: F64) -> float:
    return math.fsum(part.tolist())
