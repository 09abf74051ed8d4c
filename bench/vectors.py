"""Vector tiles of streets against mapbox-vector-tile: the same lines of the same tile, equal when decoded."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from bench import Row, best_of, print_table
from maps import vectors
from maps.vectors import BUFFER, EXTENT, Drawn, Tile

STREETS = 100_000
WEST, SOUTH, SPAN = 116.9, 31.9, 0.5  # degrees
PAGE_S = 0.05  # a warm tile of 100,000 streets may take this long
PEER = "mapbox-vector-tile, cut by shapely"


def rows(small: bool) -> Iterator[Row]:
    """A dense tile, one over the whole county, one as the page asks for it; ``small`` has a tenth of the streets."""
    if find_spec("mapbox_vector_tile") is None:
        raise ModuleNotFoundError("mapbox-vector-tile", name="mapbox-vector-tile")
    streets = STREETS // 10 if small else STREETS
    table, pupils = county(streets)
    whole = layer(table, pupils, room=streets)
    dense, far = tile_at(whole, 11), tile_at(whole, 8)
    for name, tile, times in (("zoom 11", dense, 3), ("zoom 8, all streets", far, 1)):
        yield compare(name, whole, tile, times, None if small else 10)
    yield page_tile(layer(table, pupils), far, streets)


def county(streets: int) -> tuple[gpd.GeoDataFrame, NDArray[np.float64]]:
    """Winding streets of two to seven points, some 100 m long, and pupils a day on them, most with few."""
    random = np.random.default_rng(streets)
    points = random.integers(2, 8, streets)
    own = np.repeat(np.arange(streets), points)
    first = random.uniform((WEST, SOUTH), (WEST + SPAN, SOUTH + SPAN), (streets, 2))
    steps = random.normal(0, 0.0004, (len(own), 2))
    lines = shapely.linestrings(first[own] + steps, indices=own)
    return gpd.GeoDataFrame(geometry=lines, crs=4326), random.gamma(0.3, 40, streets)


def layer(table: gpd.GeoDataFrame, pupils: NDArray[np.float64], room: int = vectors.ROOM) -> Drawn:
    """Streets as the page draws them; with ``room`` for all, nothing is thinned."""
    number = np.arange(len(table))
    tags = {"low": number % 4 + 1, "high": number % 3 + 2, "pupils": np.rint(pupils).astype(np.int64)}
    return vectors.drawn("segments", table, tags, pupils, room=room)


def tile_at(streets: Drawn, zoom: int) -> Tile:
    """The tile over the middle of the streets."""
    column, row = ((streets.box[:2].mean(axis=1) + streets.box[2:].mean(axis=1)) / 2 * 2**zoom).astype(int)
    return zoom, int(column), int(row)


def compare(name: str, streets: Drawn, tile: Tile, times: int, goal: float | None) -> Row:
    """Our tile and theirs, with the lines that are large enough to be seen."""
    lines = as_lines(streets)
    seen = vectors.shown(streets, tile)
    ours, seconds = best_of(lambda: vectors.encode(streets, tile), 5)
    theirs, other = best_of(lambda: by_mapbox(streets, lines, seen, tile), times)
    count = assert_same(ours, theirs)
    return Row(f"vector tile, {name}: {count:,} lines", PEER, seconds, other, goal)


def page_tile(streets: Drawn, tile: Tile, count: int) -> Row:
    """A thinned tile over all streets against the time a page may wait for it."""
    _, seconds = best_of(lambda: vectors.encode(streets, tile), 5)
    return Row(
        f"vector tile of {count:,} streets, thinned, warm", f"the goal of {PAGE_S * 1000:g} ms", seconds, PAGE_S, 1
    )


def as_lines(streets: Drawn) -> NDArray[np.object_]:
    """Streets as shapely lines in [0, 1]."""
    x, y, start = streets.world
    return shapely.linestrings(np.column_stack([x, y]), indices=np.repeat(np.arange(len(start) - 1), np.diff(start)))


def by_mapbox(streets: Drawn, lines: NDArray[np.object_], rows: NDArray[np.int64], tile: Tile) -> bytes:
    """Cut to the buffered tile by GEOS, then written by mapbox-vector-tile."""
    import mapbox_vector_tile

    zoom, column, row = tile
    side, pad = 0.5**zoom, BUFFER / EXTENT * 0.5**zoom
    west, north = column * side, row * side
    cut = shapely.clip_by_rect(lines[rows], west - pad, north - pad, west + side + pad, north + side + pad)
    features: list[dict[str, Any]] = [
        {
            "geometry": shape,
            "id": int(streets.ident[k]),
            "properties": {key: int(values[k]) for key, values in streets.tags.items()},
        }
        for k, shape in zip(rows, cut, strict=True)
        if not shape.is_empty
    ]
    options = {"y_coord_down": True, "extents": EXTENT, "quantize_bounds": (west, north, west + side, north + side)}
    return bytes(mapbox_vector_tile.encode([{"name": "segments", "features": features}], default_options=options))


def assert_same(ours: bytes, theirs: bytes) -> int:
    """The same features with the same coordinates and properties; returns how many.

    A coordinate that falls on the middle between two grid lines may be rounded either way: one in ten thousand.
    """
    mine, other = (decoded(tile) for tile in (ours, theirs))
    assert set(mine) == set(other), f"{len(set(mine) ^ set(other))} features are in one tile only"
    differing = sum(mine[at] != other[at] for at in mine)
    assert differing <= len(mine) * 1e-4, f"{differing} of {len(mine)} features differ"
    return len(mine)


def decoded(tile: bytes) -> dict[int, tuple[Any, Any]]:
    """Features of a tile by id: pieces in a canonical order, and properties."""
    import mapbox_vector_tile

    found = mapbox_vector_tile.decode(tile, default_options={"y_coord_down": True})["segments"]["features"]
    return {feature["id"]: (_pieces(feature["geometry"]), feature["properties"]) for feature in found}


def _pieces(geometry: dict[str, Any]) -> list[Any]:
    return sorted(geometry["coordinates"] if geometry["type"] == "MultiLineString" else [geometry["coordinates"]])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="a tenth of the streets")
    print_table(rows(parser.parse_args().small))
