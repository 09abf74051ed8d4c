"""What demand of a year is made of: children of existing homes, people and children of new ones, the control."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoplan.demand.cohorts import Cohorts, children, children_by_area, expected_ages, residents
from geoplan.demand.entry import ages_of, at_entry, norm_places, places_norm
from geoplan.demand.newhomes import NewHomes
from geoplan.standards import StageDef, Standards, participation
from layers.planfile import DemandSection

F64 = NDArray[np.float64]


@dataclass(frozen=True)
class Projection:
    """Cohorts, new homes, the factor of every year's control, and how residents become pupils."""

    cohorts: Cohorts
    homes: NewHomes
    choice: DemandSection
    standards: Standards
    scale: Mapping[int, float]


def kept_share(found: Projection, year: int) -> float:
    """Share of existing homes' people who stay: those who move to new housing from inside leave theirs."""
    inside = float((found.homes.residents(year) * found.homes.inside).sum())
    existing = existing_total(found, year)
    return max(0.0, 1.0 - inside / existing) if existing > 0 else 1.0


def existing_total(found: Projection, year: int) -> float:
    """Residents of existing homes before anybody moves to new housing."""
    cohorts = found.cohorts
    return float((cohorts.people * cohorts.swell[year - cohorts.counted.year]).sum())


def housed_total(found: Projection, year: int) -> float:
    """All residents, new housing included, before the control of the year."""
    return existing_total(found, year) * kept_share(found, year) + float(found.homes.residents(year).sum())


def residents_by_cell(found: Projection, year: int) -> F64:
    """All residents of every cell."""
    people = residents(found.cohorts, year) * kept_share(found, year)
    people[found.homes.cell] += found.homes.residents(year)
    return people * found.scale.get(year, 1.0)


def pupils_by_age(found: Projection, stage: StageDef, year: int, variant: str) -> F64:
    """Pupils of every cell by age of entry, shape (cells, ages of the stage)."""
    ages = range(stage.ages[0], stage.ages[1] + 2)
    cohort = at_entry(children(found.cohorts, year, variant, ages), found.standards)
    cohort *= participation(found.standards, stage.id)
    people = residents(found.cohorts, year) if found.choice.mode != "cohort" else np.zeros(len(cohort))
    pupils = _mixed(found, found.choice.mode, stage, cohort, people) * kept_share(found, year)
    pupils[found.homes.cell] += housing_by_age(found, stage, year, variant)
    return pupils * found.scale.get(year, 1.0)


def housing_by_age(found: Projection, stage: StageDef, year: int, variant: str, *, mode: str | None = None) -> F64:
    """Pupils of every project by age of entry, before the control of the year, shape (projects, ages of the stage).

    By the norm per 1000 residents where the plan counts new housing so and the profile has one, else as many of every
    age as the region has; a project's own number of pupils, scaled by occupancy, goes before both.
    """
    people = found.homes.residents(year)
    total = existing_total(found, year)
    alike = region_by_age(found, stage, year, variant) / total if total > 0 else np.zeros(_width(stage))
    counted = _mixed(found, mode or found.choice.housing_mode, stage, people[:, None] * alike[None, :], people)
    stated = found.homes.pupils.get(stage.id, np.full(len(people), np.nan)) * found.homes.share_lived_in(year)
    return np.where(np.isnan(stated)[:, None], counted, stated[:, None] / _width(stage))


def region_by_age(
    found: Projection, stage: StageDef, year: int, variant: str, *, moves: bool = True, born: bool = True
) -> F64:
    """Pupils of existing homes by age of entry in the whole region, before new housing and control."""
    raw = children_by_area(found.cohorts, year, variant, moves=moves, born=born).sum(axis=0, keepdims=True)
    entered = at_entry(raw, found.standards)[0, ages_of(stage)]
    return entered * participation(found.standards, stage.id)


def region_pupils(found: Projection, stage: StageDef, year: int, variant: str) -> float:
    """Pupils of the stage in the whole region, as the plan counts them."""
    cohort = region_by_age(found, stage, year, variant)[None, :]
    people = np.array([existing_total(found, year)])
    existing = float(_mixed(found, found.choice.mode, stage, cohort, people).sum()) * kept_share(found, year)
    housing = float(housing_by_age(found, stage, year, variant).sum())
    return (existing + housing) * found.scale.get(year, 1.0)


def unborn_pupils(found: Projection, stage: StageDef, year: int, variant: str) -> float:
    """Those of the same who are not born, or not registered, when the counts end."""
    expected = region_by_age(found, stage, year, variant, born=False).sum()
    every = region_by_age(found, stage, year, variant).sum()
    people = np.array([existing_total(found, year)])
    cohort = region_by_age(found, stage, year, variant)[None, :]
    existing = float(_mixed(found, found.choice.mode, stage, cohort, people).sum()) * kept_share(found, year)
    ages = at_entry(expected_ages(found.cohorts, year), found.standards)[:, ages_of(stage)]
    housing = float((housing_by_age(found, stage, year, variant) * ages).sum())
    share = float(expected / every) if every > 0 else 0.0
    return (existing * share + housing) * found.scale.get(year, 1.0)


def ratio_to_norm(found: Projection, stage: StageDef, year: int) -> float | None:
    """Places by the norm per 1000 residents against pupils by cohorts; None without a norm or without pupils."""
    norm = places_norm(found.standards, stage.id)
    cohort = float(region_by_age(found, stage, year, "mid").sum()) * kept_share(found, year)
    cohort += float(housing_by_age(found, stage, year, "mid", mode="cohort").sum())
    if norm is None or cohort <= 0:
        return None
    return float(norm_places(housed_total(found, year), norm)) / cohort


def _mixed(found: Projection, mode: str, stage: StageDef, cohort: F64, people: F64) -> F64:
    """Cohort and norm as a mode takes them; by cohorts where the profile has no norm for the stage."""
    norm = places_norm(found.standards, stage.id)
    if mode == "cohort" or norm is None:
        return cohort
    places = np.asarray(norm_places(people, norm))[:, None] / _width(stage)
    by_norm = np.repeat(places, _width(stage), axis=1)
    if mode == "norm":
        return by_norm
    if mode == "max":
        return by_norm if by_norm.sum() > cohort.sum() else cohort
    return found.choice.blend * by_norm + (1.0 - found.choice.blend) * cohort


def _width(stage: StageDef) -> int:
    return stage.ages[1] - stage.ages[0] + 1
