"""Cohorts: children counted once are a year older every year; younger ones come from births, movers in proportion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.demand.births import YOUNGEST, Births, Homes, births_ahead
from geoplan.demand.moves import Group, moved, moves_by_year, survival_by_age
from geoplan.standards import Standards

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]


@dataclass(frozen=True)
class People:
    """Residents of the year they are counted in.

    ``by_age`` (cells, ages), ``people`` (cells: all of them), ``area`` (cells: position in ``areas``).
    """

    year: int
    by_age: F64
    people: F64
    area: I32
    areas: tuple[str, ...]


@dataclass(frozen=True)
class Cohorts:
    """Everything children of a later year follow from; nothing per cell and year is kept.

    Parameters
    ----------
    counted
        The people, and their year.
    by_area, people
        Sums of ``counted.by_age`` (areas, ages) and ``counted.people`` (areas).
    newborn
        Share of its area's births in each cell.
    births
        Per year after the counts and area.
    lived
        Shape (years, ages): share of a cohort that has lived since the counts, or since birth.
    growth
        Shape (years, areas, ages): the same times what moves made of it.
    swell
        Shape (years, areas): all residents against those counted, by moves.
    findings
        Reason code to parameters.
    """

    counted: People
    by_area: F64
    people: F64
    newborn: F64
    births: Births
    lived: F64
    growth: F64
    swell: F64
    findings: Mapping[str, Mapping[str, Any]]

    @property
    def last(self) -> int:
        """Last year that can be asked for."""
        return self.counted.year + len(self.lived) - 1


def make_cohorts(
    counted: People, tables: Mapping[str, pd.DataFrame], standards: Standards, *, last: int, first_age: int
) -> Cohorts:
    """Prepare cohorts up to a year.

    Of every year in turn: each age lives on to the next (survival), births become age 0, then people move. Births of
    a year are the children of age 0 at its end. Moves are scaled on the middle births.

    Parameters
    ----------
    counted
        Residents by single year of age.
    tables
        ``births, survival, migration``, where given.
    last, first_age
        Last year wanted, and the youngest age any stage asks for.

    Raises
    ------
    InputError
        Births or moves where nobody lives, more people leaving than there are.
    """
    by_area = sums(counted.by_age, counted)
    homes = Homes(counted.areas, by_area[:, :YOUNGEST].sum(axis=1), sums(counted.people[:, None], counted)[:, 0])
    births = births_ahead(
        tables.get("births"), homes, standards, year=counted.year, last=last, needed=last - first_age
    )
    survival = survival_by_age(tables.get("survival"), standards, counted.by_age.shape[1])
    moves = moves_by_year(tables.get("migration"), counted.areas)
    lived, growth, swell = _walk(by_area, homes.people, births.amount["mid"], survival, moves, counted)
    return Cohorts(
        counted,
        by_area,
        homes.people,
        _newborn(counted),
        births,
        lived,
        growth,
        swell,
        {**births.findings, **_findings(tables, moves, counted.year, last)},
    )


def children(cohorts: Cohorts, year: int, variant: str, ages: range) -> F64:
    """Residents per cell and single year of age at the end of a year, shape (cells, ages)."""
    counted, shift = cohorts.counted, year - cohorts.counted.year
    found = np.empty((len(counted.area), len(ages)))
    for column, age in enumerate(ages):
        if age >= shift:
            source = counted.by_age[:, age - shift]
        else:
            source = cohorts.newborn * cohorts.births.amount[variant][shift - age - 1][counted.area]
        found[:, column] = source * cohorts.growth[shift][counted.area, age]
    return found


def children_by_area(cohorts: Cohorts, year: int, variant: str, *, moves: bool = True, born: bool = True) -> F64:
    """The same summed by area, all ages; ``moves`` False leaves moves out, ``born`` False those born already."""
    shift = year - cohorts.counted.year
    found = np.zeros_like(cohorts.by_area)
    for age in range(found.shape[1]):
        expected = year - age > cohorts.births.last_born
        if born or expected:
            first = age >= shift
            found[:, age] = (
                cohorts.by_area[:, age - shift] if first else cohorts.births.amount[variant][shift - age - 1]
            )
    factor = cohorts.growth[shift] if moves else cohorts.lived[shift][None, :]
    return found * factor


def expected_ages(cohorts: Cohorts, year: int) -> F64:
    """1 for every age whose children are not born yet (or not registered), else 0; shape (1, ages)."""
    ages = np.arange(cohorts.by_area.shape[1])
    return (year - ages > cohorts.births.last_born).astype(np.float64)[None, :]


def residents(cohorts: Cohorts, year: int) -> F64:
    """All residents per cell, those who moved in or out included."""
    counted = cohorts.counted
    return counted.people * cohorts.swell[year - counted.year][counted.area]


def sums(values: F64, counted: People) -> F64:
    """Columns summed by area, shape (areas, columns)."""
    found = np.zeros((len(counted.areas), values.shape[1]))
    for column in range(values.shape[1]):
        found[:, column] = np.bincount(counted.area, weights=values[:, column], minlength=len(counted.areas))
    return found


def _newborn(counted: People) -> F64:
    """Where births of an area go: by its youngest children, else by its residents."""
    young = counted.by_age[:, :YOUNGEST].sum(axis=1)
    total, people = sums(young[:, None], counted)[:, 0], sums(counted.people[:, None], counted)[:, 0]
    by_people = np.divide(counted.people, people[counted.area], out=np.zeros_like(young), where=counted.people > 0)
    return np.divide(young, total[counted.area], out=by_people, where=total[counted.area] > 0)


def _walk(
    by_area: F64, people: F64, births: F64, survival: F64, moves: Mapping[int, pd.DataFrame], counted: People
) -> tuple[F64, F64, F64]:
    """Factors of every year, from the year of the counts on."""
    shape = (len(births) + 1, *by_area.shape)
    lived, growth = np.ones((shape[0], shape[2])), np.ones(shape)
    swell, state, gained = np.ones(shape[:2]), by_area.copy(), np.zeros(len(people))
    for step in range(1, shape[0]):
        lived[step, 1:] = lived[step - 1, :-1] * survival[:-1]
        growth[step, :, 1:] = growth[step - 1, :, :-1] * survival[:-1]
        state = np.column_stack([births[step - 1], state[:, :-1] * survival[:-1]])
        year = counted.year + step
        if year in moves:
            adults = np.clip(people + gained - state.sum(axis=1), 0.0, None)
            factor, more = moved(moves[year], Group(state, adults), counted.areas, year)
            growth[step] *= factor
            state, gained = state * factor, gained + more
        swell[step] = np.divide(people + gained, people, out=np.ones_like(people), where=people > 0)
    return lived, growth, swell


def _findings(
    tables: Mapping[str, pd.DataFrame], moves: Mapping[int, pd.DataFrame], year: int, last: int
) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    if "survival" not in tables:
        found["survival_assumed"] = {}
    if not moves:
        found["migration_none"] = {}
    elif max(moves) < last:
        found["migration_ends"] = {"year": max(moves)}
    return found
