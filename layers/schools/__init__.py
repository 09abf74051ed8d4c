"""Schools: what each teaches, how many places it has by stage, where it stands and where its gates are."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from layers.boundary import lonlat_bounds
from layers.bundle import STAGES
from layers.errors import Fault, InputError
from layers.planfile import PlanFile
from layers.schools.checks import check_schools
from layers.schools.gates import inline_gates, read_gates, with_own_points
from layers.schools.mapped import from_map
from layers.schools.quantities import QUANTITIES, by_stage
from layers.schools.stages import stages_of
from layers.tables.named import read_named
from layers.tables.project import Bounds

TEXTS = ("name", "ownership", "setting", "scope", "campus_of", "group", "source")
NUMBERS = ("shifts", "opened", "closes", "pupils_from_outside", "beds", "boarders", "site_m2")
_BY_STAGE = tuple(f"{quantity}_{stage}" for stage in STAGES for quantity in QUANTITIES)
_LEAD = ("id", "name", "stage", "stages", *TEXTS[1:6], *NUMBERS, *_BY_STAGE, "assumed", "source")


def read_schools(
    plan: PlanFile, crs: CRS, osm_schools: gpd.GeoDataFrame | None, *, boundary: BaseGeometry | None = None
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, list[Fault]]:
    """Read the schools of a plan and their gates.

    Parameters
    ----------
    plan
        ``[schools]`` names a table, or says ``osm = true``.
    crs
        Metric CRS of the plan.
    osm_schools
        ``Surroundings.schools``; used with ``osm = true`` only.
    boundary
        The region in ``crs``: schools outside it get ``scope`` outside unless the table says otherwise.

    Returns
    -------
    Schools in order of ``id``: ``id, name, stage, stages`` (tuple), ``ownership, setting, scope, campus_of, group``,
    ``shifts, opened, closes, pupils_from_outside, beds, boarders, site_m2``; per stage ``places_<s>, classrooms_<s>,
    classes_<s>, enrolment_<s>`` (NaN unknown); ``assumed`` (column names divided by ;), ``source``, every other
    column of the table, Point. Gates: ``school_id``, Point; at least one a school. All faults: rows with an error
    are left out.

    Raises
    ------
    InputError
        No source of schools, or a table that cannot be read.
    """
    near = lonlat_bounds(boundary, crs) if boundary is not None else None
    if plan.schools.table:
        schools, gates, faults, listed = _from_table(plan, plan.schools.table, crs, near)
    elif plan.schools.osm:
        schools, faults = from_map(osm_schools, crs)
        gates, listed = inline_gates(None, plan, crs, near)[0], set(schools["id"])
    else:
        raise InputError([Fault("schools_none", file="plan.toml", column="schools")])
    schools = _completed(schools, crs)
    faults += check_schools(schools, boundary, plan.schools.table or "")
    schools = _finished(schools, boundary)
    if plan.schools.gates:
        given, found = read_gates(plan, plan.schools.gates, crs, listed, near)
        given = given[given["school_id"].isin(schools["id"])]
        gates = gpd.GeoDataFrame(pd.concat([gates, given], ignore_index=True), crs=crs)
        faults += found
    gates, found = with_own_points(gates, schools, plan.schools.gates or plan.schools.table or "")
    return schools, gates, [*faults, *found]


def _from_table(
    plan: PlanFile, name: str, crs: CRS, near: Bounds | None
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, list[Fault], set[str]]:
    """Usable rows, gates written into the table, faults, and the ids of all rows, usable or not."""
    section = plan.schools
    named = read_named(plan, name, "schools", crs, datum=section.datum, stated=section.crs, near=near)
    if named.table is None or "stage" not in named.table or "id" not in named.table:
        raise InputError(named.faults)
    quantities, faults = by_stage(named)
    gates, found = inline_gates(named, plan, crs, near)
    table = named.places.drop(columns=[name for name in quantities if name in named.places])
    table = table.assign(**{name: quantities[name] for name in quantities}, _row=named.rows)
    table["stages"] = pd.Series([stages_of(stage) for stage in table["stage"]], index=table.index, dtype=object)
    usable = table["id"].notna() & table["stage"].notna() & table.geometry.notna()
    kept = table[usable].drop_duplicates("id")
    kept = kept.set_geometry(_points(kept.geometry.to_numpy()), crs=crs)
    return kept, gates, [*named.faults, *faults, *found], set(table["id"].dropna())


def _points(shapes: np.ndarray[Any, np.dtype[np.object_]]) -> list[BaseGeometry]:
    """A point in each shape: a school drawn as its ground stands at a point inside it."""
    return [shape if shape.geom_type == "Point" else shapely.point_on_surface(shape) for shape in shapes]


def _completed(schools: gpd.GeoDataFrame, crs: CRS) -> gpd.GeoDataFrame:
    """Every column of the contract that others rely on, in order of id."""
    out = schools.sort_values("id", kind="stable").reset_index(drop=True)
    for name in _LEAD:
        if name not in out:
            numeric = name in NUMBERS or name in _BY_STAGE
            fill: Any = np.nan if numeric else "" if name == "assumed" else None
            out[name] = pd.Series([fill] * len(out), index=out.index, dtype=np.float64 if numeric else object)
    rest = [name for name in out.columns if name not in _LEAD and name != "geometry"]
    return gpd.GeoDataFrame(out[[*_LEAD, *rest, "geometry"]], geometry="geometry", crs=crs)


def _finished(schools: gpd.GeoDataFrame, boundary: BaseGeometry | None) -> gpd.GeoDataFrame:
    """``scope`` by position where the table does not say it; working columns dropped."""
    inside = schools.geometry.intersects(boundary) if boundary is not None else pd.Series(True, schools.index)
    place = pd.Series(np.where(inside, "inside", "outside"), index=schools.index, dtype=object)
    scope = schools["scope"].where(schools["scope"].notna(), place)
    return schools.assign(scope=scope).drop(columns="_row", errors="ignore")


__all__ = ["read_schools", "stages_of"]
