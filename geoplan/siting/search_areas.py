"""Search areas: free land along streets near pupils without a place, where no plot is offered. Never called sites.

Places along public streets are tried in order of the pupils they are near to. At each the free land within reach is
cut out: what is neither built on, nor street, water, excluded, taken or offered already. The land found is a place to
look for a plot, not a plot: who owns it and whether it may be used, no street file knows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.spatial import cKDTree
from shapely import STRtree
from shapely.geometry.base import BaseGeometry

from geoplan.siting.land import compactness, largest
from geoplan.siting.rules import Around
from geoplan.siting.rules.objects import Objects, only
from geoplan.siting.sizes import school_size
from geoplan.siting.space import land_asked
from geoplan.standards import SETTINGS, Standards, number, rules, search_cap_m, table
from layers.bundle import Layers

F64 = NDArray[np.float64]
Shapes = NDArray[np.object_]
SEED_M = 60.0  # between places tried along streets
HALF = 0.5  # what need near a place counts for once more places are near it
SLIGHT = 0.01  # places near less than this share of the most needed one are not tried
RAIL_M = 10.0  # half the width of a railway
NAME_M = 300.0  # how far the street may be that a place is called by
NOT_ALONG = ("trunk", "trunk_link")  # public, but no school is looked for along them


@dataclass(frozen=True)
class Found:
    """Search areas, the most needed first, and why there are none or no more.

    Parameters
    ----------
    areas
        ``site_id, name`` (of the street), ``near`` (need within reach when it was chosen) and geometry (polygons).
    code, params
        ``search_found, search_no_need, search_no_street`` or ``search_no_land``; ``count``, ``largest_m2`` (most free
        land found at one place) and ``floor_m2`` (least looked for).
    """

    areas: gpd.GeoDataFrame
    code: str
    params: dict[str, float]


@dataclass
class _Search:
    """What the search keeps while it runs: need left, places still open, and the land found at each."""

    seeds: Shapes
    names: Shapes
    near: csr_array  # seeds x cells, 1 where the cell is within reach
    left: F64
    open: NDArray[np.bool_]
    best_m2: F64  # upper bound of the free land at each seed
    blocks: list[BaseGeometry] = field(default_factory=list)  # areas chosen so far
    rows: list[dict[str, Any]] = field(default_factory=list)
    cut: dict[int, BaseGeometry] = field(default_factory=dict)  # free land around each place tried


@dataclass(frozen=True)
class _Free:
    """Everything that takes land, indexed, and how land is cut out."""

    taken: Shapes
    tree: STRtree
    boundary: BaseGeometry
    reach_m: float
    width_m: float
    access_m: float
    named: Objects  # streets with a name, to tell places by
    areas: gpd.GeoDataFrame


def search_areas(
    layers: Layers,
    standards: Standards,
    stages: Sequence[str],
    need: pd.DataFrame,
    *,
    about: Around,
    given: Sequence[BaseGeometry] = (),
) -> Found:
    """Free land along streets near need, at most ``plan.siting.search_most`` places.

    Parameters
    ----------
    need
        ``x, y`` (metric) and ``pupils`` without a place in reach; ``setting`` where it differs from the region's.
    about
        From :func:`geoplan.siting.rules.around`.
    given
        Plots offered already: need near them counts half, and no search area lies on or beside them.

    Notes
    -----
    Greedy cover with diminishing returns: the place with most need within reach goes first (the shortest limit of the
    stages divided by ``plan.siting.detour``, straight); every place chosen halves the need near it. Land for the
    smallest school of the stage that asks for most is looked for first, then for the others, then what is left down
    to ``plan.siting.search_floor``; land of good shape first, at last any. Ties go to the west, then to the south.
    """
    floors = _floors(standards, stages, layers.plan.region.setting)
    weight = need["pupils"].to_numpy(np.float64)
    if not len(need) or not weight.sum() > 0:
        return _none(layers, "search_no_need", floor_m2=floors[-1])
    seeds, names = _seeds(layers, about)
    if not len(seeds):
        return _none(layers, "search_no_street", floor_m2=floors[-1])
    near = _near(seeds, need, _reach_m(need, layers, standards, stages))
    state = _Search(seeds, names, near, weight.copy(), np.ones(len(seeds), bool), np.full(len(seeds), np.inf))
    _start(state, given, standards, need, layers)
    free = _free(layers, standards, stages, about, given)
    least = SLIGHT * float((near @ weight).max(initial=0.0))
    for shaped in (number(standards, "plan.siting.compactness"), 0.0):
        for floor_m2 in floors:
            _look(state, free, standards, asked=(floor_m2, shaped), least=max(least, 1e-9))
    return _found(state, layers, floors[-1])


def _floors(standards: Standards, stages: Sequence[str], setting: str) -> list[float]:
    """Land of the smallest school of each stage, the largest first, and the least that is looked for."""
    asked = {
        land_asked(standards, stage, school_size(standards, stage, setting).classes_min, setting)[0]
        for stage in stages
    }
    least = number(standards, "plan.siting.search_floor")
    return [*sorted((m2 for m2 in asked if m2 > least), reverse=True), least]


def _none(layers: Layers, code: str, **params: float) -> Found:
    columns = {name: pd.Series(dtype=object) for name in ("site_id", "name")}
    empty = gpd.GeoDataFrame({**columns, "near": pd.Series(dtype=float)}, geometry=[], crs=layers.crs)
    return Found(empty, code, {"count": 0, **params})


def _found(state: _Search, layers: Layers, floor_m2: float) -> Found:
    tried = state.best_m2[np.isfinite(state.best_m2)]
    params = {"floor_m2": floor_m2, "largest_m2": float(tried.max(initial=0.0))}
    if not state.rows:
        return _none(layers, "search_no_land", **params)
    areas = gpd.GeoDataFrame(state.rows, geometry=list(state.blocks), crs=layers.crs)
    return Found(areas, "search_found", {"count": len(areas), **params})


def _seeds(layers: Layers, about: Around) -> tuple[Shapes, Shapes]:
    """Places every 60 m along public streets inside the region, thinned to one a square of 60 m."""
    streets = about.streets
    along = ~np.isin(streets.kinds.astype(str), NOT_ALONG)
    lines, names = streets.shapes[along], streets.names[along]
    count = np.maximum(np.ceil(shapely.length(lines) / SEED_M), 1).astype(np.int64)
    row = np.repeat(np.arange(len(lines)), count)
    position = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    points = shapely.line_interpolate_point(lines[row], (position + 0.5) / count[row], normalized=True)
    x, y = shapely.get_x(points), shapely.get_y(points)
    shapely.prepare(layers.boundary)
    inside = shapely.intersects(layers.boundary, points)
    square = np.column_stack([np.floor(x / SEED_M), np.floor(y / SEED_M)])
    order = np.lexsort((y.round(3), x.round(3)))
    order = order[inside[order]]
    _, first = np.unique(square[order], axis=0, return_index=True)
    chosen = order[np.sort(first)]
    return np.asarray(points, dtype=object)[chosen], names[row][chosen]


def _reach_m(need: pd.DataFrame, layers: Layers, standards: Standards, stages: Sequence[str]) -> F64:
    """How near a place must be to each cell, in a straight line."""
    detour = number(standards, "plan.siting.detour")
    limit = {}
    for setting in SETTINGS:
        found = [
            rule.limit_m for stage in stages for rule in rules(standards, stage, setting) if rule.metric != "none"
        ]
        limit[setting] = min(found or [search_cap_m(standards, stage) for stage in stages]) / detour
    setting = need["setting"] if "setting" in need else pd.Series(layers.plan.region.setting, index=need.index)
    return setting.map(limit).to_numpy(np.float64)


def _near(seeds: Shapes, need: pd.DataFrame, reach_m: F64) -> csr_array:
    cells = need[["x", "y"]].to_numpy(np.float64)
    tree = cKDTree(np.column_stack([shapely.get_x(seeds), shapely.get_y(seeds)]))
    needed = np.flatnonzero(need["pupils"].to_numpy(np.float64) > 0)
    lists = tree.query_ball_point(cells[needed], reach_m[needed], return_sorted=True)
    column = np.repeat(needed, [len(one) for one in lists])
    row = np.concatenate([np.asarray(one, np.int64) for one in lists]) if len(lists) else np.empty(0, np.int64)
    return csr_array((np.ones(len(row)), (row, column)), shape=(len(seeds), len(cells)))


def _start(
    state: _Search, given: Sequence[BaseGeometry], standards: Standards, need: pd.DataFrame, layers: Layers
) -> None:
    """Take the plots offered into account: their need counts half, places beside them are closed."""
    if not len(given):
        return
    offered = np.asarray(given, dtype=object)
    spacing = number(standards, "plan.siting.search_spacing")
    beside = STRtree(state.seeds).query(offered, predicate="dwithin", distance=spacing)[1]
    state.open[beside] = False
    for plot in sorted(set(STRtree(state.seeds).nearest(offered).tolist())):
        state.left *= np.where(_covered(state, plot), HALF, 1.0)


def _covered(state: _Search, seed: int) -> NDArray[np.bool_]:
    row = np.zeros(len(state.left), bool)
    row[state.near.indices[state.near.indptr[seed] : state.near.indptr[seed + 1]]] = True
    return row


def _free(
    layers: Layers, standards: Standards, stages: Sequence[str], about: Around, given: Sequence[BaseGeometry]
) -> _Free:
    """Buildings, streets, railways, water, taken ground, excluded land, schools and offered plots."""
    setting = layers.plan.region.setting
    most = max(
        land_asked(standards, stage, school_size(standards, stage, setting).classes_max, setting)[0]
        for stage in stages
    )
    taken = np.concatenate(
        [
            shapely.buffer(about.buildings.shapes, number(standards, "plan.siting.clearance")),
            _corridors(about),
            _grounds(about),
            np.asarray(given, dtype=object),
            _schools(layers, standards),
        ]
    )
    return _Free(
        taken=taken,
        tree=STRtree(taken),
        boundary=layers.boundary,
        reach_m=math.sqrt(2.0 * most / math.pi) + SEED_M / 2,
        width_m=number(standards, "plan.siting.search_width"),
        access_m=number(standards, "plan.siting.access"),
        named=only(about.ways, np.flatnonzero(about.ways.names.astype(str) != "")),
        areas=layers.areas,
    )


def _corridors(about: Around) -> Shapes:
    """Streets and railways at their full width."""
    roads = about.ways.half_m > 0
    rails = [about.objects[name] for name in ("railway", "transit")]
    strips = [shapely.buffer(about.ways.shapes[roads], about.ways.half_m[roads], quad_segs=2)]
    return np.concatenate([*strips, *(shapely.buffer(rail.shapes, RAIL_M, quad_segs=2) for rail in rails)])


def _grounds(about: Around) -> Shapes:
    """Taken ground, water and excluded land."""
    uses = {row["kind"] for row in table("siting_ground").records() if row["use"] == "taken"}
    ground = about.ground
    parts = [ground.shapes[np.isin(ground.kinds.astype(str), sorted(uses))], about.objects["water"].shapes]
    excluded = [] if about.excluded is None else [about.excluded.shapes]
    return np.concatenate([*parts, *excluded])


def _schools(layers: Layers, standards: Standards) -> Shapes:
    """Existing school grounds: as drawn, else a disc of their land, else of the distance to a street."""
    shapes = layers.schools.geometry.to_numpy()
    land = layers.schools["site_m2"].to_numpy(np.float64, na_value=np.nan) if "site_m2" in layers.schools else None
    radius = np.full(len(shapes), number(standards, "plan.siting.access"))
    if land is not None:
        radius = np.where(land > 0, np.sqrt(np.nan_to_num(land) / math.pi), radius)
    return np.asarray(shapely.buffer(shapes, radius), dtype=object)


def _look(state: _Search, free: _Free, standards: Standards, *, asked: tuple[float, float], least: float) -> None:
    """Choose places until none with enough land of a shape compact enough is near enough need."""
    floor_m2, shaped = asked
    spacing = number(standards, "plan.siting.search_spacing")
    most = int(number(standards, "plan.siting.search_most"))
    able = state.open & (state.best_m2 >= floor_m2)
    gain = state.near @ state.left
    while len(state.rows) < most:
        gain[~able] = -1.0
        at = int(np.argmax(np.round(gain, 6)))
        if gain[at] < least:
            return
        land = _land_at(state, free, at)
        state.best_m2[at] = 0.0 if land is None else land.area
        able[at] = False
        if land is None or land.area < floor_m2 or compactness(land) < shaped:
            continue
        point = state.seeds[at]
        site = f"A{round(point.x / 10)}-{round(point.y / 10)}"
        state.rows.append({"site_id": site, "name": _name(point, state, free, at), "near": float(gain[at])})
        state.blocks.append(land)
        beside = STRtree(state.seeds).query(point, predicate="dwithin", distance=spacing)
        state.open[beside] = able[beside] = False
        state.left *= np.where(_covered(state, at), HALF, 1.0)
        gain = state.near @ state.left


def _name(point: BaseGeometry, state: _Search, free: _Free, at: int) -> str:
    """The street a place is on, else the nearest street with a name, else the sub-area."""
    if state.names[at]:
        return str(state.names[at])
    near = free.named.tree.query_nearest(point, max_distance=NAME_M, all_matches=True)
    if len(near):
        return str(free.named.names[np.sort(near)[0]])
    area = free.areas[shapely.intersects(free.areas.geometry, point)]
    return str(area["name"].iloc[0]) if len(area) else ""


def _land_at(state: _Search, free: _Free, at: int) -> BaseGeometry | None:
    """The largest free part within reach of a place that touches its street, wide enough, on no area chosen."""
    point = state.seeds[at]
    if at not in state.cut:
        window = shapely.intersection(shapely.buffer(point, free.reach_m), free.boundary)
        rows = np.sort(free.tree.query(window, predicate="intersects"))
        state.cut[at] = shapely.difference(window, shapely.union_all(free.taken[rows]))
    chosen = [area for area in state.blocks if shapely.intersects(area, state.cut[at])]
    left = shapely.difference(state.cut[at], shapely.union_all(chosen)) if chosen else state.cut[at]
    half = free.width_m / 2
    wide = shapely.buffer(shapely.buffer(left, -half), half, quad_segs=4)
    parts = shapely.get_parts(shapely.intersection(shapely.simplify(wide, 1.0), left))
    touching = [
        part for part in parts if shapely.get_type_id(part) == 3 and shapely.distance(part, point) <= free.access_m
    ]
    return largest(shapely.multipolygons(touching)) if touching else None
