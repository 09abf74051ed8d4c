"""Coordinate systems: the shifted datums of Chinese maps, their exact inverse, and the metric CRS of a region."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

Degrees = NDArray[np.float64]

# GCJ-02 as it is publicly known: Krasovsky 1940 ellipsoid, series in degrees from 105 E, 35 N
_AXIS_M = 6378245.0
_ECCENTRICITY2 = 0.00669342162296594323
_BD_TURN = np.pi * 3000.0 / 180.0
_ROUNDS = 12

SHIFTED = ("gcj02", "bd09")
DATUMS = ("wgs84", "cgcs2000", *SHIFTED)
GAUSS_KRUGER_75E = 4534
LAMBERT_FROM_DEG = 6.0

CLEARLY = 0.8
"""A datum fits clearly better when its median distance is at most this share of the declared one's …"""
SIGMA = 2.33
"""… and more schools come closer than go farther by this many standard deviations of a fair coin (1 %, one-sided)."""


@cache
def mainland() -> BaseGeometry:
    """The coarse polygon, longitude and latitude, inside which maps are shifted."""
    text = Path(__file__).with_name("mainland.toml").read_text(encoding="utf-8")
    polygon = shapely.Polygon(tomllib.loads(text)["ring"])
    shapely.prepare(polygon)
    return polygon


def to_wgs84(lon: ArrayLike, lat: ArrayLike, datum: str) -> tuple[Degrees, Degrees]:
    """Coordinates of a datum as WGS 84.

    Parameters
    ----------
    lon, lat
        Degrees, same shape.
    datum
        ``wgs84``; ``cgcs2000`` (the same within centimetres: handed back unchanged); ``gcj02``; ``bd09``.

    Returns
    -------
    Degrees, float64. The inverse solves the forward formula by fixed point, to below 1e-8 degrees. Points that no
    place of the mainland maps to are handed back unchanged; a point within some 700 m outside a land border could
    come from either side, and is read as a shifted one.

    Raises
    ------
    ValueError
        Unknown datum.
    """
    return _convert(lon, lat, datum, inverse=True)


def from_wgs84(lon: ArrayLike, lat: ArrayLike, datum: str) -> tuple[Degrees, Degrees]:
    """WGS 84 as coordinates of a datum: the inverse of :func:`to_wgs84`, unchanged outside the mainland."""
    return _convert(lon, lat, datum, inverse=False)


def _convert(lon: ArrayLike, lat: ArrayLike, datum: str, *, inverse: bool) -> tuple[Degrees, Degrees]:
    if datum not in DATUMS:
        raise ValueError(f"unknown datum {datum!r}: one of {', '.join(DATUMS)}")
    x, y = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    if datum not in SHIFTED:
        return x.copy(), y.copy()
    forward = _gcj02 if datum == "gcj02" else _bd09
    with np.errstate(invalid="ignore"):
        found = _solve(forward, x, y) if inverse else forward(x, y)
    inside = shapely.contains_xy(mainland(), *(found if inverse else (x, y)))
    return np.where(inside, found[0], x), np.where(inside, found[1], y)


def _solve(
    forward: Callable[[Degrees, Degrees], tuple[Degrees, Degrees]], x: Degrees, y: Degrees
) -> tuple[Degrees, Degrees]:
    """The point whose shifted place is (x, y): the shift hardly changes over a step, so a round gains two digits."""
    lon, lat = x.copy(), y.copy()
    for _ in range(_ROUNDS):
        there_x, there_y = forward(lon, lat)
        lon, lat = lon + (x - there_x), lat + (y - there_y)
    return lon, lat


def _gcj02(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    short = (20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)) * 2.0 / 3.0
    north_m = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + short
    north_m += (20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
    north_m += (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
    east_m = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + short
    east_m += (20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
    east_m += (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    phi = np.radians(lat)
    bend = 1.0 - _ECCENTRICITY2 * np.sin(phi) ** 2
    meridian_m = _AXIS_M * (1.0 - _ECCENTRICITY2) / bend**1.5
    parallel_m = _AXIS_M / np.sqrt(bend) * np.cos(phi)
    return lon + np.degrees(east_m / parallel_m), lat + np.degrees(north_m / meridian_m)


def _bd09(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """BD-09 is a second shift on top of GCJ-02."""
    x, y = _gcj02(lon, lat)
    radius = np.hypot(x, y) + 0.00002 * np.sin(y * _BD_TURN)
    angle = np.arctan2(y, x) + 0.000003 * np.cos(x * _BD_TURN)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def metric_crs(boundary_lonlat: BaseGeometry) -> CRS:
    """The one metric CRS of a region, easting first.

    Wider than 6 degrees: Lambert azimuthal equal-area at its centre. Else, with its inner point on the Chinese
    mainland: CGCS2000 / 3-degree Gauss-Kruger by central meridian (EPSG:4534 for 75 E to EPSG:4554 for 135 E) of the
    zone its centre lies in. Else UTM of its centre; poleward of 84 N or 80 S Lambert again. A region wider than a
    zone keeps one CRS: at 3 degrees from the meridian lengths are 0.1 % too long.

    Parameters
    ----------
    boundary_lonlat
        Polygon in degrees (EPSG:4326, longitude first).
    """
    west, south, east, north = boundary_lonlat.bounds
    centre = boundary_lonlat.centroid
    if east - west > LAMBERT_FROM_DEG or not -80.0 <= centre.y <= 84.0:
        lon, lat = (west + east) / 2, (south + north) / 2
        return CRS.from_proj4(f"+proj=laea +lat_0={lat:.4f} +lon_0={lon:.4f} +datum=WGS84 +units=m +no_defs")
    if mainland().contains(boundary_lonlat.representative_point()):
        zone = int(np.clip(round(centre.x / 3.0), 25, 45))
        return CRS.from_epsg(GAUSS_KRUGER_75E + zone - 25)
    return CRS.from_epsg((32600 if centre.y >= 0 else 32700) + int(np.clip(centre.x // 6 + 31, 1, 60)))


@dataclass(frozen=True)
class ShiftGuess:
    """Which datum brings schools closest to streets.

    Parameters
    ----------
    declared, best
        The datum the plan states, and the one that fits clearly better; the same where none does.
    median_m
        Median distance to the nearest street under each datum tried.
    schools
        How many had a finite distance under every datum.
    closer
        Share of them that come closer under ``best``; NaN where nothing fits clearly better.
    """

    declared: str
    best: str
    median_m: Mapping[str, float]
    schools: int
    closer: float

    @property
    def suspected(self) -> bool:
        """Whether another datum fits clearly better."""
        return self.best != self.declared


def suspect_shift(
    school_lonlat: Degrees, distance_to_streets: Callable[[Degrees], Degrees], declared: str = "wgs84"
) -> ShiftGuess:
    """Compare the declared datum with the others by the distance of schools to streets.

    Parameters
    ----------
    school_lonlat
        Shape (n, 2), WGS 84 degrees as they were read, that is after conversion from ``declared``.
    distance_to_streets
        Distances in metres, shape (n,), of WGS 84 points to the nearest street.
    declared
        What the plan says the file's datum is.

    Returns
    -------
    A guess; another datum is named only where the median falls to ``CLEARLY`` of the declared one's and the schools
    that come closer outnumber the others by ``SIGMA`` (sign test), so that chance in a dense grid names none.
    """
    given = np.asarray(school_lonlat, dtype=np.float64).reshape(-1, 2)
    raw = from_wgs84(given[:, 0], given[:, 1], declared)
    tried = {"wgs84" if declared == "cgcs2000" else declared: given}
    for datum in ("wgs84", *SHIFTED):
        tried.setdefault(datum, np.column_stack(to_wgs84(*raw, datum)))
    away = {datum: np.asarray(distance_to_streets(points), dtype=np.float64) for datum, points in tried.items()}
    finite = np.isfinite(np.column_stack(list(away.values()))).all(axis=1)
    away = {datum: metres[finite] for datum, metres in away.items()}
    medians = {datum: float(np.median(metres)) if finite.any() else np.nan for datum, metres in away.items()}
    own = next(iter(tried))
    best = min(medians, key=lambda datum: (medians[datum], datum != own))
    closer = _closer(away[own], away[best])
    if best == own or not medians[best] <= CLEARLY * medians[own] or closer is None:
        return ShiftGuess(declared, declared, medians, int(finite.sum()), float("nan"))
    return ShiftGuess(declared, best, medians, int(finite.sum()), closer)


def _closer(before: Degrees, after: Degrees) -> float | None:
    """Share of points that come closer, or None where a fair coin could do as well; ties say nothing."""
    moved = before != after
    count = int(moved.sum())
    wins = int((after < before)[moved].sum())
    if count == 0 or wins - count / 2 < SIGMA * np.sqrt(count / 4):
        return None
    return wins / count
