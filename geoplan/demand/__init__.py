"""Demand: residents become school-age pupils per cell, stage and grade band; totals kept, every step said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.demand.ages import Ages, residents_by_age
from geoplan.demand.births import born_before
from geoplan.demand.entry import ages_of, at_entry, band_pupils, last_age, units_table
from geoplan.demand.groups import Controls, read_controls
from geoplan.demand.years import single_years, sprague
from geoplan.standards import StageDef, Standards, participation, stage_def
from layers.bundle import Cells

__all__ = ["Demand", "Step", "pupils", "single_years", "sprague"]


class Step(NamedTuple):
    """One step of the account: what it is called, the total after it, and its factor on the step before."""

    name: str
    total: float
    factor: float


@dataclass(frozen=True)
class Demand:
    """Pupils who ask for a place.

    Parameters
    ----------
    units
        ``cell`` (int32 row of ``Cells.table``), ``stage``, ``band`` (str), ``pupils`` (float64): every cell once per
        stage and band, stage by stage, band by band, cells in their own order.
    steps
        ``residents``, ``school_age`` (ages of the stages asked for), then per stage ``of_age_<stage>`` (factor on
        residents) and ``pupils_<stage>`` (factor: participation).
    by_age
        ``stage, age, residents``: residents per age of entry, before participation. Sums of ``units`` close on it.
    assumptions
        Reason codes; sentences come from :mod:`geoplan.reasons` with ``params[code]``.
    share_assumed
        Share of pupils whose age comes from the profile's age structure instead of data, 0 to 1.
    stages, ages
        The stages counted, and residents per cell and single year they are counted from (before the day of entry).
    """

    units: pd.DataFrame
    steps: tuple[Step, ...]
    by_age: pd.DataFrame
    assumptions: tuple[str, ...]
    params: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    share_assumed: float = 0.0
    stages: tuple[StageDef, ...] = ()
    ages: Ages | None = None


def pupils(
    cells: Cells,
    areas: gpd.GeoDataFrame,
    tables: Mapping[str, pd.DataFrame],
    standards: Standards,
    stages: Sequence[str],
    *,
    population_year: int | None = None,
    school_year: int | None = None,
) -> Demand:
    """School-age pupils of the population's own year.

    Ages come from the cells' ``age_*`` columns (where children live) and the ``ages`` table (how many there are);
    ages neither knows come from the profile's age structure and are counted as assumed. Five-year groups become
    single years by Sprague's multipliers. With ``plan.entry.ages_at = year_end`` ages are calendar years of birth,
    split by the day of entry. No cohort is aged here: :mod:`geoplan.demand.outlook` does that.

    Parameters
    ----------
    cells, areas, tables
        As read; of the tables ``ages`` is used. ``areas`` gives the ids an age table may name.
    standards
        Stages, bands, participation, entry and the age structure.
    stages
        Stage ids of the profile.
    population_year, school_year
        Reference years, where known.

    Raises
    ------
    NotFoundError
        A stage the profile does not have.
    InputError
        Age groups or areas that do not fit.
    """
    chosen = [stage_def(standards, stage) for stage in stages]
    table = with_area(cells.table, areas)
    oldest = last_age(chosen)
    controls = _controls(tables, table, areas, oldest, population_year)
    found = residents_by_age(table, controls, standards, last_age=oldest, year=population_year)
    entered = _at_entry(found, standards)
    units = pd.concat([_units(entered.residents, stage, standards) for stage in chosen], ignore_index=True)
    params = {
        **dict(_general(cells, population_year, school_year)),
        **({"ages_from_births": {}} if controls is not None and "ages" not in tables else {}),
        **found.findings,
        **dict(_participations(chosen, standards)),
    }
    return Demand(
        units=units,
        steps=tuple(_steps(table, entered, chosen, standards)),
        by_age=_by_age(entered, chosen),
        assumptions=tuple(params),
        params=params,
        share_assumed=_share_assumed(entered, chosen, standards),
        stages=tuple(chosen),
        ages=found,
    )


def with_area(table: pd.DataFrame, areas: gpd.GeoDataFrame) -> pd.DataFrame:
    """Cells with their area; the only area where cells name none."""
    if "area_id" in table:
        return table
    return table.assign(area_id=str(areas["area_id"].iloc[0]))


def _controls(
    tables: Mapping[str, pd.DataFrame],
    table: pd.DataFrame,
    areas: gpd.GeoDataFrame,
    last_age: int,
    year: int | None,
) -> Controls | None:
    """The ages table as controls; areas may be named even where no cell lies in them.

    Without any ages, births up to the year of the residents say how many of the youngest there are: a count beats the
    profile's assumption.
    """
    ages = tables.get("ages")
    known = {*areas["area_id"].astype(str), *table["area_id"].astype(str)}
    if (ages is None or ages.empty) and not any(str(name).startswith("age_") for name in table):
        ages = born_before(tables.get("births"), known, year)
    if ages is None or ages.empty:
        return None
    return read_controls(ages, known, last_age, year)


def _at_entry(found: Ages, standards: Standards) -> Ages:
    """Ages on the day of entry; assumed where any year they come from is."""
    assumed = at_entry(found.assumed.astype(np.float64), standards) > 0
    return Ages(at_entry(found.residents, standards), assumed, found.findings)


def _units(residents: NDArray[np.float64], stage: StageDef, standards: Standards) -> pd.DataFrame:
    return units_table(stage.id, band_pupils(residents, stage, standards))


def _steps(table: pd.DataFrame, found: Ages, chosen: Sequence[StageDef], standards: Standards) -> Iterator[Step]:
    residents = float(table["residents"].sum())
    of_age = {stage.id: float(found.residents[:, ages_of(stage)].sum()) for stage in chosen}
    school_age = sum(of_age.values())
    yield Step("residents", residents, 1.0)
    yield Step("school_age", school_age, _ratio(school_age, residents))
    for stage, total in of_age.items():
        share = participation(standards, stage)
        yield Step(f"of_age_{stage}", total, _ratio(total, residents))
        yield Step(f"pupils_{stage}", total * share, share)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 0 else float("nan")


def _by_age(found: Ages, chosen: Sequence[StageDef]) -> pd.DataFrame:
    totals = found.residents.sum(axis=0)
    rows = [(stage.id, age, totals[age]) for stage in chosen for age in range(stage.ages[0], stage.ages[1] + 1)]
    return pd.DataFrame(rows, columns=["stage", "age", "residents"])


def _share_assumed(found: Ages, chosen: Sequence[StageDef], standards: Standards) -> float:
    assumed = total = 0.0
    for stage in chosen:
        residents = found.residents[:, ages_of(stage)] * participation(standards, stage.id)
        assumed += float(residents[found.assumed[:, ages_of(stage)]].sum())
        total += float(residents.sum())
    return assumed / total if total > 0 else 0.0


def _general(
    cells: Cells, population_year: int | None, school_year: int | None
) -> Iterator[tuple[str, dict[str, Any]]]:
    if cells.modelled:
        yield "residents_modelled", {}
    if population_year is None or school_year is None or population_year == school_year:
        return
    code = "aged_to_schools" if population_year < school_year else "schools_earlier"
    yield code, {"population_year": population_year, "school_year": school_year}


def _participations(chosen: Sequence[StageDef], standards: Standards) -> Iterator[tuple[str, dict[str, Any]]]:
    """Participation below or above one is said, with where it comes from."""
    for stage in chosen:
        norm = standards.norms[f"plan.participation.{stage.id}"]
        if norm.value != 1.0:
            yield f"participation_{stage.id}", {"share": norm.value, "source": norm.source}
