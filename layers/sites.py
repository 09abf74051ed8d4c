"""Plots where a school could stand, land where none may, and venues open to pupils."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from layers.errors import Fault
from layers.planfile import PlanFile
from layers.tables import Bounds
from layers.tables.named import Named, read_named

Read = tuple[gpd.GeoDataFrame | None, list[Fault]]

AREA_TOLERANCE = 0.2
"""A plot said to be larger than its drawing by more than this share is worth a look; net land may well be smaller."""


def read_sites(plan: PlanFile, crs: CRS, near: Bounds | None = None) -> Read:
    """Plots in order of ``id``: ``kind`` (site when empty), ``area_m2`` (else the polygon's; NaN for points)."""
    if plan.sites is None or plan.sites.table is None:
        return None, []
    named = read_named(plan, plan.sites.table, "sites", crs, datum=plan.sites.datum, near=near)
    if named.table is None or "id" not in named.table:
        return None, named.faults
    sites = named.places
    drawn = pd.Series(np.where(shapely.area(sites.geometry) > 0, sites.area, np.nan), index=sites.index)
    stated = sites["area_m2"] if "area_m2" in sites else pd.Series(np.nan, index=sites.index)
    kind = named.column("kind")
    faults = _area_faults(named, stated, drawn)
    sites = sites.assign(kind=kind.where(kind.notna(), "site"), area_m2=stated.fillna(drawn))
    return in_order(sites, "id"), [*named.faults, *faults]


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
