"""Pools of projects below the trigger: near in a straight line, together held against the rule."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from geoplan.siting.housing import Pool, obligations, pools, projects
from geoplan.siting.housing.pools import radius_m
from geoplan.standards import load
from tests.geoplan.siting.housing.tables import housing

YONGZHOU = load("cn-yongzhou")
LONGEST = radius_m(YONGZHOU, "primary")


def pooled(*places: tuple[str, float, float, float]) -> list[Pool]:
    rows = [{"id": key, "dwellings": dwellings, "x": x, "y": y} for key, dwellings, x, y in places]
    return pools(obligations(projects(housing(*rows), YONGZHOU, ("primary",)), YONGZHOU), YONGZHOU)


def members(found: list[Pool]) -> dict[str, tuple[str, ...]]:
    return {pool.id: pool.together.phases for pool in found}


def test_near_projects_share_a_pool() -> None:
    found = pooled(("a", 1000, 0, 0), ("b", 900, LONGEST, 0), ("c", 500, 5 * LONGEST, 0))
    assert members(found) == {"primary:a": ("a", "b"), "primary:c": ("c",)}
    assert [pool.reached for pool in found] == [False, False]
    assert found[0].together.pupils == pytest.approx(1900 * 3 * 0.110)
    assert found[0].reasons[0]["params"]["radius_m"] == LONGEST == found[0].radius_m
    assert [reason["code"] for reason in found[1].reasons] == ["housing_pool_alone"]


def test_a_pool_reaches_the_trigger_inclusively() -> None:
    together = pooled(("a", 1000, 0, 0), ("b", 1000, 10, 0))[0]
    assert together.reached and together.owed is not None and together.owed.classes == 18
    assert together.reasons[1]["code"] == "housing_pool_reaches"
    assert not pooled(("a", 1000, 0, 0), ("b", 999, 10, 0))[0].reached


def test_a_chain_is_no_pool() -> None:
    places = [(name, 100.0, 0.9 * LONGEST * step, 0.0) for step, name in enumerate("abcd")]
    assert sorted(map(len, members(pooled(*places)).values())) == [2, 2]


def test_who_reaches_the_trigger_alone_is_in_no_pool() -> None:
    assert members(pooled(("a", 2000, 0, 0), ("b", 900, 10, 0))) == {"primary:b": ("b",)}


SPOT = some.tuples(some.integers(0, 3000), some.integers(0, 3000))


@settings(max_examples=30, deadline=None)
@given(some.lists(SPOT, min_size=1, max_size=9), some.randoms(use_true_random=False))
def test_pools_divide_the_projects_and_keep_the_distance(spots: list[tuple[int, int]], chance: random.Random) -> None:
    places = [(f"p{row}", 150.0, float(x), float(y)) for row, (x, y) in enumerate(spots)]
    found = pooled(*places)
    spot = {key: np.array([x, y]) for key, _, x, y in places}
    assert sorted(key for pool in found for key in pool.together.phases) == sorted(spot)
    for pool in found:
        inside = [spot[key] for key in pool.together.phases]
        assert all(np.hypot(*(one - two)) <= LONGEST + 1e-6 for one in inside for two in inside)
    chance.shuffle(places)
    assert members(pooled(*places)) == members(found)
