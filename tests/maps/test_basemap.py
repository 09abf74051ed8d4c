"""The base map draws what is there, large streets over small ones, and holes stay open."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
from shapely import LineString, Point, Polygon, box

from geoplan.run import Run
from maps import basemap, scene
from maps.streetlines import street_lines
from maps.tiles import Canvas, tile_canvas


def layer(column: str, value: str, shape: object) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({column: [value], "geometry": [shape]}, crs=3857)


def colour(picture: object, x: int, y: int) -> str:
    return "#{:02x}{:02x}{:02x}".format(*picture.getpixel((x, y)))  # type: ignore[attr-defined]


def test_fills_have_their_colour_and_holes_stay_open() -> None:
    lake = Polygon([(0, 0), (100, 0), (100, 100), (0, 100)], [[(40, 40), (60, 40), (60, 60), (40, 60)]])
    base = basemap.base_map({"base_ground": layer("kind", "water", lake)})
    picture = basemap.draw(base, Canvas((-50, -50, 150, 150), 200, 200))
    assert colour(picture, 70, 70) == basemap.FILLS["water"]
    assert colour(picture, 100, 100) == colour(picture, 10, 10) == basemap.GROUND


def test_streets_are_white_with_a_casing_and_closed_classes_are_thin() -> None:
    street = layer("highway", "primary", LineString([(0, 50), (100, 50)]))
    picture = basemap.draw(basemap.base_map({"base_streets": street}), Canvas((0, 0, 100, 100), 200, 200))
    column = [colour(picture, 100, y) for y in range(200)]
    assert column[100] == basemap.STREET and column[10] == basemap.GROUND
    assert any(shade not in (basemap.STREET, basemap.GROUND) for shade in column), "the casing sets it off"


def test_far_out_only_large_streets_remain() -> None:
    widths = {
        name: [basemap.street_width(name, tile_canvas(z, 0, 0)) for z in range(8, 18)] for name in basemap.WIDTHS
    }
    for name, values in widths.items():
        assert values == sorted(values), name
    assert widths["path"][2] == widths["minor"][2] == 0 < widths["major"][2]


def test_unknown_streets_count_as_paths() -> None:
    classes = basemap.street_class(gpd.pd.Series(["primary", "residential", "steps", None]))
    assert classes.tolist() == ["major", "minor", "path", "path"]


def test_a_run_without_any_of_it_is_plain_ground() -> None:
    picture = basemap.draw(basemap.base_map({}), tile_canvas(15, 16979, 11300))
    assert picture.getcolors() == [(256 * 256, (0xF1, 0xF1, 0xEE))]


def test_tiles_of_the_base_map_join(toytown: Run) -> None:
    """Two neighbouring tiles show what one canvas over both shows."""
    base = basemap.base_map(toytown.tables)
    west, east = tile_canvas(16, 33958, 22601), tile_canvas(16, 33959, 22601)
    both = Canvas((west.bounds[0], west.bounds[1], east.bounds[2], east.bounds[3]), 512, 256)
    parts = [np.asarray(basemap.draw(base, canvas), dtype=int) for canvas in (west, east)]
    whole = np.asarray(basemap.draw(base, both), dtype=int)
    differing = np.abs(np.concatenate(parts, axis=1) - whole).max(axis=2) > 24
    assert differing.mean() < 0.01


def test_street_lines_are_joined_and_cut_to_the_budget() -> None:
    streets = gpd.GeoDataFrame(
        {"highway": ["primary", "primary", "steps"]},
        geometry=[LineString(p) for p in ([(6, 48), (6.01, 48)], [(6.01, 48), (6.02, 48)], [(6, 49), (6.1, 49)])],
        crs=4326,
    )
    found = street_lines({"base_streets": streets})
    assert (found.total, found.left_out) == (2, 0)
    numbers = np.array(found.lines["major"][0]).reshape(-1, 2).cumsum(axis=0) / 1e5
    assert sorted([numbers[0].tolist(), numbers[-1].tolist()]) == [[6.0, 48.0], [6.02, 48.0]]
    short = street_lines({"base_streets": streets}, most_lines=1)
    assert (len(short.lines["major"]), len(short.lines["path"]), short.left_out) == (1, 0, 1)
    assert street_lines({"base_streets": streets}, most_bytes=10).left_out == 2


def test_a_frame_holds_the_whole_region(toytown: Run) -> None:
    canvas = scene.framed(toytown, 360, 216)
    west, south, east, north = toytown.tables["boundary"].to_crs(3857).total_bounds
    assert (
        canvas.bounds[0] < west and canvas.bounds[1] < south and canvas.bounds[2] > east and canvas.bounds[3] > north
    )
    assert (canvas.bounds[2] - canvas.bounds[0]) / 360 == pytest.approx((canvas.bounds[3] - canvas.bounds[1]) / 216)
    assert box(*canvas.bounds).contains(Point((west + east) / 2, (south + north) / 2))
