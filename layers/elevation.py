"""Heights of the ground over the region, from an elevation raster, in the plan's metric CRS."""

from __future__ import annotations

import math

import numpy as np
import rasterio
import shapely
from affine import Affine
from pyproj import CRS
from rasterio.enums import Resampling
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window
from shapely.geometry.base import BaseGeometry

from layers.bundle import Heights
from layers.errors import Fault
from layers.planfile import PlanFile

DRIVERS = {".tif": "GTiff", ".tiff": "GTiff", ".asc": "AAIGrid", ".img": "HFA", ".nc": "netCDF"}
"""Formats that cannot point to other files or addresses, by the ending of the name."""
MOST_PIXELS = 25_000_000
"""More pixels than this over the region are read coarser: 100 MB, and 10 m over a large county."""


def read_heights(plan: PlanFile, boundary: BaseGeometry, crs: CRS) -> tuple[Heights | None, list[Fault]]:
    """Heights over the region, bilinear between the raster's pixels; None where the plan names no raster.

    NoData is NaN. A raster that cannot be read, has no CRS or lies elsewhere is an error.
    """
    name = plan.streets.elevation
    if name is None:
        return None, []
    path = plan.path(name)
    driver = DRIVERS.get(path.suffix.lower())
    try:
        with rasterio.open(path, driver=driver) as dataset:
            if dataset.crs is None:
                return None, [Fault("elevation_no_crs", file=name)]
            with WarpedVRT(
                dataset, crs=crs.to_wkt(), resampling=Resampling.bilinear, nodata=math.nan, dtype="float32"
            ) as warped:
                return _window(warped, boundary, name)
    except (rasterio.errors.RasterioError, ValueError) as error:
        return None, [Fault("elevation_unreadable", file=name, value=str(error).replace(str(path), name)[:200])]


def _window(warped: WarpedVRT, boundary: BaseGeometry, name: str) -> tuple[Heights | None, list[Fault]]:
    box = shapely.box(*warped.bounds)
    if not shapely.intersects(box, boundary):
        return None, [Fault("elevation_outside", file=name)]
    grid = warped.transform
    west, south, east, north = shapely.intersection(box, shapely.box(*boundary.bounds)).bounds
    left, top = math.floor((west - grid.c) / grid.a), math.floor((north - grid.f) / grid.e)
    right = min(warped.width, max(left + 1, math.ceil((east - grid.c) / grid.a)))
    bottom = min(warped.height, max(top + 1, math.ceil((south - grid.f) / grid.e)))
    width, height = right - left, bottom - top
    step = max(1.0, math.sqrt(width * height / MOST_PIXELS))
    shape = (max(1, round(height / step)), max(1, round(width / step)))
    values = warped.read(1, window=Window(left, top, width, height), out_shape=shape)
    x, y = grid.c + left * grid.a, grid.f + top * grid.e
    transform = Affine(grid.a * width / shape[1], 0, x, 0, grid.e * height / shape[0], y)
    faults = [] if shapely.covers(box, boundary) else [Fault("elevation_partly_outside", "warning", file=name)]
    return Heights(np.asarray(values, dtype=np.float32), transform), faults
