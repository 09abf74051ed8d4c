"""Arcs and turns by hand: what a turn crosses, from which side, and what is not a turn."""

from __future__ import annotations

import numpy as np
import pytest
from shapely import LineString

from geoplan.network.graph import build_graph
from geoplan.network.join import Network
from geoplan.network.snap import NO_OBSTACLES, index_edges
from geoplan.safety.costs import route_rules, rules_of
from geoplan.safety.crossings import TurnTable
from geoplan.safety.kernels_turns import BLOCKED
from geoplan.safety.turns import Turns, build_turns, high_of, low_of, pack, within
from geoplan.standards import load
from tests.geoplan.safety.places import table_of

SOUTH, EAST, NORTH, WEST = range(4)


UNKNOWN, LEFT, RIGHT, FREE = range(4)
LEVELS = np.array([1, 2, 1], np.int8), np.array([1, 3, 4], np.int8)
"""Elements of levels 1-1, 2-3 and 1-4."""


def junction(table: TurnTable, *, private: list[bool] | None = None) -> Turns:
    """Four streets that meet at node 0; edges from there to the south, east, north and west."""
    ends = [(0, 0), (0, -100), (100, 0), (0, 100), (-100, 0)]
    x, y = (np.array(column, float) for column in zip(*ends, strict=True))
    graph = build_graph(x, y, [0] * 4, [1, 2, 3, 4], [1000] * 4, private=private)
    lines = [LineString([(0, 0), ends[i]]) for i in range(1, 5)]
    network = Network(graph, np.arange(4, dtype=np.int32), index_edges(graph, lines), NO_OBSTACLES)
    return build_turns(network, ([1, 2, 1, 2], [1, 3, 1, 3]), table, LEVELS)


def one_turn(edge_in: int, edge_out: int, left: list[int], right: list[int], mode: int = UNKNOWN) -> TurnTable:
    """A turn at node 0."""
    sides = np.array([left]), np.array([right])
    return table_of(np.array([[0, edge_in, edge_out]]), *sides, np.array([mode]), LEVELS)


def no_turns() -> TurnTable:
    """A table without turns."""
    none = np.empty((0, 0), np.int32)
    return table_of(np.empty((0, 3), np.int32), none, none, np.empty(0), LEVELS)


def turn_between(turns: Turns, edge_in: int, edge_out: int) -> int:
    """The turn at node 0 from one edge to another: arcs run along edges away from it."""
    before = np.flatnonzero((turns.edge == edge_in) & ~turns.along)[0]
    after = np.flatnonzero((turns.edge == edge_out) & turns.along)[0]
    return int(turns.turn(before, after))


@pytest.mark.parametrize(
    ("left", "right", "mode", "met"),
    [
        ([0, -1], [0, -1], UNKNOWN, {0: True}),  # the same road on both sides: crossed for certain
        ([1, -1], [-1, -1], UNKNOWN, {1: False}),  # nothing on the right: perhaps not crossed at all
        ([1, 0], [2, 1], UNKNOWN, {1: True, 0: False, 2: False}),
        ([1, 0], [2, -1], LEFT, {1: True, 0: True}),
        ([1, 0], [2, -1], RIGHT, {2: True}),
        ([1, 0], [2, -1], FREE, {1: True, 0: True}),  # at worst 3 on the left, 4 on the right
        ([1, -1], [-1, -1], FREE, {}),
        ([2, -1], [0, 1], FREE, {0: True, 1: True}),
    ],
)
def test_what_a_turn_meets_and_crosses_for_certain(
    left: list[int], right: list[int], mode: int, met: dict[int, bool]
) -> None:
    turns = junction(one_turn(SOUTH, NORTH, left, right, mode))
    there = turns.met[0] >= 0
    assert dict(zip(turns.met[0][there].tolist(), turns.certain[0][there].tolist(), strict=True)) == met
    assert turns.elements == 3


def test_turns_hold_in_both_directions_and_others_cross_nothing() -> None:
    turns = junction(one_turn(SOUTH, NORTH, [1, -1], [1, -1]))
    there, back = turn_between(turns, SOUTH, NORTH), turn_between(turns, NORTH, SOUTH)
    assert turns.turn_level[[there, back]].tolist() == [pack(2, 3)] * 2
    assert turns.turn_row[[there, back]].tolist() == [0, 0]
    other = turn_between(turns, EAST, NORTH)
    assert (turns.turn_level[other], turns.turn_row[other]) == (0, -1)


def test_turning_back_on_an_edge_is_no_turn() -> None:
    turns = junction(no_turns())
    for edge in range(4):
        assert turns.turn_level[turn_between(turns, edge, edge)] == BLOCKED
    assert not within(15, 15)[BLOCKED]


def test_levels_of_arcs_are_those_of_their_edges() -> None:
    turns = junction(no_turns())
    assert len(turns.edge) == 8
    assert low_of(turns.level).tolist() == [[1, 2, 1, 2][edge] for edge in turns.edge]
    assert high_of(turns.level).tolist() == [[1, 3, 1, 3][edge] for edge in turns.edge]
    assert turns.length_dm.tolist() == [1000] * 8


def test_compounds_have_arcs_out_in_and_inside() -> None:
    turns = junction(no_turns(), private=[True, False, False, False])
    begins = np.diff(turns.home_start)[[2 * SOUTH, 2 * SOUTH + 1, 2 * EAST, 2 * EAST + 1]]
    ends = np.diff(turns.gate_start)[[2 * SOUTH, 2 * SOUTH + 1, 2 * EAST, 2 * EAST + 1]]
    # towards the junction: onto public ways, within the own compound, within the school's; away from it: the last two
    assert begins.tolist() == [3, 2, 1, 1]
    # from the far end: inside only; from the junction: inside, or in from public ways
    assert ends.tolist() == [1, 2, 1, 1]


def test_which_levels_a_class_allows() -> None:
    allow = within(1, 3)
    assert [bool(allow[pack(low, high)]) for low, high in ((0, 0), (1, 1), (1, 3), (2, 3), (1, 4))] == [
        True, True, True, False, False,
    ]  # fmt: skip


def test_rules_come_from_the_standards() -> None:
    rules = route_rules(load("neutral"))
    assert (rules.detour_ratio, rules.detour_dm) == (1.25, 4000)
    assert rules.longest_dm(np.array([1000, 16_000, 30_000])).tolist() == [1250, 20_000, 34_000]
    assert rules.weight.tolist() == [100, 100, 120, 200, 400]
    assert rules.crossing_dm.tolist() == [0, 50, 100, 300, 600]


@pytest.mark.parametrize(
    ("ratio", "metres", "weights", "crossing"),
    [
        (0.9, 400, (1, 1, 1, 1), (0, 0, 0, 0)),
        (1.25, -1, (1, 1, 1, 1), (0, 0, 0, 0)),
        (1.25, 400, (0.5, 1, 1, 1), (0, 0, 0, 0)),
        (1.25, 400, (1, 2, 1, 4), (0, 0, 0, 0)),
        (1.25, 400, (1, 1, 1), (0, 0, 0)),
        (1.25, 400, (1, 1, 1, 1), (0, 3, 2, 4)),
    ],
)
def test_rules_that_make_no_sense_are_refused(
    ratio: float, metres: float, weights: tuple[float, ...], crossing: tuple[float, ...]
) -> None:
    with pytest.raises(ValueError, match=r"plan\.safety"):
        rules_of(ratio, metres, weights, crossing)
