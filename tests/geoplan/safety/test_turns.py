"""Arcs and turns by hand: what a turn crosses, from which side, and what is not a turn."""

from __future__ import annotations

import numpy as np
import pytest
from shapely import LineString

from geoplan.network.graph import build_graph
from geoplan.network.join import Network
from geoplan.network.snap import NO_OBSTACLES, index_edges
from geoplan.safety.costs import route_rules, rules_of
from geoplan.safety.kernels_turns import BLOCKED
from geoplan.safety.turns import (
    Crossed,
    Turns,
    build_turns,
    high_of,
    low_of,
    no_crossings,
    pack,
    turn_levels,
    within,
)
from geoplan.standards import load

SOUTH, EAST, NORTH, WEST = range(4)


def junction(crossed: Crossed, *, private: list[bool] | None = None) -> Turns:
    """Four streets that meet at node 0; edges from there to the south, east, north and west."""
    ends = [(0, 0), (0, -100), (100, 0), (0, 100), (-100, 0)]
    x, y = (np.array(column, float) for column in zip(*ends, strict=True))
    graph = build_graph(x, y, [0] * 4, [1, 2, 3, 4], [1000] * 4, private=private)
    lines = [LineString([(0, 0), ends[i]]) for i in range(1, 5)]
    network = Network(graph, np.arange(4, dtype=np.int32), index_edges(graph, lines), NO_OBSTACLES)
    return build_turns(network, [1, 2, 1, 2], [1, 3, 1, 3], crossed)


def rows(*values: int) -> np.ndarray:
    return np.array(values, np.int32)


def one_turn(edge_in: int, edge_out: int, left: list[int], right: list[int]) -> Crossed:
    """A turn at node 0 over elements of levels 1-1, 2-3 and 1-4."""
    sides = [np.array([side], np.int32).reshape(1, -1) for side in (left, right)]
    low, high = np.array([1, 2, 1], np.int8), np.array([1, 3, 4], np.int8)
    return Crossed(rows(0), rows(edge_in), rows(edge_out), sides[0], sides[1], low, high)


def turn_between(turns: Turns, edge_in: int, edge_out: int) -> int:
    """The turn at node 0 from one edge to another: arcs run along edges away from it."""
    before = np.flatnonzero((turns.edge == edge_in) & ~turns.along)[0]
    after = np.flatnonzero((turns.edge == edge_out) & turns.along)[0]
    return int(turns.turn(before, after))


@pytest.mark.parametrize(
    ("left", "right", "low", "high"),
    [
        ([0, -1], [0, -1], 1, 1),  # the same road on both sides: crossed for certain
        ([1, -1], [-1, -1], 0, 3),  # nothing on the right: perhaps not crossed at all
        ([1, 0], [2, -1], 1, 4),  # the better side's best, the worse side's worst
        ([1, 2], [1, -1], 2, 4),
    ],
)
def test_a_turn_is_as_good_as_its_better_side_and_as_bad_as_its_worse(
    left: list[int], right: list[int], low: int, high: int
) -> None:
    level = turn_levels(one_turn(SOUTH, NORTH, left, right))
    assert (low_of(level)[0], high_of(level)[0]) == (low, high)


def test_turns_hold_in_both_directions_and_others_cross_nothing() -> None:
    turns = junction(one_turn(SOUTH, NORTH, [1, -1], [1, -1]))
    there, back = turn_between(turns, SOUTH, NORTH), turn_between(turns, NORTH, SOUTH)
    assert turns.turn_level[[there, back]].tolist() == [pack(2, 3)] * 2
    assert turns.turn_row[[there, back]].tolist() == [0, 0]
    other = turn_between(turns, EAST, NORTH)
    assert (turns.turn_level[other], turns.turn_row[other]) == (0, -1)


def test_a_turn_listed_both_ways_takes_its_own_row() -> None:
    one = one_turn(SOUTH, NORTH, [0], [0])
    both = Crossed(
        rows(0, 0), rows(NORTH, SOUTH), rows(SOUTH, NORTH), np.array([[0], [1]]), np.array([[0], [1]]),
        one.level_low, one.level_high,
    )  # fmt: skip
    turns = junction(both)
    assert turns.turn_row[turn_between(turns, SOUTH, NORTH)] == 1
    assert turns.turn_row[turn_between(turns, NORTH, SOUTH)] == 0


def test_turning_back_on_an_edge_is_no_turn() -> None:
    turns = junction(no_crossings())
    for edge in range(4):
        assert turns.turn_level[turn_between(turns, edge, edge)] == BLOCKED
    assert not within(15, 15)[BLOCKED]


def test_levels_of_arcs_are_those_of_their_edges() -> None:
    turns = junction(no_crossings())
    assert len(turns.edge) == 8
    assert low_of(turns.level).tolist() == [[1, 2, 1, 2][edge] for edge in turns.edge]
    assert high_of(turns.level).tolist() == [[1, 3, 1, 3][edge] for edge in turns.edge]
    assert turns.length_dm.tolist() == [1000] * 8


def test_compounds_have_arcs_out_in_and_inside() -> None:
    turns = junction(no_crossings(), private=[True, False, False, False])
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
