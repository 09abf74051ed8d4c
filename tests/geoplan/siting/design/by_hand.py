"""The same model by trying every decision: openings in every year, every number of classes, served by minimum cut."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog

from geoplan.siting.design import Option, StageDemand, Task
from geoplan.siting.design.task import F64

State = tuple[int, tuple[int, ...]] | None  # year opened and classes per stage


@dataclass(frozen=True)
class Best:
    served: float
    cost: float
    walking: float
    choices: int


def best(task: Task) -> Best | None:
    """Served, then cost, then walking over all allowed combinations; None where there is none."""
    found: list[tuple[float, float, F64]] = []
    memo: dict[bytes, float] = {}
    for states in itertools.product(*(tuple(_states(task, option)) for option in task.options)):
        if not _allowed(task, states):
            continue
        places = places_of(task, states)
        if places is None:
            continue
        key = places.tobytes()
        if key not in memo:
            memo[key] = served(task, places)
        found.append((memo[key], cost_of(task, states), places))
    if not found:
        return None
    most = max(value for value, _, _ in found)
    least = min(cost for value, cost, _ in found if value >= most - 1e-6)
    equal = [places for value, cost, places in found if value >= most - 1e-6 and cost <= least + 1e-6]
    ties = {places.tobytes(): places for places in equal}
    return Best(most, least, min(walking(task, places) for places in ties.values()), len(found))


def cost_of(task: Task, states: tuple[State, ...]) -> float:
    return sum(
        option.opening_cost + float(np.dot(option.class_cost, state[1]))
        for option, state in zip(task.options, states, strict=True)
        if state is not None
    )


def served(task: Task, places: F64) -> float:
    """Weighted pupils: for each stage and year the least over all sets of places that could be the bottleneck."""
    return float(
        sum(
            task.year_weights[t] * _least_cut(stage, t, places[s, t])
            for s, stage in enumerate(task.stages)
            for t in range(len(task.years))
        )
    )


def walking(task: Task, places: F64) -> float:
    """Weighted pupil-metres of the enrolment with most served and then the least walking, unit by unit."""
    return float(
        sum(
            task.year_weights[t] * unit_level(stage, t, places[s, t])[1]
            for s, stage in enumerate(task.stages)
            for t in range(len(task.years))
        )
    )


def unit_level(stage: StageDemand, year: int, places: F64) -> tuple[float, float]:
    """Pupils served and their walk in metres, by linear programs over single units."""
    if not len(stage.unit):
        return 0.0, 0.0
    n_units, n_places, pairs = stage.pupils.shape[1], len(places), np.arange(len(stage.unit))
    rows = np.zeros((n_units + n_places, len(pairs)))
    rows[stage.unit, pairs] = 1.0
    rows[n_units + np.asarray(stage.place), pairs] = 1.0
    room = np.concatenate([stage.pupils[year], np.where(np.isinf(places), 1e6, places)])
    most = -linprog(-np.ones(len(pairs)), A_ub=rows, b_ub=room).fun
    walk = np.asarray(stage.cost_dm) / 10.0
    least = linprog(walk, A_ub=np.vstack([rows, -np.ones(len(pairs))]), b_ub=[*room, -(most - 1e-9)])
    return float(most), float(least.fun)


def places_of(task: Task, states: tuple[State, ...]) -> F64 | None:
    """Places by stage, year and place; None where more would be given up than there are."""
    places = np.zeros((len(task.stages), len(task.years), len(task.place_id)))
    for s, stage in enumerate(task.stages):
        places[s, :, : task.existing] = np.nan_to_num(stage.places, nan=0.0, posinf=np.inf)
    more = np.zeros_like(places)
    for option, state in zip(task.options, states, strict=True):
        for t in range(len(task.years)) if state is not None else ():
            assert state is not None
            if t < state[0] or (option.closes is not None and task.years[t] >= option.closes):
                continue
            for name, classes in zip(option.stages, state[1], strict=True):
                s = task.stage_ids.index(name)
                more[s, t, option.place] += classes * task.stages[s].class_places
                if option.takes is not None:
                    other = task.stage_ids.index(option.takes)
                    places[other, t, option.place] -= classes * task.stages[other].class_places
    if (places < -1e-9).any():
        return None
    return places + more


def _states(task: Task, option: Option) -> Iterator[State]:
    yield None
    if task.place_id[option.place] in task.limits.forbid:
        return
    sizes = [range(low, high + 1) for low, high in zip(option.classes_min, option.classes_max, strict=True)]
    total = sum(option.classes_max) if option.classes_total is None else option.classes_total
    for t, year in enumerate(task.years):
        if not (option.ready or year) <= year < (option.closes or year + 1):
            continue
        for classes in itertools.product(*sizes):
            if 1 <= sum(classes) <= total:
                yield t, classes


def _allowed(task: Task, states: tuple[State, ...]) -> bool:
    limits = task.limits
    pairs = zip(task.options, states, strict=True)
    built = [option.place for option, state in pairs if state is not None and option.kind == "build"]
    if len(set(built)) < len(built) or (limits.max_new is not None and len(built) > limits.max_new):
        return False
    if not set(limits.force) <= {task.place_id[place] for place in built}:
        return False
    if limits.budget is not None and cost_of(task, states) > limits.budget + 1e-6:
        return False
    for until, money in limits.phase_budgets.items():
        early = tuple(s if s is not None and task.years[s[0]] <= until else None for s in states)
        if cost_of(task, early) > money + 1e-6:
            return False
    return True


def _least_cut(stage: StageDemand, year: int, places: F64) -> float:
    n = len(places)
    least = np.inf
    for chosen in itertools.product((False, True), repeat=n):
        inside = np.array(chosen)
        free = np.zeros(stage.pupils.shape[1], bool)
        free[np.asarray(stage.unit)[~inside[np.asarray(stage.place)]]] = True
        least = min(least, float(places[inside].sum()) + float(stage.pupils[year, free].sum()))
    return least
