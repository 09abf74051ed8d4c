"""The accounts of a stage in later years: the headline reading only, with what years share prepared once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from geoplan.coverage.accounts import account_units, sum_by, totals
from geoplan.coverage.demand import Units, read_units, takes_band, walking_options
from geoplan.coverage.enrol import ON_FOOT, Offer, enrol_prepared, walking_problem
from geoplan.coverage.reach import share, walk_statistics
from geoplan.coverage.stage import F64, I64, Flags, StageCoverage, StageInput, outside, recruiting
from geoplan.enrolment import MILLION, Problem, millionths
from geoplan.reach import nearest_straight

Straight = dict[bytes, F64]


@dataclass(frozen=True)
class YearCoverage:
    """One year of a stage.

    Parameters
    ----------
    figures
        ``pupils, places, served, in_reach_no_place, out_of_reach, off_network, radius_share, walk_share,
        walk_m_mean``; None for what is not known. Where no school states its places, nobody knows who has one.
    pupils, unserved
        Per cell: pupils, and those of them without a place in reach.
    price_dm
        Prices per school, to start a like year from.
    """

    figures: Mapping[str, float | None]
    pupils: F64
    unserved: F64
    price_dm: I64


@dataclass(frozen=True)
class Ground:
    """What the years of a stage share while the same schools are open.

    Parameters
    ----------
    units
        Every cell with every band, also those without pupils.
    problem
        Where they may walk.
    recruits, serves
        Schools that take pupils by nearness, and schools that teach the stage.
    straight
        Metres to the nearest of some schools in a straight line, per cell, by the schools; filled as it is asked for.
    """

    units: Units
    problem: Problem
    recruits: Flags
    serves: Flags
    straight: Straight = field(default_factory=dict)

    def holds(self, given: StageInput) -> bool:
        """Whether the same schools are open in another year."""
        serves = given.schools["serves"].to_numpy(bool)
        same = np.array_equal(serves, self.serves)
        return same and np.array_equal(recruiting(given.schools, given.choices), self.recruits)


def as_year(found: StageCoverage) -> YearCoverage:
    """The same of a stage that has been counted in full."""
    cells, told = found.cells, found.summary
    figures = {
        "pupils": told["pupils"],
        "places": told["places"],
        **told["accounts"],
        "radius_share": told["radius_share"],
        "walk_share": told["walk_share"],
        "walk_m_mean": told["walk_m"]["mean"],
    }
    unserved = cells[["no_place", "out", "off"]].sum(axis=1).to_numpy(np.float64)
    return YearCoverage(_told(figures), cells["pupils"].to_numpy(np.float64), unserved, found.assignment.price_dm)


def common_ground(given: StageInput, *, like: Ground | None = None) -> Ground:
    """Units and walks of a stage; straight distances found before are kept."""
    units = _every_unit(given)
    recruits = recruiting(given.schools, given.choices)
    options = walking_options(units, given.pairs, given.schools)
    offer = Offer(recruits, given.schools["places_net"].to_numpy(np.float64))
    nearest = given.choices.enrolment == "nearest"
    problem = walking_problem(units, options, given.schools, offer, nearest=nearest)
    serves = given.schools["serves"].to_numpy(bool)
    return Ground(units, problem, recruits, serves, like.straight if like else {})


def units_in_year(given: StageInput) -> Units:
    """Every cell with every band and its pupils of the year, also those without: the units of `common_ground`."""
    units = _every_unit(given)
    return replace(units, amount=_amounts(given, units))


def _every_unit(given: StageInput) -> Units:
    bands = sorted({str(band) for band in given.units["band"].unique()})
    count = len(given.cells)
    every = pd.DataFrame({"cell": np.tile(np.arange(count), len(bands)), "band": np.repeat(bands, count)})
    return read_units(replace(given, units=every.assign(pupils=1.0)))


def coverage_in_year(given: StageInput, ground: Ground, *, price_dm: I64 | None = None) -> YearCoverage:
    """Count a year of which only the headline reading is wanted; the accounts are those of `stage_coverage`.

    Parameters
    ----------
    given
        The stage in that year; its schools in the rows of ``ground``, which must hold for it.
    price_dm
        Prices of a like year: they make the enrolment quicker and change nothing in what is found.
    """
    units = replace(ground.units, amount=_amounts(given, ground.units))
    problem = replace(ground.problem, supply=units.amount)
    offer = Offer(ground.recruits, given.schools["places_net"].to_numpy(np.float64))
    enrolled = enrol_prepared(given, units, problem, offer, price_dm=price_dm)
    accounts = account_units(units, enrolled)
    here = given.schools[ground.recruits & ~outside(given.schools)]
    foot = enrolled.mode == ON_FOOT
    figures = {
        "pupils": float(units.amount.sum() / MILLION),
        "places": float(here["places"].sum(min_count=min(1, len(here)))),
        **totals(accounts),
        "radius_share": share(units.amount, _meets_radius(given, ground, enrolled.walkable)),
        "walk_share": share(units.amount, enrolled.walkable),
        "walk_m_mean": walk_statistics(enrolled.cost_dm[foot] / 10, enrolled.amount[foot])["mean"],
    }
    size = len(given.cells)
    return YearCoverage(
        _told(figures),
        sum_by(units.cell, units.amount, size) / MILLION,
        sum_by(units.cell, units.amount - accounts["served"], size) / MILLION,
        enrolled.assignment.price_dm,
    )


def _amounts(given: StageInput, units: Units) -> I64:
    """Millionths of the year's pupils in the order of the shared units."""
    band = pd.Index(list(units.bands), dtype=object).get_indexer(given.units["band"].astype(object))
    key = given.units["cell"].to_numpy(np.int64) * len(units.bands) + band
    size = len(given.cells) * len(units.bands)
    pupils = np.bincount(key, weights=given.units["pupils"].to_numpy(np.float64), minlength=size)
    return millionths(pupils[units.cell * len(units.bands) + units.band])


def _told(figures: Mapping[str, float | None]) -> dict[str, float | None]:
    found = {name: None if value is None or not np.isfinite(value) else value for name, value in figures.items()}
    if found["places"] is None:
        found |= {"served": None, "in_reach_no_place": None}
    return found


def _meets_radius(given: StageInput, ground: Ground, walkable: Flags) -> Flags:
    """Limits in metres held against the straight line to a school that takes the band."""
    units, found = ground.units, walkable.copy()
    for number, band in enumerate(units.bands):
        mine = units.straight & (units.band == number)
        taking = ground.recruits & takes_band(given.schools, band)
        key = taking.tobytes()
        if key not in ground.straight:
            gates = given.gates[taking[given.gates["school"].to_numpy(np.int64)]]
            cells_xy, gates_xy = (table[["x", "y"]].to_numpy(float) for table in (given.cells, gates))
            ground.straight[key], _ = nearest_straight(cells_xy, gates_xy)
        found[mine] = ground.straight[key][units.cell[mine]] <= units.limit_m[mine] * (1 + 1e-12)
    return found
