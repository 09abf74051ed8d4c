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


def smallest_radius(instance: Instance, deadline: float) -> Centre | None:
    """Halve the list of distances that occur; each is a covering problem. None where no plan was found.

    ``instance`` must be in canonical order. A cover that is not decided in time leaves the bound below the radius.
    """
    radii = _radii(instance)
    best: Centre | None = None
    low, high, proven = 0, len(radii) - 1, -1
    at = high  # first whether there is any plan at all
    while low <= high:
        core = _cover(instance, float(radii[at]))
        plan = best_plan(core, _until(deadline, 1 if best is None else high - low + 1))
        if plan.is_open is not None:
            best = Centre(core, plan, float(radii[at]), 0.0)
            high = at - 1
        elif best is None:
            return None
        else:
            low = at + 1
            proven = max(proven, at) if np.isinf(plan.bound) else proven
        at = (low + high) // 2
    assert best is not None
    return replace(best, bound=float(radii[min(proven + 1, len(radii) - 1)]))


def _until(deadline: float, radii: int) -> float:
    """Until when one cover may take: the halvings to come share what is left."""
    now = time.monotonic()
    return now + (deadline - now) / (np.log2(radii) + 1)


def _radii(instance: Instance) -> F64:
    """Distances that can be the answer: from the one that every unit needs at least."""
    nearest = np.full(len(instance.demand), np.inf)
    np.minimum.at(nearest, instance.pairs.unit, instance.pairs.cost)
    radii = np.unique(instance.pairs.cost)
    return radii[radii >= nearest.max(initial=0.0)]


def _cover(instance: Instance, radius: float) -> Core:
    pairs = instance.pairs
    kept = pairs.cost <= radius
    within = Pairs(pairs.unit[kept], pairs.site[kept], pairs.cost[kept])
    return core_of(replace(instance, model="lscp", opening_cost=None, pairs=within))
