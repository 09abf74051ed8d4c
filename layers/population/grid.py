"""Residents from a grid table: points or polygons with a ``residents`` column and any age columns."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from layers.bundle import Cells
from layers.errors import Fault, raise_errors
from layers.population.display import Canvas, points_index, shapes_index
from layers.population.pieces import cut, inner_points
from layers.population.zones import Shapes, Shares, Zones, adopt, nearest_zone, settle, zone_at


def read_grid(grid: gpd.GeoDataFrame, name: str, zones: Zones, canvas: Canvas) -> tuple[Cells, list[Fault]]:
    """Cells from points or polygons with residents.

    Parameters
    ----------
    grid
        ``residents``, optional ``id`` and ``age_<a>`` or ``age_<a>_<b>`` columns; metric Points, or Polygons.
    name
        The file as the plan gives it.
    zones
        Region and sub-areas, metric.
    canvas
        The map raster to fill.

    Returns
    -------
    Cells: points inside the boundary, or polygons divided by covered area; and warnings. The side of a point cell is
    the median distance to the nearest other point of the whole grid, the side of a polygon the root of its area.

    Raises
    ------
    InputError
        Points and polygons mixed, nobody inside the region.
    """
    kinds = set(grid.geom_type) - {None}
    if kinds == {"MultiPoint"}:
        grid, kinds = grid.set_geometry(grid.centroid), {"Point"}
    if kinds <= {"Point"}:
        cells = _point_cells(_ordered(grid), zones, canvas)
    elif kinds <= {"Polygon", "MultiPolygon"}:
        cells = _polygon_cells(_ordered(grid), zones, canvas)
    else:
        raise_errors([Fault("population_mixed", file=name, value=", ".join(sorted(kinds)))])
    given, inside = float(grid["residents"].sum()), float(cells.table["residents"].sum())
    if inside <= 0:
        raise_errors([Fault("population_nobody", file=name)])
    cells.notes.update({"residents_read": inside, "residents_outside": given - inside})
    return cells, []


def _ordered(grid: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Rows from north to south and west to east, named by ``id`` or by their place, whatever their order was."""
    point = shapely.get_coordinates(shapely.centroid(grid.geometry.to_numpy()))
    x, y = np.round(point[:, 0], 3), np.round(point[:, 1], 3)
    named = "id" in grid and grid["id"].notna().all() and grid["id"].astype(str).is_unique
    key = grid["id"].astype(str).to_numpy() if named else np.full(len(grid), "")
    order = np.lexsort((grid["residents"].to_numpy(), key, x, -y))
    out = grid.iloc[order].reset_index(drop=True)
    if named:
        return out.assign(cell_id=key[order].astype(object))
    place = pd.Series([f"x{east:.0f}y{north:.0f}" for east, north in zip(x[order], y[order], strict=True)])
    again = place.groupby(place).cumcount()
    return out.assign(cell_id=place.where(again == 0, place + "#" + again.astype(str)).to_numpy(dtype=object))


def _table(
    grid: gpd.GeoDataFrame, rows: NDArray[np.int64], share: NDArray[np.float64], area_id: Shapes
) -> pd.DataFrame:
    """The columns of ``Cells.table`` but for place and side, of some rows and the share each keeps."""
    amounts = ["residents", *(name for name in grid if str(name).startswith("age_"))]
    table = pd.DataFrame({"cell_id": pd.Series(grid["cell_id"].to_numpy()[rows], dtype="str"), "x": 0.0, "y": 0.0})
    for column in amounts:
        table[column] = grid[column].to_numpy(dtype=np.float64)[rows] * share
    return table.assign(area_id=pd.Series(area_id, dtype="str"), side_m=0.0)


def _point_cells(grid: gpd.GeoDataFrame, zones: Zones, canvas: Canvas) -> Cells:
    points = shapely.get_coordinates(grid.geometry.to_numpy())
    spacing_m = spacing(points)
    zone = zone_at(zones, points[:, 0], points[:, 1])
    rows = np.flatnonzero((zone >= 0) & (grid["residents"].to_numpy() > 0))
    table = _table(grid, rows, np.ones(len(rows)), zones.ids[zone[rows]])
    table["x"], table["y"], table["side_m"] = points[rows, 0], points[rows, 1], spacing_m
    notes = {
        "cells_outside": float((zone < 0).sum()),
        "cells_zero": float((zone >= 0).sum() - len(rows)),
        "spacing_m": spacing_m,
    }
    index = points_index(canvas, points[rows, 0], points[rows, 1], spacing_m)
    return Cells(table, index, kind="grid", modelled=False, notes=notes)


def spacing(points: NDArray[np.float64]) -> float:
    """Median distance to the nearest other point, metres; 0 where all points fall together.

    For a square grid this is the side of a cell; for hexagons it is 1.07 times the root of the cell's area.
    """
    places = np.unique(np.round(points, 2), axis=0)
    if len(places) < 2:
        return 0.0
    distance, _ = cKDTree(places).query(places, k=2)
    return float(np.median(distance[:, 1]))


def _polygon_cells(grid: gpd.GeoDataFrame, zones: Zones, canvas: Canvas) -> Cells:
    polygons = grid.geometry.to_numpy()
    shares, pieces, cover = _divide(polygons, zones)
    populated = grid["residents"].to_numpy(dtype=np.float64)[shares.unit] > 0
    keep = np.flatnonzero(populated)
    unit, zone, pieces = shares.unit[keep], shares.zone[keep], pieces[keep]
    table = _table(grid, unit, shares.share[keep], zones.ids[zone])
    several = np.bincount(shares.unit, minlength=len(grid))[unit] > 1
    table.loc[several, "cell_id"] = table["cell_id"] + "/" + table["area_id"]
    points = shapely.get_coordinates(inner_points(pieces))
    table["x"], table["y"] = points[:, 0], points[:, 1]
    table["side_m"] = np.sqrt(shapely.area(polygons[unit]))
    notes = {
        "cells_outside": float((cover <= 0).sum()),
        "cells_zero": float((~populated).sum()),
        "cells_cut": float((shares.area_share[keep] < 1).sum()),
        "residents_gap": float(table["residents"].to_numpy()[shares.gap[keep]].sum()),
    }
    index = shapes_index(canvas, pieces, table["residents"].to_numpy(), touched=False)
    parts = gpd.GeoSeries(pieces, crs=zones.crs)
    return Cells(table, index, kind="grid", modelled=False, notes=notes, parts=parts)


def _divide(polygons: Shapes, zones: Zones) -> tuple[Shares, Shapes, NDArray[np.float64]]:
    """Shares of every polygon in every zone, the piece each share stands for, the share inside the boundary."""
    tree = shapely.STRtree(polygons)
    unit, zone, share, piece = [np.zeros(0, np.int64)], [np.zeros(0, np.int32)], [np.zeros(0)], [np.zeros(0, object)]
    for number, shape in enumerate(zones.shapes):
        rows, found = _inside(tree, polygons, shape)
        unit.append(rows)
        zone.append(np.full(len(rows), number, dtype=np.int32))
        share.append(shapely.area(found) / shapely.area(polygons[rows]))
        piece.append(found)
    cover, covered = np.zeros(len(polygons)), np.empty(len(polygons), dtype=object)
    rows, found = _inside(tree, polygons, zones.boundary)
    cover[rows], covered[rows] = shapely.area(found) / shapely.area(polygons[rows]), found
    units, numbers = np.concatenate(unit), np.concatenate(zone)
    shares, orphans = settle(units, numbers, np.concatenate(share), cover)
    shares = adopt(shares, orphans, nearest_zone(zones, covered[orphans]), cover)
    pieces = dict(zip(zip(units.tolist(), numbers.tolist(), strict=True), np.concatenate(piece), strict=True))
    kept = np.empty(len(shares.unit), dtype=object)
    kept[:] = [
        covered[row] if gap else pieces[row, number]
        for row, number, gap in zip(shares.unit.tolist(), shares.zone.tolist(), shares.gap.tolist(), strict=True)
    ]
    return shares, kept, cover


def _inside(tree: shapely.STRtree, polygons: Shapes, shape: shapely.Geometry) -> tuple[NDArray[np.int64], Shapes]:
    """Rows of the polygons that overlap a shape, and their part inside it."""
    rows = np.sort(tree.query(shape, predicate="intersects"))
    whole = np.isin(rows, tree.query(shape, predicate="covers"))
    pieces = polygons[rows]
    pieces[~whole] = cut(shape, polygons[rows[~whole]])
    kept = shapely.area(pieces) > 0
    return rows[kept], pieces[kept]
