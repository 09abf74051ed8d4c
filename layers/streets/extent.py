"""How well an extract covers the region, and how connected its streets are: the notes beside every street graph."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree
from shapely.geometry.base import BaseGeometry

from layers.errors import Fault
from layers.streets.graph import Gates
from layers.streets.osm import Extract, Window
from layers.streets.segments import Bools, Points, Segments

FAR_M = 1000.0  # farther than this from every street, a place is not covered
STEP_M = 250.0  # streets are looked at in steps of this length
SAMPLES = 4000  # places looked at, on a square grid over the area
SHARE_TOLD = 0.01  # a smaller share without streets is not worth a line


def window_of(region: BaseGeometry, crs: CRS) -> Window:
    """Degrees that hold ``region`` (metric, in ``crs``)."""
    west, south, east, north = region.bounds
    bounds = Transformer.from_crs(crs, 4326, always_xy=True).transform_bounds(
        west, south, east, north, densify_pts=21
    )
    return (float(bounds[0]), float(bounds[1]), float(bounds[2]), float(bounds[3]))


def extract_box(extract: Extract, crs: CRS, region: BaseGeometry) -> shapely.Polygon:
    """The part of the region's bounding box (metric) the extract says it covers; all of it where it says nothing."""
    frame = shapely.box(*region.bounds)
    if extract.box is None:
        return frame
    corners = shapely.segmentize(shapely.box(*extract.box), 0.01)
    to_metric = Transformer.from_crs(4326, crs, always_xy=True).transform
    return shapely.intersection(frame, shapely.transform(corners, to_metric, interleaved=False))


def coverage_faults(
    extract: Extract, found: Segments, points: Points, boundary: BaseGeometry, region: BaseGeometry, file: str
) -> list[Fault]:
    """What the extract leaves out: an error when the region has no street at all, a warning when it lacks a part.

    ``streets_partly``: share of the region's area farther than 1 km from the bounding box of its streets.
    ``streets_sparse`` (note): share inside that box farther than 1 km from any street.
    ``streets_edge`` (note): share of the buffer around the region beyond the box of the streets.
    """
    if extract.highways == 0:
        return [Fault("streets_none", file=file)]
    highway = found.of(np.array(["highway" in tags for tags in extract.ways.tags], dtype=bool)[found.way])
    if highway.a.size == 0:
        return [Fault("streets_outside", file=file, value=_degrees(extract.reach))]
    ground = _along(highway, points)
    frame = shapely.box(*ground.min(axis=0), *ground.max(axis=0)).buffer(FAR_M)
    inside, ring = _sample(boundary), _sample(region.difference(boundary))
    beyond = ~shapely.contains_xy(frame, inside)
    far = ~beyond & (cKDTree(ground).query(inside)[0] > FAR_M)
    outer = ~shapely.contains_xy(frame, ring)
    found_faults = [
        Fault("streets_partly", "warning", file, params={"percent": _percent(beyond)}),
        Fault("streets_sparse", "note", file, params={"percent": _percent(far)}),
        Fault("streets_edge", "note", file, params={"percent": _percent(outer)}),
    ]
    told = [beyond.mean() >= SHARE_TOLD, far.mean() >= SHARE_TOLD, outer.size > 0 and outer.mean() >= SHARE_TOLD]
    return [fault for fault, tell in zip(found_faults, told, strict=True) if tell]


def _along(found: Segments, points: Points) -> NDArray[np.float64]:
    """Places on the segments, at most STEP_M apart, shape (n, 2)."""
    one = np.stack([points.x[found.a], points.y[found.a]], axis=1)
    two = np.stack([points.x[found.b], points.y[found.b]], axis=1)
    count = np.ceil(np.hypot(*(two - one).T) / STEP_M).astype(np.int64)
    row = np.repeat(np.arange(count.size), count)
    part = (np.arange(row.size) - np.repeat(np.cumsum(count) - count, count)) / count[row]
    return np.concatenate([one[row] + part[:, None] * (two - one)[row], two])


def _percent(where: Bools) -> str:
    return f"{100 * where.mean():.0f}" if where.size else "0"


def _degrees(reach: list[float]) -> str:
    return ", ".join(f"{value:.4f}" for value in reach)


def _sample(area: BaseGeometry) -> NDArray[np.float64]:
    """Points of a square grid inside ``area``, about SAMPLES of them, shape (n, 2); one inner point at least."""
    if area.is_empty:
        return np.empty((0, 2))
    west, south, east, north = area.bounds
    step = max(np.sqrt(area.area / SAMPLES), 1.0)
    x, y = np.meshgrid(np.arange(west + step / 2, east, step), np.arange(south + step / 2, north, step))
    grid = np.stack([x.ravel(), y.ravel()], axis=1)
    shapely.prepare(area)
    inside = grid[shapely.contains_xy(area, grid)]
    return inside if inside.size else shapely.get_coordinates(area.representative_point())


def graph_notes(edges: pd.DataFrame, n_nodes: int, gates: Gates, found: Segments, file: str) -> list[Fault]:
    """Notes on the finished graph: parts it falls into, ways cut by the edge of the extract, gates."""
    notes = parts_note(edges, n_nodes, file)
    if found.cut_ways:
        notes.append(Fault("streets_cut", "note", file, params={"ways": found.cut_ways, "nodes": found.unknown}))
    if gates.closed or gates.private or gates.ignored:
        notes.append(Fault("streets_gates", "note", file, params=vars(gates)))
    return notes


def parts_note(edges: pd.DataFrame, n_nodes: int, file: str) -> list[Fault]:
    """How many parts the walkable graph falls into; an error when there is none."""
    parts, share = walk_parts(edges, n_nodes)
    if parts == 0:
        return [Fault("streets_no_walk", "error", file)]
    return [Fault("streets_parts", "note", file, params={"parts": parts, "percent": f"{100 * share:.1f}"})]


def walk_parts(edges: pd.DataFrame, n_nodes: int) -> tuple[int, float]:
    """Number of parts of the walkable graph that are not connected, and the share of length in the largest one."""
    walk = edges[edges["walk"]]
    if walk.empty:
        return 0, 0.0
    u, v = walk["u"].to_numpy(), walk["v"].to_numpy()
    links = coo_matrix((np.ones(u.size, dtype=np.int8), (u, v)), shape=(n_nodes, n_nodes))
    label = connected_components(links, directed=False)[1]
    length_m = np.bincount(label[u], weights=walk["length_m"].to_numpy())
    return int(np.unique(label[u]).size), float(length_m.max() / length_m.sum())
