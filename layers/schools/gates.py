"""Gates: from their own table, from the school table, else the school's own point."""

from __future__ import annotations

import re
from collections.abc import Set

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from layers.check import is_missing
from layers.errors import Fault
from layers.planfile import PlanFile
from layers.tables.named import Named, read_named
from layers.tables.places import LONLAT, Placed, read_crs
from layers.tables.project import Bounds, project

FAR_M = 1_500.0
"""A gate farther from its school than this is more likely a mistake than a large campus."""

_PAIR = re.compile(r"\s*\(?\s*([+-]?\d+(?:\.\d+)?)\s*[,，\s]\s*([+-]?\d+(?:\.\d+)?)\s*\)?\s*")


def read_gates(
    plan: PlanFile, name: str, crs: CRS, school_ids: Set[str], near: Bounds | None
) -> tuple[gpd.GeoDataFrame, list[Fault]]:
    """Gates of the plan's gates table; a gate of a school that is not listed is a fault."""
    named = read_named(plan, name, "gates", crs, datum=plan.schools.datum, stated=plan.schools.crs, near=near)
    if named.table is None or "school_id" not in named.table:
        return _gates([], [], crs), named.faults
    table = named.places
    faults = [
        named.fault("gate_school_unknown", record, column="school_id", value=str(school))
        for record, school in enumerate(table["school_id"])
        if school is not None and school not in school_ids
    ]
    good = table["school_id"].isin(school_ids) & table.geometry.notna()
    kept = table[good].drop(columns=[column for column in ("_row",) if column in table])
    return gpd.GeoDataFrame(kept, geometry="geometry", crs=crs), [*named.faults, *faults]


def inline_gates(
    named: Named | None, plan: PlanFile, crs: CRS, near: Bounds | None
) -> tuple[gpd.GeoDataFrame, list[Fault]]:
    """Gates written into the school table as ``lon lat; lon lat`` in the table's own coordinates and datum."""
    if named is None or named.table is None or "gates" not in named.table:
        return _gates([], [], crs), []
    pairs, records, faults = _pairs(named)
    if not pairs:
        return _gates([], [], crs), faults
    points = shapely.points(np.array(pairs, dtype=np.float64))
    degrees = bool((np.abs(shapely.get_coordinates(points)) <= [180.0, 90.0]).all())
    said = plan.reading("schools").crs or plan.schools.crs
    stated = read_crs(said, "plan.toml", "schools.crs")[0] if said else None
    placed = Placed(points, LONLAT if degrees or stated is None else stated, [])
    rows = np.array([named.rows[record] for record in records], dtype=np.int64)
    shapes, found = project(placed, rows, crs, plan.reading("schools").datum or plan.schools.datum, near, named.file)
    ids = [str(named.table["id"].iloc[record]) for record in records]
    return _gates(ids, list(shapes), crs), [*faults, *found]


def _pairs(named: Named) -> tuple[list[tuple[float, float]], list[int], list[Fault]]:
    assert named.table is not None
    pairs: list[tuple[float, float]] = []
    records: list[int] = []
    faults: list[Fault] = []
    for record, text in enumerate(named.table["gates"]):
        parts = [] if is_missing(text) else [part for part in re.split(r"[;；]", str(text)) if part.strip()]
        for part in parts:
            match = _PAIR.fullmatch(part)
            if match:
                pairs.append((float(match.group(1)), float(match.group(2))))
                records.append(record)
            else:
                faults.append(named.fault("gate_unreadable", record, column="gates", value=part.strip()[:40]))
    return pairs, records, faults


def with_own_points(
    gates: gpd.GeoDataFrame, schools: gpd.GeoDataFrame, file: str
) -> tuple[gpd.GeoDataFrame, list[Fault]]:
    """At least one gate a school, in order of school and place; gates far from their school are warned of."""
    known = gates[gates["school_id"].isin(schools["id"]) & gates.geometry.notna()]
    lacking = schools[~schools["id"].isin(known["school_id"])]
    own = _gates(list(lacking["id"]), list(lacking.geometry), schools.crs)
    both = gpd.GeoDataFrame(pd.concat([known, own], ignore_index=True), geometry="geometry", crs=schools.crs)
    both = both.assign(_x=both.geometry.x, _y=both.geometry.y).sort_values(["school_id", "_x", "_y"], kind="stable")
    both = both.drop(columns=["_x", "_y"]).reset_index(drop=True)
    home = schools.set_index("id").geometry.reindex(both["school_id"]).reset_index(drop=True)
    away_m = both.geometry.distance(gpd.GeoSeries(home, crs=schools.crs), align=False)
    faults = [
        Fault(
            "gate_far",
            "warning",
            file=file,
            column="school_id",
            value=str(school),
            params={"metres": f"{metres:.0f}"},
        )
        for school, metres in zip(both["school_id"], away_m, strict=True)
        if metres > FAR_M
    ]
    return both, faults


def _gates(ids: list[str], points: list[shapely.Geometry], crs: CRS) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"school_id": pd.Series(ids, dtype=object)}, geometry=points, crs=crs)
