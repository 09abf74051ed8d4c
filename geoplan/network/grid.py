"""Lines and points in a uniform grid: which pieces of line lie near a place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from geoplan.network.graph import hilbert_order
from geoplan.network.snap_kernels import fill_grid

MOST_CELLS = 4_000_000
F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
GridArrays = tuple[I32, I32, float, float, float, int, int]
PieceArrays = tuple[F64, I32, F64, NDArray[np.int8]]


@dataclass(frozen=True)
class Lines:
    """Straight pieces of lines and the grid over them.

    Parameters
    ----------
    pieces
        Along a Hilbert curve: ends (ax, ay, bx, by in metres; pieces, 4), row of the line (int32), metres from the
        line's start to a, and free ends (int8: 1 where a is an end of the line, 2 where b is, 3 both).
    grid
        ``start`` (cells + 1), ``item`` (pieces of each cell), left, bottom, cell side (m), columns, rows.
    length
        float64 per line, its length in the plane, metres.
    """

    pieces: PieceArrays
    grid: GridArrays
    length: F64


def index_lines(geometry: ArrayLike, *, use: ArrayLike | None = None) -> Lines:
    """Index LineStrings (metric, 2D part); rows where ``use`` is false, and empty ones, have no pieces.

    Other kinds of geometry count by their boundary lines: multi-part lines by part, polygons by their rings.
    """
    shapes = np.asarray(geometry, dtype=object)
    rows = np.arange(len(shapes)) if use is None else np.flatnonzero(np.asarray(use, bool))
    parts, owner = _parts(shapes[rows])
    xy, part = shapely.get_coordinates(parts, return_index=True)
    inside = np.flatnonzero(part[1:] == part[:-1])
    a, b = xy[inside], xy[inside + 1]
    step = np.hypot(*(b - a).T)
    along, length = _along(step, part[inside], len(parts))
    ends = _ends(parts, part[inside])
    total = np.zeros(len(shapes))
    np.add.at(total, rows[owner], length)
    return _indexed(a, b, rows[owner[part[inside]]].astype(np.int32), along, ends, total)


def index_points(xy: ArrayLike) -> Lines:
    """Index points as pieces of no length; ``owner`` is the row of the point."""
    at = np.asarray(xy, np.float64).reshape(-1, 2)
    count = len(at)
    return _indexed(
        at, at, np.arange(count, dtype=np.int32), np.zeros(count), np.full(count, 3, np.int8), np.zeros(count)
    )


def _parts(shapes: NDArray[np.object_]) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    area = shapely.get_dimensions(shapes) == 2
    lines = shapes.copy()
    lines[area] = shapely.boundary(shapes[area])
    if (shapely.get_type_id(lines) == shapely.GeometryType.LINESTRING).all():  # the usual case, without copies
        return lines, np.arange(len(lines))
    parts, owner = shapely.get_parts(lines, return_index=True)
    return parts, owner.astype(np.int64)


def _along(step: F64, part: NDArray[np.int64], parts: int) -> tuple[F64, F64]:
    """Metres from each line's start to each piece, and each line's length."""
    length = np.bincount(part, weights=step, minlength=parts).astype(np.float64)
    along = np.empty_like(step)
    first = np.ones(len(part), bool)
    first[1:] = part[1:] != part[:-1]
    run = np.cumsum(step) - step
    along[:] = run - np.maximum.accumulate(np.where(first, run, 0.0))
    return along, length


def _ends(parts: NDArray[np.object_], part: NDArray[np.int64]) -> NDArray[np.int8]:
    change = np.ones(len(part) + 1, bool)
    change[1:-1] = part[1:] != part[:-1]
    opened = ~shapely.is_closed(parts)[part]
    ends: NDArray[np.int8] = (1 * (change[:-1] & opened) + 2 * (change[1:] & opened)).astype(np.int8)
    return ends


def _indexed(a: F64, b: F64, owner: I32, along: F64, free: NDArray[np.int8], length: F64) -> Lines:
    middle = (a + b) / 2
    order = hilbert_order(middle[:, 0].copy(), middle[:, 1].copy())
    ends = np.hstack([a, b])[order]
    return Lines((ends, owner[order], along[order], free[order]), _grid(ends), length)


def _grid(ends: F64) -> GridArrays:
    if len(ends) == 0:
        return np.zeros(2, np.int32), np.empty(0, np.int32), 0.0, 0.0, 1.0, 1, 1
    both = ends.reshape(-1, 2)
    left, bottom = both.min(axis=0)
    wide, high = np.ptp(both, axis=0)
    side = max(np.sqrt(wide * high / len(ends)), max(wide, high) / 20_000, np.sqrt(wide * high / MOST_CELLS), 10.0)
    columns, rows = int(wide / side) + 1, int(high / side) + 1
    start, item = fill_grid(ends, left, bottom, side, columns, rows)
    return start, item, float(left), float(bottom), float(side), columns, rows
