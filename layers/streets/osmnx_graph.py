"""Street graphs made by OSMnx (version 2 attributes), as Streets: for plans that bring a ``.graphml``."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS, Transformer
from shapely.geometry.base import BaseGeometry

from layers.bundle import Streets
from layers.streets.access import ferry_minutes, way_access
from layers.streets.barriers import kind_frame
from layers.streets.graph import has_signals, tag_columns
from layers.streets.segments import WGS84
from layers.streets.tables import table

Attributes = Mapping[str, Any]


def from_graphml(path: Path, crs: CRS) -> Streets:
    """Streets of a GraphML file saved by ``osmnx.save_graphml``.

    Raises
    ------
    ValueError, KeyError, xml.etree.ElementTree.ParseError
        When the file is not such a graph.
    """
    graph = nx.read_graphml(path, node_type=str, force_multigraph=True)
    for _, data in graph.nodes(data=True):
        data.update({key: float(data[key]) for key in ("x", "y")})
    for *_, data in graph.edges(data=True):
        data.update({key: _literal(value) for key, value in data.items()})
        if isinstance(data.get("geometry"), str):
            data["geometry"] = shapely.from_wkt(data["geometry"])
    return from_osmnx(nx.MultiDiGraph(graph), crs)


def _literal(value: Any) -> Any:
    """Lists come out of GraphML as text: ``"['a', 'b']"``."""
    if isinstance(value, str) and value.startswith("[") and value.endswith("]"):
        return ast.literal_eval(value)
    return value


def from_osmnx(graph: nx.MultiDiGraph[Any], crs: CRS) -> Streets:
    """Streets of an OSMnx graph, in ``crs`` (metric).

    Opposite edges of the same ways become one undirected edge whose drive flags tell the directions; attributes
    that are lists are joined with ``;``. Who may walk or drive follows from the tags the graph kept, as in
    ``access``; a graph built without foot and access tags cannot tell more than the class does. Barriers,
    openings and surroundings are unknown to such a graph and stay empty.

    Raises
    ------
    ValueError, KeyError
        When nodes lack ``x, y`` or the graph lacks its CRS.
    """
    names = sorted(graph.nodes, key=lambda name: (_osm_number(name), str(name)))
    row_of = {name: row for row, name in enumerate(names)}
    given = CRS.from_user_input(graph.graph["crs"])
    lon_lat = Transformer.from_crs(given, 4326, always_xy=True)
    to_metric = Transformer.from_crs(given, crs, always_xy=True)
    x, y = (np.array([graph.nodes[name][key] for name in names], dtype=np.float64) for key in ("x", "y"))
    chosen = _undirected(graph, row_of)
    shapes = np.array([_shape(item, (x, y)) for item in chosen], dtype=object)
    frame = _edge_frame(chosen, shapes, lon_lat)
    metric = shapely.transform(shapes, to_metric.transform, interleaved=False) if len(shapes) else shapes
    edges = gpd.GeoDataFrame(frame, geometry=list(metric), crs=crs)
    nodes = _node_frame(graph, names, to_metric.transform(x, y))
    none = kind_frame([], np.empty(0, dtype=object), crs)
    return Streets(*_split_loops(nodes, edges), none, none)


def clipped(streets: Streets, region: BaseGeometry) -> Streets:
    """Only the edges that touch ``region`` (metric), and their nodes, numbered anew."""
    edges = streets.edges[streets.edges.intersects(region).to_numpy()].reset_index(drop=True)
    rows, inverse = np.unique(edges[["u", "v"]].to_numpy(), return_inverse=True)
    ends = inverse.reshape(-1, 2).astype(np.int32)
    edges = edges.assign(u=ends[:, 0], v=ends[:, 1])
    return replace(streets, nodes=streets.nodes.iloc[rows].reset_index(drop=True), edges=edges)


def _split_loops(nodes: pd.DataFrame, edges: gpd.GeoDataFrame) -> tuple[pd.DataFrame, gpd.GeoDataFrame]:
    """Edges that end where they began, split at the shape point nearest their middle by a node of their own."""
    loop = (edges["u"] == edges["v"]).to_numpy()
    if not loop.any():
        return nodes, edges
    halves: list[dict[str, Any]] = []
    places: list[Any] = []
    for _, edge in edges[loop].iterrows():
        points = shapely.get_coordinates(edge.geometry)
        if len(points) < 3:
            continue  # a point, not a street
        walked = np.append(0.0, np.cumsum(np.hypot(*np.diff(points, axis=0).T)))
        at = 1 + int(np.argmin(np.abs(walked[1:-1] - walked[-1] / 2)))
        fresh = len(nodes) + len(places)
        places.append(points[at])
        part = walked[at] / walked[-1]
        for u, v, line, share in ((edge.u, fresh, points[: at + 1], part), (fresh, edge.v, points[at:], 1 - part)):
            half = {"u": u, "v": v, "length_m": edge.length_m * share, "ferry_min": edge.ferry_min * share}
            halves.append({**edge.to_dict(), **half, "geometry": shapely.LineString(line)})
    added = pd.DataFrame(halves, columns=edges.columns).astype({key: edges[key].dtype for key in edges.columns[:9]})
    joined = pd.concat([edges[~loop], gpd.GeoDataFrame(added, geometry="geometry", crs=edges.crs)], ignore_index=True)
    middle = pd.DataFrame({key: None for key in nodes.columns}, index=range(len(places)))
    middle["osm_id"], middle["signals"] = -1, False
    middle[["x", "y"]] = np.array(places).reshape(-1, 2)
    return pd.concat([nodes, middle.astype(nodes.dtypes.to_dict())], ignore_index=True), joined


def _osm_number(name: Any) -> int:
    text = str(name)
    return int(text) if text.lstrip("-").isdigit() else -1


def _undirected(graph: nx.MultiDiGraph[Any], row_of: Mapping[Any, int]) -> list[dict[str, Any]]:
    """One entry for each pair of opposite edges: ``u, v`` rows, tags, and which directions exist."""
    entries: dict[tuple[Any, ...], dict[str, Any]] = {}
    for u, v, data in sorted(
        graph.edges(data=True), key=lambda e: (row_of[e[0]], row_of[e[1]], _text(e[2], "osmid"))
    ):
        one, two = row_of[u], row_of[v]
        low, high = min(one, two), max(one, two)
        ways = ";".join(sorted((_text(data, "osmid") or "").split(";")))
        key = (low, high, ways, round(float(data.get("length", 0.0)), 2))
        entry = entries.setdefault(key, {"u": one, "v": two, "data": data, "forward": False, "backward": False})
        again = entry["u"] != one or (one == two and entry["forward"])
        entry["backward" if again else "forward"] = True
    return list(entries.values())


def _text(data: Attributes, key: str) -> str | None:
    value = data.get(key)
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, (list, tuple, set)):
        return ";".join(dict.fromkeys(str(item) for item in value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return {"True": "yes", "False": "no"}.get(str(value), str(value))


def _shape(entry: Attributes, xy: tuple[Any, Any]) -> shapely.LineString:
    shape = entry["data"].get("geometry")
    if shape is not None:
        return shape
    rows = [entry["u"], entry["v"]]
    return shapely.LineString(np.stack([xy[0][rows], xy[1][rows]], axis=1))


def _edge_frame(
    chosen: list[dict[str, Any]], shapes: Iterable[shapely.LineString], lon_lat: Transformer
) -> pd.DataFrame:
    keys = table("tags")["edge"]
    tags = [{key: text for key in keys if (text := _text(item["data"], key)) is not None} for item in chosen]
    access = [way_access(_first_of_each(item), ferries=True) for item in tags]
    length_m = np.array([_length_m(item["data"], shape, lon_lat) for item, shape in zip(chosen, shapes, strict=True)])
    frame = pd.DataFrame(
        {
            "u": np.array([item["u"] for item in chosen], dtype=np.int32),
            "v": np.array([item["v"] for item in chosen], dtype=np.int32),
            "osm_id": pd.Series([_text(item["data"], "osmid") for item in chosen], dtype=object),
            "length_m": length_m.astype(np.float64),
            "walk": np.array([item.walk for item in access], dtype=bool),
            "private": np.array([item.private for item in access], dtype=bool),
            "drive_forward": _drives(chosen, access, "forward"),
            "drive_backward": _drives(chosen, access, "backward"),
            "ferry_min": [
                ferry_minutes(item, metres) if item.get("route") == "ferry" else np.nan
                for item, metres in zip(tags, length_m, strict=True)
            ],
        }
    )
    return pd.concat([frame, tag_columns(tags, keys, np.arange(len(tags)))], axis=1)


def _drives(chosen: list[dict[str, Any]], access: list[Any], direction: str) -> Any:
    """A direction can be driven when the graph has it and the class may be driven at all."""
    return np.array(
        [
            item[direction] and (allowed.drive_forward or allowed.drive_backward)
            for item, allowed in zip(chosen, access, strict=True)
        ],
        dtype=bool,
    )


def _first_of_each(tags: Mapping[str, str]) -> dict[str, str]:
    """For merged chains the first value of each tag stands for the whole when access is judged."""
    return {key: value.split(";")[0] for key, value in tags.items()}


def _length_m(data: Attributes, shape: shapely.LineString, lon_lat: Transformer) -> float:
    if "length" in data:
        return float(data["length"])
    x, y = shapely.get_coordinates(shape).T
    return float(WGS84.line_length(*lon_lat.transform(x, y)))


def _node_frame(graph: nx.MultiDiGraph[Any], names: list[Any], xy: tuple[Any, Any]) -> pd.DataFrame:
    keys = table("tags")["node"]
    tags = [{key: text for key in keys if (text := _text(graph.nodes[name], key)) is not None} for name in names]
    nodes = pd.DataFrame({"osm_id": np.array([_osm_number(name) for name in names], dtype=np.int64)})
    nodes["x"], nodes["y"] = np.asarray(xy[0], dtype=np.float64), np.asarray(xy[1], dtype=np.float64)
    signals = np.array([has_signals(item) for item in tags], dtype=bool)
    return pd.concat([nodes, tag_columns(tags, keys, np.arange(len(names)))], axis=1).assign(signals=signals)
