"""Retrofits: packages and budgets against brute force, and what a plan must never do."""

from __future__ import annotations

import itertools
import tomllib
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from shapely import LineString, Point

from geoplan.errors import PlanError
from geoplan.safety.budget import Plan, best_plan, curve, steps
from geoplan.safety.lists import survey_list
from geoplan.safety.measures import crash_factors, fixes, measure_sets, measures, tags_of
from geoplan.safety.needs import Uses, failing, from_lists, joined, needs, standing
from geoplan.safety.retrofits import Funds, Retrofits, plan_retrofits
from geoplan.safety.works import Works, merged, packages
from geoplan.standards import table
from layers.errors import InputError, catalogue

CASE = Path(__file__).resolve().parents[2] / "cases" / "retrofits.toml"
ZEBRA, REFUGE = 8000.0, 40000.0


def works(sets: list[list[int]], pupils: list[float], cost: list[float]) -> Works:
    groups, amount, _ = merged([np.array(one, dtype=np.int64) for one in sets], np.array(pupils, dtype=float))
    group = np.repeat(np.arange(len(groups)), [one.size for one in groups])
    return Works(np.array(cost, dtype=float), amount, group, np.concatenate(groups))


def told() -> dict[str, Any]:
    return tomllib.loads(CASE.read_text(encoding="utf-8"))


def case(changed: dict[str, Any] | None = None) -> tuple[pd.DataFrame, Uses, pd.DataFrame]:
    """Routes, uses and elements of the case; every element a street whose cost is its length."""
    words = told()
    for element in words["elements"]:
        if changed and element["id"] == changed["element"]:
            element["level"] = changed["level"]
    at = {element["id"]: row for row, element in enumerate(words["elements"])}
    level = np.array([element["level"] for element in words["elements"]], dtype=np.int8)
    used = [[at[name] for name in route["elements"]] for route in words["routes"]]
    start = np.cumsum([0, *map(len, used)])
    element = np.concatenate([np.array(one) for one in used])
    uses = from_lists(start, element, level[element, 0], level[element, 1])
    elements = pd.DataFrame(
        {
            "kind": "segment",
            "osm_id": list(at),
            "length_m": [float(element["cost"]) for element in words["elements"]],
            "level_low": level[:, 0],
            "level_high": level[:, 1],
            "assumed": ["maxspeed" if low < high else "" for low, high in level],
        }
    )
    return pd.DataFrame({"pupils": [float(route["pupils"]) for route in words["routes"]]}), uses, elements


def unit_costs(sidewalk: float = 1.0) -> pd.DataFrame:
    return pd.DataFrame({"item": ["sidewalk", "zone_30"], "unit": ["m", "m"], "cost": [sidewalk, 1e6]})


def run(changed: dict[str, Any] | None = None, **funds: Any) -> Retrofits:
    routes, uses, elements = case(changed)
    return plan_retrofits(routes, uses, elements, Funds(costs=unit_costs(), **funds))


def test_each_budget_of_the_case_gives_what_the_words_say() -> None:
    expected = told()["expected"]
    found = run(budgets=expected["budgets"]).curve
    assert found["pupils"].tolist() == expected["pupils"]
    assert found["cost"].le(found["budget"]).all() and set(found["status"]) == {"proven"}
    for budget, pupils in zip(expected["budgets"], expected["pupils"], strict=True):
        assert run(budget=budget).summary["pupils"] == pupils


def test_an_unknown_element_is_surveyed_and_not_built() -> None:
    unknown = told()["unknown"]
    found = run(unknown, budget=unknown["budget"])
    assert found.works["osm_id"].tolist() == unknown["built"]
    assert found.summary["pupils_gained"] == unknown["gained"]
    assert found.summary["pupils_undetermined"] == unknown["undetermined"]
    routes, uses, elements = case(unknown)
    assert survey_list(routes, uses, elements)["osm_id"].tolist() == unknown["survey"]


def test_ranking_elements_one_by_one_would_be_wrong() -> None:
    routes, uses, elements = case()
    bad = failing(uses)
    alone = [
        sum(
            routes["pupils"][route]
            for route in range(len(routes))
            if set(bad.element[bad.route == route]) <= {element}
        )
        for element in range(len(elements))
    ]
    assert alone == [0, 0, 40, 10]  # a and b seem useless, so one by one a budget of 2 would buy c
    assert run(budget=2).works["osm_id"].tolist() == ["a", "b"]


def test_packages_are_ranked_by_pupils_for_the_money() -> None:
    found = run().table
    assert found["elements"].tolist() == ["a; b", "c", "d"]
    assert found["pupils_safe_gained"].tolist() == [60, 40, 10]
    assert found["cost_total"].tolist() == [2, 4, 5] and found["rank"].tolist() == [1, 2, 3]
    assert found["measures"].tolist() == ["sidewalk; sidewalk", "sidewalk", "sidewalk"]


def brute(one: Works, budget: float) -> float:
    sets = itertools.product([False, True], repeat=one.cost.size)
    able = [np.array(built) for built in sets if one.cost[np.array(built)].sum() <= budget]
    return max(float(one.pupils[one.gained(built)].sum()) for built in able)


@some.composite
def instances(draw: some.DrawFn) -> Works:
    n = draw(some.integers(1, 7))
    sets = draw(some.lists(some.lists(some.integers(0, n - 1), min_size=1, max_size=4), min_size=1, max_size=9))
    pupils = draw(some.lists(some.integers(1, 30), min_size=len(sets), max_size=len(sets)))
    cost = draw(some.lists(some.integers(1, 6), min_size=n, max_size=n))
    return works(sets, [float(one) for one in pupils], [float(one) for one in cost])


@settings(max_examples=60, deadline=None)
@given(instances(), some.integers(0, 30))
def test_equals_brute_force(one: Works, budget: int) -> None:
    plan = best_plan(one, float(budget))
    assert plan.pupils == pytest.approx(brute(one, budget)) == pytest.approx(plan.bound)
    assert plan.status == "proven" and plan.gap == 0 and plan.cost <= budget + 1e-9
    assert plan.pupils == pytest.approx(one.pupils[one.gained(plan.built)].sum())


@settings(max_examples=30, deadline=None)
@given(instances())
def test_more_money_never_helps_fewer(one: Works) -> None:
    plans = curve(one, [float(budget) for budget in range(0, int(one.cost.sum()) + 2, 2)])
    pupils = [plan.pupils for plan in plans]
    assert pupils == sorted(pupils)
    assert all(plan.cost <= plan.budget + 1e-9 for plan in plans)
    assert curve(one, [one.cost.sum()])[0].pupils == pytest.approx(one.pupils.sum())


@settings(max_examples=60, deadline=None)
@given(instances())
def test_packages_fall_in_worth_and_add_up(one: Works) -> None:
    found = packages(one)
    worth = [package.pupils / package.cost for package in found]
    assert all(first >= second * (1 - 1e-9) for first, second in itertools.pairwise(worth))
    assert sum(package.pupils for package in found) == pytest.approx(one.pupils.sum())
    built = np.zeros(one.cost.size, dtype=bool)
    for package in found:  # the pupils of a package are those who gain once it follows the ones before
        before = one.pupils[one.gained(built)].sum()
        built[package.lots] = True
        assert one.pupils[one.gained(built)].sum() - before == pytest.approx(package.pupils)
    assert all(plan.status == "proven" for plan in curve(one, steps(found)))


def test_when_time_runs_out_the_gap_is_stated() -> None:
    rng = np.random.default_rng(3)
    sets = [list(rng.choice(24, 3, replace=False)) for _ in range(60)]
    one = works(sets, list(rng.uniform(1, 9, 60)), list(rng.uniform(1, 9, 24)))
    short, long = (best_plan(one, 40.0, time_limit_s=limit) for limit in (0.0, 60.0))
    assert long.status == "proven"
    assert short.pupils <= long.pupils <= short.bound * (1 + 1e-9)
    assert (short.status == "proven") == (short.gap == 0)
    assert short.gap == pytest.approx((short.bound - short.pupils) / short.bound)


def county(seed: int, n_routes: int = 40, n: int = 14) -> tuple[pd.DataFrame, Uses, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    high = rng.integers(1, 5, n).astype(np.int8)
    low = np.minimum(high, rng.integers(1, 6, n)).astype(np.int8)
    kind = np.where(np.arange(n) < n // 2, "segment", "crossing")
    pairs = [(route, element) for route in range(n_routes) for element in rng.choice(n, rng.integers(1, 5), False)]
    route, element = np.array(pairs, dtype=np.int64).T
    elements = pd.DataFrame(
        {
            "kind": kind,
            "osm_id": [f"{kind[row][0]}{row}" for row in range(n)],
            "length_m": np.where(kind == "segment", 50.0 + np.arange(n), np.nan),
            "level_low": low,
            "level_high": high,
            "highway": rng.choice(["residential", "primary", "motorway"], n),
            "assumed": "",
        }
    )
    routes = pd.DataFrame({"pupils": rng.integers(1, 20, n_routes).astype(float)})
    return routes, Uses(route, element, low[element], high[element]), elements


@pytest.mark.parametrize("seed", range(6))
def test_what_a_plan_never_does(seed: int) -> None:
    routes, uses, elements = county(seed)
    found = plan_retrofits(routes, uses, elements, Funds(budget=300_000.0))
    rank = {"safe": 0, "undetermined": 1, "unsafe": 2}
    before, after = found.routes["verdict_before"].map(rank), found.routes["verdict_after"].map(rank)
    assert (after <= before).all()
    assert (found.elements["level_after"] <= elements["level_high"][found.elements.index]).all()
    assert (found.works["level_after"] <= 2).all() and (found.works["level_before"] > 2).all()
    assert found.summary["cost"] == pytest.approx(found.works["cost"].sum()) and found.summary["cost"] <= 300_000
    assert (found.routes["verdict_after"][found.routes["gained"]] == "safe").all()
    summary = found.summary
    parts = ("gained", "left", "undetermined", "unfixable")
    assert summary["pupils_not_safe"] == pytest.approx(sum(summary[f"pupils_{part}"] for part in parts))
    assert summary["pupils_gained"] == pytest.approx(found.table["pupils_safe_gained"].sum())
    assert found.curve["pupils"].is_monotonic_increasing


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_rows_changes_nothing(seed: int) -> None:
    routes, uses, elements = county(seed)
    rng = np.random.default_rng(seed + 100)
    on_routes, on_elements = rng.permutation(len(routes)), rng.permutation(len(elements))
    back_routes, back_elements = np.argsort(on_routes), np.argsort(on_elements)
    mixed = rng.permutation(uses.route.size)
    moved = Uses(back_routes[uses.route], back_elements[uses.element], uses.low, uses.high).only(mixed)
    one = plan_retrofits(routes, uses, elements, Funds(budget=200_000.0))
    two = plan_retrofits(
        routes.iloc[on_routes].reset_index(drop=True),
        moved,
        elements.iloc[on_elements].reset_index(drop=True),
        Funds(budget=200_000.0),
    )
    pd.testing.assert_frame_equal(one.table, two.table)
    pd.testing.assert_frame_equal(one.curve, two.curve)
    assert (one.routes["gained"].to_numpy()[on_routes] == two.routes["gained"].to_numpy()).all()


def test_a_shared_crossing_helps_every_pupil_once() -> None:
    elements = pd.DataFrame(
        {"kind": "crossing", "osm_id": ["x"], "length_m": np.nan, "level_low": [3], "level_high": [3], "assumed": ""}
    )
    routes = pd.DataFrame({"pupils": [5.0, 7.0]})
    uses = Uses(np.array([0, 0, 1]), np.zeros(3, np.int64), np.full(3, 3, np.int8), np.full(3, 3, np.int8))
    found = plan_retrofits(routes, uses, elements).table.iloc[0]
    assert (found["pupils_safe_gained"], found["pupil_crossings_improved"]) == (12, 12)
    assert (found["measures"], found["cost"]) == ("zebra;refuge_island", ZEBRA + REFUGE)


def test_geometry_goes_with_the_packages() -> None:
    routes, uses, elements = case()
    shapes = [LineString([(0, 0), (10, 0)]), Point(3, 4), Point(5, 6), Point(7, 8)]
    found = plan_retrofits(routes, uses, gpd.GeoDataFrame(elements, geometry=shapes, crs=32650)).table
    assert isinstance(found, gpd.GeoDataFrame) and found.crs == 32650
    assert [len(one.geoms) for one in found.geometry] == [2, 1, 1]


def test_elements_that_no_measure_mends_are_named_and_hold_their_routes_up() -> None:
    routes, uses, elements = case()
    found = plan_retrofits(routes, uses, elements.assign(highway=["motorway", *["residential"] * 3]))
    assert found.unfixable[["osm_id", "pupils"]].to_numpy().tolist() == [["a", 60.0]]
    assert found.summary["pupils_unfixable"] == 60 and "a" not in found.works["osm_id"].tolist()
    assert "b" not in found.works["osm_id"].tolist()  # b alone would help nobody


def test_a_measure_that_costs_nothing_is_always_built() -> None:
    routes, uses, elements = case()
    found = plan_retrofits(routes, uses, elements, Funds(budget=0.0, costs=unit_costs(sidewalk=0.0)))
    assert found.summary["pupils"] == 110 and found.summary["cost"] == 0
    assert found.table["elements"].tolist() == ["a; b; c; d"]


def test_nothing_to_mend_and_no_budget_below_zero() -> None:
    routes, uses, elements = case()
    calm = Uses(uses.route, uses.element, np.ones_like(uses.low), np.full_like(uses.high, 2))
    found = plan_retrofits(routes, calm, elements, Funds(budget=3.0))
    assert found.table.empty and found.works.empty and found.summary["pupils_not_safe"] == 0
    assert found.summary["status"] == "proven" and (found.routes["verdict_after"] == "safe").all()
    with pytest.raises(PlanError):
        plan_retrofits(routes, uses, elements, Funds(budget=-1.0))


def test_costs_of_the_county_replace_ours_and_units_must_fit() -> None:
    ours = measures()
    assert ours["sidewalk"].assumed and ours["sidewalk"].cost > 0
    given = pd.DataFrame(
        {"item": ["sidewalk", "signal", "classroom"], "unit": ["公里", "处", "class"], "cost": [5e5, 9e4, 1.0]}
    )
    county_book = measures(given)
    assert county_book["sidewalk"].cost == 500 and county_book["signal"].cost == 90_000
    assert not county_book["signal"].assumed and county_book["zebra"].assumed
    with pytest.raises(InputError) as wrong:
        measures(pd.DataFrame({"item": ["zebra"], "unit": ["km"], "cost": [1.0], "_row": [2]}))
    fault = wrong.value.faults[0]
    assert (fault.code, fault.row, fault.column) == ("retrofit_unit", 2, "unit")
    assert "zebra" in fault.message("zh") and fault.code in catalogue()


def test_every_measure_has_a_cost_a_set_tags_and_only_known_studies() -> None:
    book = measures()
    for kind in ("crossing", "segment"):
        for names in measure_sets(kind):
            assert len(names) <= 3 and all(book[name].kind == kind for name in names) and tags_of(names)
    assert {name for kind in ("crossing", "segment") for names in measure_sets(kind) for name in names} == set(book)
    factors = {row["measure"] for row in table("cmf").records()}
    assert all(not one.cmf or one.cmf in factors for one in book.values())
    assert dict((name, low) for name, low, _ in crash_factors("zebra;refuge_island"))["refuge_island"] == 0.68


def test_the_cheapest_sufficient_set_is_chosen_and_a_worse_judgement_is_not_believed() -> None:
    elements = pd.DataFrame(
        {"kind": ["crossing"] * 3, "level_high": [3, 4, 2], "length_m": np.nan, "highway": ["residential"] * 3}
    )
    found = fixes(elements, measures())
    assert found["measures"].tolist()[:2] == ["zebra;refuge_island", "zebra;refuge_island;raised_crossing"]
    assert found["measures"].isna().tolist() == [False, False, True]
    assert found["level_after"].tolist() == [2, 2, 2]
    worse = fixes(elements, measures(), lambda part, names: np.full(len(part), 4, np.int8))
    assert worse["measures"].isna().all() and worse["level_after"].tolist() == [3, 4, 2]


def test_pairs_without_a_route_are_neither_safe_nor_mended() -> None:
    routes, uses, elements = case()
    found = plan_retrofits(routes.assign(verdict=["unsafe", "unsafe", None]), uses.only(uses.route < 2), elements)
    assert found.routes["standing"].tolist() == ["fixable", "fixable", "no_route"]
    assert pd.isna(found.routes["verdict_after"].iloc[2]) and found.summary["pupils_not_safe"] == 100
    assert found.summary["pupils_gained"] == 100


def test_segments_and_crossings_join_into_one_list() -> None:
    segments = from_lists(np.array([0, 2, 2]), np.array([0, 1]), np.array([3, 1]), np.array([3, 2]))
    crossings = from_lists(np.array([0, 0, 1]), np.array([0]), np.array([1]), np.array([4]), first=2)
    bad = failing(joined(segments, crossings))
    assert bad.route.tolist() == [0, 1] and bad.element.tolist() == [0, 2]
    assert standing(3, bad, np.ones(3, dtype=bool)).tolist() == ["fixable", "undetermined", "safe"]


def test_elements_always_needed_together_are_one_lot() -> None:
    routes, uses, elements = case()
    both = routes.assign(standing="fixable")
    found = needs(both, failing(uses), elements, np.array([1.0, 1.0, 2.0, 1.0]))
    assert found.lot_of_element[0] == found.lot_of_element[1] and found.works.cost.tolist() == [2, 2, 1]
    plan: Plan = best_plan(found.works, 2.0)
    assert found.built(plan.built).tolist() == [True, True, False, False]
