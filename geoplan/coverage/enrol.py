"""Who gets a place and how they get there: on foot first, then by bus, then boarding, each with places left over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from geoplan.coverage.demand import Units, chosen, extra_options
from geoplan.coverage.stage import F64, I64, Flags, StageInput, outside
from geoplan.enrolment import MILLION, Assignment, Options, Problem, prepare, reassign, solve

ON_FOOT, BY_BUS, BOARDING = 0, 1, 2


@dataclass(frozen=True)
class Offer:
    """Who may take pupils, and how many: ``recruits`` (bool) and ``places`` (net, NaN none, inf all) per school."""

    recruits: Flags
    places: F64


@dataclass(frozen=True)
class Enrolled:
    """One way of filling the places.

    Parameters
    ----------
    unit, school, amount, cost_dm, mode
        Who goes where, in millionths of a pupil; mode is ``ON_FOOT``, ``BY_BUS`` or ``BOARDING``.
    served, in_reach
        Per unit: millionths with a place; whether any school may be asked at all.
    walkable
        Per unit: whether a recruiting school lies within its rule on foot.
    problem, assignment
        The walking part.
    """

    unit: I64
    school: I64
    amount: I64
    cost_dm: I64
    mode: I64
    served: I64
    in_reach: Flags
    walkable: Flags
    problem: Problem
    assignment: Assignment


def walking_problem(units: Units, options: Options, schools: pd.DataFrame, offer: Offer, *, nearest: bool) -> Problem:
    """The assignment on foot; with ``nearest`` a unit may ask at its nearest school only."""
    ids = schools["id"].astype(str).to_numpy()
    problem = prepare(units.amount / MILLION, options, len(schools), school_key=ids, recruits=offer.recruits)
    problem = replace(problem, supply=units.amount)
    return cut_to_nearest(problem) if nearest else problem


def cut_to_nearest(problem: Problem) -> Problem:
    """The same units, each with the first of its options only."""
    has = np.diff(problem.start) > 0
    first = problem.start[:-1][has]
    start = np.concatenate([np.zeros(1, np.int64), np.cumsum(has)])
    school, walk, cost = problem.school[first], problem.walk[first], problem.cost[first]
    return replace(problem, start=start, school=school, walk=walk, cost=cost)


def enrol(
    given: StageInput, units: Units, options: Options, offer: Offer, *, price_dm: I64 | None = None
) -> Enrolled:
    """Fill the places on foot, then by the other modes given; prices of a like plan make it quicker."""
    nearest = given.choices.enrolment == "nearest"
    problem = walking_problem(units, options, given.schools, offer, nearest=nearest)
    return enrol_prepared(given, units, problem, offer, price_dm=price_dm)


def enrol_prepared(
    given: StageInput, units: Units, problem: Problem, offer: Offer, *, price_dm: I64 | None = None
) -> Enrolled:
    """The same where the walking problem of these units is there already."""
    return _with_other_modes(given, units, problem, solve(problem, offer.places, price_dm=price_dm), offer)


def enrol_again(given: StageInput, units: Units, before: Enrolled, offer: Offer) -> Enrolled:
    """The same pupils and schools with other places, starting from the prices of the first solve."""
    found = reassign(before.assignment, before.problem, offer.places)
    return _with_other_modes(given, units, before.problem, found, offer)


def ways(given: StageInput, enrolled: Enrolled, units: Units) -> I64:
    """Position in ``WAYS`` of each entry: outside goes before bus and boarding, these before open ground."""
    cells = given.cells
    offroad = cells["offroad"].to_numpy(bool) if "offroad" in cells else np.zeros(len(cells), bool)
    on_foot = np.where(offroad[units.cell[enrolled.unit]], 1, 0)
    inside = np.select([enrolled.mode == BY_BUS, enrolled.mode == BOARDING], [2, 3], default=on_foot)
    return np.where(outside(given.schools)[enrolled.school], 4, inside).astype(np.int64)


def _with_other_modes(given: StageInput, units: Units, problem: Problem, found: Assignment, offer: Offer) -> Enrolled:
    walkable = np.diff(problem.start) > 0
    parts = [(found.unit, found.school, found.millionths, found.cost_dm, np.zeros(len(found.unit), np.int64))]
    in_reach, left = walkable.copy(), found.unserved
    for mode, name in ((BY_BUS, "bus"), (BOARDING, "boarding")):
        options = _mode_options(given, units, offer, name)
        if not len(options.unit):
            continue
        in_reach[options.unit] = True
        places = _places_left(given, offer, parts, name)
        more = solve(replace(_as_problem(given, units, options), supply=left), places)
        parts.append((more.unit, more.school, more.millionths, more.cost_dm, np.full(len(more.unit), mode)))
        left = more.unserved
    unit, school, amount, cost, mode_of = (np.concatenate(column) for column in zip(*parts, strict=True))
    served = units.amount - left
    return Enrolled(unit, school, amount, cost, mode_of, served, in_reach, walkable, problem, found)


def _as_problem(given: StageInput, units: Units, options: Options) -> Problem:
    ids = given.schools["id"].astype(str).to_numpy()
    return prepare(units.amount / MILLION, options, len(ids), school_key=ids)


def _mode_options(given: StageInput, units: Units, offer: Offer, mode: str) -> Options:
    if given.extra is None:
        nothing = np.empty(0, np.int64)
        return Options(nothing, nothing, nothing)
    options = extra_options(units, given.extra, mode)
    return chosen(options, offer.recruits[options.school])


def _places_left(given: StageInput, offer: Offer, parts: Sequence[tuple[I64, ...]], mode: str) -> F64:
    """Places not yet taken; no more than the free beds for boarders."""
    used = np.zeros(len(offer.places), np.int64)
    for _, school, amount, _, _ in parts:
        np.add.at(used, school, amount)
    places = np.maximum(np.nan_to_num(offer.places, nan=0.0, posinf=np.inf) - used / MILLION, 0.0)
    if mode != "boarding":
        return places
    schools = given.schools
    beds = schools["beds"].to_numpy(float, na_value=np.nan) if "beds" in schools else np.zeros(len(schools))
    return np.minimum(places, np.nan_to_num(beds))
