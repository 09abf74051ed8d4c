"""Tiles: every pixel shows the class of the cell under its centre."""

from __future__ import annotations

import io

import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pyproj import CRS, Transformer

from layers.bundle import IndexRaster
from maps import tiles
from maps.tiles import Canvas, cell_at, cell_raster, draw_classes, draw_levels, palette_png, tile_canvas

MERCATOR = CRS.from_epsg(3857)


def mercator_raster(cell: np.ndarray, pixel: float = 10.0) -> IndexRaster:
    """A raster in EPSG:3857 with its north-west corner at (0, height)."""
    return IndexRaster(cell.astype(np.int32), Affine(pixel, 0, 0, 0, -pixel, cell.shape[0] * pixel), MERCATOR)


def prepared(raster: IndexRaster, residents: list[float] | None = None) -> tiles.CellRaster:
    return cell_raster(raster, np.array(residents or [1.0] * (int(raster.cell.max()) + 1)))


def test_a_three_by_three_raster_is_drawn_as_it_stands() -> None:
    raster = prepared(mercator_raster(np.array([[0, 1, 2], [3, -1, 4], [5, 6, 7]])))
    drawn = draw_classes(raster, np.arange(1, 9, dtype=np.uint8), Canvas((0, 0, 30, 30), 3, 3))
    assert drawn.tolist() == [[1, 2, 3], [4, 0, 5], [6, 7, 8]]


def test_a_finer_canvas_repeats_pixels_and_outside_is_empty() -> None:
    raster = prepared(mercator_raster(np.array([[0, 1]])))
    drawn = draw_classes(raster, np.array([7, 9], dtype=np.uint8), Canvas((-10, 0, 30, 10), 8, 2))
    assert drawn.tolist() == [[0, 0, 7, 7, 9, 9, 0, 0]] * 2


def test_the_world_tile_and_its_children() -> None:
    west, south, east, north = tile_canvas(0, 0, 0).bounds
    assert (west, north) == pytest.approx((-tiles.HALF_WORLD_M, tiles.HALF_WORLD_M))
    assert tile_canvas(1, 1, 1).bounds == pytest.approx((0.0, south, east, 0.0), abs=1e-6)


@pytest.mark.parametrize("epsg", [4326, 32632, 3857, 31467])
def test_reprojection_finds_the_pixel_that_exact_projection_finds(epsg: int) -> None:
    """Against pyproj for every pixel centre: within a hundredth of a raster pixel."""
    crs = CRS.from_epsg(epsg)
    to_crs = Transformer.from_crs(3857, crs, always_xy=True)
    canvas = tile_canvas(12, 2122, 1412)  # near 6.5 E, 48.7 N
    west, south, east, north = canvas.bounds
    xs, ys = to_crs.transform([west, east], [south, north])
    size = abs(xs[1] - xs[0]) / 200
    raster = prepared(IndexRaster(np.zeros((4, 4), np.int32), Affine(size, 0, xs[0], 0, -size, ys[1]), crs))
    columns, rows = tiles.pixel_grid(raster, canvas)
    pixel = (east - west) / 256
    at = np.arange(256) + 0.5
    x, y = np.meshgrid(west + at * pixel, north - at * pixel)
    exact = tiles.apply_affine(raster.to_pixel, *to_crs.transform(x, y))
    for grid, truth in zip((columns, rows), exact, strict=True):
        assert np.abs(_bilinear(grid) - truth).max() < 0.01


def _bilinear(grid: np.ndarray) -> np.ndarray:
    at = (np.arange(256) + 0.5) / tiles.STEP
    along = np.stack([np.interp(at, np.arange(len(row)), row) for row in grid])
    return np.stack([np.interp(at, np.arange(len(along)), along[:, k]) for k in range(256)], axis=1)


def test_the_same_cell_is_found_by_click() -> None:
    index = mercator_raster(np.array([[0, 1], [-1, 2]]))
    raster = prepared(index)
    assert [cell_at(raster, x, y) for x, y in ((5, 15), (15, 15), (5, 5), (15, 5), (25, 5), (-1, 5))] == [
        0, 1, None, 2, None, None,
    ]  # fmt: skip


def test_places_beyond_the_projection_are_empty() -> None:
    """A transverse Mercator zone cannot be asked about the far side of the world."""
    utm = CRS.from_epsg(32632)
    raster = prepared(IndexRaster(np.zeros((2, 2), np.int32), Affine(100, 0, 319000, 0, -100, 5400200), utm))
    drawn = draw_classes(raster, np.array([1], dtype=np.uint8), tile_canvas(2, 0, 1))
    assert not drawn.any()


def test_from_afar_a_pixel_shows_the_cell_with_most_residents() -> None:
    cell = np.full((128, 128), -1)
    cell[0, 1], cell[1, 0], cell[5, 5] = 0, 1, 2
    raster = prepared(mercator_raster(cell), [3.0, 9.0, 1.0])
    assert [level.shape for level in raster.levels] == [(128, 128), (64, 64)]
    drawn = draw_classes(raster, np.array([1, 2, 3], dtype=np.uint8), Canvas((0, 0, 1280, 1280), 64, 64))
    assert drawn[0, 0] == 2 and drawn[2, 2] == 3 and (drawn > 0).sum() == 2


def test_levels_are_used_when_a_canvas_pixel_covers_several() -> None:
    raster = prepared(mercator_raster(np.zeros((8, 8))))
    levels = [np.full((8 >> k, 8 >> k), k + 1, dtype=np.uint8) for k in range(4)]
    seen = [draw_levels(raster, levels, Canvas((0, 0, 80, 80), side, side)).max() for side in (64, 8, 4, 2)]
    assert seen == [1, 1, 2, 3]


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_png_round_trip(height: int, width: int, seed: int) -> None:
    """Pillow reads back the very classes and colours."""
    rng = np.random.default_rng(seed)
    palette = rng.integers(0, 256, (5, 4), dtype=np.uint8)
    classes = rng.integers(0, 5, (height, width), dtype=np.uint8)
    picture = Image.open(io.BytesIO(palette_png(classes, palette)))
    assert (np.asarray(picture) == classes).all()
    assert (np.asarray(picture.convert("RGBA")) == palette[classes]).all()
