"""What each decision brings: pupils gained, enrolment and load by year, walks, and the closest alternatives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from geoplan.enrolment import Assignment
from geoplan.siting.design.allowed import affordable, free_openings
from geoplan.siting.design.columns import Columns, cost_of, opened, places_with
from geoplan.siting.design.construct import Setting, bound_with
from geoplan.siting.design.groups import MILLION
from geoplan.siting.design.outcome import Alternative, Decision, StageYears
from geoplan.siting.design.search import LESS, Choice, evaluated
from geoplan.siting.design.task import F64, I64, Option, Task
from geoplan.siting.design.verdict import verdict

SHOWN = 3  # alternatives per decision


@dataclass(frozen=True)
class Enrolled:
    """Enrolment by stage and year without and with the decisions."""

    before: Sequence[Sequence[Assignment]]
    after: Sequence[Sequence[Assignment]]


def decisions(setting: Setting, choice: Choice, enrolled: Enrolled) -> tuple[Decision, ...]:
    """Every decision of a choice, most pupils gained first."""
    given = setting.search.columns
    found = [
        _decision(setting, choice, int(opening), enrolled)
        for opening in np.flatnonzero(opened(given, choice.classes))
    ]
    return tuple(sorted(found, key=lambda one: (-round(one.gained_weighted, 6), one.cost, one.site_id, one.stages)))


def stage_years(task: Task, found: Sequence[Sequence[Assignment]], places: F64) -> tuple[StageYears, ...]:
    """Enrolment of every stage as tables by year."""
    return tuple(_stage_years(task, s, years, places[s]) for s, years in enumerate(found))


def _stage_years(task: Task, s: int, years: Sequence[Assignment], places: F64) -> StageYears:
    shown, given = places.copy(), np.asarray(task.stages[s].places, np.float64)
    for rule in (np.isnan, np.isinf):
        shown[:, : task.existing] = np.where(rule(given), given, shown[:, : task.existing])
    return StageYears(
        stage=task.stages[s].stage,
        served=np.array([year.served / MILLION for year in years]),
        walk_m=np.array([year.walked / 10.0 / year.served if year.served else np.nan for year in years]),
        load=np.stack([_load(year, places.shape[1]) for year in years]),
        places=shown,
        unserved=np.stack([year.unserved / MILLION for year in years]),
        main_place=np.stack([_main_place(year) for year in years]),
    )


def _main_place(found: Assignment) -> I64:
    """Where the largest share of each unit goes; the nearer place on a tie."""
    order = np.lexsort((found.school, found.cost_dm, -found.millionths, found.unit))
    unit, first = np.unique(found.unit[order], return_index=True)
    place = np.full(len(found.supply), -1, np.int64)
    place[unit] = found.school[order[first]]
    return place


def _load(found: Assignment, n_places: int) -> F64:
    return np.bincount(found.school, found.millionths, n_places) / MILLION


def _decision(setting: Setting, choice: Choice, opening: int, enrolled: Enrolled) -> Decision:
    task, given = setting.task, setting.search.columns
    at = setting.usable.options[given.option[opening]]
    option = task.options[at]
    own = np.flatnonzero(given.opening == opening)
    rest = evaluated(setting.search.world, np.where(given.opening == opening, 0, choice.classes))
    gained = (choice.served - rest.served) / MILLION
    classes = tuple(int(n) for n in choice.classes[own])
    stages = [task.stage_ids.index(stage) for stage in option.stages]
    pupils, before = (_pupils(which, stages, option.place) for which in (enrolled.after, enrolled.before))
    load, load_all = _loads(given, choice, (stages, int(given.year[opening]), option.place), pupils)
    walks = _walks(task, enrolled, stages, option.place)
    needed = np.flatnonzero(gained.sum(axis=0) > LESS)
    value = choice.value - rest.value
    cost = float(given.opening_cost[opening] + (given.class_cost[own] * choice.classes[own]).sum())
    made = Decision(
        option=at,
        kind=option.kind,
        place=option.place,
        site_id=task.place_id[option.place],
        stages=option.stages,
        takes=option.takes,
        classes=classes,
        places=tuple(n * task.stages[s].class_places for n, s in zip(classes, stages, strict=True)),
        cost=cost,
        year=task.years[given.year[opening]],
        needed_year=task.years[needed[0]] if len(needed) else None,
        gained=gained,
        gained_weighted=value,
        pupils=pupils,
        pupils_before=before,
        load=load,
        load_all=load_all,
        walk_m=walks[0],
        walk_before_m=walks[1],
        recommended=True,
        reasons=(),
        alternatives=_alternatives(setting, choice, rest, opening),
    )
    return verdict(task, made)


def _pupils(found: Sequence[Sequence[Assignment]], stages: Sequence[int], place: int) -> F64:
    rows = [[float(year.millionths[year.school == place].sum()) / MILLION for year in found[s]] for s in stages]
    return np.array(rows, np.float64)


def _loads(given: Columns, choice: Choice, of: tuple[Sequence[int], int, int], pupils: F64) -> tuple[F64, F64]:
    """Pupils / places per stage and for all stages, NaN before the opening, without places or unlimited."""
    stages, year, place = of
    places = places_with(given, choice.classes)[stages, :, place]
    changed = np.zeros(places.shape, bool)
    for row, s in enumerate(stages):
        changed[row, given.e_year[(given.e_stage == s) & (given.e_place == place)]] = True
    places = np.where(changed & (np.arange(places.shape[1]) >= year) & (places > 0), places, np.nan)
    together = np.nansum(places, axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        every = np.nansum(np.where(np.isnan(places), np.nan, pupils), axis=0) / together
        return pupils / places, np.where(together > 0, every, np.nan)


def _walks(task: Task, enrolled: Enrolled, stages: Sequence[int], place: int) -> tuple[float, float]:
    """Mean walk of those enrolled at a place, and of the same pupils before, as far as they had a place."""
    amount, walked, amount_before, walked_before = 0.0, 0.0, 0.0, 0.0
    for s in stages:
        for t, weight in enumerate(task.year_weights):
            after, before = enrolled.after[s][t], enrolled.before[s][t]
            there = after.school == place
            units, pupils = after.unit[there], after.millionths[there] * weight
            amount += float(pupils.sum())
            walked += float((pupils * after.cost_dm[there]).sum())
            n = len(before.supply)
            walk = np.bincount(before.unit, before.millionths * before.cost_dm, n)
            had = np.bincount(before.unit, before.millionths, n)
            share = np.divide(pupils, before.supply[units], out=np.zeros(len(units)), where=before.supply[units] > 0)
            amount_before += float((share * had[units]).sum())
            walked_before += float((share * walk[units]).sum())
    return _mean_m(walked, amount), _mean_m(walked_before, amount_before)


def _mean_m(walked: float, amount: float) -> float:
    return walked / 10.0 / amount if amount > 0 else float("nan")


def _alternatives(setting: Setting, choice: Choice, rest: Choice, opening: int) -> tuple[Alternative, ...]:
    """The other places that would serve most in this decision's stead; counted exactly while their bound may win."""
    world = setting.search.world
    trials = _trials(setting, choice, rest, opening)
    ranked = sorted(
        ((bound_with(setting.search, classes), -at) for at, (_, classes) in enumerate(trials)), reverse=True
    )
    found: dict[int, tuple[float, float, int]] = {}
    for bound, at in ranked:
        best = sorted(found.values(), reverse=True)[:SHOWN]
        if len(best) == SHOWN and bound <= best[-1][0]:
            break
        other, classes = trials[-at]
        result = evaluated(world, classes)
        key = (result.value, -result.cost, at)
        place = int(setting.search.columns.place[other])
        if place not in found or key > found[place]:
            found[place] = key
    best = sorted(found.values(), reverse=True)[:SHOWN]
    return tuple(_alternative(setting, choice, rest, trials[-at], value) for value, _, at in best)


def _trials(setting: Setting, choice: Choice, rest: Choice, opening: int) -> list[tuple[int, I64]]:
    """The same stages and, as far as they fit, the same classes at other places."""
    given, here = setting.search.columns, _option(setting, opening)
    sizes = choice.classes[given.opening == opening]
    trials = []
    for other in free_openings(given, rest.classes):
        there = _option(setting, other)
        alike = (there.kind, there.stages, there.takes) == (here.kind, here.stages, here.takes)
        if not alike or there.place == here.place:
            continue
        own = np.flatnonzero(given.opening == other)
        classes = rest.classes.copy()
        classes[own] = np.clip(sizes, given.low[own], given.high[own])
        while classes[own].sum() > given.most[other]:
            classes[own[int(np.argmax(classes[own] - given.low[own]))]] -= 1
        trials.append((other, classes))
    return trials


def _option(setting: Setting, opening: int) -> Option:
    return setting.task.options[setting.usable.options[setting.search.columns.option[opening]]]


def _alternative(setting: Setting, choice: Choice, rest: Choice, trial: tuple[int, I64], value: float) -> Alternative:
    given = setting.search.columns
    other, classes = trial
    option = _option(setting, other)
    own = classes[given.opening == other]
    gained = value - rest.value
    return Alternative(
        site_id=setting.task.place_id[option.place],
        kind=option.kind,
        stages=option.stages,
        classes=tuple(int(n) for n in own),
        cost=cost_of(given, classes) - rest.cost,
        gained=gained,
        difference=gained - (choice.value - rest.value),
        within_budget=affordable(setting.task, given, classes),
    )
