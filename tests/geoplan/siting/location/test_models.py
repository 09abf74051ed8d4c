"""Every model against all plans there are; feasible, bounded, independent of the order of rows."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from geoplan.siting.location import MODELS, Instance, Solution, locate, pairs_of_points
from tests.geoplan.siting.location.by_hand import instance, instances, optimum, shuffled, table

KINDS = [(model, capacity, single) for model in MODELS for capacity, single in ((0, 0), (1, 0), (1, 1))]
NAMES = [f"{model}{'-capacity' * capacity}{'-whole' * single}" for model, capacity, single in KINDS]


def check(asked: Instance, found: Solution) -> None:
    """A plan keeps every rule, costs what it says, and lies on the right side of its bound."""
    cost = table(asked)
    is_open = np.zeros(asked.n_sites, bool)
    is_open[found.open] = True
    assert is_open[asked.existing].all() and is_open[found.site].all()
    new = int(is_open.sum()) - len(asked.existing)
    assert asked.p is None or new <= asked.p
    walked = cost[found.unit, found.site]
    assert np.isfinite(walked).all() and (found.amount >= 0).all()
    served = np.bincount(found.unit, found.amount, len(asked.demand))
    load = np.bincount(found.site, found.amount, asked.n_sites)
    assert asked.capacity is None or (load <= asked.capacity * (1 + 1e-9) + 1e-9).all()
    if asked.single_source or asked.capacity is None:
        assert len(np.unique(found.unit)) == len(found.unit)
    if asked.model == "mclp":
        assert (served <= asked.demand + 1e-9).all()
    else:
        assert served == pytest.approx(asked.demand) and len(np.unique(found.unit)) == len(asked.demand)
    assert found.objective == pytest.approx(_objective(asked, found, new), rel=1e-9, abs=1e-9)
    _bounded(asked, found)


def _objective(asked: Instance, found: Solution, new: int) -> float:
    opening = np.zeros(asked.n_sites) if asked.opening_cost is None else asked.opening_cost
    paid = sum(opening[j] for j in found.open if j not in asked.existing)
    cost = table(asked)[found.unit, found.site]
    values = {
        "lscp": new if asked.opening_cost is None else paid,
        "mclp": found.amount.sum(),
        "p_center": cost.max(initial=0.0),
    }
    return float(values.get(asked.model, (found.amount * cost).sum() + paid))


def _bounded(asked: Instance, found: Solution) -> None:
    assert found.objective is not None and found.bound is not None and found.gap is not None
    ahead = found.bound - found.objective if asked.model == "mclp" else found.objective - found.bound
    assert ahead >= -1e-12 * abs(found.objective)
    assert (found.status == "optimal") == (found.gap <= 1e-9)


@pytest.mark.parametrize(("model", "capacity", "single"), KINDS, ids=NAMES)
@settings(max_examples=25, deadline=None)
@given(some.data())
def test_the_answer_is_the_best_of_all_plans(model: str, capacity: int, single: int, data: some.DataObject) -> None:
    asked = data.draw(instances(model, capacity=bool(capacity), single=bool(single)))
    found, best = locate(asked), optimum(asked)
    if best is None:
        assert found.status == "infeasible" and found.reasons and found.objective is None
        return
    assert found.status == "optimal" and found.objective == pytest.approx(best, rel=1e-9, abs=1e-9)
    check(asked, found)


@pytest.mark.parametrize(("model", "capacity", "single"), KINDS, ids=NAMES)
def test_the_order_of_rows_changes_nothing(model: str, capacity: int, single: int) -> None:
    asked = town(model, capacity=bool(capacity), single=bool(single))
    first = locate(asked)
    for seed in range(3):
        mixed, units, sites = shuffled(asked, seed)
        found = locate(mixed)
        assert (found.objective, found.bound, found.status) == (first.objective, first.bound, first.status)
        assert sorted(sites[found.open].tolist()) == first.open.tolist()
        entries = sorted(
            zip(units[found.unit].tolist(), sites[found.site].tolist(), found.amount.tolist(), strict=True)
        )
        assert entries == list(zip(first.unit.tolist(), first.site.tolist(), first.amount.tolist(), strict=True))


def entries(found: Solution, unit: np.ndarray, site: np.ndarray) -> list[tuple[int, int, float]]:
    return sorted(zip(unit.tolist(), site.tolist(), found.amount.tolist(), strict=True))


def town(model: str, *, capacity: bool, single: bool, points: bool = False) -> Instance:
    """Thirty homes and eight sites anywhere, two of them open."""
    random = np.random.default_rng(7)
    home, site = random.random((30, 2)) * 100, random.random((8, 2)) * 100
    demand = random.integers(1, 9, 30).astype(float)
    return Instance(
        model,
        demand,
        8,
        pairs_of_points(home, site),
        capacity=np.full(8, float(np.ceil(demand.sum() / 3))) if capacity else None,
        opening_cost=random.integers(50, 400, 8).astype(float) if model == "cflp" else None,
        existing=np.array([2, 5]),
        p=2,
        limit=None if model in ("p_median", "p_center", "cflp") else 60.0,
        single_source=single,
        unit_xy=home if points else None,
        site_xy=site if points else None,
    )


def test_a_line_by_hand() -> None:
    """Homes at 0, 10, 20 and 30, sites at 0, 10, 30: two sites leave the home at 20 with a walk of 10."""
    costs = [[abs(home - site) for site in (0, 10, 30)] for home in (0, 10, 20, 30)]
    demand = [1, 5, 2, 4]
    found = locate(instance("p_median", demand, costs, p=2))
    assert (found.objective, found.open.tolist(), found.status) == (1 * 10 + 2 * 10, [1, 2], "optimal")
    assert locate(instance("p_center", demand, costs, p=2)).objective == 10
    assert locate(instance("mclp", demand, costs, p=1, limit=10)).objective == 1 + 5 + 2
    assert locate(instance("lscp", demand, costs, limit=10)).objective == 2
    assert locate(instance("cflp", demand, costs, opening_cost=[5, 5, 100])).objective == 5 + 5 + 20 + 80


def test_existing_sites_are_open_unpaid_and_not_counted() -> None:
    costs = [[0, 9], [9, 0]]
    opening = [1000, 3]
    with_old = instance("p_median", [1, 1], costs, existing=[0], p=1, opening_cost=opening)
    assert locate(with_old).objective == 3 and locate(with_old).open.tolist() == [0, 1]
    assert locate(instance("lscp", [1, 1], costs, existing=[0], limit=5)).objective == 1
    assert locate(instance("p_median", [1, 1], costs, existing=[0], p=0)).objective == 9


def test_limits_are_inclusive() -> None:
    home, site = np.array([[0.0, 0.0]]), np.array([[3.0, 4.0], [30.0, 40.0]])
    for limit, reach in ((5.0, 1), (math.nextafter(5.0, 0), 0), (50.0, 2)):
        assert len(pairs_of_points(home, site, limit).cost) == reach
    assert locate(instance("mclp", [7], [[5.0]], p=1, limit=5)).objective == 7


def test_units_without_a_site_in_reach_are_listed_never_dropped() -> None:
    costs: list[list[float | None]] = [[1, 2], [None, None], [3, 1], [None, 9]]
    covered = locate(instance("mclp", [5, 7, 2, 1], costs, p=2, limit=5))
    assert covered.unreachable.tolist() == [1, 3] and covered.objective == 7 and covered.status == "optimal"
    for model in ("lscp", "p_median", "p_center", "cflp"):
        found = locate(instance(model, [5, 7, 2, 1], costs, p=2, limit=5))
        assert found.status == "infeasible" and found.unreachable.tolist() == [1, 3]
        assert [(reason.code, reason.params["units"]) for reason in found.reasons] == [
            ("location_unreachable", [1, 3])
        ]


@pytest.mark.parametrize(
    ("more", "code", "params"),
    [
        ({"p": 1}, "location_p_too_small", {"p": 1, "needed": 2}),
        ({"capacity": [3, 3]}, "location_capacity_short", {"demand": 10, "capacity": 6, "short": 4}),
        ({"capacity": [9, 9], "p": 1}, "location_capacity_short", {"demand": 10, "capacity": 9, "short": 1}),
        ({"capacity": [4, 20]}, "location_capacity_in_reach", {"demand": 10, "served": 9, "short": 1}),
        ({"capacity": [4, 20], "single_source": True}, "location_too_large", {"count": 1}),
    ],
)
@pytest.mark.parametrize("model", ["lscp", "p_median", "p_center", "cflp"])
def test_what_cannot_be_met_is_named(model: str, more: dict, code: str, params: dict) -> None:
    found = locate(instance(model, [5, 5], [[1, None], [None, 1]], **{"p": 2, **more}))
    assert found.status == "infeasible"
    assert {name: value for name, value in _params(found, code).items() if name in params} == pytest.approx(params)


def test_places_that_do_not_fit_whole_units_are_named() -> None:
    costs = [[1, 1]] * 3
    whole = locate(instance("cflp", [2, 2, 2], costs, capacity=[3, 3], single_source=True))
    assert [reason.code for reason in whole.reasons] == ["location_not_whole"]
    few = locate(instance("cflp", [2, 2, 2], [[1, 1, 1]] * 3, capacity=[3, 3, 3], single_source=True, p=2))
    assert _params(few, "location_p_too_small_for_capacity") == {"p": 2, "needed": 3}


def _params(found: Solution, code: str) -> dict:
    return dict(next(reason.params for reason in found.reasons if reason.code == code))


def test_what_has_no_part_in_a_model_is_said() -> None:
    asked = instance("mclp", [1], [[1]], p=1, opening_cost=[4], single_source=True)
    assert locate(asked).unused == ("opening_cost", "single_source")
