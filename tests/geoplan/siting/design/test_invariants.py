"""More money, candidates or new schools never serve fewer; neither the order of rows nor grouping matters."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.siting.design import Design, StageDemand, Task, design
from geoplan.siting.design.columns import columns, cost_of, places_with
from geoplan.siting.design.construct import Setting, constructed
from geoplan.siting.design.flows import market, served
from geoplan.siting.design.requirements import usable
from geoplan.siting.design.solve import place_rank, setting_of
from tests.geoplan.siting.design import by_hand
from tests.geoplan.siting.design.small_tasks import EXISTING, tasks, with_limits

NEAR = 1e-4  # pupils


@settings(max_examples=25, deadline=None)
@given(tasks(), st.floats(0, 12), st.integers(0, 3))
def test_more_money_and_more_candidates_never_serve_fewer(task: Task, more: float, dropped: int) -> None:
    task = with_limits(task, force=())
    found = design(task).goals[0].objective
    if task.limits.budget is not None:
        richer = design(with_limits(task, budget=task.limits.budget + more))
        assert richer.goals[0].objective >= found - NEAR
    fewer = tuple(option for at, option in enumerate(task.options) if at != dropped)
    assert design(replace(task, options=fewer)).goals[0].objective <= found + NEAR


@settings(max_examples=25, deadline=None)
@given(tasks())
def test_every_further_school_serves_at_least_as_many_and_the_last_row_is_the_design(task: Task) -> None:
    found = design(task)
    rows = found.marginal
    for before, after in pairwise(rows):
        assert after.served >= before.served - NEAR
        assert len(after.new) <= after.k
    if rows:
        assert (rows[-1].served, rows[-1].cost) == (found.goals[0].objective, found.goals[1].objective)
        for row in rows[:-1]:
            limited = by_hand.best(with_limits(task, max_new=row.k))
            assert limited is not None
            assert (row.served, row.cost) == pytest.approx((limited.served, limited.cost), abs=NEAR)


@settings(max_examples=25, deadline=None)
@given(tasks(), st.randoms(use_true_random=False))
def test_the_order_of_units_places_pairs_and_options_changes_nothing(task: Task, random: object) -> None:
    found, other = design(task), design(_shuffled(task, random))
    assert _figures(found) == pytest.approx(_figures(other), rel=1e-9, abs=1e-9)
    assert _names(found) == _names(other)


@settings(max_examples=40, deadline=None)
@given(tasks(), st.lists(st.integers(0, 2), min_size=8, max_size=8))
def test_counting_by_sets_of_places_equals_counting_unit_by_unit(task: Task, wanted: list[int]) -> None:
    task = with_limits(task, max_new=None)
    given_ = columns(task, usable(task))
    world = market(task, given_, place_rank(task))
    classes = np.resize(np.array(wanted, np.int64), given_.n_classes)
    places = places_with(given_, classes)
    found = served(world, places) / 1e6
    for s, stage in enumerate(task.stages):
        for t in range(len(task.years)):
            assert found[s, t] == pytest.approx(by_hand.unit_level(stage, t, places[s, t])[0], abs=1e-5)


@settings(max_examples=25, deadline=None)
@given(tasks())
def test_what_a_decision_gains_is_lost_without_it(task: Task) -> None:
    found = design(task)
    for decision in found.decisions:
        others = [one for one in found.decisions if one is not decision]
        states: list[by_hand.State] = [None] * len(task.options)
        for one in others:
            states[one.option] = (task.years.index(one.year), one.classes)
        places = by_hand.places_of(task, tuple(states))
        assert places is not None
        without = by_hand.served(task, places)
        assert decision.gained_weighted == pytest.approx(found.goals[0].objective - without, abs=NEAR)


@settings(max_examples=25, deadline=None)
@given(tasks())
def test_the_construction_keeps_every_requirement_and_never_beats_the_proof(task: Task) -> None:
    setting = setting_of(task)
    own = constructed(setting) if not setting.usable.problems else None
    best = by_hand.best(task)
    if own is None or best is None:
        return
    assert own.value <= best.served + NEAR
    assert task.limits.budget is None or cost_of(setting.search.columns, own.classes) <= task.limits.budget + 1e-6
    assert _by_hand_value(task, setting, own.classes) == pytest.approx(own.value, abs=NEAR)


def _by_hand_value(task: Task, setting: Setting, classes: np.ndarray[tuple[int], np.dtype[np.int64]]) -> float:
    return by_hand.served(task, places_with(setting.search.columns, classes))


def _figures(found: Design) -> list[float]:
    rows = [value for row in found.marginal for value in (row.served, row.cost)]
    loads = [value for one in found.decisions for value in (one.gained_weighted, *np.nan_to_num(one.load_all))]
    return [goal.objective for goal in found.goals] + rows + loads


def _names(found: Design) -> list[tuple[object, ...]]:
    return [(one.site_id, one.kind, one.stages, one.classes, one.year, one.recommended) for one in found.decisions]


def _shuffled(task: Task, random: object) -> Task:
    """The same task with every table in another order; existing schools stay before candidates."""

    def order(n: int) -> list[int]:
        rows = list(range(n))
        random.shuffle(rows)  # type: ignore[attr-defined]
        return rows

    n = len(task.place_id)
    places = [*order(EXISTING), *(EXISTING + at for at in order(n - EXISTING))]
    new_place = np.argsort(places)
    options = tuple(
        replace(task.options[at], place=int(new_place[task.options[at].place])) for at in order(len(task.options))
    )
    stages = tuple(_stage(stage, order, new_place, places) for stage in task.stages)
    return replace(task, place_id=tuple(task.place_id[at] for at in places), options=options, stages=stages)


def _stage(stage: StageDemand, order: object, new_place: np.ndarray, places: list[int]) -> StageDemand:  # type: ignore[type-arg]
    units, pairs = order(stage.pupils.shape[1]), order(len(stage.unit))  # type: ignore[operator]
    return replace(
        stage,
        pupils=stage.pupils[:, units],
        unit=np.argsort(units)[np.asarray(stage.unit)[pairs]],
        place=new_place[np.asarray(stage.place)[pairs]],
        cost_dm=np.asarray(stage.cost_dm)[pairs],
        places=stage.places[:, places[:EXISTING]],
        unit_key=np.array([f"u{at}" for at in units]),
    )
