"""Sub-areas as a partition of the region, and the shares that make their sums close."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from shapely.geometry.base import BaseGeometry

DENSIFY_M = 50.0
"""A straight side is given a point at least this often before it is carried into another CRS (error under 0.1 mm)."""

SLIVER = 1e-8
"""Shares of a pixel or polygon below this are rounding of coordinates, not area."""

Shapes = NDArray[np.object_]


@dataclass(frozen=True)
class Zones:
    """The region and its sub-areas in one CRS.

    Parameters
    ----------
    boundary
        The region, polygonal.
    ids, shapes
        ``area_id`` in ascending order and the part of each sub-area inside the boundary.
    crs
        CRS of both.
    """

    boundary: BaseGeometry
    ids: Shapes
    shapes: Shapes
    crs: CRS


def make_zones(boundary: BaseGeometry, areas: gpd.GeoDataFrame, crs: CRS) -> Zones:
    """Sub-areas cut to the boundary, ordered by ``area_id``; a single one is the region itself."""
    ordered = areas.sort_values("area_id", kind="stable")
    region = polygonal(boundary)
    shapes = np.empty(len(ordered), dtype=object)
    whole = ordered.geometry.to_numpy()
    shapes[:] = [region] if len(ordered) == 1 else [polygonal(shapely.intersection(item, region)) for item in whole]
    ids = np.array([str(item) for item in ordered["area_id"]], dtype=object)
    return Zones(region, ids, shapes, crs)


def projected(zones: Zones, target: CRS) -> Zones:
    """The zones in another CRS, their sides densified first so that shared borders stay shared."""
    if zones.crs == target:
        return zones
    to_target = Transformer.from_crs(zones.crs, target, always_xy=True)
    carried = shapely.transform(
        shapely.segmentize(np.append(zones.shapes, zones.boundary), DENSIFY_M), to_target.transform, interleaved=False
    )
    return replace(zones, boundary=carried[-1], shapes=carried[:-1], crs=target)


def polygonal(shape: BaseGeometry) -> BaseGeometry:
    """The polygons of a geometry: repaired, without the points and lines an overlay may leave."""
    valid = shape if shape.is_valid else shapely.make_valid(shape)
    if valid.geom_type in ("Polygon", "MultiPolygon"):
        return valid
    parts = [part for part in shapely.get_parts(valid) if part.geom_type in ("Polygon", "MultiPolygon")]
    return shapely.union_all(parts) if parts else shapely.Polygon()


def zone_at(zones: Zones, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.int32]:
    """Zone number of each point, -1 outside the boundary.

    A point on a shared border belongs to the lower ``area_id``; one inside the boundary but in no sub-area to the
    nearest sub-area.
    """
    found = np.full(len(x), -1, dtype=np.int32)
    points = shapely.points(x, y)
    tree = shapely.STRtree(points)
    for number in range(len(zones.ids) - 1, -1, -1):
        found[tree.query(zones.shapes[number], predicate="intersects")] = number
    inside = np.zeros(len(x), dtype=bool)
    inside[tree.query(zones.boundary, predicate="intersects")] = True
    found[~inside] = -1
    lost = np.flatnonzero(inside & (found < 0))
    found[lost] = nearest_zone(zones, points[lost])
    return found


def nearest_zone(zones: Zones, shapes: Any) -> NDArray[np.int32]:
    """Number of the nearest zone to each geometry (the lower ``area_id`` where several are equally near)."""
    if not len(shapes):
        return np.zeros(0, dtype=np.int32)
    found = np.full(len(shapes), len(zones.ids), dtype=np.int32)
    item, zone = shapely.STRtree(zones.shapes).query_nearest(shapes, all_matches=True)
    np.minimum.at(found, item, zone.astype(np.int32))
    return found


@dataclass(frozen=True)
class Shares:
    """How units (pixels or polygons) are divided among zones.

    Parameters
    ----------
    unit, zone
        Row numbers, one entry for each part of a unit; sorted by unit, then zone.
    share
        Share of the unit's residents; the entries of a unit sum to its covered share.
    area_share
        Share of the unit's area that lies in the zone: 1 only where the whole unit does.
    gap
        True where no sub-area covers the part and the nearest one took it.
    """

    unit: NDArray[np.int64]
    zone: NDArray[np.int32]
    share: NDArray[np.float64]
    area_share: NDArray[np.float64]
    gap: NDArray[np.bool_]


def settle(
    unit: NDArray[np.int64], zone: NDArray[np.int32], share: NDArray[np.float64], cover: NDArray[np.float64]
) -> tuple[Shares, NDArray[np.int64]]:
    """Scale the zone shares of every unit to its covered share, so that sub-areas sum to the region.

    Sub-areas that overlap share what lies in both, sub-areas that leave a gap inside a unit take it in proportion.

    Parameters
    ----------
    unit, zone, share
        One entry per unit and zone that overlap.
    cover
        Share of each unit inside the boundary, one per unit.

    Returns
    -------
    The settled shares, and the units inside the boundary that no zone covers.
    """
    keep = share > SLIVER
    unit, zone, share = unit[keep], zone[keep], share[keep]
    total = np.bincount(unit, weights=share, minlength=len(cover))
    scaled = share * (cover[unit] / total[unit])
    order = np.lexsort((zone, unit))
    gap = np.zeros(len(unit), dtype=bool)
    orphans = np.flatnonzero((total <= 0) & (cover > SLIVER))
    return Shares(unit[order], zone[order], scaled[order], share[order], gap), orphans


def adopt(shares: Shares, orphans: NDArray[np.int64], zone: NDArray[np.int32], cover: NDArray[np.float64]) -> Shares:
    """Shares with the orphans added to the zones that took them."""
    if not len(orphans):
        return shares
    unit = np.concatenate([shares.unit, orphans])
    zones = np.concatenate([shares.zone, zone])
    order = np.lexsort((zones, unit))
    return Shares(
        unit[order],
        zones[order],
        np.concatenate([shares.share, cover[orphans]])[order],
        np.concatenate([shares.area_share, cover[orphans]])[order],
        np.concatenate([shares.gap, np.ones(len(orphans), dtype=bool)])[order],
    )
