"""Toytown as a plan folder on disk, for tests from end to end."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import quoteattr

import geopandas as gpd
import pandas as pd
from pyproj import Transformer

from tests.toytown import land

PLAN = """\
[plan]
name = "toytown"
title = "Toytown"
title_zh = "玩具镇"
notice = "Invented."
notice_zh = "虚构。"

[region]
boundary = "boundary.geojson"
areas = "townships.geojson"
crs = "EPSG:32632"

[population]
grid = "cells.csv"
year = 2024
ages = "ages.csv"
display_m = 100.0

[streets]
osm = "streets.osm"

[schools]
table = "schools.csv"
gates = "gates.csv"
year = 2024

[standards]
profile = "cn"

[coverage]
stages = ["primary", "junior"]
"""


def write_toytown(folder: Path) -> Path:
    """Write the plan folder of Toytown and hand it back; read again it gives `toytown()` in substance."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plan.toml").write_text(PLAN, encoding="utf-8")
    areas = land.areas().rename(columns={"area_id": "id"})
    _geojson(areas.dissolve()[["geometry"]], folder / "boundary.geojson")
    _geojson(areas, folder / "townships.geojson")
    table = land.cells().table
    cells = pd.DataFrame({"id": table["cell_id"], **_lonlat(table["x"], table["y"]), "residents": table["residents"]})
    cells.to_csv(folder / "cells.csv", index=False)
    land.ages().to_csv(folder / "ages.csv", index=False)
    _schools().to_csv(folder / "schools.csv", index=False)
    gates = land.gates()
    at_gate = _lonlat(gates.geometry.x, gates.geometry.y)
    pd.DataFrame({"school_id": gates["school_id"], **at_gate}).to_csv(folder / "gates.csv", index=False)
    (folder / "streets.osm").write_text(osm_xml(), encoding="utf-8")
    return folder


def _geojson(table: gpd.GeoDataFrame, path: Path) -> None:
    path.write_text(table.to_crs(4326).to_json(drop_id=True), encoding="utf-8")


def _lonlat(x: pd.Series, y: pd.Series) -> dict[str, list[float]]:
    lon, lat = Transformer.from_crs(land.CRS_METRIC, 4326, always_xy=True).transform(x.to_numpy(), y.to_numpy())
    return {"lon": lon.round(9).tolist(), "lat": lat.round(9).tolist()}


def _schools() -> pd.DataFrame:
    table = land.schools()
    kept = [f"{what}_{stage}" for what in ("places", "classes", "enrolment") for stage in ("primary", "junior")]
    plain = pd.DataFrame(table[["id", "name", "stage", "ownership", "setting", *kept]])
    return plain.assign(**_lonlat(table.geometry.x, table.geometry.y))


def osm_xml() -> str:
    """The streets, river, fence, gate, buildings and schools as OSM XML."""
    paper = _Paper()
    for way, line, tags in land.ways():
        for point in line:
            paper.node(point, land._node_tags(point))
        paper.way(way, line, tags)
    paper.way(6001, [(0.0, land.RIVER_Y), (1000.0, land.RIVER_Y)], {"waterway": "river", "name": "Toy River"})
    ring = [(205.0, 205.0), land.GATE, (395.0, 205.0), (395.0, 395.0), (205.0, 395.0), (205.0, 205.0)]
    paper.way(6002, ring, {"barrier": "fence"})
    around = land.surroundings()
    for number, kind, levels, polygon in around.buildings[["osm_id", "kind", "levels", "geometry"]].itertuples(
        index=False
    ):
        paper.way(
            int(number[1:]), _town(polygon.exterior.coords), {"building": kind, "building:levels": f"{levels:g}"}
        )
    kinds = {"water": {"natural": "water", "water": "river"}, "green": {"leisure": "park"}}
    for k, (kind, polygon) in enumerate(around.ground[["kind", "geometry"]].itertuples(index=False)):
        paper.way(6101 + k, _town(polygon.exterior.coords), kinds[kind])
    for number, tags, point in around.schools[["osm_id", "tags", "geometry"]].itertuples(index=False):
        paper.lone(int(number[1:]), (point.x - land.EAST, point.y - land.NORTH), tags)
    return paper.text()


def _town(coords: object) -> list[tuple[float, float]]:
    return [(x - land.EAST, y - land.NORTH) for x, y in coords]  # type: ignore[attr-defined]


class _Paper:
    """Collects nodes once each, then ways, each in the order of their ids, as OSM files have them."""

    def __init__(self) -> None:
        self.numbers: dict[tuple[float, float], int] = {}
        self.nodes: dict[int, str] = {}
        self.ways: dict[int, str] = {}

    def node(self, point: tuple[float, float], tags: dict[str, str]) -> int:
        if point not in self.numbers:
            self.numbers[point] = len(self.numbers) + 1
            self.lone(self.numbers[point], point, tags)
        return self.numbers[point]

    def lone(self, number: int, point: tuple[float, float], tags: dict[str, str]) -> None:
        place = _lonlat(pd.Series([land.at(*point)[0]]), pd.Series([land.at(*point)[1]]))
        head = f'<node id="{number}" version="1" lat="{place["lat"][0]:.9f}" lon="{place["lon"][0]:.9f}"'
        self.nodes[number] = f"{head}>{_tag_lines(tags)}</node>" if tags else f"{head}/>"

    def way(self, number: int, line: list[tuple[float, float]], tags: dict[str, str]) -> None:
        refs = "".join(f'<nd ref="{self.node(point, {})}"/>' for point in line)
        self.ways[number] = f'<way id="{number}" version="1">{refs}{_tag_lines(tags)}</way>'

    def text(self) -> str:
        body = "\n".join(text for _, text in [*sorted(self.nodes.items()), *sorted(self.ways.items())])
        return f'<?xml version="1.0" encoding="UTF-8"?>\n<osm version="0.6" generator="toytown">\n{body}\n</osm>\n'


def _tag_lines(tags: dict[str, str]) -> str:
    return "".join(f"<tag k={quoteattr(key)} v={quoteattr(value)}/>" for key, value in tags.items())
