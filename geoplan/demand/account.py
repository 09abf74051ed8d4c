"""Every step from the counts to the demand of a year, with its total and its factor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from geoplan.demand.projection import (
    Projection,
    existing_total,
    housed_total,
    housing_by_age,
    kept_share,
    region_by_age,
    region_pupils,
)
from geoplan.standards import StageDef

RESIDENTS = "residents"


class YearStep(NamedTuple):
    """One step of one year's account: the total after it, and its factor on the total before.

    ``stage`` is ``residents`` for all people, else a stage's id. ``step`` is ``base`` (as counted), ``control_base``
    (scaled to the totals of the population's year), then for later years ``cohort, migration, housing, control``, and
    ``mode`` where the plan does not count by cohorts.
    """

    year: int
    step: str
    stage: str
    total: float
    factor: float


def year_steps(
    found: Projection, stages: Sequence[StageDef], years: Sequence[int], notes: Mapping[str, float]
) -> Iterator[YearStep]:
    """Steps of the population's year, then of every year shown.

    Parameters
    ----------
    notes
        Of the cells: ``residents_read`` is the sum before any control.
    """
    first, people = found.cohorts.counted.year, float(found.cohorts.people.sum())
    read = notes.get("residents_read", people)
    yield YearStep(first, "base", RESIDENTS, read, 1.0)
    yield YearStep(first, "control_base", RESIDENTS, people, _factor(people, read))
    for stage in stages:
        yield YearStep(first, "base", stage.id, float(region_by_age(found, stage, first, "mid").sum()), 1.0)
    for year in (one for one in years if one > first):
        yield from _chain(year, RESIDENTS, people, _residents(found, year))
        for stage in stages:
            before = float(region_by_age(found, stage, first, "mid").sum())
            yield from _chain(year, stage.id, before, _pupils(found, stage, year))


def steps_table(steps: Sequence[YearStep]) -> pd.DataFrame:
    """``year, step, stage, total, factor``; factors of nothing are NaN."""
    return pd.DataFrame(list(steps), columns=list(YearStep._fields))


def _residents(found: Projection, year: int) -> dict[str, float]:
    housed = housed_total(found, year)
    return {
        "cohort": float(found.cohorts.people.sum()),
        "migration": existing_total(found, year),
        "housing": housed,
        "control": housed * found.scale.get(year, 1.0),
    }


def _pupils(found: Projection, stage: StageDef, year: int) -> dict[str, float]:
    moved = float(region_by_age(found, stage, year, "mid").sum())
    housed = moved * kept_share(found, year) + float(housing_by_age(found, stage, year, "mid").sum())
    totals = {
        "cohort": float(region_by_age(found, stage, year, "mid", moves=False).sum()),
        "migration": moved,
        "housing": housed,
        "control": housed * found.scale.get(year, 1.0),
    }
    if found.choice.mode != "cohort":
        totals["mode"] = region_pupils(found, stage, year, "mid")
    return totals


def _chain(year: int, stage: str, before: float, totals: Mapping[str, float]) -> Iterator[YearStep]:
    for step, total in totals.items():
        yield YearStep(year, step, stage, total, _factor(total, before))
        before = total


def _factor(total: float, before: float) -> float:
    return total / before if before > 0 else float("nan")
