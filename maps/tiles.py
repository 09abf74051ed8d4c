"""Cells as palette PNG: the run's cell-index raster, coloured through a class per cell, in Web Mercator.

Every picture is made the same way, tile or page-wide: output pixels are traced back to raster pixels on a coarse grid
(exact at the grid's nodes, bilinear between them), the raster pixel names a cell, the cell its class, the class its
colour. Nearest neighbour throughout: a class never mixes with its neighbour. From afar a pixel shows, of the cells it
covers, the one with most residents; counts are summed, then classed.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from affine import Affine
from numba import njit
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from layers.bundle import IndexRaster

HALF_WORLD_M = 20037508.342789244
TILE = 256
SMALLEST = 64  # pixels; a level no larger than this is the last
ITSELF = np.arange(256, dtype=np.uint8)  # the class of a value that is a class already
STEP = 16  # output pixels between two exactly projected points
MERCATOR = CRS.from_epsg(3857)

Bounds = tuple[float, float, float, float]
Palette = NDArray[np.uint8]


@dataclass(frozen=True)
class Canvas:
    """A picture to fill: west, south, east, north in EPSG:3857 metres, and its size in pixels."""

    bounds: Bounds
    width: int = TILE
    height: int = TILE


@dataclass(frozen=True)
class CellRaster:
    """The index raster of a run, ready to be looked through.

    ``levels``: int32 (rows, columns) each, a cell's row number or -1; level k has pixels 2**k times as large, each
    showing the cell with most residents. ``to_pixel``: raster coordinates to (column, row) of level 0.
    """

    levels: tuple[NDArray[np.int32], ...]
    to_pixel: Affine
    from_mercator: Transformer


def cell_raster(raster: IndexRaster, residents: NDArray[np.float64]) -> CellRaster:
    """Prepare a run's index raster for drawing; ``residents`` of each cell decide who is seen from afar."""
    levels = [np.ascontiguousarray(raster.cell, dtype=np.int32)]
    weight = np.append(residents, -1.0).astype(np.float32)
    while max(levels[-1].shape) > SMALLEST:
        levels.append(_coarser(levels[-1], weight))
    transformer = Transformer.from_crs(MERCATOR, raster.crs, always_xy=True)
    return CellRaster(tuple(levels), ~raster.transform, transformer)


def _coarser(index: NDArray[np.int32], weight: NDArray[np.float32]) -> NDArray[np.int32]:
    """Of every two by two pixels the cell with the greatest weight; weight[-1] is nobody's."""
    rows, columns = index.shape
    even = np.pad(index, ((0, rows % 2), (0, columns % 2)), constant_values=-1)
    best = even[::2, ::2]
    for other in (even[::2, 1::2], even[1::2, ::2], even[1::2, 1::2]):
        best = np.where(weight[other] > weight[best], other, best)
    return np.ascontiguousarray(best)


def tile_canvas(z: int, x: int, y: int) -> Canvas:
    """The canvas of one XYZ tile."""
    side = 2 * HALF_WORLD_M / 2**z
    west, north = x * side - HALF_WORLD_M, HALF_WORLD_M - y * side
    return Canvas((west, north - side, west + side, north))


def draw_classes(raster: CellRaster, classes: NDArray[np.uint8], canvas: Canvas) -> NDArray[np.uint8]:
    """Class of every output pixel; 0 where there is no cell.

    Parameters
    ----------
    classes
        uint8, shape (cells,): the class of each cell, 0 draws nothing.

    Returns
    -------
    uint8, shape (canvas.height, canvas.width)
    """
    return _draw(raster, raster.levels, classes, canvas)


def draw_levels(raster: CellRaster, levels: Sequence[NDArray[np.uint8]], canvas: Canvas) -> NDArray[np.uint8]:
    """The same from rasters that already hold classes, of the same levels."""
    return _draw(raster, levels, ITSELF, canvas)


def _draw(
    raster: CellRaster, levels: Sequence[NDArray[Any]], classes: NDArray[np.uint8], canvas: Canvas
) -> NDArray[np.uint8]:
    columns, rows = pixel_grid(raster, canvas)
    level = min(_level(columns, rows), len(levels) - 1)
    out = np.zeros((canvas.height, canvas.width), dtype=np.uint8)
    trace(levels[level], classes, columns / 2**level, rows / 2**level, out)
    return out


def cell_at(raster: CellRaster, x: float, y: float) -> int | None:
    """Row number of the cell at a point in EPSG:3857 metres; None where nobody lives."""
    at = np.asarray(raster.from_mercator.transform(x, y))
    column, row = apply_affine(raster.to_pixel, at[0], at[1])
    index = raster.levels[0]
    if not (0 <= row < index.shape[0] and 0 <= column < index.shape[1]):
        return None
    cell = int(index[int(row), int(column)])
    return cell if cell >= 0 else None


def _level(columns: NDArray[np.float64], rows: NDArray[np.float64]) -> int:
    """The level whose pixels are about as large as the canvas pixels, 0 where these are smaller than any."""
    i, j = (size // 2 - (size > 1) for size in columns.shape)
    pixel = math.hypot(columns[i, j + 1] - columns[i, j], rows[i, j + 1] - rows[i, j]) / STEP
    return round(math.log2(pixel)) if pixel > 1 else 0


def pixel_grid(raster: CellRaster, canvas: Canvas) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Raster column and row (fractional) at every STEP-th pixel corner of the canvas; NaN where there is none."""
    west, south, east, north = canvas.bounds
    across = np.arange(-(-canvas.width // STEP) + 1) * STEP * ((east - west) / canvas.width) + west
    down = north - np.arange(-(-canvas.height // STEP) + 1) * STEP * ((north - south) / canvas.height)
    x, y = np.meshgrid(across, down)
    x, y = raster.from_mercator.transform(x, y)
    columns, rows = apply_affine(raster.to_pixel, x, y)
    lost = ~(np.isfinite(columns) & np.isfinite(rows))
    columns[lost] = np.nan
    rows[lost] = np.nan
    return columns, rows


def apply_affine(
    affine: Affine, x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The affine transform of arrays of coordinates."""
    with np.errstate(invalid="ignore"):  # places that cannot be projected are infinite
        return affine.a * x + affine.b * y + affine.c, affine.d * x + affine.e * y + affine.f


@njit(cache=True, nogil=True)
def trace(
    source: NDArray[Any],
    classes: NDArray[np.uint8],
    columns: NDArray[np.float64],
    rows: NDArray[np.float64],
    out: NDArray[np.uint8],
) -> None:
    """Give each pixel of ``out`` the class of the source value under its centre; outside and below 0 it stays."""
    for i in range(out.shape[0]):
        fy = (i % STEP + 0.5) / STEP
        gi = i // STEP
        for gj in range(columns.shape[1] - 1):
            c0 = columns[gi, gj] * (1 - fy) + columns[gi + 1, gj] * fy
            c1 = columns[gi, gj + 1] * (1 - fy) + columns[gi + 1, gj + 1] * fy
            r0 = rows[gi, gj] * (1 - fy) + rows[gi + 1, gj] * fy
            r1 = rows[gi, gj + 1] * (1 - fy) + rows[gi + 1, gj + 1] * fy
            if np.isnan(c0 + c1 + r0 + r1):
                continue
            for k in range(min(STEP, out.shape[1] - gj * STEP)):
                fx = (k + 0.5) / STEP
                column = int(np.floor(c0 + (c1 - c0) * fx))
                row = int(np.floor(r0 + (r1 - r0) * fx))
                if 0 <= row < source.shape[0] and 0 <= column < source.shape[1]:
                    value = source[row, column]
                    if value >= 0:
                        out[i, gj * STEP + k] = classes[value]


def palette_png(classes: NDArray[np.uint8], palette: Palette, *, level: int = 1, strategy: int = zlib.Z_RLE) -> bytes:
    """An 8-bit palette PNG.

    Parameters
    ----------
    classes
        uint8, shape (height, width).
    palette
        uint8, shape (colours, 4): red, green, blue, alpha; row 0 is the colour of class 0.
    level, strategy
        Of zlib: runs are what cells are made of; a higher level and the default strategy for files to keep.
    """
    height, width = classes.shape
    deflate = zlib.compressobj(level, zlib.DEFLATED, zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL, strategy)
    raw = np.zeros((height, width + 1), dtype=np.uint8)
    raw[:, 1:] = classes
    raw[1:, 0] = 2  # PNG filter "up": equal rows become zeros
    raw[1:, 1:] -= classes[:-1]
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            _chunk(b"PLTE", np.ascontiguousarray(palette[:, :3]).tobytes()),
            _chunk(b"tRNS", np.ascontiguousarray(palette[:, 3]).tobytes()),
            _chunk(b"IDAT", deflate.compress(raw.tobytes()) + deflate.flush()),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
