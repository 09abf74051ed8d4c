"""Compiled parts of vector tiles: cut lines to a tile, round them to its grid, write protobuf bytes.

Shapes used throughout
    world   (x, y, start): float64 coordinates in [0, 1], y downward, and int64 offsets of each feature's points
    tile    (scale, column, row, extent, buffer): coordinates times scale less the tile's place, in units of its grid
    pieces  (px, py, piece_start, feature_start): int32 points, offsets of pieces, offsets of features among pieces
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

MOVE, LINE = 1, 2
FEATURES, IDENT, TAGS, KIND, GEOMETRY = 0x12, 0x08, 0x12, 0x18, 0x22  # field number << 3 | wire type


@njit(cache=True, nogil=True, inline="always")
def _bound(t0: Any, t1: Any, p: Any, q: Any) -> Any:
    """One side of Liang and Barsky: the part of a segment with p * t <= q."""
    if p == 0.0:
        return (t0, t1) if q >= 0.0 else (1.0, 0.0)
    r = q / p
    return (max(t0, r), t1) if p < 0.0 else (t0, min(t1, r))


@njit(cache=True, nogil=True)
def _inside(x0: Any, y0: Any, x1: Any, y1: Any, least: Any, most: Any) -> Any:
    """The part of a segment inside a square, as shares of its length; the first above the second when outside."""
    t0, t1 = _bound(0.0, 1.0, x0 - x1, x0 - least)
    t0, t1 = _bound(t0, t1, x1 - x0, most - x0)
    t0, t1 = _bound(t0, t1, y0 - y1, y0 - least)
    return _bound(t0, t1, y1 - y0, most - y0)


@njit(cache=True, nogil=True)
def _add(x: Any, y: Any, fresh: Any, px: Any, py: Any, n: int, first: int) -> int:
    """Append a point unless it repeats the last one of its piece; returns the number of points."""
    i, j = np.int32(np.rint(x)), np.int32(np.rint(y))
    if not fresh and n > first and px[n - 1] == i and py[n - 1] == j:
        return n
    px[n] = i
    py[n] = j
    return n + 1


@njit(cache=True, nogil=True)
def _close(n: int, pieces: int, piece_start: Any) -> Any:
    """End a piece: one of a single point is given up. Returns points and pieces."""
    if n - piece_start[pieces] < 2:
        return piece_start[pieces], pieces
    piece_start[pieces + 1] = n
    return n, pieces + 1


@njit(cache=True, nogil=True)
def cut_lines(world: Any, rows: Any, tile: Any) -> Any:
    """Lines cut to a tile and rounded to its grid; repeated points and pieces of one point are left out."""
    x, y, start = world
    scale, column, row, extent, buffer = tile
    room = np.int64(0)
    for k in range(rows.size):
        room += 2 * (start[rows[k] + 1] - start[rows[k]])
    px, py = np.empty(room + 1, np.int32), np.empty(room + 1, np.int32)
    piece_start = np.zeros(room // 2 + 2, np.int64)
    feature_start = np.zeros(rows.size + 1, np.int64)
    least, most = -buffer, extent + buffer
    n, pieces = 0, 0
    for k in range(rows.size):
        first, last = start[rows[k]], start[rows[k] + 1]
        x1, y1 = (x[first] * scale - column) * extent, (y[first] * scale - row) * extent
        joined = False
        for p in range(first + 1, last):
            x0, y0 = x1, y1
            x1, y1 = (x[p] * scale - column) * extent, (y[p] * scale - row) * extent
            t0, t1 = _inside(x0, y0, x1, y1, least, most)
            if t0 > t1:
                n, pieces = _close(n, pieces, piece_start)
                joined = False
                continue
            if not joined:
                n = _add(x0 + (x1 - x0) * t0, y0 + (y1 - y0) * t0, True, px, py, n, piece_start[pieces])
            n = _add(x0 + (x1 - x0) * t1, y0 + (y1 - y0) * t1, False, px, py, n, piece_start[pieces])
            joined = t1 == 1.0
            if not joined:
                n, pieces = _close(n, pieces, piece_start)
        n, pieces = _close(n, pieces, piece_start)
        feature_start[k + 1] = pieces
    return px[:n], py[:n], piece_start[: pieces + 1], feature_start


@njit(cache=True, nogil=True)
def cut_points(world: Any, rows: Any, tile: Any) -> Any:
    """Points of a tile, rounded to its grid, one piece each; those outside have no piece."""
    x, y, _ = world
    scale, column, row, extent, buffer = tile
    px, py = np.empty(rows.size, np.int32), np.empty(rows.size, np.int32)
    feature_start = np.zeros(rows.size + 1, np.int64)
    n = 0
    for k in range(rows.size):
        at_x, at_y = (x[rows[k]] * scale - column) * extent, (y[rows[k]] * scale - row) * extent
        if -buffer <= at_x <= extent + buffer and -buffer <= at_y <= extent + buffer:
            px[n], py[n] = np.int32(np.rint(at_x)), np.int32(np.rint(at_y))
            n += 1
        feature_start[k + 1] = n
    return px[:n], py[:n], np.arange(n + 1), feature_start


@njit(cache=True, nogil=True, inline="always")
def _varint(value: Any, out: Any, at: int) -> int:
    """Write an unsigned number in groups of seven bits; returns where the next byte goes."""
    left = np.uint64(value)
    while left >= np.uint64(128):
        out[at] = np.uint8((left & np.uint64(127)) | np.uint64(128))
        left >>= np.uint64(7)
        at += 1
    out[at] = np.uint8(left)
    return at + 1


@njit(cache=True, nogil=True, inline="always")
def _step(value: Any, out: Any, at: int) -> int:
    """Write a signed step: zigzag, so that small steps stay small."""
    return _varint((value << 1) ^ (value >> 63), out, at)


@njit(cache=True, nogil=True)
def _shape(pieces: Any, feature: int, out: Any) -> int:
    """Write the commands of one feature; returns their bytes."""
    px, py, piece_start, feature_start = pieces
    at, x, y = 0, np.int64(0), np.int64(0)
    for piece in range(feature_start[feature], feature_start[feature + 1]):
        first, last = piece_start[piece], piece_start[piece + 1]
        at = _varint((1 << 3) | MOVE, out, at)
        for p in range(first, last):
            if p == first + 1:
                at = _varint(((last - first - 1) << 3) | LINE, out, at)
            at = _step(np.int64(px[p]) - x, out, at)
            at = _step(np.int64(py[p]) - y, out, at)
            x, y = np.int64(px[p]), np.int64(py[p])
    return at


@njit(cache=True, nogil=True)
def _field(tag: int, part: Any, size: int, out: Any, at: int) -> int:
    """Write a length-delimited field; returns where the next byte goes."""
    out[at] = tag
    at = _varint(size, out, at + 1)
    out[at : at + size] = part[:size]
    return at + size


@njit(cache=True, nogil=True)
def write_features(pieces: Any, kind: int, ident: Any, tags: Any) -> Any:
    """The ``features`` fields of a layer; features without a piece are left out.

    Parameters
    ----------
    ident
        int64 per feature.
    tags
        int64 (features, keys): number of each key's value in the layer's list of values.
    """
    _, _, piece_start, feature_start = pieces
    most = np.int64(0)
    for k in range(ident.size):
        most = max(most, piece_start[feature_start[k + 1]] - piece_start[feature_start[k]])
    shape = np.empty(24 * most + 64, np.uint8)
    attributes = np.empty(20 * tags.shape[1] + 1, np.uint8)
    head = np.empty(24, np.uint8)
    body = np.empty(shape.size + attributes.size + 64, np.uint8)
    out = np.empty(24 * pieces[0].size + ident.size * (attributes.size + 64) + 64, np.uint8)
    at = 0
    for k in range(ident.size):
        if feature_start[k + 1] == feature_start[k]:
            continue
        size = 0
        for key in range(tags.shape[1]):
            size = _varint(key, attributes, size)
            size = _varint(tags[k, key], attributes, size)
        head[0] = IDENT
        used = _varint(ident[k], head, 1)
        body[:used] = head[:used]
        used = _field(TAGS, attributes, size, body, used)
        body[used] = KIND
        body[used + 1] = kind
        used = _field(GEOMETRY, shape, _shape(pieces, k, shape), body, used + 2)
        at = _field(FEATURES, body, used, out, at)
    return out[:at].copy()
