"""Compiled snapping: nearest and near pieces of line through a uniform grid, legs against barriers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def span(ax: Any, ay: Any, bx: Any, by: Any, low: Any, high: Any) -> Any:
    """Least and greatest x of the part of a piece between two heights (low <= high; the piece meets them)."""
    if ay > by:
        ax, ay, bx, by = bx, by, ax, ay
    if by - ay < 1e-12:
        return min(ax, bx), max(ax, bx)
    one = ax + (bx - ax) * min(max((low - ay) / (by - ay), 0.0), 1.0)
    two = ax + (bx - ax) * min(max((high - ay) / (by - ay), 0.0), 1.0)
    return min(one, two), max(one, two)


@njit(cache=True, nogil=True)
def clamp(value: Any, last: int) -> Any:
    """Cell number of a coordinate counted in cells, held inside 0 … last."""
    return np.int64(min(max(value, 0.0), float(last)))


@njit(cache=True, nogil=True)
def cells_of_row(ax: Any, ay: Any, bx: Any, by: Any, row: Any, grid: Any) -> Any:
    """First and last column of the cells that a piece meets in a row, with a hair to spare."""
    _, _, left, bottom, side, columns, _ = grid
    hair = side * 1e-6
    low, high = span(ax, ay, bx, by, bottom + row * side - hair, bottom + (row + 1) * side + hair)
    return clamp((low - hair - left) / side, columns - 1), clamp((high + hair - left) / side, columns - 1)


@njit(cache=True, nogil=True)
def rows_of(ay: Any, by: Any, grid: Any) -> Any:
    """First and last row of the cells that a piece meets."""
    _, _, _, bottom, side, _, rows = grid
    hair = side * 1e-6
    return (
        clamp((min(ay, by) - hair - bottom) / side, rows - 1),
        clamp((max(ay, by) + hair - bottom) / side, rows - 1),
    )


@njit(cache=True, nogil=True)
def fill_grid(
    ax: Any, ay: Any, bx: Any, by: Any, left: float, bottom: float, side: float, columns: int, rows: int
) -> Any:
    """Pieces of each cell: ``start`` (cells + 1) and ``item``, int32, in the order of the pieces."""
    start = np.zeros(columns * rows + 1, np.int32)
    item = np.empty(0, np.int32)
    grid = (start, item, left, bottom, side, columns, rows)
    for turn in range(2):
        free = start[:-1].copy()
        for i in range(ax.size):
            first, last = rows_of(ay[i], by[i], grid)
            for row in range(first, last + 1):
                one, other = cells_of_row(ax[i], ay[i], bx[i], by[i], row, grid)
                for cell in range(row * columns + one, row * columns + other + 1):
                    if turn == 0:
                        start[cell + 1] += 1
                    else:
                        item[free[cell]] = i
                        free[cell] += 1
        if turn == 0:
            for cell in range(columns * rows):
                start[cell + 1] += start[cell]
            item = np.empty(start[-1], np.int32)
    return start, item


@njit(cache=True, nogil=True)
def foot(x: Any, y: Any, ax: Any, ay: Any, bx: Any, by: Any) -> Any:
    """Square of the distance from a point to a piece, and where on it (0 at a … 1 at b)."""
    wide = bx - ax
    high = by - ay
    square = wide * wide + high * high
    t = ((x - ax) * wide + (y - ay) * high) / square if square > 0.0 else 0.0
    t = min(max(t, 0.0), 1.0)
    dx = x - (ax + t * wide)
    dy = y - (ay + t * high)
    return dx * dx + dy * dy, t


@njit(cache=True, nogil=True)
def beyond(x: Any, y: Any, column: Any, row: Any, ring: int, grid: Any) -> Any:
    """Distance from a point to the nearest cell outside ``ring`` cells around (column, row); inf if there is none."""
    _, _, left, bottom, side, columns, rows = grid
    far = np.inf
    if column - ring > 0:
        far = min(far, x - (left + (column - ring) * side))
    if column + ring < columns - 1:
        far = min(far, left + (column + ring + 1) * side - x)
    if row - ring > 0:
        far = min(far, y - (bottom + (row - ring) * side))
    if row + ring < rows - 1:
        far = min(far, bottom + (row + ring + 1) * side - y)
    return far


@njit(cache=True, nogil=True)
def nearest_piece(x: Any, y: Any, limit: float, pieces: Any, grid: Any) -> Any:
    """Nearest piece of one point within a limit: (piece or -1, square of the distance, place on the piece).

    Rings of cells outwards until no cell beyond can hold a nearer one; equal distances go to the smaller line row.
    """
    ax, ay, bx, by, owner, _, _ = pieces
    start, item, left, bottom, side, columns, rows = grid
    column = clamp((x - left) / side, columns - 1)
    row = clamp((y - bottom) / side, rows - 1)
    best = limit * limit
    found = np.int64(-1)
    place = 0.0
    ring = 0
    while True:
        for j in range(max(row - ring, 0), min(row + ring, rows - 1) + 1):
            edge = j == row - ring or j == row + ring
            step = 1 if edge or ring == 0 else 2 * ring
            for i in range(column - ring, column + ring + 1, step):
                if i < 0 or i >= columns:
                    continue
                cell = j * columns + i
                for z in range(start[cell], start[cell + 1]):
                    p = item[z]
                    square, t = foot(x, y, ax[p], ay[p], bx[p], by[p])
                    if square < best or (square == best and (found < 0 or owner[p] < owner[found])):
                        best = square
                        found = np.int64(p)
                        place = t
        far = beyond(x, y, column, row, ring, grid)
        if far == np.inf or (far > 0.0 and far * far > best):
            return found, best, place
        ring += 1


@njit(cache=True, nogil=True)
def nearest_pieces(x: Any, y: Any, limit: Any, pieces: Any, grid: Any, line: Any, dist: Any, along: Any) -> None:
    """Nearest line of each point: row or -1, distance (m) and metres along the line."""
    ax, ay, bx, by, owner, before, _ = pieces
    for k in range(x.size):
        p, square, t = nearest_piece(x[k], y[k], limit, pieces, grid)
        line[k] = -1
        if p >= 0:
            line[k] = owner[p]
            dist[k] = np.sqrt(square)
            along[k] = before[p] + t * np.hypot(bx[p] - ax[p], by[p] - ay[p])


@njit(cache=True, nogil=True)
def near_point(x: Any, y: Any, reach: float, pieces: Any, grid: Any) -> bool:
    """Whether any piece lies within ``reach`` of a place."""
    ax, ay, bx, by, _, _, _ = pieces
    start, item, left, bottom, side, columns, rows = grid
    for row in range(clamp((y - reach - bottom) / side, rows - 1), clamp((y + reach - bottom) / side, rows - 1) + 1):
        first = clamp((x - reach - left) / side, columns - 1)
        last = clamp((x + reach - left) / side, columns - 1)
        for z in range(start[row * columns + first], start[row * columns + last + 1]):
            p = item[z]
            square, _ = foot(x, y, ax[p], ay[p], bx[p], by[p])
            if square <= reach * reach:
                return True
    return False


@njit(cache=True, nogil=True)
def turn_of(ax: Any, ay: Any, bx: Any, by: Any, px: Any, py: Any) -> Any:
    """Twice the signed area a, b, p: positive where p is left of a to b."""
    return (bx - ax) * (py - ay) - (by - ay) * (px - ax)


@njit(cache=True, nogil=True)
def crossing(x: Any, y: Any, tx: Any, ty: Any, p: Any, pieces: Any) -> float:
    """Where a leg properly crosses a barrier piece (0 … 1 along the leg), or -1.

    A leg that starts or ends on the barrier, or touches the barrier's free end, does not cross it.
    """
    ax, ay, bx, by, _, _, ends = pieces
    one = turn_of(ax[p], ay[p], bx[p], by[p], x, y)
    two = turn_of(ax[p], ay[p], bx[p], by[p], tx, ty)
    if not ((one < 0.0 and two > 0.0) or (one > 0.0 and two < 0.0)):
        return -1.0
    a = turn_of(x, y, tx, ty, ax[p], ay[p])
    b = turn_of(x, y, tx, ty, bx[p], by[p])
    if (a == 0.0 and ends[p] & 1) or (b == 0.0 and ends[p] & 2) or (a >= 0.0) == (b >= 0.0):
        return -1.0
    return one / (one - two)


@njit(cache=True, nogil=True)
def blocked(x: Any, y: Any, tx: Any, ty: Any, walls: Any, gaps: Any, gap_m: float) -> bool:
    """Whether a leg crosses a barrier anywhere but within ``gap_m`` of an opening."""
    pieces, grid = walls
    start, item, _, _, _, columns, _ = grid
    if item.size == 0:
        return False
    first, last = rows_of(y, ty, grid)
    for row in range(first, last + 1):
        one, other = cells_of_row(x, y, tx, ty, row, grid)
        for z in range(start[row * columns + one], start[row * columns + other + 1]):
            t = crossing(x, y, tx, ty, item[z], pieces)
            if t >= 0.0 and not near_point(x + t * (tx - x), y + t * (ty - y), gap_m, gaps[0], gaps[1]):
                return True
    return False


@njit(cache=True, nogil=True)
def lines_near(x: Any, y: Any, limit: Any, lines: Any, scratch: Any) -> int:
    """Collect every line within ``limit`` of a place with its nearest point; returns how many.

    ``scratch`` is (epoch, stamp, square, piece, place, touched) per line; ``touched`` lists the rows found.
    """
    pieces, grid = lines
    ax, ay, bx, by, owner, before, _ = pieces
    start, item, left, bottom, side, columns, rows = grid
    epoch, stamp, best, piece, place, touched = scratch
    epoch[0] += 1
    count = 0
    first = clamp((x - limit - left) / side, columns - 1)
    last = clamp((x + limit - left) / side, columns - 1)
    for row in range(clamp((y - limit - bottom) / side, rows - 1), clamp((y + limit - bottom) / side, rows - 1) + 1):
        for z in range(start[row * columns + first], start[row * columns + last + 1]):
            p = item[z]
            square, t = foot(x, y, ax[p], ay[p], bx[p], by[p])
            if square > limit * limit:
                continue
            line = owner[p]
            if stamp[line] != epoch[0]:
                stamp[line] = epoch[0]
                touched[count] = line
                count += 1
            elif square > best[line] or (square == best[line] and before[p] >= before[piece[line]]):
                continue
            best[line] = square
            piece[line] = p
            place[line] = t
    return count


@njit(cache=True, nogil=True)
def attach_points(
    xy: Any,
    limit: Any,
    first: int,
    lines: Any,
    length: Any,
    weight: Any,
    walls: Any,
    gaps: Any,
    gap_m: float,
    scratch: Any,
    out: Any,
    ends: Any,
) -> int:
    """Attach points from row ``first`` on to every line within their limits; returns the row it stopped before.

    ``out`` is (line, offset in the line's weight, leg in decimetres); ``ends[row]`` receives the end of a point's
    part. Stops early when ``out`` is full.
    """  # fmt: skip
    pieces, _ = lines
    ax, ay, bx, by, _, before, _ = pieces
    _, _, best, piece, place, touched = scratch
    edge, offset, leg = out
    at = 0
    for k in range(first, limit.size):
        x, y = xy[k, 0], xy[k, 1]
        count = lines_near(x, y, limit[k], lines, scratch)
        if at + count > edge.size:
            return k
        for i in range(count):
            line = touched[i]
            p = piece[line]
            t = place[line]
            tx = ax[p] + t * (bx[p] - ax[p])
            ty = ay[p] + t * (by[p] - ay[p])
            if blocked(x, y, tx, ty, walls, gaps, gap_m):
                continue
            along = before[p] + t * np.hypot(bx[p] - ax[p], by[p] - ay[p])
            share = min(along / length[line], 1.0) if length[line] > 0.0 else 0.0
            edge[at] = line
            offset[at] = np.int32(np.rint(share * weight[line]))
            leg[at] = np.int32(np.rint(np.sqrt(best[line]) * 10.0))
            at += 1
        ends[k] = at
    return limit.size
