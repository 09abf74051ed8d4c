"""Where walks cross carriageways, how bad each crossing is at best and at worst, and which turns cross which.

A walk crosses roads in its turns at nodes: it passes the arms that lie between the edge it comes by and the edge it
leaves by, on its left or on its right. Arms that continue each other are one road, and crossing one road at one node
is one element. Two carriageways drawn apart are two roads, crossed one after the other. Ways on bridges and in
tunnels share no nodes with what they pass over or under, and cross nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from geoplan.safety.audit import audited
from geoplan.safety.beside import column
from geoplan.safety.carriageway import CONTEXT_TAGS, LANE_TAGS, SPEED_TAGS
from geoplan.safety.facilities import MAPPED, Crossed, Facility, cross
from geoplan.safety.junctions import I8, I32, Facilities, Flags, Junctions, facilities, junctions
from geoplan.safety.kernels_crossings import turn_bounds, turns_at_nodes
from geoplan.safety.kinds import Kinds, kinds
from geoplan.safety.levels import spread
from geoplan.standards import Standards
from layers.bundle import Streets

ARM_TAGS = ("highway", *SPEED_TAGS, *CONTEXT_TAGS, *LANE_TAGS)
"""Tags of a road that the level of crossing it rests on."""


@dataclass(frozen=True)
class TurnTable:
    """Turns that cross something; each pair of edges at a node once, turns not listed cross nothing.

    Parameters
    ----------
    node, edge_in, edge_out
        int32 per turn, rows of ``Streets.nodes`` and ``Streets.edges``, ``edge_in < edge_out``. Walked the other way
        round, left and right change places and the levels stay.
    left, right
        int32 (turns, most), crossing elements met on that side of the walk, padded with -1.
    mode
        int8: 0 the side is not known, 1 left, 2 right (the pavement is there), 3 the side with less to cross
        (footways that meet, or a footway and a street with pavements on both sides).
    level_low, level_high
        int8 per turn, best and worst of what is crossed; 0 nothing.
    """

    node: I32
    edge_in: I32
    edge_out: I32
    left: I32
    right: I32
    mode: I8
    level_low: I8
    level_high: I8


@dataclass(frozen=True)
class Crossings:
    """Crossing elements and the turns that meet them.

    ``table``: RangeIndex, sorted by node; ``element`` (row), ``node`` (row of the nodes), ``arm_edge`` (row of the
    edges: the arm that decides), ``osm_id`` (of the node the crossing is mapped at, ``node-way`` where none is),
    ``mapped`` (bool), ``level_low, level_high`` (int8), ``rule, assumed, used`` (categorical), ``name, highway`` (of
    the road, str or None), ``known_crossing`` (int8, as in `geoplan.safety.levels`), Point.
    """

    table: gpd.GeoDataFrame
    turns: TurnTable


def crossing_elements(
    streets: Streets, standards: Standards, *, rural: ArrayLike, audit: pd.DataFrame | None = None
) -> Crossings:
    """Every road that a walk may cross at a node.

    Parameters
    ----------
    streets, standards, rural, audit
        As for `geoplan.safety.levels.segment_levels`.

    Notes
    -----
    Signals, crossings, islands and tables count at the node itself, or on the road within the distance of the table
    ``safety_distance``. With several such places on one road people take the best.
    """
    streets = audited(streets, audit)
    net = junctions(streets)
    (node, before, after, mode, left, right), used = _turns(net)
    judged = _judge(streets, net, np.asarray(rural, bool))
    low, high, arm = _deciding_arms(net, judged, used)
    bounds = turn_bounds(left, right, mode, low, high)
    return Crossings(
        _table(streets, judged, arm, (low, high)), TurnTable(node, before, after, left, right, mode, *bounds)
    )


def _turns(net: Junctions) -> tuple[tuple[Any, ...], Flags]:
    """Turns with the elements left and right, and which roads at nodes are elements (a last one stands for none)."""
    shape = (net.start, net.arc, net.group, net.walk, net.road, net.layer, net.side)
    row, flat = np.empty(0, np.int32), np.empty((0, 0), np.int32)
    size, most = turns_at_nodes(*shape, (row, row, row, np.empty(0, np.int8), flat, flat))
    node, before, after = (np.empty(size, np.int32) for _ in range(3))
    mode, left, right = np.empty(size, np.int8), *(np.full((size, most), -1, np.int32) for _ in range(2))
    turns_at_nodes(*shape, (node, before, after, mode, left, right))
    used = np.zeros(net.groups + 1, dtype=bool)
    used[left], used[right], used[-1] = True, True, False
    element = np.where(used, np.cumsum(used) - 1, -1).astype(np.int32)
    return (node, before, after, mode, element[left], element[right]), used


@dataclass(frozen=True)
class _Judged:
    """Judgement of every arm at its node: levels per arc, and which of ``found`` it is."""

    code: I32
    found: list[Crossed]
    served: Facilities

    @property
    def low(self) -> I8:
        return np.array([one.low for one in self.found], np.int8)[self.code]

    @property
    def high(self) -> I8:
        return np.array([one.high for one in self.found], np.int8)[self.code]


def _judge(streets: Streets, net: Junctions, rural: Flags) -> _Judged:
    served, arms = facilities(streets, net), arm_kinds(streets.edges, rural)
    key = np.repeat(arms.code, 2).astype(np.int64) * len(served.found) + served.code
    code, pairs = pd.factorize(np.where(net.road.repeat(2), key, -1))
    found = [_cross(pair, arms, served.found) for pair in pairs.tolist()]
    return _Judged(code.astype(np.int32), found, served)


def _cross(pair: int, arms: Kinds, served: tuple[Facility, ...]) -> Crossed:
    if pair < 0:
        return Crossed(0, 0, "", (), ())
    arm, here = divmod(pair, len(served))
    return cross(arms.tags[arm], served[here])


def arm_kinds(edges: pd.DataFrame, rural: Flags) -> Kinds:
    """Kinds of edges by what counts when they are crossed."""
    ways = {f"{name}ward": edges[f"drive_{name}ward"].to_numpy(bool) for name in ("for", "back")}
    return kinds(edges, ARM_TAGS, rural=rural, **ways)


def _deciding_arms(net: Junctions, judged: _Judged, used: Flags) -> tuple[I8, I8, I32]:
    """Best and worst level of each element, and the arm (arc) its row tells of.

    Arms with a crossing close by on them go before those without: the best of them serves. Otherwise any arm may be
    the one that is crossed, and the row tells of the worst.
    """
    arcs = np.flatnonzero(used[net.group]).astype(np.int32)
    group, low, high = net.group[arcs], judged.low[arcs], judged.high[arcs]
    close = (judged.served.node[arcs] >= 0) & ~judged.served.own[arcs]
    best = np.bincount(group[close], minlength=net.groups) > 0
    keep = close | ~best[group]
    arcs, group, low, high = arcs[keep], group[keep], low[keep], high[keep]
    sign = np.where(best[group], 1, -1)
    order = np.lexsort((arcs, sign * low, sign * high, group))
    first = np.flatnonzero(np.diff(group[order], prepend=-1))
    if first.size == 0:
        return np.empty(0, np.int8), np.empty(0, np.int8), np.empty(0, np.int32)
    return np.minimum.reduceat(low[order], first), high[order][first], arcs[order][first]


def _table(streets: Streets, judged: _Judged, arm: I32, levels: tuple[I8, I8]) -> gpd.GeoDataFrame:
    nodes, edges, served = streets.nodes, streets.edges, judged.served
    edge, code = arm >> 1, judged.code[arm]
    here = np.where(arm & 1 == 0, edges["u"].to_numpy()[edge], edges["v"].to_numpy()[edge]).astype(np.int32)
    at = [served.found[k] for k in served.code[arm]]
    mapped = np.array([one.state == MAPPED for one in at], dtype=bool)
    x, y = (nodes[axis].to_numpy(float)[here] for axis in ("x", "y"))
    columns = {
        "element": np.arange(len(arm), dtype=np.int32),
        "node": here,
        "arm_edge": edge.astype(np.int32),
        "osm_id": pd.Series(_ids(streets, here, edge, np.where(mapped, served.node[arm], -1)), dtype=object),
        "mapped": mapped,
        "level_low": levels[0],
        "level_high": levels[1],
        "rule": spread([one.rule for one in judged.found], code),
        "assumed": spread([";".join(one.assumed) for one in judged.found], code),
        "used": spread([";".join(one.used) for one in judged.found], code),
        "name": pd.Series(column(edges, "name")[edge], dtype=object),
        "highway": pd.Series(column(edges, "highway")[edge], dtype=object),
        "known_crossing": np.array([one.state == MAPPED and one.signals is not None for one in at], np.int8),
    }
    return gpd.GeoDataFrame(columns, geometry=gpd.points_from_xy(x, y), crs=edges.crs)


def _ids(streets: Streets, here: I32, edge: I32, at: NDArray[np.int32]) -> NDArray[np.object_]:
    """Id of the node a crossing is mapped at; ``node-way`` where none is."""
    node = streets.nodes["osm_id"].to_numpy()
    pairs = zip(node[here].tolist(), streets.edges["osm_id"].to_numpy(object)[edge], strict=True)
    unmapped = np.array([f"{one}-{way}" for one, way in pairs], dtype=object)
    return np.where(at >= 0, node[at].astype(str).astype(object), unmapped)
