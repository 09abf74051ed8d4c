"""Walking distances by networkx and shapely alone: an independent reading of how homes and gates join the streets.

Every edge within the snap limit is joined at its point nearest to the place; the point becomes a node of the graph.
Private edges exist twice, about the home and about the school, so that no walk crosses a compound.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import networkx as nx
import numpy as np
import shapely
from numpy.typing import NDArray

from layers.bundle import Streets

OPENING_M = 3.0
HAIR_M = 1e-6
HOME, OPEN, SCHOOL = "home", "open", "school"
"""Where on its way a child is: still in the compound of its home, on public ways, in the compound of its school."""


class Joint(NamedTuple):
    """A place joined to an edge: row of the edge, decimetres from its u, decimetres of the leg."""

    place: int
    edge: int
    offset_dm: int
    leg_dm: int


class Walkways:
    """The walkable edges of streets, their lengths in decimetres, and what stands in the way of a leg."""

    def __init__(self, streets: Streets) -> None:
        self.edges = streets.edges[streets.edges["walk"]].reset_index(drop=True)
        self.lines = self.edges.geometry.to_numpy()
        self.tree = shapely.STRtree(self.lines)
        self.length_dm = np.maximum(np.rint(self.edges["length_m"].to_numpy() * 10), 1).astype(int)
        self.private = self.edges["private"].to_numpy(bool)
        self.ends = self.edges[["u", "v"]].to_numpy()
        self.walls = streets.barriers.geometry.to_numpy()
        self.wall_tree = shapely.STRtree(self.walls)
        self.gap_tree = shapely.STRtree(streets.openings.geometry.to_numpy())

    def joints(self, xy: NDArray[np.float64], limit_m: float) -> Iterator[Joint]:
        """Where places join the network: every edge within the limit whose leg is free."""
        points = shapely.points(xy)
        found = self.tree.query(points, predicate="dwithin", distance=limit_m)
        for place, edge in found.T:
            line = self.lines[edge]
            foot = shapely.line_locate_point(line, points[place])
            leg = shapely.LineString([points[place], shapely.line_interpolate_point(line, foot)])
            if self.walled(leg):
                continue
            offset = round(foot / line.length * int(self.length_dm[edge]))
            yield Joint(int(place), int(edge), offset, round(shapely.distance(points[place], line) * 10))

    def walled(self, leg: shapely.LineString) -> bool:
        """Whether a leg crosses a barrier elsewhere than at its ends, and no opening is near."""
        ends = shapely.points(shapely.get_coordinates(leg))
        for wall in self.wall_tree.query(leg, predicate="intersects"):
            for spot in shapely.get_parts(shapely.intersection(leg, self.walls[wall])):
                if shapely.distance(ends, spot).min() < HAIR_M:
                    continue
                if not len(self.gap_tree.query(spot, predicate="dwithin", distance=OPENING_M)):
                    return True
        return False

    def graph(self, homes: list[Joint], gates: list[Joint]) -> nx.DiGraph:
        """The streets as a child walks them, with a node for every home and every gate."""
        graph: nx.DiGraph = nx.DiGraph()
        self._add_edges(graph, [*homes, *gates])
        for phase, node in list(graph):
            following = {HOME: OPEN, OPEN: SCHOOL}.get(phase)
            if (following, node) in graph:
                _link(graph, (phase, node), (following, node), 0)
        for joint in homes:
            phase = HOME if self.private[joint.edge] else OPEN
            _link(graph, ("place", joint.place), (phase, self._spot(joint)), joint.leg_dm)
        for joint in gates:
            for phase in (HOME, SCHOOL) if self.private[joint.edge] else (OPEN,):
                _link(graph, (phase, self._spot(joint)), ("gate", joint.place), joint.leg_dm)
        return graph

    def _add_edges(self, graph: nx.DiGraph, joints: list[Joint]) -> None:
        """Every edge as the chain of its joints, both ways."""
        at = defaultdict(set)
        for joint in joints:
            at[joint.edge].add(joint.offset_dm)
        for edge, (u, v) in enumerate(self.ends.tolist()):
            length = self.length_dm[edge]
            chain = [(0, u), *((offset, (edge, offset)) for offset in sorted(at[edge] - {0, length})), (length, v)]
            for phase in (HOME, SCHOOL) if self.private[edge] else (OPEN,):
                for (start, a), (stop, b) in pairwise(chain):
                    _link(graph, (phase, a), (phase, b), stop - start)
                    _link(graph, (phase, b), (phase, a), stop - start)

    def _spot(self, joint: Joint) -> object:
        u, v = self.ends[joint.edge]
        return {0: u, self.length_dm[joint.edge]: v}.get(joint.offset_dm, (joint.edge, joint.offset_dm))


def _link(graph: nx.DiGraph, start: object, stop: object, weight: int) -> None:
    """The lightest of several arcs between the same nodes."""
    if not graph.has_edge(start, stop) or graph[start][stop]["weight"] > weight:
        graph.add_edge(start, stop, weight=int(weight))


def walks(walkways: Walkways, homes: NDArray[np.float64], gates: NDArray[np.float64], snap_m: float) -> nx.DiGraph:
    """The graph to search from ``("gate", row)`` to ``("place", row)``: every arc turned round."""
    graph = walkways.graph(list(walkways.joints(homes, snap_m)), list(walkways.joints(gates, snap_m)))
    return graph.reverse(copy=False)


def within(back: nx.DiGraph, gates: int, limit_dm: int) -> dict[tuple[int, int], int]:
    """Decimetres from homes to gates within the limit (inclusive)."""
    found = {}
    for gate in range(gates):
        if ("gate", gate) in back:
            reached = nx.single_source_dijkstra_path_length(back, ("gate", gate), cutoff=limit_dm)
            found.update({(node[1], gate): dist for node, dist in reached.items() if node[0] == "place"})
    return found


def nearest(back: nx.DiGraph) -> dict[int, int]:
    """Decimetres from every home that can walk to a gate to the nearest one."""
    gates = [node for node in back if node[0] == "gate"]
    reached = nx.multi_source_dijkstra_path_length(back, gates)
    return {node[1]: dist for node, dist in reached.items() if node[0] == "place"}
