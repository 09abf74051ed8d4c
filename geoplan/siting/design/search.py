"""Goals one and two with proof: most pupils served, then the least cost that serves as many.

Benders decomposition: HiGHS decides openings and whole classes over bounds on the pupils served; a maximum flow
counts exactly who is served and gives the sets of places that prove it; their rows join the program until both agree
(Benders 1962; cuts of the maximum flow as in capacitated location, Cornuéjols, Sridharan and Thizy 1991).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from geoplan.siting.design.columns import Columns, cost_of, opened, places_with
from geoplan.siting.design.cuts import Pool, separate
from geoplan.siting.design.flows import Market, served, weighted
from geoplan.siting.design.groups import MILLION
from geoplan.siting.design.program import (
    RELAXED,
    How,
    Program,
    Rows,
    cost_row,
    count_row,
    cut_rows,
    dense_rows,
    solve,
    whole_classes,
)
from geoplan.siting.design.task import F64, I64

CLOSE = 1e-7  # relative; goals that near are equal
LESS = 1e-4  # pupils that make no difference
SLACK = 1e-7  # pupils an integer program may fall short by rounding
COARSE, FINE = 1e-3, 1e-7  # relative gaps of integer programs: while cuts are missing, and for the proof
CLOSING, SHORT = 4, 10  # programs after the limit of nodes, each with this part of it
WARM = 40  # linear programs before the first integer one
BETTER = 1e-5  # relative; linear programs go on while they lower the bound by more


@dataclass(frozen=True)
class Choice:
    """A number of classes per column, with what it serves (millionths by stage and year) and costs."""

    classes: I64
    served: I64
    value: float
    cost: float


@dataclass(frozen=True)
class Proof:
    """The best choice known and what no choice can pass; ``choice`` is None where none exists."""

    choice: Choice | None
    bound: float
    proven: bool


@dataclass(frozen=True)
class Search:
    """What all goals share."""

    world: Market
    pool: Pool
    program: Program

    @property
    def columns(self) -> Columns:
        """The columns decided over."""
        return self.world.columns


def evaluated(world: Market, classes: I64) -> Choice:
    """A choice with its exact figures."""
    amount = served(world, places_with(world.columns, classes))
    return Choice(classes, amount, weighted(world, amount), cost_of(world.columns, classes))


def sites_of(given: Columns, classes: I64) -> I64:
    """Places built on, ascending."""
    return np.unique(given.place[opened(given, classes) & given.build])


def most_served(search: Search, rows: Sequence[Rows], start: Choice | None = None) -> Proof:
    """Most pupils served under the rows of the program and those given."""
    always, watch = search.pool.counts.always, search.program.clock
    objective = -count_row(search.program, search.pool)
    _warm(search, objective, rows)
    best, bound, gap, left, closing = start, float("inf"), COARSE, watch.nodes, CLOSING
    for _ in range(watch.rounds):
        every = [*rows, cut_rows(search.program, search.pool)]
        answer = solve(search.program, search.pool, objective, every, How(gap=gap, nodes=left))
        left -= answer.nodes
        if answer.status == "infeasible":
            return Proof(best, bound if best is None else best.value, best is not None)
        bound = min(bound, always - answer.bound)
        if answer.point is None:
            return _unproven(best, bound)
        found = evaluated(search.world, whole_classes(answer.point.classes))
        best = found if best is None or found.value > best.value else best
        if best.value >= bound - _tolerance(bound):
            return Proof(best, best.value, True)
        new = separate(search.world, search.pool, answer.point.rounded)
        if gap == FINE and not new:
            return _unproven(best, bound)
        if left <= 0 or answer.status == "limit":  # the cuts just found are worth a few short programs more
            closing -= 1
            left = watch.nodes // SHORT
            if closing < 0 or not new or watch.left_s <= 0:
                return _unproven(best, bound)
        gap = COARSE if new and bound - best.value > 2 * COARSE * bound else FINE
    watch.stopped.add("rounds")
    return _unproven(best, bound)


def least_cost(search: Search, rows: Sequence[Rows], start: Choice) -> Proof:
    """Least cost that serves as many as ``start``."""
    prog, pool = search.program, search.pool
    row = cost_row(prog)
    unit = float(row.max(initial=0.0)) or 1.0
    enough = as_many(search, start)
    _warm(search, row / unit, [*rows, enough])
    best, bound, left = start, 0.0, prog.clock.nodes
    for _ in range(prog.clock.rounds):
        no_dearer = dense_rows(row[None, :] / unit, -np.inf, best.cost / unit * (1 + CLOSE))
        every = [*rows, enough, no_dearer, cut_rows(prog, pool)]
        answer = solve(prog, pool, row / unit, every, How(gap=FINE, nodes=left))
        left -= answer.nodes
        if answer.status == "infeasible":
            return Proof(best, best.cost, True)
        bound = max(bound, answer.bound * unit)
        if answer.point is None:
            break
        found = evaluated(search.world, whole_classes(answer.point.classes))
        if found.value >= start.value - LESS and (found.cost, -found.value) < (best.cost, -best.value):
            best = found
        if best.cost <= bound + _tolerance(best.cost):
            return Proof(best, best.cost, True)
        new = separate(search.world, pool, answer.point.rounded)
        if not new or left <= 0 or answer.status == "limit":
            break
    else:
        prog.clock.stopped.add("rounds")
    return Proof(best, min(bound, best.cost), False)


def _unproven(best: Choice | None, bound: float) -> Proof:
    return Proof(best, bound if best is None else max(bound, best.value), False)


def as_many(search: Search, start: Choice) -> Rows:
    """At least the pupils a choice serves."""
    row = count_row(search.program, search.pool)
    return dense_rows(row[None, :], start.value - SLACK - search.pool.counts.always, np.inf)


def gap_of(objective: float, bound: float) -> float:
    """Difference as a share of the larger of the two."""
    larger = max(abs(objective), abs(bound))
    return 0.0 if larger == 0 else abs(bound - objective) / larger


def _tolerance(value: float) -> float:
    return CLOSE * max(abs(value), 1.0) + 10.0 / MILLION


def _warm(search: Search, objective: F64, rows: Sequence[Rows]) -> None:
    """Cuts at the optima of linear programs, which are far quicker than integer ones."""
    last = -np.inf
    for _ in range(WARM):
        cuts = cut_rows(search.program, search.pool)
        answer = solve(search.program, search.pool, objective, [*rows, cuts], RELAXED)
        if answer.point is None:
            return
        if not separate(search.world, search.pool, answer.point):
            return
        if answer.bound <= last + BETTER * abs(last):
            return
        last = answer.bound
