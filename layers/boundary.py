"""The region and its sub-areas, in one metric CRS, so that tables of sub-areas close."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS, Proj
from pyproj.exceptions import ProjError
from shapely.geometry.base import BaseGeometry

from layers.datum import metric_crs
from layers.errors import Fault, InputError, raise_errors
from layers.planfile import PlanFile
from layers.tables.named import Named, read_named
from layers.tables.places import LONLAT, read_crs
from layers.tables.project import Bounds, transformer_of
from layers.tables.shapes import polygons

REST = "_rest"
"""``area_id`` of the part of the region that no sub-area covers."""
REGION = "region"
"""``area_id`` of the one row where no sub-areas are given."""
FETCHED = "boundary.geojson"
"""Where a boundary looked up online is written, beside plan.toml."""

SCALE_OFF = 0.005
"""The stated CRS may draw a length in the region this much too long or too short."""

TOLERATED = 1e-3
"""Overlaps and gaps up to this share of the region are drawing errors and are not reported."""
LEAST_M2 = 100.0


def read_region(plan: PlanFile) -> tuple[BaseGeometry, gpd.GeoDataFrame, CRS, list[Fault]]:
    """The region, its sub-areas and the metric CRS everything is brought into.

    Returns
    -------
    Boundary (Polygon or MultiPolygon, metres); sub-areas ``area_id, name, setting, residents, year`` and further
    columns of the file, in order of ``area_id``, cut to the boundary and to each other (an overlap goes to the first
    id), with a last row ``_rest`` for what none of them covers; the CRS: plan.toml's, else by region; warnings.

    Raises
    ------
    InputError
        No boundary, nothing enclosed, a CRS that is not metric; every fault of both files.
    """
    crs, faults = _stated_crs(plan)
    region = _read_boundary(plan, faults)
    if region is None:
        raise InputError(faults)
    lonlat, file = region
    faults += _scale_faults(crs, lonlat, plan)
    crs = crs or metric_crs(lonlat)
    boundary = polygons(shapely.make_valid(_transform(lonlat, LONLAT, crs)))
    if not boundary.area >= LEAST_M2:
        raise InputError([*faults, Fault("region_empty", file=file, value=f"{boundary.area:.1f} m2")])
    areas = _whole(plan, boundary, crs)
    if plan.region.areas:
        near = _bounds(lonlat)
        named = read_named(plan, plan.region.areas, "areas", crs, datum=plan.region.datum, near=near)
        faults += named.faults
        if named.table is not None:
            areas, found = _partition(named, boundary, plan.region.setting)
            faults += found
    raise_errors(faults)
    return boundary, areas, crs, faults


def lonlat_bounds(boundary: BaseGeometry, crs: CRS) -> Bounds:
    """West, south, east, north of a metric geometry, degrees."""
    transformer = transformer_of(crs, LONLAT)
    west, south, east, north = transformer.transform_bounds(*boundary.bounds)
    return float(west), float(south), float(east), float(north)


def _bounds(shape: BaseGeometry) -> Bounds:
    west, south, east, north = shape.bounds
    return west, south, east, north


def _stated_crs(plan: PlanFile) -> tuple[CRS | None, list[Fault]]:
    if plan.region.crs is None:
        return None, []
    crs, faults = read_crs(plan.region.crs, "plan.toml", "region.crs")
    if crs is not None and not _is_metric(crs):
        return None, [Fault("crs_not_metric", file="plan.toml", column="region.crs", value=plan.region.crs)]
    return crs, faults


def _scale_faults(crs: CRS | None, lonlat: BaseGeometry, plan: PlanFile) -> list[Fault]:
    """An error where the stated CRS draws lengths in the region more than ``SCALE_OFF`` too long or too short."""
    if crs is None:
        return []
    west, south, east, north = lonlat.bounds
    lon, lat = [(west + east) / 2, west, east, west, east], [(south + north) / 2, south, south, north, north]
    try:
        found = Proj(crs).get_factors(lon, lat, errcheck=True)
        scales = np.concatenate([found.meridional_scale, found.parallel_scale])
    except ProjError:  # the system has no such place
        scales = np.array([np.inf])
    off = float(np.nan_to_num(np.abs(scales - 1.0), nan=np.inf).max())
    if off <= SCALE_OFF:
        return []
    shown = {"off": f"{off:.1%}" if np.isfinite(off) else "∞", "own": metric_crs(lonlat).to_string()}
    return [Fault("crs_scale", file="plan.toml", column="region.crs", value=plan.region.crs, params=shown)]


def _is_metric(crs: CRS) -> bool:
    return crs.is_projected and all(axis.unit_conversion_factor == 1.0 for axis in crs.axis_info[:2])


def _read_boundary(plan: PlanFile, faults: list[Fault]) -> tuple[BaseGeometry, str] | None:
    """The region in degrees and its file; None when a fault has been added."""
    name = plan.region.boundary
    if name is None:
        if not plan.path(FETCHED).is_file():
            faults.append(Fault("region_not_fetched", file="plan.toml", column="region", value=plan.region.place))
            return None
        name = FETCHED
    named = read_named(plan, name, "region", None, datum=plan.region.datum)
    faults += named.faults
    if named.table is None or any(fault.severity == "error" for fault in named.faults):
        return None
    region, found = _joined(named)
    faults += found
    return None if region.is_empty else (region, name)


def _joined(named: Named) -> tuple[BaseGeometry, list[Fault]]:
    """All polygons of the file as one; lines that close stand in where there is no polygon."""
    shapes = named.places.geometry.to_numpy()
    flat = shapely.get_dimensions(shapes) == 2
    faults = []
    if flat.any():
        region = polygons(shapely.union_all(shapes[flat]))
        if not flat.all():
            faults.append(Fault("region_lines", "warning", file=named.file, value=str(int((~flat).sum()))))
    else:
        region = polygons(shapely.union_all(shapely.get_parts(shapely.polygonize(list(shapes)))))
        faults.append(Fault("region_ring", "warning", file=named.file))
    if region.is_empty:
        faults = [Fault("region_empty", file=named.file)]
    return region, faults


def _transform(shape: BaseGeometry, source: CRS, target: CRS) -> BaseGeometry:
    transformer = transformer_of(source, target)
    return shapely.transform(shape, lambda points: np.column_stack(transformer.transform(points[:, 0], points[:, 1])))


def _whole(plan: PlanFile, boundary: BaseGeometry, crs: CRS) -> gpd.GeoDataFrame:
    row = _row(REGION, plan.plan.title or plan.plan.name, plan.region.setting)
    return gpd.GeoDataFrame([row], geometry=[boundary], crs=crs)


def _row(area_id: str, name: str, setting: str) -> dict[str, Any]:
    return {"area_id": area_id, "name": name, "setting": setting, "residents": np.nan, "year": np.nan}


def _partition(named: Named, boundary: BaseGeometry, setting: str) -> tuple[gpd.GeoDataFrame, list[Fault]]:
    """Sub-areas that divide the boundary: no overlap, no gap."""
    frame = named.places.rename(columns={"id": "area_id"})
    usable = (
        frame["area_id"].notna() & frame.geometry.notna() if "area_id" in frame else pd.Series(False, frame.index)
    )
    frame = frame[usable].drop_duplicates("area_id").sort_values("area_id") if usable.any() else frame[usable]
    parts, faults = _cut(frame, boundary, named)
    rest = polygons(shapely.difference(boundary, shapely.union_all(parts))) if len(parts) else boundary
    kept = shapely.area(parts) > 0
    areas = _completed(frame[kept].set_geometry(list(parts[kept]), crs=frame.crs), setting)
    if not len(areas):
        return areas, [*faults, Fault("areas_none", file=named.file)]
    share = rest.area / boundary.area
    if share > TOLERATED:
        faults.append(Fault("areas_gap", "warning", file=named.file, value=f"{share:.2%}"))
        last = gpd.GeoDataFrame([_row(REST, REST, setting)], geometry=[rest], crs=areas.crs)
        areas = pd.concat([areas, last], ignore_index=True)
    return areas, faults


def _completed(frame: gpd.GeoDataFrame, setting: str) -> gpd.GeoDataFrame:
    """The contract's columns in front, all of them there."""
    out = frame.reset_index(drop=True)
    for column, default in _row("", "", setting).items():
        if column not in out:
            out[column] = pd.Series(
                default, index=out.index, dtype=object if isinstance(default, str) else np.float64
            )
    out["setting"] = out["setting"].where(out["setting"].notna(), setting)
    lead = list(_row("", "", setting))
    return out[[*lead, *(name for name in out.columns if name not in lead)]]


def _cut(
    frame: gpd.GeoDataFrame, boundary: BaseGeometry, named: Named
) -> tuple[np.ndarray[Any, np.dtype[np.object_]], list[Fault]]:
    """The part of each sub-area inside the boundary and outside those before it; empty where it lies outside."""
    whole = frame.geometry.to_numpy()
    parts = np.empty(len(frame), dtype=object)
    parts[:] = [polygons(shapely.intersection(shape, boundary)) for shape in whole]
    faults = []
    floor = np.minimum(shapely.area(whole), boundary.area) * TOLERATED
    for number in np.flatnonzero(shapely.area(parts) < floor).tolist():
        row, shown = int(frame.index[number]), _id(frame, number)
        faults.append(named.fault("area_outside", row, severity="warning", value=shown))
        parts[number] = shapely.Polygon()
    tree = shapely.STRtree(parts)
    for first, second in sorted(map(tuple, tree.query(parts, predicate="intersects").T.tolist())):
        if first >= second:
            continue
        share = shapely.intersection(parts[first], parts[second]).area / boundary.area
        if share > TOLERATED:
            pair = f"{_id(frame, first)} / {_id(frame, second)}"
            row = int(frame.index[second])
            faults.append(named.fault("areas_overlap", row, severity="warning", value=pair, share=f"{share:.2%}"))
        parts[second] = polygons(shapely.difference(parts[second], parts[first]))
    return parts, faults


def _id(frame: gpd.GeoDataFrame, number: int) -> str:
    return str(frame["area_id"].iloc[number])
