"""The window of a population raster over the region: read once, north up, NoData and negatives set to nobody."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import shapely
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS, Geod, Transformer
from rasterio.windows import Window
from scipy.interpolate import RegularGridInterpolator
from shapely.geometry.base import BaseGeometry

from layers.errors import Fault, raise_errors
from layers.population.pixels import place, shifted
from layers.population.zones import Zones, projected

DRIVERS = {".tif": "GTiff", ".tiff": "GTiff", ".asc": "AAIGrid", ".img": "HFA", ".nc": "netCDF"}
"""Formats that cannot point to other files or addresses, by the ending of the name."""

MAX_PIXELS = 100_000_000
"""Pixels of the window beyond which a raster is refused: about 800 MB here, and no county needs it."""

OK, NODATA, NEGATIVE = np.uint8(0), np.uint8(1), np.uint8(2)
GEOD = Geod(ellps="WGS84")


@dataclass(frozen=True)
class Patch:
    """A window of a raster.

    Parameters
    ----------
    values
        Residents per pixel, shape (rows, columns), north up; 0 where ``state`` is not OK.
    state
        OK, NODATA or NEGATIVE for each pixel.
    transform, crs
        Of the window.
    row, step, column
        The file's row number of the window's first row, +1 or -1 from row to row, file's column of its first column.
    """

    values: NDArray[Any]
    state: NDArray[np.uint8]
    transform: Affine
    crs: CRS
    row: int
    step: int
    column: int


def read_patch(path: Path, name: str, zones: Zones) -> tuple[Patch, Zones, list[Fault]]:
    """Read the part of a raster that the region needs.

    Parameters
    ----------
    path, name
        The file, and its name as the plan gives it (for faults).
    zones
        Region and sub-areas, metric.

    Returns
    -------
    The window, the zones in the raster's CRS, warnings.

    Raises
    ------
    InputError
        File missing or unreadable, no CRS, rotated grid, region outside the raster, window too large.
    """
    if not path.is_file():
        raise_errors([Fault("population_missing", file=name)])
    if path.suffix.lower() not in DRIVERS:
        raise_errors([Fault("population_format", file=name, value=path.suffix, params={"known": " ".join(DRIVERS)})])
    try:
        with rasterio.open(path, driver=DRIVERS[path.suffix.lower()]) as dataset:
            faults = raise_errors(_header_faults(dataset, name))
            crs = CRS.from_wkt(dataset.crs.to_wkt())
            there = projected(zones, crs)
            faults = (*faults, *raise_errors(_extent_faults(dataset, there.boundary, name)))
            window = _window(dataset, there.boundary)
            raise_errors(_size_faults(window, name))
            return read_values(dataset, window, crs), there, list(faults)
    except rasterio.errors.RasterioError as error:
        raise_errors([Fault("population_unreadable", file=name, value=str(error).replace(str(path), name)[:200])])
        raise


def _header_faults(dataset: Any, name: str) -> list[Fault]:
    found = []
    if dataset.crs is None:
        found.append(Fault("population_no_crs", file=name))
    grid = dataset.transform
    if grid.b or grid.d or grid.a <= 0 or grid.e == 0:
        found.append(Fault("population_rotated", file=name, value=str(tuple(grid)[:6])))
    if dataset.count > 1:
        found.append(Fault("population_bands", "warning", file=name, value=str(dataset.count)))
    return found


def _extent_faults(dataset: Any, boundary: BaseGeometry, name: str) -> list[Fault]:
    share = 0.0
    if np.isfinite(shapely.bounds(boundary)).all():
        share = shapely.intersection(boundary, shapely.box(*_box(dataset))).area / boundary.area
    shown = f"{100 * share:.4g} %"
    if share < 0.01:
        return [Fault("population_outside", file=name, value=shown)]
    return [Fault("population_partly_outside", "warning", file=name, value=shown)] if share < 0.995 else []


def _box(dataset: Any) -> tuple[float, float, float, float]:
    left, bottom, right, top = dataset.bounds
    return left, min(bottom, top), right, max(bottom, top)


def _window(dataset: Any, boundary: BaseGeometry) -> Window:
    """Whole pixels around the boundary, inside the raster."""
    left, bottom, right, top = shapely.bounds(boundary)
    grid = dataset.transform
    columns = [(x - grid.c) / grid.a for x in (left, right)]
    rows = [(y - grid.f) / grid.e for y in (bottom, top)]
    column, row = max(0, int(np.floor(min(columns)))), max(0, int(np.floor(min(rows))))
    width = min(dataset.width, int(np.ceil(max(columns)))) - column
    height = min(dataset.height, int(np.ceil(max(rows)))) - row
    return Window(column, row, max(1, width), max(1, height))


def _size_faults(window: Window, name: str) -> list[Fault]:
    pixels = int(window.width * window.height)
    if pixels <= MAX_PIXELS:
        return []
    return [Fault("population_too_large", file=name, value=f"{pixels}", params={"limit": f"{MAX_PIXELS}"})]


def read_values(dataset: Any, window: Window, crs: CRS) -> Patch:
    """A window of an open raster, north up; nobody where it holds no number or a negative one."""
    values = dataset.read(1, window=window)
    scale, offset = dataset.scales[0], dataset.offsets[0]
    state = np.where(dataset.read_masks(1, window=window) == 0, NODATA, OK)
    if values.dtype.kind == "f":
        state[~np.isfinite(values)] = NODATA
    if (scale, offset) != (1.0, 0.0):
        values = values * scale + offset
    state[(state == OK) & (values < 0)] = NEGATIVE
    values[state != OK] = 0
    grid = shifted(dataset.transform, window.col_off, window.row_off)
    row, step = int(window.row_off), 1
    if grid.e > 0:  # south up: turn the window over
        values, state = values[::-1], state[::-1]
        grid = Affine(grid.a, 0.0, grid.c, 0.0, -grid.e, grid.f + grid.e * window.height)
        row, step = row + int(window.height) - 1, -1
    return Patch(values, state, grid, crs, row, step, int(window.col_off))


def ground_side_m(patch: Patch, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.float64]:
    """Side of the square that has a pixel's true area on the ground, metres, for each (row, column) of the window.

    The geodesic area (Karney 2013, WGS84) is taken on a lattice of at most 17 x 17 pixels and interpolated: it varies
    smoothly over a raster.
    """
    height, width = patch.values.shape
    at_row = np.linspace(0, max(1, height - 1), 17 if height > 2 else 2)
    at_column = np.linspace(0, max(1, width - 1), 17 if width > 2 else 2)
    to_degrees = Transformer.from_crs(patch.crs, "EPSG:4326", always_xy=True)
    area = np.array([[_pixel_m2(patch.transform, to_degrees, r, c) for c in at_column] for r in at_row])
    lattice = RegularGridInterpolator((at_row, at_column), np.sqrt(area))
    return np.asarray(lattice(np.column_stack([rows, columns])), dtype=np.float64)


def _pixel_m2(grid: Affine, to_degrees: Transformer, row: float, column: float) -> float:
    x, y = place(grid, column + np.array([0, 1, 1, 0]), row + np.array([0, 0, 1, 1]))
    lon, lat = to_degrees.transform(x, y)
    return abs(float(GEOD.polygon_area_perimeter(lon, lat)[0]))
