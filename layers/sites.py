"""Plots where a school could stand, land where none may, and venues open to pupils."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from layers.errors import Fault
from layers.planfile import PlanFile
from layers.tables import Bounds
from layers.tables.named import Named, read_named

Read = tuple[gpd.GeoDataFrame | None, list[Fault]]

AREA_TOLERANCE = 0.2
"""A plot said to be larger than its drawing by more than this share is worth a look; net land may well be smaller."""
OVERLAP_TOLERANCE_M2 = 1.0
"""Neighbours drawn loosely share slivers; less than this is none."""


def read_sites(plan: PlanFile, crs: CRS, near: Bounds | None = None) -> Read:
    """Plots in order of ``id``: ``kind`` (site when empty), ``area_m2`` (else the polygon's; NaN for points).

    Overlapping plots, plots without any area and points that state none are warnings. ``attrs["rows"]`` keeps the
    row of each id for :func:`outside_faults`.
    """
    if plan.sites is None or plan.sites.table is None:
        return None, []
    named = read_named(plan, plan.sites.table, "sites", crs, datum=plan.sites.datum, near=near)
    if named.table is None or "id" not in named.table:
        return None, named.faults
    sites = named.places
    drawn = pd.Series(np.where(shapely.area(sites.geometry) > 0, sites.area, np.nan), index=sites.index)
    stated = sites["area_m2"] if "area_m2" in sites else pd.Series(np.nan, index=sites.index)
    kind = named.column("kind")
    faults = [*_area_faults(named, stated, drawn), *_no_area(named, stated, drawn), *_overlaps(named)]
    area = stated.where(stated > 0, drawn)
    sites = in_order(sites.assign(kind=kind.where(kind.notna(), "site"), area_m2=area), "id")
    sites.attrs["rows"] = dict(zip(named.places["id"], named.rows, strict=True))
    return sites, [*named.faults, *faults]


def outside_faults(sites: gpd.GeoDataFrame, boundary: BaseGeometry, file: str) -> list[Fault]:
    """A warning for every plot that does not lie wholly in the region."""
    shapely.prepare(boundary)
    rows = sites.attrs.get("rows", {})
    shapes = sites.geometry.to_numpy()
    within, near = shapely.covers(boundary, shapes), shapely.intersects(boundary, shapes)
    return [
        Fault(
            "site_crosses_border" if near[at] else "site_outside",
            "warning",
            file=file,
            row=rows.get(site),
            column="geometry",
            value=site,
        )
        for at, site in enumerate(sites["id"])
        if not within[at]
    ]


def _area_faults(named: Named, stated: pd.Series[float], drawn: pd.Series[float]) -> list[Fault]:
    wrong = stated > (1.0 + AREA_TOLERANCE) * drawn
    return [
        named.fault(
            "site_area_exceeds",
            record,
            severity="warning",
            column="area_m2",
            value=f"{stated.iloc[record]:.0f}",
            drawn=f"{drawn.iloc[record]:.0f}",
        )
        for record in np.flatnonzero(wrong.to_numpy()).tolist()
    ]


def _no_area(named: Named, stated: pd.Series[float], drawn: pd.Series[float]) -> list[Fault]:
    """Plots whose area is said to be nothing, drawn as nothing, or not known at all."""
    shapes = named.places.geometry
    flat = shapes.geom_type.isin(["Polygon", "MultiPolygon"]) & drawn.isna()
    zero = (stated <= 0) | flat
    unknown = ~zero & stated.isna() & drawn.isna() & shapes.notna()
    return [
        named.fault(code, record, severity="warning", column="area_m2")
        for code, where in (("site_area_zero", zero), ("site_area_unknown", unknown))
        for record in np.flatnonzero(where.to_numpy()).tolist()
    ]


def _overlaps(named: Named) -> list[Fault]:
    """A warning for every two plots that share more ground than drawing loosely explains."""
    shapes = named.places.geometry.to_numpy()
    ids = named.places["id"].astype(str).tolist()
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pairs = sorted({(int(max(a, b)), int(min(a, b))) for a, b in zip(one, other, strict=True) if a != b})
    faults = []
    for later, earlier in pairs:
        shared_m2 = shapely.area(shapely.intersection(shapes[later], shapes[earlier]))
        if shared_m2 > OVERLAP_TOLERANCE_M2:
            told = {"other": ids[earlier], "other_row": named.rows[earlier], "area": f"{shared_m2:.0f}"}
            faults.append(named.fault("site_overlap", later, severity="warning", value=ids[later], **told))
    return faults


def read_exclusions(plan: PlanFile, crs: CRS, near: Bounds | None = None) -> Read:
    """Land where no school may stand: ``kind`` (``exclusion`` when empty), Polygon, LineString or Point."""
    if plan.sites is None or plan.sites.exclusions is None:
        return None, []
    named = read_named(plan, plan.sites.exclusions, "exclusions", crs, datum=plan.sites.datum, near=near)
    if named.table is None:
        return None, named.faults
    table = named.places
    kind = named.column("kind")
    return in_order(table.assign(kind=kind.where(kind.notna(), "exclusion")), "kind"), named.faults


def read_venues(plan: PlanFile, crs: CRS, near: Bounds | None = None) -> Read:
    """Venues in order of ``id``: ``kind``, ``name``; a venue drawn as its ground stands at a point inside it."""
    if plan.venues is None:
        return None, []
    section = plan.venues
    named = read_named(plan, section.table, "venues", crs, datum=section.datum, stated=section.crs, near=near)
    if named.table is None or "id" not in named.table:
        return None, named.faults
    table = in_order(named.places, "id")
    return table.set_geometry(shapely.point_on_surface(table.geometry.to_numpy()), crs=table.crs), named.faults


def in_order(table: gpd.GeoDataFrame, key: str) -> gpd.GeoDataFrame:
    """Rows that have a place, in order of a text column and then of their place, whatever order the file has."""
    kept = table[table.geometry.notna()]
    bounds = shapely.bounds(kept.geometry.to_numpy()).reshape(-1, 4)
    text = kept[key].fillna("").astype(str).to_numpy(dtype=str) if key in kept else np.full(len(kept), "")
    shape = shapely.to_wkb(kept.geometry.to_numpy(), hex=True).astype(str)
    order = np.lexsort((shape, bounds[:, 1], bounds[:, 0], text))
    return kept.iloc[order].reset_index(drop=True)
