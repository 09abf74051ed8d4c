"""Residents by age, births, survival and moves by year, and who is registered here or schooled elsewhere."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pyproj import CRS

from layers.errors import Fault
from layers.planfile import PlanFile
from layers.tables import Bounds
from layers.tables.named import Named, read_named

Read = tuple[pd.DataFrame | None, list[Fault]]


def read_ages(plan: PlanFile, crs: CRS | None = None, near: Bounds | None = None) -> Read:
    """``age`` or ``age_from, age_to`` (NaN: open at the top), ``residents``; ``area_id, year``; ``_row`` is kept."""
    named = _named(plan, plan.population.ages, "ages")
    if named is None or named.table is None:
        return None, named.faults if named else []
    faults = [*_order(named), *_twice(named, ("area_id", "year", "age", "age_from"))]
    lacking = _silent(named, ("age", "age_from"))
    return named.table.assign(_row=named.rows), [*named.faults, *faults, *lacking]


def read_births(plan: PlanFile, crs: CRS | None = None, near: Bounds | None = None) -> Read:
    """``year, births``; ``area_id, low, high, registered``; in order of area and year. low <= births <= high."""
    named = _named(plan, plan.population.births, "births")
    if named is None or named.table is None:
        return None, named.faults if named else []
    faults = _twice(named, ("area_id", "year"))
    for low, high in (("low", "births"), ("births", "high"), ("registered", "births")):
        faults += _not_above(named, low, high)
    return _sorted(named.table, ("area_id", "year")), [*named.faults, *faults]


def read_registered(plan: PlanFile, crs: CRS | None = None, near: Bounds | None = None) -> Read:
    """``age_from, age_to, registered``; ``area_id, schooled_outside_<stage>``; in order of area and age."""
    named = _named(plan, plan.population.registered, "registered")
    if named is None or named.table is None:
        return None, named.faults if named else []
    faults = [*_order(named), *_twice(named, ("area_id", "age_from"))]
    return _sorted(named.table, ("area_id", "age_from")), [*named.faults, *faults]


def read_survival(plan: PlanFile, crs: CRS | None = None, near: Bounds | None = None) -> Read:
    """``age_from, age_to`` (NaN: open at the top), ``survival`` a year, 0 to 1; in order of age."""
    named = _named(plan, plan.demand.survival, "survival")
    if named is None or named.table is None:
        return None, named.faults if named else []
    faults = [*_order(named), *_overlap(named)]
    return _sorted(named.table, ("age_from",)), [*named.faults, *faults]


def read_migration(plan: PlanFile, crs: CRS | None = None, near: Bounds | None = None) -> Read:
    """``year``, ``net`` persons or ``rate``; ``age_from, age_to, area_id``; in order of year, area and age."""
    named = _named(plan, plan.demand.migration, "migration")
    if named is None or named.table is None:
        return None, named.faults if named else []
    faults = [*_order(named), *_twice(named, ("year", "area_id", "age_from")), *_silent(named, ("net", "rate"))]
    return _sorted(named.table, ("year", "area_id", "age_from")), [*named.faults, *faults]


def _overlap(named: Named) -> list[Fault]:
    """Age groups that begin before the one below them has ended."""
    assert named.table is not None
    if not {"age_from", "age_to"} <= set(named.table.columns):
        return []
    ordered = named.table.sort_values("age_from", kind="stable")
    end = ordered["age_to"].fillna(np.inf).cummax().shift(fill_value=-1.0)
    return [
        named.fault("demand_ages_overlap", int(record), column="age_from", age=f"{ordered['age_from'][record]:g}")
        for record in ordered.index[(ordered["age_from"] <= end).to_numpy()]
    ]


def _named(plan: PlanFile, name: str | None, kind: str) -> Named | None:
    return read_named(plan, name, kind, None) if name else None


def _sorted(table: pd.DataFrame, keys: tuple[str, ...]) -> pd.DataFrame:
    present = [key for key in keys if key in table]
    rest = sorted(str(name) for name in table.columns if name not in present)
    return table.sort_values([*present, *rest], kind="stable", na_position="first").reset_index(drop=True)


def _twice(named: Named, keys: tuple[str, ...]) -> list[Fault]:
    """Rows that say the same thing again; an empty area is the region."""
    assert named.table is not None
    present = [key for key in keys if key in named.table]
    if not set(present) - {"area_id"}:
        return []
    again = named.table[present].duplicated().to_numpy()
    known = named.table[[key for key in present if key != "area_id"]].notna().any(axis=1).to_numpy()
    faults = []
    for record in np.flatnonzero(again & known).tolist():
        value = ", ".join(_shown(named.table[key].iloc[record]) for key in present)
        faults.append(named.fault("row_again", record, column=", ".join(present), value=value))
    return faults


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value or "")


def _order(named: Named) -> list[Fault]:
    assert named.table is not None
    if not {"age_from", "age_to"} <= set(named.table.columns):
        return []
    first, last = named.table["age_from"], named.table["age_to"]
    return [
        named.fault("ages_order", record, column="age_to", value=f"{first.iloc[record]:g}-{last.iloc[record]:g}")
        for record in np.flatnonzero((last < first).to_numpy()).tolist()
    ]


def _silent(named: Named, columns: tuple[str, ...]) -> list[Fault]:
    """Rows that fill none of these columns, of those the table has: no age, or no number and no share of movers."""
    assert named.table is not None
    present = [name for name in columns if name in named.table]
    if not present:
        return []
    empty = named.table[present].isna().all(axis=1).to_numpy()
    return [
        named.fault("value_missing", record, column=present[0])
        for record in np.flatnonzero(empty).tolist()
        if not any(named.told(record, column) for column in present)
    ]


def _not_above(named: Named, low: str, high: str) -> list[Fault]:
    assert named.table is not None
    if not {low, high} <= set(named.table.columns):
        return []
    wrong = (named.table[low] > named.table[high]).to_numpy()
    return [
        named.fault("value_above", record, column=low, value=f"{named.table[low].iloc[record]:g}", other=high)
        for record in np.flatnonzero(wrong).tolist()
    ]
