"""A run made ready to be drawn: index raster, base map and classes, each prepared once and kept in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from tempfile import NamedTemporaryFile

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops
from pyproj import Transformer

from geoplan.errors import NotFoundError
from geoplan.run import Run
from maps import basemap, cells, density, story, style, tiles
from maps.siting.facts import unserved, year_of
from maps.workspace import open_run

TO_MERCATOR = Transformer.from_crs(4326, 3857, always_xy=True)
TO_DEGREES = Transformer.from_crs(3857, 4326, always_xy=True)
THUMBNAIL = (360, 216)
EXTENT = ("cells", "schools", "base_streets", "base_ground", "base_buildings", "segments")  # drawn beside the region
KEPT_ZOOM = 16  # larger tiles are quickly drawn and too many to keep

Drawn = NDArray[np.uint8]
_building = threading.RLock()  # one thread prepares, the others wait for the same result


@dataclass(frozen=True, eq=False)
class Scene:
    """A run with its index raster; compared by identity, so that it can be a cache key."""

    run: Run
    raster: tiles.CellRaster


def make_scene(run: Run) -> Scene:
    """A scene of a run in memory."""
    residents = run.tables["cells"]["residents"].to_numpy(dtype=float)
    return Scene(run, tiles.cell_raster(run.cell_index, residents))


def open_scene(path: Path) -> Scene:
    """The scene of a run folder."""
    with _building:
        return _open(path)


@lru_cache(maxsize=8)
def _open(path: Path) -> Scene:
    return make_scene(open_run(path))


def base_map(scene: Scene) -> basemap.BaseMap:
    """The run's base map."""
    with _building:
        return _base_map(scene)


@lru_cache(maxsize=8)
def _base_map(scene: Scene) -> basemap.BaseMap:
    return basemap.base_map(scene.run.tables)


@lru_cache(maxsize=8)
def _levels(scene: Scene) -> list[Drawn]:
    residents = scene.run.tables["cells"]["residents"].to_numpy(dtype=float)
    return _density(scene, residents, style.PEOPLE_BREAKS_HA)


@lru_cache(maxsize=32)
def _need_levels(scene: Scene, stage: str, year: int) -> list[Drawn]:
    return _density(scene, unserved(scene.run, stage, year), style.NEED_BREAKS_HA)


def _density(scene: Scene, amounts: NDArray[np.float64], breaks: tuple[float, ...]) -> list[Drawn]:
    table = scene.run.tables["cells"]
    assert isinstance(table, gpd.GeoDataFrame)
    points = table.geometry.centroid if not (table.geom_type == "Point").all() else table.geometry
    index = scene.run.cell_index
    people = density.pixel_residents(index, amounts, points.x.to_numpy(), points.y.to_numpy())
    return density.density_levels(people, density.pixel_hectares(index), breaks)


@lru_cache(maxsize=64)
def _classes(scene: Scene, layer: str, stage: str) -> Drawn:
    run = scene.run
    table = run.tables["cells"]
    makers: dict[str, Callable[[], Drawn]] = {
        "walk": lambda: cells.walk_classes(table, stage),
        "status": lambda: cells.status_classes(table, stage),
        "nearest": lambda: cells.nearest_classes(table, stage, story.limits_m(run, stage)),
        "catchments": lambda: cells.catchment_classes(table, stage, run.cell_index),
        style.PROPOSED: lambda: cells.catchment_classes(table, stage, run.cell_index, "site"),
    }
    return makers[layer]()


def draw(scene: Scene, layer: str, stage: str, canvas: tiles.Canvas, *, year: int | None = None) -> Drawn:
    """Classes of a cell layer on a canvas; NotFoundError for a layer, stage or ``year`` (of need) the run lacks."""
    if layer == style.NEED:
        story.stage_summary(scene.run, stage)
        shown = year_of(scene.run, stage, year)
        with _building:
            levels = _need_levels(scene, stage, shown)
        return tiles.draw_levels(scene.raster, levels, canvas)
    if layer == style.PROPOSED and f"site_{stage}" not in scene.run.tables["cells"]:
        raise NotFoundError("the run does not tell who would go to proposed places")
    if layer not in (*style.CELL_LAYERS, style.PROPOSED):
        raise NotFoundError(f"there is no layer {layer!r}; there are {', '.join(style.CELL_LAYERS)}")
    if layer == "population":
        with _building:
            levels = _levels(scene)
        return tiles.draw_levels(scene.raster, levels, canvas)
    story.stage_summary(scene.run, stage)
    with _building:
        classes = _classes(scene, layer, stage)
    return tiles.draw_classes(scene.raster, classes, canvas)


def layer_palette(scene: Scene, layer: str, stage: str) -> tiles.Palette:
    """Palette of a cell layer."""
    limits = story.limits_m(scene.run, stage) if layer == "nearest" else ()
    known = layer != "status" or story.places_known(scene.run, stage)
    return style.palette(style.layer_colours(layer, limits, places_known=known))


def layer_png(scene: Scene, layer: str, stage: str, canvas: tiles.Canvas, *, year: int | None = None) -> bytes:
    """A cell layer on a canvas as PNG with transparent ground."""
    return tiles.palette_png(draw(scene, layer, stage, canvas, year=year), layer_palette(scene, layer, stage))


def base_png(scene: Scene, canvas: tiles.Canvas) -> bytes:
    """The base map on a canvas as PNG."""
    return basemap.png(basemap.draw(base_map(scene), canvas))


def shows(scene: Scene, canvas: tiles.Canvas) -> bool:
    """Whether a canvas touches what the run holds: its region, its cells, its base map."""
    west, south, east, north = _extent(scene)
    left, bottom, right, top = canvas.bounds
    return left <= east and west <= right and bottom <= north and south <= top


@lru_cache(maxsize=8)
def _extent(scene: Scene) -> tiles.Bounds:
    """West, south, east, north in EPSG:3857 metres of everything that is drawn."""
    found = [_mercator_bounds(scene.run)]
    for name in EXTENT:
        table = scene.run.tables.get(name)
        if isinstance(table, gpd.GeoDataFrame) and len(table):
            west, south, east, north = table.total_bounds.tolist()
            x, y = TO_MERCATOR.transform([west, east], [south, north])
            found.append((x[0], y[0], x[1], y[1]))
    wests, souths, easts, norths = zip(*found, strict=True)
    return min(wests), min(souths), max(easts), max(norths)


@cache
def empty_tile(name: str) -> bytes:
    """What a tile shows where the run holds nothing: plain ground under ``base``, else nothing at all."""
    if name == "base":
        ground = basemap.BaseMap({}, {}, {})
        return basemap.png(basemap.draw(ground, tiles.tile_canvas(0, 0, 0)))
    clear = np.zeros((1, 4), dtype=np.uint8)
    return tiles.palette_png(np.zeros((tiles.TILE, tiles.TILE), dtype=np.uint8), clear)


def kept_tile(scene: Scene, name: str, place: tuple[int, int, int], file: Path, make: Callable[[], bytes]) -> bytes:
    """A tile, kept in ``file`` up to ``KEPT_ZOOM``; off the run's extent it is empty, and nothing is made or kept."""
    if not shows(scene, tiles.tile_canvas(*place)):
        return empty_tile(name)
    return cached(file, make) if place[0] <= KEPT_ZOOM else make()


def cached(path: Path, make: Callable[[], bytes]) -> bytes:
    """The bytes kept in ``path``, else made and kept; where nothing can be written they are made each time."""
    try:
        return path.read_bytes()
    except OSError:
        made = make()
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=path.parent, delete=False) as aside:
            aside.write(made)
        Path(aside.name).replace(path)
    return made


def region_bounds(run: Run) -> tuple[float, float, float, float]:
    """West, south, east, north of the region in degrees."""
    for name in ("boundary", "areas", "cells", "schools"):
        table = run.tables.get(name)
        if isinstance(table, gpd.GeoDataFrame) and len(table):
            west, south, east, north = table.total_bounds.tolist()
            return west, south, east, north
    raise NotFoundError("the run has no place: neither boundary nor cells")


def corners(run: Run) -> list[list[float]]:
    """South-west and north-east of the region as Leaflet takes them: latitude first."""
    west, south, east, north = region_bounds(run)
    return [[south, west], [north, east]]


def picture(scene: Scene, layer: str, stage: str, canvas: tiles.Canvas) -> Image.Image:
    """A cell layer multiplied onto the base map, as the page shows it."""
    ground = basemap.draw(base_map(scene), canvas)
    colours = layer_palette(scene, layer, stage)[draw(scene, layer, stage, canvas)]
    colours[colours[..., 3] == 0] = 255
    return ImageChops.multiply(ground, Image.fromarray(colours[..., :3]))


def _mercator_bounds(run: Run) -> tiles.Bounds:
    west, south, east, north = region_bounds(run)
    x, y = TO_MERCATOR.transform([west, east], [south, north])
    return x[0], y[0], x[1], y[1]


def mercator_size(run: Run) -> tuple[float, float]:
    """Width and height of the region in EPSG:3857 metres."""
    west, south, east, north = _mercator_bounds(run)
    return east - west, north - south


def framed(run: Run, width: int, height: int, *, margin: float = 0.06) -> tiles.Canvas:
    """A canvas of that size that holds the whole region with a margin."""
    west, south, east, north = _mercator_bounds(run)
    pixel = max((east - west) / width, (north - south) / height, 0.01) * (1 + 2 * margin)
    half_x, half_y = pixel * width / 2, pixel * height / 2
    middle_x, middle_y = (west + east) / 2, (south + north) / 2
    bounds = (middle_x - half_x, middle_y - half_y, middle_x + half_x, middle_y + half_y)
    return tiles.Canvas(bounds, width, height)


def thumbnail(scene: Scene, stage: str) -> Image.Image:
    """A small picture of the walking distances of a stage."""
    return picture(scene, story.first_layer(scene.run, stage), stage, framed(scene.run, *THUMBNAIL))
