"""Heights over the region."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from pyproj import CRS
from shapely import box

from layers.elevation import read_heights
from tests.layers.planfolder import METRIC, REGION, X, Y, codes, plan_of

SMALL = box(X + 1000, Y + 1000, X + 2000, Y + 2000)


def write(path: Path, *, crs: CRS | None = METRIC, west: float = X, rows: int = 300) -> Path:
    """Heights that rise by 1 m every 10 m to the east, pixels of 10 m, one of them unknown."""
    column = np.arange(300, dtype=np.float32)
    values = np.tile(column, (rows, 1))
    values[0, 0] = -9999
    grid = Affine(10, 0, west, 0, -10, Y + 3000)
    wkt = None if crs is None else crs.to_wkt()
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=300,
        height=rows,
        count=1,
        dtype="float32",
        crs=wkt,
        transform=grid,
        nodata=-9999,
    ) as file:
        file.write(values, 1)
    return path


def test_heights_of_the_region(tmp_path: Path) -> None:
    write(tmp_path / "dem.tif")
    found, faults = read_heights(plan_of(tmp_path, streets={"elevation": "dem.tif"}), SMALL, METRIC)
    assert faults == [] and found is not None and found.values.shape == (100, 100)
    grid = found.transform
    column, row = (X + 1505 - grid.c) / grid.a, (Y + 1505 - grid.f) / grid.e
    assert found.values[int(row), int(column)] == pytest.approx(150, abs=1.01)


def test_rasters_of_another_system_are_brought_over(tmp_path: Path) -> None:
    degrees = Affine(0.0001, 0, 114.0, 0, -0.0001, 33.03)
    values = np.full((400, 400), 7, np.float32)
    with rasterio.open(
        tmp_path / "d.tif", "w", driver="GTiff", width=400, height=400, count=1, dtype="float32",
        crs="EPSG:4326", transform=degrees,
    ) as file:  # fmt: skip
        file.write(values, 1)
    found, _ = read_heights(plan_of(tmp_path, streets={"elevation": "d.tif"}), SMALL, METRIC)
    assert found is not None and np.nanmax(np.abs(found.values - 7)) < 1e-3
    assert found.transform.c == pytest.approx(X + 1000, abs=15)


def test_what_cannot_be_used_is_told(tmp_path: Path) -> None:
    def told(name: str) -> list[str]:
        return codes(read_heights(plan_of(tmp_path, streets={"elevation": name}), SMALL, METRIC)[1])

    write(tmp_path / "bare.tif", crs=None)
    write(tmp_path / "far.tif", west=X + 50_000)
    (tmp_path / "no.tif").write_text("no raster")
    assert told("bare.tif") == ["elevation_no_crs"]
    assert told("far.tif") == ["elevation_outside"]
    assert told("no.tif") == ["elevation_unreadable"]
    write(tmp_path / "part.tif")
    found, faults = read_heights(plan_of(tmp_path, streets={"elevation": "part.tif"}), REGION, METRIC)
    assert found is not None and codes(faults, "warning") == ["elevation_partly_outside"]
    assert read_heights(plan_of(tmp_path), SMALL, METRIC) == (None, [])
