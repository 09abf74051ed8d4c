"""Random small towns with levels and crossings, and every route of theirs counted out one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely

from geoplan.network.graph import build_graph
from geoplan.network.join import Network
from geoplan.network.snap import NO_OBSTACLES, index_edges
from geoplan.safety.costs import RouteRules, rules_of
from geoplan.safety.crossings import TurnTable
from geoplan.safety.kernels_crossings import turn_bounds
from geoplan.safety.legs import Doors, Legs, doors_of, join_gates, join_homes
from geoplan.safety.turns import Turns, build_turns, pack
from tests.geoplan.network.towns import Town, bent_lines, town

Levels = tuple[np.ndarray, np.ndarray]
RULES = rules_of(1.25, 40.0, (1.0, 1.2, 2.0, 4.0), (0.0, 1.0, 2.0, 4.0))


@dataclass(frozen=True)
class Place:
    """A town, what is walked and crossed in it, its homes and schools."""

    lines: np.ndarray
    homes_xy: np.ndarray
    gates_xy: np.ndarray
    gate_school: np.ndarray
    network: Network
    turns: Turns
    table: TurnTable
    elements: Levels
    low: np.ndarray
    high: np.ndarray
    homes: Legs
    doors: Doors
    rules: RouteRules

    @property
    def every_pair(self) -> tuple[np.ndarray, np.ndarray]:
        cells, schools = len(self.homes.start) - 1, len(self.doors.start) - 1
        return np.repeat(np.arange(cells), schools), np.tile(np.arange(schools), cells)


def network_of(place: Town, lines: np.ndarray) -> Network:
    graph = build_graph(place.x, place.y, place.u, place.v, place.weight_dm, private=place.private)
    return Network(graph, np.arange(len(lines), dtype=np.int32), index_edges(graph, lines), NO_OBSTACLES)


def table_of(rows: np.ndarray, left: np.ndarray, right: np.ndarray, mode: np.ndarray, elements: Levels) -> TurnTable:
    """Turns (node, edge in, edge out) with their bounds."""
    node, before, after = np.ascontiguousarray(rows.T, np.int32).reshape(3, -1)
    sides = left.astype(np.int32), right.astype(np.int32), mode.astype(np.int8)
    return TurnTable(node, before, after, *sides, *turn_bounds(*sides, *elements))


def some_crossings(place: Town, rng: np.random.Generator, elements: int = 12) -> tuple[TurnTable, Levels]:
    """A random half of all turns meets up to two elements on each side; sides known, unknown and free."""
    incident: dict[int, list[int]] = {}
    for edge, (u, v) in enumerate(zip(place.u.tolist(), place.v.tolist(), strict=True)):
        for node in {u, v}:
            incident.setdefault(node, []).append(edge)
    turns = [
        (node, a, b)
        for node, edges in sorted(incident.items())
        for i, a in enumerate(edges)
        for b in edges[i + 1 :]
        if rng.random() < 0.5
    ]
    rows = np.array(turns, np.int32).reshape(-1, 3)
    sides = rng.integers(-1, elements, (2, len(rows), 2))
    sides[:, :, 1] = np.where(sides[:, :, 1] == sides[:, :, 0], -1, sides[:, :, 1])
    low = rng.integers(1, 5, elements).astype(np.int8)
    high = np.minimum(low + rng.integers(0, 3, elements), 4).astype(np.int8)
    return table_of(rows, *sides, rng.integers(0, 4, len(rows)), (low, high)), (low, high)


def a_place(seed: int, *, side: int = 3, private: float = 0.0, homes: int = 6, snap_m: float = 60.0) -> Place:
    """A town of ``side * side`` corners with random levels; roads may be crossed by legs at their edge's level."""
    rng = np.random.default_rng(seed)
    plain = town(seed, side=side, private=private)
    lines = bent_lines(plain, rng)
    weights = np.rint(shapely.length(lines) * 10).astype(int)
    place = Town(**{**plain.__dict__, "weight_dm": np.maximum(weights, 1)})
    low = rng.integers(1, 5, len(lines)).astype(np.int8)
    high = np.minimum(low + rng.integers(0, 3, len(lines)), 4).astype(np.int8)
    network = network_of(place, lines)
    table, elements = some_crossings(place, rng)
    turns = build_turns(network, (low, high), table, elements)
    road = pack(low, high) * (rng.random(len(lines)) < 0.5).astype(np.uint8)
    xy, gates = rng.uniform(-30, 100 * side - 70, (homes, 2)), rng.uniform(0, 100 * side - 100, (3, 2))
    school = np.array([0, 1, 1])
    joined = join_gates(network, gates, snap_m, road, turns.edge_level)
    legs = join_homes(network, xy, snap_m, road, turns.edge_level, joined)
    doors = doors_of(joined, school, 2, turns, RULES)
    return Place(lines, xy, gates, school, network, turns, table, elements, low, high, legs, doors, RULES)


@dataclass(frozen=True)
class Walk:
    """One possible route, counted out."""

    length_dm: int
    weight_dm: int
    low: int
    high: int

    def joined(self, length: int, weight: int, level: tuple[int, int]) -> Walk:
        return Walk(
            self.length_dm + length, self.weight_dm + weight, max(self.low, level[0]), max(self.high, level[1])
        )


def rounded(length: int, hundredths: int) -> int:
    return (length * hundredths + 50) // 100


def crossing_levels(place: Place, node: int, one: int, other: int) -> tuple[int, int]:
    """What the turn between two edges at a node may be crossing, at best and at worst, from the elements."""
    table, (level_low, level_high) = place.table, place.elements
    for row in range(len(table.node)):
        if table.node[row] != node or {table.edge_in[row], table.edge_out[row]} != {one, other}:
            continue
        low, high = [], []
        for side in (table.left[row], table.right[row]):
            met = [e for e in side.tolist() if e >= 0]
            low.append(max([int(level_low[e]) for e in met], default=0))
            high.append(max([int(level_high[e]) for e in met], default=0))
        by_mode = [(min(low), max(high)), (low[0], high[0]), (low[1], high[1]), (min(low), min(high))]
        return by_mode[table.mode[row]]
    return 0, 0


Level = tuple[int, int]
Taken = frozenset[tuple[int, int]]


def level_of(packed: int) -> Level:
    """Low and high of a packed level."""
    return packed & 15, packed >> 4


@dataclass(frozen=True)
class Counting:
    """Counts out routes of a place to one school, up to a length."""

    place: Place
    most_dm: int
    gates: dict[int, list[tuple[int, int, Level]]]

    def leg(self, walk: Walk, length: int, level: Level) -> Walk:
        return walk.joined(length, rounded(length, int(self.place.rules.weight[level[1]])), level)

    def stretch(self, walk: Walk, edge: int, length: int) -> Walk:
        level = (int(self.place.low[edge]), int(self.place.high[edge]))
        weight = self.place.rules.weight.tolist()[level[1]]
        return walk.joined(length, rounded(length, weight), level) if length else walk

    def ends(self, walk: Walk, edge: int, entered: int) -> Iterator[Walk]:
        """Walks that stop at a gate on the edge they are on."""
        for offset, length, level in self.gates.get(edge, []):
            yield self.leg(self.stretch(walk, edge, abs(offset - entered)), length, level)

    def steps(self, edge: int, node: int, used: Taken, phase: int) -> Iterator[tuple[int, int, int]]:
        """Edges to go on by, which end they are entered from, and the phase of the trip on them."""
        ways = self.place.network.graph.ways
        for nxt in range(len(ways.u)):
            after = phase if bool(ways.private[nxt]) == (phase != 1) else phase + 1
            for start, entered in ((ways.u[nxt], 0), (ways.v[nxt], 1)):
                if start == node and nxt != edge and (nxt, entered) not in used and after <= 2:
                    yield nxt, entered, after

    def on_from(self, walk: Walk, edge: int, node: int, used: Taken, phase: int) -> Iterator[Walk]:
        """Every way on from a node reached by an edge. Phases: own compound, public ways, the school's compound."""
        if walk.length_dm > self.most_dm:
            return
        ways, place = self.place.network.graph.ways, self.place
        for nxt, entered, after in self.steps(edge, node, used, phase):
            crossing = crossing_levels(place, node, edge, nxt)
            there = walk.joined(0, int(place.rules.crossing_dm[crossing[1]]), crossing)
            length = int(ways.weight_dm[nxt])
            yield from self.ends(there, nxt, length if entered else 0)
            far = int(ways.u[nxt] if entered else ways.v[nxt])
            yield from self.on_from(self.stretch(there, nxt, length), nxt, far, used | {(nxt, entered)}, after)

    def from_leg(self, edge: int, offset: int, first: Walk) -> Iterator[Walk]:
        """Every way from where a leg meets an edge."""
        ways = self.place.network.graph.ways
        yield from self.ends(first, edge, offset)
        phase = 0 if ways.private[edge] else 1
        for node, part, entered in (
            (int(ways.u[edge]), offset, 1),
            (int(ways.v[edge]), int(ways.weight_dm[edge]) - offset, 0),
        ):
            yield from self.on_from(self.stretch(first, edge, part), edge, node, frozenset({(edge, entered)}), phase)


def every_walk(place: Place, cell: int, school: int, most_dm: int) -> Iterator[Walk]:
    """Every route up to a length that uses no edge twice in the same direction and never turns back on one."""
    legs, gates = place.homes, place.doors.legs
    by_edge: dict[int, list[tuple[int, int, Level]]] = {}
    for g in range(gates.start[school], gates.start[school + 1]):
        found = int(gates.offset_dm[g]), int(gates.leg_dm[g]), level_of(int(gates.level[g]))
        by_edge.setdefault(int(gates.edge[g]), []).append(found)
    counting = Counting(place, most_dm, by_edge)
    for i in range(legs.start[cell], legs.start[cell + 1]):
        first = counting.leg(Walk(0, 0, 0, 0), int(legs.leg_dm[i]), level_of(int(legs.level[i])))
        for walk in counting.from_leg(int(legs.edge[i]), int(legs.offset_dm[i]), first):
            if walk.length_dm <= most_dm:
                yield walk
