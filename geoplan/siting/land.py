"""The land of a plot: what of it may be used and built on, its size on the ground, its shape, what plots share.

Lengths are those of the plan's metric CRS. Areas are geodesic, on the ellipsoid of that CRS, so that no projection
stretches them; a hectare drawn in a Gauss-Krueger or UTM zone differs by up to 0.1 % at the zone's edge.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from pyproj import CRS, Transformer
from shapely import Point
from shapely.geometry.base import BaseGeometry

F64 = NDArray[np.float64]
POLYGONS = (3, 6)
SLIVER_M2 = 1.0  # what loose drawing leaves; less is nothing


@dataclass(frozen=True)
class Land:
    """The land of one plot, metric.

    Parameters
    ----------
    outline
        As drawn: a polygon, or a point where only a place is known.
    usable
        The outline inside the region without excluded land and water.
    buildable
        The usable part without the strip along the border that buildings keep free.
    area_m2, usable_m2, buildable_m2
        Stated or drawn, and what is left of it; NaN where a point states no area.
    reach_m
        How far the ground may stretch from the shapes: 0 for polygons, the radius of a disc of the stated area for a
        point, infinite for a point without an area.
    """

    outline: BaseGeometry
    usable: BaseGeometry
    buildable: BaseGeometry
    area_m2: float
    usable_m2: float
    buildable_m2: float
    reach_m: float

    @property
    def drawn(self) -> bool:
        """Whether the plot is a polygon."""
        return self.reach_m == 0

    @property
    def measured(self) -> BaseGeometry:
        """The shape distances are measured from: the buildable part, else what there is."""
        return next((part for part in (self.buildable, self.usable) if not part.is_empty), self.outline)


def land_of(outline: BaseGeometry, area_m2: float, crs: CRS, *, blocked: BaseGeometry, setback_m: float) -> Land:
    """What may be used and built on of a plot.

    Parameters
    ----------
    outline
        Polygon or point in ``crs``.
    area_m2
        As stated or drawn; where less than the drawing is stated, no part can be larger than that.
    blocked
        Everything no school may stand on: excluded land, water, what lies outside the region.
    setback_m
        Distance buildings keep from the plot's border.
    """
    if shapely.get_type_id(outline) not in POLYGONS or outline.area == 0:
        return _land_of_point(shapely.centroid(outline), area_m2, blocked)
    usable = _polygons(shapely.difference(outline, blocked))
    buildable = _polygons(shapely.intersection(usable, shapely.buffer(outline, -setback_m)))
    whole, left, built = ground_m2([outline, usable, buildable], crs).tolist()
    stated = area_m2 if math.isfinite(area_m2) else whole
    return Land(outline, usable, buildable, stated, min(left, stated), min(built, stated), 0.0)


def _land_of_point(point: Point, area_m2: float, blocked: BaseGeometry) -> Land:
    left = Point() if shapely.intersects(blocked, point) else point
    reach_m = math.sqrt(area_m2 / math.pi) if math.isfinite(area_m2) and area_m2 > 0 else math.inf
    area = area_m2 if math.isfinite(reach_m) else math.nan
    kept = 0.0 if left.is_empty else area
    return Land(point, left, left, area, kept, kept, reach_m)


def ground_m2(shapes: ArrayLike, crs: CRS) -> F64:
    """Area of shapes on the ellipsoid of ``crs``, square metres; 0 for points, lines and empty shapes."""
    given = np.asarray(shapes, dtype=object)
    transform = Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True).transform
    lonlat = shapely.transform(given, transform, interleaved=False)
    geod = crs.get_geod()
    return np.array([_geodesic(geod, shape) for shape in lonlat], dtype=np.float64)


def _geodesic(geod: object, shape: BaseGeometry) -> float:
    if shape is None or shape.is_empty or shapely.get_dimensions(shape) < 2:
        return 0.0
    rings = (shapely.normalize(part) for part in shapely.get_parts(shape) if shapely.get_type_id(part) == 3)
    return float(sum(abs(geod.geometry_area_perimeter(part)[0]) for part in rings))  # type: ignore[attr-defined]


def _polygons(shape: BaseGeometry) -> BaseGeometry:
    """The polygons of a shape, slivers left out."""
    parts = shapely.get_parts(shape)
    kept = parts[(shapely.get_type_id(parts) == 3) & (shapely.area(parts) > SLIVER_M2)]
    return kept[0] if len(kept) == 1 else shapely.multipolygons(kept)


def largest(shape: BaseGeometry) -> BaseGeometry:
    """The largest polygon of a shape, the first of equals by place; empty for points."""
    parts = [part for part in shapely.get_parts(shape) if shapely.get_type_id(part) == 3]
    return max(parts, key=lambda part: (round(part.area, 3), *(-value for value in part.bounds)), default=Point())


def width_m(shape: BaseGeometry) -> float:
    """Diameter of the largest circle that fits on the largest part, metres."""
    part = largest(shape)
    return 0.0 if part.is_empty else 2.0 * float(shapely.length(shapely.maximum_inscribed_circle(part, 0.1)))


def compactness(shape: BaseGeometry) -> float:
    """Isoperimetric quotient of the largest part: 4 pi area by the square of the perimeter (1 for a circle)."""
    part = largest(shape)
    return 0.0 if part.is_empty else float(4.0 * math.pi * part.area / part.length**2)


def shared(shapes: Sequence[BaseGeometry], crs: CRS) -> list[tuple[int, int, float]]:
    """Pairs of plots that share ground: both rows, the smaller first, and the square metres shared."""
    given = np.asarray(shapes, dtype=object)
    one, other = shapely.STRtree(given).query(given, predicate="intersects")
    pairs = sorted({(int(a), int(b)) for a, b in zip(one, other, strict=True) if a < b})
    areas = ground_m2([shapely.intersection(given[a], given[b]) for a, b in pairs], crs)
    return [(a, b, float(m2)) for (a, b), m2 in zip(pairs, areas, strict=True) if m2 > SLIVER_M2]


def union_m2(shapes: Iterable[BaseGeometry], crs: CRS) -> float:
    """Ground covered by shapes, counted once where they overlap."""
    return float(ground_m2([shapely.union_all(list(shapes))], crs)[0])
