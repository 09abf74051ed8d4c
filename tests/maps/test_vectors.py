"""Vector tiles hold what mapbox-vector-tile would write, agree at their edges, and are thinned alike everywhere."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as some

from maps import vectors
from maps.tiles import HALF_WORLD_M

mapbox = pytest.importorskip("mapbox_vector_tile", reason="mapbox-vector-tile is not installed")

ZOOM, COLUMN, ROW = 13, 6762, 3341  # near 117 E, 31 N
SIDE = 2 * HALF_WORLD_M / 2**ZOOM
WEST, NORTH = COLUMN * SIDE - HALF_WORLD_M, HALF_WORLD_M - ROW * SIDE


def layer(*shapes: Any, weight: list[float] | None = None, room: int = vectors.ROOM) -> vectors.Drawn:
    """A layer of shapes given in grid units of the tile, x to the right and y down."""
    to_map = SIDE / vectors.EXTENT
    placed = shapely.transform(list(shapes), lambda xy: xy * (to_map, -to_map) + (WEST, NORTH))
    table = gpd.GeoDataFrame(geometry=placed, crs=3857).to_crs(4326)
    numbers = np.arange(len(shapes))
    heavy = np.asarray(weight if weight is not None else np.ones(len(shapes)), dtype=float)
    return vectors.drawn("lines", table, {"level": numbers % 4 + 1, "pupils": numbers * 300}, heavy, room=room)


def features(found: bytes) -> dict[int, dict[str, Any]]:
    """Decoded features by id, y down."""
    if not found:
        return {}
    decoded = mapbox.decode(found, default_options={"y_coord_down": True})
    return {feature["id"]: feature for feature in decoded["lines"]["features"]}


def coordinates(found: bytes) -> dict[int, list[Any]]:
    return {at: feature["geometry"]["coordinates"] for at, feature in features(found).items()}


def by_mapbox(shown: vectors.Drawn, tile: vectors.Tile) -> bytes:
    """The same layer clipped by GEOS and written by mapbox-vector-tile."""
    x, y, start = shown.world
    zoom, column, row = tile
    xy = np.column_stack([x * 2**zoom - column, y * 2**zoom - row]) * vectors.EXTENT
    own = np.repeat(np.arange(len(start) - 1), np.diff(start))
    lines = shapely.linestrings(xy, indices=own)
    least, most = -vectors.BUFFER, vectors.EXTENT + vectors.BUFFER
    clipped = shapely.clip_by_rect(lines, least, least, most, most)
    return mapbox.encode(
        [
            {
                "name": "lines",
                "features": [
                    {
                        "geometry": shapely.line_merge(shape),
                        "id": int(shown.ident[k]),
                        "properties": {key: int(values[k]) for key, values in shown.tags.items()},
                    }
                    for k, shape in enumerate(clipped)
                    if not shape.is_empty
                ],
            }
        ],
        default_options={"y_coord_down": True, "extents": vectors.EXTENT},
    )


def test_one_line_by_hand() -> None:
    found = features(vectors.encode(layer(shapely.LineString([(10, 20), (100, 20), (100, 70)])), (ZOOM, COLUMN, ROW)))
    assert found[0]["geometry"] == {"type": "LineString", "coordinates": [[10, 20], [100, 20], [100, 70]]}
    assert found[0]["properties"] == {"level": 1, "pupils": 0}


def test_a_line_is_cut_at_the_buffer_and_may_come_back() -> None:
    bent = shapely.LineString([(4000, 100), (5000, 100), (5000, 300), (4000, 300)])
    found = coordinates(vectors.encode(layer(bent), (ZOOM, COLUMN, ROW)))
    edge = vectors.EXTENT + vectors.BUFFER
    assert found[0] == [[[4000, 100], [edge, 100]], [[edge, 300], [4000, 300]]]


def test_what_is_outside_or_smaller_than_half_a_pixel_is_not_there() -> None:
    far = shapely.LineString([(9000, 0), (9000, 100)])
    speck = shapely.LineString([(10, 10), (12, 12)])
    assert vectors.encode(layer(far, speck), (ZOOM, COLUMN, ROW)) == b""
    assert list(features(vectors.encode(layer(far, speck), (ZOOM + 3, COLUMN * 8, ROW * 8)))) == [1]


def test_points_and_multilines() -> None:
    points = layer(shapely.Point(100, 200), shapely.Point(4200, 0), shapely.Point(4130, 5))
    assert coordinates(vectors.encode(points, (ZOOM, COLUMN, ROW))) == {0: [100, 200], 2: [4130, 5]}
    parts = layer(shapely.MultiLineString([[(0, 0), (50, 0)], [(0, 90), (50, 90)]]), shapely.LineString())
    decoded = mapbox.decode(vectors.encode(parts, (ZOOM, COLUMN, ROW)), default_options={"y_coord_down": True})
    assert [feature["id"] for feature in decoded["lines"]["features"]] == [0, 0]


def test_the_same_as_mapbox_vector_tile() -> None:
    random = np.random.default_rng(7)
    starts = random.uniform(-3000, 7000, (400, 1, 2))
    walks = starts + np.cumsum(random.normal(0, 400, (400, 9, 2)), axis=1)
    shown = layer(*(shapely.LineString(walk) for walk in walks))
    tile = (ZOOM, COLUMN, ROW)
    ours, theirs = features(vectors.encode(shown, tile)), features(by_mapbox(shown, tile))
    assert set(ours) == set(theirs) and len(ours) > 100
    for at, feature in ours.items():
        assert feature["properties"] == theirs[at]["properties"]
        assert pieces(feature) == pieces(theirs[at])


def pieces(feature: dict[str, Any]) -> list[list[list[int]]]:
    """Pieces of a line in a canonical order."""
    found = feature["geometry"]["coordinates"]
    return sorted([found] if feature["geometry"]["type"] == "LineString" else found)


@settings(deadline=None, max_examples=60)
@given(
    some.lists(
        some.lists(some.tuples(some.integers(-9000, 9000), some.integers(-9000, 9000)), min_size=2, max_size=6),
        min_size=1,
        max_size=8,
    )
)
def test_nothing_is_lost_and_nothing_reaches_beyond_the_buffer(walks: list[list[tuple[int, int]]]) -> None:
    lines = [shapely.LineString(walk) for walk in walks]
    found = features(vectors.encode(layer(*lines), (ZOOM, COLUMN, ROW)))
    least, most = -vectors.BUFFER, vectors.EXTENT + vectors.BUFFER
    for at, line in enumerate(lines):
        inside = shapely.clip_by_rect(line, least, least, most, most)
        if at not in found:
            assert inside.length < 2, "left out only where nothing of it is seen"
            continue
        drawn = shapely.MultiLineString(pieces(found[at]))
        assert shapely.hausdorff_distance(drawn, inside, densify=0.05) < 1.5
        west, north, east, south = drawn.bounds
        assert min(west, north) >= least and max(east, south) <= most


def test_thinning_is_one_threshold_a_zoom_whatever_the_order() -> None:
    lines = [shapely.LineString([(k * 40, 100), (k * 40 + 30, 4000)]) for k in range(100)]
    weight = [float(k % 10) for k in range(100)]
    shown = layer(*lines, weight=weight, room=20)
    found = features(vectors.encode(shown, (ZOOM, COLUMN, ROW)))
    assert sorted({weight[at] for at in found}) == [8.0, 9.0], "twenty have room, and ties are shown or not together"
    near = vectors.LAST_ZOOM, COLUMN << vectors.LAST_ZOOM - ZOOM, ROW << vectors.LAST_ZOOM - ZOOM
    assert {weight[at] for at in features(vectors.encode(shown, near))} == set(map(float, range(10)))
    order = np.random.default_rng(3).permutation(100)
    again = layer(*(lines[k] for k in order), weight=[weight[k] for k in order], room=20)
    assert {int(order[at]) for at in features(vectors.encode(again, (ZOOM, COLUMN, ROW)))} == set(found)


def test_more_is_shown_the_nearer_one_looks() -> None:
    random = np.random.default_rng(5)
    lines = [shapely.LineString(xy) for xy in random.uniform(0, 4096, (300, 2, 2))]
    shown = layer(*lines, weight=list(random.uniform(0, 50, 300)), room=25)
    assert list(shown.least) == sorted(shown.least, reverse=True)
    heavy = set(features(vectors.encode(shown, (ZOOM - 2, COLUMN // 4, ROW // 4))))
    assert heavy and heavy <= set(features(vectors.encode(shown, (ZOOM, COLUMN, ROW))))


def test_an_empty_layer_is_an_empty_tile() -> None:
    assert vectors.encode(layer(), (ZOOM, COLUMN, ROW)) == b""
