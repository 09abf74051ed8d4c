"""Ways as arrays of straight segments between known nodes, cut to the region."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Geod, Transformer
from shapely.geometry.base import BaseGeometry

from layers.streets.osm import UNKNOWN, Ways

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
WGS84 = Geod(ellps="WGS84")


@dataclass(frozen=True)
class Points:
    """Every known node of the ways: ascending ``osm_id``, degrees and metres, all shape (n,)."""

    osm_id: Ints
    lon: Floats
    lat: Floats
    x: Floats
    y: Floats


@dataclass(frozen=True)
class Segments:
    """Straight pieces of ways in the order of (way, position): rows ``a`` to ``b`` of Points.

    ``way`` is the row of the way; segments with the same ``piece`` follow one another without a gap. All int64 (m,).
    ``cut_ways`` counts ways that lack nodes, ``unknown`` the node references that lead nowhere.
    """

    a: Ints
    b: Ints
    way: Ints
    piece: Ints
    cut_ways: int = 0
    unknown: int = 0

    def of(self, keep: Bools) -> Segments:
        """The segments where ``keep`` (m,) holds; a piece with a hole becomes two."""
        rows = np.flatnonzero(keep)
        fresh = np.ones(rows.size, dtype=bool)
        if rows.size:
            fresh[1:] = (np.diff(self.piece[rows]) != 0) | (np.diff(rows) != 1)
        return Segments(self.a[rows], self.b[rows], self.way[rows], np.cumsum(fresh) - 1, self.cut_ways, self.unknown)


def segments(ways: Ways, crs: CRS) -> tuple[Points, Segments]:
    """All ways as segments between nodes the file knows, in metres of ``crs``.

    A way that lacks nodes, as at the edge of an extract, falls into the pieces between known ones. Segments without
    length are dropped and their two nodes become one, which keeps the street connected.
    """
    ref = np.frombuffer(ways.ref, dtype=np.int64) if len(ways.ref) else np.empty(0, np.int64)
    lon = np.frombuffer(ways.lon, dtype=np.int32) if len(ways.lon) else np.empty(0, np.int32)
    lat = np.frombuffer(ways.lat, dtype=np.int32) if len(ways.lat) else np.empty(0, np.int32)
    start = np.array(ways.start, dtype=np.int64)
    known = lon != UNKNOWN
    points, row = _points(ref, lon, lat, known, crs)
    way = np.repeat(np.arange(len(ways.osm_id)), np.diff(start))
    joined = (way[:-1] == way[1:]) & known[:-1] & known[1:]
    at = np.flatnonzero(joined)
    fresh = np.ones(at.size, dtype=bool)
    if at.size:
        fresh[1:] = (np.diff(at) != 1) | (np.diff(way[at]) != 0)
    same = _merge_doubles(row[at], row[at + 1], points)
    every = Segments(
        same[row[at]], same[row[at + 1]], way[at], np.cumsum(fresh) - 1,
        cut_ways=int(np.unique(way[~known]).size), unknown=int((~known).sum()),
    )  # fmt: skip
    return points, _without_doubles(every)


def _points(ref: Ints, lon: NDArray[np.int32], lat: NDArray[np.int32], known: Bools, crs: CRS) -> tuple[Points, Ints]:
    osm_id, first, inverse = np.unique(ref[known], return_index=True, return_inverse=True)
    east: Floats = np.multiply(lon[known][first], 1e-7, dtype=np.float64)
    north: Floats = np.multiply(lat[known][first], 1e-7, dtype=np.float64)
    x, y = Transformer.from_crs(4326, crs, always_xy=True).transform(east, north)
    row = np.full(ref.size, -1, dtype=np.int64)
    row[known] = inverse
    return Points(osm_id, east, north, np.asarray(x), np.asarray(y)), row


def _merge_doubles(a: Ints, b: Ints, points: Points) -> Ints:
    """For each point the lowest point it shares its place with along some way."""
    same: Ints = np.arange(points.osm_id.size, dtype=np.int64)
    touching = (a != b) & (points.lon[a] == points.lon[b]) & (points.lat[a] == points.lat[b])
    low, high = np.minimum(a, b)[touching], np.maximum(a, b)[touching]
    while True:
        before = same.copy()
        np.minimum.at(same, high, same[low])
        np.minimum.at(same, low, same[high])
        same = same[same]
        if np.array_equal(before, same):
            return same


def _without_doubles(found: Segments) -> Segments:
    """Without segments of no length; pieces stay whole, as both ends are the same point."""
    keep = found.a != found.b
    return Segments(found.a[keep], found.b[keep], found.way[keep], found.piece[keep], found.cut_ways, found.unknown)


def within(found: Segments, points: Points, region: BaseGeometry) -> Segments:
    """The segments that have an end in ``region`` (metric) or cross it.

    A street that leaves the region so keeps the one segment that leads out.
    """
    return found.of(_touching(found, points, region))


def _touching(found: Segments, points: Points, region: BaseGeometry) -> Bools:
    shapely.prepare(region)
    inside = shapely.contains_xy(region, points.x, points.y)
    keep: Bools = inside[found.a] | inside[found.b]
    west, south, east, north = region.bounds
    ax, ay, bx, by = points.x[found.a], points.y[found.a], points.x[found.b], points.y[found.b]
    near = (np.minimum(ax, bx) <= east) & (np.maximum(ax, bx) >= west)
    near &= (np.minimum(ay, by) <= north) & (np.maximum(ay, by) >= south)
    maybe = np.flatnonzero(near & ~keep)
    if maybe.size:
        ends = np.stack([ax[maybe], ay[maybe], bx[maybe], by[maybe]], axis=1).reshape(-1, 2, 2)
        keep[maybe] = shapely.intersects(region, shapely.linestrings(ends))
    return keep


def lengths_m(found: Segments, points: Points) -> Floats:
    """Ellipsoidal length of each segment, metres (m,), float64: true ground metres at any scale of the CRS."""
    if found.a.size == 0:
        return np.empty(0)
    a, b = found.a, found.b
    return np.asarray(WGS84.inv(points.lon[a], points.lat[a], points.lon[b], points.lat[b])[2])


def lines(found: Segments, points: Points, group: Ints) -> NDArray[np.object_]:
    """One LineString per run of equal ``group`` (m,), ascending and without gaps inside a run; metric."""
    if group.size == 0:
        return np.empty(0, dtype=object)
    last = np.append(np.diff(group) != 0, True)
    order = np.arange(group.size) + np.cumsum(np.append(0, last[:-1]))
    where = np.empty(group.size + int(last.sum()), dtype=np.int64)
    where[order] = found.a
    where[order[last] + 1] = found.b[last]
    label = np.empty(where.size, dtype=np.int64)
    label[order] = np.cumsum(np.append(0, last[:-1]))
    label[order[last] + 1] = label[order[last]]
    coordinates = np.stack([points.x[where], points.y[where]], axis=1)
    return np.asarray(shapely.linestrings(coordinates, indices=label))
