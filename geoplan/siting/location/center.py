"""p-centre: the least distance within which p new sites cover every unit (Hakimi 1964; by covers, Minieka 1970)."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from geoplan.siting.location.core import Core, core_of
from geoplan.siting.location.instance import F64, Instance, Pairs
from geoplan.siting.location.plans import Plan, best_plan


@dataclass(frozen=True)
class Centre:
    """The best plan, its core and radius, and the radius that no plan can be below."""

    core: Core
    plan: Plan
    radius: float
    bound: float


@dataclass(frozen=True)
class _Known:
    """Rows of radii: no plan up to ``no``, ``best`` at ``yes``."""

    no: int
    yes: int
    best: Centre


def smallest_radius(instance: Instance, deadline: float) -> Centre | None:
    """Halve the list of distances that occur; each is a covering problem. None where no plan was found.

    ``instance`` must be in canonical order. Covers are first decided by prices and exchange alone, once doubting that
    there is one and once that there is none; then HiGHS decides between the two. What is not decided in time leaves
    the bound below the radius.
    """
    radii = _radii(instance)
    top = _cover(instance, float(radii[-1]), deadline)
    if top is None or isinstance(top, bool):
        return None
    known = _Known(-1, int(np.searchsorted(radii, top.radius)), top)
    for doubt, exact in ((False, False), (True, False), (False, True)):
        known = _halved(instance, radii, known, deadline, doubt=doubt, exact=exact)
    return replace(known.best, bound=float(radii[known.no + 1]))


def _halved(instance: Instance, radii: F64, known: _Known, deadline: float, *, doubt: bool, exact: bool) -> _Known:
    """Halve between the radii known to be too small and the least with a plan.

    A cover that is not decided counts as one that exists where ``doubt``, else as none, for this search only.
    """
    low, high = known.no, known.yes
    while low + 1 < high and time.monotonic() < deadline:
        at = (low + high) // 2
        found = _cover(instance, float(radii[at]), _until(deadline, high - low) if exact else deadline, exact=exact)
        if isinstance(found, Centre):
            high = int(np.searchsorted(radii, found.radius))
            known = replace(known, yes=high, best=found)
        elif found is False:
            known, low = replace(known, no=max(at, known.no)), at
        elif doubt:
            high = at
        else:
            low = at
    return known


def _until(deadline: float, radii: int) -> float:
    """Until when one cover may take: the halvings to come share what is left."""
    now = time.monotonic()
    return now + (deadline - now) / max(np.log2(radii), 1)


def _radii(instance: Instance) -> F64:
    """Distances that can be the answer: from the one that every unit needs at least."""
    nearest = np.full(len(instance.demand), np.inf)
    np.minimum.at(nearest, instance.pairs.unit, instance.pairs.cost)
    radii = np.unique(instance.pairs.cost)
    return radii[radii >= nearest.max(initial=0.0)]


def _cover(instance: Instance, radius: float, deadline: float, *, exact: bool = True) -> Centre | bool | None:
    """A plan that covers within a radius; False where it is proven that none does, None where that is not decided."""
    pairs = instance.pairs
    kept = pairs.cost <= radius
    within = Pairs(pairs.unit[kept], pairs.site[kept], pairs.cost[kept])
    core = core_of(replace(instance, model="lscp", opening_cost=None, pairs=within))
    plan = best_plan(core, deadline, enough=core.may_open, exact=exact)
    if plan.is_open is not None and plan.cost <= core.may_open:
        return Centre(core, plan, float(within.cost[plan.pair].max(initial=0.0)), 0.0)
    return False if plan.bound > core.may_open else None
