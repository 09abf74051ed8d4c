"""Goal three: among the choices that serve as many for the same cost, the one with the least walking, with a bound.

Who goes where is the exact enrolment of :mod:`geoplan.enrolment`. From it follow prices of places, exact in whole
decimetres: shortest paths over "a pupil of p could go to q instead". With prices, a bound on the walking of every
other choice is linear in its classes and in the pupils it serves (Lagrangian duality), and joins the integer program.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from geoplan.enrolment import Assignment, Options, Problem, prepare, solve
from geoplan.siting.design.columns import Columns, useful_places
from geoplan.siting.design.groups import MILLION, pupil_millionths
from geoplan.siting.design.task import F64, I64, Mask, StageDemand, Task

KM = 10_000.0  # decimetres; walking is bounded in pupil-kilometres, which suit the solver's tolerances
FAR = np.iinfo(np.int64).max // 4


@dataclass(frozen=True)
class Walkers:
    """Units of one stage with their pairs, ready to be assigned again and again.

    ``unit, place, walk``: pairs sorted by unit; ``start`` per unit; ``supply`` in millionths by year and unit.
    """

    problem: Problem
    start: I64
    unit: I64
    place: I64
    walk: I64
    supply: I64


@dataclass(frozen=True)
class Bound:
    """``walking >= constant + price . served - fare . places``, in pupil-kilometres of one stage and year.

    ``price`` (km) multiplies the pupils served; ``fare`` (km) the places, one per place.
    """

    constant: float
    price: float
    fare: F64


def walkers(task: Task, given: Columns) -> tuple[Walkers, ...]:
    """The assignment problem of every stage, with places that can hold anybody."""
    useful = useful_places(given)
    return tuple(_walkers(stage, np.asarray(task.place_id), useful[s]) for s, stage in enumerate(task.stages))


def assigned(of: Walkers, year: int, places: F64, *, like: Assignment | None = None) -> Assignment:
    """Exact enrolment of a stage and year; prices of a like one make it quicker."""
    problem = replace(of.problem, supply=of.supply[year][of.problem.units])
    return solve(problem, places, price_dm=None if like is None else like.price_dm)


def walking_m(found: Sequence[Sequence[Assignment]], weights: F64) -> float:
    """Pupils x metres of all stages, each year with its weight."""
    each = [[entry.walked / (10.0 * MILLION) for entry in years] for years in found]
    return float(np.asarray(each, np.float64).sum(axis=0) @ weights)


def enrolments(task: Task, of: Sequence[Walkers], places: F64) -> list[list[Assignment]]:
    """Exact enrolment by stage and year."""
    found = []
    for s, stage in enumerate(of):
        years: list[Assignment] = []
        for t in range(len(task.years)):
            years.append(assigned(stage, t, places[s, t], like=years[-1] if years else None))
        found.append(years)
    return found


def bound_at(of: Walkers, year: int, found: Assignment, places: F64) -> Bound:
    """A bound that is exact at an enrolment and holds for all others."""
    longest = int(of.walk.max(initial=0)) + 1
    whole = _primal(found)
    best: Bound | None = None
    for price in (2 * longest, 8 * longest, (len(places) + 2) * longest):
        fare = _fares(of, found, places, price)
        best = _bound(of, year, price, fare)
        if _value(best, found, places) >= whole - 1e-9 * max(whole, 1.0):
            break
    assert best is not None
    return best


def _walkers(demand: StageDemand, ids: NDArray[np.str_], useful: Mask) -> Walkers:
    supply = pupil_millionths(demand)
    kept = useful[demand.place]
    unit = np.asarray(demand.unit)[kept].astype(np.int64)
    place = np.asarray(demand.place)[kept].astype(np.int64)
    walk = np.asarray(demand.cost_dm)[kept].astype(np.int64)
    order = np.lexsort((place, unit))
    unit, place, walk = unit[order], place[order], walk[order]
    start = np.searchsorted(unit, np.arange(supply.shape[1] + 1)).astype(np.int64)
    most = supply.max(axis=0, initial=0) / MILLION
    options = Options(unit, place, walk)
    problem = prepare(most, options, len(ids), unit_key=demand.unit_key, school_key=ids)
    return Walkers(problem, start, unit, place, walk, supply)


def _primal(found: Assignment) -> float:
    """Pupil-kilometres walked."""
    return found.walked / (KM * MILLION)


def _value(bound: Bound, found: Assignment, places: F64) -> float:
    room = _room(places, found) / MILLION
    return bound.constant + bound.price * found.served / MILLION - float(bound.fare @ room)


def _room(places: F64, found: Assignment) -> F64:
    """Millionths that fit at each place; no more than everybody and one, so that a place for all is never full."""
    return np.asarray(np.floor(np.clip(places * MILLION + 1e-4, 0, float(found.supply.sum()) + 1.0)))


def _bound(of: Walkers, year: int, price: int, fare: I64) -> Bound:
    """Every unit pays at most what its cheapest place costs it, or the price of having none."""
    pays = np.full(of.supply.shape[1], price, np.int64)
    has = np.diff(of.start) > 0
    if has.any():
        pays[has] = np.minimum(price, np.minimum.reduceat(of.walk + fare[of.place], of.start[:-1][has]))
    saved = float(((price - pays) * (of.supply[year] / MILLION)).sum())
    return Bound(-saved / KM, price / KM, fare / KM)


def _fares(of: Walkers, found: Assignment, places: F64, price: int) -> I64:
    """What a place is worth at each school: the walking that one more place there would save.

    Places left are worth nothing; a pupil with no place is worth ``price``.
    """
    n = len(places)
    load = np.zeros(n, np.int64)
    np.add.at(load, found.school, found.millionths)
    room = _room(places, found).astype(np.int64)
    fare = np.where(load < room, 0, FAR)
    detour = _detours(of, found, n)
    give_up = np.full(n, FAR)
    np.minimum.at(give_up, found.school, price - found.cost_dm)
    fare = np.minimum(fare, np.where(load > 0, np.maximum(give_up, 0), FAR))
    for _ in range(n):
        shorter = np.minimum(fare, (detour + fare[None, :]).min(axis=1, initial=FAR))
        if np.array_equal(shorter, fare):
            break
        fare = shorter
    return _unused(of, np.maximum(fare, 0), price, room == 0)


def _detours(of: Walkers, found: Assignment, n: int) -> I64:
    """Least extra walk of a pupil of one place who goes to another instead, shape (places, places)."""
    count = np.diff(of.start)[found.unit]
    entry = np.repeat(np.arange(len(count)), count)
    first = np.cumsum(count) - count
    pair = np.repeat(of.start[found.unit] - first, count) + np.arange(count.sum())
    detour = np.full((n, n), FAR)
    np.minimum.at(detour, (found.school[entry], of.place[pair]), of.walk[pair] - found.cost_dm[entry])
    return detour


def _unused(of: Walkers, fare: I64, price: int, closed: Mask) -> I64:
    """Fares of places that are not there: the least that would draw nobody."""
    fare = np.where(closed, FAR, fare)
    pays = np.full(of.supply.shape[1], price, np.int64)
    has = np.diff(of.start) > 0
    if has.any():
        pays[has] = np.minimum(price, np.minimum.reduceat(of.walk + fare[of.place], of.start[:-1][has]))
    draws = np.zeros(len(fare), np.int64)
    np.maximum.at(draws, of.place, pays[of.unit] - of.walk)
    return np.where(closed, draws, fare)
