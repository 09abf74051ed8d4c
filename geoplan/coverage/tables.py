"""The tables of a stage's coverage: cells, schools, areas, and who goes where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.catchment import Ways, floating_catchment
from geoplan.coverage.accounts import account_units, sum_by
from geoplan.coverage.demand import Units
from geoplan.coverage.edge import near_edge
from geoplan.coverage.enrol import ON_FOOT, Enrolled, Offer, ways
from geoplan.coverage.reach import Nearness, meets_radius
from geoplan.coverage.stage import ACCOUNTS, F64, I64, WAYS, Flags, StageInput, outside
from geoplan.enrolment import MILLION, Options, assign_nearest, school_load

SHORT = dict(zip(ACCOUNTS, ("served", "no_place", "out", "off"), strict=True))


@dataclass(frozen=True)
class Counted:
    """One reading of a stage, counted: what the tables and the summary are written from."""

    given: StageInput
    units: Units
    options: Options
    offer: Offer
    enrolled: Enrolled
    near: Nearness
    accounts: Mapping[str, I64]
    radius: Flags
    edge: Flags
    access: F64


def count(
    given: StageInput, units: Units, options: Options, offer: Offer, enrolled: Enrolled, near: Nearness
) -> Counted:
    """Accounts, shares and places per pupil of every unit."""
    return Counted(
        given,
        units,
        options,
        offer,
        enrolled,
        near,
        account_units(units, enrolled),
        meets_radius(units, near, enrolled.walkable),
        near_edge(given, units),
        _access(units, options, offer),
    )


def area_codes(given: StageInput) -> I64:
    """Position of each cell's area in ``areas``, -1 where it lies in none."""
    ids = pd.Index(given.areas["area_id"].astype(str))
    return ids.get_indexer(given.cells["area_id"].astype(str)).astype(np.int64)


def cells_table(counted: Counted) -> pd.DataFrame:
    """One row a cell, in the given order."""
    given, units, enrolled = counted.given, counted.units, counted.enrolled
    size = len(given.cells)
    pupils = sum_by(units.cell, units.amount, size)
    by_account = {name: sum_by(units.cell, amount, size) for name, amount in counted.accounts.items()}
    cell = units.cell[enrolled.unit]
    table = pd.DataFrame({"cell_id": given.cells["cell_id"].to_numpy(), "pupils": pupils / MILLION})
    ids = given.schools["id"].astype(str).to_numpy()
    table["school"] = pd.Series(main_schools(ids, size, (cell, enrolled.school, enrolled.amount)), dtype=object)
    table["walk_m"] = _mean_walk(cell, enrolled, size)
    table["nearest_m"] = _finite(counted.near.cell_walk_m)
    table["straight_m"] = _finite(counted.near.cell_straight_m)
    table["status"] = pd.Series(statuses(pupils, by_account), dtype=object)
    for name, amount in by_account.items():
        table[SHORT[name]] = amount / MILLION
    table["near_edge"] = sum_by(units.cell, counted.edge.astype(np.int64), size) > 0
    table["accessibility"] = _mean(units.cell, counted.access, units.amount, size)
    return table


def schools_table(counted: Counted) -> pd.DataFrame:
    """One row a school, in the given order; NaN where a school does not serve the stage, or takes no pupils by it."""
    given, units, options, enrolled = counted.given, counted.units, counted.options, counted.enrolled
    schools, size = given.schools, len(given.schools)
    serves = schools["serves"].to_numpy(bool)
    assigned = sum_by(enrolled.school, enrolled.amount, size) / MILLION
    seats, places = schools["seats"].to_numpy(float), schools["places"].to_numpy(float)
    inside = assigned + schools["incoming"].to_numpy(float)
    table = pd.DataFrame({"id": schools["id"].to_numpy(), "places": places})
    table["places_source"] = schools["places_source"].to_numpy()
    takes = counted.offer.recruits
    table["pupils_assigned"] = np.where(takes, assigned, np.nan)
    table["pupils_nearest"] = np.where(takes, school_load(assign_nearest(enrolled.problem)) / MILLION, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        table["load"] = np.where(takes & (places > 0), inside / places, np.nan)
    reach = sum_by(options.school.astype(np.int64), units.amount[options.unit], size) / MILLION
    table["reach_pupils"] = np.where(serves, reach, np.nan)
    table["walk_m"] = _mean_walk(enrolled.school, enrolled, size)
    table["single_shift_deficit"] = np.where(serves, np.maximum(inside - seats, 0.0), np.nan)
    return table


def areas_table(counted: Counted, reconciliation: Mapping[str, Any]) -> pd.DataFrame:
    """One row a sub-area, in the given order."""
    given, units, enrolled = counted.given, counted.units, counted.enrolled
    size, code = len(given.areas), area_codes(given)[units.cell]
    table = pd.DataFrame({"area_id": given.areas["area_id"].astype(str).to_numpy()})
    for name in ("name", "setting"):
        table[name] = given.areas[name].to_numpy() if name in given.areas else None
    pupils = sum_by(code, units.amount, size)
    table["pupils"] = pupils / MILLION
    for name, amount in counted.accounts.items():
        table[name] = sum_by(code, amount, size) / MILLION
    way = ways(given, enrolled, units)
    for number, name in enumerate(WAYS):
        table[f"served_{name}"] = _where_sum(code, enrolled, way == number, size)
    table["places"] = _area_places(counted)
    for name, chosen in (("radius_share", counted.radius), ("walk_share", enrolled.walkable)):
        table[name] = _ratio(sum_by(code, np.where(chosen, units.amount, 0), size), pupils)
    table["accessibility"] = _mean(code, counted.access, units.amount, size)
    table["walk_m"] = _mean_walk(code[enrolled.unit], enrolled, size)
    parts = {str(row["area_id"]): row for row in reconciliation["areas"]}
    for column, key in (("residents_of_age", "modelled"), ("enrolled", "enrolled"), ("ratio", "ratio")):
        table[column] = [_number(parts.get(area, {}).get(key)) for area in table["area_id"]]
    return table


def flows_table(counted: Counted) -> pd.DataFrame:
    """One row a unit and school that takes some of it."""
    units, enrolled = counted.units, counted.enrolled
    return pd.DataFrame(
        {
            "cell": units.cell[enrolled.unit],
            "band": np.array(units.bands, object)[units.band[enrolled.unit]],
            "school": enrolled.school,
            "pupils": enrolled.amount / MILLION,
            "walk_m": enrolled.cost_dm / 10,
            "way": np.array(WAYS, object)[ways(counted.given, enrolled, units)],
        }
    )


def units_table(units: Units) -> pd.DataFrame:
    """The units in canonical order."""
    return pd.DataFrame(
        {
            "cell": units.cell,
            "band": np.array(units.bands, object)[units.band],
            "pupils": units.amount / MILLION,
            "limit_dm": units.limit_dm,
        }
    )


def _access(units: Units, options: Options, offer: Offer) -> F64:
    """Net places per pupil within each unit's own rule (2SFCA); unlimited places are left out."""
    taken = offer.recruits[options.school]
    pairs = Ways(options.unit[taken], options.school[taken], options.cost_dm[taken].astype(np.float64))
    places = np.where(np.isfinite(offer.places), offer.places, 0.0)
    return floating_catchment(pairs, np.ones(len(pairs.home)), units.amount / MILLION, places)


def main_schools(names: NDArray[Any], cells: int, goes: tuple[I64, I64, I64]) -> NDArray[np.object_]:
    """Id of the school that takes most of each cell; of equals, the smaller id; None where nobody goes anywhere.

    ``names`` are the ids by row; ``goes`` is cell, school (row) and amount, one entry a cell or more.
    """
    cell, school, amount = goes
    order = np.argsort(names, kind="stable")
    rank = np.empty(len(names), np.int64)
    rank[order] = np.arange(len(names))
    size = max(len(names), 1)
    pair, place = np.unique(cell * size + rank[school], return_inverse=True)
    total = sum_by(place.astype(np.int64), amount, len(pair))
    order = np.lexsort((pair, -total, pair // size))
    first = order[np.flatnonzero(np.diff(pair[order] // size, prepend=-1))]
    found = np.full(cells, None, object)
    found[pair[first] // size] = np.sort(names)[pair[first] % size] if len(names) else None
    return found


def _mean_walk(code: I64, enrolled: Enrolled, size: int) -> F64:
    """Mean walk of those on foot, in metres; NaN where nobody walks."""
    foot = np.where(enrolled.mode == ON_FOOT, enrolled.amount, 0)
    return _ratio(sum_by(code, foot * enrolled.cost_dm, size), sum_by(code, foot, size)) / 10


def _mean(code: I64, value: F64, amount: I64, size: int) -> F64:
    kept = code >= 0
    return _ratio(np.bincount(code[kept], value[kept] * amount[kept], size), sum_by(code, amount, size))


def _ratio(part: NDArray[Any], whole: NDArray[Any]) -> F64:
    return np.divide(part, whole, out=np.full(len(part), np.nan), where=np.asarray(whole) > 0)


def _where_sum(code: I64, enrolled: Enrolled, chosen: Flags, size: int) -> F64:
    return sum_by(code[enrolled.unit[chosen]], enrolled.amount[chosen], size) / MILLION


def statuses(pupils: I64, by_account: Mapping[str, I64]) -> NDArray[np.object_]:
    """The account with most of a cell's pupils, the earlier one of equals; none where nobody is counted."""
    stacked = np.stack([by_account[name] for name in ACCOUNTS])
    return np.where(pupils > 0, np.array(ACCOUNTS, object)[stacked.argmax(axis=0)], "none").astype(object)


def _area_places(counted: Counted) -> F64:
    """Places of the recruiting schools in each area; NaN where none of them states its places or carries an area."""
    schools, areas = counted.given.schools, counted.given.areas
    if "area_id" not in schools:
        return np.full(len(areas), np.nan)
    ids = pd.Index(areas["area_id"].astype(str))
    code = ids.get_indexer(schools["area_id"].astype(str))
    kept = counted.offer.recruits & ~outside(schools) & (code >= 0)
    places = schools["places"].to_numpy(float)
    total = np.bincount(code[kept], np.nan_to_num(places[kept]), minlength=len(areas)).astype(np.float64)
    here, stated = (np.bincount(code[chosen], minlength=len(areas)) for chosen in (kept, kept & ~np.isnan(places)))
    return np.where((here > 0) & (stated == 0), np.nan, total)


def _finite(distance_m: F64) -> F64:
    return np.where(np.isfinite(distance_m), distance_m, np.nan)


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)
