"""Pupils along routes: conserved at every node and school, counted once, and under what light they walk."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.safety.exposure import Exposure, crossings_met, exposure, light, pupils_after_sunset, steps_dm
from geoplan.safety.routes import Routes, Ways, safe_routes
from tests.geoplan.safety.places import Place, a_place

modest = settings(max_examples=15, deadline=None)


def walked(seed: int, *, private: float = 0.0) -> tuple[Place, Routes, np.ndarray]:
    """A town, its routes and a number of pupils for every pair, many of them none."""
    place = a_place(seed, side=5, private=private, homes=30)
    rng = np.random.default_rng(seed)
    routes = safe_routes(place.turns, place.homes, place.doors, place.rules, place.every_pair)
    pupils = np.where(rng.random(len(routes.cell)) < 0.7, rng.uniform(0, 3, len(routes.cell)).round(6), 0.0)
    return place, routes, pupils


def counted(place: Place, ways: Ways, pupils: np.ndarray) -> Exposure:
    return exposure(place.turns, place.homes, place.doors, ways, pupils)


def met_on(place: Place, path: np.ndarray) -> list[tuple[int, bool]]:
    """Elements of a path's turns in order, from the table itself, and whether each is crossed for certain."""
    turns, table, (low, high) = place.turns, place.table, place.elements
    found: list[tuple[int, bool]] = []
    for row in turns.turn_row[turns.turn(path[:-1], path[1:])].tolist():
        if row < 0:
            continue
        left, right = ([e for e in side[row].tolist() if e >= 0] for side in (table.left, table.right))
        mode = table.mode[row]
        if mode == 3:
            ranks = [
                (max(high[s], default=0), max(low[s], default=0), len(s), min(s, default=9999)) for s in (left, right)
            ]
            mode = 1 if ranks[0] <= ranks[1] else 2
        if mode == 0:
            found += [(e, e in right) for e in left] + [(e, False) for e in right if e not in left]
        else:
            found += [(e, True) for e in (left if mode == 1 else right)]
    return found


@given(st.integers(0, 10**6), st.sampled_from([0.0, 0.4]), st.sampled_from(["shortest", "safest"]))
@modest
def test_all_who_can_walk_arrive_at_their_school(seed: int, private: float, kind: str) -> None:
    place, routes, pupils = walked(seed, private=private)
    ways = getattr(routes, kind)
    found = counted(place, ways, pupils)
    walks = ways.length_dm >= 0
    expected = np.bincount(routes.school[walks], weights=pupils[walks], minlength=2)
    assert found.arrived == pytest.approx(expected, abs=1e-9)
    metres = (ways.length_dm[walks] / 10 * pupils[walks]).sum()
    assert found.edge_pupil_m.sum() + found.leg_pupil_m == pytest.approx(metres, rel=1e-9)


@given(st.integers(0, 10**6), st.sampled_from([0.0, 0.4]))
@modest
def test_pupils_who_come_to_a_corner_leave_it(seed: int, private: float) -> None:
    place, routes, _ = walked(seed, private=private)
    turns, ways = place.turns, routes.safest
    step = steps_dm(turns, place.homes, place.doors, ways)
    for pair in range(len(routes.cell)):
        path = ways.arc[ways.start[pair] : ways.start[pair + 1]]
        assert (turns.arrive[path[:-1]] == turns.leave[path[1:]]).all()
        assert (step[ways.start[pair] : ways.start[pair + 1]][1:-1] == turns.length_dm[path[1:-1]]).all()
        assert ((turns.turn_level[turns.turn(path[:-1], path[1:])]) != 255).all()
        if len(path):
            legs = place.homes.leg_dm[ways.home[pair]] + place.doors.legs.leg_dm[ways.gate[pair]]
            assert step[ways.start[pair] : ways.start[pair + 1]].sum() + legs == ways.length_dm[pair]


@given(st.integers(0, 10**6))
@modest
def test_equals_counting_route_by_route(seed: int) -> None:
    place, routes, pupils = walked(seed)
    turns, ways = place.turns, routes.safest
    step = steps_dm(turns, place.homes, place.doors, ways)
    edges, met, certain = Counter(), Counter(), Counter()  # type: ignore[var-annotated]
    for pair, amount in enumerate(pupils.tolist()):
        part = slice(ways.start[pair], ways.start[pair + 1])
        path = ways.arc[part]
        for edge in {int(turns.edge[a]) for a, length in zip(path, step[part], strict=True) if length}:
            edges[edge] += amount
        found = met_on(place, path)
        for element in {element for element, _ in found}:
            met[element] += amount
        for element in {element for element, sure in found if sure}:
            certain[element] += amount
    found = counted(place, ways, pupils)
    for got, expected in (
        (found.edge_pupils, edges), (found.crossing_pupils, met), (found.crossing_certain, certain),
    ):  # fmt: skip
        assert got == pytest.approx([expected[i] for i in range(len(got))], abs=1e-9)
    assert (found.crossing_certain <= found.crossing_pupils).all()


def test_crossings_of_each_route_come_in_walking_order() -> None:
    place, routes, _ = walked(4)
    turns, ways = place.turns, routes.safest
    met = crossings_met(turns, ways)
    for pair in range(len(routes.cell)):
        path = ways.arc[ways.start[pair] : ways.start[pair + 1]]
        expected = met_on(place, path)
        part = slice(met.start[pair], met.start[pair + 1])
        assert list(zip(met.element[part].tolist(), met.certain[part].tolist(), strict=True)) == expected
    assert len(met.element) > 20


def test_order_of_pairs_changes_no_figure() -> None:
    place, routes, pupils = walked(8)
    mixed = np.random.default_rng(1).permutation(len(pupils))
    other = safe_routes(
        place.turns, place.homes, place.doors, place.rules, (routes.cell[mixed], routes.school[mixed])
    )
    one, two = counted(place, routes.safest, pupils), counted(place, other.safest, pupils[mixed])
    assert np.array_equal(one.edge_pupils, two.edge_pupils)
    assert np.array_equal(one.edge_pupil_m, two.edge_pupil_m)
    assert np.array_equal(one.crossing_pupils, two.crossing_pupils)


def test_light_along_routes() -> None:
    place, routes, pupils = walked(2)
    found = counted(place, routes.safest, pupils)
    lit = np.resize([1, 0, -1], len(found.edge_pupils))
    shares = light(found, lit).shares
    assert sum(shares) == pytest.approx(1)
    assert shares[0] == pytest.approx(found.edge_pupil_m[lit == 1].sum() / found.edge_pupil_m.sum())
    nobody = light(counted(place, routes.safest, 0 * pupils), lit)
    assert np.isnan(nobody.shares).all()


def test_who_still_walks_at_sunset() -> None:
    _, routes, pupils = walked(2)
    ways = routes.safest
    minutes = ways.length_dm / 10 / 1.0 / 60
    late = pupils_after_sunset(ways, pupils, finish_h=17.0, sunset_h=17.1, speed_mps=1.0)
    assert (late == np.where((minutes > 6) & (ways.length_dm >= 0), pupils, 0)).all()
    assert pupils_after_sunset(ways, pupils, finish_h=16.0, sunset_h=18.0, speed_mps=1.0).sum() == 0
