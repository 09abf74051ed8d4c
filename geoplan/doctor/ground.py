"""What several checks look at: walkable edges by part, how far homes and schools are from them, snap limits."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geoplan.network.grid import index_lines
from geoplan.network.snap import nearest_edge
from geoplan.settings import by_setting, plan_standards, setting_of_cells, setting_of_schools, snap_limits_m
from geoplan.standards import Standards
from layers.bundle import Layers

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
WIDE = 0.1  # a part with this share of all walkable length is a network of its own, not a fragment


@dataclass(frozen=True)
class Ground:
    """The survey of a plan's streets.

    Parameters
    ----------
    edges
        Walkable edges, in the order of ``part``.
    part
        int64 per edge: 0 is the part with the greatest length, then in falling order.
    part_m
        float64 per part, its length.
    main
        bool per part: the greatest one, and any with a tenth of all length.
    home_m, home_main_m
        float64 per cell: distance to the nearest walkable edge, and to the nearest edge of a main part; inf without.
    home_part
        int64 per cell, part of the nearest edge; -1 without.
    snap_m
        float64 per cell, its snap limit.
    school_m, school_main_m, school_part, school_snap_m
        The same per school, by its nearest gate.
    standards
        The plan's profile.
    """

    edges: gpd.GeoDataFrame
    part: Ints
    part_m: Floats
    main: NDArray[np.bool_]
    home_m: Floats
    home_main_m: Floats
    home_part: Ints
    snap_m: Floats
    school_m: Floats
    school_main_m: Floats
    school_part: Ints
    school_snap_m: Floats
    standards: Standards


def survey(layers: Layers) -> Ground:
    """Measure once what the checks share. Distances are straight, in metres, to the nearest point of an edge."""
    edges = layers.streets.edges
    edges = edges[edges["walk"].to_numpy(bool)].reset_index(drop=True)
    part, part_m = parts(edges)
    main = part_m >= max(WIDE * part_m.sum(), 1e-9)
    main[:1] = True
    standards = plan_standards(layers.plan)
    limits = snap_limits_m(layers.plan, standards)
    lines = edges.geometry.to_numpy()
    home = layers.cells.table[["x", "y"]].to_numpy(float)
    home_m, home_edge = nearest_line(lines, home)
    home_main_m = _to_main(lines, main[part], home, home_m, home_edge)
    gate_m, gate_edge = nearest(lines, layers.gates.geometry.to_numpy())
    gate_main_m, _ = nearest(lines[main[part]], layers.gates.geometry.to_numpy())
    best = _best_gate(layers, gate_m)
    return Ground(
        edges=edges,
        part=part,
        part_m=part_m,
        main=main,
        home_m=home_m,
        home_main_m=home_main_m,
        home_part=_part_of(part, home_edge),
        snap_m=by_setting(limits, setting_of_cells(layers)),
        school_m=gate_m[best],
        school_main_m=gate_main_m[_best_gate(layers, gate_main_m)],
        school_part=_part_of(part, gate_edge[best]),
        school_snap_m=by_setting(limits, setting_of_schools(layers)),
        standards=standards,
    )


def parts(edges: gpd.GeoDataFrame) -> tuple[Ints, Floats]:
    """Connected part of every edge, the longest part first, and the length of each part in metres."""
    if edges.empty:
        return np.empty(0, np.int64), np.empty(0)
    u, v = edges["u"].to_numpy(np.int64), edges["v"].to_numpy(np.int64)
    size = int(max(u.max(), v.max())) + 1
    _, label = connected_components(coo_array((np.ones(len(u), np.int8), (u, v)), shape=(size, size)), directed=False)
    _, part = np.unique(label[u], return_inverse=True)
    length = np.bincount(part, weights=edges["length_m"].to_numpy(float)).astype(np.float64)
    order = np.argsort(-length, kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return rank[part], length[order]


def nearest(shapes: NDArray[np.object_], points: NDArray[np.object_]) -> tuple[Floats, Ints]:
    """Distance of every point to its nearest shape, and the row of that shape; inf and -1 where there is none."""
    dist, row = np.full(len(points), np.inf), np.full(len(points), -1, np.int64)
    if len(shapes) and len(points):
        (asked, found), metres = shapely.STRtree(shapes).query_nearest(
            points, return_distance=True, all_matches=False
        )
        dist[asked], row[asked] = metres, found
    return dist, row


def nearest_line(lines: NDArray[np.object_], xy: Floats) -> tuple[Floats, Ints]:
    """As :func:`nearest`, for many places and lines."""
    row, dist, _ = nearest_edge(index_lines(lines), xy)
    return np.where(row < 0, np.inf, dist), row.astype(np.int64)


def _to_main(lines: NDArray[np.object_], main: NDArray[np.bool_], xy: Floats, near_m: Floats, edge: Ints) -> Floats:
    """Distance to the nearest line of a main part: asked for only where the nearest of all is in another."""
    found = near_m.copy()
    ask = (edge < 0) | ~main[edge] if len(main) else np.ones(len(xy), bool)
    found[ask] = nearest_line(lines[main], xy[ask])[0]
    return found


def _best_gate(layers: Layers, gate_m: Floats) -> Ints:
    """Row of the gate nearest to a street, per school."""
    gates = layers.gates.assign(metres=gate_m, row=np.arange(len(gate_m))).sort_values(["metres", "row"])
    first = gates.drop_duplicates("school_id").set_index("school_id")["row"]
    return first.reindex(layers.schools["id"]).to_numpy(np.int64)


def _part_of(part: Ints, edge: Ints) -> Ints:
    return np.where(edge >= 0, part[np.maximum(edge, 0)], -1) if len(part) else np.full(len(edge), -1, np.int64)


def lonlat(layers: Layers, x: float, y: float) -> str:
    """A place of the metric map as ``lon, lat`` in degrees, to paste into any map."""
    lon, lat = Transformer.from_crs(layers.crs, 4326, always_xy=True).transform(x, y)
    return f"{lon:.5f}, {lat:.5f}"


def names(found: list[str], most: int = 5) -> str:
    """The first names, and how many more there are."""
    shown = ", ".join(found[:most])
    return f"{shown} … (+{len(found) - most})" if len(found) > most else shown
