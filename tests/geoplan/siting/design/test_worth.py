"""One school after another, until a further one costs more than it is worth."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from geoplan.siting.design import Limits, Option, StageDemand, Task, design
from geoplan.siting.design.construct import trimmed
from geoplan.siting.design.marginal import worthwhile_choices
from geoplan.siting.design.search import evaluated
from geoplan.siting.design.solve import setting_of

COST = 100.0


def row_of_towns(worth: float | None, *, max_new: int | None = None) -> Task:
    """Four towns apart from each other with 40, 30, 20 and 10 pupils and a site each; every school costs the same."""
    pupils = np.array([[40.0, 30.0, 20.0, 10.0]])
    at = np.arange(4)
    stage = StageDemand("primary", pupils, at, at, np.full(4, 1000), np.zeros((1, 0)), 40.0)
    options = tuple(
        Option("build", place, ("primary",), (1,), (1,), (0.0,), opening_cost=COST, ready=None) for place in range(4)
    )
    limits = Limits(worth=worth, max_new=max_new)
    return Task((2030,), (stage,), ("a", "b", "c", "d"), 0, options, limits)


@pytest.mark.parametrize(("worth", "built"), [(2.5, 1), (4.9, 2), (5.0, 3), (9.9, 3), (10.0, 4), (None, 4)])
def test_schools_are_added_while_the_next_is_worth_its_cost(worth: float | None, built: int) -> None:
    found = design(row_of_towns(worth))
    assert len(found.decisions) == built
    served = [0.0, *itertools.accumulate((40.0, 30.0, 20.0, 10.0))]
    assert [row.served for row in found.marginal][: built + 1] == served[: built + 1]
    assert found.goals[0].objective == found.marginal[built].served
    assert len(found.marginal) == min(built + 2, 5)  # the first that is not worth it is still shown


def test_a_number_given_is_never_passed() -> None:
    found = design(row_of_towns(100.0, max_new=2))
    assert len(found.decisions) == 2 and [row.k for row in found.marginal] == [0, 1, 2]


def test_nothing_is_built_where_even_the_first_is_too_dear() -> None:
    found = design(row_of_towns(1.0))
    assert found.decisions == () and found.status == "nothing"


def test_a_further_school_whose_least_cost_nobody_had_time_to_find_is_not_called_too_dear() -> None:
    setting = setting_of(row_of_towns(4.9))
    setting.search.program.clock.stopped.add("time")
    rows, at = worthwhile_choices(setting, 4.9)
    assert [row[0] for row in rows] == [0, 1, 2] and at == 2


def test_trimming_gives_back_every_class_nobody_needs() -> None:
    task = row_of_towns(None)
    options = tuple(
        Option("build", place, ("primary",), (1,), (9,), (7.0,), opening_cost=COST, ready=None) for place in range(4)
    )
    stage = StageDemand(
        "primary", np.array([[40.1, 30.2, 20.3, 10.7]]), *(np.arange(4),) * 2, np.full(4, 1000), np.zeros((1, 0)), 9.9
    )
    setting = setting_of(Task(task.years, (stage,), task.place_id, 0, options, task.limits))
    full = evaluated(setting.search.world, np.full(4, 9))
    least = trimmed(setting, full)
    assert least.value == full.value and least.classes.tolist() == [5, 4, 3, 2]
