"""Tiles of cell classes against rio-tiler: the same classes on the same pixels, as palette PNG."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from bench import Row, best_of, print_table
from layers.bundle import IndexRaster
from maps.style import DISTANCE_RAMP, palette
from maps.tiles import HALF_WORLD_M, CellRaster, cell_raster, draw_classes, palette_png, tile_canvas

CELL_M = 100.0
EDGE = 0.02  # share of pixels that may differ: those within an eighth of a pixel of an edge, where GDAL approximates
SYSTEMS = {"EPSG:32650": "UTM", "EPSG:4326": "degrees"}

Tile = tuple[int, int, int]


@dataclass(frozen=True)
class County:
    """An index raster with one cell a pixel and a class a cell, and tiles over its middle."""

    raster: CellRaster
    classes: NDArray[np.uint8]
    index: IndexRaster
    tiles: tuple[Tile, ...]


def rows(small: bool) -> Iterator[Row]:
    """Two coordinate systems; ``small`` is 9 times fewer cells and no goal."""
    if find_spec("rio_tiler") is None:
        print("rio-tiler is not installed, tiles are left out: pip install -r requirements-bench.txt")
        return
    for system, name in SYSTEMS.items():
        place = county(1200 if small else 3600, CRS.from_string(system))
        yield from _against_rio_tiler(place, name, None if small else 8)


def county(side: int, system: CRS) -> County:
    """Blocks of eight by eight cells of one class, on a square of ``side`` cells near 117 E, 31 N."""
    pixel = CELL_M if system.is_projected else CELL_M / 111_320
    west, north = (500_000.0, 3_600_000.0) if system.is_projected else (117.0, 32.5)
    random = np.random.default_rng(side)
    blocks = random.integers(0, len(DISTANCE_RAMP) + 1, (side // 8, side // 8), dtype=np.uint8)
    classes = np.kron(blocks, np.ones((8, 8), np.uint8)).ravel()
    cell = np.arange(side * side, dtype=np.int32).reshape(side, side)
    index = IndexRaster(cell, Affine(pixel, 0, west, 0, -pixel, north), system)
    middle = index.transform * (side / 2, side / 2)
    return County(cell_raster(index, np.ones(side * side)), classes, index, _tiles(middle, system))


def _tiles(middle: tuple[float, float], system: CRS, zoom: int = 12, around: int = 2) -> tuple[Tile, ...]:
    x, y = Transformer.from_crs(system, 3857, always_xy=True).transform(*middle)
    side = 2 * HALF_WORLD_M / 2**zoom
    column, row = int((x + HALF_WORLD_M) / side), int((HALF_WORLD_M - y) / side)
    steps = range(-around, around + 1)
    return tuple((zoom, column + i, row + j) for i in steps for j in steps)


def _against_rio_tiler(place: County, name: str, goal: float | None) -> Iterator[Row]:
    colours = palette(DISTANCE_RAMP)
    colormap = {k: tuple(int(part) for part in colour) for k, colour in enumerate(colours)}
    ours, seconds = best_of(lambda: [_our_tile(place, tile, colours) for tile in place.tiles], 5)
    with tempfile.TemporaryDirectory() as folder:
        path = _cog(place, Path(folder) / "classes.tif")
        for work, reader in (("dataset kept open", _kept_open), ("opened for each tile", _opened_each)):
            theirs, other = best_of(lambda reader=reader: reader(path, place.tiles, colormap), 3)  # type: ignore[misc]
            _assert_same(ours, theirs)
            yield Row(
                f"raster tile z12, {len(place.classes):,} cells, {name}",
                f"rio-tiler, {work}",
                seconds / len(place.tiles),
                other / len(place.tiles),
                goal if reader is _kept_open else None,
            )


def _our_tile(place: County, tile: Tile, colours: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], bytes]:
    classes = draw_classes(place.raster, place.classes, tile_canvas(*tile))
    return classes, palette_png(classes, colours)


def _cog(place: County, path: Path) -> Path:
    height, width = place.index.cell.shape
    profile: dict[str, Any] = {"driver": "COG", "dtype": "uint8", "count": 1, "height": height, "width": width}
    profile |= {"crs": place.index.crs.to_wkt(), "transform": place.index.transform, "compress": "DEFLATE"}
    with rasterio.open(path, "w", blocksize=256, **profile) as target:
        target.write(place.classes.reshape(height, width), 1)
    return path


Read = Callable[[Path, tuple[Tile, ...], dict[int, Any]], list[tuple[NDArray[np.uint8], bytes]]]


def _kept_open(
    path: Path, tiles: tuple[Tile, ...], colormap: dict[int, Any]
) -> list[tuple[NDArray[np.uint8], bytes]]:
    from rio_tiler.io import Reader

    with Reader(str(path)) as source:
        return [_their_tile(source, tile, colormap) for tile in tiles]


def _opened_each(
    path: Path, tiles: tuple[Tile, ...], colormap: dict[int, Any]
) -> list[tuple[NDArray[np.uint8], bytes]]:
    from rio_tiler.io import Reader

    found = []
    for tile in tiles:
        with Reader(str(path)) as source:
            found.append(_their_tile(source, tile, colormap))
    return found


def _their_tile(source: Any, tile: Tile, colormap: dict[int, Any]) -> tuple[NDArray[np.uint8], bytes]:
    zoom, x, y = tile
    image = source.tile(x, y, zoom, resampling_method="nearest", reproject_method="nearest")
    return image.data[0], image.render(img_format="PNG", colormap=colormap)


def _assert_same(ours: list[tuple[NDArray[np.uint8], bytes]], theirs: list[tuple[NDArray[np.uint8], bytes]]) -> None:
    for (mine, _), (other, _) in zip(ours, theirs, strict=True):
        differing = float((mine != other).mean())
        assert differing < EDGE, f"{differing:.1%} of the pixels differ"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="a ninth of the cells")
    print_table(rows(parser.parse_args().small))
