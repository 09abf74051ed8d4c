"""Goals, limits and kinds of decision against every combination tried by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from geoplan.siting.design import Task, design
from tests.geoplan.siting.design import by_hand
from tests.geoplan.siting.design.small_tasks import tasks


@settings(max_examples=80, deadline=None)
@given(tasks())
def test_goals_equal_those_of_all_combinations(task: Task) -> None:
    expected, found = by_hand.best(task), design(task)
    if expected is None:
        assert found.status == "infeasible"
        assert found.problems
        return
    assert found.status in ("optimal", "nothing")
    served, cost, walking = (goal.objective for goal in found.goals)
    assert served == pytest.approx(expected.served, abs=1e-4)
    assert cost == pytest.approx(expected.cost, abs=1e-6)
    assert walking == pytest.approx(expected.walking, rel=1e-5, abs=1e-2)
    assert all(goal.gap == 0.0 for goal in found.goals)


@settings(max_examples=30, deadline=None)
@given(tasks())
def test_enrolment_keeps_places_rules_and_counts(task: Task) -> None:
    found = design(task)
    for stage, after in zip(task.stages, found.after, strict=True):
        room = np.nan_to_num(after.places, nan=0.0)
        assert (after.load <= room + 1e-5).all()
        assert after.served + after.unserved.sum(axis=1) == pytest.approx(stage.pupils.sum(axis=1), abs=1e-5)
        allowed = set(zip(stage.unit.tolist(), stage.place.tolist(), strict=True))
        for main in after.main_place:
            assert all(place < 0 or (unit, place) in allowed for unit, place in enumerate(main.tolist()))
    total = sum(after.served @ task.year_weights for after in found.after)
    assert total == pytest.approx(found.goals[0].objective, abs=1e-4)
    for decision in found.decisions:
        option = task.options[decision.option]
        bounds = zip(option.classes_min, decision.classes, option.classes_max, strict=True)
        assert all(low <= n <= high for low, n, high in bounds)
        assert all(isinstance(n, int) for n in decision.classes)
