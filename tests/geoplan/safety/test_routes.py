"""The safest route: equal to the best of all routes counted out, never worse than the shortest, and by hand."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.safety.routes import safe_routes
from tests.geoplan.safety.places import a_place, every_walk

modest = settings(max_examples=15, deadline=None)


@given(st.integers(0, 10**6), st.sampled_from([0.0, 0.3]))
@modest
def test_equals_the_best_of_all_routes_within_the_bound(seed: int, private: float) -> None:
    place = a_place(seed, private=private)
    routes = safe_routes(place.turns, place.homes, place.doors, place.rules, place.every_pair, threads=1)
    for pair, (cell, school) in enumerate(zip(routes.cell.tolist(), routes.school.tolist(), strict=True)):
        shortest = int(routes.shortest.length_dm[pair])
        most = int(place.rules.longest_dm(np.array([max(shortest, 0)]))[0])
        walks = list(every_walk(place, cell, school, most if shortest >= 0 else 2000))
        if shortest < 0:
            assert not walks
            continue
        best = min(walks, key=lambda walk: (walk.length_dm, walk.weight_dm))
        assert (shortest, routes.shortest.weight_dm[pair]) == (best.length_dm, best.weight_dm)
        safest = min(walks, key=lambda walk: (walk.high, walk.low, walk.weight_dm, walk.length_dm))
        got = routes.safest
        assert (got.high[pair], got.low[pair], got.weight_dm[pair], got.length_dm[pair]) == (
            safest.high, safest.low, safest.weight_dm, safest.length_dm,
        )  # fmt: skip
