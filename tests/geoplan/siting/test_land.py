"""Land of plots: areas on the ground, what is left of them, shape, and what plots share."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from pyproj import CRS, Geod
from shapely import LineString, MultiPolygon, Point, Polygon, box

from geoplan.siting.land import compactness, ground_m2, land_of, largest, shared, union_m2, width_m
from tests.toytown.land import CRS_METRIC, EAST, NORTH

NOTHING = Polygon()


def at(x: float, y: float, side: float = 100.0) -> Polygon:
    """A square on the map of Toytown, where the scale is 1 to 3e-7."""
    return box(EAST + x, NORTH + y, EAST + x + side, NORTH + y + side)


def test_areas_are_those_of_the_ground() -> None:
    found = ground_m2([at(0, 0), Point(0, 0), LineString([(0, 0), (1, 1)]), NOTHING], CRS_METRIC)
    assert found.round(0).tolist() == [10_000, 0, 0, 0]
    east = box(833_000, 0, 834_000, 1000)  # UTM zone 32 at the equator, three degrees from its meridian
    (area,) = ground_m2([east], CRS.from_epsg(32632))
    assert 0.997 < area / 1e6 < 0.9985  # the projection stretches by 0.1 % in length there
    lonlat = Polygon([(0, 0), (0.01, 0), (0.01, 0.01), (0, 0.01)])
    (direct,) = ground_m2([lonlat], CRS.from_epsg(4326))
    assert direct == pytest.approx(abs(Geod(ellps="WGS84").geometry_area_perimeter(lonlat)[0]))


def test_a_hole_is_no_land_and_direction_does_not_matter() -> None:
    ring = Polygon(at(0, 0).exterior.coords, [at(25, 25, 50).exterior.coords])
    assert ground_m2([ring, shapely.reverse(ring)], CRS_METRIC) == pytest.approx([7500, 7500], rel=1e-5)


def test_what_is_left_of_a_plot() -> None:
    land = land_of(at(0, 0), math.nan, CRS_METRIC, blocked=at(-50, 0), setback_m=5.0)
    assert (land.area_m2, land.usable_m2, land.buildable_m2) == pytest.approx((10_000, 5000, 45 * 90), rel=1e-5)
    assert land.drawn and land.measured is land.buildable
    stated = land_of(at(0, 0), 4000, CRS_METRIC, blocked=NOTHING, setback_m=5.0)
    assert (stated.area_m2, stated.usable_m2, stated.buildable_m2) == (4000, 4000, 4000)
    tiny = land_of(at(0, 0, 8), math.nan, CRS_METRIC, blocked=NOTHING, setback_m=5.0)
    assert tiny.buildable_m2 == 0 and tiny.measured is tiny.usable
    gone = land_of(at(0, 0), math.nan, CRS_METRIC, blocked=at(0, 0), setback_m=5.0)
    assert gone.usable_m2 == 0 and gone.measured is gone.outline


def test_points_stretch_as_far_as_their_area() -> None:
    known = land_of(Point(EAST, NORTH), math.pi * 100, CRS_METRIC, blocked=NOTHING, setback_m=5.0)
    assert known.reach_m == pytest.approx(10) and known.usable_m2 == pytest.approx(314.16, abs=0.01)
    unknown = land_of(Point(EAST, NORTH), math.nan, CRS_METRIC, blocked=NOTHING, setback_m=5.0)
    assert math.isinf(unknown.reach_m) and math.isnan(unknown.usable_m2)
    wet = land_of(Point(EAST, NORTH), 400, CRS_METRIC, blocked=at(-50, -50), setback_m=5.0)
    assert wet.usable_m2 == 0


def test_shape_of_the_largest_part() -> None:
    assert width_m(at(0, 0)) == pytest.approx(100, abs=0.2)
    assert width_m(box(0, 0, 300, 40)) == pytest.approx(40, abs=0.2)
    assert compactness(at(0, 0)) == pytest.approx(math.pi / 4)
    assert compactness(box(0, 0, 3, 1)) == pytest.approx(0.589, abs=0.001)
    both = MultiPolygon([box(0, 0, 1, 1), at(0, 0)])
    assert largest(both).equals(at(0, 0)) and width_m(both) == pytest.approx(100, abs=0.2)
    assert width_m(Point(0, 0)) == 0 and compactness(NOTHING) == 0


def test_shared_ground_is_told_by_pair_and_counted_once() -> None:
    plots = [at(0, 0), at(90, 0), at(190, 0), at(300, 300)]
    assert [(a, b) for a, b, _ in shared(plots, CRS_METRIC)] == [(0, 1)]
    assert shared(plots, CRS_METRIC)[0][2] == pytest.approx(1000, rel=1e-4)
    assert union_m2(plots, CRS_METRIC) == pytest.approx(39_000, rel=1e-5)
    assert np.isclose(union_m2([*plots, plots[0]], CRS_METRIC), union_m2(plots, CRS_METRIC))
