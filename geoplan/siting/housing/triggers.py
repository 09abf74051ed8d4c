"""From which size on new housing owes a school: the rule of the nearest profile, at full occupancy, inclusive."""

from __future__ import annotations

import math
from dataclasses import dataclass

from geoplan.standards import Norm, Standards, nearest_of, speaking_of

BY_CLASSES = "trigger_population_to_classes"
PER_SCHOOL = "population_per_school"
TOPICS = ("trigger_dwellings", "trigger_population", PER_SCHOOL, BY_CLASSES)


@dataclass(frozen=True)
class Trigger:
    """The rules that decide for a stage (any of them, once reached), and those of farther profiles that do not."""

    norms: tuple[Norm, ...]
    also: tuple[Norm, ...]


@dataclass(frozen=True)
class Reached:
    """A rule held against a project.

    Parameters
    ----------
    norm
        The rule.
    amount, threshold, unit
        What the project has and what the rule asks, in ``dwelling`` or ``person``.
    reached
        ``amount >= threshold``.
    classes
        Fewest classes the rule itself asks for; 0 where it asks for none.
    exact
        The rule's classes are the number owed, not only the fewest.
    """

    norm: Norm
    amount: float
    threshold: float
    unit: str
    reached: bool
    classes: int
    exact: bool


def trigger(standards: Standards, stage: str) -> Trigger | None:
    """The rules that speak of a stage, the nearest profile's before its ancestors'; None where no profile does."""
    norms = speaking_of(standards, TOPICS, stage)
    if not norms:
        return None
    nearest = nearest_of(standards, norms)
    return Trigger(nearest, tuple(norm for norm in norms if norm not in nearest))


def held(rule: Trigger, dwellings: float, residents: float) -> Reached:
    """The rule that is reached, or of several the one that is nearest to being reached."""
    found = [_held(norm, dwellings, residents) for norm in rule.norms]
    return max(found, key=lambda one: (one.amount / one.threshold, one.norm.id))


def _held(norm: Norm, dwellings: float, residents: float) -> Reached:
    unit = norm.unit.split(",")[0]
    amount, threshold = (dwellings if unit == "dwelling" else residents), _threshold(norm)
    reached = amount >= threshold
    classes, exact = _classes(norm, residents) if reached else (0, False)
    return Reached(norm, amount, threshold, unit, reached, classes, exact)


def _threshold(norm: Norm) -> float:
    value = norm.value
    while isinstance(value, tuple):
        value = value[0]
    return float(value)


def _classes(norm: Norm, residents: float) -> tuple[int, bool]:
    """Classes the rule asks for, and whether they are the number owed."""
    rows = norm.value
    if norm.topic == PER_SCHOOL and isinstance(rows, tuple):
        persons, fewest = float(str(rows[0])), int(str(rows[1]))
        return fewest * math.floor(residents / persons), False
    if norm.topic == BY_CLASSES and isinstance(rows, tuple):
        return _listed([(float(str(row[0])), int(str(row[1]))) for row in rows if isinstance(row, tuple)], residents)
    return 0, False


def _listed(rows: list[tuple[float, int]], residents: float) -> tuple[int, bool]:
    """The last row reached; beyond one more step of the table it is only the fewest."""
    steps = [persons for persons, _ in rows]
    end = 2 * steps[-1] - (steps[-2] if len(steps) > 1 else 0.0)
    classes = [count for persons, count in rows if residents >= persons][-1]
    return classes, residents < end
