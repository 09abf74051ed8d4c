"""Searches from one school over arcs and turns: the arrays the kernels take, and one workspace per thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geoplan.network.graph import I32, I64
from geoplan.safety.costs import RouteRules, weighted_dm
from geoplan.safety.kernels_bounded import bounded_many
from geoplan.safety.kernels_routes import best_starts, mark_gates, search, traced
from geoplan.safety.legs import Doors, Legs
from geoplan.safety.turns import U8, Turns

Arrays = tuple[Any, ...]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Searching:
    """What every search shares; tuples in the shapes of `geoplan.safety.kernels_routes`.

    ``by_length`` and ``by_weight`` are costs with the doors priced the same way; ``longest`` the greatest key one
    step can add in either.
    """

    turns: Turns
    doors: Doors
    rules: RouteRules
    cell: I32
    net: Arrays
    homes: Arrays
    edges: Arrays
    by_length: tuple[Arrays, Arrays]
    by_weight: tuple[Arrays, Arrays]
    longest: int


@dataclass(frozen=True)
class Space:
    """Workspace of one thread: two searches, marks per edge, what a search for a pair has reached per arc."""

    length: Arrays
    weight: Arrays
    gated: I64
    mark: I64
    reached: tuple[I64, I64]


@dataclass(frozen=True)
class Starts:
    """Best way of some pairs to a school: key and second cost, attachment and first arc; -1 where there is none."""

    key: I64
    second: I64
    begin: I64
    arc: I64

    @property
    def columns(self) -> Arrays:
        """The columns as the kernels take them."""
        return self.key, self.second, self.begin, self.arc

    def of(self, rows: NDArray[Any]) -> Starts:
        """The same for some of the pairs (places or a mask)."""
        return Starts(*(column[rows] for column in self.columns))


@dataclass(frozen=True)
class Traced:
    """Routes of some pairs: as the columns of `geoplan.safety.routes.Ways`."""

    length_dm: I64
    weight_dm: I64
    level: U8
    home: I64
    gate: I32
    start: I64
    arc: I32


@dataclass(frozen=True)
class School:
    """A school being searched from, by one thread: its doors, its gates as the kernels take them, the workspace."""

    given: Searching
    space: Space
    doors: tuple[int, int]
    gates: Arrays


def prepare_searching(turns: Turns, homes: Legs, doors: Doors, rules: RouteRules, cell: I32) -> Searching:
    """Arrays for the searches of some pairs' cells."""
    weight = weighted_dm(turns.length_dm, turns.level, rules)
    if max(weight.max(initial=0), doors.weight_dm.max(initial=0)) >= 2**31:
        raise ValueError("weights of a street exceed the range of the searches")
    none, plain = np.zeros(5, np.int64), np.full(5, 100, np.int64)
    short, heavy = turns.length_dm, weight.astype(np.int32)
    size = int(turns.edge.max(initial=-1)) + 1
    length = np.zeros(size, np.int32)
    length[turns.edge] = turns.length_dm
    d_weight = doors.weight_dm.astype(np.int32)
    return Searching(
        turns, doors, rules, cell,
        net=(turns.start, turns.leave, turns.arrive, turns.edge, turns.turn_at, turns.turn_level, turns.level),
        homes=(homes.start, homes.edge, homes.offset_dm, homes.leg_dm, homes.level),
        edges=(length, turns.edge_level, turns.home_start, turns.home_arc, turns.along),
        by_length=(
            (short, heavy, none, rules.crossing_dm, plain, rules.weight),
            (doors.arc, doors.length_dm, d_weight, doors.level, doors.attachment),
        ),
        by_weight=(
            (heavy, short, rules.crossing_dm, none, rules.weight, plain),
            (doors.arc, d_weight, doors.length_dm, doors.level, doors.attachment),
        ),
        longest=int(max(weight.max(initial=1) + rules.crossing_dm.max(), doors.weight_dm.max(initial=1))),
    )  # fmt: skip


def space_of(given: Searching) -> Space:
    """A fresh workspace: the large arrays are reserved, not written."""
    arcs, edges = len(given.turns.edge), len(given.edges[0])
    return Space(
        _search_space(given),
        _search_space(given),
        np.zeros(edges, np.int64),
        np.zeros(1, np.int64),
        (np.zeros(arcs, np.int64), np.zeros(1, np.int64)),
    )


def _search_space(given: Searching) -> Arrays:
    arcs = len(given.turns.edge)
    ring = max(64, 1 << int(given.longest).bit_length())
    pushes = len(given.turns.turn_level) + len(given.doors.arc) + 1
    record, second, onward = np.zeros(arcs, np.int64), np.empty(arcs, np.int32), np.empty(arcs, np.int32)
    door, door_second, door_row = np.zeros(arcs, np.int64), np.empty(arcs, np.int32), np.empty(arcs, np.int32)
    queue = np.full(ring, -1, np.int32), np.zeros(ring // 64, np.int64), np.empty(pushes, np.int64)
    return record, second, onward, door, door_second, door_row, *queue, np.zeros(1, np.int64)


def open_school(given: Searching, space: Space, school: int) -> School:
    """Make ready for searches from a school."""
    legs, start = given.doors.legs, given.doors.start
    first, last = int(legs.start[school]), int(legs.start[school + 1])
    space.mark[0] += 1
    mark = int(space.mark[0])
    mark_gates(legs.edge, first, last, mark, space.gated)
    gates = (last, mark, space.gated, legs.edge, legs.offset_dm, legs.leg_dm, legs.level)
    return School(given, space, (int(start[school]), int(start[school + 1])), gates)


def find(school: School, cells: I32, allow: Flags, limit: int, *, weigh: bool = False) -> tuple[int, Starts]:
    """Search once from a school, by length or by weight; returns the base of its records and the best starts."""
    given = school.given
    cost, doors = given.by_weight if weigh else given.by_length
    room = school.space.weight if weigh else school.space.length
    base = int(search(given.net, cost, doors, *school.doors, allow, limit, room))
    found = Starts(*(np.empty(len(cells), np.int64) for _ in range(4)))
    best_starts(cells, given.homes, school.gates, given.edges, cost, allow, base, room, found.columns)
    return base, found


def follow(school: School, found: Starts, allow: Flags, base: int, *, weigh: bool = False) -> Traced:
    """The routes behind best starts of the same search."""
    given = school.given
    cost, doors = given.by_weight if weigh else given.by_length
    room = school.space.weight if weigh else school.space.length
    start, arc, worst, gate = traced(
        found.columns, given.net, given.homes, school.gates, given.edges, doors, cost, allow, base, room
    )
    length, weight = (found.second, found.key) if weigh else (found.key, found.second)
    return Traced(length, weight, worst, found.begin, gate, start, arc)


def best_within(
    school: School, cells: I32, most: tuple[I64, I64], allow: Flags, bases: tuple[int, int]
) -> Traced:  # fmt: skip
    """The least weighted routes of some cells that keep their ``most`` (length, weight), which some route does.

    ``bases`` are those of the last searches by length and by weight, made with the same ``allow``.
    """
    given, space = school.given, school.space
    weight, length, begin, start, arc, worst, gate = bounded_many(
        cells, most, given.net, (given.turns.out_start, given.turns.out), given.homes, school.gates, given.edges,
        given.by_length[1], school.doors, given.by_weight[0], allow, (bases[0], space.length),
        (bases[1], space.weight), space.reached,
    )  # fmt: skip
    return Traced(length, weight, worst, begin, gate, start, arc)
