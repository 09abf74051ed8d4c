"""What a run's summary says of its scenario: the steps, which of them come later, what closing schools does."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

from geoplan.coverage import StageCoverage
from geoplan.scenario.applied import applied, identity_of
from geoplan.scenario.closing import Reading, closures, moved_elsewhere
from geoplan.situation import Situation, restocked
from layers.bundle import Layers
from layers.scenariofile import CloseStep, HousingStep, RetrofitStep, Scenario, Step

Count = Callable[[Layers, Situation], Mapping[str, StageCoverage]]


def effects(
    plan: Layers, scenario: Scenario, made: tuple[Layers, Situation, Mapping[str, StageCoverage]], count: Count
) -> dict[str, Any]:
    """``summary["scenario"]``.

    Parameters
    ----------
    plan
        The layers without the scenario.
    made
        Layers, situation and stages of the run.
    count
        Counts every stage of other layers.

    Returns
    -------
    dict
        Name, titles, steps; ``actions`` (how many); ``year`` (of the school table) and ``later`` (numbers of steps
        that come after it); ``closures`` and ``moved_elsewhere`` of `geoplan.scenario.closing`; ``uncounted`` (names
        of closed schools without pupils of the run); ``blocked``.
    """
    year = plan.plan.schools.year
    later = [at for at, step in enumerate(scenario.steps, start=1) if (_year(step) or 0) > (year or 0)]
    told = {**identity_of(scenario), "actions": len(scenario.steps), "year": year, "later": later}
    closing = {step.school_id: step.override for step in scenario.steps if isinstance(step, CloseStep)}
    if not closing:
        return {**told, "closures": [], "uncounted": [], "moved_elsewhere": {}, "blocked": False}
    before, after, situation = _readings(plan, scenario, made, count, whole=bool(later))
    rows = closures(before, after, situation, closing)
    moved = moved_elsewhere(before, after, situation, sorted(closing))
    blocked = any(row["blocked"] for row in rows)
    silent = _uncounted(plan, closing.keys() - {row["school_id"] for row in rows})
    return {**told, "closures": rows, "uncounted": silent, "moved_elsewhere": moved, "blocked": blocked}


def _uncounted(plan: Layers, schools: Collection[str]) -> list[str]:
    """Names of the plan's schools that close and have no pupils of the run."""
    table = plan.schools
    return [str(name) for name in table.loc[table["id"].isin(sorted(schools)), "name"]]


def _readings(
    plan: Layers,
    scenario: Scenario,
    made: tuple[Layers, Situation, Mapping[str, StageCoverage]],
    count: Count,
    *,
    whole: bool,
) -> tuple[Reading, Reading, Situation]:
    """The schools of the plan, and those of the scenario with every step taken, both with the scenario's housing."""
    layers, situation, stages = made
    past = replace(layers, schools=plan.schools, gates=plan.gates)
    before = Reading(past, count(past, restocked(past, situation)))
    if not whole:
        return before, Reading(layers, stages), situation
    full = applied(plan, at_once(scenario))
    return before, Reading(full, count(full, restocked(full, situation))), situation


def at_once(scenario: Scenario) -> Scenario:
    """The same steps, all of them from the base year on."""
    steps = [step if _year(step) is None else step.model_copy(update={"year": None}) for step in scenario.steps]
    return scenario.model_copy(update={"steps": tuple(steps)})


def _year(step: Step) -> int | None:
    return None if isinstance(step, HousingStep | RetrofitStep) else step.year
