"""Capacities: the own search against all plans, splits against linear programming, whole units never split."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from geoplan.siting.location import Instance, locate, pairs_of_points, plans
from geoplan.siting.location.branching import fit_sites
from geoplan.siting.location.canonical import ordered
from geoplan.siting.location.core import Core, core_of, only
from geoplan.siting.location.fitting import Fit, fitter, polished, split, whole
from tests.geoplan.siting.location.by_hand import instance, instances, optimum
from tests.geoplan.siting.location.test_models import check

FOREVER = math.inf


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small problems by our own search too, not by HiGHS."""
    monkeypatch.setattr(plans, "SMALL_MIP", -1)


def fitting(asked: Instance) -> Core:
    core = core_of(ordered(asked).instance)
    assert core.capacity is not None
    return only(core, core.size[core.unit] <= core.capacity[core.site]) if core.whole else core


@pytest.mark.parametrize("single", [False, True])
@pytest.mark.parametrize("model", ["cflp", "p_median", "mclp", "lscp"])
@settings(max_examples=40, deadline=None)
@given(some.data())
def test_the_own_search_keeps_its_bound_and_finds_the_best_split(
    model: str, single: bool, data: some.DataObject
) -> None:
    asked = data.draw(instances(model, capacity=True, single=single))
    best = optimum(asked)
    found, bound = fit_sites(fitting(asked), FOREVER)
    least = best
    if model == "mclp" and best is not None:
        least = math.fsum(asked.demand.tolist()) - best
    if least is None:
        assert found.is_open is None
        return
    assert bound <= least + 1e-9 * abs(least) + 1e-9
    assert found.cost >= least - 1e-6 * abs(least) - 1e-6
    if not single:
        assert found.cost == pytest.approx(least, rel=1e-6, abs=1e-5)


def test_the_bound_is_never_above_the_optimum() -> None:
    """Two hundred small towns, split and whole, against all plans."""
    for seed in range(200):
        random = np.random.default_rng(seed)
        single = bool(seed % 2)
        demand = random.integers(1, 4, 4).tolist()
        costs = random.integers(1, 50, (4, 3)).tolist()
        capacity = random.integers(3, 9, 3).tolist()
        opening = random.integers(5, 90, 3).tolist()
        asked = instance("cflp", demand, costs, capacity=capacity, opening_cost=opening, single_source=single)
        best = optimum(asked)
        found, bound = fit_sites(fitting(asked), FOREVER)
        if best is None:
            assert found.is_open is None
        else:
            assert bound <= best * (1 + 1e-12) and found.cost >= best * (1 - 1e-7)


def county(units: int, sites: int, *, single: bool, **more: object) -> Instance:
    """Homes and sites around a few towns; three times the places that are needed."""
    random = np.random.default_rng(units + sites)
    towns = random.uniform(0, 20_000, (12, 2))
    home = towns[random.integers(0, 12, units)] + random.normal(0, 2500, (units, 2))
    site = towns[random.integers(0, 12, sites)] + random.normal(0, 3000, (sites, 2))
    demand = np.floor(random.lognormal(2, 0.7, units)) + 1
    capacity = random.uniform(0.5, 1.5, sites)
    capacity = np.floor(capacity / capacity.sum() * demand.sum() * 3)
    cost = random.uniform(0.7, 1.3, sites) * demand.sum() * 150 * np.sqrt(capacity / capacity.mean())
    return Instance(
        "cflp",
        demand,
        sites,
        pairs_of_points(home, site),
        capacity=capacity,
        opening_cost=np.round(cost),
        single_source=single,
        **more,  # type: ignore[arg-type]
    )


def test_a_split_town_is_that_of_highs(own: None, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = county(60, 12, single=False, time_limit_s=30.0)
    found = locate(asked)
    monkeypatch.setattr(plans, "SMALL_MIP", 10_000)
    exact = locate(asked)
    assert exact.status == "optimal" and found.objective == pytest.approx(exact.objective, rel=1e-7)
    check(asked, found)


def test_a_whole_town_is_near_that_of_highs(own: None, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = county(60, 12, single=True, time_limit_s=30.0)
    found = locate(asked)
    check(asked, found)
    monkeypatch.setattr(plans, "SMALL_MIP", 10_000)
    exact = locate(replace(asked, time_limit_s=60.0))
    assert exact.objective is not None and found.bound is not None and found.objective is not None
    assert found.bound <= exact.objective * (1 + 1e-9)
    assert found.objective <= (exact.bound or 0.0) * 1.005


def test_a_county_of_whole_units_is_certified() -> None:
    """300 units, 30 sites: more than HiGHS is asked at once."""
    asked = county(300, 30, single=True, time_limit_s=20.0)
    found = locate(asked)
    check(asked, found)
    assert found.gap is not None and found.gap <= 0.01


def test_a_split_by_flow_is_that_of_linear_programming() -> None:
    core = fitting(county(200, 10, single=False))
    is_open = np.arange(10) % 3 > 0
    flow = split(fitter(core), is_open)
    exact = polished(core, is_open, Fit(np.empty(0, np.int64), np.empty(0), math.inf))
    assert flow.cost == pytest.approx(exact.cost, rel=1e-6) and flow.cost >= exact.cost * (1 - 1e-9)


def test_whole_units_cost_at_least_the_split_plan_and_fit() -> None:
    core = fitting(county(200, 10, single=True))
    ready, is_open = fitter(core), np.arange(10) % 3 > 0
    parts = split(ready, is_open)
    made = whole(ready, is_open, parts)
    assert parts.cost <= made.cost <= parts.cost * 1.02
    assert sorted(core.unit[made.pair].tolist()) == list(range(200)) and (made.share == 1).all()
    assert core.capacity is not None
    load = np.bincount(core.site[made.pair], core.size[core.unit[made.pair]], 10)
    assert (load <= np.where(is_open, core.capacity, 0.0) + 1e-9).all()


def test_sites_that_hold_exactly_what_is_needed_are_enough(own: None) -> None:
    found = locate(instance("cflp", [1, 2, 3], [[1, 4], [2, 2], [4, 1]], capacity=[3, 3], opening_cost=[5, 5]))
    assert found.status == "optimal" and found.objective == 10 + 1 + 4 + 3


def test_covering_with_places_leaves_out_as_little_as_possible(own: None) -> None:
    costs: list[list[float | None]] = [[1, None], [1, 1], [None, 1]]
    found = locate(instance("mclp", [4, 4, 4], costs, capacity=[5, 6], p=2))
    assert found.objective == pytest.approx(11) and found.status == "optimal"
    whole_found = locate(instance("mclp", [4, 4, 4], costs, capacity=[5, 6], p=2, single_source=True))
    assert whole_found.objective == 8


def test_the_time_limit_is_kept() -> None:
    begun = time.monotonic()
    found = locate(county(400, 30, single=True, time_limit_s=0.5))
    assert found.objective is not None and found.bound is not None and found.bound <= found.objective
    assert time.monotonic() - begun < 60  # a search that does not look at it would go on for minutes
