"""Prices and exchange: bounds never above the optimum, what is ruled out is never needed, and large problems."""

from __future__ import annotations

import math
import time
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from geoplan.siting.location import Instance, Pairs, locate, pairs_of_points, relaxed
from geoplan.siting.location.canonical import ordered
from geoplan.siting.location.core import Core, core_of, merged
from geoplan.siting.location.covering import condensed
from geoplan.siting.location.mip import solve_mip
from geoplan.siting.location.relaxed import absorbed, narrowed, relax
from tests.geoplan.siting.location.by_hand import optimum

FOREVER = math.inf


def small(seed: int, model: str) -> Instance:
    """Seven units and five sites anywhere, fractional weights and costs; some pairs out of reach."""
    random = np.random.default_rng(seed)
    home, site = random.random((7, 2)) * 100, random.random((5, 2)) * 100
    return Instance(
        model,
        random.random(7) * 9,
        5,
        pairs_of_points(home, site, 95.0),
        opening_cost=random.random(5) * 300 if seed % 2 else None,
        existing=np.array([seed % 5]) if seed % 3 == 0 else np.empty(0, np.int64),
        p=1 + seed % 3,
        limit=60.0 if model == "mclp" else None,
    )


def core(asked: Instance) -> Core:
    found = core_of(ordered(asked).instance)
    return absorbed(merged(found) if found.covering else found)


@pytest.mark.parametrize("model", ["lscp", "mclp", "p_median", "cflp"])
def test_the_bound_is_never_above_the_optimum(model: str) -> None:
    met = 0
    for seed in range(200):
        asked = small(seed, model)
        best = optimum(asked)
        if best is None:
            continue
        met += 1
        least = math.fsum(asked.demand.tolist()) - best if model == "mclp" else best
        found = relax(core(asked), FOREVER)
        assert found.bound <= least + 1e-12 * abs(least) + 1e-12
        assert found.cost >= least - 1e-9 * abs(least) - 1e-12
        answer = locate(asked)
        assert answer.bound is not None and answer.objective == pytest.approx(best, rel=1e-9, abs=1e-9)
        assert answer.bound >= best * (1 - 1e-12) if model == "mclp" else answer.bound <= best * (1 + 1e-12)
    assert met > 100


@pytest.mark.parametrize("model", ["lscp", "mclp", "p_median", "cflp"])
def test_what_is_ruled_out_is_never_needed(model: str) -> None:
    for seed in range(40):
        asked = core(small(seed, model))
        found = relax(asked, FOREVER)
        if found.is_open is None:
            continue
        left, _, paid = narrowed(asked, found)
        whole, part = solve_mip(asked, 10.0), solve_mip(left, 10.0)
        assert whole.proven and part.proven
        assert min(part.bound + paid, found.cost) == pytest.approx(whole.bound, rel=1e-7, abs=1e-7)


def test_the_ways_of_large_problems_lead_to_the_same_optimum(monkeypatch: pytest.MonkeyPatch) -> None:
    for model in ("p_median", "cflp", "mclp"):
        asked = county(120, 25, model=model, p=5, limit=9000.0 if model == "mclp" else None)
        plain = locate(asked)
        with monkeypatch.context() as patch:
            patch.setattr(relaxed, "LARGE", 0)
            patch.setattr(relaxed, "NEAR", 0.05)
            large = locate(asked)
        assert plain.status == large.status == "optimal"
        assert large.objective == pytest.approx(plain.objective, rel=1e-12)


@pytest.mark.parametrize("model", ["lscp", "mclp"])
def test_a_condensed_cover_costs_the_same(model: str) -> None:
    fewer = 0
    for seed in range(40):
        asked = core(small(seed, model))
        less = condensed(asked)
        fewer += len(less.site) < len(asked.site)
        assert solve_mip(less, 10.0).bound == pytest.approx(solve_mip(asked, 10.0).bound, abs=1e-7)
    assert fewer > 10


def county(units: int, sites: int, **more: object) -> Instance:
    """Homes and sites around a few towns of a county of 36 km."""
    random = np.random.default_rng(units + sites)
    towns = random.uniform(0, 36_000, (40, 2))
    home, site = (
        towns[random.integers(0, 40, count)] + random.normal(0, 2500, (count, 2)) for count in (units, sites)
    )
    demand = np.floor(random.lognormal(2, 1, units)) + 1
    limit = more.get("limit")
    pairs = pairs_of_points(home, site, limit)  # type: ignore[arg-type]
    return Instance(demand=demand, n_sites=sites, pairs=pairs, unit_xy=home, site_xy=site, **more)  # type: ignore[arg-type]


def test_a_median_of_two_hundred_homes_is_that_of_highs() -> None:
    asked = county(200, 30, model="p_median", p=6)
    found = locate(asked)
    assert found.status == "optimal" and found.gap is not None and found.gap <= 1e-9
    exact = solve_mip(core_of(ordered(asked).instance), 60.0)
    assert exact.proven and exact.bound == pytest.approx(found.objective, rel=1e-9)


def test_a_median_of_a_thousand_homes_is_certified() -> None:
    found = locate(county(1000, 100, model="p_median", p=12, time_limit_s=20.0))
    assert found.gap is not None and found.gap <= 0.005


def test_few_sites_that_reach_everybody_are_found_where_exchange_alone_fails() -> None:
    """Everybody must be in reach of one of the fewest sites: no plan is found by saving walks alone."""
    asked = county(600, 60, model="lscp", limit=9000.0)
    reach = np.unique(asked.pairs.unit)
    rank = np.full(600, -1)
    rank[reach] = np.arange(len(reach))
    pairs = Pairs(rank[asked.pairs.unit], asked.pairs.site, asked.pairs.cost)
    asked = replace(asked, demand=asked.demand[reach], pairs=pairs, unit_xy=None)
    fewest = locate(asked)
    assert fewest.status == "optimal" and fewest.objective is not None
    tight = locate(replace(asked, model="p_median", p=int(fewest.objective)))
    assert tight.status == "optimal" and len(tight.open) == fewest.objective
    short = locate(replace(asked, model="p_median", p=int(fewest.objective) - 1))
    assert short.reasons[0].code == "location_p_too_small" and short.status == "infeasible"
    assert short.reasons[0].params["needed"] == fewest.objective


def test_a_million_pairs_need_no_dense_matrix() -> None:
    """A dense matrix of 200,000 by 2,000 would take 3.2 GB."""
    random = np.random.default_rng(5)
    units, sites, each = 200_000, 2_000, 5
    site = (np.arange(units)[:, None] * sites // units + random.integers(0, 40, (units, each)).cumsum(1)) % sites
    pairs = Pairs(np.repeat(np.arange(units), each), site.ravel(), random.random(units * each) * 1000)
    _, first = np.unique(pairs.unit * sites + pairs.site, return_index=True)
    pairs = Pairs(pairs.unit[first], pairs.site[first], pairs.cost[first])
    assert len(first) > 950_000
    asked = Instance("mclp", random.random(units), sites, pairs, p=100, time_limit_s=2.0)
    tracemalloc.start()
    found = locate(asked)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 600e6
    assert found.objective is not None and found.bound is not None and found.gap is not None and found.gap < 0.2
    assert 0 < found.objective <= found.bound <= asked.demand.sum()


def test_the_time_limit_is_kept_and_what_was_found_is_bounded() -> None:
    begun = time.monotonic()
    found = locate(county(3000, 300, model="p_median", p=40, time_limit_s=0.01))
    assert found.objective is not None and found.status in ("feasible", "optimal")
    assert time.monotonic() - begun < 60  # a limit that is not looked at would go on for minutes
