"""Junctions as arrays: arcs around nodes, the roads they make, and what stands there to help people across."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geoplan.safety.beside import column, distance_m, is_road, layer_of
from geoplan.safety.facilities import ABSENT, MAPPED, NODE_TAGS, NOTHING, WAY_TAGS, Facility, facility
from geoplan.safety.kernels_crossings import arcs_at_nodes, bearings, near_nodes, roads_at_nodes
from geoplan.safety.kinds import kinds
from geoplan.safety.sidewalks import KEYS, sidewalk
from layers.bundle import Streets

I8 = NDArray[np.int8]
I32 = NDArray[np.int32]
Flags = NDArray[np.bool_]

REACH_M = 8.0
"""Where along an edge its direction at the node is taken."""


@dataclass(frozen=True)
class Junctions:
    """Arcs around every node; an arc is ``2 * edge`` seen from u, ``2 * edge + 1`` from v.

    Parameters
    ----------
    start, arc
        int32 (nodes + 1) and (arcs): arcs of each node counterclockwise.
    group
        int32 per arc, the road it is an arm of at its node; -1 for ways without vehicles. Roads are numbered through.
    groups
        How many roads.
    walk, road
        Per edge: may be walked, is a carriageway.
    layer, side
        int8 per edge: level above ground; sides with a pavement (1 left, 2 right, 3 both, 0 not known or none).
    """

    start: I32
    arc: I32
    group: I32
    groups: int
    walk: Flags
    road: Flags
    layer: I8
    side: I8


def junctions(streets: Streets) -> Junctions:
    """Order the arcs around each node and join the arms that make one road."""
    edges = streets.edges
    u, v = (edges[end].to_numpy(np.int32) for end in ("u", "v"))
    xy, owner = shapely.get_coordinates(edges.geometry.to_numpy(), return_index=True)
    first = np.searchsorted(owner, np.arange(len(edges) + 1)).astype(np.int64)
    angle = bearings(np.ascontiguousarray(xy), first, REACH_M)
    start, arc = arcs_at_nodes(u, v, angle, len(streets.nodes))
    road = is_road(edges)
    oneway = edges["drive_forward"].to_numpy(bool) != edges["drive_backward"].to_numpy(bool)
    group, groups = roads_at_nodes(start, arc, angle, road, _names(edges), oneway)
    walk = edges["walk"].to_numpy(bool)
    return Junctions(start, arc, group, int(groups), walk, road, layer_of(edges), _sides(edges))


def _names(edges: pd.DataFrame) -> I32:
    """A number per name, the reference where a street has none; -1 without both."""
    name, ref = column(edges, "name"), column(edges, "ref")
    return pd.factorize(np.where(pd.notna(name), name, ref))[0].astype(np.int32)


def _sides(edges: pd.DataFrame) -> I8:
    grouped = kinds(edges, KEYS)
    return np.array([sidewalk(tags).side for tags in grouped.tags], np.int8)[grouped.code]


@dataclass(frozen=True)
class Facilities:
    """What serves each arm of a road at its node.

    Parameters
    ----------
    found
        Every facility there is; the first is nothing.
    code, node
        int32 per arc: which of them, and the node it stands at; 0 and -1 where there is none.
    own
        Per arc, whether it stands at the arm's own node and not further along.
    """

    found: tuple[Facility, ...]
    code: I32
    node: I32
    own: Flags


def facilities(streets: Streets, net: Junctions) -> Facilities:
    """What helps people across each arm of a road at its node.

    A node's own crossing or signals serve every arm. Where it has none, those on the arm itself do, as far as the
    table of distances lets a crossing serve a junction.
    """
    edges = streets.edges
    found, at_node = _at_nodes(streets, net)
    state = np.array([one.state for one in found], np.int8)[at_node]
    u, v = (edges[end].to_numpy(np.int32) for end in ("u", "v"))
    length_m = edges["length_m"].to_numpy(float)
    limit_m = distance_m("facility")
    near = near_nodes(net.start, net.arc, u, v, net.road, length_m, state == MAPPED, limit_m)
    here = np.column_stack([u, v]).reshape(-1)
    own = state[here] != ABSENT
    node = np.where(own, here, near).astype(np.int32)
    code = np.where(node >= 0, at_node[node], at_node[here]).astype(np.int32)
    return Facilities(found, code, node, own)


def _at_nodes(streets: Streets, net: Junctions) -> tuple[tuple[Facility, ...], I32]:
    """Every facility there is, and which of them stands at each node."""
    nodes = streets.nodes
    grouped = kinds(nodes, NODE_TAGS, signals=nodes["signals"].to_numpy(bool))
    way, ways = _crossing_ways(streets)
    key = grouped.code.astype(np.int64) * (len(ways) + 1) + way + 1
    code, pairs = pd.factorize(key)
    found = [_facility(*divmod(int(pair), len(ways) + 1), grouped.tags, ways) for pair in pairs]
    return (NOTHING, *found), np.where(_plain(found)[code], 0, code + 1).astype(np.int32)


def _plain(found: list[Facility]) -> Flags:
    return np.array([not one.any for one in found], dtype=bool)


def _facility(
    node: int, way: int, nodes: tuple[Mapping[str, Any], ...], ways: tuple[Mapping[str, Any], ...]
) -> Facility:
    tags = {key: value for key, value in nodes[node].items() if key != "signals"}
    return facility(tags, ways[way - 1] if way else None, signals=bool(nodes[node]["signals"]))


def _crossing_ways(streets: Streets) -> tuple[I32, tuple[Mapping[str, Any], ...]]:
    """Per node the crossing way through it (-1 none) as a row of the tags also given; the first by its tags."""
    edges = streets.edges
    drawn = (column(edges, "footway") == "crossing") | (column(edges, "cycleway") == "crossing")
    rows = np.flatnonzero(drawn & ~is_road(edges) & edges["walk"].to_numpy(bool))
    grouped = kinds(edges.iloc[rows], WAY_TAGS)
    order = np.argsort([repr(sorted(tags.items())) for tags in grouped.tags], kind="stable")
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order))
    none = np.iinfo(np.int32).max
    way = np.full(len(streets.nodes), none, np.int32)
    for end in ("u", "v"):
        np.minimum.at(way, edges[end].to_numpy()[rows], rank[grouped.code] if len(rank) else rank)
    return np.where(way == none, -1, way).astype(np.int32), tuple(grouped.tags[k] for k in order)
