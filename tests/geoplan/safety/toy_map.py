"""Streets drawn by hand: nodes with places and tags, ways through them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS
from shapely import LineString

from layers.bundle import Streets
from layers.streets.access import way_access
from layers.streets.barriers import kind_frame
from layers.streets.graph import has_signals

METRIC = CRS.from_epsg(32650)
Tags = Mapping[str, str]


def toy_map(
    places: Mapping[int, tuple[float, float]],
    ways: Sequence[tuple[str, Sequence[int], Tags]],
    tags: Mapping[int, Tags] | None = None,
) -> Streets:
    """Streets with an edge between each two nodes of a way; edges in the order of the ways."""
    row_of = {osm_id: row for row, osm_id in enumerate(places)}
    nodes = pd.DataFrame({"osm_id": np.array([*places], np.int64)})
    nodes["x"], nodes["y"] = (np.array([xy[k] for xy in places.values()], float) for k in (0, 1))
    said = {row_of[osm_id]: dict(found) for osm_id, found in (tags or {}).items()}
    for name in sorted({key for found in said.values() for key in found} | {"highway", "crossing"}):
        nodes[name] = pd.Series([said.get(row, {}).get(name) for row in range(len(nodes))], dtype=object)
    nodes["signals"] = [has_signals(said.get(row, {})) for row in range(len(nodes))]
    rows = [_edge(way, a, b, row_of, places) for way in ways for a, b in pairwise(way[1])]
    frame = pd.DataFrame(rows).astype({"u": np.int32, "v": np.int32})
    keys = {key for _, _, found in ways for key in found} | {"highway", "name"}
    for name in sorted(keys):
        frame[name] = pd.Series([row.get(name) for row in rows], dtype=object)
    nothing = kind_frame([], np.empty(0, dtype=object), METRIC)
    return Streets(nodes, gpd.GeoDataFrame(frame, geometry="geometry", crs=METRIC), nothing, nothing)


def _edge(
    way: tuple[str, Sequence[int], Tags],
    a: int,
    b: int,
    row_of: Mapping[int, int],
    places: Mapping[int, tuple[float, float]],
) -> dict[str, Any]:
    access = way_access(dict(way[2]))
    line = LineString([places[a], places[b]])
    return {
        "u": row_of[a], "v": row_of[b], "osm_id": way[0], "length_m": line.length, "walk": access.walk,
        "private": access.private, "drive_forward": access.drive_forward, "drive_backward": access.drive_backward,
        "ferry_min": np.nan, "geometry": line, **way[2],
    }  # fmt: skip


def one_street(**tags: str) -> Streets:
    """A single street of 100 m; ``__`` in a keyword stands for a colon."""
    return toy_map({1: (0, 0), 2: (100, 0)}, [("10", [1, 2], colons(tags))])


def colons(tags: Mapping[str, str]) -> dict[str, str]:
    """Keywords as tags: ``sidewalk__left`` is ``sidewalk:left``."""
    return {key.replace("__", ":"): value for key, value in tags.items()}
