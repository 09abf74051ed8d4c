"""Compiled snapping: nearest and near pieces of line through a uniform grid, legs against barriers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

HAIR = 1e-6
"""Cells a piece is listed in beyond those it meets, against rounding: this share of a cell's side."""


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
def columns_of(ax: Any, ay: Any, bx: Any, by: Any, row: Any, left: Any, bottom: Any, side: Any, columns: Any) -> Any:
    """First and last column of the cells that a piece meets in a row, with a hair to spare."""
    hair = side * HAIR
    low, high = span(ax, ay, bx, by, bottom + row * side - hair, bottom + (row + 1) * side + hair)
    return clamp((low - hair - left) / side, columns - 1), clamp((high + hair - left) / side, columns - 1)


@njit(cache=True, nogil=True)
def rows_of(ay: Any, by: Any, bottom: Any, side: Any, rows: Any) -> Any:
    """First and last row of the cells that a piece meets."""
    low, high = (min(ay, by) - bottom) / side, (max(ay, by) - bottom) / side
    return clamp(low - HAIR, rows - 1), clamp(high + HAIR, rows - 1)


@njit(cache=True, nogil=True)
def fill_grid(ends: Any, left: float, bottom: float, side: float, columns: int, rows: int) -> Any:
    """Pieces (ax, ay, bx, by) of each cell: ``start`` (cells + 1) and ``item``, int32, in the order of the pieces."""
    start = np.zeros(columns * rows + 1, np.int32)
    item = np.empty(0, np.int32)
    for turn in range(2):
        free = start[:-1].copy()
        for i in range(len(ends)):
            ax, ay, bx, by = ends[i, 0], ends[i, 1], ends[i, 2], ends[i, 3]
            first, last = rows_of(ay, by, bottom, side, rows)
            for row in range(first, last + 1):
                one, other = columns_of(ax, ay, bx, by, row, left, bottom, side, columns)
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
def beyond(place: Any, first: Any, ring: Any, cell: Any, side: Any, last: Any) -> Any:
    """Distance along one axis to the nearest cell outside ``ring`` cells around a cell; inf if there is none."""
    far = np.inf
    if cell - ring > 0:
        far = min(far, place - (first + (cell - ring) * side))
    if cell + ring < last:
        far = min(far, first + (cell + ring + 1) * side - place)
    return far


@njit(cache=True, nogil=True)
def nearest_pieces(xy: Any, limit: Any, pieces: Any, grid: Any, line: Any, dist: Any, along: Any) -> None:
    """Nearest line of each point within a limit: row (left as it is where none), distance (m), metres along the line.

    Rings of cells outwards until no cell beyond can hold a nearer one; equal distances go to the smaller line row.
    """
    ends, owner, before, _ = pieces
    start, item, left, bottom, side, columns, rows = grid
    for k in range(len(xy)):
        x, y = xy[k, 0], xy[k, 1]
        column = clamp((x - left) / side, columns - 1)
        row = clamp((y - bottom) / side, rows - 1)
        best = limit * limit
        found = np.int64(-1)
        place = 0.0
        ring = np.int64(0)
        while True:
            for j in range(max(row - ring, 0), min(row + ring, rows - 1) + 1):
                step = 1 if ring == 0 or j == row - ring or j == row + ring else 2 * ring
                for i in range(column - ring, column + ring + 1, step):
                    if i < 0 or i >= columns:
                        continue
                    cell = j * columns + i
                    for z in range(start[cell], start[cell + 1]):
                        p = item[z]
                        square, t = foot(x, y, ends[p, 0], ends[p, 1], ends[p, 2], ends[p, 3])
                        if square < best or (square == best and (found < 0 or owner[p] < owner[found])):
                            best = square
                            found = np.int64(p)
                            place = t
            far = min(beyond(x, left, ring, column, side, columns - 1), beyond(y, bottom, ring, row, side, rows - 1))
            if far == np.inf or (far > 0.0 and far * far > best):
                break
            ring += 1
        if found >= 0:
            line[k] = owner[found]
            dist[k] = np.sqrt(best)
            along[k] = before[found] + place * np.hypot(
                ends[found, 2] - ends[found, 0], ends[found, 3] - ends[found, 1]
            )


@njit(cache=True, nogil=True)
def near_point(x: Any, y: Any, reach: float, pieces: Any, grid: Any) -> bool:
    """Whether any piece lies within ``reach`` of a place."""
    ends, _, _, _ = pieces
    start, item, left, bottom, side, columns, rows = grid
    for row in range(clamp((y - reach - bottom) / side, rows - 1), clamp((y + reach - bottom) / side, rows - 1) + 1):
        first = clamp((x - reach - left) / side, columns - 1)
        last = clamp((x + reach - left) / side, columns - 1)
        for z in range(start[row * columns + first], start[row * columns + last + 1]):
            p = item[z]
            square, _ = foot(x, y, ends[p, 0], ends[p, 1], ends[p, 2], ends[p, 3])
            if square <= reach * reach:
                return True
    return False


@njit(cache=True, nogil=True)
def turn_of(ax: Any, ay: Any, bx: Any, by: Any, px: Any, py: Any) -> Any:
    """Twice the signed area a, b, p: positive where p is left of a to b."""
    return (bx - ax) * (py - ay) - (by - ay) * (px - ax)


@njit(cache=True, nogil=True)
def crossing(x: Any, y: Any, tx: Any, ty: Any, ax: Any, ay: Any, bx: Any, by: Any, free: Any) -> Any:
    """Where a leg properly crosses a barrier piece (0 … 1 along the leg), or -1.

    A leg that starts or ends on the barrier, or touches a free end of it (``free``: 1 a, 2 b), does not cross it.
    """
    one = turn_of(ax, ay, bx, by, x, y)
    two = turn_of(ax, ay, bx, by, tx, ty)
    if not ((one < 0.0 and two > 0.0) or (one > 0.0 and two < 0.0)):
        return -1.0
    a = turn_of(x, y, tx, ty, ax, ay)
    b = turn_of(x, y, tx, ty, bx, by)
    if (a == 0.0 and free & 1) or (b == 0.0 and free & 2) or (a >= 0.0) == (b >= 0.0):
        return -1.0
    return one / (one - two)


@njit(cache=True, nogil=True)
def drop_blocked(x: Any, y: Any, count: int, spot: Any, touched: Any, walls: Any, gaps: Any, gap_m: float) -> int:
    """Keep those of the first ``count`` touched lines whose leg crosses no barrier but near an opening; how many.

    ``spot[i]`` is where the leg to ``touched[i]`` ends; both are closed up.
    """
    (ends, _, _, free), (start, item, left, bottom, side, columns, rows) = walls
    kept = 0
    for i in range(count):
        tx, ty = spot[i, 0], spot[i, 1]
        open_way = True
        first, last = rows_of(y, ty, bottom, side, rows)
        for row in range(first, last + 1):
            one, other = columns_of(x, y, tx, ty, row, left, bottom, side, columns)
            for z in range(start[row * columns + one], start[row * columns + other + 1]):
                p = item[z]
                t = crossing(x, y, tx, ty, ends[p, 0], ends[p, 1], ends[p, 2], ends[p, 3], free[p])
                if t >= 0.0 and not near_point(x + t * (tx - x), y + t * (ty - y), gap_m, gaps[0], gaps[1]):
                    open_way = False
                    break
            if not open_way:
                break
        if open_way:
            touched[kept] = touched[i]
            spot[kept, 0], spot[kept, 1] = tx, ty
            kept += 1
    return kept


@njit(cache=True, nogil=True)
def lines_near(x: Any, y: Any, limit: Any, pieces: Any, grid: Any, scratch: Any) -> int:
    """Collect every line within ``limit`` of a place with its nearest point; returns how many.

    ``scratch`` is (epoch, stamp, square, piece, place, touched) per line; ``touched`` lists the rows found.
    """
    ends, owner, before, _ = pieces
    start, item, left, bottom, side, columns, rows = grid
    epoch, stamp, best, piece, place, touched = scratch
    epoch[0] += 1
    now = epoch[0]
    count = 0
    first = clamp((x - limit - left) / side, columns - 1)
    last = clamp((x + limit - left) / side, columns - 1)
    for row in range(clamp((y - limit - bottom) / side, rows - 1), clamp((y + limit - bottom) / side, rows - 1) + 1):
        for z in range(start[row * columns + first], start[row * columns + last + 1]):
            p = item[z]
            square, t = foot(x, y, ends[p, 0], ends[p, 1], ends[p, 2], ends[p, 3])
            if square > limit * limit:
                continue
            line = owner[p]
            if stamp[line] != now:
                stamp[line] = now
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
    spot: Any,
    out: Any,
    last: Any,
) -> int:
    """Attach points from row ``first`` on to every line within their limits; returns the row it stopped before.

    ``out`` is (line, offset in the line's weight, leg in decimetres); ``last[row]`` receives the end of a point's
    part; ``spot`` is scratch (lines, 2). Stops early when ``out`` is full.
    """  # fmt: skip
    pieces, grid = lines
    ends, _, before, _ = pieces
    _, _, best, piece, place, touched = scratch
    edge, offset, leg = out
    walled = walls[1][1].size > 0
    at = 0
    for k in range(first, limit.size):
        x, y = xy[k, 0], xy[k, 1]
        count = lines_near(x, y, limit[k], pieces, grid, scratch)
        if at + count > edge.size:
            return k
        for i in range(count):
            line = touched[i]
            p = piece[line]
            spot[i, 0] = ends[p, 0] + place[line] * (ends[p, 2] - ends[p, 0])
            spot[i, 1] = ends[p, 1] + place[line] * (ends[p, 3] - ends[p, 1])
        if walled:
            count = drop_blocked(x, y, count, spot, touched, walls, gaps, gap_m)
        for i in range(count):
            line = touched[i]
            p = piece[line]
            along = before[p] + place[line] * np.hypot(ends[p, 2] - ends[p, 0], ends[p, 3] - ends[p, 1])
            share = min(along / length[line], 1.0) if length[line] > 0.0 else 0.0
            edge[at] = line
            offset[at] = np.int32(np.rint(share * weight[line]))
            leg[at] = np.int32(np.rint(np.sqrt(best[line]) * 10.0))
            at += 1
        last[k] = at
    return limit.size
