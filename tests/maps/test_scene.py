"""Tiles off the plan are empty and never kept; large zooms are drawn each time."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from flask.testing import FlaskClient
from PIL import Image

from geoplan.run import Run
from maps import scene, tiles

RUN = "/api/v1/plans/toytown/runs/latest"


def never() -> bytes:
    raise AssertionError("drawn although nothing is there")


def tile_of(lon: float, lat: float, zoom: int) -> tuple[int, int, int]:
    x, y = scene.TO_MERCATOR.transform(lon, lat)
    side = 2 * tiles.HALF_WORLD_M / 2**zoom
    return zoom, int((x + tiles.HALF_WORLD_M) / side), int((tiles.HALF_WORLD_M - y) / side)


def test_tiles_off_the_plan_are_empty_and_not_kept(toytown: Run, tmp_path: Path) -> None:
    shown = scene.make_scene(toytown)
    for name in ("base", "streets"):
        file = tmp_path / f"{name}.png"
        made = scene.kept_tile(shown, name, tile_of(100.0, 10.0, 14), file, never)
        assert made == scene.empty_tile(name) and not file.exists()
    ground = np.asarray(Image.open(io.BytesIO(scene.empty_tile("base"))).convert("RGB"))
    assert abs(ground.astype(int) - [0xF1, 0xF1, 0xEE]).max() <= 2  # the palette has few colours
    clear = np.asarray(Image.open(io.BytesIO(scene.empty_tile("streets"))).convert("RGBA"))
    assert (clear[..., 3] == 0).all()


@pytest.mark.parametrize(("zoom", "kept"), [(3, True), (scene.KEPT_ZOOM, True), (scene.KEPT_ZOOM + 1, False)])
def test_tiles_on_the_plan_are_kept_up_to_a_zoom(toytown: Run, tmp_path: Path, zoom: int, kept: bool) -> None:
    shown = scene.make_scene(toytown)
    west, south, east, north = scene.region_bounds(toytown)
    file = tmp_path / "tile.png"
    place = tile_of((west + east) / 2, (south + north) / 2, zoom)
    assert scene.kept_tile(shown, "base", place, file, lambda: b"drawn") == b"drawn"
    assert file.exists() is kept


def test_an_empty_tile_equals_what_would_be_drawn(toytown: Run) -> None:
    shown = scene.make_scene(toytown)
    canvas = tiles.tile_canvas(*tile_of(100.0, 10.0, 14))
    drawn, empty = (np.asarray(Image.open(io.BytesIO(data)).convert("RGB")) for data in (
        scene.base_png(shown, canvas), scene.empty_tile("base")
    ))  # fmt: skip
    assert drawn.shape == empty.shape and (drawn == empty).all()


def test_asking_for_far_tiles_fills_no_folder(client: FlaskClient, workspace: Path) -> None:
    for x in range(5):
        assert client.get(f"{RUN}/tiles/base/15/{x}/3.png").status_code == 200
    assert not [file for file in (workspace / "toytown").rglob("3.png") if "15" in file.parts]
    assert client.get(f"{RUN}/tiles/base/21/0/0.png").status_code == 404
