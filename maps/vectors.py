"""Vector tiles of a run's lines and points (Mapbox Vector Tile 2.1), thinned by zoom.

What a zoom level shows is decided once for the whole layer: a feature is shown from the zoom on at which the fullest
tile has room for everything at least as heavy. Neighbouring tiles therefore agree, and nothing appears or vanishes
at their edges.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from maps.tiles import HALF_WORLD_M
from maps.vector_kernels import cut_lines, cut_points, write_features

EXTENT = 4096
BUFFER = 64  # units beyond the edge of a tile: lines and circles there reach into it
ROOM = 3000  # features in a tile
LEAST_UNITS = 4.0  # half a pixel: what is smaller than this in both directions is not drawn
FIRST_ZOOM, LAST_ZOOM = 6, 15  # from the last zoom on everything is shown
POINT, LINE = 1, 2

Tile = tuple[int, int, int]  # zoom, column, row
Pieces = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]]


@dataclass(frozen=True, eq=False)
class Drawn:
    """A layer ready to be cut into tiles, features in the order they are drawn: light ones first.

    Parameters
    ----------
    kind
        1 points, 2 lines.
    world
        ``x, y`` in [0, 1], y downward, and ``start``: offsets of each feature's points.
    box
        float64 (4, features): west, north, east, south.
    ident
        int64, row numbers of the table.
    tags
        Whole numbers from 0 on, by key.
    least
        float64, weight from which on a feature is shown, by zoom from ``FIRST_ZOOM`` on.
    weight
        float64 per feature.
    """

    name: str
    kind: int
    world: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]
    box: NDArray[np.float64]
    ident: NDArray[np.int64]
    tags: Mapping[str, NDArray[np.int64]]
    weight: NDArray[np.float64]
    least: NDArray[np.float64]


def drawn(
    name: str,
    table: gpd.GeoDataFrame,
    tags: Mapping[str, Sequence[int] | NDArray[np.int64]],
    weight: NDArray[np.float64],
    *,
    room: int = ROOM,
) -> Drawn:
    """A layer of points or lines; multi-lines and missing geometries are taken apart or left out.

    Parameters
    ----------
    table
        EPSG:4326. Row numbers, not the index, identify features.
    tags
        A whole number from 0 on per row, by key.
    weight
        What decides who is shown where there is no room for all: pupils per day; unknown counts as 0.
    room
        Features in the fullest tile of a zoom.
    """
    parts, row = shapely.get_parts(
        np.asarray(table.geometry.to_crs(3857).to_numpy(), dtype=object), return_index=True
    )
    kept = ~shapely.is_empty(parts)
    parts, row = parts[kept], row[kept]
    heavy = np.nan_to_num(np.asarray(weight, dtype=float))[row]
    order = np.lexsort((row, heavy))
    parts, row, heavy = parts[order], row[order], heavy[order]
    xy, owner = shapely.get_coordinates(parts, return_index=True)
    world = 0.5 + xy / (2 * HALF_WORLD_M) * (1, -1)
    start = np.searchsorted(owner, np.arange(len(parts) + 1)).astype(np.int64)
    box = _boxes(world, start)
    return Drawn(
        name=name,
        kind=POINT if (shapely.get_type_id(parts) == 0).all() else LINE,
        world=(np.ascontiguousarray(world[:, 0]), np.ascontiguousarray(world[:, 1]), start),
        box=box,
        ident=row.astype(np.int64),
        tags={key: np.asarray(values, dtype=np.int64)[row] for key, values in tags.items()},
        weight=heavy,
        least=_thresholds(box, heavy, room),
    )


def _boxes(world: NDArray[np.float64], start: NDArray[np.int64]) -> NDArray[np.float64]:
    if not len(world):
        return np.empty((4, 0))
    low, high = (reduce.reduceat(world, start[:-1]) for reduce in (np.minimum, np.maximum))
    return np.ascontiguousarray(np.column_stack([low, high]).T)


def _thresholds(box: NDArray[np.float64], weight: NDArray[np.float64], room: int) -> NDArray[np.float64]:
    """By zoom, the weight that no feature of a full tile may have to be shown; -1 where there is room for all."""
    middle = (box[:2] + box[2:]) / 2
    found = []
    for zoom in range(FIRST_ZOOM, LAST_ZOOM + 1):
        column, row = np.floor(middle * 2**zoom).astype(np.int64)
        found.append(_overflow(column * 2**zoom + row, weight, room))
    return np.minimum.accumulate(np.array(found))


def _overflow(tile: NDArray[np.int64], weight: NDArray[np.float64], room: int) -> float:
    """The greatest weight that is one too many in its tile."""
    order = np.lexsort((-weight, tile))
    ranked = tile[order]
    rank = np.arange(len(ranked)) - np.searchsorted(ranked, ranked)
    return float(weight[order][rank == room].max(initial=-1.0))


def shown(layer: Drawn, tile: Tile) -> NDArray[np.int64]:
    """Features of a tile in drawing order: near it, heavy enough for its zoom, large enough to be seen."""
    zoom, column, row = tile
    pad, scale = BUFFER / EXTENT, 2.0**zoom
    west, north, east, south = layer.box * scale
    near = (west <= column + 1 + pad) & (east >= column - pad) & (north <= row + 1 + pad) & (south >= row - pad)
    if zoom < LAST_ZOOM:
        near &= layer.weight > layer.least[max(zoom - FIRST_ZOOM, 0)]
    if layer.kind == LINE:
        near &= np.maximum(east - west, south - north) >= LEAST_UNITS / EXTENT
    return np.flatnonzero(near)


def cut(layer: Drawn, rows: NDArray[np.int64], tile: Tile, *, extent: int = EXTENT, buffer: float = BUFFER) -> Pieces:
    """Features on the grid of a tile: points, offsets of pieces, offsets of features among pieces."""
    zoom, column, row = tile
    grid = (2.0**zoom, float(column), float(row), float(extent), float(buffer))
    return (cut_points if layer.kind == POINT else cut_lines)(layer.world, rows, grid)


def encode(layer: Drawn, tile: Tile) -> bytes:
    """The tile as protobuf with one layer; no bytes where there is nothing."""
    rows = shown(layer, tile)
    pieces = cut(layer, rows, tile)
    if not len(pieces[0]):
        return b""
    numbers, values = _numbered(layer.tags, rows)
    features = write_features(pieces, layer.kind, layer.ident[rows], numbers)
    body = b"".join(
        (
            b"\x78\x02",  # version 2
            _text(0x0A, layer.name),
            features.tobytes(),
            *(_text(0x1A, key) for key in layer.tags),
            *(_field(0x22, b"\x28" + _varint(value)) for value in values),
            b"\x28" + _varint(EXTENT),
        )
    )
    return _field(0x1A, body)


def _numbered(tags: Mapping[str, NDArray[np.int64]], rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], list[int]]:
    """Values of the tile, each key's distinct ones after another's, and per feature and key its number among them."""
    numbers = np.empty((len(rows), len(tags)), dtype=np.int64)
    values: list[int] = []
    for column, held in enumerate(tags.values()):
        distinct, number = np.unique(held[rows], return_inverse=True)
        numbers[:, column] = number + len(values)
        values += distinct.tolist()
    return numbers, values


def _text(tag: int, text: str) -> bytes:
    return _field(tag, text.encode())


def _field(tag: int, body: bytes) -> bytes:
    return struct.pack("B", tag) + _varint(len(body)) + body


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append((value & 127) | 128)
        value >>= 7
    out.append(value)
    return bytes(out)
