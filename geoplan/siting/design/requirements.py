"""Which options can be taken at all, in which years, and which requirements contradict each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoplan.siting.design.outcome import Reason
from geoplan.siting.design.task import F64, I64, Option, Task


@dataclass(frozen=True)
class Usable:
    """Options left, in an order that does not depend on the rows of the task.

    Parameters
    ----------
    options
        Positions in ``task.options``.
    openings
        Per option, positions in ``task.years`` at which it may open.
    forced
        Numbers of the places that must be built on.
    problems, notes
        What cannot be met; what was left out and why.
    """

    options: tuple[int, ...]
    openings: tuple[tuple[int, ...], ...]
    forced: tuple[int, ...]
    problems: tuple[Reason, ...]
    notes: tuple[Reason, ...]


def usable(task: Task) -> Usable:
    """Options that are possible by themselves, and every contradiction among the requirements."""
    notes: list[Reason] = []
    kept: list[int] = []
    for at in sorted(range(len(task.options)), key=lambda at: _key(task, at)):
        reason = _why_not(task, at)
        if reason is None:
            kept.append(at)
        elif reason.code:
            notes.append(reason)
    problems, forced = _forced(task, kept)
    openings = tuple(opening_years(task, task.options[at]) for at in kept)
    notes.extend(_remarks(task, kept))
    return Usable(tuple(kept), openings, forced, tuple(problems), tuple(notes))


def least_cost(option: Option) -> float:
    """Cost of the smallest form of an option."""
    if sum(option.classes_min):
        return option.opening_cost + sum(
            n * cost for n, cost in zip(option.classes_min, option.class_cost, strict=True)
        )
    possible = [cost for cost, most in zip(option.class_cost, option.classes_max, strict=True) if most > 0]
    return option.opening_cost + min(possible, default=0.0)


def opening_years(task: Task, option: Option) -> tuple[int, ...]:
    """Positions of the years worth considering.

    Places opened earlier never serve fewer, so a school or an enlargement opens as soon as it may, or as soon as the
    next phase has money. Classes are converted in any year: the stage that gives them up may need them before.
    """
    years = np.asarray(task.years)
    able = np.ones(len(years), bool) if option.ready is None else years >= option.ready
    if option.closes is not None:
        able &= years < option.closes
    possible = np.flatnonzero(able)
    if option.kind == "convert" or not len(possible):
        return tuple(possible.tolist())
    after = [years[possible] > until for until in task.limits.phase_budgets]
    firsts = {int(possible[0]), *(int(possible[late][0]) for late in after if late.any())}
    return tuple(sorted(firsts))


def _key(task: Task, at: int) -> tuple[object, ...]:
    option = task.options[at]
    rest = (option.classes_min, option.classes_max, option.class_cost, option.opening_cost, option.ready or 0)
    return (option.kind, task.place_id[option.place], option.stages, option.takes or "", rest, at)


def _why_not(task: Task, at: int) -> Reason | None:
    """Why an option is left out; an empty code where nothing needs to be said."""
    option, site = task.options[at], task.place_id[task.options[at].place]
    about = {"site_id": site, "kind": option.kind, "stages": list(option.stages)}
    if site in task.limits.forbid:
        return Reason("", {})
    if option.kind == "build" and task.limits.max_new == 0:
        return Reason("", {})
    most = sum(option.classes_max) if option.classes_total is None else option.classes_total
    least = sum(option.classes_min)
    over = any(low > high for low, high in zip(option.classes_min, option.classes_max, strict=True))
    if over or least > most or most < 1 or sum(option.classes_max) < 1:
        return Reason("site_too_small", {**about, "classes_min": max(least, 1), "classes_max": most})
    if not opening_years(task, option):
        return Reason("ready_after_plan", {**about, "year": option.ready, "last": task.years[-1]})
    return None


def _forced(task: Task, kept: list[int]) -> tuple[list[Reason], tuple[int, ...]]:
    problems: list[Reason] = []
    places: list[int] = []
    cost = 0.0
    for site in sorted(set(task.limits.force)):
        costs = [least_cost(task.options[at]) for at in kept if _builds_on(task, at, site)]
        if not costs:
            problems.append(_no_way(task, site))
            continue
        places.append(task.place_id.index(site))
        cost += min(costs)
    limits = task.limits
    if limits.max_new is not None and limits.max_new < len(places):
        problems.append(Reason("forced_over_max_new", {"sites": len(places), "max_new": limits.max_new}))
    if limits.budget is not None and cost > limits.budget * (1 + 1e-12):
        problems.append(Reason("forced_over_budget", {"cost": cost, "budget": limits.budget}))
    return problems, tuple(places)


def _builds_on(task: Task, at: int, site: str) -> bool:
    return task.options[at].kind == "build" and task.place_id[task.options[at].place] == site


def _no_way(task: Task, site: str) -> Reason:
    """Why nothing can be built on a forced site."""
    limits, about = task.limits, {"site_id": site}
    if site not in task.place_id[task.existing :]:
        return Reason("forced_unknown", about)
    if site in limits.forbid:
        return Reason("forced_and_forbidden", about)
    if limits.max_new == 0:
        return Reason("forced_over_max_new", {"sites": 1, "max_new": 0})
    if site in limits.unusable:
        return Reason("forced_unusable", {**about, "reason": limits.unusable[site]})
    found = [at for at in range(len(task.options)) if _builds_on(task, at, site)]
    causes = [reason.code for at in found if (reason := _why_not(task, at)) is not None]
    return Reason("forced_unusable", {**about, "reason": causes[0] if causes else "no_option"})


def _remarks(task: Task, kept: list[int]) -> list[Reason]:
    """What the reader of the outcome must know about the limits and the data."""
    limits, notes = task.limits, []
    if limits.max_new == 0:
        notes.append(Reason("max_new_zero", {}))
    unknown_ids = sorted(set(limits.forbid) - set(task.place_id))
    notes.extend(Reason("forbidden_unknown", {"site_id": site}) for site in unknown_ids)
    if not kept:
        notes.append(Reason("no_options", {}))
    elif limits.budget is not None:
        cheapest = min(kept, key=lambda at: (least_cost(task.options[at]), _key(task, at)))
        option, cost = task.options[cheapest], least_cost(task.options[cheapest])
        if cost > limits.budget:
            about = {"budget": limits.budget, "cost": cost, "site_id": task.place_id[option.place]}
            notes.append(Reason("budget_below_cheapest", {**about, "kind": option.kind}))
    for stage in task.stages:
        missing = int(np.isnan(stage.places).all(axis=0).sum()) if stage.places.size else 0
        if missing:
            notes.append(Reason("places_unknown", {"stage": stage.stage, "schools": missing}))
    return notes


def spent_until(task: Task, year_of: I64, cost: F64) -> dict[int, float]:
    """Money spent on what opens up to each year that has a phase budget."""
    years = np.asarray(task.years)[year_of]
    return {until: float(cost[years <= until].sum()) for until in task.limits.phase_budgets}
