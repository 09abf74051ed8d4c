"""Whether a decision is recommended: what speaks for it, what against, and what to look at instead."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from geoplan.siting.design.outcome import Decision, Reason
from geoplan.siting.design.search import LESS
from geoplan.siting.design.task import Task


def verdict(task: Task, made: Decision) -> Decision:
    """The decision with its reasons; not recommended where any speaks against it."""
    against = [*_needless(made), *_empty(task, made), *_dear(task, made), *_small(task, made)]
    reasons = [_gain(task, made), *against]
    if against:
        ways = ("temporary", "enlarge", "convert", "bus")
        reasons.extend(Reason(f"siting_look_at_{way}", {}) for way in ways if way != made.kind)
    return replace(made, recommended=not against, reasons=tuple(reasons))


def _gain(task: Task, made: Decision) -> Reason:
    """What it brings in the year that gains most."""
    by_year = made.gained.sum(axis=0)
    best = int(np.argmax(by_year))
    about = {"pupils": float(by_year[best]), "year": task.years[best], "opens": made.year}
    return Reason(f"siting_{made.kind}_gains", about)


def _needless(made: Decision) -> list[Reason]:
    if made.gained_weighted > LESS:
        return []
    return [Reason("siting_no_gain", {})]


def _empty(task: Task, made: Decision) -> list[Reason]:
    """The year with the lowest load, where that is below the floor."""
    if np.isnan(made.load_all).all():
        return []
    at = int(np.nanargmin(made.load_all))
    low = float(made.load_all[at])
    if low >= task.judgement.load_floor:
        return []
    return [Reason("siting_load_low", {"year": task.years[at], "load": low, "floor": task.judgement.load_floor})]


def _dear(task: Task, made: Decision) -> list[Reason]:
    """Cost per pupil gained, in the year that gains most, against a multiple of the usual cost of a place."""
    rule = task.judgement
    most = float(made.gained.sum(axis=0).max(initial=0.0))
    if most <= LESS or not np.isfinite(rule.cost_ceiling):
        return []
    places = sum(made.places)
    own = made.cost / places
    usual = [rule.usual_place_cost.get(stage, own) * n for stage, n in zip(made.stages, made.places, strict=True)]
    ceiling = rule.cost_ceiling * sum(usual) / places
    if made.cost / most <= ceiling:
        return []
    return [Reason("siting_cost_high", {"cost": made.cost / most, "ceiling": ceiling})]


def _small(task: Task, made: Decision) -> list[Reason]:
    floors = task.judgement.classes_floor
    if made.kind != "build" or not any(stage in floors for stage in made.stages):
        return []
    if any(n >= floors.get(stage, 1) for stage, n in zip(made.stages, made.classes, strict=True)):
        return []
    least = min(floors[stage] for stage in made.stages if stage in floors)
    return [Reason("siting_below_smallest", {"classes": sum(made.classes), "classes_min": least})]
