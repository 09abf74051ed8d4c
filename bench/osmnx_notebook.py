"""Coverage of a city as notebooks compute it, with osmnx, networkx and geopandas; prints one line of JSON.

Two ways: ``lengths``, one search a school by ``single_source_dijkstra_path_length``; ``isochrones``, osmnx's
published recipe of ``ego_graph`` and buffered edges for every school and limit, joined to the cells.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

begun = time.perf_counter()

import geopandas as gpd  # noqa: E402  (imports are part of the time a notebook takes)
import networkx as nx  # noqa: E402
import numpy as np  # noqa: E402
import osmnx as ox  # noqa: E402
import pandas as pd  # noqa: E402
import rasterio  # noqa: E402

from bench import process_peak_mb  # noqa: E402

LIMITS_M = (500, 1000, 2000)
BUFFER_M = 100.0
"""Width of an isochrone about its streets: most homes stand nearer than that to one."""


def main() -> None:
    """Run one way over a plan folder and an .osm file, for every so many-th school."""
    way, folder, streets, step = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
    steps = {}
    graph = ox.project_graph(ox.graph_from_xml(streets, bidirectional=True))
    steps["graph"] = time.perf_counter() - begun
    cells = read_cells(folder / "population.tif", graph.graph["crs"])
    table = pd.read_csv(folder / "schools.csv")
    points = gpd.GeoSeries(gpd.points_from_xy(table["lon"], table["lat"]), crs=4326).to_crs(graph.graph["crs"])
    nodes = ox.nearest_nodes(graph, points.x.to_numpy(), points.y.to_numpy())[::step]
    steps["snap"] = time.perf_counter() - begun
    shares = {"lengths": by_lengths, "isochrones": by_isochrones}[way](graph, nodes, cells)
    steps["all"] = time.perf_counter() - begun
    peak_mb = process_peak_mb()
    seconds = steps["snap"] + (steps["all"] - steps["snap"]) * len(points) / len(nodes)
    print(json.dumps({"seconds": seconds, "steps": steps, "peak_mb": peak_mb, "shares": shares}))


def read_cells(path: Path, crs: object) -> gpd.GeoDataFrame:
    """Populated pixels as points."""
    with rasterio.open(path) as raster:
        values = raster.read(1)
        rows, columns = np.nonzero(values > 0)
        x, y = rasterio.transform.xy(raster.transform, rows, columns)
        frame = {"residents": values[rows, columns].astype(float)}
        return gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(x, y), crs=raster.crs).to_crs(crs)


def by_lengths(graph: nx.MultiDiGraph, nodes: np.ndarray, cells: gpd.GeoDataFrame) -> dict[int, float]:
    """Nearest school of every node by one search a school, read at the nearest node of every cell."""
    nearest: dict[int, float] = {}
    for node in nodes:
        found = nx.single_source_dijkstra_path_length(graph, node, cutoff=max(LIMITS_M), weight="length")
        for other, dist in found.items():
            nearest[other] = min(dist, nearest.get(other, np.inf))
    at = ox.nearest_nodes(graph, cells.geometry.x.to_numpy(), cells.geometry.y.to_numpy())
    dist = np.array([nearest.get(node, np.inf) for node in at])
    total = cells["residents"].sum()
    return {limit: float(cells["residents"][dist <= limit].sum() / total) for limit in LIMITS_M}


def by_isochrones(graph: nx.MultiDiGraph, nodes: np.ndarray, cells: gpd.GeoDataFrame) -> dict[int, float]:
    """People inside any of the schools' isochrones of a limit."""
    return {limit: _inside(list(_isochrones(graph, nodes, limit)), cells) for limit in LIMITS_M}


def _isochrones(graph: nx.MultiDiGraph, nodes: np.ndarray, limit: int) -> Iterator[object]:
    for node in nodes:
        ball = nx.ego_graph(graph, node, radius=limit, distance="length")
        if ball.number_of_edges():
            yield ox.graph_to_gdfs(ball, nodes=False).geometry.buffer(BUFFER_M).union_all()


def _inside(shapes: list[object], cells: gpd.GeoDataFrame) -> float:
    areas = gpd.GeoDataFrame(geometry=shapes, crs=cells.crs)
    joined = gpd.sjoin(cells, areas, predicate="within")
    people = cells["residents"][joined.index.unique()].sum()
    return float(people / cells["residents"].sum())


if __name__ == "__main__":
    main()
