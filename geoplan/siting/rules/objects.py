"""What lies around a plot: objects by kind with their names and half widths, indexed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely import STRtree
from shapely.geometry.base import BaseGeometry

from geoplan.safety.surroundings import places
from geoplan.siting.land import SLIVER_M2, Land
from geoplan.standards import Standards, number, table
from layers.bundle import Heights, Layers

Names = NDArray[np.object_]
F64 = NDArray[np.float64]
LINES = (1, 5)


@dataclass(frozen=True)
class Objects:
    """Shapes of one kind: their names (``kind`` where they have none), kinds, half widths (m), and a tree.

    ``complete``: none mapped means there is none, as far as a street file can tell.
    """

    shapes: Names
    names: Names
    kinds: Names
    half_m: F64
    tree: STRtree
    complete: bool


@dataclass(frozen=True)
class Streets:
    """Public streets a plot may be entered from, and the junctions of streets with traffic."""

    shapes: Names
    names: Names
    kinds: Names
    main: NDArray[np.bool_]
    tree: STRtree
    junctions: STRtree


@dataclass(frozen=True)
class Around:
    """Everything the rules look at; ``mapped`` says whether the street file tells more than streets.

    ``ways`` are all streets on the ground with their half widths, ``streets`` the public ones.

    ``excluded`` holds the land the county excludes, None where it gave no table.
    """

    boundary: BaseGeometry
    objects: Mapping[str, Objects]
    excluded: Objects | None
    buildings: Objects
    ground: Objects
    ways: Objects
    streets: Streets
    heights: Heights | None
    mapped: bool


def around(layers: Layers, standards: Standards) -> Around:
    """Index the objects of table ``siting_objects``, exclusions, buildings, ground and streets of a plan."""
    told = layers.surroundings
    mapped = len(told.ground) + len(told.buildings) + len(layers.streets.barriers) > 0
    frames = {"ground": told.ground, "buildings": told.buildings, "edges": _on_the_ground(layers.streets.edges)}
    complete = set(table("siting_objects").extra["complete"])
    parts: dict[str, list[pd.DataFrame]] = {}
    for row in table("siting_objects").records():
        frame = frames[row["layer"]]
        chosen = frame[frame[row["column"]].isin(row["values"])] if len(frame) else frame
        lines = np.isin(shapely.get_type_id(chosen.geometry.to_numpy()), LINES)
        parts.setdefault(row["objects"], []).append(_rows(chosen[lines] if row["shape"] == "line" else chosen))
    exclusions = layers.tables.get("exclusions")
    return Around(
        boundary=layers.boundary,
        objects={name: _objects(pd.concat(found), name in complete and mapped) for name, found in parts.items()},
        excluded=None if exclusions is None else _objects(_excluded(exclusions, standards), True),
        buildings=_objects(_rows(told.buildings), mapped),
        ground=_objects(_rows(_areas(told.ground)), mapped),
        ways=_objects(_rows(frames["edges"]), True),
        streets=_streets(layers),
        heights=layers.heights,
        mapped=mapped,
    )


def _on_the_ground(edges: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Streets that run neither in a tunnel nor under a roof."""
    hidden = [edges[key].fillna("no").isin(["no"]) for key in ("tunnel", "covered") if key in edges]
    return edges[np.logical_and.reduce(hidden)] if hidden else edges


def _areas(ground: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return ground[np.isin(shapely.get_type_id(ground.geometry.to_numpy()), (3, 6))]


def _excluded(exclusions: pd.DataFrame, standards: Standards) -> pd.DataFrame:
    """Excluded land; points and lines take the strip of a setback around them."""
    rows = _rows(gpd.GeoDataFrame(exclusions))
    shapes = rows["shape"].to_numpy(object).copy()
    thin = shapely.get_dimensions(shapes) < 2
    shapes[thin] = shapely.buffer(shapes[thin], number(standards, "plan.siting.setback"))
    return rows.assign(shape=shapely.make_valid(shapes))


def _rows(frame: gpd.GeoDataFrame) -> pd.DataFrame:
    """``shape, name, kind, half_m`` of a layer."""
    count = len(frame)
    none = pd.Series([None] * count, index=frame.index, dtype=object)
    highway = frame.get("highway", none)
    kind = frame.get("kind", highway)
    half = {row["highway"]: row["half_m"] for row in table("siting_corridors").records()}
    name = frame.get("name", none)
    columns = {
        "shape": frame.geometry.to_numpy(),
        "name": name.to_numpy(object),
        "kind": kind.to_numpy(object),
        "half_m": highway.map(half).astype(float).fillna(0.0).to_numpy(),
    }
    return pd.DataFrame(columns)


def _objects(rows: pd.DataFrame, complete: bool) -> Objects:
    """In order of their place, so that the order of a file never decides between equals."""
    given = rows["shape"].to_numpy(object)
    kept = rows[~(shapely.is_missing(given) | shapely.is_empty(given))]
    order = np.argsort(shapely.to_wkb(kept["shape"].to_numpy(object), hex=True).astype(str), kind="stable")
    kept = kept.iloc[order]
    shapes = kept["shape"].to_numpy(object)
    names = np.array([name if isinstance(name, str) else "" for name in kept["name"]], dtype=object)
    kinds = kept["kind"].to_numpy(object)
    return Objects(shapes, names, kinds, kept["half_m"].to_numpy(np.float64), STRtree(shapes), complete)


def _streets(layers: Layers) -> Streets:
    edges = _on_the_ground(layers.streets.edges)
    public = {row["highway"] for row in table("siting_streets").records()}
    kept = edges[edges["walk"].astype(bool) & ~edges["private"].astype(bool) & edges["highway"].isin(public)]
    rows = _objects(_rows(kept), True)
    given = places(layers.streets)
    junctions = given.points[given.arms >= 3]
    main = np.isin(rows.kinds.astype(str), table("siting_streets").extra["main"])
    return Streets(rows.shapes, rows.names, rows.kinds, main, rows.tree, STRtree(junctions))


@dataclass(frozen=True)
class Gap:
    """The nearest object: the least and most its distance can be (equal for drawn plots), its name and kind."""

    least_m: float
    most_m: float
    name: str
    kind: str


def gap(land: Land, objects: Objects, within_m: float, *, start: BaseGeometry | None = None) -> Gap | None:
    """The nearest object within a distance of the buildable part (of ``start`` when given), to the object's edge."""
    begin = land.measured if start is None else start
    slack = float(objects.half_m.max(initial=0.0)) + (land.reach_m if np.isfinite(land.reach_m) else 0.0)
    rows = np.sort(objects.tree.query(begin, predicate="dwithin", distance=within_m + slack))
    if not rows.size:
        return None
    away = np.maximum(np.round(shapely.distance(begin, objects.shapes[rows]) - objects.half_m[rows], 3), 0.0)
    at = int(np.argmin(away))
    most = float(away[at])
    least = max(most - land.reach_m, 0.0)
    return Gap(least, most, str(objects.names[rows[at]]), str(objects.kinds[rows[at]] or ""))


@dataclass(frozen=True)
class Cover:
    """What of a plot some objects cover: share and square metres, their names; ``certain`` for drawn plots."""

    share: float
    m2: float
    names: tuple[str, ...]
    count: int
    certain: bool


def cover(land: Land, objects: Objects, *, rows: NDArray[np.int64] | None = None) -> Cover:
    """The share of a plot's outline under objects (all, or those in ``rows``).

    A point is covered wholly or not at all; it is certain only when it is covered, or when no object comes as near as
    its ground may stretch.
    """
    near = np.sort(objects.tree.query(land.outline, predicate="intersects"))
    hits = near if rows is None else np.intersect1d(near, rows)
    names = tuple(sorted({str(objects.names[row]) for row in hits if objects.names[row]}))
    if not land.drawn:
        close = gap(land, only(objects, rows), 0.0) if np.isfinite(land.reach_m) else True
        return Cover(float(hits.size > 0), 0.0, names, hits.size, bool(hits.size) or close is None)
    part = shapely.intersection(shapely.union_all(objects.shapes[hits]), land.outline) if hits.size else None
    m2 = 0.0 if part is None else float(part.area)
    share = m2 / land.outline.area if m2 > SLIVER_M2 else 0.0
    return Cover(share, m2 if share else 0.0, names, hits.size, True)


def only(objects: Objects, rows: NDArray[np.int64] | None) -> Objects:
    """The objects in some rows, all when None."""
    if rows is None:
        return objects
    shapes = objects.shapes[rows]
    return Objects(
        shapes, objects.names[rows], objects.kinds[rows], objects.half_m[rows], STRtree(shapes), objects.complete
    )
