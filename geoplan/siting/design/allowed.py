"""Whether a choice keeps every requirement, and the moves from one choice to another."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from geoplan.siting.design.columns import Columns, cost_of, opened
from geoplan.siting.design.requirements import Usable
from geoplan.siting.design.task import F64, I64, Mask, Task

ROUNDING = 1e-9  # relative; money that near is equal


def affordable(task: Task, given: Columns, classes: I64) -> bool:
    """Whether budget and phase budgets hold."""
    if task.limits.budget is not None and not _within(cost_of(given, classes), task.limits.budget):
        return False
    years = np.asarray(task.years)
    for until, money in task.limits.phase_budgets.items():
        early = years[given.year] <= until
        if not _within(cost_of(given, np.where(early[given.opening], classes, 0)), money):
            return False
    return True


def allowed(task: Task, usable: Usable, given: Columns, classes: I64, *, max_new: int | None) -> bool:
    """Whether a choice keeps every requirement: sizes, once, money, number, forced sites, places given up."""
    used = opened(given, classes)
    total = np.bincount(given.opening, classes, given.n_openings)
    inside = used[given.opening]
    sized = (given.low[inside] <= classes[inside]).all() and (classes[inside] <= given.high[inside]).all()
    whole = bool(np.all((total[used] >= given.least[used]) & (total[used] <= given.most[used])))
    built = given.place[used & given.build]
    others = given.option[used & ~given.build]
    once = len(np.unique(built)) == len(built) and len(np.unique(others)) == len(others)
    forced = set(usable.forced) <= set(built.tolist())
    number = max_new is None or len(built) <= max_new
    return bool(sized and whole and once and forced and number) and (
        affordable(task, given, classes) and bool(np.all(_left(given, classes) >= -1e-9))
    )


def full_size(given: Columns, opening: int) -> I64:
    """Classes of an opening alone, as many as it may have, shared among its stages by their maxima."""
    own = given.opening == opening
    classes = np.where(own, given.low, 0)
    while (spare := int(given.most[opening] - classes.sum())) > 0 and (classes < given.high)[own].any():
        room = np.where(own, (given.high - classes) / np.maximum(given.high, 1), 0.0)
        classes[int(np.argmax(room))] += min(spare, 1)
    return classes.astype(np.int64)


def fitted(task: Task, given: Columns, classes: I64, own: Mask) -> I64 | None:
    """The choice with its own columns cut back until the money suffices and nobody gives up more than he has.

    None where not even the smallest size does.
    """
    found = classes.copy()
    while not (affordable(task, given, found) and bool(np.all(_left(given, found) >= -1e-9))):
        spare = np.where(own, found - given.low, 0)
        opening = given.opening[own][0]
        if spare.max(initial=0) <= 0 or found[given.opening == opening].sum() <= given.least[opening]:
            return None
        found[int(np.argmax(spare))] -= 1
    return found


def free_openings(given: Columns, classes: I64) -> Iterator[int]:
    """Openings that may be added to a choice: their candidate or option is not used yet."""
    used = opened(given, classes)
    built = set(given.place[used & given.build].tolist())
    taken = set(given.option[used].tolist())
    for opening in range(given.n_openings):
        if int(given.option[opening]) in taken or (given.build[opening] and int(given.place[opening]) in built):
            continue
        yield opening


def _left(given: Columns, classes: I64) -> F64:
    """Places left of the stages that give up classes, by stage, year and place."""
    left = given.base.copy()
    taken = given.e_places < 0
    where = (given.e_stage[taken], given.e_year[taken], given.e_place[taken])
    np.add.at(left, where, classes[given.e_column[taken]] * given.e_places[taken])
    return left


def _within(cost: float, money: float) -> bool:
    return cost <= money * (1 + ROUNDING) + ROUNDING
