"""What is to be assigned: pupils in whole millionths, and where each unit may go, in an order of its own."""

from __future__ import annotations

import math
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from geoplan.enrolment.heaps import I32, I64, NO_PLACE
from geoplan.enrolment.rows import edited, group

MILLION = 1_000_000
MARKS = 1 << 16  # how many different marks decide between assignments of equal walk


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

    Parameters
    ----------
    supply
        Millionths of a pupil per unit.
    start, school, walk
        Options as CSR rows in canonical numbering, walks in decimetres, every row sorted by (walk, school).
    cost
        ``walk x scale`` and a mark below it, so that of several assignments with the least walk exactly one is best,
        whatever start or order of rows: nobody's walk in all grows by it.
    scale
        Greater than what the marks of any chain of moves can add up to.
    units, schools
        The caller's row of each canonical number.
    school_mark
        What stands for the school's key in the marks.
    """

    supply: I64
    start: I64
    school: I32
    walk: I64
    cost: I64
    scale: int
    units: I64
    schools: I64
    school_mark: NDArray[np.uint64]


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
    mark = _key_marks(np.arange(n_schools) if school_key is None else np.asarray(school_key))[schools]
    kept = np.ones(len(options.unit), bool) if recruits is None else recruits[options.school]
    walk = np.ascontiguousarray(options.cost_dm[kept], dtype=np.int64)
    supply = millionths(np.asarray(amount, np.float64)[units])
    unit = unit_rank[options.unit[kept]].astype(np.int32)
    school = school_rank[options.school[kept]].astype(np.int32)
    return _problem(supply, (unit, school, walk), (units, schools), mark)


def add_school(
    problem: Problem, unit: NDArray[np.integer], cost_dm: NDArray[np.integer], *, key: object = None
) -> Problem:
    """The problem with one more school, last in the order; its row number is the old number of schools.

    Parameters
    ----------
    unit, cost_dm
        Units that may go there, and their walk.
    key
        Its id, if schools were given ids.
    """
    old, count = len(problem.schools), np.diff(problem.start)
    rank = np.empty(len(problem.units), np.int64)
    rank[problem.units] = np.arange(len(problem.units))
    rows = np.concatenate([np.repeat(np.arange(len(count)), count), rank[unit]]).astype(np.int32)
    school = np.concatenate([problem.school, np.full(len(unit), old, np.int32)])
    walk = np.concatenate([problem.walk, np.asarray(cost_dm, np.int64)])
    mark = np.concatenate([problem.school_mark, _key_marks(np.array([old if key is None else key]))])
    return _problem(problem.supply, (rows, school, walk), (problem.units, np.append(problem.schools, old)), mark)


def edit(
    problem: Problem, row_of_old: NDArray[np.integer], came: Options, school_key: NDArray[np.generic]
) -> Problem:
    """The problem with other schools, as `prepare` would make it, without sorting what stays.

    Parameters
    ----------
    row_of_old
        New row of each old school, -1 where its options go; kept schools keep their order by key.
    came
        Options of schools that had none, in new rows.
    school_key
        Keys of the new schools.
    """
    schools, rank = _ranks(len(school_key), school_key)
    key_mark = _key_marks(np.asarray(school_key))[schools]
    new_row = np.asarray(row_of_old, np.int64)[problem.schools]
    place = np.append(rank, -1)[new_row].astype(np.int32)
    own_rank = np.empty(len(problem.units), np.int64)
    own_rank[problem.units] = np.arange(len(problem.units))
    unit, school = own_rank[came.unit].astype(np.int32), rank[came.school].astype(np.int32)
    walk = np.asarray(came.cost_dm, np.int64)
    order = np.lexsort((school, walk, unit))
    unit, school, walk = unit[order], school[order], walk[order]
    old_marks = problem.scale // (len(problem.schools) + 2)
    longest = np.append(walk, problem.walk.max(initial=0))
    marks = _marks(longest, int(problem.supply.sum()), len(schools))
    mark = problem.cost - problem.walk * problem.scale
    new = unit, school, walk, _mark(unit, key_mark[school], marks)
    start, school, walk, mark = edited((problem.start, problem.school, problem.walk, mark), place, new)
    if marks != old_marks:
        mark = _mark(np.repeat(np.arange(len(start) - 1, dtype=np.int32), np.diff(start)), key_mark[school], marks)
    scale = max((len(schools) + 2) * marks, 1)
    return Problem(problem.supply, start, school, walk, walk * scale + mark, scale, problem.units, schools, key_mark)


def _problem(
    supply: I64, pairs: tuple[I32, I32, I64], names: tuple[I64, I64], school_mark: NDArray[np.uint64]
) -> Problem:
    unit, school, walk = pairs
    n_schools = len(names[1])
    marks = _marks(walk, int(supply.sum()), n_schools)
    start, school, walk = group(len(supply), unit, school, walk)
    scale = max((n_schools + 2) * marks, 1)
    unit = np.repeat(np.arange(len(supply), dtype=np.int32), np.diff(start))
    mark = _mark(unit, school_mark[school], marks)
    return Problem(supply, start, school, walk, walk * scale + mark, scale, *names, school_mark)


def _marks(walk: I64, total: int, n_schools: int) -> int:
    """How many different marks leave room for exact arithmetic."""
    longest = _longest(walk, total, n_schools)
    return min(MARKS, (NO_PLACE - 1) // ((n_schools + 2) ** 2 * (longest + 2)))


def _mark(unit: I32, school_mark: NDArray[np.uint64], marks: int) -> I64:
    return (_mixed(unit.astype(np.uint64) + school_mark) % np.uint64(max(marks, 1))).astype(np.int64)


def _ranks(count: int, key: NDArray[np.generic] | None) -> tuple[I64, I64]:
    order = np.arange(count) if key is None else np.argsort(np.asarray(key), kind="stable")
    rank = np.empty(count, np.int64)
    rank[order] = np.arange(count)
    return order.astype(np.int64), rank


def _longest(walk: I64, total: int, n_schools: int) -> int:
    """The longest walk, once it is sure that nothing overflows."""
    longest = int(walk.max(initial=0))
    if walk.min(initial=0) < 0:
        raise ValueError("walks must not be negative")
    if (n_schools + 2) * (longest + 2) >= NO_PLACE or total * max(longest, 1) >= 1 << 62:
        raise ValueError("walks or pupils are too large for exact arithmetic")
    return longest


def _key_marks(keys: NDArray[np.generic]) -> NDArray[np.uint64]:
    """A number for each key that depends on nothing else."""
    return _mixed(np.array([crc32(str(key).encode()) for key in keys.tolist()], np.uint64) << np.uint64(20))


def _mixed(number: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Numbers that lie close together spread over 64 bits (splitmix64, Steele, Lea and Flood 2014)."""
    number = number * np.uint64(0x9E3779B97F4A7C15)
    number = (number ^ (number >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    number = (number ^ (number >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return number ^ (number >> np.uint64(31))
