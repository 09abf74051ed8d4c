"""What is to be assigned: pupils in whole millionths, and where each unit may go, in an order of its own."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from geoplan.enrolment.heaps import I32, I64, NO_PLACE
from geoplan.enrolment.rows import group

MILLION = 1_000_000


@dataclass(frozen=True)
class Options:
    """Where units may go: one entry per admissible pair, in any order.

    Parameters
    ----------
    unit, school
        Row numbers, whole numbers of any width.
    cost_dm
        Walk in decimetres, whole, >= 0.
    """

    unit: NDArray[np.integer]
    school: NDArray[np.integer]
    cost_dm: NDArray[np.integer]


@dataclass(frozen=True)
class Problem:
    """Pupils and their options in canonical order: units and schools by the keys of the caller, not by row.

    ``supply`` (millionths of a pupil), ``start`` (CSR), ``school``, ``cost`` (dm): canonical numbering, every row
    sorted by (cost, school). ``units`` and ``schools``: the caller's row of each canonical number.
    """

    supply: I64
    start: I64
    school: I32
    cost: I64
    units: I64
    schools: I64


def millionths(amount: NDArray[np.float64]) -> I64:
    """Whole millionths by largest remainder: their sum is the rounded total; the earlier row wins a tie.

    Parameters
    ----------
    amount
        Pupils, >= 0, shape (n,).

    Raises
    ------
    ValueError
        When an amount is negative, infinite or unknown.
    """
    if not np.all(np.isfinite(amount)) or np.any(amount < 0):
        raise ValueError("amounts of pupils must be known and not negative")
    scaled = np.asarray(amount, np.float64) * MILLION
    whole = np.floor(scaled).astype(np.int64)
    rest = round(math.fsum(scaled)) - int(whole.sum())
    if rest > 0:
        whole[np.argsort(whole - scaled, kind="stable")[:rest]] += 1
    return whole


def whole_places(capacity: NDArray[np.float64], total: int) -> I64:
    """Places in millionths, rounded down; unknown ones are none, unlimited ones hold everybody."""
    known = np.nan_to_num(np.asarray(capacity, np.float64), nan=0.0, posinf=np.inf)
    return np.floor(np.clip(known * MILLION + 1e-4, 0, total)).astype(np.int64)


def prepare(
    amount: NDArray[np.float64],
    options: Options,
    n_schools: int,
    *,
    unit_key: NDArray[np.generic] | None = None,
    school_key: NDArray[np.generic] | None = None,
    recruits: NDArray[np.bool_] | None = None,
) -> Problem:
    """Bring units, schools and options into canonical order, so that no tie depends on the order of rows.

    Parameters
    ----------
    amount
        Pupils per unit, fractional, shape (n_units,).
    options
        Admissible pairs.
    n_schools
        Number of schools.
    unit_key, school_key
        Stable, unique names of the rows (ids); the row number where absent.
    recruits
        Which schools take pupils by nearness at all (private schools do not); all where absent.

    Raises
    ------
    ValueError
        When amounts are unusable, or walks are so long that exact arithmetic would overflow.
    """
    units, unit_rank = _ranks(len(amount), unit_key)
    schools, school_rank = _ranks(n_schools, school_key)
    kept = np.ones(len(options.unit), bool) if recruits is None else recruits[options.school]
    cost = np.ascontiguousarray(options.cost_dm[kept], dtype=np.int64)
    supply = millionths(np.asarray(amount, np.float64)[units])
    _check_range(cost, n_schools, int(supply.sum()))
    unit = unit_rank[options.unit[kept]].astype(np.int32)
    school = school_rank[options.school[kept]].astype(np.int32)
    start, school, cost = group(len(amount), unit, school, cost)
    return Problem(supply, start, school, cost, units, schools)


def add_school(problem: Problem, unit: NDArray[np.integer], cost_dm: NDArray[np.integer]) -> Problem:
    """The problem with one more school, last in the order; its row number is the old number of schools."""
    old = len(problem.schools)
    rank = np.empty(len(problem.units), np.int64)
    rank[problem.units] = np.arange(len(problem.units))
    count = np.diff(problem.start)
    cost = np.concatenate([problem.cost, np.asarray(cost_dm, np.int64)])
    _check_range(cost, old + 1, int(problem.supply.sum()))
    rows = np.concatenate([np.repeat(np.arange(len(count)), count), rank[unit]]).astype(np.int32)
    school = np.concatenate([problem.school, np.full(len(unit), old, np.int32)])
    start, school, cost = group(len(count), rows, school, cost)
    return replace(problem, start=start, school=school, cost=cost, schools=np.append(problem.schools, old))


def _ranks(count: int, key: NDArray[np.generic] | None) -> tuple[I64, I64]:
    order = np.arange(count) if key is None else np.argsort(np.asarray(key), kind="stable")
    rank = np.empty(count, np.int64)
    rank[order] = np.arange(count)
    return order.astype(np.int64), rank


def _check_range(cost: I64, n_schools: int, total: int) -> None:
    longest = int(cost.max(initial=0))
    if cost.min(initial=0) < 0:
        raise ValueError("walks must not be negative")
    if (n_schools + 2) * (longest + 1) >= NO_PLACE or total * max(longest, 1) >= 1 << 62:
        raise ValueError("walks or pupils are too large for exact arithmetic")
