"""The sea, closed from coastlines: land lies on the left of a ``natural=coastline`` way, water on its right."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from layers.streets.osm import Ways
from layers.streets.segments import Floats, Points, Segments, lines

SIDE_M = 0.05  # how far beside a coast segment its water is looked for
TREND_M = 1000.0  # as far back along the coast its direction is taken from
SLIP = 0.02  # share of a face's coast that may read the other way, where two coasts touch
LEAD_M = 500.0  # an open end farther than this from the box is a gap


def sea_polygons(ways: Ways, found: Segments, points: Points, box: Polygon) -> NDArray[np.object_]:
    """Polygons of sea inside ``box`` (metric); empty where the coast does not close against the box.

    The coast and the edge of the box cut the box into faces. A face is sea when every coast segment along it has
    the face on its right; a face with coast on both sides means a gap in the coast, and then no sea is drawn.
    An extract cut along a border ends its coast a little inside the box: an open end at most 500 m from the box is
    led on to it, in the direction of its last kilometre or by the shortest way. This is for drawing only; nobody
    is counted by it.
    """
    none = np.empty(0, dtype=object)
    coast = found.of(np.array([tags.get("natural") == "coastline" for tags in ways.tags], dtype=bool)[found.way])
    drawn = lines(coast, points, coast.piece)
    drawn = drawn[shapely.intersects(drawn, box)] if drawn.size else drawn
    if drawn.size == 0:
        return none
    inside = shapely.intersection(shapely.union_all(drawn), box)
    cuts = shapely.union_all([inside, box.exterior, *_leads(inside, box)])
    faces = shapely.get_parts(shapely.polygonize([cuts]))
    length_m = np.hypot(points.x[coast.b] - points.x[coast.a], points.y[coast.b] - points.y[coast.a])
    water = _along(faces, _beside(coast, points, 1.0), length_m)
    land = _along(faces, _beside(coast, points, -1.0), length_m)
    if np.any(np.minimum(water, land) > SLIP * np.maximum(water, land)):
        return none
    return np.asarray(faces[water > land])


def _leads(coast: BaseGeometry, box: Polygon) -> list[LineString]:
    """From each open end inside the box a straight line on to its edge, where that is near."""
    leads = []
    for line in shapely.get_parts(shapely.line_merge(coast)):
        for way in (line, line.reverse()):
            end = shapely.Point(way.coords[-1])
            if not line.is_ring and box.exterior.distance(end) > SIDE_M:
                leads.append(_lead(way, box))
    return [lead for lead in leads if 0 < lead.length <= LEAD_M]


def _lead(line: LineString, box: Polygon) -> LineString:
    """Straight on from the end of ``line``; to the nearest edge of the box where straight on is too far."""
    points = np.array(line.coords)
    end, away = points[-1], np.hypot(*(points - points[-1]).T)
    far = np.flatnonzero(away >= TREND_M)
    back = points[far[-1] if far.size else np.argmax(away)]
    ray = LineString([end, end + (end - back) / np.hypot(*(end - back)) * 2 * box.length])
    hit = shapely.get_coordinates(shapely.intersection(ray, box.exterior))
    reach = np.hypot(*(hit - end).T)
    if reach.size and reach.min() <= LEAD_M:
        return LineString([end, hit[np.argmin(reach)]])
    return LineString(shapely.shortest_line(shapely.Point(end), box.exterior))


def _beside(coast: Segments, points: Points, side: float) -> NDArray[np.object_]:
    """A point just right (1) or left (-1) of the middle of each coast segment."""
    ax, ay, bx, by = points.x[coast.a], points.y[coast.a], points.x[coast.b], points.y[coast.b]
    dx, dy = bx - ax, by - ay
    reach: Floats = side * SIDE_M / np.hypot(dx, dy)
    return np.asarray(shapely.points((ax + bx) / 2 + dy * reach, (ay + by) / 2 - dx * reach))


def _along(faces: NDArray[np.object_], beside: NDArray[np.object_], length_m: Floats) -> Floats:
    """Metres of coast that have each face on the side the points of ``beside`` were set."""
    coast, face = shapely.STRtree(faces).query(beside, predicate="within")
    return np.bincount(face, weights=length_m[coast], minlength=faces.size).astype(np.float64)
