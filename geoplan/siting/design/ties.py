"""The search for goal three: choices equal in pupils served and cost, compared by their walking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from geoplan.enrolment import Assignment
from geoplan.siting.design.columns import Columns, places_with
from geoplan.siting.design.cuts import separate
from geoplan.siting.design.groups import MILLION
from geoplan.siting.design.program import (
    Answer,
    How,
    Rows,
    cost_row,
    cut_rows,
    dense_rows,
    solve,
    whole_classes,
)
from geoplan.siting.design.search import CLOSE, LESS, Choice, Search, as_many, evaluated
from geoplan.siting.design.task import F64, I64, Task
from geoplan.siting.design.walking import Walkers, bound_at, enrolments, walking_m

ROUGH = 5e-3  # relative gap of programs while the bound is farther away than twice that
SAME = 1e-6  # relative; walking that near is equal
LEAST_KM = 1e-6
WARM = 12  # linear programs before the first integer one
STALE = 1e-3  # relative; they go on while the bound grows by more
LEAST_M = 0.01  # pupil-metres that make no difference


@dataclass(frozen=True)
class Walked:
    """A choice with its exact enrolment by stage and year, its walking (pupil-metres), and a bound on all others."""

    choice: Choice
    enrolled: Sequence[Sequence[Assignment]]
    walking: float
    bound: float
    proven: bool


Enrolment = tuple[F64, Sequence[Sequence[Assignment]]]  # places, and who goes where for them


@dataclass
class _State:
    """What is known so far."""

    best: Walked
    unit_km: float  # pupil-kilometres of one unit of the objective, so that tolerances suit any size
    nodes: int  # branches left
    weight: F64  # of the year of every stage and year
    rows: list[F64] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    exact: bool = False  # whether programs must be proven in full: coarse ones give nothing new
    seen: set[bytes] = field(default_factory=set)


def least_walking(task: Task, search: Search, of: Sequence[Walkers], rows: Sequence[Rows], start: Choice) -> Walked:
    """The least walking among choices that serve as many as ``start`` and cost no more."""
    first = _walked(task, search, of, start)
    weight = np.tile(task.year_weights, len(task.stages))
    state = _State(first, max(first.walking / 1e6, LEAST_KM), task.effort.walk_nodes, weight)
    everything = places_with(search.columns, _everything(search.columns))
    _add_bounds(task, search, of, state, (places_with(search.columns, start.classes), first.enrolled))
    _add_bounds(task, search, of, state, (everything, enrolments(task, of, everything)))
    limits = [*rows, *_as_good(search, start)]
    size = sum(len(stage.walk) for stage in of) * len(task.years)
    rounds = max(task.effort.walk_work // max(size, 1) - 2, 0)
    for _ in range(min(rounds // 2, WARM)):
        if not _relaxed(task, search, of, limits, state):
            break
    programs = max(task.effort.walk_columns // max(search.columns.n_classes, 1), 1)
    for _ in range(min(max(rounds // 2, 1), programs)):
        if _step(task, search, of, limits, state):
            return state.best
    search.program.clock.stopped.add("walk_work")
    return state.best


def _relaxed(task: Task, search: Search, of: Sequence[Walkers], limits: Sequence[Rows], state: _State) -> bool:
    """One linear program and the bounds at its optimum; whether it may still help to go on."""
    answer = _solve(task, search, limits, state, How(whole=False, further=len(state.weight)))
    if answer.point is None:
        return False
    bound = answer.bound * 1000.0 * state.unit_km
    better = bound > state.best.bound * (1 + STALE)
    state.best = _judged(state.best, bound)
    new = separate(search.world, search.pool, answer.point)
    places = places_with(search.columns, answer.point.classes)
    _add_bounds(task, search, of, state, (places, enrolments(task, of, places)))
    return (better or new > 0) and not state.best.proven


def _step(task: Task, search: Search, of: Sequence[Walkers], limits: Sequence[Rows], state: _State) -> bool:
    """One integer program, the enrolment of its choice, and the bounds there; whether nothing is left to do."""
    near = state.best.walking - state.best.bound <= 2 * ROUGH * state.best.walking
    how = How(further=len(state.weight), gap=CLOSE if near or state.exact else ROUGH, nodes=state.nodes)
    answer = _solve(task, search, limits, state, how)
    state.nodes -= answer.nodes
    if answer.status == "infeasible":  # nothing but what is known, within rounding
        state.best = _judged(state.best, state.best.walking)
        return True
    state.best = _judged(state.best, answer.bound * 1000.0 * state.unit_km)
    if answer.point is None or state.best.proven:
        return True
    spent = state.nodes <= 0 or answer.status == "limit"
    found = evaluated(search.world, whole_classes(answer.point.classes))
    new = separate(search.world, search.pool, answer.point.rounded)
    key = found.classes.tobytes()
    if key in state.seen:
        stuck = how.gap == CLOSE and not new
        state.exact = True
        return spent or stuck
    state.seen.add(key)
    walked = _walked(task, search, of, found)
    if found.value >= state.best.choice.value - LESS and walked.walking < state.best.walking:
        state.best = _judged(walked, state.best.bound)
    _add_bounds(task, search, of, state, (places_with(search.columns, found.classes), walked.enrolled))
    return spent


def _solve(task: Task, search: Search, limits: Sequence[Rows], state: _State, how: How) -> Answer:
    prog = search.program
    objective = np.concatenate([np.zeros(prog.width), state.weight])
    walks = dense_rows(np.stack(state.rows), np.asarray(state.low), np.inf)
    return solve(prog, search.pool, objective, [*limits, cut_rows(prog, search.pool), walks], how)


def _walked(task: Task, search: Search, of: Sequence[Walkers], choice: Choice) -> Walked:
    enrolled = enrolments(task, of, places_with(search.columns, choice.classes))
    return Walked(choice, enrolled, walking_m(enrolled, task.year_weights), 0.0, False)


def _judged(walked: Walked, bound: float) -> Walked:
    """With the better of two bounds."""
    bound = min(max(walked.bound, bound), walked.walking)
    proven = walked.walking - bound <= SAME * walked.walking + LEAST_M
    known = walked.walking if proven else bound
    return Walked(walked.choice, walked.enrolled, walked.walking, known, proven)


def _everything(given: Columns) -> I64:
    """All openings at their largest: no choice has more places anywhere, apart from classes given up."""
    classes = given.high.copy()
    classes[given.e_column[given.e_places < 0]] = 0
    return classes


def _as_good(search: Search, start: Choice) -> list[Rows]:
    prog = search.program
    cost = cost_row(prog)
    unit = float(cost.max(initial=0.0)) or 1.0
    return [as_many(search, start), dense_rows(cost[None, :] / unit, -np.inf, start.cost / unit * (1 + CLOSE))]


def _add_bounds(task: Task, search: Search, of: Sequence[Walkers], state: _State, at: Enrolment) -> None:
    """One row per stage and year: ``walk - price . served + fare . added places >= constant``."""
    prog, given, counts = search.program, search.columns, search.pool.counts
    head = given.n_openings
    for s, stage in enumerate(of):
        for t in range(len(task.years)):
            bound = bound_at(stage, t, at[1][s][t], at[0][s, t])
            row = np.zeros(prog.width + len(state.weight))
            mine = (counts.stage == s) & (counts.year == t)
            row[head + given.n_classes : prog.width][mine] = -bound.price
            own = (given.e_stage == s) & (given.e_year == t)
            paid = bound.fare[given.e_place[own]] * given.e_places[own]
            row[head : head + given.n_classes] = np.bincount(given.e_column[own], paid, given.n_classes)
            row[prog.width + s * len(task.years) + t] = state.unit_km
            always = float(search.world.networks[s].always[t]) / MILLION
            low = bound.constant + bound.price * always - float(bound.fare @ given.base[s, t])
            state.rows.append(row / state.unit_km)
            state.low.append(low / state.unit_km)
