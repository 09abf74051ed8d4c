"""A task solved: requirements checked, three goals in order, the marginal table, and what each decision brings."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from geoplan.siting.design.columns import columns, places_with
from geoplan.siting.design.construct import Setting
from geoplan.siting.design.cuts import new_pool
from geoplan.siting.design.decisions import Enrolled, decisions, stage_years
from geoplan.siting.design.flows import Market, market
from geoplan.siting.design.marginal import (
    best_cost,
    best_served,
    marginal_choices,
    marginal_table,
    worthwhile_choices,
)
from geoplan.siting.design.outcome import Design, Goal, Reason
from geoplan.siting.design.program import at_most_new, clock, program
from geoplan.siting.design.requirements import usable
from geoplan.siting.design.search import LESS, Choice, Proof, Search, evaluated, gap_of
from geoplan.siting.design.task import I64, Mask, Option, Task
from geoplan.siting.design.ties import Walked, least_walking
from geoplan.siting.design.walking import Walkers, enrolments, walkers, walking_m

Table = list[tuple[int, Choice, float]]


@dataclass(frozen=True)
class Staged:
    """The marginal table, the row of it to take, the proof of its cost where there is one, and seconds per goal."""

    table: Table
    at: int
    cost: Proof | None = None
    served_s: float = 0.0
    cost_s: float = 0.0


HALF = 0.5  # of the time left, for each goal and for the table
PROVEN = 1e-6  # relative gap at which a goal is proven


def design(task: Task) -> Design:
    """Where to build, enlarge and convert: most pupils served, then least cost, then least walking.

    Raises
    ------
    ValueError
        Arrays that do not fit together. What cannot be met is no error: the outcome names it.
    """
    started = time.monotonic()
    _check(task)
    setting = setting_of(task)
    problems = list(setting.usable.problems)
    of = walkers(task, setting.search.columns)
    if not problems and task.limits.worth is not None:
        table, at = worthwhile_choices(_within(setting, HALF), task.limits.worth)
        if table:
            staged = Staged(table, at, served_s=time.monotonic() - started)
            return _solved(replace(setting, max_new=table[at][0]), of, staged, started)
        problems = _conflict(setting)
    elif not problems:
        proof = best_served(_within(setting, HALF))
        served_s = time.monotonic() - started
        if proof.choice is not None:
            staged = _table_up_to(setting, proof.choice, proof.bound)
            return _solved(setting, of, replace(staged, served_s=served_s), started)
        problems = _conflict(setting)
    return _unsolved(setting, of, problems, started)


def setting_of(task: Task) -> Setting:
    """Options, markets and programs of a task, before anything is decided."""
    given = usable(task)
    cols = columns(task, given)
    world = market(task, cols, place_rank(task))
    pool = new_pool(world)
    prog = program(task, given, cols, len(pool.counts.stage), clock(task))
    return Setting(task, given, Search(world, pool, prog), task.limits.max_new)


def place_rank(task: Task) -> I64:
    """Position of each place by id, existing schools first."""
    order = sorted(range(len(task.place_id)), key=lambda at: (at >= task.existing, task.place_id[at]))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return rank


def _within(setting: Setting, share: float) -> Setting:
    """With a share of the time that is left; what is not used is left to the goals after it."""
    prog = setting.search.program
    watch = replace(prog.clock, ends=time.monotonic() + share * max(prog.clock.left_s, 0.0))
    return replace(setting, search=replace(setting.search, program=replace(prog, clock=watch)))


def _table_up_to(setting: Setting, first: Choice, bound: float) -> Staged:
    """The marginal table up to the choice of goal one, or to a better one met on the way."""
    begun = time.monotonic()
    cost = best_cost(_within(setting, HALF), first)
    costed = time.monotonic() - begun
    choice = cost.choice or first
    table = marginal_choices(_within(setting, HALF), choice, bound)
    better = max(table, key=lambda row: row[1].value)[1]
    if better.value > choice.value + LESS:  # only where goal one was not proven
        table[-1] = (table[-1][0], better, max(bound, better.value))
        return Staged(table, len(table) - 1)
    return Staged(table, len(table) - 1, cost, cost_s=costed)


def _solved(setting: Setting, of: Sequence[Walkers], staged: Staged, started: float) -> Design:
    """Cost and walking of the row of the table to be taken."""
    table, at = staged.table, staged.at
    k, first, bound = table[at]
    begun = time.monotonic()
    cost = staged.cost or best_cost(_within(setting, HALF), first)
    costed = time.monotonic()
    rows = [at_most_new(setting.search.program, setting.max_new)]
    walked = least_walking(setting.task, setting.search, of, rows, cost.choice or first)
    table[at] = (k, walked.choice, max(bound, walked.choice.value))
    known = walked.walking if walked.proven else walked.bound
    goals = (
        _goal("served", walked.choice.value, max(bound, walked.choice.value), staged.served_s),
        _goal("cost", walked.choice.cost, min(cost.bound, walked.choice.cost), staged.cost_s + costed - begun),
        _goal("walking", walked.walking, known, time.monotonic() - costed),
    )
    return _outcome(setting, of, walked, goals, table, started)


def _outcome(
    setting: Setting,
    of: Sequence[Walkers],
    walked: Walked,
    goals: tuple[Goal, ...],
    table: Table,
    started: float,
) -> Design:
    task, given = setting.task, setting.search.columns
    before = enrolments(task, of, given.base)
    choice = walked.choice
    made = decisions(setting, choice, Enrolled(before, walked.enrolled))
    notes = list(setting.usable.notes)
    if not made and not any(note.code in ("no_options", "budget_below_cheapest") for note in notes):
        notes.append(Reason("nothing_gains", {}))
    proven = all(goal.status == "proven" for goal in goals)
    return Design(
        status="nothing" if not made else "optimal" if proven else "feasible",
        weights=tuple(task.year_weights.tolist()),
        goals=goals,
        marginal=marginal_table(setting, table),
        decisions=made,
        before=stage_years(task, before, given.base),
        after=stage_years(task, walked.enrolled, places_with(given, choice.classes)),
        no_place_in_reach=_no_place(setting.search.world),
        problems=(),
        notes=tuple(notes),
        stopped=tuple(sorted(setting.search.program.clock.stopped)),
        seconds=time.monotonic() - started,
    )


def _unsolved(setting: Setting, of: Sequence[Walkers], problems: list[Reason], started: float) -> Design:
    """Nothing can be decided: how things stand without any decision."""
    task, given = setting.task, setting.search.columns
    found = enrolments(task, of, given.base)
    tables = stage_years(task, found, given.base)
    base = evaluated(setting.search.world, np.zeros(given.n_classes, np.int64))
    goals = (
        Goal("served", base.value, base.value, 0.0, "feasible", 0.0),
        Goal("cost", 0.0, 0.0, 0.0, "feasible", 0.0),
        Goal("walking", walking_m(found, task.year_weights), 0.0, 1.0, "feasible", 0.0),
    )
    return Design(
        status="infeasible",
        weights=tuple(task.year_weights.tolist()),
        goals=goals,
        marginal=(),
        decisions=(),
        before=tables,
        after=tables,
        no_place_in_reach=_no_place(setting.search.world),
        problems=tuple(problems),
        notes=setting.usable.notes,
        stopped=tuple(sorted(setting.search.program.clock.stopped)),
        seconds=time.monotonic() - started,
    )


def _goal(name: Literal["served", "cost", "walking"], objective: float, bound: float, seconds: float) -> Goal:
    gap = gap_of(objective, bound)
    if gap <= PROVEN:
        return Goal(name, objective, objective, 0.0, "proven", seconds)
    return Goal(name, objective, bound, gap, "feasible", seconds)


def _no_place(world: Market) -> tuple[Mask, ...]:
    return tuple(~groups.reachable for groups in world.groups)


def _conflict(setting: Setting) -> list[Reason]:
    """Requirements that contradict each other although each is possible: those without which a choice exists."""
    limits = setting.task.limits
    if "time" in setting.search.program.clock.stopped:
        return [Reason("no_time", {"seconds": setting.task.effort.time_limit_s})]
    eased = {
        "budget": replace(limits, budget=None),
        "phase_budgets": replace(limits, phase_budgets={}),
        "max_new": replace(limits, max_new=None),
    }
    guilty = [
        name for name, less in eased.items() if less != limits and _possible(replace(setting.task, limits=less))
    ]
    return [Reason("requirements_conflict", {"sites": list(limits.force), "keys": guilty})]


def _possible(task: Task) -> bool:
    setting = setting_of(task)
    return not setting.usable.problems and best_served(setting).choice is not None


def _check(task: Task) -> None:
    """Shapes and numbers that fit together."""
    n_places, years = len(task.place_id), len(task.years)
    faults = []
    if len(set(task.place_id)) != n_places or list(task.years) != sorted(set(task.years)) or not years:
        faults.append("ids must be unique and years ascending")
    if task.weights is not None and (len(task.weights) != years or min(task.weights) <= 0):
        faults.append("one weight above 0 per year")
    for stage in task.stages:
        if stage.pupils.ndim != 2 or len(stage.pupils) != years or stage.places.shape != (years, task.existing):
            faults.append(f"{stage.stage}: pupils by year and unit, places by year and existing school")
        elif not np.isfinite(stage.pupils).all() or (stage.pupils < 0).any():
            faults.append(f"{stage.stage}: pupils must be known and not negative")
        if len(stage.unit) and (stage.unit.max() >= stage.pupils.shape[1] or stage.place.max() >= n_places):
            faults.append(f"{stage.stage}: pairs name units or places that are not there")
    faults.extend(fault for option in task.options if (fault := _option_fault(task, option)))
    if faults:
        raise ValueError("; ".join(faults))


def _option_fault(task: Task, option: Option) -> str:
    """What is wrong with an option, empty where nothing is."""
    n, known = len(option.stages), set(task.stage_ids)
    lengths = {n, len(option.classes_min), len(option.classes_max), len(option.class_cost)}
    takes = {option.takes} if option.takes else set()
    costs = np.array([option.opening_cost, *option.class_cost])
    if (option.kind == "build") != (task.existing <= option.place < len(task.place_id)) or option.place < 0:
        return f"option at place {option.place}: schools are built on candidates, others changed where they stand"
    if lengths != {n} or not n or not (set(option.stages) | takes) <= known or not np.isfinite(costs).all():
        return f"option at place {option.place}: stages, bounds and costs must agree and be known"
    if (costs < 0).any() or (option.kind == "convert") != (option.takes is not None) or (takes and n > 1):
        return f"option at place {option.place}: costs are not negative, and only one stage is converted from another"
    return ""
