"""Plan folders of real cities, written from the extracts in the folder ``GEOPLAN_DATA`` names."""

from __future__ import annotations

import os
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
from shapely import MultiPoint, box
from shapely.geometry.base import BaseGeometry

DATA = Path(os.environ.get("GEOPLAN_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data")
PORTO_ALEGRE, BEIJING = DATA / "porto_alegre", DATA / "beijing_tsinghua"
NEEDS_PORTO_ALEGRE = "needs the extract of Porto Alegre: set GEOPLAN_DATA to the folder of real extracts"
NEEDS_BEIJING = "needs the extract of Beijing: set GEOPLAN_DATA to the folder of real extracts"
METRIC_OF_PORTO_ALEGRE = 31982
BEIJING_RESIDENTS = 30_000

PLAN_OF_PORTO_ALEGRE = """\
[plan]
name = "porto_alegre"
title = "Porto Alegre"
notice = "Residents and streets are real. Names, stages and places of the schools and the sub-areas are invented."
notice_zh = "居民与街道为真实数据；学校名称、学段、学位数及分区均为虚构。"

[region]
boundary = "boundary.geojson"
{areas}
crs = "EPSG:31982"

[population]
{population}
year = 2020

[streets]
osm = "streets.osm.pbf"

[schools]
table = "schools.csv"
year = 2020

[standards]
profile = "neutral"

[coverage]
stages = ["primary"]
"""

PLAN_OF_BEIJING = """\
[plan]
name = "tsinghua"
title = "Tsinghua"
title_zh = "清华园"
language = "zh"
notice = "Streets, buildings and school names are real (2017). Residents, stages and places are invented."
notice_zh = "街道、建筑与学校名称为真实数据（2017年）；居民数、学段与学位数均为虚构。"

[region]
boundary = "boundary.geojson"

[population]
buildings = true
control_total = {residents}
year = 2017

[streets]
osm = "streets.osm"

[schools]
{schools}
year = 2017

[standards]
profile = "cn"
"""

STAGE_BY_PART = {"幼儿园": "幼儿园", "附小": "小学", "艺术": "小学", "附中": "初中", "中学": "初中"}


def porto_alegre(folder: Path, source: Literal["raster", "grid"], *, areas: bool = True) -> Path:
    """Porto Alegre with its residents on 100 m pixels or on hexagon centres; everything else is the same."""
    folder.mkdir(parents=True, exist_ok=True)
    population = {"raster": 'raster = "population.tif"', "grid": 'grid = "cells.csv"'}[source]
    named = 'areas = "areas.geojson"' if areas else ""
    text = PLAN_OF_PORTO_ALEGRE.format(population=population, areas=named)
    (folder / "plan.toml").write_text(text, encoding="utf-8")
    region = peopled_region()
    _write([region], {"name": ["Porto Alegre"]}, folder / "boundary.geojson")
    if areas:
        thirds = strips(region, 3)
        names = ["west", "middle", "east"]
        _write(thirds, {"id": names, "name": names, "setting": ["town"] * 3}, folder / "areas.geojson")
    if source == "raster":
        shutil.copyfile(PORTO_ALEGRE / "population.tif", folder / "population.tif")
    else:
        hexagons().to_csv(folder / "cells.csv", index=False)
    schools_of_porto_alegre().to_csv(folder / "schools.csv", index=False)
    shutil.copyfile(PORTO_ALEGRE / "streets.osm.pbf", folder / "streets.osm.pbf")
    return folder


def hexagons() -> pd.DataFrame:
    """Residents at hexagon centres under the names of the contract."""
    table = pd.read_csv(PORTO_ALEGRE / "hexgrid.csv").rename(columns={"population": "residents"})
    return table[["id", "lon", "lat", "residents"]]


def schools_of_porto_alegre() -> pd.DataFrame:
    """All schools as primary schools with invented names and 180 to 320 invented places, 250 in the mean."""
    table = pd.read_csv(PORTO_ALEGRE / "schools.csv")
    row = np.arange(len(table))
    return table.assign(name=[f"School {k + 1}" for k in row], stage="primary", places=180 + 20 * (row % 8))


def peopled_region() -> BaseGeometry:
    """The hull of the populated pixels and of the hexagons, 400 m wider, so that both lie wholly inside; metric."""
    with rasterio.open(PORTO_ALEGRE / "population.tif") as raster:
        values, grid = raster.read(1), raster.transform
        assert raster.crs.to_epsg() == METRIC_OF_PORTO_ALEGRE
    rows, columns = np.nonzero(values > 0)
    pixels = np.column_stack([grid.c + grid.a * (columns + 0.5), grid.f + grid.e * (rows + 0.5)])
    cells = hexagons()
    centres = gpd.GeoSeries(gpd.points_from_xy(cells["lon"], cells["lat"]), crs=4326).to_crs(METRIC_OF_PORTO_ALEGRE)
    return MultiPoint(np.vstack([pixels, np.column_stack([centres.x, centres.y])])).convex_hull.buffer(400.0)


def strips(region: BaseGeometry, number: int) -> list[BaseGeometry]:
    """Sub-areas of equal width from west to east."""
    west, south, east, north = region.bounds
    at = np.linspace(west, east, number + 1)
    return [box(at[k], south, at[k + 1], north).intersection(region) for k in range(number)]


def _write(shapes: list[BaseGeometry], columns: dict[str, list[str]], path: Path) -> None:
    frame = gpd.GeoDataFrame(columns, geometry=shapes, crs=METRIC_OF_PORTO_ALEGRE)
    path.write_text(frame.to_crs(4326).to_json(drop_id=True), encoding="utf-8")


def beijing(folder: Path, *, osm_schools: bool = False) -> Path:
    """Tsinghua, its schools from a table with Chinese headings in GB 18030, or from the street file."""
    folder.mkdir(parents=True, exist_ok=True)
    named = "osm = true" if osm_schools else 'table = "学校.csv"'
    text = PLAN_OF_BEIJING.format(residents=BEIJING_RESIDENTS, schools=named)
    (folder / "plan.toml").write_text(text, encoding="utf-8")
    root = ET.parse(BEIJING / "streets.osm").getroot()
    bounds = root.find("bounds")
    assert bounds is not None
    edges = [float(bounds.attrib[name]) for name in ("minlon", "minlat", "maxlon", "maxlat")]
    region = gpd.GeoDataFrame({"name": ["清华园"]}, geometry=[box(*edges)], crs=4326)
    (folder / "boundary.geojson").write_text(region.to_json(drop_id=True), encoding="utf-8")
    if not osm_schools:
        schools_of_beijing(root).to_csv(folder / "学校.csv", index=False, encoding="gb18030")
    shutil.copyfile(BEIJING / "streets.osm", folder / "streets.osm")
    return folder


def schools_of_beijing(root: ET.Element) -> pd.DataFrame:
    """The eight schools and kindergartens with a name; stages are read off the names, places are invented."""
    at = {node.attrib["id"]: (float(node.attrib["lon"]), float(node.attrib["lat"])) for node in root.iter("node")}
    rows = []
    for element in (*root.iter("node"), *root.iter("way")):
        tags = {tag.attrib["k"]: tag.attrib["v"] for tag in element.iter("tag")}
        name = tags.get("name", "")
        stage = next((value for part, value in STAGE_BY_PART.items() if part in name), None)
        if tags.get("amenity") not in {"school", "kindergarten"} or stage is None:
            continue
        points = [at[ref.attrib["ref"]] for ref in element.iter("nd")] or [at[element.attrib["id"]]]
        lon, lat = np.mean(points, axis=0).round(7).tolist()
        rows.append((element.attrib["id"], name, stage, lon, lat))
    table = pd.DataFrame(rows, columns=["学校编号", "学校名称", "学段", "经度", "纬度"]).sort_values("学校编号")
    return table.assign(学位数=[270 + 90 * (k % 3) for k in range(len(table))])
