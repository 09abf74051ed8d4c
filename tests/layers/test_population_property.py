"""Nobody is lost and nobody doubled, whatever the boundary, the sub-areas, the CRS and the refinement."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from affine import Affine
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pyproj import CRS, Transformer
from shapely.geometry import MultiPoint, box
from shapely.geometry.base import BaseGeometry

from layers.bundle import Cells
from layers.population import read_population, refine
from tests.layers.population_land import EAST, NORTH, UTM, areas_of, buildings_of, metres, plan_of, write_raster

SIDE = 600.0
COORDINATE = st.floats(0, SIDE, allow_nan=False, width=32)
PLACES = st.tuples(COORDINATE, COORDINATE)
BOUNDARIES = st.lists(PLACES, min_size=3, max_size=9, unique=True)
COUNTS = st.lists(st.one_of(st.just(0.0), st.floats(0.0625, 1e4, width=32)), min_size=36, max_size=36)
SEEDS = st.lists(PLACES, min_size=1, max_size=5, unique=True)

SETTINGS = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)


def region_of(places: list[tuple[float, float]]) -> BaseGeometry | None:
    """A convex region of some size about the places, or None."""
    shape = MultiPoint([(EAST + x, NORTH + y) for x, y in places]).convex_hull
    return shape if shape.area > 20_000 else None


def divided(region: BaseGeometry, seeds: list[tuple[float, float]]) -> gpd.GeoDataFrame:
    """The region cut into the parts nearest to each seed."""
    points = MultiPoint([(EAST + x, NORTH + y) for x, y in seeds])
    if len(points.geoms) == 1:
        return areas_of({"a0": region})
    parts = shapely.voronoi_polygons(points, extend_to=metres(-SIDE, -SIDE, 2 * SIDE, 2 * SIDE))
    kept = [part.intersection(region) for part in parts.geoms]
    return areas_of({f"a{k}": part for k, part in enumerate(kept) if part.area > 0})


def read(folder: Path, values: Any, region: BaseGeometry, areas: gpd.GeoDataFrame, **raster: Any) -> Cells:
    write_raster(folder / "people.tif", values, **raster)
    return read_population(plan_of(folder, raster="people.tif"), region, areas, UTM, None)[0]


def by_hand(values: np.ndarray, region: BaseGeometry) -> float:
    """Area-weighted sum of 100 m pixels, one shapely intersection at a time."""
    total = 0.0
    for row, col in np.ndindex(*values.shape):
        pixel = metres(100 * col, SIDE - 100 * row - 100, 100 * col + 100, SIDE - 100 * row)
        total += float(values[row, col]) * pixel.intersection(region).area / 1e4
    return total


@SETTINGS
@given(BOUNDARIES, SEEDS, COUNTS)
def test_cells_sum_to_the_area_weighted_raster(
    tmp_path: Path, places: list[tuple[float, float]], seeds: list[tuple[float, float]], counts: list[float]
) -> None:
    region, values = region_of(places), np.array(counts, dtype=np.float32).reshape(6, 6)
    expected = by_hand(values, region) if region is not None else 0.0
    assume(expected >= 1.0)
    assert region is not None
    whole = read(tmp_path, values, region, areas_of({"all": region}))
    assert whole.table["residents"].sum() == pytest.approx(expected, rel=1e-6)
    areas = divided(region, seeds)
    cells = read(tmp_path, values, region, areas)
    assert cells.table["residents"].sum() == pytest.approx(whole.table["residents"].sum(), rel=1e-9)
    assert cells.table["cell_id"].is_unique
    sums = cells.table.groupby("area_id")["residents"].sum()
    for area_id, shape in areas.set_index("area_id").geometry.items():
        assert sums.get(area_id, 0.0) == pytest.approx(by_hand(values, shape), rel=1e-5, abs=1e-4 * expected)
    points = shapely.points(cells.table["x"], cells.table["y"])
    own = areas.set_index("area_id").geometry.loc[cells.table["area_id"]].to_numpy()
    assert (shapely.distance(points, own) < 1e-3).all()


@SETTINGS
@given(BOUNDARIES, SEEDS, COUNTS, st.sampled_from([4326, "ESRI:54009", 32633, 3035]))
def test_areas_close_in_any_crs(
    tmp_path: Path, places: list[tuple[float, float]], seeds: list[tuple[float, float]], counts: list[float], crs: Any
) -> None:
    region = region_of(places)
    assume(region is not None)
    assert region is not None
    target = CRS.from_user_input(crs)
    frame = gpd.GeoSeries([metres(-50, -50, SIDE + 50, SIDE + 50)], crs=UTM).to_crs(target).total_bounds
    grid = Affine((frame[2] - frame[0]) / 6, 0, frame[0], 0, -(frame[3] - frame[1]) / 6, frame[3])
    values = np.array(counts).reshape(6, 6)
    there = gpd.GeoSeries([region.segmentize(50)], crs=UTM).to_crs(target).iloc[0]
    shares = [
        shapely.box(*_pixel(grid, row, col)).intersection(there).area / abs(grid.a * grid.e)
        for row, col in np.ndindex(6, 6)
    ]
    expected = float((values.ravel() * shares).sum())
    assume(expected >= 1.0)
    cells = read(tmp_path, values, region, divided(region, seeds), crs=target, transform=grid)
    assert cells.table["residents"].sum() == pytest.approx(expected, rel=1e-6)
    finer = refine(cells, 40, buildings_of([]))
    pd.testing.assert_series_equal(_by_parent(finer), _by_parent(cells), rtol=1e-9)
    assert set(np.unique(finer.index.cell)) <= set(range(-1, len(finer.table)))


def _pixel(grid: Affine, row: int, col: int) -> tuple[float, float, float, float]:
    west, north = grid.c + col * grid.a, grid.f + row * grid.e
    return west, north + grid.e, west + grid.a, north


def _by_parent(cells: Cells) -> pd.Series:
    return cells.table.groupby(cells.table["cell_id"].str.split(":").str[0])["residents"].sum()


@SETTINGS
@given(BOUNDARIES, SEEDS, COUNTS, st.integers(2, 9), st.lists(PLACES, max_size=12, unique=True))
def test_refining_keeps_every_parent(
    tmp_path: Path,
    places: list[tuple[float, float]],
    seeds: list[tuple[float, float]],
    counts: list[float],
    parts: int,
    homes: list[tuple[float, float]],
) -> None:
    region, values = region_of(places), np.array(counts).reshape(6, 6)
    assume(region is not None and by_hand(values, region) >= 1.0)
    assert region is not None
    cells = read(tmp_path, values, region, divided(region, seeds))
    houses = buildings_of(
        [(f"w{k}", "house", 1.0 + k % 3, metres(x, y, x + 8, y + 8)) for k, (x, y) in enumerate(homes)]
    )
    finer = refine(cells, 100 / parts, houses)
    pd.testing.assert_series_equal(_by_parent(finer), _by_parent(cells), rtol=1e-9)
    assert (finer.table["side_m"] <= 100 / parts * 1.01 + 1e-9).all()
    assert finer.table["cell_id"].is_unique
    assert finer.table.groupby("area_id")["residents"].sum().to_dict() == pytest.approx(
        cells.table.groupby("area_id")["residents"].sum().to_dict(), rel=1e-9
    )


@SETTINGS
@given(BOUNDARIES, SEEDS, COUNTS, st.floats(0, 90), st.integers(2, 5))
def test_polygon_grids_close(
    tmp_path: Path,
    places: list[tuple[float, float]],
    seeds: list[tuple[float, float]],
    counts: list[float],
    turn: float,
    parts: int,
) -> None:
    """A turned grid: the cells' sum is the area-weighted one, in every sub-area, before and after dividing."""
    region = region_of(places)
    assume(region is not None)
    assert region is not None
    squares = [box(EAST + 100 * c, NORTH + 100 * r, EAST + 100 * c + 100, NORTH + 100 * r + 100)
               for r in range(6) for c in range(6)]  # fmt: skip
    shapes = gpd.GeoSeries(squares, crs=UTM).rotate(turn, origin=(EAST + 300, NORTH + 300))
    expected = float((np.array(counts) * shapes.intersection(region).area / 1e4).sum())
    assume(expected >= 1.0)
    grid = gpd.GeoDataFrame({"residents": counts}, geometry=shapes)
    grid.to_file(tmp_path / "grid.gpkg")
    areas = divided(region, seeds)
    cells, _ = read_population(plan_of(tmp_path, grid="grid.gpkg"), region, areas, UTM, None)
    assert cells.table["residents"].sum() == pytest.approx(expected, rel=1e-6)
    finer = refine(cells, 100 / parts, None)
    pd.testing.assert_series_equal(_by_parent(finer), _by_parent(cells), rtol=1e-9)


def test_a_long_straight_border_is_bent_as_the_raster_sees_it(tmp_path: Path) -> None:
    """A 100 km straight line in metres bows by hundreds of metres in degrees; both sides of it still meet."""
    line = box(EAST - 50_000, NORTH, EAST + 50_000, NORTH + 2_000)
    to_degrees = Transformer.from_crs(UTM, 4326, always_xy=True)
    west, south, east, north = to_degrees.transform_bounds(*line.bounds, densify_pts=200)
    grid = Affine((east - west) / 400, 0, west, 0, -(north - south) / 20, north)
    south_half = box(EAST - 50_000, NORTH, EAST + 50_000, NORTH + 1_000)
    areas = areas_of({"n": line.difference(south_half), "s": south_half})
    cells = read(tmp_path, np.ones((20, 400)), line, areas, crs=4326, transform=grid)
    there = gpd.GeoSeries([line.segmentize(20), south_half.segmentize(20)], crs=UTM).to_crs(4326)
    pixel = abs(grid.a * grid.e)
    assert cells.table["residents"].sum() == pytest.approx(there.iloc[0].area / pixel, rel=1e-6)
    sums = cells.table.groupby("area_id")["residents"].sum()
    assert sums["s"] == pytest.approx(there.iloc[1].area / pixel, rel=1e-5)
