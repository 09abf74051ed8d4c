"""Solve a location model and say what is proven about the answer."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import Any

import numpy as np

from geoplan.reasons import sentence
from geoplan.siting.location.canonical import Ordered, ordered
from geoplan.siting.location.center import smallest_radius
from geoplan.siting.location.core import Core, core_of
from geoplan.siting.location.infeasible import cannot, why_not
from geoplan.siting.location.instance import I64, PROVEN, Instance, Reason, Solution
from geoplan.siting.location.plans import Plan, best_plan

NOWHERE = np.empty(0, np.int64)


def locate(instance: Instance) -> Solution:
    """Solve a location model.

    The answer does not depend on the order of rows; rows that are alike in everything may stand for each other. Units
    without a site in reach are listed: mclp leaves them uncovered, the other models are infeasible with them.

    Parameters
    ----------
    instance
        The model with its data (`instance_of` checks data from outside).

    Returns
    -------
    Solution
        Open sites and assignment with objective, bound, gap and status; with the reasons where infeasible.
    """
    begun = time.monotonic()
    order = ordered(instance)
    found = _solved(order.instance, begun + instance.time_limit_s)
    unreachable = np.flatnonzero(np.bincount(order.instance.pairs.unit, minlength=len(instance.demand)) == 0)
    found = replace(found, unreachable=unreachable, unused=_unused(instance))
    return replace(_in_rows(found, order), seconds=time.monotonic() - begun)


def as_data(solution: Solution, language: str = "en") -> dict[str, Any]:
    """The answer as plain data for JSON; reasons as code, params and sentence."""
    assign = zip(solution.unit.tolist(), solution.site.tolist(), solution.amount.tolist(), strict=True)
    return {
        "open": solution.open.tolist(),
        "assign": [list(entry) for entry in assign],
        "objective": solution.objective,
        "bound": solution.bound,
        "gap": solution.gap,
        "seconds": round(solution.seconds, 3),
        "status": solution.status,
        "unreachable": solution.unreachable.tolist(),
        "reasons": [_reason_as_data(reason, language) for reason in solution.reasons],
        "unused": list(solution.unused),
    }


def _reason_as_data(reason: Reason, language: str) -> dict[str, Any]:
    params = dict(reason.params)
    return {"code": reason.code, "params": params, "message": sentence(reason.code, language, **params)}


def _solved(instance: Instance, deadline: float) -> Solution:
    """The answer in canonical rows."""
    if reasons := cannot(instance):
        return _none("infeasible", reasons)
    if instance.model == "p_center":
        centre = smallest_radius(instance, deadline)
        if centre is not None:
            return _answer(centre.core, centre.plan, centre.radius, centre.bound)
        return _without(instance, core_of(replace(instance, model="lscp", opening_cost=None)), deadline)
    core = core_of(instance)
    plan = best_plan(core, deadline)
    if plan.is_open is None:
        return _without(instance, core, deadline, plan)
    if instance.model != "mclp":
        return _answer(core, plan, plan.cost, plan.bound)
    total = math.fsum(core.size.tolist())
    covered = math.fsum((core.size[core.unit[plan.pair]] * plan.share).tolist())
    return _answer(core, plan, covered, covered if plan.proven else max(total - plan.bound, covered))


def _without(instance: Instance, core: Core, deadline: float, plan: Plan | None = None) -> Solution:
    """No plan: why, or that the time was too short to tell."""
    reasons = why_not(instance, core, deadline)
    if reasons or (plan is not None and math.isinf(plan.bound) and plan.bound > 0):
        return _none("infeasible", reasons or (Reason("location_not_together", {}),))
    return _none("unknown", (Reason("location_time", {"seconds": instance.time_limit_s}),))


def _none(status: str, reasons: tuple[Reason, ...]) -> Solution:
    return Solution(NOWHERE, NOWHERE, NOWHERE, np.empty(0), None, None, None, 0.0, status, NOWHERE, reasons)


def _answer(core: Core, plan: Plan, objective: float, bound: float) -> Solution:
    assert plan.is_open is not None
    unit, site = core.unit[plan.pair], core.site[plan.pair].astype(np.int64)
    amount = core.size[unit] * plan.share
    known = bound if math.isfinite(bound) else None
    gap = None if known is None else _gap(objective, known)
    status = "optimal" if gap is not None and gap <= PROVEN else "feasible"
    is_open = np.flatnonzero(plan.is_open)
    return Solution(is_open, unit, site, amount, objective, known, gap, 0.0, status, NOWHERE)


def _gap(objective: float, bound: float) -> float:
    larger = max(abs(objective), abs(bound))
    return abs(objective - bound) / larger if larger else 0.0


def _unused(instance: Instance) -> tuple[str, ...]:
    """What was given and has no part in the model."""
    unused = []
    if instance.opening_cost is not None and instance.model in ("mclp", "p_center"):
        unused.append("opening_cost")
    if instance.single_source and instance.capacity is None:
        unused.append("single_source")
    return tuple(unused)


def _in_rows(found: Solution, order: Ordered) -> Solution:
    """Canonical rows as the caller's rows."""
    unit, site = order.units[found.unit], order.sites[found.site]
    by = np.lexsort((site, unit))
    return replace(
        found,
        open=np.sort(order.sites[found.open]),
        unit=unit[by],
        site=site[by],
        amount=found.amount[by],
        unreachable=np.sort(order.units[found.unreachable]),
        reasons=tuple(_reason_in_rows(reason, order) for reason in found.reasons),
    )


def _reason_in_rows(reason: Reason, order: Ordered) -> Reason:
    if "units" not in reason.params:
        return reason
    rows: I64 = np.sort(order.units[np.asarray(reason.params["units"], np.int64)])
    return Reason(reason.code, {**reason.params, "units": rows.tolist()})
