"""Lines and circles of a tile as PNG, for browsers without WebGL: the same features, widths and colours."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from maps import vectors
from maps.tiles import TILE
from maps.vectors import Drawn, Tile

DENSITY = 2  # drawn this many times larger than shown
REACH_PX = 16  # how far beyond the tile features still reach into it
CASE = "#9aa1a8"
FAINT = 128  # how opaque faint lines are, of 255


@dataclass(frozen=True)
class Stroke:
    """How a line is drawn; ``dash`` in widths on and off, empty for a whole line; ``faint`` lines have no casing."""

    colour: str
    width: float
    dash: tuple[float, ...] = ()
    faint: bool = False


def strokes_png(layer: Drawn, rows: NDArray[np.int64], tile: Tile, strokes: Sequence[Stroke]) -> bytes:
    """Lines of a tile: all casings first, so that they never cut a line in two."""
    picture, pen = _sheet()
    lines = list(_pieces(layer, rows, tile))
    for k, points in lines:
        if not strokes[k].faint:
            _line(pen, points, CASE, strokes[k].width + 1.2)
    for k, points in lines:
        _stroke(pen, points, strokes[k])
    return _png(picture)


def _stroke(pen: ImageDraw.ImageDraw, points: NDArray[np.float64], stroke: Stroke) -> None:
    colour = f"{stroke.colour}{FAINT:02x}" if stroke.faint else stroke.colour
    if not stroke.dash:
        _line(pen, points, colour, stroke.width)
        return
    if not stroke.faint:
        _line(pen, points, "#ffffff", stroke.width)
    for part in dashes(points, [length * stroke.width * DENSITY for length in stroke.dash]):
        _line(pen, part, colour, stroke.width)


def points_png(
    layer: Drawn,
    rows: NDArray[np.int64],
    tile: Tile,
    looks: tuple[Sequence[str], Sequence[str], NDArray[np.float64]],
) -> bytes:
    """Circles of a tile: fill, edge and radius of each."""
    picture, pen = _sheet()
    fills, edges, radius = looks
    for k, points in _pieces(layer, rows, tile):
        x, y = points[0]
        r = float(radius[k]) * DENSITY
        pen.ellipse((x - r, y - r, x + r, y + r), fill=fills[k], outline=edges[k], width=2 * DENSITY)
    return _png(picture)


def dashes(points: NDArray[np.float64], pattern: Sequence[float]) -> Iterator[NDArray[np.float64]]:
    """The drawn parts of a line, by lengths on and off from its beginning."""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    on, off = max(pattern[0], 1.0), max(pattern[1], 1.0)
    for first in np.arange(0.0, along[-1], on + off):
        last = min(first + on, along[-1])
        within = along[(along > first) & (along < last)]
        at = np.concatenate([[first], within, [last]])
        yield np.column_stack([np.interp(at, along, points[:, axis]) for axis in (0, 1)])


def _sheet() -> tuple[Image.Image, ImageDraw.ImageDraw]:
    picture = Image.new("RGBA", (TILE * DENSITY, TILE * DENSITY), (255, 255, 255, 0))
    return picture, ImageDraw.Draw(picture)


def _pieces(layer: Drawn, rows: NDArray[np.int64], tile: Tile) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Position among ``rows`` and points in drawn pixels of every piece in the tile."""
    px, py, piece, feature = vectors.cut(layer, rows, tile, extent=TILE * DENSITY, buffer=REACH_PX * DENSITY)
    points = np.column_stack([px, py]).astype(float)
    for k in range(len(rows)):
        for part in range(feature[k], feature[k + 1]):
            yield k, points[piece[part] : piece[part + 1]]


def _line(pen: ImageDraw.ImageDraw, points: NDArray[np.float64], colour: str, width: float) -> None:
    drawn = max(1, round(width * DENSITY))
    pen.line(points.ravel().tolist(), fill=colour, width=drawn, joint="curve" if drawn > 4 else None)


def _png(picture: Image.Image) -> bytes:
    """Averaged down with colours weighted by how opaque they are, so that edges do not darken."""
    out = io.BytesIO()
    picture.convert("RGBa").reduce(DENSITY).convert("RGBA").save(out, "PNG", compress_level=3)
    return out.getvalue()
