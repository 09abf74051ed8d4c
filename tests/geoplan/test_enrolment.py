"""Enrolment: hand-made cases, then the solver against OR-tools on the same integers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.enrolment import (
    MILLION,
    Options,
    add_school,
    assign_capacity,
    assign_nearest,
    millionths,
    overload,
    prepare,
    reassign,
    school_load,
    solve,
)
from geoplan.enrolment.flow import assign_flow


def options(*pairs: tuple[int, int, int]) -> Options:
    table = np.array(pairs, np.int64).reshape(-1, 3)
    return Options(table[:, 0], table[:, 1], table[:, 2])


def as_dict(assignment):
    return {(u, s): a for u, s, a in zip(assignment.unit, assignment.school, assignment.amount.tolist(), strict=True)}


def test_everybody_to_the_nearest_school_when_there_is_room():
    found = assign_capacity(np.array([3.0, 2.0]), options((0, 0, 10), (0, 1, 20), (1, 1, 5)), np.array([9.0, 9.0]))
    assert as_dict(found) == {(0, 0): 3.0, (1, 1): 2.0}
    assert found.unserved.sum() == 0


def test_one_pupil_more_served_is_worth_any_walk():
    # unit 0 may use both schools, unit 1 only school 0: unit 0 must give way however far it then walks
    found = assign_capacity(
        np.array([1.0, 1.0]), options((0, 0, 1), (0, 1, 900_000), (1, 0, 5)), np.array([1.0, 1.0])
    )
    assert as_dict(found) == {(0, 1): 1.0, (1, 0): 1.0}


def test_places_go_to_those_who_walk_least():
    found = assign_capacity(np.array([1.0, 1.0]), options((0, 0, 30), (1, 0, 20)), np.array([1.5]))
    assert as_dict(found) == {(0, 0): 0.5, (1, 0): 1.0}
    assert found.unserved.tolist() == [500_000, 0]


def test_nearest_shows_the_overload():
    problem = prepare(np.array([3.0, 2.0, 1.0]), options((0, 0, 10), (1, 0, 5), (1, 1, 9)), 2)
    found = assign_nearest(problem)
    assert overload(found, np.array([4.0, np.nan])).tolist() == pytest.approx([1.0, np.nan], nan_ok=True)
    assert found.unserved.tolist() == [0, 0, MILLION]


def test_private_schools_do_not_recruit_by_nearness():
    found = assign_capacity(
        np.array([2.0]), options((0, 0, 1), (0, 1, 50)), np.array([9.0, 9.0]), recruits=np.array([False, True])
    )
    assert as_dict(found) == {(0, 1): 2.0}


def test_unknown_places_take_nobody_and_unlimited_ones_everybody():
    pairs = options((0, 0, 1), (0, 1, 50))
    assert as_dict(assign_capacity(np.array([2.0]), pairs, np.array([np.nan, 1.0]))) == {(0, 1): 1.0}
    assert as_dict(assign_capacity(np.array([2.0]), pairs, np.array([np.inf, 1.0]))) == {(0, 0): 2.0}


def test_no_pairs_and_no_units():
    nothing = options()
    assert assign_capacity(np.array([2.0]), nothing, np.array([5.0])).unserved.tolist() == [2 * MILLION]
    assert assign_capacity(np.array([]), nothing, np.array([5.0])).served == 0


def test_millionths_keep_the_total_and_refuse_the_unknown():
    thirds = np.full(3, 1 / 3)
    assert millionths(thirds).tolist() == [333_334, 333_333, 333_333]
    for bad in (np.nan, np.inf, -1.0):
        with pytest.raises(ValueError, match="known"):
            millionths(np.array([bad]))


def test_walks_too_long_for_exact_arithmetic_are_refused():
    with pytest.raises(ValueError, match="exact"):
        prepare(np.array([1.0]), options((0, 0, 1 << 56)), 1)


@given(st.lists(st.floats(0, 1000), max_size=30))
def test_millionths_sum_to_the_rounded_total(amounts):
    whole = millionths(np.array(amounts))
    assert abs(int(whole.sum()) - sum(amounts) * MILLION) <= 0.51
    assert np.all(np.abs(whole - np.array(amounts) * MILLION) < 1.001)


@st.composite
def instances(draw):
    n_units, n_schools = draw(st.integers(1, 14)), draw(st.integers(1, 6))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    share = draw(st.sampled_from([0.2, 0.5, 0.9]))
    longest = draw(st.sampled_from([3, 50, 20_000]))  # few distances give many ties
    cost = random.integers(0, longest + 1, (n_units, n_schools))
    unit, school = np.nonzero(random.random((n_units, n_schools)) < share)
    amount = np.round(random.gamma(1, 20, n_units), draw(st.sampled_from([0, 2, 9])))
    fill = draw(st.sampled_from([0.0, 0.5, 1.0, 1.5]))
    places = random.random(n_schools)
    places = places / places.sum() * amount.sum() * fill
    return amount, Options(unit, school, cost[unit, school]), places


@settings(max_examples=150, deadline=None)
@given(instances())
def test_equals_the_min_cost_flow_of_ortools(instance):
    amount, pairs, places = instance
    problem = prepare(amount, pairs, len(places))
    ours, theirs = solve(problem, places), assign_flow(problem, places)
    assert (ours.served, ours.walked) == (theirs.served, theirs.walked)


@settings(max_examples=80, deadline=None)
@given(instances())
def test_no_school_over_its_places_and_every_unit_accounted_for(instance):
    amount, pairs, places = instance
    found = assign_capacity(amount, pairs, places)
    assert np.all(school_load(found) <= places * MILLION + 1e-3)
    taken = np.bincount(found.unit, found.millionths, minlength=len(amount))
    assert np.array_equal(taken + found.unserved, found.supply)
    assert abs(found.supply.sum() / MILLION - amount.sum()) <= 1e-6


@settings(max_examples=80, deadline=None)
@given(instances(), st.integers(0, 2**32 - 1))
def test_rows_in_any_order_give_the_same_assignment(instance, seed):
    amount, pairs, places = instance
    random = np.random.default_rng(seed)
    n_units, n_schools = len(amount), len(places)
    keys = np.array([f"c{i:03d}" for i in range(n_units)]), np.array([f"s{i}" for i in range(n_schools)])
    first = assign_capacity(amount, pairs, places, unit_key=keys[0], school_key=keys[1])
    unit_order, school_order = random.permutation(n_units), random.permutation(n_schools)
    rows = random.permutation(len(pairs.unit))
    moved = Options(
        np.argsort(unit_order)[pairs.unit][rows], np.argsort(school_order)[pairs.school][rows], pairs.cost_dm[rows]
    )
    second = assign_capacity(
        amount[unit_order],
        moved,
        places[school_order],
        unit_key=keys[0][unit_order],
        school_key=keys[1][school_order],
    )
    back = dict(
        zip(
            zip(unit_order[second.unit], school_order[second.school], strict=True),
            second.millionths.tolist(),
            strict=True,
        )
    )
    assert back == dict(zip(zip(first.unit, first.school, strict=True), first.millionths.tolist(), strict=True))


@settings(max_examples=80, deadline=None)
@given(instances(), st.integers(0, 5), st.floats(0, 50))
def test_served_never_falls_when_places_are_added_and_what_ifs_equal_a_full_solve(instance, which, more):
    amount, pairs, places = instance
    problem = prepare(amount, pairs, len(places))
    before = solve(problem, places)
    enlarged = places.copy()
    enlarged[which % len(places)] += more
    after, full = reassign(before, problem, enlarged), solve(problem, enlarged)
    assert after.served >= before.served
    assert (after.served, after.walked) == (full.served, full.walked)
    closed = places.copy()
    closed[which % len(places)] = 0
    after, full = reassign(before, problem, closed), solve(problem, closed)
    assert (after.served, after.walked) == (full.served, full.walked)


@settings(max_examples=60, deadline=None)
@given(instances(), st.integers(0, 2**32 - 1))
def test_a_school_added_equals_a_full_solve(instance, seed):
    amount, pairs, places = instance
    random = np.random.default_rng(seed)
    before = solve(prepare(amount, pairs, len(places)), places)
    near = np.flatnonzero(random.random(len(amount)) < 0.6)
    walk = random.integers(0, 9_000, len(near))
    larger = add_school(prepare(amount, pairs, len(places)), near, walk)
    places = np.append(places, amount.sum() * random.random() * 0.5)
    after = reassign(before, larger, places)
    merged = Options(
        np.append(pairs.unit, near),
        np.append(pairs.school, np.full(len(near), len(places) - 1)),
        np.append(pairs.cost_dm, walk),
    )
    full = assign_capacity(amount, merged, places)
    assert (after.served, after.walked) == (full.served, full.walked)
    assert after.served >= before.served


def test_the_coarse_start_changes_nothing():
    random = np.random.default_rng(7)
    home, site = random.random((9_000, 2)) * 4_000, random.random((12, 2)) * 4_000
    walk = np.hypot(*(home[:, None] - site[None]).T).T
    unit, school = np.nonzero(walk < 1_500)
    amount = random.gamma(1, 0.3, len(home))
    for fill in (0.7, 1.05):
        places = random.random(12)
        places *= amount.sum() * fill / places.sum()
        problem = prepare(amount, Options(unit, school, (walk[unit, school] * 10).astype(int)), 12)
        ours, theirs = solve(problem, places), assign_flow(problem, places)
        cold = solve(problem, places, price_dm=np.zeros(12, np.int64))
        assert (ours.served, ours.walked) == (theirs.served, theirs.walked) == (cold.served, cold.walked)


def test_ties_are_broken_alike_from_any_start_and_with_any_school_added_last():
    random = np.random.default_rng(3)
    unit, school = np.nonzero(random.random((3_000, 7)) < 0.6)
    walk = random.integers(1, 4, len(unit)) * 1000  # three distances only: almost everything is a tie
    amount, places = np.full(3_000, 0.25), np.array([90.0, 120, 60, 130, 110, 100, 80])
    ids = np.array(["g", "c", "a", "e", "b", "f", "d"])
    problem = prepare(amount, Options(unit, school, walk), 7, school_key=ids)
    full = solve(problem, places)
    last = unit[school == 6], walk[school == 6]
    few = prepare(amount, Options(unit[school < 6], school[school < 6], walk[school < 6]), 6, school_key=ids[:6])
    before = solve(few, places[:6])
    others = [
        solve(problem, places, price_dm=np.zeros(7, np.int64)),
        solve(problem, places, price_dm=random.integers(0, 5_000, 7)),
        reassign(before, add_school(few, *last, key="d"), places),
    ]
    expected = dict(zip(zip(full.unit, full.school, strict=True), full.millionths, strict=True))
    for other in others:
        assert dict(zip(zip(other.unit, other.school, strict=True), other.millionths, strict=True)) == expected
