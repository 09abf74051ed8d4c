"""What a stage's coverage is made from, and what comes out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.enrolment import Assignment, Problem
from geoplan.reach import Pairs
from geoplan.standards import Standards
from layers.errors import Fault

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Flags = NDArray[np.bool_]

ACCOUNTS = ("served", "in_reach_no_place", "out_of_reach", "off_network")
WAYS = ("walk", "offroad", "bus", "boarding", "outside")


@dataclass(frozen=True)
class Choices:
    """How a plan wants its coverage counted; the names are those of plan.toml.

    ``enrolment``: ``capacity`` (most pupils served, then least walking) or ``nearest`` (everybody asks at the
    nearest school only). ``limits_m``: columns of the reach table.
    """

    cross_border: bool = False
    include_private: bool = False
    enrolment: Literal["capacity", "nearest"] = "capacity"
    limits_m: tuple[int, ...] = (300, 500, 800, 1000, 1500, 2000)


@dataclass(frozen=True)
class StageInput:
    """Everything one stage needs; row numbers are positions in ``cells`` and ``schools``.

    Parameters
    ----------
    stage, standards
        Which stage, and the norms that set its rules.
    units
        ``cell`` (row), ``band`` (id), ``pupils`` (fractional, >= 0).
    cells
        ``cell_id`` (unique), ``x, y`` (m), ``area_id``; optional ``setting`` (town, rural; town where unknown),
        ``edge_m`` (distance to the boundary), ``offroad`` (bool: its first leg crosses open ground).
    schools
        ``id`` (unique), the columns of `geoplan.places.stage_places`; optional ``ownership, scope, area_id, boarders,
        beds, enrolment_<stage>, meets_standard`` (bool).
    gates
        ``school`` (row), ``x, y`` (m): where a school is entered.
    pairs
        Walking distances at least up to the longest limit in use.
    areas
        ``area_id, name, setting``.
    nearest_dm
        Walk from each cell to the nearest school of `recruiting`, without a limit, -1 for none; taken from the pairs
        (and so cut at their limit) when None.
    extra
        Other ways to school, used for those without a place on foot: ``cell, school, cost_dm, mode`` (bus, boarding),
        optional ``band``. Boarding also needs ``beds``.
    schooled_outside
        Residents who go to school outside the region, for the reconciliation.
    choices
        How to count.
    """

    stage: str
    standards: Standards
    units: pd.DataFrame
    cells: pd.DataFrame
    schools: pd.DataFrame
    gates: pd.DataFrame
    pairs: Pairs
    areas: pd.DataFrame
    nearest_dm: NDArray[np.int32] | None = None
    extra: pd.DataFrame | None = None
    schooled_outside: float | None = None
    choices: Choices = field(default_factory=Choices)


@dataclass(frozen=True)
class StageCoverage:
    """The coverage of one stage. Every count is a whole number of millionths, so tables close exactly.

    Parameters
    ----------
    accounts
        Pupils by ``ACCOUNTS``; they sum to the pupils of the stage.
    cells
        Rows as given: ``pupils, school`` (id with the largest share, None), ``walk_m`` (mean of those who walk),
        ``nearest_m, straight_m, status, served, no_place, out, off, near_edge, accessibility``; ``served_low,
        served_high`` where the served are a range.
    schools
        Rows as given: ``places, places_source, pupils_assigned, pupils_nearest, load, reach_pupils, walk_m,
        single_shift_deficit``.
    areas
        Rows as given: ``area_id, name, setting, pupils``, the accounts, ``served_<way>, places, radius_share,
        walk_share, accessibility, walk_m``, and ``residents_of_age, enrolled, ratio`` of the reconciliation.
    flows
        Who goes where: ``cell, band, school`` (row), ``pupils, walk_m, way`` (one of ``WAYS``).
    summary
        What ``summary.json`` holds of the stage.
    faults
        Warnings that must be read.
    problem, assignment
        The walking assignment of the headline reading, to start a what-if from (`geoplan.enrolment.reassign`);
        units are the rows of ``units``.
    units
        ``cell, band, pupils, limit_dm``: the units in their canonical order.
    """

    stage: str
    accounts: Mapping[str, float]
    cells: pd.DataFrame
    schools: pd.DataFrame
    areas: pd.DataFrame
    flows: pd.DataFrame
    summary: Mapping[str, Any]
    faults: tuple[Fault, ...]
    problem: Problem
    assignment: Assignment
    units: pd.DataFrame


def recruiting(schools: pd.DataFrame, choices: Choices, *, cross_border: bool | None = None) -> Flags:
    """Which schools take the region's pupils by nearness: they serve, are public or purchased, and lie inside.

    Unknown ownership counts as public. Private schools count with ``include_private``, schools outside with
    ``cross_border`` (of the choices when None).
    """
    across = choices.cross_border if cross_border is None else cross_border
    taken = schools["serves"].to_numpy(bool) & (choices.include_private | ~private(schools))
    return taken & (across | ~outside(schools))


def private(schools: pd.DataFrame) -> Flags:
    """Schools whose places are neither public nor bought by the public."""
    return _equals(schools, "ownership", "private")


def unknown_owner(schools: pd.DataFrame) -> Flags:
    """Schools of which it is not known who runs them."""
    if "ownership" not in schools:
        return np.ones(len(schools), bool)
    return schools["ownership"].isna().to_numpy(bool)


def coming_in(schools: pd.DataFrame, stage: str) -> float | None:
    """Pupils from outside the region; None where no school states any number, not even 0."""
    stated = [name for name in ("pupils_from_outside", f"pupils_from_outside_{stage}") if name in schools]
    if not stated or bool(schools[stated].isna().all(axis=None)):
        return None
    return float(schools["incoming"].sum())


def outside(schools: pd.DataFrame) -> Flags:
    """Schools beyond the boundary."""
    return _equals(schools, "scope", "outside")


def _equals(table: pd.DataFrame, column: str, value: str) -> Flags:
    if column not in table:
        return np.zeros(len(table), bool)
    return (table[column] == value).fillna(False).to_numpy(bool)
