"""What a what-if starts from: a counted plan with everything kept that one changed school does not change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from geoplan.coverage import StageCoverage, StageInput, recruiting
from geoplan.coverage.demand import Units, read_units, takes_band, walking_options
from geoplan.coverage.enrol import ON_FOOT, Enrolled, Offer, cut_to_nearest, enrol_prepared, walking_problem
from geoplan.coverage.reach import Nearness, meets_radius, share
from geoplan.coverage.stage import I64
from geoplan.coverage.years import units_in_year
from geoplan.enrolment import Problem
from geoplan.situation import Situation
from geoplan.stage_inputs import stage_in_year, stage_input
from geoplan.whatif.figures import CellFigures, cell_figures
from geoplan.whatif.reach import Nearest, nearest_of
from layers.bundle import Layers


@dataclass(frozen=True)
class StageBase:
    """One stage of the plan.

    Parameters
    ----------
    given, units
        What it was counted from; units in canonical order.
    offer
        Recruiting schools and their places.
    problem
        Every option on foot, also where only the nearest counts.
    enrolled, figures
        What was found, by unit and by cell.
    near
        By band: the nearest school that takes it; ``""`` for all recruiting schools together.
    unit_of_cell
        Per band: the unit of each cell, -1 where nobody asks or no street is near.
    shares
        See :func:`shares`.
    """

    stage: str
    given: StageInput
    units: Units
    offer: Offer
    problem: Problem
    enrolled: Enrolled
    figures: CellFigures
    near: Mapping[str, Nearest]
    unit_of_cell: Mapping[str, I64]
    shares: Mapping[str, float]


@dataclass(frozen=True)
class WhatIfBase:
    """A plan ready for what-ifs, in one year; build it once with :func:`whatif_base`.

    ``year`` is None for the base year; ``opening`` is the year whose schools are open.
    """

    layers: Layers
    situation: Situation
    stages: Mapping[str, StageBase]
    year: int | None = None

    @property
    def opening(self) -> int | None:
        """The year whose schools are open: that of the school table in the base year."""
        return self.layers.plan.schools.year if self.year is None else self.year


def whatif_base(
    layers: Layers, situation: Situation, stages: Mapping[str, StageCoverage] | None = None
) -> WhatIfBase:
    """Keep what what-ifs of a plan share, in the base year.

    Parameters
    ----------
    layers, situation
        From `geoplan.plan.read_layers` and `geoplan.situation.take_stock`.
    stages
        The coverage of each stage, where it is known: its prices make this quicker and change nothing.
    """
    known = stages or {}
    found = {}
    for stage in situation.stages:
        prices = known[stage].assignment.price_dm if stage in known else None
        found[stage] = stage_base(stage_input(layers, situation, stage), situation, price_dm=prices)
    return WhatIfBase(layers, situation, found)


def in_year(base: WhatIfBase, year: int | None) -> WhatIfBase:
    """The same plan in another year: its pupils, and the schools open then; PlanError for one that is not projected.

    The years of a plan share streets and walks, so that this takes a moment where the base year is there.
    """
    situation = base.situation
    if year == base.year or (base.year is None and year == situation.outlook.base_year):
        return base
    found = {}
    for stage, like in base.stages.items():
        given = stage_in_year(base.layers, situation, situation.outlook, stage, year, like=like.given)
        prices = like.enrolled.assignment.price_dm
        found[stage] = stage_base(given, situation, units=units_in_year(given), price_dm=prices, like=like)
    return WhatIfBase(base.layers, situation, found, year)


def stage_base(
    given: StageInput,
    situation: Situation,
    *,
    units: Units | None = None,
    price_dm: I64 | None = None,
    like: StageBase | None = None,
) -> StageBase:
    """One stage of a plan.

    Parameters
    ----------
    units
        Those of the input where None.
    price_dm
        Prices of a like enrolment of the same schools: they make this quicker and change nothing.
    like
        A stage of the same cells and schools: its nearest schools are taken over where the same ones recruit.
    """
    units = read_units(given) if units is None else units
    recruits = recruiting(given.schools, given.choices)
    offer = Offer(recruits, given.schools["places_net"].to_numpy(np.float64))
    options = walking_options(units, given.pairs, given.schools)
    problem = walking_problem(units, options, given.schools, offer, nearest=False)
    enrolled = filled(given, units, problem, offer, price_dm)
    near: dict[str, Nearest] = {}
    found = {} if like is None else {one.schools.tobytes(): one for one in like.near.values()}
    for band in ("", *units.bands):
        taking = recruits & takes_band(given.schools, band) if band else recruits
        key = taking.tobytes()
        found[key] = found.get(key) or nearest_of(given, situation, taking)
        near[band] = found[key]
    figures = cell_figures(given, units, enrolled)
    unit_of_cell, shown = _unit_of_cell(units, len(given.cells)), shares(units, enrolled, near)
    return StageBase(given.stage, given, units, offer, problem, enrolled, figures, near, unit_of_cell, shown)


def filled(given: StageInput, units: Units, problem: Problem, offer: Offer, price_dm: I64 | None) -> Enrolled:
    """The enrolment of a problem with every option, as the plan counts it."""
    asked = cut_to_nearest(problem) if given.choices.enrolment == "nearest" else problem
    return enrol_prepared(given, units, asked, offer, price_dm=price_dm)


def shares(units: Units, enrolled: Enrolled, near: Mapping[str, Nearest]) -> dict[str, float]:
    """Share of pupils within their rule, straight and on foot, and the mean walk of those who walk (m)."""
    straight_m = np.empty(len(units.cell))
    for number, band in enumerate(units.bands):
        mine = units.band == number
        straight_m[mine] = near[band].straight_m[units.cell[mine]]
    unknown = np.empty(0)
    radius = meets_radius(units, Nearness(unknown, unknown, unknown, straight_m), enrolled.walkable)
    foot = enrolled.mode == ON_FOOT
    walked = float((enrolled.cost_dm[foot] / 10 * enrolled.amount[foot]).sum())
    total = int(enrolled.amount[foot].sum())
    return {
        "radius_share": share(units.amount, radius),
        "walk_share": share(units.amount, enrolled.walkable),
        "walk_m": walked / total if total else float("nan"),
    }


def _unit_of_cell(units: Units, cells: int) -> dict[str, I64]:
    found = {}
    for number, band in enumerate(units.bands):
        mine = np.flatnonzero((units.band == number) & ~units.off)
        found[band] = np.full(cells, -1, np.int64)
        found[band][units.cell[mine]] = mine
    return found
