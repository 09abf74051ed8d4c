"""From the coordinates of a file to WGS 84 and a metric CRS; places that cannot be right are faults."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError

from layers.datum import SHIFTED, to_wgs84
from layers.errors import Fault
from layers.tables.places import LONLAT, Placed

Shapes = NDArray[np.object_]
Degrees = NDArray[np.float64]
Bounds = tuple[float, float, float, float]

NEAR_DEG = 1.0
"""A table none of whose records lies this near the region is in the wrong place."""


def project(
    placed: Placed, rows: NDArray[np.int64], to_crs: CRS | None, datum: str, near: Bounds | None, file: str
) -> tuple[Shapes, list[Fault]]:
    """Geometries in ``to_crs`` (WGS 84 degrees where None), after conversion from the datum.

    Parameters
    ----------
    placed
        Geometries as the file gives them.
    rows
        Spreadsheet row of each.
    to_crs
        CRS wanted.
    datum
        Datum of the file; vertices of any CRS are shifted in degrees.
    near
        West, south, east, north of the region in degrees, to tell a table in the wrong place.
    file
        Name to show in faults.
    """
    geometry, crs = placed.geometry, placed.crs
    known = ~shapely.is_missing(geometry)
    if crs is None or not known.any():
        return np.full(len(geometry), None, dtype=object), []
    unusable = _unusable(crs, file)
    if unusable:
        return np.full(len(geometry), None, dtype=object), unusable
    swapped = _swapped(geometry[known], crs, near, file)
    if swapped:
        return np.full(len(geometry), None, dtype=object), swapped
    lonlat = _moved(geometry, _to_lonlat(crs, datum))
    faults = _out_of_range(lonlat, rows, file)
    faults += _elsewhere(lonlat[known], near, file)
    if datum not in SHIFTED and to_crs is not None and not crs.is_geographic and crs == to_crs:
        return geometry, faults
    return (lonlat if to_crs is None else _moved(lonlat, _step(LONLAT, to_crs))), faults


def _unusable(crs: CRS, file: str) -> list[Fault]:
    """A CRS that cannot be brought to degrees: a local grid of a building site, a damaged .prj."""
    try:
        transformer_of(crs, LONLAT)
    except ProjError as error:
        return [Fault("crs_unknown", file=file, value=f"{crs.name}: {error}"[:80])]
    return []


def _moved(geometry: Shapes, step: Callable[[Degrees, Degrees], tuple[Degrees, Degrees]]) -> Shapes:
    def apply(points: Degrees) -> Degrees:
        return np.column_stack(step(points[:, 0], points[:, 1]))

    return shapely.transform(geometry, apply)


@lru_cache(maxsize=32)
def transformer_of(source: CRS, target: CRS) -> Transformer:
    """From one CRS to another, easting or longitude first; made once, as making one costs more than using it."""
    return Transformer.from_crs(source, target, always_xy=True)


def _step(source: CRS, target: CRS) -> Callable[[Degrees, Degrees], tuple[Degrees, Degrees]]:
    transformer = transformer_of(source, target)

    def step(x: Degrees, y: Degrees) -> tuple[Degrees, Degrees]:
        return transformer.transform(x, y)

    return step


def _to_lonlat(crs: CRS, datum: str) -> Callable[[Degrees, Degrees], tuple[Degrees, Degrees]]:
    into = _step(crs, LONLAT)

    def step(x: Degrees, y: Degrees) -> tuple[Degrees, Degrees]:
        return to_wgs84(*into(x, y), datum)

    return step


def _swapped(geometry: Shapes, crs: CRS, near: Bounds | None, file: str) -> list[Fault]:
    """One fault for the table where the two coordinates stand the wrong way round."""
    bounds = shapely.bounds(geometry)
    x, y = (bounds[:, 0] + bounds[:, 2]) / 2, (bounds[:, 1] + bounds[:, 3]) / 2
    sample = f"{x[0]:.6g}, {y[0]:.6g}"
    if crs.is_geographic:
        wrong = bool((np.abs(y) > 90).any() and (np.abs(x) <= 90).all() and (np.abs(y) <= 180).all())
        if wrong or (near and not _near(x, y, near).any() and _near(y, x, near).any()):
            return [Fault("lonlat_swapped", file=file, value=sample)]
        return []
    into = _step(crs, LONLAT)
    if _at_home(*into(x, y), crs, near) or not _at_home(*into(y, x), crs, near):
        return []
    return [Fault("xy_swapped", file=file, value=sample, params={"crs": crs.to_string()[:40]})]


def _at_home(lon: Degrees, lat: Degrees, crs: CRS, near: Bounds | None) -> bool:
    """Whether any point lies in the region, or where the CRS is made for."""
    area = crs.area_of_use
    box = near or ((area.west, area.south, area.east, area.north) if area else (-180.0, -90.0, 180.0, 90.0))
    return bool(_near(lon, lat, box).any())


def _near(lon: Degrees, lat: Degrees, box: Bounds) -> NDArray[np.bool_]:
    west, south, east, north = box
    tall = (lat >= south - NEAR_DEG) & (lat <= north + NEAR_DEG)
    return tall & (lon >= west - NEAR_DEG) & (lon <= east + NEAR_DEG)


def _out_of_range(lonlat: Shapes, rows: NDArray[np.int64], file: str) -> list[Fault]:
    bounds = shapely.bounds(lonlat)
    with np.errstate(invalid="ignore"):
        wrong = (np.abs(bounds[:, [0, 2]]) > 180).any(axis=1) | (np.abs(bounds[:, [1, 3]]) > 90).any(axis=1)
        wrong |= np.isinf(bounds).any(axis=1)
    return [
        Fault("lonlat_range", file=file, row=int(rows[row]), value=f"{bounds[row, 0]:.6g}, {bounds[row, 1]:.6g}")
        for row in np.flatnonzero(wrong)
    ]


def _elsewhere(lonlat: Shapes, near: Bounds | None, file: str) -> list[Fault]:
    if near is None:
        return []
    bounds = shapely.bounds(lonlat)
    west, south, east, north = near
    touches = (bounds[:, 2] >= west - NEAR_DEG) & (bounds[:, 0] <= east + NEAR_DEG)
    touches &= (bounds[:, 3] >= south - NEAR_DEG) & (bounds[:, 1] <= north + NEAR_DEG)
    if touches.any():
        return []
    return [Fault("places_elsewhere", file=file, value=f"{bounds[0, 0]:.5g}, {bounds[0, 1]:.5g}")]
