"""Residents from a population raster: every pixel keeps its count, pixels that a border cuts are divided by area."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from layers.bundle import Cells, IndexRaster
from layers.errors import Fault, raise_errors
from layers.population.coverage import Division, divide
from layers.population.pieces import cut, inner_points
from layers.population.pixels import carried, place
from layers.population.window import Patch, ground_side_m, read_patch
from layers.population.zones import Zones

WHOLE = 1 - 1e-6
"""A pixel covered by more than this is not cut."""

DENSEST = 2_000_000.0
"""Residents per square kilometre that no place on earth has; more means undeclared NoData or another unit."""

FULLEST = 20_000.0
"""Residents that one pixel, however small, may hold without the density being asked about (one block of towers)."""


def read_raster(path: Path, name: str, zones: Zones) -> tuple[Cells, list[Fault]]:
    """Cells from a raster of residents per pixel.

    Parameters
    ----------
    path, name
        The raster, and its name as the plan gives it. Any CRS, any NoData (NaN too); negative pixels count as nobody.
    zones
        Region and sub-areas, metric.

    Returns
    -------
    Cells whose sum is the area-weighted sum of the raster inside the boundary, and the warnings.

    Raises
    ------
    InputError
        No CRS, rotated, region not covered, nothing but NoData, nobody in the region, too large.
    """
    patch, there, faults = read_patch(path, name, zones)
    cells, _, found = cells_of_patch(patch, there, zones, name)
    return cells, [*faults, *found]


def cells_of_patch(patch: Patch, there: Zones, zones: Zones, name: str) -> tuple[Cells, Division, list[Fault]]:
    """The cells of a window, how its pixels are divided among them, and the warnings.

    Parameters
    ----------
    patch, there, zones
        The window, and the zones in its CRS and in metres.
    """
    division = divide(patch, there, zones)
    faults = _pixel_faults(division, name)
    raise_errors(faults)
    parts = _parts(patch, there, division)
    table = _table(patch, division, parts, zones)
    faults += _density_faults(patch, division, table, name)
    residents = table["residents"].to_numpy()
    notes = division.pixels | {
        "pixels_cut": float(len(np.unique(division.shares.unit[parts.index]))),
        "residents_read": float(residents.sum()),
        "residents_gap": float(residents[division.shares.gap].sum()),
    }
    index = IndexRaster(_index(patch, division), patch.transform, patch.crs)
    return Cells(table, index, kind="raster", modelled=False, notes=notes, parts=parts), division, faults


def _pixel_faults(division: Division, name: str) -> list[Fault]:
    pixels, found = division.pixels, []
    if pixels["pixels_negative"]:
        found.append(Fault("population_negative", "warning", file=name, value=f"{pixels['pixels_negative']:.0f}"))
    nodata, inside = pixels["pixels_nodata"], pixels["pixels_inside"]
    if 0 < nodata < inside:
        shown = {"share": f"{nodata / inside:.2%}"}
        found.append(Fault("population_nodata", "note", file=name, value=f"{nodata:.0f}", params=shown))
    if nodata == inside:
        found.append(Fault("population_all_nodata", file=name, value=f"{pixels['pixels_inside']:.0f}"))
    elif not len(division.rows):
        found.append(Fault("population_nobody", file=name))
    return found


def _density_faults(patch: Patch, division: Division, table: pd.DataFrame, name: str) -> list[Fault]:
    residents = patch.values[division.rows, division.columns].astype(np.float64)
    density = residents / (table["side_m"].to_numpy() / 1000) ** 2
    dense = (density > DENSEST) & (residents > FULLEST)
    pixels = np.unique(division.shares.unit[dense])
    if not len(pixels):
        return []
    shown = {"count": f"{len(pixels)}", "limit": f"{DENSEST:.0f}"}
    return [Fault("population_density", "warning", file=name, value=f"{density[dense].max():.0f}", params=shown)]


def _table(patch: Patch, division: Division, parts: gpd.GeoSeries, zones: Zones) -> pd.DataFrame:
    rows, columns, shares = division.rows, division.columns, division.shares
    x, y = place(patch.transform, columns + 0.5, rows + 0.5)
    points = shapely.get_coordinates(inner_points(parts.to_numpy()))
    x[parts.index], y[parts.index] = points[:, 0], points[:, 1]
    x, y = carried(x, y, patch.crs, zones.crs)
    return pd.DataFrame(
        {
            "cell_id": _names(patch, division, zones),
            "x": x,
            "y": y,
            "residents": patch.values[rows, columns].astype(np.float64) * shares.share,
            "area_id": pd.Series(zones.ids[shares.zone], dtype="str"),
            "side_m": ground_side_m(patch, rows, columns),
        }
    )


def _names(patch: Patch, division: Division, zones: Zones) -> pd.Series:
    """``r<row>c<column>`` of the file, counted from 0, with ``/<area_id>`` where a pixel is in several sub-areas."""
    row = pc.cast(pa.array(patch.row + patch.step * division.rows), pa.string())
    column = pc.cast(pa.array(patch.column + division.columns), pa.string())
    names = pd.Series(pc.binary_join_element_wise("r", row, "c", column, "").to_pandas(), dtype="str")
    unit = division.shares.unit
    several = np.flatnonzero(np.bincount(unit)[unit] > 1)
    names.iloc[several] = names.iloc[several] + "/" + zones.ids[division.shares.zone[several]]
    return names


def _index(patch: Patch, division: Division) -> NDArray[np.int32]:
    """Row of the cell each pixel shows: of the largest part where a pixel is divided, else the first in order."""
    index = np.full(patch.values.shape, -1, dtype=np.int32)
    entry = np.arange(len(division.rows))
    order = np.lexsort((-entry, division.shares.share))
    index[division.rows[order], division.columns[order]] = entry[order]
    return index


def _parts(patch: Patch, there: Zones, division: Division) -> gpd.GeoSeries:
    """The covered part of every cell that a border cuts, in the raster's CRS; index = row of the cell."""
    shares = division.shares
    rows_cut = np.flatnonzero(shares.area_share < WHOLE)
    rows, columns = division.rows[rows_cut], division.columns[rows_cut]
    left, top = place(patch.transform, columns, rows)
    right, bottom = place(patch.transform, columns + 1, rows + 1)
    boxes = shapely.box(left, bottom, right, top)
    pieces = np.empty(len(rows_cut), dtype=object)
    zone = np.where(shares.gap[rows_cut], len(there.ids), shares.zone[rows_cut])
    shapes = [*there.shapes, there.boundary]
    for number in np.unique(zone):
        mine = np.flatnonzero(zone == number)
        pieces[mine] = cut(shapes[number], boxes[mine])
    pieces = np.where(shapely.is_empty(pieces), boxes, pieces)
    return gpd.GeoSeries(pieces, index=rows_cut, crs=patch.crs)
