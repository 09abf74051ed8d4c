"""Writes the generated county as a plan folder, in the files a county office would bring."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import geopandas as gpd

from layers.demo.county.buildings import add_ground
from layers.demo.county.osm import OsmDraft, write_osm
from layers.demo.county.people import ages, births, registered, write_population
from layers.demo.county.projects import costs, exclusions, housing, sites, stops, venues
from layers.demo.county.schools import schools
from layers.demo.county.streets import add_streets
from layers.demo.county.terrain import CRS, Land, make_land

NAME = "qinghe"


def write_county(folder: Path) -> Path:
    """Write every input of the invented county into ``folder`` and hand back its ``plan.toml``.

    The same bytes at every call: seeds are fixed, coordinates rounded. Takes a few seconds.
    """
    folder.mkdir(parents=True, exist_ok=True)
    land = make_land()
    _regions(land, folder)
    draft = OsmDraft()
    grids = add_streets(draft, land)
    add_ground(draft, land, grids)
    table = schools(land, draft, grids)
    table.to_csv(folder / "schools.csv", index=False, encoding="utf-8-sig")
    write_osm(draft, folder / "streets.osm.pbf")
    write_population(land, folder / "population.tif")
    for name, rows in {"ages": ages(), "births": births(), "registered": registered(), "costs": costs()}.items():
        rows.to_csv(folder / f"{name}.csv", index=False)
    _points(stops(land, table), folder / "stops.csv")
    for name, layer in {"housing": housing(land), "sites": sites(land), "venues": venues(land)}.items():
        _geojson(layer, folder / f"{name}.geojson")
    _geojson(exclusions(land), folder / "exclusions.geojson")
    shutil.copyfile(Path(__file__).with_name("plan.toml"), folder / "plan.toml")
    return folder / "plan.toml"


def _regions(land: Land, folder: Path) -> None:
    region = gpd.GeoDataFrame({"name": ["青禾县（虚构）"], "geometry": [land.boundary]}, crs=CRS)
    _geojson(region, folder / "boundary.geojson")
    rows = [
        {"id": key, "name": zh, "name_en": en, "setting": setting, "geometry": polygon}
        for key, zh, en, setting, polygon in land.townships
    ]
    _geojson(gpd.GeoDataFrame(rows, crs=CRS), folder / "townships.geojson")


def _points(table: object, path: Path) -> None:
    frame = gpd.GeoDataFrame(table)
    where = gpd.GeoSeries.from_xy(frame["x"], frame["y"], crs=CRS).to_crs(4326)
    frame.assign(lon=where.x.round(7), lat=where.y.round(7)).drop(columns=["x", "y"]).to_csv(path, index=False)


def _geojson(layer: gpd.GeoDataFrame, path: Path) -> None:
    """RFC 7946: longitude and latitude, seven decimals, no CRS member."""
    data = json.loads(layer.to_crs(4326).to_json(drop_id=True, na="drop", show_bbox=False))
    data.pop("crs", None)
    path.write_text(json.dumps(_rounded(data), ensure_ascii=False, separators=(",", ":")), encoding="utf-8")


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return round(value, 7)
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return value
