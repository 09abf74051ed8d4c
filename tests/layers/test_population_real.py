"""Real places: totals that are published, and the same people seen through different grids."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from pyproj import CRS
from scipy.spatial import cKDTree
from shapely.geometry import MultiPoint, box
from shapely.geometry.base import BaseGeometry

from layers.bundle import Cells
from layers.planfile import read_plan
from layers.population import read_population, refine
from layers.streets import read_streets
from tests.layers.population_land import codes, plan_of

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("GEOPLAN_DATA", ROOT.parent / "shared" / "data"))
DEMO = ROOT / "layers" / "demo" / "data"
RASTERS = [
    ("porto_alegre/population.tif", 31982, 812_935.0, 100.0),
    ("rasters/worldpop_ahr.tif", 32632, 191_420.39, 74.05),
    ("rasters/ghs_pop_touggourt.tif", 32631, 225_709.27, 998.64),
]


def data(name: str) -> Path:
    path = DATA / name
    if not path.is_file():
        pytest.skip(f"no {path}: set GEOPLAN_DATA to the folder of real extracts")
    return path


@cache
def peopled(path: Path, epsg: int) -> BaseGeometry:
    """A region about everybody: the convex hull of the populated pixels, two pixels wider."""
    with rasterio.open(path) as raster:
        values, grid, crs = raster.read(1), raster.transform, raster.crs
    rows, columns = np.nonzero(values > 0)
    points = np.column_stack([grid.c + grid.a * (columns + 0.5), grid.f + grid.e * (rows + 0.5)])
    hull = MultiPoint(points).convex_hull.buffer(2 * grid.a)
    return gpd.GeoSeries([hull], crs=crs).to_crs(epsg).iloc[0]


def strips(region: BaseGeometry, epsg: int, number: int) -> gpd.GeoDataFrame:
    """Sub-areas of equal width from west to east."""
    west, south, east, north = region.bounds
    at = np.linspace(west, east, number + 1)
    shapes = [box(at[k], south, at[k + 1], north).intersection(region) for k in range(number)]
    return gpd.GeoDataFrame({"area_id": [f"strip{k:02d}" for k in range(number)]}, geometry=shapes, crs=epsg)


def read(path: Path, epsg: int, region: BaseGeometry, number: int = 1, **source: Any) -> Any:
    plan = plan_of(path.parent, **(source or {"raster": path.name}))
    return read_population(plan, region, strips(region, epsg, number), CRS.from_epsg(epsg), None)


@pytest.mark.parametrize(("name", "epsg", "total", "side_m"), RASTERS)
def test_real_rasters_give_their_total(name: str, epsg: int, total: float, side_m: float) -> None:
    path = data(name)
    region = peopled(path, epsg)
    whole, faults = read(path, epsg, region)
    assert whole.table["residents"].sum() == pytest.approx(total, rel=1e-6)
    assert whole.table["side_m"].median() == pytest.approx(side_m, rel=1e-3)
    assert set(codes(faults)) <= {"population_partly_outside", "population_nodata"}
    parts, _ = read(path, epsg, region, number=7)
    assert parts.table["residents"].sum() == pytest.approx(whole.table["residents"].sum(), rel=1e-9)
    assert len(parts.table) > len(whole.table) == (whole.index.cell >= 0).sum()


@pytest.mark.parametrize(("name", "epsg", "total", "side_m"), RASTERS)
def test_a_tight_region_gives_the_area_weighted_sum(name: str, epsg: int, total: float, side_m: float) -> None:
    """Half the width of the region, against every pixel's overlap taken one by one."""
    path = data(name)
    west, south, east, north = peopled(path, epsg).bounds
    region = box(west + (east - west) / 4, south, east - (east - west) / 4, north).segmentize(50)
    cells, _ = read(path, epsg, region, number=3)
    with rasterio.open(path) as raster:
        values, grid, crs, nodata = raster.read(1).astype(float), raster.transform, raster.crs, raster.nodata
    rows, columns = np.nonzero((values != nodata) & (values > 0))
    x, y = grid.c + grid.a * columns, grid.f + grid.e * rows
    there = gpd.GeoSeries([region], crs=epsg).to_crs(crs).iloc[0]
    pixels = shapely.box(x, y + grid.e, x + grid.a, y)
    inside = shapely.area(shapely.intersection(pixels, there)) / abs(grid.a * grid.e)
    assert cells.table["residents"].sum() == pytest.approx((values[rows, columns] * inside).sum(), rel=1e-6)


def porto_alegre(folder: Path) -> tuple[Cells, Cells, np.ndarray]:
    """The same people on 100 m pixels and on hexagon centres, and the schools."""
    path = data("porto_alegre/population.tif")
    region = peopled(path, 31982)
    hexagons = pd.read_csv(data("porto_alegre/hexgrid.csv")).rename(columns={"population": "residents"})
    hexagons.to_csv(folder / "hexagons.csv", index=False)
    raster, _ = read(path, 31982, region)
    grid, _ = read(folder / "hexagons.csv", 31982, region, grid="hexagons.csv")
    schools = pd.read_csv(data("porto_alegre/schools.csv"))
    places = gpd.GeoSeries(gpd.points_from_xy(schools["lon"], schools["lat"]), crs=4326).to_crs(31982)
    return raster, grid, np.column_stack([places.x, places.y])


def near(cells: Cells, schools: np.ndarray, limit_m: float) -> float:
    """Share of residents within a straight distance of a school."""
    away, _ = cKDTree(schools).query(cells.table[["x", "y"]].to_numpy())
    residents = cells.table["residents"].to_numpy()
    return float(residents[away <= limit_m].sum() / residents.sum())


def test_the_same_people_on_pixels_and_on_hexagons(tmp_path: Path) -> None:
    raster, hexagons, schools = porto_alegre(tmp_path)
    assert hexagons.table["residents"].sum() == 812_935
    assert raster.table["residents"].sum() == pytest.approx(hexagons.table["residents"].sum(), rel=1e-6)
    assert hexagons.table["side_m"].iloc[0] == pytest.approx(306, abs=1)
    assert near(raster, schools, 500) == pytest.approx(0.84, abs=0.005)
    assert near(hexagons, schools, 500) == pytest.approx(0.79, abs=0.005), "too coarse: centres only"
    finer = refine(hexagons, 125, None)
    assert near(finer, schools, 500) == pytest.approx(near(raster, schools, 500), abs=0.005)
    assert near(finer, schools, 300) == pytest.approx(near(raster, schools, 300), abs=0.005)
    assert finer.table["residents"].sum() == pytest.approx(812_935, rel=1e-9)


def test_hexagon_points_fill_the_map(tmp_path: Path) -> None:
    """Each pixel of 25 m shows its hexagon: about 150 of them a cell, none of the peopled cells without."""
    _, hexagons, _ = porto_alegre(tmp_path)
    shown = np.bincount(hexagons.index.cell[hexagons.index.cell >= 0], minlength=len(hexagons.table))
    assert shown.min() > 0
    assert np.median(shown) == pytest.approx(306**2 / 25**2, rel=0.05)


def test_monaco_is_spread_over_its_homes() -> None:
    """38,367 residents of 2023, told apart by floor area; no building has a tenth of them."""
    crs = CRS.from_epsg(32632)
    region = gpd.read_file(DEMO / "boundary.geojson").to_crs(crs).geometry.iloc[0]
    plan = read_plan(DEMO)
    _, surroundings, _ = read_streets(plan, region, crs, 0.0)
    areas = gpd.GeoDataFrame({"area_id": ["monaco"]}, geometry=[region], crs=crs)
    cells, faults = read_population(plan, region, areas, crs, surroundings.buildings)
    assert not faults
    assert cells.table["residents"].sum() == pytest.approx(38_367, rel=1e-12)
    assert cells.modelled and len(cells.table) > 900
    assert cells.table["residents"].max() < 3_837
    assert 30 < cells.notes["floor_m2_per_resident"] < 90, "square metres of gross floor area each: plausible"
    assert refine(cells, 50, surroundings.buildings) is cells
