"""Residents per hectare at every zoom: people are summed over pixels first, then classed."""

from __future__ import annotations

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS, Geod, Transformer

from layers.bundle import IndexRaster
from maps.tiles import SMALLEST, apply_affine


def pixel_residents(
    raster: IndexRaster, residents: NDArray[np.float64], lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Residents per pixel; the sum is the sum of ``residents`` of all cells on the raster.

    A cell shown by several pixels is shared among them; a cell hidden behind another adds to the pixel it lies in.

    Parameters
    ----------
    residents, lon, lat
        float64, shape (cells,); EPSG:4326 degrees.
    """
    index = raster.cell
    shown = index >= 0
    pixels = np.bincount(index[shown], minlength=len(residents))
    share = np.divide(residents, pixels, out=np.zeros(len(residents)), where=pixels > 0)
    people = np.append(share, 0.0)[index]
    hidden = np.flatnonzero((pixels == 0) & (residents > 0))
    if len(hidden):
        x, y = Transformer.from_crs(4326, raster.crs, always_xy=True).transform(lon[hidden], lat[hidden])
        columns, rows = (np.floor(v).astype(np.int64) for v in apply_affine(~raster.transform, x, y))
        inside = (rows >= 0) & (rows < index.shape[0]) & (columns >= 0) & (columns < index.shape[1])
        np.add.at(people, (rows[inside], columns[inside]), residents[hidden][inside])
    return people


def pixel_hectares(raster: IndexRaster) -> NDArray[np.float64]:
    """Area of one pixel of every row on the ellipsoid, hectares, shape (rows, 1)."""
    rows, columns = raster.cell.shape
    middle = columns / 2
    row = np.arange(rows, dtype=np.float64)
    west, east = (_lonlat(raster.transform, raster.crs, middle + d, row + 0.5) for d in (-0.5, 0.5))
    north, south = (_lonlat(raster.transform, raster.crs, middle, row + d) for d in (0, 1))
    geod = Geod(ellps="WGS84")
    width = geod.inv(*west, *east)[2]
    height = geod.inv(*north, *south)[2]
    return (np.asarray(width) * np.asarray(height) / 10_000)[:, None]


def _lonlat(
    transform: Affine, crs: CRS, column: float, row: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x, y = apply_affine(transform, np.broadcast_to(column, row.shape), row)
    lon, lat = Transformer.from_crs(crs, 4326, always_xy=True).transform(x, y)
    return np.asarray(lon), np.asarray(lat)


def density_levels(
    people: NDArray[np.float64], hectares: NDArray[np.float64], breaks: tuple[float, ...]
) -> list[NDArray[np.uint8]]:
    """Class of the residents per hectare, level k in blocks of 2**k pixels.

    Class 0 is nobody; class c holds densities from ``breaks[c-1]`` up to below ``breaks[c]``.
    """
    area = np.broadcast_to(hectares, people.shape)
    levels = [_classed(people, area, breaks)]
    while max(people.shape) > SMALLEST:
        people, area = _halved(people), _halved(area)
        levels.append(_classed(people, area, breaks))
    return levels


def _classed(
    people: NDArray[np.float64], hectares: NDArray[np.float64], breaks: tuple[float, ...]
) -> NDArray[np.uint8]:
    density = people / hectares
    classes = np.searchsorted(np.asarray(breaks[1:]), density, side="right") + 1
    return np.where(people > 0, classes, 0).astype(np.uint8)


def _halved(values: NDArray[np.float64]) -> NDArray[np.float64]:
    rows, columns = values.shape
    even = np.pad(values, ((0, rows % 2), (0, columns % 2)))
    return even.reshape(even.shape[0] // 2, 2, even.shape[1] // 2, 2).sum(axis=(1, 3))
