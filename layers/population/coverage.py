"""How the pixels of a raster window are divided among the sub-areas: covered shares by exactextract."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from affine import Affine
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from layers.population.pixels import carried, place, shifted
from layers.population.window import NEGATIVE, NODATA, OK, Patch
from layers.population.zones import SLIVER, Shares, Zones, adopt, nearest_zone, polygonal, settle

BAND_PIXELS = 2_000_000
"""Pixels divided at once; bounds the memory of the coverage count."""

Coverage = tuple[NDArray[np.int64], NDArray[np.float64]]


@dataclass(frozen=True)
class Division:
    """Populated pixels inside the boundary and their zones.

    Parameters
    ----------
    rows, columns
        Pixel of the window, one pair for each part of a pixel.
    shares
        The parts; ``shares.unit`` numbers the populated pixels in row-major order.
    pixels
        Pixels inside or on the boundary: all, NoData, negative, zero.
    """

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    shares: Shares
    pixels: dict[str, float]


def divide(patch: Patch, there: Zones, zones: Zones) -> Division:
    """Divide the populated pixels of a window among the zones.

    Parameters
    ----------
    patch
        The window.
    there, zones
        The same zones in the raster's CRS and in metres.
    """
    rows, columns = patch.values.shape
    step = max(1, BAND_PIXELS // columns)
    bands = [_divide_band(patch, first, min(rows, first + step), there, zones) for first in range(0, rows, step)]
    start = np.cumsum([0, *(len(pixel) for pixel, _, _ in bands)])
    shares = Shares(
        np.concatenate([part.unit + first for (_, part, _), first in zip(bands, start, strict=False)]),
        np.concatenate([part.zone for _, part, _ in bands]),
        np.concatenate([part.share for _, part, _ in bands]),
        np.concatenate([part.area_share for _, part, _ in bands]),
        np.concatenate([part.gap for _, part, _ in bands]),
    )
    counts: Counter[str] = sum((count for _, _, count in bands), Counter())
    row, column = np.divmod(np.concatenate([pixel for pixel, _, _ in bands])[shares.unit], columns)
    names = ("pixels_inside", "pixels_nodata", "pixels_negative", "pixels_zero")
    return Division(row, column, shares, {name: float(counts[name]) for name in names})


def _divide_band(
    patch: Patch, first: int, last: int, there: Zones, zones: Zones
) -> tuple[NDArray[np.int64], Shares, Counter[str]]:
    """Populated pixels (flat numbers of the window) of some rows, their shares, the counts."""
    values, state = patch.values[first:last].ravel(), patch.state[first:last].ravel()
    grid = shifted(patch.transform, 0, first)
    shape = (last - first, patch.values.shape[1])
    inside, cover = _coverage(grid, shape, there.boundary, there)
    counts = _counts(state[inside], values[inside])
    kept = (cover > SLIVER) & (values[inside] > 0)
    pixel, cover = inside[kept], cover[kept]
    if len(there.ids) == 1:
        shares = _undivided(cover)
    else:
        shares, orphans = settle(*_entries(grid, shape, pixel, there), cover)
        x, y = place(grid, pixel[orphans] % shape[1] + 0.5, pixel[orphans] // shape[1] + 0.5)
        centres = shapely.points(*carried(x, y, there.crs, zones.crs))
        shares = adopt(shares, orphans, nearest_zone(zones, centres), cover)
    return pixel + first * shape[1], shares, counts


def _undivided(cover: NDArray[np.float64]) -> Shares:
    n = len(cover)
    return Shares(np.arange(n), np.zeros(n, dtype=np.int32), cover, cover, np.zeros(n, dtype=bool))


def _entries(
    grid: Affine, shape: tuple[int, int], pixel: NDArray[np.int64], there: Zones
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float64]]:
    """Unit, zone and covered share of every populated pixel that a zone touches."""
    unit_of = np.full(shape[0] * shape[1], -1, dtype=np.int64)
    unit_of[pixel] = np.arange(len(pixel))
    units, zones, shares = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int32)], [np.zeros(0)]
    for number, zone in enumerate(there.shapes):
        touched, share = _coverage(grid, shape, zone, there)
        unit = unit_of[touched]
        units.append(unit[unit >= 0])
        shares.append(share[unit >= 0])
        zones.append(np.full(len(units[-1]), number, dtype=np.int32))
    return np.concatenate(units), np.concatenate(zones), np.concatenate(shares)


def _coverage(grid: Affine, shape: tuple[int, int], zone: BaseGeometry, there: Zones) -> Coverage:
    """Flat pixel numbers that a polygon touches and the share of each that it covers."""
    (left, right), (top, bottom) = place(grid, [0, shape[1]], [0, shape[0]])
    band = shapely.box(left - grid.a, bottom + grid.e, right + grid.a, top - grid.e)
    zone = polygonal(shapely.intersection(zone, band))  # one pixel wider than the band: its edge cuts no share
    if zone.is_empty:
        return np.zeros(0, dtype=np.int64), np.zeros(0)
    wkt = there.crs.to_wkt()
    source = NumPyRasterSource(
        np.zeros(shape, dtype=np.uint8), xmin=left, ymin=bottom, xmax=right, ymax=top, srs_wkt=wkt
    )
    frame = gpd.GeoDataFrame(geometry=[zone], crs=there.crs)
    found = exact_extract(source, frame, ["cell_id", "coverage"], output="pandas")
    pixel, share = found["cell_id"].iloc[0], found["coverage"].iloc[0]
    return np.asarray(pixel, dtype=np.int64), np.asarray(share, dtype=np.float64)


def _counts(state: NDArray[np.uint8], values: NDArray[np.float64]) -> Counter[str]:
    return Counter(
        pixels_inside=len(state),
        pixels_nodata=int((state == NODATA).sum()),
        pixels_negative=int((state == NEGATIVE).sum()),
        pixels_zero=int(((state == OK) & (values == 0)).sum()),
    )
