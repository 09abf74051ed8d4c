"""Location models against spopt with CBC and against HiGHS alone: the same costs, objectives asserted equal."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array, csr_array, vstack

from bench import Row, best_of, print_table
from geoplan.siting.location import Instance, locate, pairs_of_points

F64 = NDArray[np.float64]
DETOUR = 1.3
COVER_M, CENTRE_SITES, MEDIAN_SITES = 2000.0, 5, 20
CERTIFIED = 0.005
"""Gap that has to be proven where an optimum is out of reach."""
MCLP_S, MEDIAN_S, WHOLE_S = 3.0, 10.0, 60.0
"""What an answer may take."""


def rows(small: bool) -> Iterator[Row]:
    """Every comparison; when ``small``, on a tenth of the sites and without goals."""
    warm()
    for row in _rows(small):
        yield replace(row, goal=None) if small else row


def warm() -> None:
    """Compile or load the kernels."""
    for model, more in (("p_median", {"p": 2}), ("lscp", {"limit": 9000.0}), ("mclp", {"p": 2, "limit": 2000.0})):
        locate(county(60, 8, model, **more))
    for single in (False, True):
        locate(places(160, 20, single=single, time_limit_s=2.0))


def _rows(small: bool) -> Iterator[Row]:
    units, sites = (500, 50) if small else (5000, 500)
    cover = county(units, sites, "mclp", p=20, limit=COVER_M)
    yield from against(f"MCLP, {units:,} x {sites}, p = 20", cover, spopt_cover, highs_cover, MCLP_S)
    units, sites = (100, 15) if small else (400, 40)
    for name, asked, theirs in (
        ("LSCP", county(units, sites, "lscp", limit=9000.0), spopt_fewest),
        ("p-median", county(units, sites, "p_median", p=6), spopt_median),
        ("p-centre", county(units // 4, sites // 2, "p_center", p=CENTRE_SITES), spopt_centre),
    ):
        size = f"{len(asked.demand)} x {asked.n_sites}"
        yield from against(f"{name}, {size}", asked, theirs, highs_assign if name == "p-median" else None, None)
    yield from certified(small)


def certified(small: bool) -> Iterator[Row]:
    """Sizes at which the others have no bound in a minute: ours against what it may take."""
    units, sites = (500, 50) if small else (5000, 500)
    median = county(units, sites, "p_median", p=MEDIAN_SITES, time_limit_s=MEDIAN_S * 6)
    yield _budget(f"p-median, {units:,} x {sites}, p = {MEDIAN_SITES}", median, MEDIAN_S)
    for single in (True, False):
        units, sites = (300, 30) if small else (1300, 60)
        asked = places(units, sites, single=single, time_limit_s=WHOLE_S * 0.95)
        yield _budget(f"capacities, {'whole' if single else 'split'}, {units:,} x {sites}", asked, WHOLE_S)


def _budget(work: str, asked: Instance, may_take: float) -> Row:
    found, seconds = best_of(lambda: locate(asked), 1)
    assert found.gap is not None and found.gap <= CERTIFIED, f"{work}: gap {found.gap}"
    return Row(work, "what it may take", seconds, may_take, 1, note=f"{found.status}, gap {found.gap:.4%}")


def against(
    work: str,
    asked: Instance,
    spopt: Callable[[Instance], float],
    highs: Callable[[Instance], float] | None,
    may_take: float | None,
) -> Iterator[Row]:
    """Ours, spopt and HiGHS on the same instance; all must be optimal and equal."""
    found, seconds = best_of(lambda: locate(asked), 3)
    assert found.status == "optimal" and found.objective is not None
    if may_take is not None:
        yield Row(work, "what it may take", seconds, may_take, 1, note="proven optimal")
    for name, solve in (("spopt + CBC", spopt), ("HiGHS alone", highs)):
        if solve is None:
            continue
        begun = time.perf_counter()
        theirs = solve(asked)
        took = time.perf_counter() - begun
        assert np.isclose(theirs, found.objective, rtol=1e-6), f"{work}: {found.objective} and {name} {theirs}"
        yield Row(work, name, seconds, took, note=f"objective {found.objective:,.0f}")


def county(units: int, sites: int, model: str, **more: object) -> Instance:
    """Homes and sites around the towns of a county of 36 km; everybody has a site in reach where that is asked."""
    random = np.random.default_rng(11)
    towns = random.uniform(0, 36_000, (40, 2))
    home, site = (np.clip(around(towns, count, 2500, random), 0, 36_000) * DETOUR for count in (units, sites))
    demand = np.floor(random.lognormal(2, 1, units)) + 1
    if model == "lscp":
        reach = np.unique(pairs_of_points(home, site, more["limit"]).unit)  # type: ignore[arg-type]
        home, demand = home[reach], demand[reach]
    pairs = pairs_of_points(home, site)
    return Instance(model, demand, sites, pairs, unit_xy=home, site_xy=site, **more)  # type: ignore[arg-type]


def places(units: int, sites: int, *, single: bool, time_limit_s: float) -> Instance:
    """A fixed-cost problem with three times the places that are needed."""
    random = np.random.default_rng(1)
    towns = random.uniform(0, 20_000, (12, 2))
    home, site = around(towns, units, 2500, random), around(towns, sites, 3000, random)
    demand = np.floor(random.lognormal(2, 0.7, units)) + 1
    share = random.uniform(0.5, 1.5, sites)
    capacity = np.floor(share / share.sum() * demand.sum() * 3)
    cost = np.round(random.uniform(0.7, 1.3, sites) * demand.sum() * 125 * np.sqrt(capacity / capacity.mean()))
    more = {"capacity": capacity, "opening_cost": cost, "single_source": single, "time_limit_s": time_limit_s}
    return Instance("cflp", demand, sites, pairs_of_points(home, site), unit_xy=home, site_xy=site, **more)  # type: ignore[arg-type]


def around(towns: F64, count: int, spread_m: float, random: np.random.Generator) -> F64:
    """Points around towns."""
    return towns[random.integers(0, len(towns), count)] + random.normal(0, spread_m, (count, 2))


def matrix(asked: Instance) -> F64:
    """Costs, units by sites: spopt takes nothing else."""
    dense = np.full((len(asked.demand), asked.n_sites), np.inf)
    dense[asked.pairs.unit, asked.pairs.site] = asked.pairs.cost
    return dense


def _cbc(model: object) -> float:
    import pulp

    solver = pulp.PULP_CBC_CMD(msg=False, threads=2)
    solved = model.solve(solver, results=False)  # type: ignore[attr-defined]
    return float(pulp.value(solved.problem.objective))


def spopt_cover(asked: Instance) -> float:
    """MCLP by spopt."""
    from spopt.locate import MCLP

    return _cbc(MCLP.from_cost_matrix(matrix(asked), asked.demand, asked.limit, p_facilities=asked.p))


def spopt_fewest(asked: Instance) -> float:
    """LSCP by spopt."""
    from spopt.locate import LSCP

    return _cbc(LSCP.from_cost_matrix(matrix(asked), asked.limit))


def spopt_median(asked: Instance) -> float:
    """p-median by spopt."""
    from spopt.locate import PMedian

    return _cbc(PMedian.from_cost_matrix(matrix(asked), asked.demand, p_facilities=asked.p))


def spopt_centre(asked: Instance) -> float:
    """p-centre by spopt."""
    from spopt.locate import PCenter

    return _cbc(PCenter.from_cost_matrix(matrix(asked), p_facilities=asked.p))


def highs_cover(asked: Instance) -> float:
    """MCLP as the textbook writes it."""
    near = asked.pairs.cost <= (asked.limit or np.inf)
    unit, site = asked.pairs.unit[near], asked.pairs.site[near]
    n, m = len(asked.demand), asked.n_sites
    covers = csr_array((np.ones(len(unit)), (unit, site)), shape=(n, m))
    own = csr_array((-np.ones(n), (np.arange(n), np.arange(n))), shape=(n, n))
    count = csr_array(np.concatenate([np.ones(m), np.zeros(n)])[None, :])
    matrix_ = vstack([csr_array(_beside(covers, own)), count])
    low = np.concatenate([np.zeros(n), [0.0]])
    high = np.concatenate([np.full(n, np.inf), [float(asked.p or 0)]])
    cost = np.concatenate([np.zeros(m), -asked.demand])
    return -_milp(cost, matrix_, (low, high), m)


def highs_assign(asked: Instance) -> float:
    """p-median as the textbook writes it."""
    unit, site, n, m = asked.pairs.unit, asked.pairs.site, len(asked.demand), asked.n_sites
    pair = np.arange(len(unit))
    served = coo_array((np.ones(len(pair)), (unit, m + pair)), shape=(n, m + len(pair)))
    ones = np.concatenate([np.ones(len(pair)), -np.ones(len(pair))])
    linked = coo_array((ones, (np.tile(pair, 2), np.concatenate([m + pair, site]))), shape=(len(pair), m + len(pair)))
    count = csr_array(np.concatenate([np.ones(m), np.zeros(len(pair))])[None, :])
    low = np.concatenate([np.ones(n), np.full(len(pair), -np.inf), [0.0]])
    high = np.concatenate([np.ones(n), np.zeros(len(pair)), [float(asked.p or 0)]])
    cost = np.concatenate([np.zeros(m), asked.demand[unit] * asked.pairs.cost])
    return _milp(cost, vstack([served, linked, count]), (low, high), m)


def _beside(left: csr_array, right: csr_array) -> csr_array:
    return csr_array(vstack([left.T, right.T])).T


def _milp(cost: F64, matrix_: csr_array, sides: tuple[F64, F64], integer: int) -> float:
    found = milp(
        cost,
        integrality=(np.arange(len(cost)) < integer).astype(int),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(csr_array(matrix_), *sides),
        options={"mip_rel_gap": 0.0},
    )
    return float(found.fun)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="a tenth of the sites")
    print_table(rows(parser.parse_args().small))
