"""Attendance zones, blocks, bus stops; unit costs and the field audit of streets."""

from __future__ import annotations

import re
from datetime import date

import geopandas as gpd
import pandas as pd
from pyproj import CRS

from layers.errors import Fault
from layers.planfile import PlanFile
from layers.sites import in_order
from layers.tables import Bounds
from layers.tables.named import Named, read_named

Read = tuple[gpd.GeoDataFrame | None, list[Fault]]
_LIST = re.compile(r"[;；,，、\s]+")


def read_zones(plan: PlanFile, crs: CRS, near: Bounds | None = None) -> Read:
    """Zones in force, Polygon: ``id, stage`` (None: every stage), ``school_ids`` (tuple), in order of id and stage.

    An id may stand once for each stage.
    """
    if plan.zones is None or plan.zones.current is None:
        return None, []
    named = read_named(plan, plan.zones.current, "zones", crs, datum=plan.zones.datum, near=near)
    if named.table is None or "id" not in named.table:
        return None, named.faults
    table = named.places
    schools = pd.Series([_ids(text) for text in named.column("school_ids")], table.index, dtype=object)
    table = table.assign(stage=named.column("stage"), school_ids=schools)
    again = table[["id", "stage"]].duplicated() & table["id"].notna()
    faults = [
        named.fault("row_again", record, column="id, stage", value=str(table["id"].iloc[record]))
        for record in range(len(table))
        if again.iloc[record]
    ]
    return in_order(table.sort_values("stage", na_position="first", kind="stable"), "id"), [*named.faults, *faults]


def _ids(text: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part for part in _LIST.split(text) if part)) if text else ()


def read_blocks(plan: PlanFile, crs: CRS, near: Bounds | None = None) -> Read:
    """Blocks that a zone must not split, Polygon, in order of ``id``."""
    if plan.zones is None or plan.zones.blocks is None:
        return None, []
    named = read_named(plan, plan.zones.blocks, "blocks", crs, datum=plan.zones.datum, near=near)
    return _placed(named)


def read_stops(plan: PlanFile, crs: CRS, near: Bounds | None = None) -> Read:
    """School bus stops, Point, in order of ``id``: ``line, order, minutes, school_id``."""
    if plan.transport is None:
        return None, []
    named = read_named(plan, plan.transport.stops, "stops", crs, datum=plan.transport.datum, near=near)
    return _placed(named)


def _placed(named: Named) -> Read:
    if named.table is None or "id" not in named.table:
        return None, named.faults
    return in_order(named.places, "id"), named.faults


def read_costs(
    plan: PlanFile, crs: CRS | None = None, near: Bounds | None = None
) -> tuple[pd.DataFrame | None, list[Fault]]:
    """Unit costs ``item, unit, cost``, in order of ``item``."""
    if plan.costs is None:
        return None, []
    named = read_named(plan, plan.costs.table, "costs", None)
    if named.table is None or "item" not in named.table:
        return None, named.faults
    return named.table.sort_values("item", kind="stable").reset_index(drop=True), named.faults


def read_audit(
    plan: PlanFile, crs: CRS | None = None, near: Bounds | None = None
) -> tuple[pd.DataFrame | None, list[Fault]]:
    """The field audit ``osm_type, osm_id`` (int64), ``tag, value, date``; one row an element and tag: the latest.

    A value that is empty in the file is a fault; ``no`` says a thing is not there.
    """
    if plan.streets.audit is None:
        return None, []
    named = read_named(plan, plan.streets.audit, "audit", None)
    if named.table is None or any(fault.severity == "error" for fault in named.faults):
        return None, named.faults
    table = named.table.assign(date=[_day(text) for text in named.table["date"]])
    faults = [
        named.fault("value_date", record, column="date", value=str(named.table["date"].iloc[record]))
        for record in range(len(table))
        if table["date"].iloc[record] is None
    ]
    if faults:
        return None, [*named.faults, *faults]
    table = table.astype({"osm_id": "int64"}).sort_values(["osm_type", "osm_id", "tag", "date"], kind="stable")
    return table.drop_duplicates(["osm_type", "osm_id", "tag"], keep="last").reset_index(drop=True), named.faults


def _day(text: str) -> str | None:
    """A date as ISO text; 2024/5/3 and 2024年5月3日 are understood."""
    parts = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T ].*)?", text.strip())
    try:
        return date(*map(int, parts.groups())).isoformat() if parts else None
    except ValueError:
        return None
