"""What OpenStreetMap knows around a school gate: streets with their junctions and crossings, and footways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely import Point, STRtree

from geoplan.safety.carriageway import ROADS, Carriageway, carriageway
from geoplan.safety.facilities import NODE_TAGS, Facility, facility
from geoplan.safety.segments import EDGE_TAGS, KIND_OF
from geoplan.safety.tags import Tags
from geoplan.standards import table
from layers.bundle import Streets

I64 = NDArray[np.int64]
Columns = Mapping[str, NDArray[np.object_]]  # tag or id to its value a row; anything but text is no value
JUNCTION_ARMS = 3
OWN_WAYS = frozenset(name for name, kind in KIND_OF.items() if kind == "own")
ROAD_TAGS = (*EDGE_TAGS, "width", "hazard", "school_zone")
WAY_TAGS = ("highway", "footway", "width", "bridge", "tunnel")
SPOT_TAGS = (*NODE_TAGS, "hazard")


@dataclass(frozen=True)
class Road:
    """A street: its tags, what is known of its carriageway, whether traffic runs both ways, and its setting."""

    osm_id: str
    tags: Tags
    way: Carriageway
    two_way: bool
    rural: bool


@dataclass(frozen=True)
class Spot:
    """A tagged node or a junction of streets: its distance to the access and the first street it is on."""

    osm_id: str
    tags: Tags
    facility: Facility
    distance_m: float
    road: Road | None
    arms: int


@dataclass(frozen=True)
class Footway:
    """A way of its own right near the access."""

    osm_id: str
    tags: Tags
    distance_m: float


@dataclass(frozen=True)
class Around:
    """Everything within the zone of one gate.

    Parameters
    ----------
    own_point
        No gate is mapped, so distances from it prove nothing.
    access, access_m
        The street nearest to the gate and the distance to its centre line; None and NaN where none is near.
    spots, footways
        Distances are to the access, the nearest point of that street, or to the gate where there is no street.
    """

    own_point: bool
    roads: Sequence[Road]
    access: Road | None
    access_m: float
    spots: Sequence[Spot]
    footways: Sequence[Footway]


@dataclass(frozen=True)
class Places:
    """The streets of a plan, ready to be asked what is near a gate; rows are those of edges and nodes."""

    edges: Columns
    nodes: Columns
    shapes: NDArray[np.object_]
    points: NDArray[np.object_]
    driven: NDArray[np.bool_]
    signals: NDArray[np.bool_]
    rural: NDArray[np.bool_]
    roads: I64
    footways: I64
    spots: I64
    road_tree: STRtree
    footway_tree: STRtree
    spot_tree: STRtree
    arms: I64
    road_of_node: I64


def places(streets: Streets, rural: NDArray[np.bool_] | None = None) -> Places:
    """Index the streets a school may stand on; motorways, service roads and tracks are left out."""
    edges, nodes = streets.edges, streets.nodes
    highway = edges["highway"].astype(object).fillna("").to_numpy()
    driven = edges["drive_forward"].to_numpy(bool) | edges["drive_backward"].to_numpy(bool)
    left_out = set(table("gate_zone").extra["left_out"])
    roads = np.flatnonzero(np.isin(highway, sorted(ROADS - left_out)) & driven)
    footways = np.flatnonzero(np.isin(highway, sorted(OWN_WAYS)))
    ends = edges[["u", "v"]].to_numpy(np.int64)
    arms = np.bincount(ends[roads].ravel(), minlength=len(nodes))
    road_of_node = np.full(len(nodes), -1, dtype=np.int64)
    road_of_node[ends[roads[::-1]].ravel()] = np.repeat(roads[::-1], 2)
    told = [nodes[name].notna().to_numpy(bool) for name in ("highway", "crossing", "hazard") if name in nodes]
    spots = np.flatnonzero(np.logical_or.reduce([arms >= JUNCTION_ARMS, *told]))
    shapes = edges.geometry.to_numpy()
    points = shapely.points(nodes[["x", "y"]].to_numpy(np.float64))
    return Places(
        edges=_columns(edges, (*ROAD_TAGS, *WAY_TAGS)),
        nodes=_columns(nodes, SPOT_TAGS),
        shapes=shapes,
        points=points,
        driven=edges[["drive_forward", "drive_backward"]].to_numpy(bool),
        signals=nodes["signals"].to_numpy(bool),
        rural=np.zeros(len(edges), dtype=bool) if rural is None else rural,
        roads=roads,
        footways=footways,
        spots=spots,
        road_tree=STRtree(shapes[roads]),
        footway_tree=STRtree(shapes[footways]),
        spot_tree=STRtree(points[spots]),
        arms=arms,
        road_of_node=road_of_node,
    )


def look_around(given: Places, gate: Point, zone_m: float, *, own_point: bool) -> Around:
    """What is within the zone of a gate, measured in a straight line."""
    rows = given.roads[_near(given.road_tree, gate, zone_m)]
    away = shapely.distance(given.shapes[rows], gate)
    nearest = int(rows[np.argmin(away)]) if rows.size else -1
    access = _foot_of(given.shapes[nearest], gate) if rows.size else gate
    spots = given.spots[_near(given.spot_tree, gate, zone_m)]
    footways = given.footways[_near(given.footway_tree, gate, zone_m)]
    return Around(
        own_point=own_point,
        roads=[_road(given, int(row)) for row in rows],
        access=_road(given, nearest) if rows.size else None,
        access_m=float(away.min()) if rows.size else float("nan"),
        spots=[_spot(given, int(row), access) for row in spots],
        footways=[_footway(given, int(row), access) for row in footways],
    )


def _near(tree: STRtree, gate: Point, zone_m: float) -> I64:
    return np.asarray(np.sort(tree.query(gate, predicate="dwithin", distance=zone_m)), dtype=np.int64)


def _foot_of(line: object, gate: Point) -> Point:
    return shapely.line_interpolate_point(line, shapely.line_locate_point(line, gate))


def _road(given: Places, row: int) -> Road:
    tags = _tags(given.edges, row, ROAD_TAGS)
    forward, backward = (bool(way) for way in given.driven[row])
    rural = bool(given.rural[row])
    way = carriageway(tags, rural=rural, forward=forward, backward=backward)
    return Road(given.edges["osm_id"][row], tags, way, forward and backward, rural)


def _spot(given: Places, row: int, access: Point) -> Spot:
    tags = _tags(given.nodes, row, SPOT_TAGS)
    on = int(given.road_of_node[row])
    return Spot(
        osm_id=given.nodes["osm_id"][row],
        tags=tags,
        facility=facility(tags, signals=bool(given.signals[row]) and "crossing" in tags),
        distance_m=float(shapely.distance(given.points[row], access)),
        road=_road(given, on) if on >= 0 else None,
        arms=int(given.arms[row]),
    )


def _footway(given: Places, row: int, access: Point) -> Footway:
    away = float(shapely.distance(given.shapes[row], access))
    return Footway(given.edges["osm_id"][row], _tags(given.edges, row, WAY_TAGS), away)


def _columns(frame: pd.DataFrame, names: Sequence[str]) -> Columns:
    found = {name: frame[name].to_numpy(object) for name in names if name in frame}
    return {**found, "osm_id": frame["osm_id"].astype(str).to_numpy(object)}


def _tags(columns: Columns, row: int, names: Sequence[str]) -> dict[str, str]:
    values = {name: columns[name][row] for name in names if name in columns}
    return {name: value for name, value in values.items() if isinstance(value, str)}
