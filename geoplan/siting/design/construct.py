"""A good choice without an integer program: greedy by pupils per cost, then trimmed, then exchanged.

Used where the program does not finish; its result is a floor under the final one. Bounds of the cut pool spare most
of the exact counts: moves are tried in the order of what they could give at most (lazy greedy, Minoux 1978).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from geoplan.siting.design.allowed import allowed, fitted, free_openings, full_size
from geoplan.siting.design.columns import cost_of, opened
from geoplan.siting.design.cuts import most_served
from geoplan.siting.design.requirements import Usable, least_cost
from geoplan.siting.design.search import Choice, Search, evaluated
from geoplan.siting.design.task import I64, Task

GAIN = 1e-3  # pupils a move must bring
PASSES = 3  # of exchange
STEPS = 200  # moves of the greedy construction


@dataclass(frozen=True)
class Setting:
    """What the moves must respect."""

    task: Task
    usable: Usable
    search: Search
    max_new: int | None


def constructed(setting: Setting) -> Choice | None:
    """Greedy, trimmed and exchanged; None where the forced sites alone cannot be built."""
    start = _forced(setting)
    if start is None:
        return None
    choice = trimmed(setting, _grown(setting, start))
    choice = trimmed(setting, _grown(setting, choice))
    for _ in range(PASSES):
        better = _exchanged(setting, choice)
        if better is None:
            break
        choice = trimmed(setting, _grown(setting, better))
    return choice


def trimmed(setting: Setting, choice: Choice) -> Choice:
    """The same pupils for less money: whole openings, then single classes, dearest first, as long as none is lost."""
    given = setting.search.columns
    for opening in np.flatnonzero(opened(given, choice.classes)).tolist():
        choice = _lighter(setting, choice, np.where(given.opening == opening, 0, choice.classes))
    for column in np.argsort(-given.class_cost, kind="stable").tolist():
        if choice.classes[column] > given.low[column]:
            choice = _fewest(setting, choice, column)
    return choice


def bound_with(search: Search, classes: I64) -> float:
    """What the cuts allow a choice to serve at most."""
    return most_served(search.pool, opened(search.columns, classes).astype(np.float64), classes.astype(np.float64))


def best_of(
    search: Search, trials: Sequence[I64], worth: Callable[[Choice | float, I64], float], floor: float
) -> Choice | None:
    """The trial of most worth above a floor; only those whose bound could win are counted exactly."""
    ranked = sorted(((worth(bound_with(search, trial), trial), -at) for at, trial in enumerate(trials)), reverse=True)
    best, most = None, floor
    for limit, at in ranked:
        if limit <= most:
            break
        found = evaluated(search.world, trials[-at])
        value = worth(found, trials[-at])
        if value > most:
            best, most = found, value
    return best


def _forced(setting: Setting) -> Choice | None:
    """The cheapest form of every forced site."""
    given, classes = setting.search.columns, np.zeros(setting.search.columns.n_classes, np.int64)
    for place in setting.usable.forced:
        own = np.flatnonzero(given.build & (given.place == place))
        price = [least_cost(setting.task.options[setting.usable.options[given.option[at]]]) for at in own]
        best = int(own[int(np.argmin(price))])
        classes += _smallest(setting, best)
    if not allowed(setting.task, setting.usable, given, classes, max_new=setting.max_new):
        return None
    return evaluated(setting.search.world, classes)


def _smallest(setting: Setting, opening: int) -> I64:
    given = setting.search.columns
    own = np.flatnonzero(given.opening == opening)
    classes = np.zeros(given.n_classes, np.int64)
    classes[own] = given.low[own]
    if not classes.any():
        classes[own[int(np.argmin(given.class_cost[own]))]] = 1
    return classes


def _grown(setting: Setting, choice: Choice) -> Choice:
    """Add the opening, or the class, that gives most pupils for its cost, until none gives any."""
    for _ in range(STEPS):
        base = choice
        trials = [trial for trial in _additions(setting, base.classes) if _is_allowed(setting, trial)]

        def worth(found: Choice | float, trial: I64, base: Choice = base) -> float:
            gain = (found.value if isinstance(found, Choice) else found) - base.value
            extra = cost_of(setting.search.columns, trial) - base.cost
            return gain / max(extra, 1e-9) if gain > GAIN else 0.0

        found = best_of(setting.search, trials, worth, 0.0)
        if found is None:
            return choice
        choice = found
    return choice


def _additions(setting: Setting, classes: I64) -> list[I64]:
    given = setting.search.columns
    trials = []
    for opening in free_openings(given, classes):
        own = given.opening == opening
        for size in (full_size(given, opening), _smallest(setting, opening)):
            found = fitted(setting.task, given, classes + size, own)
            if found is not None:
                trials.append(found)
    used = opened(given, classes)[given.opening]
    for column in np.flatnonzero(used & (classes < given.high)).tolist():
        more = classes.copy()
        more[column] += 1
        trials.append(more)
    return trials


def _exchanged(setting: Setting, choice: Choice) -> Choice | None:
    """The best swap of one opening for another, where it serves more."""
    given, trials = setting.search.columns, []
    for old in np.flatnonzero(opened(given, choice.classes)).tolist():
        rest = np.where(given.opening == old, 0, choice.classes)
        for new in free_openings(given, rest):
            if new != old:
                found = fitted(setting.task, given, rest + full_size(given, new), given.opening == new)
                if found is not None and _is_allowed(setting, found):
                    trials.append(found)

    def worth(found: Choice | float, trial: I64) -> float:
        return found.value if isinstance(found, Choice) else found

    return best_of(setting.search, trials, worth, choice.value + GAIN)


def _is_allowed(setting: Setting, classes: I64) -> bool:
    given = setting.search.columns
    return allowed(setting.task, setting.usable, given, classes, max_new=setting.max_new)


def _lighter(setting: Setting, choice: Choice, classes: I64) -> Choice:
    if not _is_allowed(setting, classes) or bound_with(setting.search, classes) < choice.value - GAIN:
        return choice
    found = evaluated(setting.search.world, classes)
    return found if found.value >= choice.value and found.cost <= choice.cost else choice


def _fewest(setting: Setting, choice: Choice, column: int) -> Choice:
    """By bisection, the fewest classes of a column that serve as many."""
    low, high = int(setting.search.columns.low[column]), int(choice.classes[column])
    while low < high:
        middle = (low + high) // 2
        fewer = choice.classes.copy()
        fewer[column] = middle
        found = _lighter(setting, choice, fewer)
        if found is choice:
            low = middle + 1
        else:
            choice, high = found, middle
    return choice
