"""The land of Toytown: ways, cells, schools, buildings and water, as `layers` would hand them over."""

from __future__ import annotations

import itertools
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from affine import Affine
from pyproj import CRS
from shapely.geometry import LineString, MultiPoint, Point, box

from layers.bundle import STAGES, Cells, IndexRaster, Layers, Source, Streets, Surroundings
from layers.planfile import (
    CoverageSection,
    PlanFile,
    PlanSection,
    PopulationSection,
    RegionSection,
    SchoolsSection,
    StandardsSection,
    StreetsSection,
)

CRS_METRIC = CRS.from_epsg(32632)
EAST, NORTH, SIDE = 319_000.0, 5_400_000.0, 100.0
ROWS = 10
AREA_OF_ROW = ("town",) * 6 + ("rural",) * 4
RESIDENTS_OF_ROW = (40.0,) * 5 + (0.0,) + (10.0,) * 4
RIVER_Y = 550.0
GATE = (300.0, 205.0)
CROSSINGS = {(500.0, 200.0): "traffic_signals", (500.0, 400.0): "marked", (800.0, 200.0): "uncontrolled"}
WAY_TAGS = (
    "highway", "name", "access", "foot", "bridge", "oneway", "lanes", "maxspeed", "width", "sidewalk", "surface",
    "lit", "service", "cycleway", "layer", "tunnel", "separation", "traffic_calming", "segregated", "smoothness",
)  # fmt: skip
NODE_TAGS = ("highway", "crossing", "barrier", "traffic_calming", "button_operated", "tactile_paving")

Way = tuple[int, list[tuple[float, float]], dict[str, str]]


def at(x: float, y: float) -> tuple[float, float]:
    """Metres from the corner of the town to metres of the map."""
    return EAST + x, NORTH + y


def ways() -> list[Way]:
    """Every way as ``(osm id, points in town metres, tags)``; grid ways have a point at every street corner."""
    found: list[Way] = []
    for k in range(11):
        line = 100.0 * k
        for number, points in enumerate(_pieces(line)):
            found.append((1000 + 10 * k + number, points, _tags("row", k)))
        for number, points in enumerate([[(y, x) for x, y in piece] for piece in _pieces(line, river=True)]):
            found.append((2000 + 10 * k + number, points, _tags("column", k)))
    private = {"highway": "service", "name": "Compound Lane", "access": "private"}
    found.append((3001, [(300.0, 200.0), GATE, (300.0, 300.0)], private))
    found.append((3002, [(250.0, 300.0), (300.0, 300.0), (350.0, 300.0)], private))
    bridge = {**_tags("column", 5), "bridge": "yes", "layer": "1", "name": "Toytown Bridge"}
    found.append((4001, [(500.0, 500.0), (500.0, 600.0)], bridge))
    return found


def _pieces(line: float, *, river: bool = False) -> list[list[tuple[float, float]]]:
    """A street along one grid line, cut by the compound (lines at 300 m) and, for columns, by the river."""
    runs = [[]]
    for k in range(11):
        inside = line == 300.0 and 200.0 < 100.0 * k < 400.0
        cut = (line == 300.0 and k == 4) or (river and k == 6)
        if inside:
            continue
        if cut:
            runs.append([])
        runs[-1].append((100.0 * k, line))
    return [run for run in runs if len(run) > 1]


def _tags(kind: str, k: int) -> dict[str, str]:
    if (kind, k) in {("row", 2), ("column", 5)}:
        name = "Main Street" if kind == "row" else "Bridge Avenue"
        return {"highway": "secondary", "name": name, "lanes": "2", "maxspeed": "50", "sidewalk": "both"}
    name = f"{k}th {'Street' if kind == 'row' else 'Avenue'}"
    known = {"maxspeed": "30", "sidewalk": "both", "lit": "yes"} if k % 2 == 0 else {}
    return {"highway": "residential", "name": name, **known}


def streets() -> Streets:
    """The street graph: a node at every point of every way, an edge between neighbours."""
    points = sorted({point for _, line, _ in ways() for point in line}, key=lambda p: (p[1], p[0]))
    row = {point: k for k, point in enumerate(points)}
    edges = [(row[a], row[b], a, b, way, tags) for way, line, tags in ways() for a, b in itertools.pairwise(line)]
    lines = [LineString([at(*a), at(*b)]) for _, _, a, b, _, _ in edges]
    table = gpd.GeoDataFrame(
        {
            "u": np.array([e[0] for e in edges], np.int32),
            "v": np.array([e[1] for e in edges], np.int32),
            "osm_id": [str(e[4]) for e in edges],
            "length_m": [line.length for line in lines],
            "walk": True,
            "private": [e[5].get("access") == "private" for e in edges],
            "drive_forward": True,
            "drive_backward": True,
            "ferry_min": np.nan,
            **{tag: pd.Series([e[5].get(tag) for e in edges], dtype=object) for tag in WAY_TAGS},
        },
        geometry=lines,
        crs=CRS_METRIC,
    )
    fence = box(*at(205, 205), *at(395, 395)).exterior
    river = LineString([at(0, RIVER_Y), at(1000, RIVER_Y)])
    barriers = gpd.GeoDataFrame(
        {"kind": ["water", "fence"]}, geometry=[river, LineString(fence.coords)], crs=CRS_METRIC
    )
    openings = gpd.GeoDataFrame({"kind": ["gate"]}, geometry=[Point(at(*GATE))], crs=CRS_METRIC)
    return Streets(_nodes(points), table, barriers, openings)


def _nodes(points: list[tuple[float, float]]) -> pd.DataFrame:
    tags = [_node_tags(point) for point in points]
    return pd.DataFrame(
        {
            "osm_id": np.arange(1, len(points) + 1, dtype=np.int64),
            "x": [at(*p)[0] for p in points],
            "y": [at(*p)[1] for p in points],
            **{tag: pd.Series([t.get(tag) for t in tags], dtype=object) for tag in NODE_TAGS},
            "signals": [t.get("crossing") == "traffic_signals" for t in tags],
        }
    )


def _node_tags(point: tuple[float, float]) -> dict[str, str]:
    if point == GATE:
        return {"barrier": "gate"}
    return {"highway": "crossing", "crossing": CROSSINGS[point]} if point in CROSSINGS else {}


def cells() -> Cells:
    """100 cells of 100 m, row by row from the south-west: row number = 10 * north + east."""
    k = np.arange(100)
    north, east = k // 10, k % 10
    table = pd.DataFrame(
        {
            "cell_id": [f"c{n}{e}" for n, e in zip(north, east, strict=True)],
            "x": EAST + 50.0 + 100.0 * east,
            "y": NORTH + 50.0 + 100.0 * north,
            "residents": np.array(RESIDENTS_OF_ROW)[north],
            "area_id": np.array(AREA_OF_ROW, dtype=object)[north],
            "side_m": SIDE,
        }
    )
    index = np.flipud(k.reshape(10, 10)).astype(np.int32)
    raster = IndexRaster(index, Affine(SIDE, 0, EAST, 0, -SIDE, NORTH + 1000.0), CRS_METRIC)
    return Cells(table, raster, kind="grid", modelled=False, notes={"residents": 2400.0})


SCHOOLS = (
    # id, name, stage, (x, y), setting, {stage: (places, classes, enrolment)}
    ("S1", "East Primary School", "primary", (750, 250), "town", {"primary": (270, 6, 180)}),
    ("S2", "River Junior School", "junior", (150, 450), "town", {"junior": (50, 1, 45)}),
    (
        "S3",
        "Bridge Nine-Year School",
        "nine_year",
        (550, 750),
        "rural",
        {"primary": (20, 1, 22), "junior": (30, 1, 18)},
    ),
)
GATES = (("S1", 750, 200), ("S1", 800, 250), ("S2", 150, 400), ("S3", 500, 750))
SERVES = {"nine_year": ("primary", "junior"), "twelve_year": ("primary", "junior", "senior")}


def schools() -> gpd.GeoDataFrame:
    """The three schools, with every contract column."""
    columns: dict[str, object] = {
        "id": [s[0] for s in SCHOOLS],
        "name": [s[1] for s in SCHOOLS],
        "stage": [s[2] for s in SCHOOLS],
        "stages": [SERVES.get(s[2], (s[2],)) for s in SCHOOLS],
        "ownership": "public",
        "setting": [s[4] for s in SCHOOLS],
        "scope": "inside",
        "campus_of": pd.Series([None] * 3, dtype=object),
        "group": pd.Series([None] * 3, dtype=object),
    }
    for name in ("shifts", "opened", "closes", "pupils_from_outside", "beds", "boarders", "site_m2"):
        columns[name] = np.nan
    for stage in STAGES:
        given = [s[5].get(stage, (np.nan,) * 3) for s in SCHOOLS]
        columns[f"places_{stage}"] = [float(g[0]) for g in given]
        columns[f"classrooms_{stage}"] = np.nan
        columns[f"classes_{stage}"] = [float(g[1]) for g in given]
        columns[f"enrolment_{stage}"] = [float(g[2]) for g in given]
    columns |= {"assumed": "", "source": "invented"}
    return gpd.GeoDataFrame(columns, geometry=[Point(at(*s[3])) for s in SCHOOLS], crs=CRS_METRIC)


def gates() -> gpd.GeoDataFrame:
    """Gates on the streets around each school."""
    points = [Point(at(x, y)) for _, x, y in GATES]
    return gpd.GeoDataFrame({"school_id": [g[0] for g in GATES]}, geometry=points, crs=CRS_METRIC)


def areas() -> gpd.GeoDataFrame:
    """The town south of y = 600 and the rural north."""
    return gpd.GeoDataFrame(
        {"area_id": ["town", "rural"], "name": ["Town", "North"], "setting": ["town", "rural"]},
        geometry=[box(*at(0, 0), *at(1000, 600)), box(*at(0, 600), *at(1000, 1000))],
        crs=CRS_METRIC,
    )


def surroundings() -> Surroundings:
    """A house of 16 x 16 m at every populated cell, the school buildings, the river's water and a park."""
    table = cells().table
    home = table[table["residents"] > 0]
    houses = [box(x - 8, y - 8, x + 8, y + 8) for x, y in zip(home["x"], home["y"], strict=True)]
    halls = [box(*at(s[3][0] - 20, s[3][1] + 10), *at(s[3][0] + 20, s[3][1] + 30)) for s in SCHOOLS]
    count = len(houses)
    buildings = gpd.GeoDataFrame(
        {
            "osm_id": [f"w{5001 + k}" for k in range(count + len(halls))],
            "kind": ["house"] * count + ["school"] * len(halls),
            "levels": [2.0] * count + [3.0] * len(halls),
            "residential": [True] * count + [False] * len(halls),
            "name": pd.Series([None] * count + [s[1] for s in SCHOOLS], dtype=object),
        },
        geometry=houses + halls,
        crs=CRS_METRIC,
    )
    water = box(*at(0, RIVER_Y - 10), *at(1000, RIVER_Y + 10))
    park = box(*at(610, 310), *at(690, 390))
    ground = gpd.GeoDataFrame({"kind": ["water", "green"]}, geometry=[water, park], crs=CRS_METRIC)
    return Surroundings(buildings, ground, osm_schools())


def osm_schools() -> gpd.GeoDataFrame:
    """The same schools as a mapper drew them."""
    return gpd.GeoDataFrame(
        {
            "osm_id": [f"n{9001 + k}" for k in range(len(SCHOOLS))],
            "name": [s[1] for s in SCHOOLS],
            "stage": [s[2] for s in SCHOOLS],
            "tags": [{"amenity": "school", "name": s[1]} for s in SCHOOLS],
        },
        geometry=[Point(at(*s[3])) for s in SCHOOLS],
        crs=CRS_METRIC,
    )


def ages() -> pd.DataFrame:
    """One hundred single years of 24 residents: every year of age is one per cent of the 2400."""
    return pd.DataFrame({"age": np.arange(100), "residents": 24.0})


def plan(root: Path = Path("toytown")) -> PlanFile:
    """The plan as `plan.toml` of `write_toytown` says it."""
    return PlanFile(
        root=root,
        plan=PlanSection(name="toytown", title="Toytown", title_zh="玩具镇", notice="Invented.", notice_zh="虚构。"),
        region=RegionSection(boundary="boundary.geojson", areas="townships.geojson", crs="EPSG:32632"),
        population=PopulationSection(grid="cells.csv", year=2024, ages="ages.csv", display_m=100.0),
        streets=StreetsSection(osm="streets.osm"),
        schools=SchoolsSection(table="schools.csv", gates="gates.csv", year=2024),
        standards=StandardsSection(profile="cn"),
        coverage=CoverageSection(stages=("primary", "junior")),
    )


def toytown() -> Layers:
    """All of Toytown in memory, metric, without faults."""
    boundary = MultiPoint([at(0, 0), at(1000, 1000)]).envelope
    files = {
        "region": "boundary.geojson",
        "population": "cells.csv",
        "streets": "streets.osm",
        "schools": "schools.csv",
    }
    sources = tuple(
        Source(role, file, f"{k:064x}", 1000 + k, "2024-09-01T00:00:00+00:00", 2024, "CC0")
        for k, (role, file) in enumerate(files.items())
    )
    return Layers(
        plan=plan(), crs=CRS_METRIC, boundary=boundary, areas=areas(), cells=cells(), streets=streets(),
        surroundings=surroundings(), schools=schools(), gates=gates(), tables={"ages": ages()},
        sources=sources, faults=(),
    )  # fmt: skip
