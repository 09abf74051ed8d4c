"""Which requirements cannot be met, by name."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from geoplan.siting.location.core import Core, core_of
from geoplan.siting.location.instance import F64, Instance, Mask, Reason
from geoplan.siting.location.plans import Plan, best_plan

ROUNDING = 1e-9
PATIENCE_S = 10.0
"""How long the search for the reason may take when the search for a plan has taken all its time."""


def cannot(instance: Instance) -> tuple[Reason, ...]:
    """What forbids any plan at first sight; empty where a plan may exist. mclp leaves out who finds no place."""
    if instance.model == "mclp":
        return ()
    return tuple(_at_sight(instance))


def _at_sight(instance: Instance) -> Iterator[Reason]:
    count = np.bincount(instance.pairs.unit, minlength=len(instance.demand))
    if (count == 0).any():
        yield Reason("location_unreachable", _units(count == 0))
    if instance.capacity is None:
        return
    if instance.single_source:
        largest = np.zeros(len(instance.demand))
        np.maximum.at(largest, instance.pairs.unit, instance.capacity[instance.pairs.site])
        large = (instance.demand > largest * (1 + ROUNDING)) & (count > 0)
        if large.any():
            yield Reason("location_too_large", _units(large))
    total, most = math.fsum(instance.demand.tolist()), _most_places(instance, instance.capacity)
    if total > most * (1 + ROUNDING):
        yield Reason("location_capacity_short", {"demand": total, "capacity": most, "short": total - most})


def why_not(instance: Instance, core: Core, deadline: float) -> tuple[Reason, ...]:
    """Why a problem without a plan has none; empty where that could not be found out in time."""
    deadline = max(deadline, time.monotonic() + PATIENCE_S)
    return tuple(_found_out(instance, core, deadline))


def _found_out(instance: Instance, core: Core, deadline: float) -> Iterator[Reason]:
    cover = _fewest(replace(core, capacity=None, whole=False), deadline)
    if core.most is not None and _least(cover) > core.most:
        yield Reason("location_p_too_small", {"p": core.most, "needed": _least(cover)})
        return
    if core.capacity is None:
        return
    served = _most_served(instance, deadline)
    total = math.fsum(core.size.tolist())
    if served is not None and served < total * (1 - 1e-7):
        yield Reason("location_capacity_in_reach", {"demand": total, "served": served, "short": total - served})
        return
    fewest = _fewest(core, deadline)
    if fewest.is_open is None and math.isinf(fewest.bound):
        yield Reason("location_not_whole", {})
    elif core.most is not None and _least(fewest) > core.most:
        yield Reason("location_p_too_small_for_capacity", {"p": core.most, "needed": _least(fewest)})


def _fewest(core: Core, deadline: float) -> Plan:
    """Fewest new sites, whatever they cost."""
    free = replace(core, fixed=np.where(core.existing, 0.0, 1.0), value=np.zeros(len(core.value)), most=None)
    return best_plan(free, deadline)


def _least(plan: Plan) -> int:
    """How many new sites are needed at least, as far as proven."""
    return 0 if math.isinf(plan.bound) else math.ceil(plan.bound - 1e-6)


def _most_served(instance: Instance, deadline: float) -> float | None:
    """Most demand that fits when every site is open and units may be split; None where not known."""
    wanted = replace(instance, model="mclp", p=None, single_source=False)
    core = replace(core_of(wanted), existing=np.ones(instance.n_sites, bool))
    plan = best_plan(core, deadline)
    return math.fsum((core.size[core.unit[plan.pair]] * plan.share).tolist()) if plan.proven else None


def _most_places(instance: Instance, capacity: F64) -> float:
    """Places of the existing sites and of the p largest others."""
    new = np.ones(instance.n_sites, bool)
    new[instance.existing] = False
    largest = np.sort(capacity[new])[::-1]
    return math.fsum(capacity[~new].tolist()) + math.fsum(largest[: instance.p].tolist())


def _units(mask: Mask) -> dict[str, object]:
    return {"units": np.flatnonzero(mask).tolist(), "count": int(mask.sum())}
