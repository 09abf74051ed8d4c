"""Cutting many small polygons from one large shape, and a point inside each piece."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from layers.population.zones import Shapes, polygonal

FEW = 24
"""Polygons cut from one shape directly; more are first divided among two halves of it."""


def cut(shape: shapely.Geometry, polygons: Shapes) -> Shapes:
    """Each polygon's part inside the shape (possibly empty).

    A long shape is halved together with its polygons until few are left, so that the cost grows with n log n and not
    with the points of the shape times the number of polygons.
    """
    if len(polygons) <= FEW:
        found = np.empty(len(polygons), dtype=object)
        found[:] = [polygonal(piece) for piece in shapely.intersection(polygons, shape)]
        return found
    first = _half(polygons)
    found = np.empty(len(polygons), dtype=object)
    for half in (first, ~first):
        clip = shapely.box(*shapely.total_bounds(polygons[half]))
        found[half] = cut(polygonal(shapely.intersection(shape, clip)), polygons[half])
    return found


def _half(polygons: Shapes) -> NDArray[np.bool_]:
    bounds = shapely.bounds(polygons)
    middle = (bounds[:, :2] + bounds[:, 2:]) / 2
    along = middle[:, int(np.argmax(np.ptp(middle, axis=0)))]
    first = along <= np.median(along)
    if first.all():
        first = along < along.max()
    return first if first.any() else np.arange(len(along)) < len(along) // 2


def inner_points(pieces: Shapes) -> Shapes:
    """Centroid of each piece, or a point on it where the centroid lies outside."""
    points = shapely.centroid(pieces)
    outside = ~shapely.contains(pieces, points)
    points[outside] = shapely.point_on_surface(pieces[outside])
    return points
