"""Streets, crossings and straight legs in one table, and which of them fail on which route."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.safety.beside import column
from geoplan.safety.exposure import steps_dm
from geoplan.safety.legs import Doors, Legs
from geoplan.safety.measures import FIT
from geoplan.safety.needs import Uses, joined
from geoplan.safety.routes import Ways
from geoplan.safety.turns import Turns, high_of, low_of
from geoplan.safety.works import I64
from layers.bundle import Streets


def elements_table(streets: Streets, segments: pd.DataFrame, crossings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Everything that may stand between pupils and a safe route.

    Parameters
    ----------
    segments
        From `geoplan.safety.levels.segment_levels`, index the rows of the edges.
    crossings
        ``Crossings.table``.

    Returns
    -------
    geopandas.GeoDataFrame
        RangeIndex: first the edges (their rows; level 0 where nobody may walk), then the crossing elements, last one
        row of kind ``leg`` for the straight legs that cross a road. ``kind, osm_id, name, highway, length_m,
        level_low, level_high, assumed, mapped, road_id``, geometry.
    """
    edges = streets.edges
    parts = [_segments(edges, segments), _crossings(edges, crossings), _leg(edges)]
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), geometry="geometry", crs=edges.crs)


def _segments(edges: gpd.GeoDataFrame, segments: pd.DataFrame) -> gpd.GeoDataFrame:
    found = pd.DataFrame({"level_low": np.int8(0), "level_high": np.int8(0), "assumed": ""}, index=edges.index)
    for name in found.columns:
        found.loc[segments.index, name] = segments[name].astype(found[name].dtype)
    columns = {
        "kind": "segment",
        "osm_id": edges["osm_id"].astype(str),
        "name": column(edges, "name"),
        "highway": column(edges, "highway"),
        "length_m": edges["length_m"].to_numpy(np.float64),
        "mapped": None,
        "road_id": None,
    }
    return gpd.GeoDataFrame(found.assign(**columns), geometry=edges.geometry, crs=edges.crs)


def _crossings(edges: gpd.GeoDataFrame, crossings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    kept = ["osm_id", "name", "highway", "level_low", "level_high", "mapped"]
    columns = {
        "kind": "crossing",
        "length_m": np.nan,
        "assumed": crossings["assumed"].astype(object),
        "road_id": edges["osm_id"].astype(str).to_numpy(object)[crossings["arm_edge"].to_numpy()],
    }
    return gpd.GeoDataFrame(crossings[kept].assign(**columns), geometry=crossings.geometry, crs=edges.crs)


def _leg(edges: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    columns = {"kind": "leg", "osm_id": "", "length_m": np.nan, "assumed": "", "mapped": None, "road_id": None}
    levels = {"level_low": np.int8(1), "level_high": np.int8(4), "name": None, "highway": None}
    return gpd.GeoDataFrame({**columns, **levels}, index=[0], geometry=[None], crs=edges.crs)


def failing_uses(
    turns: Turns, ways: Ways, ends: tuple[Legs, Doors], edge_row: NDArray[np.int32], elements: pd.DataFrame
) -> Uses:
    """Elements above level 2 at worst on each route, by their row in the elements table.

    Parameters
    ----------
    ends
        (legs of homes, doors of schools) that the routes were found with.
    edge_row
        Row of ``Streets.edges`` of each edge of the graph (``Network.edge_row``).
    elements
        From :func:`elements_table`.

    Notes
    -----
    An element that only one side of the street meets fails for certain only where the other side fails too. Where
    people take the better of both sides, only what is on that side must be mended. The worst of the uses is the
    level of the route.
    """
    route = np.repeat(np.arange(len(ways.start) - 1, dtype=np.int64), np.diff(ways.start))
    return joined(
        _along(turns, ways, ends, edge_row, route),
        _across(turns, ways, route, elements),
        _legs(ways, ends, len(elements) - 1),
    )


def _along(turns: Turns, ways: Ways, ends: tuple[Legs, Doors], edge_row: NDArray[np.int32], route: I64) -> Uses:
    level = turns.level[ways.arc]
    kept = (high_of(level) > FIT) & (steps_dm(turns, *ends, ways) > 0)
    edge = edge_row[turns.edge[ways.arc[kept]]].astype(np.int64)
    return Uses(route[kept], edge, low_of(level[kept]), high_of(level[kept]))


def _across(turns: Turns, ways: Ways, route: I64, elements: pd.DataFrame) -> Uses:
    follows = np.flatnonzero(route[1:] == route[:-1]) + 1
    number = turns.turn(ways.arc[follows - 1], ways.arc[follows])
    level, row = turns.turn_level[number], turns.turn_row[number]
    kept = (row >= 0) & (high_of(level) > FIT)
    met = turns.met[row[kept]]
    turn, place = np.nonzero(met >= 0)
    element = met[turn, place].astype(np.int64) + (len(elements) - 1 - turns.elements)
    high = elements["level_high"].to_numpy(np.int8)[element]
    low = np.minimum(elements["level_low"].to_numpy(np.int8)[element], low_of(level[kept])[turn])
    uses = Uses(route[follows[kept]][turn], element, low, high)
    return uses.only(high > FIT)


def _legs(ways: Ways, ends: tuple[Legs, Doors], element: int) -> Uses:
    homes, doors = ends
    there = np.flatnonzero(ways.length_dm >= 0)
    level = np.concatenate([homes.level[ways.home[there]], doors.legs.level[ways.gate[there]]])
    kept = high_of(level) > FIT
    route = np.tile(there, 2)[kept].astype(np.int64)
    return Uses(route, np.full(route.size, element, np.int64), low_of(level[kept]), high_of(level[kept]))
