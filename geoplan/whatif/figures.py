"""Figures by cell of one enrolment, and which cells another enrolment changes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoplan.coverage.accounts import account_units
from geoplan.coverage.demand import Units
from geoplan.coverage.enrol import ON_FOOT, Enrolled
from geoplan.coverage.stage import ACCOUNTS, F64, I64, Flags, StageInput
from geoplan.coverage.tables import main_schools, statuses
from geoplan.enrolment import MILLION

SHORT = ("served", "no_place", "out", "off")
"""What the accounts are called in the table of cells."""


@dataclass(frozen=True)
class CellFigures:
    """Per cell: millionths by account (accounts, cells), mean walk (m, NaN), status, id of the main school (None)."""

    accounts: I64
    walk_m: F64
    status: NDArray[np.object_]
    school: NDArray[np.object_]

    @property
    def totals(self) -> dict[str, float]:
        """Pupils by account."""
        sums = self.accounts.sum(axis=1) / MILLION
        return {name: float(value) for name, value in zip(ACCOUNTS, sums, strict=True)}


def cell_figures(
    given: StageInput, units: Units, enrolled: Enrolled, before: tuple[Enrolled, CellFigures, I64] | None = None
) -> CellFigures:
    """Figures of an enrolment.

    Parameters
    ----------
    before
        Another enrolment of the same units, its figures, and the new row of each of its schools: the main school is
        looked up again only where somebody goes elsewhere.
    """
    size = len(given.cells)
    accounts = np.stack([_sums(units.cell, amount, size) for amount in account_units(units, enrolled).values()])
    cell = units.cell[enrolled.unit]
    foot = np.where(enrolled.mode == ON_FOOT, enrolled.amount, 0)
    walkers = _sums(cell, foot, size)
    walked = np.bincount(cell, foot * enrolled.cost_dm, size) if len(cell) else np.zeros(size)
    walk_m = np.divide(walked, walkers, out=np.full(size, np.nan), where=walkers > 0) / 10
    status = statuses(accounts.sum(axis=0), dict(zip(ACCOUNTS, accounts, strict=True)))
    names = given.schools["id"].astype(str).to_numpy()
    if before is None:
        school = main_schools(names, size, (cell, enrolled.school, enrolled.amount))
        return CellFigures(accounts, walk_m, status, school)
    old, figures, row_of_old = before
    moved = np.zeros(size, bool)
    moved[units.cell[_moved_units(len(units.cell), old, enrolled, row_of_old)]] = True
    part = moved[cell]
    school = figures.school.copy()
    goes = cell[part], enrolled.school[part], enrolled.amount[part]
    school[moved] = main_schools(names, size, goes)[moved]
    return CellFigures(accounts, walk_m, status, school)


def changed_cells(before: CellFigures, after: CellFigures) -> Flags:
    """Cells of which any figure differs."""
    walk = ~((before.walk_m == after.walk_m) | (np.isnan(before.walk_m) & np.isnan(after.walk_m)))
    return np.asarray((before.accounts != after.accounts).any(axis=0) | walk | (before.school != after.school))


def _sums(code: I64, amount: I64, size: int) -> I64:
    """Whole sums per code; exact while a cell has fewer than nine billion pupils."""
    return np.bincount(code, amount, size).astype(np.int64) if len(code) else np.zeros(size, np.int64)


def _moved_units(count: int, old: Enrolled, new: Enrolled, row_of_old: I64) -> I64:
    """Units of which somebody goes elsewhere; few units are divided among schools, so these are looked at whole."""
    ones = []
    for enrolled, rows in ((old, row_of_old[old.school]), (new, new.school)):
        entries = np.bincount(enrolled.unit, minlength=count)
        school, amount = np.full(count, -2, np.int64), np.zeros(count, np.int64)
        school[enrolled.unit], amount[enrolled.unit] = rows, enrolled.amount
        ones.append((entries, school, amount))
    (entries, school, amount), (entries_new, school_new, amount_new) = ones
    same = (entries == entries_new) & (entries <= 1) & (school == school_new) & (amount == amount_new)
    return np.flatnonzero(~same)
