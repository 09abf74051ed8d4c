"""Coverage of a stage: who has a place, who has a school in reach, who has not, and by which measure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from geoplan.coverage.accounts import account_units, totals
from geoplan.coverage.demand import read_units, walking_options
from geoplan.coverage.edge import edge_distance
from geoplan.coverage.enrol import Enrolled, Offer, enrol, enrol_again
from geoplan.coverage.reach import nearness
from geoplan.coverage.reconciliation import reconcile, reconciliation_faults
from geoplan.coverage.stage import ACCOUNTS, I64, WAYS, Choices, StageCoverage, StageInput, recruiting
from geoplan.coverage.summary import doubtful, plain, served_by, summary
from geoplan.coverage.tables import (
    Counted,
    area_codes,
    areas_table,
    cells_table,
    count,
    flows_table,
    schools_table,
    units_table,
)
from geoplan.enrolment import MILLION

__all__ = [
    "ACCOUNTS",
    "WAYS",
    "Choices",
    "StageCoverage",
    "StageInput",
    "edge_distance",
    "recruiting",
    "stage_coverage",
]


def stage_coverage(given: StageInput, *, before: StageCoverage | None = None) -> StageCoverage:
    """Count one stage: enrolment, accounts, shares by both measures, the edge, the reconciliation.

    The headline reading is closed (schools inside only) unless ``cross_border``; both are counted where schools
    outside serve. Where many places are assumed or unknown (``plan.places.assumed_share``) the served also become a
    range: low without assumed and unknown places, high with unknown ones unlimited; in between, unknown places are
    none. Then ``summary["headline"]`` is ``reach``, else ``served``. Where no school states its places, who has a
    place is not known, and there is no range.

    Parameters
    ----------
    before
        The coverage of a like input, such as the plan before a what-if: its prices make the enrolment quicker, and
        change nothing in what is found.
    """
    units = read_units(given)
    options = walking_options(units, given.pairs, given.schools)
    recruits = recruiting(given.schools, given.choices)
    offer = Offer(recruits, given.schools["places_net"].to_numpy(np.float64))
    enrolled = enrol(given, units, options, offer, price_dm=_prices(given, before))
    counted = count(given, units, options, offer, enrolled, nearness(given, units, recruits))
    reconciliation = reconcile(given, units, area_codes(given))
    cells, areas = cells_table(counted), areas_table(counted, reconciliation)
    told = summary(counted, areas, reconciliation)
    told["edge"] = plain(_edge(counted))
    unsure = doubtful(counted)
    told["headline"] = "reach" if unsure else "served"
    if unsure and told["places"] is not None:
        low, high = _bounds(counted)
        told["served_range"] = [float(bound.served.sum() / MILLION) for bound in (low, high)]
        cells = cells.assign(served_low=_by_cell(counted, low), served_high=_by_cell(counted, high))
    return StageCoverage(
        stage=given.stage,
        accounts=told["accounts"],
        cells=cells,
        schools=schools_table(counted),
        areas=areas,
        flows=flows_table(counted),
        summary=told,
        faults=reconciliation_faults(given, reconciliation),
        problem=enrolled.problem,
        assignment=enrolled.assignment,
        units=units_table(units),
    )


def _prices(given: StageInput, before: StageCoverage | None) -> I64 | None:
    """Prices of another coverage by school id; a new school starts at 0."""
    if before is None:
        return None
    known = pd.Series(before.assignment.price_dm, index=before.schools["id"].astype(str))
    return known.reindex(given.schools["id"].astype(str)).fillna(0).to_numpy(np.int64)


def _edge(counted: Counted) -> dict[str, object]:
    """Pupils near the edge, and the served, accounts and ways of both readings."""
    given, units = counted.given, counted.units
    headline, other = ("open", "closed") if given.choices.cross_border else ("closed", "open")
    readings = {headline: counted.enrolled, other: _other_reading(counted)}
    near = units.amount[counted.edge].sum() / MILLION if "edge_m" in given.cells else None
    found: dict[str, object] = {"pupils_near_edge": near, "kind": headline}
    for name in ("closed", "open"):
        accounts = totals(account_units(units, readings[name]))
        found[name] = accounts["served"]
        found[f"{name}_accounts"] = accounts
        found[f"{name}_served_by"] = served_by(given, units, readings[name])
    return found


def _other_reading(counted: Counted) -> Enrolled:
    """The enrolment with the schools outside if they were left out, or without them."""
    given, offer = counted.given, counted.offer
    across = not given.choices.cross_border
    recruits = recruiting(given.schools, given.choices, cross_border=across)
    if np.array_equal(recruits, offer.recruits):
        return counted.enrolled
    return enrol(given, counted.units, counted.options, replace(offer, recruits=recruits))


def _bounds(counted: Counted) -> tuple[Enrolled, Enrolled]:
    """The enrolment with doubtful places gone, and with unknown ones unlimited."""
    given, offer = counted.given, counted.offer
    low, high = (
        enrol_again(
            given, counted.units, counted.enrolled, replace(offer, places=given.schools[name].to_numpy(float))
        )
        for name in ("places_low", "places_high")
    )
    return low, high


def _by_cell(counted: Counted, enrolled: Enrolled) -> pd.Series:
    cell = pd.Series(enrolled.served).groupby(counted.units.cell).sum() / MILLION
    return cell.reindex(range(len(counted.given.cells))).fillna(0.0)
