"""From layers and demand by year to proposals: the whole siting of a plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.coverage import StageInput
from geoplan.siting.candidates import candidates as find_candidates
from geoplan.siting.county.context import Context
from geoplan.siting.county.demand import StagePart, stage_part, walks_to
from geoplan.siting.county.offers import Terms
from geoplan.siting.county.proposals import as_json, effect, proposals, summary_rows
from geoplan.siting.county.task import plan_task
from geoplan.siting.county.unmet import unmet
from geoplan.siting.design import Design, MarginalRow, Task, chosen_design
from geoplan.siting.sizes import unit_costs
from geoplan.situation import Situation
from geoplan.standards import Standards
from layers.bundle import Layers
from layers.errors import Fault
from layers.planfile import SitingSection

F64 = NDArray[np.float64]
Inputs = Mapping[str, Mapping[int, StageInput]]


@dataclass(frozen=True)
class CountySiting:
    """What a run keeps of the siting.

    Parameters
    ----------
    tables
        ``candidates, proposals`` in the plan's metric CRS.
    cells
        Columns for the table of cells: ``site_<stage>``, the proposed place most of a cell's pupils go to.
    summary
        ``summary["siting"]``, see docs/results.md.
    """

    tables: dict[str, pd.DataFrame]
    cells: pd.DataFrame
    summary: dict[str, Any]
    faults: tuple[Fault, ...] = field(default=())


def county_siting(
    layers: Layers,
    situation: Situation,
    inputs: Inputs,
    *,
    base_year: int | None,
    unserved: pd.DataFrame | None = None,
    deficits: Mapping[tuple[str, str], Mapping[str, Any]] | None = None,
) -> CountySiting:
    """Choose where places are added, and say what that gives.

    Parameters
    ----------
    inputs
        Per stage and plan year, the input of its coverage.
    base_year
        Year of the school table; building takes its lead time from there.
    unserved
        ``unserved_<stage>_<year>`` per cell: where search areas are looked for.
    deficits
        By sub-area and stage the first year short of places: ``area, year, places``.
    """
    section, standards = layers.plan.siting, situation.standards
    stages = siting_stages(section, standards, tuple(inputs))
    if not stages:
        return not_computed("no_stage")
    inputs = {stage: years_ahead(inputs[stage], base_year) for stage in stages}
    years = tuple(next(iter(inputs.values())))
    need = need_of(situation, unserved, stages)
    sites = told_apart(find_candidates(layers, standards, stages, need=need, search=section.search_areas))
    setting = tuple(str(name) for name in sites["setting"])
    walks = walks_to(layers, situation, sites, setting)
    parts = {stage: stage_part(stage, inputs[stage], walks, len(sites)) for stage in stages}
    decided = base_year if section.decided is None else section.decided
    terms = Terms(standards, unit_costs(layers.tables.get("costs")), section, stages, decided)
    task = plan_task(layers, terms, sites, setting, parts, years)
    found = chosen_design(task, section.model)
    table = proposals(Context(layers, situation, task, found, sites, parts, terms, deficits or {}))
    sites = sites.assign(chosen=sites["site_id"].isin(table["site_id"]))
    return CountySiting(
        tables={"candidates": _stored(sites), "proposals": table},
        cells=_goes_to(task, found, parts, len(situation.cells.table)),
        summary=_summary(section, task, found, table)
        | {
            "search": sites.attrs.get("search"),
            "marginal": [_marginal(row) for row in found.marginal],
            "unmet": unmet(task, found, list(parts.values()), situation.cells.table),
        },
        faults=tuple(_money_faults(terms)),
    )


def _money_faults(terms: Terms) -> Iterator[Fault]:
    """A warning where a budget is held against costs that are not the county's own."""
    assumed = [item for item, cost in terms.costs.items() if cost.assumed]
    if assumed and (terms.section.budget is not None or terms.section.phase_budgets):
        listed = {"items": ", ".join(assumed)}
        yield Fault("siting_budget_assumed", "warning", file="plan.toml", column="siting.budget", params=listed)


def told_apart(sites: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Candidates of one name are numbered, in the order of their ids."""
    count = sites.groupby("name")["site_id"].transform("size").to_numpy(np.int64)
    number = sites.groupby("name")["site_id"].rank(method="first").fillna(1).to_numpy(np.int64)
    named = [
        f"{name} ({at})" if many > 1 and name else name
        for name, at, many in zip(sites["name"], number, count, strict=True)
    ]
    found = sites.assign(name=named)
    found.attrs = dict(sites.attrs)
    return found


def years_ahead(inputs: Mapping[int, StageInput], base_year: int | None) -> dict[int, StageInput]:
    """The years something can still be decided for, ascending: those after the base year, else what there is."""
    ahead = {year: inputs[year] for year in sorted(inputs) if base_year is None or year > base_year}
    return ahead or dict(sorted(inputs.items()))


def siting_stages(section: SitingSection, standards: Standards, computed: tuple[str, ...]) -> tuple[str, ...]:
    """Stages new places are looked for: those asked for, else the compulsory ones; of those that are computed."""
    wanted: tuple[str, ...] = section.stages or tuple(stage.id for stage in standards.stages if stage.compulsory)
    return tuple(stage for stage in computed if stage in wanted)


def not_computed(reason: str) -> CountySiting:
    """Nothing, and why."""
    return CountySiting({}, pd.DataFrame(), {"not_computed": reason})


def need_of(situation: Situation, unserved: pd.DataFrame | None, stages: Sequence[str]) -> pd.DataFrame:
    """Where pupils without a place in reach live: ``x, y, setting, pupils``, the most of any year, stages summed.

    Without such counts, all residents.
    """
    table = situation.cells.table
    found = pd.DataFrame(
        {"x": table["x"], "y": table["y"], "setting": situation.setting, "pupils": table["residents"]}
    )
    if unserved is None:
        return found
    total = np.zeros(len(table))
    for stage in stages:
        columns = [name for name in unserved.columns if name.startswith(f"unserved_{stage}_")]
        if columns:
            total += unserved[columns].to_numpy(np.float64).max(axis=1)
    return found.assign(pupils=total)


def _goes_to(task: Task, found: Design, parts: Mapping[str, StagePart], cells: int) -> pd.DataFrame:
    """Per cell and stage, the id of the proposed place most of its pupils go to in the last plan year."""
    decided = {decision.place for decision in found.decisions}
    table: dict[str, Any] = {}
    for number_, (stage, part) in enumerate(parts.items()):
        column = np.full(cells, None, dtype=object)
        place = found.after[number_].main_place[-1]
        goes = np.isin(place, list(decided)) if decided else np.zeros(len(place), bool)
        column[part.units.cell[goes]] = np.array(task.place_id, dtype=object)[place[goes]]
        table[f"site_{stage}"] = column
    return pd.DataFrame(table)


def _stored(sites: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    checks = [value if isinstance(value, str) else as_json(list(value)) for value in sites["checks"]]
    return sites.assign(checks=checks).drop(columns=["x", "y"])


def _summary(section: SitingSection, task: Task, found: Design, table: gpd.GeoDataFrame) -> dict[str, Any]:
    return {
        "model": section.model,
        "years": list(task.years),
        "stages": list(task.stage_ids),
        "status": found.status,
        "goals": [asdict(goal) | {"seconds": None} for goal in found.goals],
        "new": summary_rows(table, "build"),
        "enlarge": summary_rows(table, "enlarge"),
        "convert": summary_rows(table, "convert"),
        "effect": effect(task, found),
        "problems": [asdict(reason) for reason in found.problems],
        "notes": [asdict(reason) for reason in found.notes],
        "stopped": list(found.stopped),
        "not_computed": None,
    }


def _marginal(row: MarginalRow) -> dict[str, Any]:
    return {
        "k": row.k,
        "pupils_served": row.served,
        "cost": row.cost,
        "extra_pupils": row.extra,
        "cost_per_extra_pupil": row.cost_per_extra,
        "gap": row.gap,
        "new": list(row.new),
    }
