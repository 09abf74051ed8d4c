"""New housing of a whole plan: pupils by year from the outlook, spare places from the enrolment of everybody else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geoplan.coverage import StageInput, recruiting
from geoplan.coverage.demand import read_units, walking_options
from geoplan.coverage.enrol import Offer, enrol
from geoplan.demand.newhomes import PREFIX, in_population
from geoplan.enrolment import MILLION
from geoplan.siting.housing.table import Supply, housing_need
from geoplan.siting.housing.yields import name_only
from geoplan.situation import Situation
from geoplan.standards import shortest_limit_m
from layers.bundle import Layers

I64 = NDArray[np.int64]
Inputs = Mapping[str, Mapping[int, StageInput]]
NO_TABLE = "housing"


@dataclass(frozen=True)
class HousingPart:
    """What a run keeps of new housing: tables in the plan's metric CRS, and keys of the summary."""

    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)


def housing_part(layers: Layers, situation: Situation, inputs: Inputs) -> HousingPart:
    """Obligation and need of the plan's housing table.

    Parameters
    ----------
    inputs
        Per stage and plan year, the input of its coverage, new housing among its cells.

    Returns
    -------
    HousingPart
        Table ``housing_need``; summary keys ``housing, housing_pools, housing_unmet``. Without a housing table only
        ``housing_not_computed``: the name of the table that is missing.
    """
    table = layers.tables.get("housing")
    if table is None:
        return HousingPart(summary={"housing_not_computed": NO_TABLE})
    assert isinstance(table, gpd.GeoDataFrame)
    housing = table.assign(setting=_setting(layers, table))
    found = housing_need(housing, situation.standards, tuple(inputs), _supply(housing, layers, situation, inputs))
    told = {"housing": found.summary, "housing_pools": found.pools, "housing_unmet": found.unmet}
    return HousingPart({"housing_need": found.table}, told)


def _setting(layers: Layers, housing: gpd.GeoDataFrame) -> list[str]:
    """``town`` or ``rural`` of the sub-area a project's centre lies in; the region's where it lies in none."""
    found = np.full(len(housing), layers.plan.region.setting, dtype=object)
    tree = shapely.STRtree(shapely.centroid(housing.geometry.to_numpy()))
    ordered = layers.areas.sort_values("area_id", kind="stable", ascending=False)
    for setting, shape in zip(ordered["setting"], ordered.geometry, strict=True):
        found[tree.query(shape, predicate="intersects")] = setting
    return [str(setting) for setting in found]


def _supply(housing: gpd.GeoDataFrame, layers: Layers, situation: Situation, inputs: Inputs) -> Supply:
    cells = _project_of_cell(situation)
    years = tuple(sorted({year for by_year in inputs.values() for year in by_year}))
    limits = _limits(housing, situation, tuple(inputs))
    pupils = [_pupils(given, stage, year, cells) for stage, year, given in _each(inputs)]
    pupils.append(_already_counted(housing, layers, situation, inputs))
    parts = {
        "pupils": pd.concat(pupils, ignore_index=True),
        "walks": pd.concat([_walks(inputs, stage, cells, limits) for stage in inputs], ignore_index=True),
        "spare": pd.concat([_spare(inputs, stage, cells) for stage in inputs], ignore_index=True),
    }
    return Supply(years=years, limits=limits, **parts)


def _each(inputs: Inputs) -> list[tuple[str, int, StageInput]]:
    return [(stage, year, given) for stage, by_year in inputs.items() for year, given in by_year.items()]


def _project_of_cell(situation: Situation) -> pd.Series[str]:
    """Housing id by row of the cells, only rows that are new housing."""
    ids = situation.cells.table["cell_id"].astype(str)
    return ids[ids.str.startswith(PREFIX)].str.removeprefix(PREFIX)


def _pupils(given: StageInput, stage: str, year: int, cells: pd.Series[str]) -> pd.DataFrame:
    """Pupils of every new project in a year, those who have none included."""
    of_cell = given.units.groupby("cell")["pupils"].sum().reindex(cells.index).fillna(0.0)
    return pd.DataFrame({"housing_id": cells.to_numpy(), "stage": stage, "year": year, "pupils": of_cell.to_numpy()})


def _already_counted(housing: gpd.GeoDataFrame, layers: Layers, situation: Situation, inputs: Inputs) -> pd.DataFrame:
    """No new pupils from projects whose residents the population data hold already."""
    year = situation.outlook.population_year or layers.plan.population.year or layers.plan.schools.year
    counted = np.zeros(len(housing), bool) if year is None else in_population(housing, year)
    ids = housing.loc[counted & ~name_only(housing), "id"].astype(str)
    rows = [(key, stage, of_year, 0.0) for stage, of_year, _ in _each(inputs) for key in ids]
    return pd.DataFrame(rows, columns=["housing_id", "stage", "year", "pupils"])


def _limits(housing: gpd.GeoDataFrame, situation: Situation, stages: tuple[str, ...]) -> pd.DataFrame:
    """How far each project's children may walk: the shortest limit of the stage's bands, else the search cap."""
    rows = []
    for stage in stages:
        of_setting = {setting: _limit_m(situation, stage, setting) for setting in set(housing["setting"])}
        pairs = zip(housing["id"].astype(str), housing["setting"], strict=True)
        rows += [(key, stage, of_setting[setting]) for key, setting in pairs]
    return pd.DataFrame(rows, columns=["housing_id", "stage", "limit_m"])


def _limit_m(situation: Situation, stage: str, setting: str) -> float:
    found = situation.rules[stage, setting]
    shortest = shortest_limit_m(found)
    return shortest if np.isfinite(shortest) else min(rule.limit_m for rule in found)


def _walks(inputs: Inputs, stage: str, cells: pd.Series[str], limits: pd.DataFrame) -> pd.DataFrame:
    """Walks of new housing to every school within its limit (inclusive)."""
    given = next(iter(inputs[stage].values()))
    pairs = given.pairs
    mine = np.isin(pairs.cell, cells.index.to_numpy())
    ids = given.schools["id"].astype(str).to_numpy()
    found = pd.DataFrame(
        {
            "housing_id": cells.reindex(pairs.cell[mine]).to_numpy(),
            "stage": stage,
            "school_id": ids[pairs.school[mine]],
            "dist_dm": pairs.dist_dm[mine].astype(np.int64),
        }
    )
    limit_m = found["housing_id"].map(limits[limits["stage"] == stage].set_index("housing_id")["limit_m"])
    return found[found["dist_dm"] <= np.floor(limit_m * 10 + 1e-6)].reset_index(drop=True)


def _spare(inputs: Inputs, stage: str, cells: pd.Series[str]) -> pd.DataFrame:
    """Places that everybody but new housing leaves free, by year and school that takes pupils by nearness."""
    parts, price = [], None
    for year, given in inputs[stage].items():
        places, price = _left_free(given, cells, price)
        taking = recruiting(given.schools, given.choices)
        ids = given.schools["id"].astype(str).to_numpy()
        parts.append(pd.DataFrame({"stage": stage, "year": year, "school_id": ids[taking], "places": places[taking]}))
    return pd.concat(parts, ignore_index=True)


def _left_free(given: StageInput, cells: pd.Series[str], price: I64 | None) -> tuple[NDArray[np.float64], I64 | None]:
    """Net places less pupils, unknown where places are; the prices start the next, similar year."""
    others = given.units[~given.units["cell"].isin(cells.index)]
    rest = replace(given, units=others)
    units = read_units(rest)
    places = given.schools["places_net"].to_numpy(np.float64)
    offer = Offer(recruiting(given.schools, given.choices), places)
    found = enrol(rest, units, walking_options(units, given.pairs, given.schools), offer, price_dm=price)
    load = np.bincount(found.school, found.amount, minlength=len(places)) / MILLION
    return np.maximum(places - load, 0.0), found.assignment.price_dm
