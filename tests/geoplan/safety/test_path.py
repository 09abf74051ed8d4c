"""One route, as it is shown and drawn: from the home over every street to the gate."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.errors import NotFoundError
from geoplan.safety.path import Drawing, route_between, route_of
from geoplan.safety.routes import safe_routes
from tests.geoplan.safety.places import Place, a_place

modest = settings(max_examples=10, deadline=None)


def drawing(place: Place) -> Drawing:
    return Drawing(place.lines, place.homes_xy, place.gates_xy)


@given(st.integers(0, 10**6), st.sampled_from([0.0, 0.4]))
@modest
def test_the_line_is_as_long_as_the_route(seed: int, private: float) -> None:
    place = a_place(seed, side=4, private=private, homes=8)
    routes = safe_routes(place.turns, place.homes, place.doors, place.rules, place.every_pair)
    ends = (place.homes, place.doors)
    for pair in np.flatnonzero(routes.shortest.length_dm >= 0).tolist():
        for kind in ("shortest", "safest"):
            ways = getattr(routes, kind)
            route = route_of(place.network, place.turns, ends, drawing(place), routes, pair, kind)
            streets = [step.length_m for step in route.steps]
            assert route.length_m == pytest.approx(route.home_leg_m + sum(streets) + route.gate_leg_m)
            assert route.line.length == pytest.approx(route.length_m, abs=0.2 * (len(streets) + 2))
            assert route.line.coords[0] == tuple(place.homes_xy[routes.cell[pair]])
            assert route.line.coords[-1] == tuple(place.gates_xy[route.gate])
            assert place.gate_school[route.gate] == routes.school[pair]
            assert (route.low, route.high, route.verdict) == (ways.low[pair], ways.high[pair], ways.verdict[pair])


def test_steps_follow_the_streets_and_name_what_is_crossed() -> None:
    place = a_place(5, side=5, homes=20)
    routes = safe_routes(place.turns, place.homes, place.doors, place.rules, place.every_pair)
    pair = int(np.argmax(np.diff(routes.safest.start)))
    route = route_of(place.network, place.turns, (place.homes, place.doors), drawing(place), routes, pair, "safest")
    ways = place.network.graph.ways
    ends = [(ways.u[s.edge], ways.v[s.edge]) if s.forward else (ways.v[s.edge], ways.u[s.edge]) for s in route.steps]
    assert [end[1] for end in ends[:-1]] == [end[0] for end in ends[1:]]
    met = [element for step in route.steps for element in step.crossings]
    assert all(len(step.crossings) == len(step.certain) for step in route.steps)
    assert met
    assert max(place.elements[1][met]) <= route.high
    line = shapely.union_all(place.lines[[step.edge for step in route.steps]])
    inner = shapely.get_coordinates(route.line)[1:-1]
    assert shapely.distance(line, shapely.points(inner)).max() < 0.06


@given(st.integers(0, 10**6))
@modest
def test_any_home_and_school_can_be_asked_for(seed: int) -> None:
    place = a_place(seed, side=5, homes=10)
    cell, school = place.every_pair
    routes = safe_routes(place.turns, place.homes, place.doors, place.rules, (cell, school))
    for pair in range(0, len(cell), 7):
        known = int(routes.shortest.length_dm[pair])
        for walk in (None, known if known >= 0 else None):
            alone = route_between(
                place.turns, place.homes, place.doors, place.rules, int(cell[pair]), int(school[pair]), walk_dm=walk
            )
            for kind in ("shortest", "safest"):
                one, all_of = getattr(alone, kind), getattr(routes, kind)
                assert one.length_dm[0] == all_of.length_dm[pair]
                assert one.arc.tolist() == all_of.arc[all_of.start[pair] : all_of.start[pair + 1]].tolist()


def test_a_school_that_cannot_be_walked_to_is_not_found() -> None:
    place = next(p for p in (a_place(seed, homes=12, snap_m=8.0) for seed in range(50)) if len(p.homes.edge) < 10)
    routes = safe_routes(place.turns, place.homes, place.doors, place.rules, place.every_pair)
    pair = int(np.flatnonzero(routes.shortest.length_dm < 0)[0])
    with pytest.raises(NotFoundError, match="no walk"):
        route_of(place.network, place.turns, (place.homes, place.doors), drawing(place), routes, pair, "safest")
