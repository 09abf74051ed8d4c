"""A run's ground in metres, prepared once for all of its map sheets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from matplotlib.path import Path as Outline
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from geoplan.run import Run

PAD = 0.04  # of the region's extent, on each side
MAJOR = ("motorway", "trunk", "primary", "secondary", "tertiary")
KINDS = {"sea": "water", "water": "water", "green": "green", "wood": "green", "pitch": "green", "cemetery": "green"}

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Scene:
    """What every sheet of a run is drawn on.

    Parameters
    ----------
    run, crs
        The run and the metric CRS of everything below.
    bounds
        West, south, east, north of the region with a margin.
    areas
        Outlines to fill, by colour name of ``[ground]`` in style.toml, in the order they are drawn.
    lines
        Streets as arrays of points, ``major`` and ``minor``.
    boundary
        The region.
    """

    run: Run
    crs: CRS
    bounds: Box
    areas: Mapping[str, list[Outline]]
    lines: Mapping[str, list[NDArray[np.float64]]]
    boundary: Any

    def places(self, name: str) -> gpd.GeoDataFrame | None:
        """A table of the run in metres; None where it is not there or has no places."""
        table = self.run.tables.get(name)
        return table.to_crs(self.crs) if isinstance(table, gpd.GeoDataFrame) and len(table) else None

    def fitted(self, aspect: float) -> Box:
        """The bounds widened to a frame whose width is ``aspect`` times its height."""
        west, south, east, north = self.bounds
        wide, high = east - west, north - south
        more_x, more_y = max(high * aspect - wide, 0.0) / 2, max(wide / aspect - high, 0.0) / 2
        return west - more_x, south - more_y, east + more_x, north + more_y


def scene(run: Run) -> Scene:
    """Bring the backdrop of a run into metres."""
    crs = CRS.from_user_input(run.summary.get("crs") or run.tables["cells"].estimate_utm_crs())
    region = _metric(run.tables.get("boundary"), crs)
    shown = region if region is not None else _metric(run.tables["cells"], crs)
    assert shown is not None
    west, south, east, north = shown.total_bounds
    pad = PAD * max(east - west, north - south)
    bounds = (west - pad, south - pad, east + pad, north + pad)
    boundary = None if region is None else region.geometry.union_all()
    return Scene(run, crs, bounds, _areas(run, crs), _lines(run, crs), boundary)


def _metric(table: pd.DataFrame | None, crs: CRS) -> gpd.GeoDataFrame | None:
    return table.to_crs(crs) if isinstance(table, gpd.GeoDataFrame) and len(table) else None


def _areas(run: Run, crs: CRS) -> dict[str, list[Outline]]:
    made: dict[str, list[Outline]] = {"other": [], "green": [], "water": [], "building": []}
    ground = _metric(run.tables.get("base_ground"), crs)
    if ground is not None:
        for kind, part in ground.groupby(ground["kind"].map(lambda kind: KINDS.get(kind, "other")), sort=True):
            made[str(kind)] += outlines(part.geometry.to_numpy())
    buildings = _metric(run.tables.get("base_buildings"), crs)
    if buildings is not None:
        made["building"] = outlines(buildings.geometry.to_numpy())
    return made


def outlines(shapes: NDArray[np.object_]) -> list[Outline]:
    """Polygons as paths, holes turned the other way so that they stay empty."""
    parts = shapely.get_parts(shapes[~shapely.is_missing(shapes)])
    polygons = shapely.orient_polygons(parts[shapely.get_type_id(parts) == 3])
    return [_outline(polygon) for polygon in polygons if not polygon.is_empty]


def _outline(polygon: Any) -> Outline:
    rings = [shapely.get_coordinates(ring) for ring in (polygon.exterior, *polygon.interiors)]
    codes = [np.full(len(ring), Outline.LINETO, np.uint8) for ring in rings]
    for code in codes:
        code[0], code[-1] = Outline.MOVETO, Outline.CLOSEPOLY
    return Outline(np.concatenate(rings), np.concatenate(codes))


def _lines(run: Run, crs: CRS) -> dict[str, list[NDArray[np.float64]]]:
    made: dict[str, list[NDArray[np.float64]]] = {"minor": [], "major": []}
    streets = _metric(run.tables.get("base_streets"), crs)
    if streets is not None:
        major = streets["highway"].astype(str).str.removesuffix("_link").isin(MAJOR).to_numpy()
        parts = streets.geometry.to_numpy()
        made["minor"] = [shapely.get_coordinates(line) for line in parts[~major]]
        made["major"] = [shapely.get_coordinates(line) for line in parts[major]]
    return made


def cells_at(run: Run, crs: CRS, box: Box, size: tuple[int, int]) -> NDArray[np.int32]:
    """Row of the cell shown by each pixel of a picture of ``box``, north up, shape (rows, columns); -1 for none."""
    index = run.cell_index
    rows, columns = size
    west, south, east, north = box
    x = west + (np.arange(columns) + 0.5) * (east - west) / columns
    y = north - (np.arange(rows) + 0.5) * (north - south) / rows
    at_x, at_y = np.meshgrid(x, y)
    if index.crs != crs:
        at_x, at_y = Transformer.from_crs(crs, index.crs, always_xy=True).transform(at_x, at_y)
    away = ~index.transform
    column = np.floor(away.a * at_x + away.b * at_y + away.c)
    row = np.floor(away.d * at_x + away.e * at_y + away.f)
    high, wide = index.cell.shape
    inside = (row >= 0) & (row < high) & (column >= 0) & (column < wide)
    found = np.full((rows, columns), -1, np.int32)
    found[inside] = index.cell[row[inside].astype(np.int64), column[inside].astype(np.int64)]
    return found
