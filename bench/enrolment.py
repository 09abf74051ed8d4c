"""Exact enrolment against the min-cost flow of OR-tools and an LP by HiGHS: the same pupils served, the same walk."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import coo_array, vstack
from scipy.spatial import cKDTree

from bench import Row, best_of, print_table
from geoplan.enrolment import MILLION, Assignment, Options, Problem, prepare, reassign, solve
from geoplan.enrolment.flow import assign_flow

F64 = NDArray[np.float64]
CELL_M = 100.0
DETOUR = 1.25  # walk over straight line
OPTIONS = 9  # schools within the limit of a cell, on average


@dataclass(frozen=True)
class County:
    """Cells on a grid, schools where people are, and places for a share ``fill`` of the pupils."""

    name: str
    pupils: F64
    options: Options
    places: F64


def rows(small: bool) -> Iterator[Row]:
    """Every comparison; when ``small``, on 20k cells only and without goals."""
    for fill in (1.05, 0.9):
        yield from _against_flow(county(20_000, 10, fill), None)
    yield _against_lp(county(20_000, 10, 1.05), None if small else 8)
    if not small:
        for fill in (1.05, 0.9):
            yield from _against_flow(county(300_000, 300, fill), 8)


def county(cells: int, schools: int, fill: float) -> County:
    """Towns on a plain: the density of pupils falls off from a few centres; always the same for the same numbers."""
    random = np.random.default_rng(cells + schools)
    width = int(np.sqrt(cells))
    home = np.stack(np.divmod(np.arange(cells), width), axis=1) * CELL_M
    centres = home[random.choice(cells, max(schools // 20, 2), replace=False)]
    far, _ = cKDTree(centres).query(home)
    density = 0.05 + np.exp(-far / (width * CELL_M / 12))
    pupils = density * random.gamma(2.0, 0.1, cells)
    site = home[random.choice(cells, schools, replace=False, p=density / density.sum())] + 37.0
    limit_m = np.sort(cKDTree(site).query(home, k=min(OPTIONS, schools))[0][:, -1])[cells // 2]
    near = cKDTree(site).query_ball_point(home, limit_m)
    unit = np.repeat(np.arange(cells), [len(row) for row in near])
    school = np.concatenate([np.asarray(row, np.int64) for row in near])
    walk_m = np.hypot(*(home[unit] - site[school]).T) * DETOUR * (1 + 0.2 * random.random(len(unit)))
    places = random.gamma(4.0, 1.0, schools)
    places *= pupils.sum() * fill / places.sum()
    name = f"{cells // 1000}k cells x {schools}, {len(unit) / 1e6:.1f}M pairs, places for {fill:.0%}"
    return County(name, pupils, Options(unit, school, np.rint(walk_m * 10).astype(np.int64)), places)


def _against_flow(place: County, goal: float | None) -> Iterator[Row]:
    problem = prepare(place.pupils, place.options, len(place.places))
    found, seconds = best_of(lambda: solve(problem, place.places))
    flow, theirs = best_of(lambda: assign_flow(problem, place.places), 1)
    assert (found.served, found.walked) == (flow.served, flow.walked)
    served = f"{found.served / problem.supply.sum():.1%} served, {found.walked / found.served / 10:.0f} m"
    yield Row(f"enrolment, {place.name}", "OR-tools min-cost flow", seconds, theirs, goal, note=served)
    yield _what_if(place, problem, found, theirs)


def _what_if(place: County, problem: Problem, before: Assignment, theirs: float) -> Row:
    """One class more at one school, from the prices of the solve before; the peer solves from nothing."""
    places = place.places.copy()
    places[len(places) // 2] += 45
    after, seconds = best_of(lambda: reassign(before, problem, places))
    full = solve(problem, places)
    assert (after.served, after.walked) == (full.served, full.walked)
    return Row("what-if: one class more", "OR-tools, from nothing", seconds, theirs, note=place.name)


def _against_lp(place: County, goal: float | None) -> Row:
    problem = prepare(place.pupils, place.options, len(place.places))
    found, seconds = best_of(lambda: solve(problem, place.places))
    (served, walked), theirs = best_of(lambda: _lp(problem, place.places), 1)
    assert abs(served - found.served / MILLION) < 1e-3
    assert abs(walked / (found.walked / MILLION) - 1) < 1e-6
    return Row(f"enrolment, {place.name}", "HiGHS LP (scipy)", seconds, theirs, goal)


def _lp(problem: Problem, places: F64) -> tuple[float, float]:
    """Pupils served and pupil-decimetres by a linear programme: a place is worth more than any walk."""
    n_units, n_pairs = len(problem.supply), len(problem.school)
    unit = np.repeat(np.arange(n_units), np.diff(problem.start))
    column, one = np.arange(n_pairs), np.ones(n_pairs)
    limits = vstack(
        [
            coo_array((one, (unit, column)), shape=(n_units, n_pairs)),
            coo_array((one, (problem.school, column)), shape=(len(places), n_pairs)),
        ]
    ).tocsr()
    bounds = np.concatenate([problem.supply / MILLION, np.floor(places[problem.schools] * MILLION) / MILLION])
    worth = (len(places) + 2) * (problem.walk.max() + 1)
    answer = linprog(problem.walk - worth, A_ub=limits, b_ub=bounds, method="highs")
    assert answer.status == 0, answer.message
    return float(answer.x.sum()), float((answer.x * problem.walk).sum())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="20k cells only")
    print_table(rows(parser.parse_args().small))
