"""Where each record stands: geometry of the file, longitude and latitude, x and y, or well-known text."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.exceptions import CRSError

from layers.check import is_missing, number, plain_numbers, shown
from layers.errors import Fault
from layers.tables.raw import Raw

LONLAT = CRS.from_epsg(4326)
COLUMNS = ("lon", "lat", "x", "y", "wkt")
_CODE = re.compile(r"(?:(EPSG|ESRI|IGNF|OGC):)?([A-Za-z0-9]+)", re.IGNORECASE)

Shapes = NDArray[np.object_]


@dataclass(frozen=True)
class Placed:
    """Geometries (None where unknown) as the file gives them, their CRS, and what was wrong."""

    geometry: Shapes
    crs: CRS | None
    faults: list[Fault]


def read_crs(text: str, file: str, column: str) -> tuple[CRS | None, list[Fault]]:
    """A CRS of plan.toml by its code, such as ``EPSG:4547``."""
    if _CODE.fullmatch(text.strip()):
        try:
            return CRS.from_user_input(text.strip()), []
        except CRSError:
            pass
    return None, [Fault("crs_unknown", file=file, column=column, value=text[:60])]


def place(raw: Raw, table: pd.DataFrame, crs: CRS | None, file: str) -> Placed:
    """Geometries of the records.

    Parameters
    ----------
    raw
        The file; its own geometry comes first.
    table
        Its columns under canonical names, with ``_row``.
    crs
        CRS of x and y columns, and of a file that states none.
    file
        Name to show in faults.
    """
    if raw.geometry is not None:
        return _own(raw, table, crs, file)
    if {"lon", "lat"} <= set(table.columns):
        return _pairs(raw, table, ("lon", "lat"), LONLAT, file)
    if {"x", "y"} <= set(table.columns):
        return _xy(raw, table, crs, file)
    if "wkt" in table:
        return _wkt(table, crs, file)
    return Placed(np.full(len(table), None, dtype=object), LONLAT, [Fault("geometry_columns", file=file)])


def _own(raw: Raw, table: pd.DataFrame, crs: CRS | None, file: str) -> Placed:
    assert raw.geometry is not None
    empty = shapely.is_missing(raw.geometry) | shapely.is_empty(raw.geometry)
    geometry = raw.geometry.copy()
    geometry[empty] = None
    faults = [Fault("geometry_missing", file=file, row=int(row)) for row in table["_row"][empty]]
    stated = raw.crs or crs
    if stated is None:
        stated, found = _guess(shapely.get_coordinates(geometry[~empty]), file)
        faults += found
    return Placed(geometry, stated, faults)


def _pairs(raw: Raw, table: pd.DataFrame, names: tuple[str, str], crs: CRS | None, file: str) -> Placed:
    """Points from two columns of numbers."""
    faults: list[Fault] = []
    values = [_numbers(raw, table, name, file, faults) for name in names]
    known = np.isfinite(values[0]) & np.isfinite(values[1])
    nowhere = known & (values[0] == 0) & (values[1] == 0)
    told = {fault.row for fault in faults}
    rows = table["_row"].to_numpy()
    faults += [
        Fault("geometry_missing", file=file, row=int(row), value="0, 0" if zero else None)
        for row, zero in zip(rows[~known | nowhere], nowhere[~known | nowhere], strict=True)
        if int(row) not in told
    ]
    points = np.full(len(table), None, dtype=object)
    good = known & ~nowhere
    points[good] = shapely.points(values[0][good], values[1][good])
    return Placed(points, crs, faults)


def _xy(raw: Raw, table: pd.DataFrame, crs: CRS | None, file: str) -> Placed:
    placed = _pairs(raw, table, ("x", "y"), crs, file)
    if crs is not None:
        return placed
    known = placed.geometry[~shapely.is_missing(placed.geometry)]
    guess, found = _guess(shapely.get_coordinates(known), file)
    return Placed(placed.geometry, guess, [*placed.faults, *found])


def _wkt(table: pd.DataFrame, crs: CRS | None, file: str) -> Placed:
    geometry = np.full(len(table), None, dtype=object)
    faults = []
    for number_, (value, row) in enumerate(zip(table["wkt"], table["_row"], strict=True)):
        if is_missing(value):
            faults.append(Fault("geometry_missing", file=file, row=int(row)))
            continue
        try:
            geometry[number_] = shapely.force_2d(shapely.from_wkt(str(value)))
        except shapely.errors.ShapelyError:
            faults.append(Fault("geometry_unreadable", file=file, row=int(row), column="wkt", value=shown(value)))
    return Placed(geometry, crs or LONLAT, faults)


def _guess(coordinates: NDArray[np.float64], file: str) -> tuple[CRS | None, list[Fault]]:
    """Degrees where every coordinate could be one, with a warning; else a fault."""
    x, y = coordinates[:, 0], coordinates[:, 1]
    if len(x) == 0 or (np.abs(x).max() <= 180 and np.abs(y).max() <= 90):
        return LONLAT, [Fault("crs_assumed", "warning", file=file)] if len(x) else []
    return None, [Fault("crs_missing", file=file, value=f"{x[0]:.2f}, {y[0]:.2f}")]


def _numbers(raw: Raw, table: pd.DataFrame, name: str, file: str, faults: list[Fault]) -> NDArray[np.float64]:
    read: Callable[[object], float] = _comma if raw.decimal_comma else number
    quick = None if raw.decimal_comma else plain_numbers(table[name])
    if quick is not None:
        return quick
    out = np.full(len(table), np.nan)
    heading = table.attrs.get("headings", {}).get(name, name)
    for position, (value, row) in enumerate(zip(table[name], table["_row"], strict=True)):
        if is_missing(value):
            continue
        try:
            out[position] = read(value)
        except ValueError as error:
            faults.append(Fault(str(error), file=file, row=int(row), column=heading, value=shown(value)))
    return out


def _comma(value: object) -> float:
    return number(str(value).strip().replace(",", "."))
