"""The quiet base map, drawn from the plan's own streets, buildings, water and green: no server of others is asked.

Drawn at twice the size and averaged down, so that edges are smooth. What a zoom level shows depends on metres per
pixel alone; the same function draws a tile, a thumbnail and the ground of ``map.html``.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageDraw

from maps import style
from maps.tiles import HALF_WORLD_M, TILE, Canvas

LOOK = style.LOOK["ground"]
GROUND, STREET, CASING = LOOK["land"], LOOK["way"], LOOK["casing"]
PATH = "#e0e0db"
FILLS = {
    "sea": LOOK["water"],
    "other": LOOK["other"],
    "green": LOOK["green"],
    "water": LOOK["water"],
    "building": LOOK["building"],
}  # in the order they are drawn
KINDS = {
    "wood": "green",
    "pitch": "green",
    "cemetery": "green",
    "sand": "other",
    "rail": "rail",
    "rail_transit": "rail",
}  # of base_ground
FADE = 0.1  # share of the sea's extent over which it fades at the edge of what is known
LINES = {"water": (LOOK["water"], 1.6), "rail": ("#d5d1d1", 1.2)}
DENSITY = 2  # drawn this many times larger than shown
PAD_PX = 12
COARSE_M = 12.0  # metres per pixel from which simplified lines do

STREET_CLASSES: Mapping[str, tuple[str, ...]] = {
    "major": ("motorway", "trunk", "primary", "motorway_link", "trunk_link", "primary_link"),
    "middle": ("secondary", "tertiary", "secondary_link", "tertiary_link"),
    "minor": ("residential", "unclassified", "living_street", "road", "pedestrian", "service"),
    "path": (),  # everything else: footways, steps, tracks
}
# width in shown pixels at zoom 9 … 18; nothing below 0.3
ZOOMS = np.arange(9, 19)
WIDTHS = {
    "major": (0.8, 1.0, 1.4, 1.8, 2.6, 3.6, 5.0, 7.0, 10.0, 14.0),
    "middle": (0.0, 0.4, 0.8, 1.2, 1.8, 2.8, 4.0, 6.0, 9.0, 12.0),
    "minor": (0.0, 0.0, 0.0, 0.3, 0.8, 1.6, 2.6, 4.2, 6.5, 9.0),
    "path": (0.0, 0.0, 0.0, 0.0, 0.0, 0.4, 0.8, 1.2, 1.8, 2.6),
}

Line = list[float]  # x, y, x, y … in drawn pixels


@dataclass(frozen=True)
class Shapes:
    """Geometries of one look in EPSG:3857, with a search tree, full and simplified."""

    full: NDArray[np.object_]
    coarse: NDArray[np.object_]
    tree: shapely.STRtree

    def near(self, canvas: Canvas) -> NDArray[np.object_]:
        """What touches the canvas, in stable order and fitting detail; specks below half a pixel left out."""
        west, south, east, north = canvas.bounds
        pixel = (east - west) / canvas.width
        pad = PAD_PX * pixel
        hits = np.sort(self.tree.query(shapely.box(west - pad, south - pad, east + pad, north + pad)))
        found = (self.coarse if pixel > COARSE_M else self.full)[hits]
        box = shapely.bounds(found)
        extent = np.maximum(box[:, 2] - box[:, 0], box[:, 3] - box[:, 1]) if len(found) else np.empty(0)
        return found[extent > pixel / 2]


@dataclass(frozen=True)
class BaseMap:
    """Everything the base map draws: fills by kind, thin lines by kind, streets by class."""

    fills: Mapping[str, Shapes]
    lines: Mapping[str, Shapes]
    streets: Mapping[str, Shapes]


def base_map(tables: Mapping[str, pd.DataFrame]) -> BaseMap:
    """Prepare the base map of a run's ``base_ground``, ``base_buildings`` and ``base_streets`` if there."""
    fills: dict[str, Shapes] = {}
    lines: dict[str, Shapes] = {}
    ground = _mercator(tables.get("base_ground"))
    if ground is not None:
        drawn = ground["kind"].map(lambda kind: KINDS.get(kind, kind if kind in FILLS else "other"))
        for kind, part in ground.groupby(drawn, sort=True):
            polygons = part.geometry.type.isin(["Polygon", "MultiPolygon"])
            fills[str(kind)] = shapes(part.geometry[polygons])
            lines[str(kind)] = shapes(part.geometry[~polygons])
    buildings = _mercator(tables.get("base_buildings"))
    if buildings is not None:
        fills["building"] = shapes(buildings.geometry)
    return BaseMap(fills, lines, _streets(_mercator(tables.get("base_streets"))))


def _mercator(table: pd.DataFrame | None) -> gpd.GeoDataFrame | None:
    if not isinstance(table, gpd.GeoDataFrame) or table.empty:
        return None
    return table.to_crs(3857)


def _streets(table: gpd.GeoDataFrame | None) -> dict[str, Shapes]:
    if table is None:
        return {}
    classed = street_class(table["highway"])
    return {name: shapes(table.geometry[classed == name]) for name in STREET_CLASSES}


def street_class(highway: pd.Series) -> pd.Series:
    """``major``, ``middle``, ``minor`` or ``path`` for each value of highway=*."""
    by_value = {value: name for name, values in STREET_CLASSES.items() for value in values}
    return highway.map(by_value).fillna("path")


def shapes(geometries: gpd.GeoSeries) -> Shapes:
    """Search tree and simplified copies of geometries in EPSG:3857."""
    full = np.asarray(geometries.to_numpy(), dtype=object)
    full = full[~(shapely.is_missing(full) | shapely.is_empty(full))]
    return Shapes(full, shapely.simplify(full, COARSE_M / 2), shapely.STRtree(full))


def draw(base: BaseMap, canvas: Canvas, *, streets: bool = True) -> Image.Image:
    """The base map of a canvas as an RGB picture."""
    size = (canvas.width * DENSITY, canvas.height * DENSITY)
    picture = Image.new("RGB", size, GROUND)
    pen = ImageDraw.Draw(picture)
    for kind, colour in FILLS.items():
        for ring, holes in _rings(base.fills.get(kind), canvas):
            _fill(picture, pen, ring, holes, colour)
        if kind == "sea":
            _fade(picture, base.fills.get(kind), canvas)
    for kind, (colour, width) in LINES.items():
        for line in _paths(base.lines.get(kind), canvas):
            pen.line(line, fill=colour, width=round(width * DENSITY))
    if streets:
        _draw_streets(pen, base, canvas)
    return picture.reduce(DENSITY)


def _fade(picture: Image.Image, sea: Shapes | None, canvas: Canvas) -> None:
    """Let the sea end softly at the edge of the extract, where nothing is known of what follows."""
    if sea is None or not len(sea.full):
        return
    west, south, east, north = shapely.total_bounds(sea.full)
    soft = FADE * max(east - west, north - south)
    left, bottom, right, top = canvas.bounds
    if west + soft < left and right < east - soft and south + soft < bottom and top < north - soft:
        return
    x = np.linspace(left, right, picture.width)
    y = np.linspace(top, bottom, picture.height)
    across, along = (
        np.clip(depth / soft, 0, 1) for depth in (np.minimum(x - west, east - x), np.minimum(y - south, north - y))
    )
    smooth = [part * part * (3 - 2 * part) for part in (across, along)]
    mask = Image.fromarray((255 * smooth[1][:, None] * smooth[0][None, :]).astype(np.uint8))
    picture.paste(Image.composite(picture, Image.new("RGB", picture.size, GROUND), mask))


def _draw_streets(pen: ImageDraw.ImageDraw, base: BaseMap, canvas: Canvas) -> None:
    """All casings first, then all roadways, small ones below large ones."""
    widths = {name: street_width(name, canvas) for name in base.streets}
    found = {
        name: list(_paths(base.streets[name], canvas)) for name in ("path", "minor", "middle", "major")
        if widths.get(name, 0.0) >= 0.3
    }  # fmt: skip
    for name, lines in found.items():
        if name != "path":
            _stroke(pen, lines, CASING, widths[name] + 1.2)
    for name, lines in found.items():
        _stroke(pen, lines, PATH if name == "path" else STREET, widths[name])


def street_width(name: str, canvas: Canvas) -> float:
    """Width of a street class in shown pixels."""
    pixel = (canvas.bounds[2] - canvas.bounds[0]) / canvas.width
    zoom = np.log2(2 * HALF_WORLD_M / TILE / pixel)
    return float(np.interp(zoom, ZOOMS, WIDTHS[name]))


def _stroke(pen: ImageDraw.ImageDraw, lines: list[Line], colour: str, width: float) -> None:
    drawn = max(1, round(width * DENSITY))
    joint = "curve" if drawn > 5 else None
    half = drawn / 2 - 0.5
    for line in lines:
        pen.line(line, fill=colour, width=drawn, joint=joint)
        if drawn > 4:
            for x, y in (line[:2], line[-2:]):
                pen.ellipse((x - half, y - half, x + half, y + half), fill=colour)


def _to_pixels(coordinates: NDArray[np.float64], canvas: Canvas) -> NDArray[np.float64]:
    west, _, east, north = canvas.bounds
    return (coordinates - [west, north]) * [1, -1] * (canvas.width * DENSITY / (east - west))


def _paths(shapes: Shapes | None, canvas: Canvas) -> Iterator[Line]:
    """Lines near the canvas in drawn pixels."""
    if shapes is None:
        return
    parts = shapely.get_parts(shapes.near(canvas))
    coordinates, owner = shapely.get_coordinates(parts, return_index=True)
    pixels = _to_pixels(coordinates, canvas)
    for line in np.split(pixels, np.flatnonzero(np.diff(owner)) + 1):
        if len(line) > 1:
            yield line.ravel().tolist()


def _rings(shapes: Shapes | None, canvas: Canvas) -> Iterator[tuple[Line, list[Line]]]:
    """Outer ring and holes of the polygons near the canvas, cut to it."""
    if shapes is None:
        return
    west, south, east, north = canvas.bounds
    pad = PAD_PX * (east - west) / canvas.width
    cut = shapely.clip_by_rect(shapes.near(canvas), west - pad, south - pad, east + pad, north + pad)
    parts = shapely.get_parts(shapely.get_parts(cut))
    parts = parts[shapely.get_type_id(parts) == 3]
    for polygon in parts[~shapely.is_empty(parts)]:
        outer, *holes = (
            _to_pixels(shapely.get_coordinates(ring), canvas).ravel().tolist()
            for ring in (polygon.exterior, *polygon.interiors)
        )
        yield outer, holes


def _fill(picture: Image.Image, pen: ImageDraw.ImageDraw, ring: Line, holes: list[Line], colour: str) -> None:
    if not holes:
        pen.polygon(ring, fill=colour)
        return
    mask = Image.new("1", picture.size)
    stencil = ImageDraw.Draw(mask)
    stencil.polygon(ring, fill=1)
    for hole in holes:
        stencil.polygon(hole, fill=0)
    picture.paste(colour, mask=mask)


def png(picture: Image.Image) -> bytes:
    """A picture as palette PNG; the palette is always the same, so that neighbouring tiles have the same colours."""
    out = io.BytesIO()
    picture.quantize(palette=_palette(), dither=Image.Dither.NONE).save(out, "PNG", compress_level=6)
    return out.getvalue()


@cache
def _palette() -> Image.Image:
    """Every colour of the map and five steps between any two of them."""
    named = (GROUND, STREET, CASING, PATH, *FILLS.values(), *(colour for colour, _ in LINES.values()))
    colours = [np.array(ImageColor.getrgb(colour), dtype=float) for colour in dict.fromkeys(named)]
    steps = [a + (b - a) * k / 6 for k in range(1, 6) for i, a in enumerate(colours) for b in colours[i + 1 :]]
    table = np.round([*colours, *steps]).astype(np.uint8)[:256]
    picture = Image.new("P", (1, 1))
    picture.putpalette(table.tobytes())
    return picture
