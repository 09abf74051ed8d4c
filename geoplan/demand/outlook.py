"""School-age demand of any year, in a fixed order: counts, control, cohorts, moves, housing, control of the year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.demand import Demand, Step, with_area
from geoplan.demand.account import YearStep, year_steps
from geoplan.demand.cohorts import People, make_cohorts
from geoplan.demand.controls import control_factors, control_years
from geoplan.demand.entry import places_norm, units_table
from geoplan.demand.newhomes import make_new_homes
from geoplan.demand.projection import (
    Projection,
    housed_total,
    pupils_by_age,
    ratio_to_norm,
    region_pupils,
    residents_by_cell,
    unborn_pupils,
)
from geoplan.errors import NotFoundError, PlanError
from geoplan.standards import StageDef, Standards
from layers.bundle import Cells
from layers.errors import Fault
from layers.planfile import DemandSection

F64 = NDArray[np.float64]
VARIANTS = ("low", "mid", "high")
NOT_PROJECTED = ("safety",)
"""Parts of a run that are of the base year only: nobody projects streets."""


@dataclass(frozen=True)
class Outlook:
    """Demand of the base year and of every year up to the last one asked for.

    Parameters
    ----------
    years
        The years shown, the base year first; the base year alone, or nothing, where no later one can be projected.
    base_year
        The year the headline is of: the schools' year, not before the population's; None where no year is known.
    demand
        The counts of the population's year.
    people
        Residents per cell in the population's year.
    projection
        What years are computed from; None where nothing is projected.
    steps
        Every step of every year shown, and of the years with a control.
    assumptions, params
        Reason codes, and what their sentences need.
    faults
        Warnings.
    reason
        Why nothing is projected (``no_year``); empty where it is.
    """

    years: tuple[int, ...]
    base_year: int | None
    demand: Demand
    people: F64
    projection: Projection | None = None
    steps: tuple[YearStep, ...] = ()
    assumptions: tuple[str, ...] = ()
    params: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    reason: str = ""

    @property
    def population_year(self) -> int | None:
        """Year of the counts, where it is known."""
        return self.projection.cohorts.counted.year if self.projection else None


class Frame(NamedTuple):
    """What a plan says of the years: the counts', the schools', those it shows, and its ``[demand]`` section."""

    population_year: int | None
    school_year: int | None
    years: Sequence[int]
    choice: DemandSection


def outlook(
    demand: Demand,
    cells: Cells,
    areas: gpd.GeoDataFrame,
    tables: Mapping[str, pd.DataFrame],
    standards: Standards,
    frame: Frame,
) -> Outlook:
    """Prepare the demand of later years; any of them is computed when it is asked for.

    Parameters
    ----------
    demand
        The counts, from :func:`geoplan.demand.pupils` of the same cells.
    cells, areas, tables
        As read, new housing among the cells; of the tables ``births, survival, migration, housing`` are used.
    frame
        Years and choices of the plan. The milestones of the profile (``plan.milestones``) are always shown.

    Raises
    ------
    PlanError
        A mode that needs a norm per 1000 residents, and the profile has none.
    InputError
        Births, moves or controls that cannot be.
    """
    _check_mode(frame.choice, demand.stages, standards)
    people = cells.table["residents"].to_numpy(np.float64)
    first = frame.population_year if frame.population_year is not None else frame.school_year
    if first is None:
        return Outlook((), None, demand, people, reason="no_year", assumptions=("not_projected",))
    base = max(first, frame.school_year or first)
    years = _years(base, frame.years, standards)
    controls = control_years(frame.choice.control, first)
    last = max([*years, *controls])
    counted = _people(demand, cells, areas, first)
    youngest = min((stage.ages[0] for stage in demand.stages), default=0)
    cohorts = make_cohorts(counted, tables, standards, last=last, first_age=youngest)
    homes = make_new_homes(tables.get("housing"), cells, areas, standards, population_year=first, last=last)
    found = Projection(cohorts, homes, frame.choice, standards, {})
    projected = {year: housed_total(found, year) for year in range(first, last + 1)}
    found = replace(found, scale=control_factors(controls, projected, first))
    params = {**cohorts.findings, **homes.findings, **_findings(found, demand.stages, controls, frame)}
    return Outlook(
        years=years,
        base_year=base,
        demand=demand,
        people=people,
        projection=found,
        steps=tuple(year_steps(found, demand.stages, sorted({*years, *controls}), cells.notes)),
        assumptions=tuple(params),
        params=params,
        faults=(*cohorts.births.faults, *homes.faults),
    )


def pupils_in(outlook: Outlook, year: int | None, variant: str = "mid", *, stage: str | None = None) -> pd.DataFrame:
    """Pupils of a year: ``cell, stage, band, pupils`` in the order of ``Demand.units``.

    Parameters
    ----------
    year
        From the population's year to the last year prepared; None only where no year is known.
    variant
        ``low``, ``mid`` or ``high`` births.
    stage
        Only this stage; all when None.

    Raises
    ------
    PlanError
        A year that is not projected, or an unknown variant or stage.
    """
    found = _at(outlook, year, variant)
    stages = outlook.demand.stages if stage is None else (_stage(outlook, stage),)
    if found is None or year is None:
        units = outlook.demand.units
        return units if stage is None else units[units["stage"] == stage].reset_index(drop=True)
    parts = []
    for one in stages:
        by_age = pupils_by_age(found, one, year, variant)
        first = one.ages[0]
        bands = {
            band.id: by_age[:, band.ages[0] - first : band.ages[1] - first + 1].sum(axis=1) for band in one.bands
        }
        parts.append(units_table(one.id, bands))
    return pd.concat(parts, ignore_index=True)


def residents_in(outlook: Outlook, year: int | None) -> F64:
    """All residents per cell in a year; PlanError for a year that is not projected."""
    found = _at(outlook, year, "mid")
    return outlook.people if found is None or year is None else residents_by_cell(found, year)


def stage_pupils(outlook: Outlook, stage: str, year: int | None, variant: str = "mid") -> float:
    """Pupils of a stage in the whole region."""
    found = _at(outlook, year, variant)
    if found is None or year is None:
        units = outlook.demand.units
        return float(units.loc[units["stage"] == stage, "pupils"].sum())
    return region_pupils(found, _stage(outlook, stage), year, variant)


def share_unborn(outlook: Outlook, stage: str, year: int | None, variant: str = "mid") -> float:
    """Share of a stage's pupils who are expected: born after the last registered births, else after the counts."""
    found = _at(outlook, year, variant)
    if found is None or year is None:
        return 0.0
    total = region_pupils(found, _stage(outlook, stage), year, variant)
    return unborn_pupils(found, _stage(outlook, stage), year, variant) / total if total > 0 else 0.0


def norm_ratio(outlook: Outlook, stage: str, year: int | None) -> float | None:
    """Places by the norm per 1000 residents against pupils by cohorts; None where the profile has no norm.

    Above one, a county that builds by the norm builds more than its children will fill.
    """
    if outlook.projection is None or year is None:
        return None
    counts = outlook.projection.cohorts.counted.year
    return ratio_to_norm(outlook.projection, _stage(outlook, stage), max(year, counts))


def headline(outlook: Outlook) -> Demand:
    """The demand all accounts of the base year are made of: the counts, aged to the schools' year where later."""
    demand, year = outlook.demand, outlook.base_year
    if year is None or outlook.population_year == year:
        return demand
    totals = {stage.id: stage_pupils(outlook, stage.id, year) for stage in demand.stages}
    before = {step.name: step.total for step in demand.steps}
    aged = [
        Step(f"aged_{stage}", total, total / before[f"pupils_{stage}"] if before[f"pupils_{stage}"] else float("nan"))
        for stage, total in totals.items()
    ]
    return replace(demand, units=pupils_in(outlook, year), steps=(*demand.steps, *aged))


def outlook_summary(outlook: Outlook) -> dict[str, Any]:
    """What ``summary.json`` says of the outlook: its years, how it was made, what was assumed."""
    found = outlook.projection
    return {
        "projected": found is not None,
        "reason": outlook.reason or None,
        "population_year": outlook.population_year,
        "base_year": outlook.base_year,
        "years": list(outlook.years),
        "last_born": found.cohorts.births.last_born if found else None,
        "mode": found.choice.mode if found else None,
        "blend": found.choice.blend if found else None,
        "housing_mode": found.choice.housing_mode if found else None,
        "new_housing": len(found.homes.ids) if found else 0,
        "assumptions": {code: dict(outlook.params.get(code, {})) for code in outlook.assumptions},
        "not_projected": [*NOT_PROJECTED],
    }


def _years(base: int, shown: Sequence[int], standards: Standards) -> tuple[int, ...]:
    milestones = standards.norms["plan.milestones"].value
    always = milestones if isinstance(milestones, tuple) else (milestones,)
    wanted = {*shown, *(int(str(year)) for year in always)}
    return (base, *sorted(year for year in wanted if year > base))


def _people(demand: Demand, cells: Cells, areas: gpd.GeoDataFrame, year: int) -> People:
    table = with_area(cells.table, areas)
    ids = tuple(sorted({*areas["area_id"].astype(str), *table["area_id"].astype(str)}))
    position = pd.Index(ids).get_indexer(table["area_id"].astype(str)).astype(np.int32)
    assert demand.ages is not None
    return People(year, demand.ages.residents, table["residents"].to_numpy(np.float64), position, ids)


def _check_mode(choice: DemandSection, stages: Sequence[StageDef], standards: Standards) -> None:
    if choice.mode == "cohort" or any(places_norm(standards, stage.id) for stage in stages):
        return
    raise PlanError(
        f'demand.mode = "{choice.mode}" needs a norm of places per 1000 residents, and profile {standards.profile} '
        'has none for the stages of this plan: choose mode = "cohort", or a profile that has one'
    )


def _findings(
    found: Projection, stages: Sequence[StageDef], controls: Mapping[int, float], frame: Frame
) -> dict[str, dict[str, Any]]:
    params: dict[str, dict[str, Any]] = {"residents_steady": {}}
    if frame.population_year is None:
        params["population_year_assumed"] = {"year": found.cohorts.counted.year}
    if controls:
        params["control_carried"] = {"years": ", ".join(map(str, sorted(controls)))}
    without = [stage.id for stage in stages if places_norm(found.standards, stage.id) is None]
    if found.choice.mode != "cohort" and without:
        params["norm_partly_missing"] = {}
    if found.homes.ids:
        by_norm = found.choice.housing_mode != "cohort" and len(without) < len(stages)
        params["housing_by_norm" if by_norm and not without else "housing_by_ages"] = {}
        if by_norm and without:
            params["housing_by_norm"] = {}
    return params


def _at(outlook: Outlook, year: int | None, variant: str) -> Projection | None:
    """The projection to ask, None for the counts themselves."""
    if variant not in VARIANTS:
        raise PlanError(f"unknown births variant {variant!r}; known: {', '.join(VARIANTS)}")
    found = outlook.projection
    if found is None or year is None:
        if found is None and year is None:
            return None
        raise PlanError(f"{year} is not projected: the plan names no year of its population or schools")
    first, last = found.cohorts.counted.year, found.cohorts.last
    if not first <= year <= last:
        raise PlanError(f"{year} is not projected: years from {first} to {last} are")
    return None if year == first else found


def _stage(outlook: Outlook, stage: str) -> StageDef:
    for one in outlook.demand.stages:
        if one.id == stage:
            return one
    raise NotFoundError(f"stage {stage!r} is not in this plan: {', '.join(one.id for one in outlook.demand.stages)}")
