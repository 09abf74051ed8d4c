"""Open fields of three kilometres square, empty until a test puts something there; metres from the corner."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import LineString, Point, Polygon, box
from shapely.affinity import translate
from shapely.geometry.base import BaseGeometry

from geoplan.standards import Standards, load
from layers.bundle import Layers, Streets, Surroundings
from tests.toytown.land import CRS_METRIC, EAST, NORTH, toytown

SIDE_M = 3000.0
CN: Standards = load("cn")
Street = tuple[str, str, Sequence[tuple[float, float]]]
LANE: Street = ("residential", "Field Lane", [(0, 1000), (3000, 1000)])


def placed(shape: BaseGeometry) -> BaseGeometry:
    """From metres of the fields to metres of the map."""
    return translate(shape, EAST, NORTH)


def square(x: float, y: float, side: float = 200.0) -> Polygon:
    """A square by its south-west corner."""
    return box(x, y, x + side, y + side)


def fields(
    sites: Sequence[dict[str, Any]] = (),
    *,
    streets: Sequence[Street] = (LANE,),
    ground: Sequence[tuple[str, BaseGeometry]] = (("green", box(2900, 2900, 2950, 2950)),),
    excluded: Sequence[tuple[str, BaseGeometry]] | None = None,
    buildings: Sequence[BaseGeometry] = (),
    homes: bool = True,
) -> Layers:
    """Layers with these things on the fields; ``sites`` are rows with ``id``, ``shape``, and columns of the table."""
    base = toytown()
    tables: dict[str, pd.DataFrame] = {}
    if sites:
        tables["sites"] = _sites(sites)
    if excluded is not None:
        tables["exclusions"] = _kinds(excluded)
    around = Surroundings(_buildings(buildings, homes), _kinds(ground), base.surroundings.schools)
    region = placed(box(0, 0, SIDE_M, SIDE_M))
    areas = gpd.GeoDataFrame(
        {"area_id": ["a"], "name": ["A"], "setting": ["town"]}, geometry=[region], crs=CRS_METRIC
    )
    return replace(
        base, boundary=region, areas=areas, streets=_streets(streets), surroundings=around, tables=tables,
        schools=base.schools.iloc[:0],
    )  # fmt: skip


def _sites(rows: Sequence[dict[str, Any]]) -> gpd.GeoDataFrame:
    shapes = [placed(row["shape"]) for row in rows]
    table = pd.DataFrame([{key: value for key, value in row.items() if key != "shape"} for row in rows])
    if "kind" not in table:
        table["kind"] = "site"
    drawn = np.array([shape.area if shape.area > 0 else np.nan for shape in shapes])
    stated = table["area_m2"] if "area_m2" in table else pd.Series(np.nan, index=table.index)
    return gpd.GeoDataFrame(table.assign(area_m2=stated.fillna(pd.Series(drawn))), geometry=shapes, crs=CRS_METRIC)


def _kinds(rows: Sequence[tuple[str, BaseGeometry]]) -> gpd.GeoDataFrame:
    kinds = pd.Series([kind for kind, _ in rows], dtype=object)
    return gpd.GeoDataFrame({"kind": kinds}, geometry=[placed(shape) for _, shape in rows], crs=CRS_METRIC)


def _buildings(shapes: Sequence[BaseGeometry], homes: bool) -> gpd.GeoDataFrame:
    count = len(shapes)
    columns = {
        "osm_id": [f"w{n}" for n in range(count)],
        "kind": pd.Series(["house"] * count, dtype=object),
        "levels": np.full(count, 2.0),
        "residential": np.full(count, homes),
        "name": pd.Series([None] * count, dtype=object),
    }
    return gpd.GeoDataFrame(columns, geometry=[placed(shape) for shape in shapes], crs=CRS_METRIC)


def _streets(rows: Sequence[Street]) -> Streets:
    points = sorted({point for _, _, line in rows for point in line})
    number = {point: at for at, point in enumerate(points)}
    pieces = [(kind, name, a, b) for kind, name, line in rows for a, b in itertools.pairwise(line)]
    lines = [placed(LineString([a, b])) for _, _, a, b in pieces]
    edges = gpd.GeoDataFrame(
        {
            "u": np.array([number[a] for _, _, a, _ in pieces], np.int32),
            "v": np.array([number[b] for _, _, _, b in pieces], np.int32),
            "osm_id": [str(at) for at in range(len(pieces))],
            "length_m": [line.length for line in lines],
            "walk": True,
            "private": False,
            "drive_forward": True,
            "drive_backward": True,
            "ferry_min": np.nan,
            "highway": pd.Series([kind for kind, *_ in pieces], dtype=object),
            "name": pd.Series([name for _, name, *_ in pieces], dtype=object),
            "tunnel": pd.Series([None] * len(pieces), dtype=object),
        },
        geometry=lines,
        crs=CRS_METRIC,
    )
    nodes = pd.DataFrame(
        {
            "osm_id": np.arange(len(points)),
            "x": [EAST + x for x, _ in points],
            "y": [NORTH + y for _, y in points],
            "highway": pd.Series([None] * len(points), dtype=object),
            "crossing": pd.Series([None] * len(points), dtype=object),
            "signals": False,
        }
    )
    none = gpd.GeoDataFrame({"kind": pd.Series(dtype=object)}, geometry=[], crs=CRS_METRIC)
    return Streets(nodes, edges, none, none)


def point(x: float, y: float) -> Point:
    """A point of the fields."""
    return Point(x, y)
