"""Invented streets: a grid in every settlement, roads between, bridges over the river and the railway."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import Delaunay, cKDTree
from shapely.geometry import LineString, Point

from layers.demo.county.osm import OsmDraft
from layers.demo.county.terrain import SEED, Land, Settlement

Grid = dict[tuple[int, int], int]

RESIDENTIAL = {"highway": "residential"}
ROAD_TAGS: dict[str, dict[str, str]] = {
    "primary": {"highway": "primary", "lanes": "6", "maxspeed": "60", "sidewalk": "both", "lit": "yes"},
    "secondary": {"highway": "secondary", "lanes": "4", "maxspeed": "50", "sidewalk": "both"},
    "tertiary": {"highway": "tertiary", "lanes": "2"},
    "unclassified": {"highway": "unclassified"},
    "residential": RESIDENTIAL,
}


def add_streets(draft: OsmDraft, land: Land) -> dict[str, Grid]:
    """All streets into the draft; hands back the grid nodes of each settlement."""
    rng = np.random.default_rng(SEED + 1)
    grids = {place.key: _grid_nodes(draft, place, land, rng) for place in land.settlements}
    for place in land.settlements:
        _grid_ways(draft, place, grids[place.key], land, rng)
    for a, b in _links(land.settlements):
        _connect(draft, (land.settlements[a], land.settlements[b]), grids, land, rng)
    draft.line(list(land.railway.coords), {"railway": "rail", "name": "宁青铁路", "name:en": "Ningqing Railway"})
    draft.line(list(land.river.coords), {"waterway": "river", "name": "青禾河", "name:en": "Qinghe River"})
    return grids


def _grid_nodes(draft: OsmDraft, place: Settlement, land: Land, rng: np.random.Generator) -> Grid:
    """Nodes of the turned, slightly uneven grid; a round outline; none in the water or on the tracks."""
    steps = np.arange(place.blocks + 1) - place.blocks / 2
    turn = np.array([[np.cos(place.angle), -np.sin(place.angle)], [np.sin(place.angle), np.cos(place.angle)]])
    grid: Grid = {}
    for i, a in enumerate(steps):
        for j, b in enumerate(steps):
            u, v = np.array([a, b]) * place.block_m + rng.normal(0, place.block_m * 0.06, 2)
            x, y = turn @ (u, v) + (place.x, place.y)
            round_enough = np.hypot(u, v) <= place.reach_m * 1.12
            clear = land.river.distance(Point(x, y)) > 70 and land.railway.distance(Point(x, y)) > 25
            if round_enough and clear and land.boundary.contains(Point(x, y)):
                grid[i, j] = draft.node(float(x), float(y))
    return grid


def _grid_ways(draft: OsmDraft, place: Settlement, grid: Grid, land: Land, rng: np.random.Generator) -> None:
    for line in range(place.blocks + 1):
        for turned in (False, True):
            kind = _street_class(place, line)
            keys = [(line, k) if turned else (k, line) for k in range(place.blocks + 1)]
            _street(draft, [grid.get(key) for key in keys], _tags(kind, place, line, turned, rng), land, rng)
    if place.kind != "village":
        _crossings(draft, place, grid, rng)


def _street_class(place: Settlement, line: int) -> str:
    middle = place.blocks // 2
    if place.kind == "seat":
        return "primary" if line % 11 == 0 else "secondary" if line % 4 == 2 else "residential"
    if line == middle:
        return "tertiary" if place.kind == "town" else "unclassified"
    return "residential"


def _tags(kind: str, place: Settlement, line: int, turned: bool, rng: np.random.Generator) -> dict[str, str]:
    """Tags as patchy as real ones: a third of the sidewalks and speeds are not there."""
    tags = {key: value for key, value in ROAD_TAGS[kind].items() if key == "highway" or rng.random() < 0.66}
    if kind != "residential" or place.kind == "seat":
        direction = "纬" if turned else "经"
        tags["name"] = f"{place.name_zh}{direction}{line + 1}路"
        tags["name:en"] = f"{place.name_en} {'Cross' if turned else 'Long'} Street {line + 1}"
    return tags


def _street(
    draft: OsmDraft, nodes: list[int | None], tags: dict[str, str], land: Land, rng: np.random.Generator
) -> None:
    """One street line, broken at gaps; minor streets lose 7 % of their pieces, only main ones get bridges."""
    main = tags["highway"] in {"primary", "secondary", "tertiary"}
    piece: list[int] = []
    for a, b in pairwise(nodes):
        wanted = a is not None and b is not None and (main or rng.random() > 0.07)
        across = wanted and _blocked(draft, land, (a, b))
        if wanted and across and main:
            draft.way([a, b], {**tags, "bridge": "yes", "layer": "1"})  # type: ignore[list-item]
        if wanted and not across:
            piece = piece or [a]  # type: ignore[list-item]
            piece.append(b)  # type: ignore[arg-type]
        elif piece:
            draft.way(piece, tags)
            piece = []
    if piece:
        draft.way(piece, tags)


def _blocked(draft: OsmDraft, land: Land, ends: tuple[int | None, ...]) -> bool:
    line = LineString([draft.xy[end] for end in ends if end is not None])
    return bool(line.intersects(land.river) or line.intersects(land.railway))


def _crossings(draft: OsmDraft, place: Settlement, grid: Grid, rng: np.random.Generator) -> None:
    """Signals where two main streets meet, zebra crossings at half of the places where a side street meets one."""
    main = {line for line in range(place.blocks + 1) if _street_class(place, line) != "residential"}
    for (i, j), node in grid.items():
        if i in main and j in main:
            draft.tag(node, {"highway": "traffic_signals"})
        elif (i in main or j in main) and rng.random() < 0.5:
            draft.tag(node, {"highway": "crossing", "crossing": "uncontrolled"})


def _links(places: tuple[Settlement, ...]) -> list[tuple[int, int]]:
    """Gabriel graph of the settlements: connected, planar, no road through a third place."""
    points = np.array([(place.x, place.y) for place in places])
    corners = Delaunay(points).simplices
    pairs = np.unique(
        np.sort(np.vstack([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [0, 2]]]), axis=1), axis=0
    )
    middle = points[pairs].mean(axis=1)
    half = np.linalg.norm(points[pairs[:, 0]] - points[pairs[:, 1]], axis=1) / 2
    nearest = cKDTree(points).query(middle)[0]
    return [(int(a), int(b)) for (a, b), keep in zip(pairs, nearest >= half - 1e-6, strict=True) if keep]


def _connect(
    draft: OsmDraft,
    ends: tuple[Settlement, Settlement],
    grids: dict[str, Grid],
    land: Land,
    rng: np.random.Generator,
) -> None:
    first, second = ends
    start = _towards(draft, grids[first.key], (second.x, second.y))
    stop = _towards(draft, grids[second.key], draft.xy[start])
    points = _bend(np.array(draft.xy[start]), np.array(draft.xy[stop]), rng)
    nodes = [start, *(draft.node(float(x), float(y)) for x, y in points), stop]
    kinds = {place.kind for place in ends}
    kind = "unclassified" if kinds == {"village"} else "tertiary" if "village" in kinds else "secondary"
    tags = {
        "highway": kind,
        "name": f"{first.name_zh[:2]}{second.name_zh[:2]}路",
        "name:en": f"{first.name_en} - {second.name_en} Road",
    }
    _road(draft, nodes, tags, land)


def _towards(draft: OsmDraft, grid: Grid, target: tuple[float, float]) -> int:
    nodes = list(grid.values())
    away = np.hypot(*(np.array([draft.xy[node] for node in nodes]) - target).T)
    return nodes[int(away.argmin())]


def _bend(a: NDArray[np.float64], b: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Shape points about every 250 m along a gentle curve."""
    length = float(np.linalg.norm(b - a))
    count = max(int(length // 250), 1)
    t = (np.arange(count) + 1) / (count + 1)
    side = np.array([-(b - a)[1], (b - a)[0]]) / max(length, 1.0)
    sway = np.sin(np.pi * t) * rng.uniform(-0.06, 0.06) * length
    return np.asarray(a + t[:, None] * (b - a) + sway[:, None] * side)


def _road(draft: OsmDraft, nodes: list[int], tags: dict[str, str], land: Land) -> None:
    piece = [nodes[0]]
    for a, b in pairwise(nodes):
        if _blocked(draft, land, (a, b)):
            if len(piece) > 1:
                draft.way(piece, tags)
            draft.way([a, b], {**tags, "bridge": "yes", "layer": "1"})
            piece = [b]
        else:
            piece.append(b)
    if len(piece) > 1:
        draft.way(piece, tags)


def river_water(land: Land) -> shapely.Polygon:
    """The river as an area, 90 m wide, inside the county."""
    area = shapely.intersection(shapely.buffer(land.river, 45, cap_style="flat"), land.boundary.buffer(1_500))
    return max(shapely.get_parts(area), key=shapely.area)
