"""Lines and points in a uniform grid: which pieces of line lie near a place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from geoplan.network.snap_kernels import fill_grid

MOST_CELLS = 4_000_000
F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
GridArrays = tuple[I32, I32, float, float, float, int, int]
PieceArrays = tuple[F64, F64, F64, F64, I32, F64, NDArray[np.int8]]


@dataclass(frozen=True)
class Lines:
    """Straight pieces of lines and the grid over them.

    Parameters
    ----------
    pieces
        ``ax, ay, bx, by`` (m), ``owner`` (int32, row of the line), ``along`` (m from the line's start to ``a``) and
        ``ends`` (int8: 1 where ``a`` is an end of the line, 2 where ``b`` is, 3 both), each per piece.
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
    lines = np.where(area, shapely.boundary(shapes), shapes)
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


def _indexed(a: F64, b: F64, owner: I32, along: F64, ends: NDArray[np.int8], length: F64) -> Lines:
    ax, ay, bx, by = (np.ascontiguousarray(column) for column in (*a.T, *b.T))
    return Lines((ax, ay, bx, by, owner, along, ends), _grid(ax, ay, bx, by), length)


def _grid(ax: F64, ay: F64, bx: F64, by: F64) -> GridArrays:
    if len(ax) == 0:
        return np.zeros(2, np.int32), np.empty(0, np.int32), 0.0, 0.0, 1.0, 1, 1
    left, bottom = min(ax.min(), bx.min()), min(ay.min(), by.min())
    wide, high = max(ax.max(), bx.max()) - left, max(ay.max(), by.max()) - bottom
    side = max(np.sqrt(wide * high / len(ax)), max(wide, high) / 20_000, np.sqrt(wide * high / MOST_CELLS), 10.0)
    columns, rows = int(wide / side) + 1, int(high / side) + 1
    start, item = fill_grid(ax, ay, bx, by, left, bottom, side, columns, rows)
    return start, item, float(left), float(bottom), float(side), columns, rows
