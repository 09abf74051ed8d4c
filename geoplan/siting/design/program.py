"""The integer program over openings, classes and counts; HiGHS solves it through scipy."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, hstack, vstack

from geoplan.siting.design.columns import Columns
from geoplan.siting.design.cuts import Point, Pool, stacked
from geoplan.siting.design.requirements import Usable
from geoplan.siting.design.task import F64, I64, Task

LEAST_S = 0.05  # a program is never given less time than this


@dataclass(frozen=True)
class Rows:
    """``low <= matrix x <= high``; columns are openings, classes, counts, and further ones at the end."""

    matrix: csr_array
    low: F64
    high: F64


@dataclass(frozen=True)
class Clock:
    """How long the search may go on, and which limits have stopped it so far."""

    ends: float
    nodes: int
    rounds: int
    enough: float
    stopped: set[str] = field(default_factory=set)

    @property
    def left_s(self) -> float:
        """Seconds left."""
        return self.ends - time.monotonic()


@dataclass(frozen=True)
class Program:
    """Rows that never change, with what changes between goals given to `solve`."""

    columns: Columns
    fixed: Rows
    n_counts: int
    clock: Clock

    @property
    def width(self) -> int:
        """Number of columns without further ones."""
        return self.columns.n_openings + self.columns.n_classes + self.n_counts


@dataclass(frozen=True)
class Answer:
    """``status``: ``optimal``, ``limit`` or ``infeasible``; no point where none is known; ``nodes``: branches."""

    status: str
    bound: float
    point: Point | None
    nodes: int = 0


@dataclass(frozen=True)
class How:
    """How a program is solved.

    ``whole``: openings and classes are whole; ``gap``: relative gap that is proven; ``nodes``: most branches, those
    of the clock when None; ``further``: free columns >= 0 behind the counts, for rows that use them.
    """

    whole: bool = True
    gap: float = 1e-9
    nodes: int | None = None
    further: int = 0


WHOLE, RELAXED = How(), How(whole=False)


def clock(task: Task) -> Clock:
    """The limits of a task, from now on."""
    effort = task.effort
    return Clock(time.monotonic() + effort.time_limit_s, effort.nodes, effort.rounds, effort.enough)


def program(task: Task, usable: Usable, given: Columns, n_counts: int, watch: Clock) -> Program:
    """All rows of the requirements except the number of new schools."""
    width = given.n_openings + given.n_classes + n_counts
    rows = [*_bounds_of_classes(given), *_once(given, usable), *_money(task, given), *_given_up(given)]
    return Program(given, _rows(rows, width), n_counts, watch)


def at_most_new(prog: Program, k: int | None) -> Rows:
    """At most ``k`` new schools."""
    row = np.concatenate([prog.columns.build, np.zeros(prog.width - prog.columns.n_openings)])
    return dense_rows(row[None, :], -np.inf, np.inf if k is None else float(k))


def cut_rows(prog: Program, pool: Pool) -> Rows:
    """``count - share . openings - gain . classes <= constant`` for every cut of the pool."""
    n = len(pool.of)
    if not n:
        return dense_rows(np.zeros((0, prog.width)), -np.inf, 0.0)
    rows = stacked(pool)
    count = csr_array((np.ones(n), (np.arange(n), rows.count)), shape=(n, prog.n_counts))
    return Rows(_beside([-rows.matrix, count]), np.full(n, -np.inf), rows.constant)


def cost_row(prog: Program) -> F64:
    """Cost of every column."""
    given = prog.columns
    return np.concatenate([given.opening_cost, given.class_cost, np.zeros(prog.n_counts)])


def count_row(prog: Program, pool: Pool) -> F64:
    """Weight of every count."""
    return np.concatenate([np.zeros(prog.width - prog.n_counts), pool.counts.weight])


def dense_rows(rows: F64, low: float | F64, high: float | F64) -> Rows:
    """Rows from a dense array."""
    count = rows.shape[0]
    return Rows(
        csr_array(rows), np.broadcast_to(low, count).astype(float), np.broadcast_to(high, count).astype(float)
    )


def solve(prog: Program, pool: Pool, objective: F64, rows: Sequence[Rows], how: How = WHOLE) -> Answer:
    """Least objective under the fixed rows and those given.

    Returns
    -------
    Answer
        ``bound`` is below every feasible value.
    """
    given, watch = prog.columns, prog.clock
    if not prog.width + how.further:
        return Answer("optimal", 0.0, Point(np.zeros(0), np.zeros(0), np.zeros(0)))
    if watch.left_s <= 0:
        watch.stopped.add("time")
        return Answer("limit", -np.inf, None)
    parts = [_widened(part, prog.width + how.further) for part in (prog.fixed, *rows)]
    stacked = Rows(
        csr_array(vstack([part.matrix for part in parts])),
        np.concatenate([part.low for part in parts]),
        np.concatenate([part.high for part in parts]),
    )
    upper = np.concatenate([np.ones(given.n_openings), given.high, pool.counts.most, np.full(how.further, np.inf)])
    kinds = np.zeros(prog.width + how.further)
    kinds[: given.n_openings + given.n_classes] = 1 if how.whole else 0
    found = milp(
        objective,
        constraints=LinearConstraint(stacked.matrix, stacked.low, stacked.high),
        integrality=kinds,
        bounds=Bounds(0, upper),
        options=_options(watch, how),
    )
    return _answer(prog, found)


def _options(watch: Clock, how: How) -> dict[str, float]:
    nodes = watch.nodes if how.nodes is None else how.nodes
    return {"node_limit": max(nodes, 1), "time_limit": max(watch.left_s, LEAST_S), "mip_rel_gap": how.gap}


def _answer(prog: Program, found: object) -> Answer:
    status, x = int(found.status), found.x  # type: ignore[attr-defined]
    if status == 2:
        return Answer("infeasible", np.inf, None)
    bound = getattr(found, "mip_dual_bound", None)
    if bound is None or not np.isfinite(bound):
        bound = found.fun if status == 0 else -np.inf  # type: ignore[attr-defined]
    if status != 0:
        prog.clock.stopped.add("time" if prog.clock.left_s <= 0 else "nodes")
    if x is None:
        return Answer("limit", float(bound), None)
    first, last = prog.columns.n_openings, prog.columns.n_openings + prog.columns.n_classes
    return Answer(
        "optimal" if status == 0 else "limit",
        float(bound),
        Point(x[:first], x[first:last], x[last : last + prog.n_counts]),
        int(getattr(found, "mip_node_count", None) or 0),
    )


def whole_classes(classes: F64) -> I64:
    """The whole numbers a solver means."""
    return np.rint(classes).astype(np.int64)


def _widened(rows: Rows, width: int) -> Rows:
    missing = width - rows.matrix.shape[1]
    if not missing:
        return rows
    return replace(rows, matrix=_beside([rows.matrix, csr_array((rows.matrix.shape[0], missing))]))


def _beside(blocks: Sequence[csr_array]) -> csr_array:
    return csr_array(hstack(blocks))


Row = tuple[dict[int, float], float, float]


def _rows(rows: Sequence[Row], width: int) -> Rows:
    at = [(i, column, value) for i, (entries, _, _) in enumerate(rows) for column, value in entries.items()]
    table = np.array(at, np.float64).reshape(-1, 3)
    place = (table[:, 0].astype(np.int64), table[:, 1].astype(np.int64))
    matrix = csr_array((table[:, 2], place), shape=(len(rows), width))
    return Rows(matrix, np.array([low for _, low, _ in rows]), np.array([high for _, _, high in rows]))


def _bounds_of_classes(given: Columns) -> list[Row]:
    """Classes only where the opening is used, within its bounds, whole site and every stage."""
    rows: list[Row] = []
    first = given.n_openings
    for column, opening in enumerate(given.opening.tolist()):
        rows.append(({first + column: 1.0, opening: -float(given.high[column])}, -np.inf, 0.0))
        if given.low[column]:
            rows.append(({first + column: 1.0, opening: -float(given.low[column])}, 0.0, np.inf))
    for opening in range(given.n_openings):
        own = {first + int(column): 1.0 for column in np.flatnonzero(given.opening == opening)}
        rows.append(({**own, opening: -float(given.least[opening])}, 0.0, np.inf))
        rows.append(({**own, opening: -float(given.most[opening])}, -np.inf, 0.0))
    return rows


def _once(given: Columns, usable: Usable) -> list[Row]:
    """Every option once, one school per candidate, forced candidates built on."""
    rows: list[Row] = []
    for place in np.unique(given.place[given.build]).tolist():
        own = np.flatnonzero(given.build & (given.place == place))
        rows.append((dict.fromkeys(own.tolist(), 1.0), 1.0 if place in usable.forced else -np.inf, 1.0))
    for option in np.unique(given.option[~given.build]).tolist():
        own = np.flatnonzero(given.option == option)
        rows.append((dict.fromkeys(own.tolist(), 1.0), -np.inf, 1.0))
    return rows


def _money(task: Task, given: Columns) -> list[Row]:
    """The budget, and what may be spent up to each year that has one of its own."""
    limits, years = task.limits, np.asarray(task.years)
    asked = [(int(years[-1]), limits.budget)] if limits.budget is not None else []
    rows: list[Row] = []
    for until, money in [*asked, *sorted(limits.phase_budgets.items())]:
        early = years[given.year] <= until
        heads = {int(at): float(given.opening_cost[at]) for at in np.flatnonzero(early)}
        classes = np.flatnonzero(early[given.opening])
        body = {given.n_openings + int(at): float(given.class_cost[at]) for at in classes}
        unit = max([1e-12, *heads.values(), *body.values()])
        entries = {at: value / unit for at, value in {**heads, **body}.items()}
        rows.append((entries, -np.inf, float(money) / unit))
    return rows


def _given_up(given: Columns) -> list[Row]:
    """No school converts more places than it has."""
    rows: list[Row] = []
    taken = given.e_places < 0
    keys = np.stack([given.e_stage, given.e_year, given.e_place])[:, taken]
    for s, t, p in np.unique(keys, axis=1).T.tolist():
        same = taken & (given.e_stage == s) & (given.e_year == t) & (given.e_place == p)
        entries: dict[int, float] = {}
        for column, places in zip(given.e_column[same].tolist(), given.e_places[same].tolist(), strict=True):
            at = given.n_openings + column
            entries[at] = entries.get(at, 0.0) - places
        rows.append((entries, -np.inf, float(given.base[s, t, p])))
    return rows
