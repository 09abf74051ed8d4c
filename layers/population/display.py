"""Which cell a map pixel shows, for counts that come as points, polygons or buildings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS
from rasterio.features import rasterize
from scipy.spatial import cKDTree
from shapely.geometry.base import BaseGeometry

from layers.bundle import IndexRaster
from layers.population.pixels import place
from layers.population.zones import Shapes

MAX_PIXELS = 25_000_000
"""Pixels of the map raster beyond which its pixel is doubled."""

REACH = 0.75
"""A grid point fills the map this many spacings around it: a square's corner is at 0.71, a hexagon's at 0.58."""

BLOCK_PIXELS = 1_000_000


@dataclass(frozen=True)
class Canvas:
    """An empty map raster over the region: pixel in metres, shape, transform."""

    pixel_m: float
    shape: tuple[int, int]
    transform: Affine
    crs: CRS
    boundary: BaseGeometry


def make_canvas(boundary: BaseGeometry, crs: CRS, display_m: float) -> Canvas:
    """A north-up raster of ``display_m`` pixels on round coordinates; the pixel doubles where that is too many."""
    left, bottom, right, top = shapely.bounds(boundary)
    pixel = display_m
    while (right - left) / pixel * ((top - bottom) / pixel) > MAX_PIXELS:
        pixel *= 2
    left, top = np.floor(left / pixel) * pixel, np.ceil(top / pixel) * pixel
    shape = max(1, int(np.ceil((top - bottom) / pixel))), max(1, int(np.ceil((right - left) / pixel)))
    return Canvas(pixel, shape, Affine(pixel, 0.0, left, 0.0, -pixel, top), crs, boundary)


def shapes_index(canvas: Canvas, shapes: Shapes, residents: NDArray[np.float64], *, touched: bool) -> IndexRaster:
    """Each pixel shows the shape at its centre (``touched``: one that touches it), the most peopled of several."""
    order = np.lexsort((-np.arange(len(shapes)), residents))
    cell = rasterize(
        ((shapes[row], int(row)) for row in order),
        out_shape=canvas.shape,
        transform=canvas.transform,
        fill=-1,
        all_touched=touched,
        dtype="int32",
    )
    return IndexRaster(cell, canvas.transform, canvas.crs)


def points_index(canvas: Canvas, x: NDArray[np.float64], y: NDArray[np.float64], spacing_m: float) -> IndexRaster:
    """Each pixel inside the boundary shows the nearest point within 0.75 spacings, so that grids look filled."""
    rows, columns = canvas.shape
    cell = np.full(canvas.shape, -1, dtype=np.int32)
    inside = rasterize(
        [(canvas.boundary, 1)], out_shape=canvas.shape, transform=canvas.transform, all_touched=True, dtype="uint8"
    )
    tree = cKDTree(np.column_stack([x, y]))
    limit_m = max(REACH * spacing_m, canvas.pixel_m)
    step = max(1, BLOCK_PIXELS // columns)
    for first in range(0, rows, step):
        row, column = np.nonzero(inside[first : first + step])
        centres = np.column_stack(place(canvas.transform, column + 0.5, row + first + 0.5))
        _, nearest = tree.query(centres, distance_upper_bound=limit_m)
        cell[row + first, column] = np.where(nearest < len(x), nearest, -1)
    return IndexRaster(cell, canvas.transform, canvas.crs)
