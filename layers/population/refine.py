"""Cells too coarse for a limit, divided into sub-points; the residents of every parent stay its own."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from layers.bundle import Cells, IndexRaster
from layers.errors import Fault, InputError
from layers.population.buildings import dwelling_m2
from layers.population.lattice import (
    Lattices,
    SubPoints,
    divisions,
    make_lattices,
    sub_index,
    sub_points,
)
from layers.population.pixels import carried, pixel_of

MAX_CELLS = 5_000_000
"""Cells beyond which a refinement is refused."""

MAX_PIXELS = 100_000_000
"""Pixels of the refined index raster beyond which a refinement is refused."""


def refine(cells: Cells, max_side_m: float, buildings: gpd.GeoDataFrame | None) -> Cells:
    """Divide cells whose side exceeds ``max_side_m`` by over 1 % into k x k sub-points, k the least that meets it.

    The residents of a parent go to its sub-points in proportion to the floor area people live in (see
    :func:`layers.population.buildings.dwelling_m2`) of the buildings in each, evenly where it has none. Pixels of a
    raster are divided in the raster's own grid and keep to their part where a border cuts them; polygons on a lattice
    over their bounds, inside the polygon; grid points as squares of ``side_m`` about the point, so that hexagons are
    approximated. A parent whose part holds no sub-point keeps its own point. Cells of buildings have no
    side: unchanged.

    Parameters
    ----------
    cells
        As read.
    max_side_m
        Longest side allowed, metres: a quarter of the shortest limit in use.
    buildings
        As ``Surroundings.buildings``; its CRS is the metric one of ``cells``. May be None for metric grids.

    Returns
    -------
    The finer cells: ``cell_id`` is the parent's with ``:<row>.<column>``; residents of each parent conserved to
    rounding. ``notes`` holds ``side_before_m, side_after_m`` (longest sides), ``cells_before, cells_after`` and
    ``residents_by_buildings``.

    Raises
    ------
    InputError
        ``max_side_m`` not positive, or too many cells would result.
    ValueError
        Cells of a raster without buildings that name the metric CRS.
    """
    if not max_side_m > 0:
        raise InputError([Fault("population_refine_side", value=f"{max_side_m:g}")])
    side_m = cells.table["side_m"].to_numpy(dtype=np.float64)
    k = divisions(side_m, max_side_m, together=cells.kind == "raster")
    if not (k > 1).any():
        return cells
    _check_size(cells, k, max_side_m)
    metric = _metric(cells, buildings)
    own = cells.table["x"].to_numpy(dtype=np.float64), cells.table["y"].to_numpy(dtype=np.float64)
    own_there = carried(*own, metric, cells.index.crs)
    lattices = make_lattices(cells, max_side_m, *own_there)
    points = sub_points(cells, lattices, *own_there)
    index = sub_index(cells, lattices, points)
    share, built = _shares(lattices, points, _floor_m2(index, points, buildings))
    return _rebuilt(cells, lattices, points, index, (share, built, metric))


def resolution_fault(cells: Cells) -> Fault | None:
    """The warning about the resolution that stands beside the figures; None where nothing was refined."""
    if "side_before_m" not in cells.notes:
        return None
    params = {"before": f"{cells.notes['side_before_m']:.0f}", "after": f"{cells.notes['side_after_m']:.0f}"}
    share = cells.notes["residents_by_buildings"] / max(float(cells.table["residents"].sum()), 1e-12)
    return Fault("population_resolution", "warning", params=params | {"share": f"{100 * share:.0f}"})


def _metric(cells: Cells, buildings: gpd.GeoDataFrame | None) -> CRS:
    if buildings is not None and buildings.crs is not None:
        return buildings.crs
    if cells.kind == "raster":
        raise ValueError("refining the cells of a raster needs buildings (possibly none) in the metric CRS")
    return cells.index.crs


def _check_size(cells: Cells, k: NDArray[np.float64], max_side_m: float) -> None:
    side_m = cells.table["side_m"].to_numpy(dtype=np.float64)[k > 1] / k[k > 1]
    factor = float(k.max()) if cells.kind == "raster" else max(1.0, cells.index.transform.a / float(side_m.min()))
    pixels = cells.index.cell.size * factor**2
    count = float((k**2).sum())
    if count > MAX_CELLS or pixels > MAX_PIXELS:
        shown = {"limit": f"{MAX_CELLS}", "pixels": f"{pixels:.0f}", "side": f"{max_side_m:g}"}
        raise InputError([Fault("population_refine_size", value=f"{count:.0f}", params=shown)])


def _floor_m2(index: IndexRaster, points: SubPoints, buildings: gpd.GeoDataFrame | None) -> NDArray[np.float64]:
    """Floor area people live in, per sub-point: a building counts where its representative point lies."""
    found = np.zeros(len(points.parent))
    if buildings is None or not len(buildings):
        return found
    place = shapely.get_coordinates(shapely.point_on_surface(buildings.geometry.to_numpy()))
    column, row = pixel_of(index.transform, *carried(place[:, 0], place[:, 1], buildings.crs, index.crs))
    height, width = index.cell.shape
    on = (row >= 0) & (row < height) & (column >= 0) & (column < width)
    number = index.cell[row[on], column[on]]
    shown = number >= 0
    np.add.at(found, number[shown], dwelling_m2(buildings)[on][shown])
    return found


def _shares(
    lattices: Lattices, points: SubPoints, floor_m2: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Share of the parent's residents in each sub-point, and which parents were spread by buildings."""
    floor_m2 = np.where(points.inside, floor_m2, 0.0)
    total = np.add.reduceat(floor_m2, lattices.first[:-1])
    number = np.add.reduceat(points.inside.astype(np.float64), lattices.first[:-1])
    built = (total > 0) & (lattices.k > 1)
    by_floor = floor_m2 / np.where(built, total, 1.0)[points.parent]
    return np.where(built[points.parent], by_floor, points.inside / number[points.parent]), built


def _rebuilt(
    cells: Cells,
    lattices: Lattices,
    points: SubPoints,
    index: IndexRaster,
    spread: tuple[NDArray[np.float64], NDArray[np.bool_], CRS],
) -> Cells:
    """The cells with a row for every sub-point that anybody lives at."""
    share, built, metric = spread
    keep = np.flatnonzero(share > 0)
    parent = points.parent[keep]
    split = lattices.k[parent] > 1
    table = cells.table.iloc[parent].reset_index(drop=True)
    for column in ("residents", *(name for name in table if str(name).startswith("age_"))):
        table[column] = table[column].to_numpy(dtype=np.float64) * share[keep]
    x, y = carried(points.x[keep], points.y[keep], index.crs, metric)
    table["x"], table["y"] = np.where(split, x, table["x"]), np.where(split, y, table["y"])
    table["side_m"] = table["side_m"].to_numpy(dtype=np.float64) / lattices.k[parent]
    suffix = ":" + pd.Series(points.row[keep]).astype("str") + "." + pd.Series(points.column[keep]).astype("str")
    table["cell_id"] = table["cell_id"].where(~split, table["cell_id"] + suffix).astype("str")
    row_of = np.full(len(points.parent) + 1, -1, dtype=np.int32)
    row_of[keep] = np.arange(len(keep))
    residents = cells.table["residents"].to_numpy(dtype=np.float64)
    notes = dict(cells.notes) | {
        "side_before_m": float(cells.table["side_m"].max()),
        "side_after_m": float(table["side_m"].max()),
        "cells_before": float(len(cells.table)),
        "cells_after": float(len(table)),
        "residents_by_buildings": float(residents[built].sum()),
    }
    shown = IndexRaster(row_of[index.cell], index.transform, index.crs)
    return replace(cells, table=table, index=shown, notes=notes, parts=_kept_parts(cells, lattices, row_of))


def _kept_parts(cells: Cells, lattices: Lattices, row_of: NDArray[np.int32]) -> gpd.GeoSeries | None:
    """Parts of the cells that were left as they are, at their new rows."""
    if cells.parts is None:
        return None
    parts = cells.parts[lattices.k[cells.parts.index] == 1]
    return parts.set_axis(row_of[lattices.first[parts.index.to_numpy()]])
