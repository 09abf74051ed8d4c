"""From pixels to coordinates and back, for whole columns of numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS, Transformer

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


def place(transform: Affine, column: Any, row: Any) -> tuple[Floats, Floats]:
    """Coordinates of fractional (column, row); whole numbers are a pixel's north-west corner."""
    x = np.asarray(column, dtype=np.float64) * transform.a + transform.c
    y = np.asarray(row, dtype=np.float64) * transform.e + transform.f
    return x, y


def shifted(transform: Affine, columns: float, rows: float) -> Affine:
    """The same grid, counted from another pixel."""
    (x,), (y,) = place(transform, [columns], [rows])
    return Affine(transform.a, 0.0, float(x), 0.0, transform.e, float(y))


def divided(transform: Affine, factor: int) -> Affine:
    """The same corner with pixels divided into factor x factor."""
    return Affine(transform.a / factor, 0.0, transform.c, 0.0, transform.e / factor, transform.f)


def pixel_of(transform: Affine, x: Floats, y: Floats) -> tuple[Rows, Rows]:
    """Column and row of the pixel that holds each point."""
    column = np.floor((x - transform.c) / transform.a).astype(np.int64)
    return column, np.floor((y - transform.f) / transform.e).astype(np.int64)


def carried(x: Floats, y: Floats, source: CRS, target: CRS) -> tuple[Floats, Floats]:
    """Points in another CRS."""
    if source == target:
        return x, y
    there = Transformer.from_crs(source, target, always_xy=True).transform(x, y)
    return np.asarray(there[0], dtype=np.float64), np.asarray(there[1], dtype=np.float64)
