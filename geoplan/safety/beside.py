"""Which streets have a pavement drawn as a way of its own beside them."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geoplan.safety.carriageway import ROADS
from geoplan.safety.sidewalks import KEYS
from geoplan.standards import table

Flags = NDArray[np.bool_]
STOPS = (0.2, 0.5, 0.8)
"""Shares of an edge's length at which a pavement is looked for; it must be there at two of them."""

LEAN_DEG = 30.0
"""How far the pavement's direction may differ from the street's."""


def distance_m(what: str) -> float:
    """An entry of the table of distances."""
    return float({row[0]: row[1] for row in table("safety_distance").rows}[what])


def column(frame: pd.DataFrame, name: str) -> NDArray[np.object_]:
    """A tag column, all None where the frame has none."""
    return frame[name].to_numpy(object) if name in frame.columns else np.full(len(frame), None, object)


def is_road(edges: pd.DataFrame) -> Flags:
    """Which edges are carriageways; the outlines of squares are none."""
    codes, classes = pd.factorize(column(edges, "highway"))
    road = np.append([name in ROADS for name in classes], False)[codes].astype(bool)
    return np.asarray(road & (column(edges, "area") != "yes"))


def layer_of(edges: pd.DataFrame) -> NDArray[np.int8]:
    """Level above ground: ``layer=*``, else 1 on a bridge and -1 in a tunnel."""
    given = pd.to_numeric(pd.Series(column(edges, "layer")), errors="coerce").to_numpy(float)
    bridge, tunnel = (_there(column(edges, name), spare) for name, spare in (("bridge", ()), ("tunnel", PASSAGES)))
    guess = np.where(bridge, 1.0, np.where(tunnel, -1.0, 0.0))
    return np.clip(np.where(np.isfinite(given), given, guess), -20, 20).astype(np.int8)


PASSAGES = ("building_passage", "culvert", "avalanche_protector")


def _there(values: NDArray[np.object_], spare: tuple[str, ...]) -> Flags:
    codes, names = pd.factorize(values)
    return np.append([name not in ("no", *spare) for name in names], False)[codes].astype(bool)


def has_pavement_beside(edges: gpd.GeoDataFrame) -> Flags:
    """Per edge, whether a ``footway=sidewalk`` runs alongside it, within the distance of the table and on its layer.

    Only carriageways without any sidewalk tag are looked at.
    """
    found = np.zeros(len(edges), dtype=bool)
    silent = np.all([pd.isna(column(edges, key)) for key in KEYS], axis=0)
    roads = np.flatnonzero(is_road(edges) & silent)
    pavements = np.flatnonzero((column(edges, "footway") == "sidewalk") & ~is_road(edges))
    if roads.size == 0 or pavements.size == 0:
        return found
    lines, layer = edges.geometry.to_numpy(), layer_of(edges)
    pieces, owner = _pieces(lines[pavements])
    tree = shapely.STRtree(shapely.linestrings(pieces))
    lean = _direction(pieces[:, 1] - pieces[:, 0])
    roads = roads[np.unique(tree.query(lines[roads], predicate="dwithin", distance=distance_m("sidewalk"))[0])]
    count = np.zeros(roads.size, dtype=np.int64)
    for share in STOPS:
        at, course = _stop(lines[roads], share)
        stop, piece = tree.query(at, predicate="dwithin", distance=distance_m("sidewalk"))
        turned = np.abs((lean[piece] - course[stop] + 90.0) % 180.0 - 90.0)
        same = (turned <= LEAN_DEG) & (layer[pavements][owner[piece]] == layer[roads][stop])
        hit = np.zeros(roads.size, dtype=bool)
        hit[stop[same]] = True
        count += hit
    found[roads] = count >= 2
    return found


def _pieces(lines: NDArray[np.object_]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Straight pieces (n, 2, 2) of lines and the line each belongs to."""
    xy, owner = shapely.get_coordinates(lines, return_index=True)
    inside = owner[1:] == owner[:-1]
    return np.stack([xy[:-1][inside], xy[1:][inside]], axis=1), owner[:-1][inside]


def _stop(lines: NDArray[np.object_], share: float) -> tuple[NDArray[np.object_], NDArray[np.float64]]:
    """Points at a share of the lines' lengths, and the course of the lines there, degrees."""
    at, before, after = (
        shapely.line_interpolate_point(lines, share + step, normalized=True) for step in (0.0, -0.05, 0.05)
    )
    return at, _direction(shapely.get_coordinates(after) - shapely.get_coordinates(before))


def _direction(step: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.degrees(np.arctan2(step[:, 1], step[:, 0])))
