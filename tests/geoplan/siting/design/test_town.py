"""One town that can be reckoned by hand, and the requirements that cannot be met."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from geoplan.siting.design import Effort, Judgement, Option, design
from tests.geoplan.siting.design.small_tasks import stage, town, with_limits


def _codes(reasons: Any) -> list[str]:
    return [reason.code for reason in reasons]


def test_everybody_is_served_at_the_least_cost() -> None:
    """35 pupils, 10 places: y (25 in reach) with 5 classes leaves the existing school to the first unit."""
    found = design(town())
    assert found.status == "optimal"
    assert [(one.site_id, one.classes, one.cost) for one in found.decisions] == [("y", (5,), 150.0)]
    served, cost, walking = found.goals
    assert (served.objective, cost.objective) == (35.0, 150.0)
    assert walking.objective == pytest.approx(10 * 100 + 20 * 100 + 5 * 400)
    assert found.before[0].served.tolist() == [10.0]
    assert found.decisions[0].load_all.tolist() == [1.0]
    assert found.decisions[0].gained_weighted == 25.0


def test_less_money_buys_fewer_classes() -> None:
    """130 pays for 100 + 3 classes of 5 pupils; the enlargement reaches nobody without a place."""
    found = design(with_limits(town(), budget=130.0))
    assert [(one.site_id, one.classes) for one in found.decisions] == [("y", (3,))]
    assert found.goals[0].objective == 25.0


def test_equal_pupils_and_cost_are_settled_by_walking() -> None:
    """With three classes x and y serve 15 of the same pupils; y is nearer (100 m against 300 m)."""
    task = town()
    same = stage("primary", [[10, 20]], [(0, 0, 1000), (1, 2, 3000), (1, 3, 1000)], [[10.0, 0.0]], 5.0)
    found = design(with_limits(replace(task, stages=(same,)), budget=130.0))
    assert [one.site_id for one in found.decisions] == ["y"]
    assert found.goals[2].objective == pytest.approx(10 * 100 + 15 * 100)
    first, *_ = found.decisions[0].alternatives
    assert (first.site_id, first.difference, first.within_budget) == ("x", 0.0, True)


def test_a_site_that_ties_becomes_an_alternative_with_its_difference() -> None:
    found = design(town())
    nearest = found.decisions[0].alternatives[0]
    assert nearest.site_id == "x"
    assert nearest.difference == pytest.approx(-5.0)  # four classes at most, and the last unit out of reach


def test_marginal_rows_start_without_new_schools() -> None:
    rows = design(town()).marginal
    assert [(row.k, row.served, row.cost) for row in rows] == [(0, 10.0, 0.0), (1, 35.0, 150.0)]
    assert (rows[1].extra, rows[1].cost_per_extra) == (25.0, 6.0)


def test_units_without_any_place_are_listed_and_not_dropped() -> None:
    lonely = stage("primary", [[10, 7]], [(0, 2, 500)], [[0.0, 0.0]], 5.0)
    found = design(replace(town(), stages=(lonely,)))
    assert found.no_place_in_reach[0].tolist() == [False, True]
    assert found.after[0].unserved[0].tolist() == [0.0, 7.0]


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        ({"force": ("x", "y"), "max_new": 1}, "forced_over_max_new"),
        ({"force": ("x",), "budget": 50.0}, "forced_over_budget"),
        ({"force": ("nowhere",)}, "forced_unknown"),
        ({"force": ("a",)}, "forced_unknown"),
        ({"force": ("x",), "forbid": ("x",)}, "forced_and_forbidden"),
        ({"force": ("x", "y"), "budget": 300.0, "phase_budgets": {2027: 150.0}}, "requirements_conflict"),
    ],
)
def test_requirements_that_cannot_be_met_are_named(limits: dict[str, Any], code: str) -> None:
    found = design(with_limits(town(), **limits))
    assert found.status == "infeasible"
    assert _codes(found.problems) == [code]
    assert found.decisions == ()
    assert found.before[0].served.tolist() == [10.0]


def test_a_forced_site_that_fails_says_why() -> None:
    task = town()
    options = tuple(option for option in task.options if option.place != 2)
    found = design(with_limits(replace(task, options=options), force=("x",), unusable={"x": "fails"}))
    assert [(one.code, one.params["reason"]) for one in found.problems] == [("forced_unusable", "fails")]


def test_a_site_smaller_than_the_smallest_school_is_left_out_and_told() -> None:
    small = Option("build", 2, ("primary",), (6,), (12,), (10.0,), 100.0, classes_total=4)
    found = design(replace(town(), options=(small,)))
    assert "site_too_small" in _codes(found.notes)
    assert found.status == "nothing"


def test_conflicts_name_the_keys_that_would_help() -> None:
    found = design(with_limits(town(), force=("x", "y"), phase_budgets={2027: 150.0}))
    assert found.problems[0].params["keys"] == ["phase_budgets"]


def test_a_budget_too_small_for_anything_says_what_the_cheapest_costs() -> None:
    found = design(with_limits(town(), budget=5.0))
    assert found.status == "nothing"
    note = next(note for note in found.notes if note.code == "budget_below_cheapest")
    assert note.params == {"budget": 5.0, "cost": 8.0, "site_id": "a", "kind": "enlarge"}


def test_no_new_school_leaves_enlargements() -> None:
    task = town()
    crowded = stage("primary", [[30, 20, 5]], [(0, 0, 1000)], [[10.0, 0.0]], 5.0)
    found = design(with_limits(replace(task, stages=(crowded,)), max_new=0))
    assert [(one.kind, one.classes) for one in found.decisions] == [("enlarge", (2,))]
    assert "max_new_zero" in _codes(found.notes)


def test_unknown_places_count_as_none_and_are_noted() -> None:
    unknown = replace(town().stages[0], places=np.array([[np.nan, np.inf]]))
    found = design(replace(town(), stages=(unknown,)))
    assert found.before[0].served.tolist() == [0.0]
    assert np.isnan(found.after[0].places[0, 0])
    assert "places_unknown" in _codes(found.notes)


def test_a_school_that_takes_everybody_needs_no_other() -> None:
    open_to_all = replace(town().stages[0], places=np.array([[np.inf, 0.0]]))
    found = design(
        replace(
            town(), stages=(replace(open_to_all, unit=np.arange(3), place=np.zeros(3, int), cost_dm=np.full(3, 500)),)
        )
    )
    assert (found.status, found.goals[0].objective) == ("nothing", 35.0)


def test_years_that_empty_a_school_ask_for_alternatives() -> None:
    """20 pupils in 2027 and 4 in 2035 for 20 places: a load of 20 % is below the floor of 60 %."""
    shrinking = stage("primary", [[20], [4]], [(0, 2, 500)], [[0.0, 0.0], [0.0, 0.0]], 5.0)
    judged = Judgement(load_floor=0.6)
    found = design(replace(town(), years=(2027, 2035), stages=(shrinking,), judgement=judged))
    (one,) = found.decisions
    assert one.load_all.tolist() == [1.0, 0.2]
    assert not one.recommended
    assert {"siting_load_low", "siting_look_at_temporary", "siting_look_at_bus"} <= set(_codes(one.reasons))


def test_dear_and_small_decisions_are_shown_and_not_recommended() -> None:
    judged = Judgement(cost_ceiling=1.5, usual_place_cost={"primary": 1.0}, classes_floor={"primary": 6})
    (one,) = design(replace(town(), judgement=judged)).decisions
    assert not one.recommended
    assert {"siting_cost_high", "siting_below_smallest"} <= set(_codes(one.reasons))
    assert next(r for r in one.reasons if r.code == "siting_cost_high").params == {"cost": 6.0, "ceiling": 1.5}


def test_a_limit_that_stops_the_search_is_told_and_the_bound_stays_honest() -> None:
    found = design(replace(town(), effort=Effort(time_limit_s=0.0)))
    assert "time" in found.stopped
    assert found.goals[0].bound >= 35.0 - 1e-6


def test_arrays_that_do_not_fit_are_our_fault() -> None:
    task = town()
    with pytest.raises(ValueError, match="built on candidates"):
        design(replace(task, options=(replace(task.options[0], place=0),)))
    with pytest.raises(ValueError, match="years ascending"):
        design(replace(task, years=(2035, 2027)))
