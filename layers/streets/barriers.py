"""Lines nobody can cross off the ways, and the points that open them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from layers.errors import Fault, InputError
from layers.plansections import TableReading
from layers.schema import contract
from layers.streets.access import Access, shuts_feet
from layers.streets.osm import Nodes, Ways
from layers.streets.segments import Bools, Ints, Points, Segments, lines
from layers.streets.tables import Tags, is_lifted, kind_of, table
from layers.tables import AS_IT_IS, read_checked

KINDS = ("wall", "fence", "rail", "motorway", "water", "cliff")
CLOSED_KINDS = ("wall", "fence")  # those that a way passes through only by a hole


def kind_frame(kinds: Sequence[str], shapes: NDArray[np.object_], crs: CRS) -> gpd.GeoDataFrame:
    """``kind`` (str, object) and geometry, RangeIndex."""
    return gpd.GeoDataFrame({"kind": pd.Series(list(kinds), dtype=object)}, geometry=list(shapes), crs=crs)


def barrier_kinds(ways: Ways) -> NDArray[np.object_]:
    """Kind of each way as a barrier, or None; bridges, tunnels and roofed ways stop nobody."""
    kinds = table("barriers")["line"]
    found = np.empty(len(ways.tags), dtype=object)
    found[:] = [None if is_lifted(tags) else kind_of(tags, kinds) for tags in ways.tags]
    return found


def build_barriers(
    ways: Ways, found: Segments, points: Points, areas: tuple[Sequence[Tags], NDArray[np.object_]], crs: CRS
) -> gpd.GeoDataFrame:
    """Barrier lines of the ways and the edges of water areas (metric polygons with their tags)."""
    of_way = barrier_kinds(ways)
    kept = found.of(np.array([kind is not None for kind in of_way], dtype=bool)[found.way])
    first = np.flatnonzero(np.diff(kept.piece, prepend=-1))
    kinds = list(of_way[kept.way[first]])
    shapes = list(lines(kept, points, kept.piece))
    for tags, polygon in zip(*areas, strict=True):
        kind = kind_of(tags, table("barriers")["area"])
        if kind is not None and not is_lifted(tags):
            edges = shapely.get_parts(shapely.boundary(polygon))
            shapes.extend(edges)
            kinds.extend([kind] * len(edges))
    return kind_frame(kinds, np.array(shapes, dtype=object), crs)


def build_openings(
    ways: Ways, access: Sequence[Access], found: Segments, points: Points, nodes: Nodes, crs: CRS
) -> gpd.GeoDataFrame:
    """Points where a barrier lets people through.

    Gates and level crossings wherever they are mapped (not those shut to feet); bollards, other entrances and
    ``entrance=*`` only on a wall or fence; and, as ``passage``, nodes that a wall or fence shares with a way that
    may be walked, where the hole is drawn but not tagged.
    """
    of_way = barrier_kinds(ways)
    on_wall = _points_of(found, np.isin(of_way.astype(str), CLOSED_KINDS), points)
    walked = np.array(
        [item.walk and not is_lifted(tags) for item, tags in zip(access, ways.tags, strict=True)], dtype=bool
    )
    on_both = on_wall & _points_of(found, walked, points)
    row_of = {int(osm_id): row for row, osm_id in enumerate(points.osm_id)}
    kinds: dict[int, str | None] = {int(row): "passage" for row in np.flatnonzero(on_both)}
    for osm_id, tags in zip(nodes.osm_id, nodes.tags, strict=True):
        row = row_of.get(osm_id)
        if row is not None:
            kinds[row] = _opening(tags, on_wall=bool(on_wall[row])) or kinds.get(row)
            if shuts_feet(tags) == "closed":
                kinds[row] = None
    rows = np.array(sorted(row for row, kind in kinds.items() if kind), dtype=np.int64)
    return kind_frame([kinds[row] or "" for row in rows], shapely.points(points.x[rows], points.y[rows]), crs)


def _points_of(found: Segments, which: Bools, points: Points) -> Bools:
    mask = np.zeros(points.osm_id.size, dtype=bool)
    rows: Ints = np.flatnonzero(which[found.way])
    mask[found.a[rows]] = mask[found.b[rows]] = True
    return mask


def _opening(tags: Tags, *, on_wall: bool) -> str | None:
    kind = kind_of(tags, table("barriers")["opening"])
    if kind == "entrance" or (kind is None and "entrance" in tags):
        return "entrance" if on_wall else None
    return kind


def read_barriers(
    path: Path, region: BaseGeometry, crs: CRS, reading: TableReading = AS_IT_IS
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, list[Fault]]:
    """The plan's own barriers: lines and polygon edges; points are openings. An optional column ``kind`` names them.

    Returns
    -------
    barriers, openings, faults
        Metric, inside ``region``; ``kind`` is ``wall`` (``gate`` for points) where the file gives none it knows.
    """
    none = kind_frame([], np.empty(0, dtype=object), crs)
    if not path.exists():
        return none, none, [Fault("streets_barriers_missing", file=path.name)]
    try:
        given, _, faults = read_checked(
            path, contract=contract("barriers"), datum=reading.datum or "wgs84", to_crs=crs, reading=reading
        )
    except InputError as error:
        return none, none, list(error.faults)
    if any(fault.severity == "error" for fault in faults):
        return none, none, faults
    near = gpd.GeoDataFrame(given, crs=crs).explode(ignore_index=True)
    near = near[near.geometry.notna() & ~near.geometry.is_empty & near.intersects(region)]
    return *_sorted_shapes(near, crs), faults


def _sorted_shapes(given: gpd.GeoDataFrame, crs: CRS) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    kinds = given["kind"].astype(object).tolist() if "kind" in given else [None] * len(given)
    walls: tuple[list[str], list[BaseGeometry]] = ([], [])
    holes: tuple[list[str], list[BaseGeometry]] = ([], [])
    for kind, shape in zip(kinds, given.geometry, strict=True):
        if shape.geom_type == "Point":
            holes[0].append(kind if isinstance(kind, str) else "gate")
            holes[1].append(shape)
            continue
        parts = shapely.get_parts(shape.boundary if shape.geom_type == "Polygon" else shape)
        walls[0].extend([kind if kind in KINDS else "wall"] * len(parts))
        walls[1].extend(parts)
    return (
        kind_frame(walls[0], np.array(walls[1], dtype=object), crs),
        kind_frame(holes[0], np.array(holes[1], dtype=object), crs),
    )
