"""What can be built at a failing segment or crossing, what it costs, and the cheapest set that makes it fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.standards import table
from layers.errors import Fault, raise_errors

F64 = NDArray[np.float64]
FIT = 2  # a level up to this is fit for children walking to school (docs/method.md, Route safety)
Judge = Callable[[pd.DataFrame, tuple[str, ...]], NDArray[np.int8]]


@dataclass(frozen=True)
class Measure:
    """One measure: what it applies to, its cost a unit, and what it is credited with.

    Parameters
    ----------
    unit, cost
        ``each`` (a crossing) or ``m`` (of street), and money a unit.
    credit, gives
        Levels taken off, or the level reached whatever it was before (0: no such level).
    not_on
        Classes of road where it is not built.
    cmf
        Row of table ``cmf`` with what crash studies credit to it; empty where there is none.
    assumed
        Whether the cost is our assumption and not the county's.
    """

    id: str
    kind: str
    unit: str
    cost: float
    credit: float
    gives: int
    not_on: tuple[str, ...]
    cmf: str
    assumed: bool


def measures(costs: pd.DataFrame | None = None) -> dict[str, Measure]:
    """Every measure by id, with the county's unit costs where it gives them.

    Parameters
    ----------
    costs
        Table ``item, unit, cost``; other items are left alone.

    Raises
    ------
    InputError
        A unit that does not fit the measure (a crossing by the kilometre).
    """
    own, faults = _own_costs(costs)
    raise_errors(faults)
    credits_ = {row["treatment"]: -row["adjustment"] for row in table("plts_crossing_credit").records()}
    return {row["measure"]: _measure(row, own, credits_) for row in table("retrofit_measures").records()}


def _measure(row: dict[str, object], own: dict[str, float], credit: dict[str, float]) -> Measure:
    name, credited = str(row["measure"]), str(row["credit"] or "0")
    return Measure(
        id=name,
        kind=str(row["kind"]),
        unit=str(row["unit"]),
        cost=own.get(name, float(str(row["cost"]))),
        credit=credit[credited] if credited in credit else float(credited),
        gives=int(str(row["gives"])),
        not_on=tuple(row["not_on"]),  # type: ignore[arg-type]
        cmf=str(row["cmf"]),
        assumed=name not in own,
    )


def _own_costs(costs: pd.DataFrame | None) -> tuple[dict[str, float], list[Fault]]:
    found: dict[str, float] = {}
    faults: list[Fault] = []
    if costs is None:
        return found, faults
    known = {row["measure"]: row["unit"] for row in table("retrofit_measures").records()}
    factors = {(row["written"], row["unit"]): float(row["factor"]) for row in table("retrofit_units").records()}
    for at, (item, unit, cost) in enumerate(zip(costs["item"], costs["unit"], costs["cost"], strict=True)):
        if item not in known:
            continue
        factor = factors.get((str(unit).strip().lower(), known[item]))
        if factor is None:
            faults.append(_unit_fault(costs, at, item, unit, known[item]))
        else:
            found[item] = float(cost) / factor
    return found, faults


def _unit_fault(costs: pd.DataFrame, at: int, item: str, unit: str, needed: str) -> Fault:
    row = int(costs["_row"].iloc[at]) if "_row" in costs else None
    params = {"item": item, "needed": needed}
    return Fault("retrofit_unit", file="costs", row=row, column="unit", value=str(unit), params=params)


def measure_sets(kind: str) -> list[tuple[str, ...]]:
    """The sets of measures that are looked at for a segment or a crossing."""
    return [row["measures"] for row in table("retrofit_sets").records() if row["kind"] == kind]


def tags_of(chosen: tuple[str, ...]) -> dict[str, str]:
    """The tags a built set of measures carries; a later measure of the set replaces what an earlier one says."""
    rows = table("retrofit_tags").records()
    return {row["tag"]: row["value"] for name in chosen for row in rows if row["measure"] == name}


def by_credits(book: dict[str, Measure]) -> Judge:
    """Levels after a set of measures, by credits: for elements that no rule can be asked about again.

    Credits add up to two levels at most and never lead below level 2 (TxDOT TSP manual 14.2); halves do not count
    until they make a whole.
    """
    most = float(table("plts_crossing_credit").extra["max_reduction"])

    def after(elements: pd.DataFrame, chosen: tuple[str, ...]) -> NDArray[np.int8]:
        before = elements["level_high"].to_numpy(np.int8)
        taken = min(sum(book[name].credit for name in chosen), most)
        level = np.minimum(np.maximum(np.ceil(before - taken), FIT), before)
        given = [book[name].gives for name in chosen if book[name].gives]
        return np.minimum(level, min(given, default=4)).astype(np.int8)

    return after


def fixes(elements: pd.DataFrame, book: dict[str, Measure], judge: Judge | None = None) -> pd.DataFrame:
    """The cheapest set of measures that brings each element to level 2 or better.

    Parameters
    ----------
    elements
        ``kind`` (segment or crossing), ``level_high`` (1-4), ``length_m`` (segments), and ``highway`` (class of the
        road that is walked along or crossed) where known.
    judge
        Highest level of some elements after a set of measures; by credits when None. A level it gives above the
        one before is not believed: no measure makes a place worse.

    Returns
    -------
    pandas.DataFrame
        Index of the elements: ``measures`` (``;``-joined, missing where no set is enough), ``cost`` (NaN where none),
        ``level_after``, ``assumed_cost`` (bool).
    """
    ask = judge or by_credits(book)
    before = elements["level_high"].to_numpy(np.int8)
    best = np.full(len(elements), np.inf)
    level, chosen = before.copy(), np.full(len(elements), None, dtype=object)
    for kind in ("crossing", "segment"):
        for names in measure_sets(kind):
            after = np.minimum(ask(elements, names), before)
            cost = _cost(elements, names, book)
            better = _allowed(elements, kind, names, book) & (after <= FIT) & (before > FIT) & (cost < best)
            best[better], level[better], chosen[better] = cost[better], after[better], ";".join(names)
    cost = np.where(np.isfinite(best), best, np.nan)
    assumed = [names is not None and any(book[name].assumed for name in names.split(";")) for names in chosen]
    columns = {"measures": chosen, "cost": cost, "level_after": level, "assumed_cost": assumed}
    return pd.DataFrame(columns, index=elements.index)


def _cost(elements: pd.DataFrame, names: tuple[str, ...], book: dict[str, Measure]) -> F64:
    length = elements["length_m"].to_numpy(np.float64) if "length_m" in elements else np.full(len(elements), np.nan)
    each = sum(book[name].cost for name in names if book[name].unit == "each")
    per_m = sum(book[name].cost for name in names if book[name].unit == "m")
    return np.full(len(elements), float(each)) + (np.nan_to_num(length) * per_m if per_m else 0.0)


def _allowed(
    elements: pd.DataFrame, kind: str, names: tuple[str, ...], book: dict[str, Measure]
) -> NDArray[np.bool_]:
    fitting = (elements["kind"] == kind).to_numpy()
    if "highway" not in elements:
        return np.asarray(fitting)
    road = elements["highway"].astype("object").fillna("").str.removesuffix("_link")
    shut = {road_class for name in names for road_class in book[name].not_on}
    return np.asarray(fitting & ~road.isin(shut).to_numpy())


def crash_factors(chosen: str) -> Iterator[tuple[str, float, float]]:
    """Measure and the crash modification factors studies give it, lowest and highest, where there are any.

    For display beside a proposal only; no figure of geoplan is computed from them.
    """
    factors = {row["measure"]: (row["cmf_low"], row["cmf_high"]) for row in table("cmf").records()}
    named = {row["measure"]: row["cmf"] for row in table("retrofit_measures").records()}
    for name in chosen.split(";"):
        if named[name] in factors:
            yield name, *factors[named[name]]
