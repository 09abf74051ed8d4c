"""Demand of the location model: units of every plan year in one numbering, schools and candidates in one another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.coverage import StageInput, recruiting
from geoplan.coverage.demand import Units, read_units, walking_options
from geoplan.enrolment import MILLION, Options
from geoplan.reach import Pairs, attach_gates, walk_pairs
from geoplan.settings import snap_limits_m
from geoplan.siting.design import StageDemand
from geoplan.siting.sizes import school_size
from geoplan.situation import Situation
from layers.bundle import Layers

F64 = NDArray[np.float64]
YearInputs = Mapping[int, StageInput]


@dataclass(frozen=True)
class StagePart:
    """One stage as the model takes it, and the cells behind its units.

    Parameters
    ----------
    demand
        What the model works with.
    units
        The units (cell x band) that have pupils in any year.
    inputs
        The stage's input by year.
    """

    demand: StageDemand
    units: Units
    inputs: YearInputs


def walks_to(layers: Layers, situation: Situation, candidates: gpd.GeoDataFrame, setting: Sequence[str]) -> Pairs:
    """Walks from homes to the entrances of candidates within the longest rule of any stage."""
    limits = snap_limits_m(layers.plan, situation.standards)
    snap_m = np.array([limits[name] for name in setting], np.float64)
    xy = candidates[["x", "y"]].to_numpy(np.float64)
    gates = attach_gates(situation.network, xy, np.arange(len(xy)), snap_m, schools=len(xy))
    longest = max((rule.limit_m for found in situation.rules.values() for rule in found), default=0.0)
    return walk_pairs(situation.network, situation.homes, gates, round(longest * 10))


def stage_part(stage: str, inputs: YearInputs, walks: Pairs, candidates: int) -> StagePart:
    """A stage over the years: pupils by year and unit, admissible pairs, places of the schools there are.

    Parameters
    ----------
    inputs
        By plan year; the same cells and schools in each.
    walks
        From :func:`walks_to`; ``school`` numbers the candidates.
    candidates
        How many there are.
    """
    first = next(iter(inputs.values()))
    units = read_units(replace(first, units=_of_any_year(inputs)))
    taking = np.any([recruiting(given.schools, given.choices) for given in inputs.values()], axis=0)
    existing = walking_options(units, first.pairs, _serving(first.schools, taking))
    fresh = walking_options(units, walks, pd.DataFrame({"serves": np.ones(candidates, bool)}))
    count = len(first.schools)
    demand = StageDemand(
        stage=stage,
        pupils=np.stack([_pupils(given, units) for given in inputs.values()]),
        unit=np.concatenate([existing.unit, fresh.unit]),
        place=np.concatenate([existing.school, fresh.school + count]),
        cost_dm=np.concatenate([existing.cost_dm, fresh.cost_dm]),
        places=np.stack([_places(given) for given in inputs.values()]),
        class_places=float(school_size(first.standards, stage).class_places),
        unit_key=_keys(first, units),
    )
    return StagePart(demand, units, inputs)


def in_reach(part: StagePart) -> NDArray[np.bool_]:
    """Per unit, whether any school or candidate may be walked to."""
    found = np.zeros(part.demand.pupils.shape[1], bool)
    found[part.demand.unit] = True
    return found


def pairs_of(part: StagePart) -> Options:
    """The admissible pairs as options of an assignment."""
    return Options(part.demand.unit, part.demand.place, part.demand.cost_dm)


def _of_any_year(inputs: YearInputs) -> pd.DataFrame:
    """Cell and band with the largest number of pupils of any year, so that no unit that matters is left out."""
    every = pd.concat([given.units for given in inputs.values()], ignore_index=True)
    return every.groupby(["cell", "band"], as_index=False, sort=True)["pupils"].max()


def _serving(schools: pd.DataFrame, taking: NDArray[np.bool_]) -> pd.DataFrame:
    return schools.assign(serves=taking)


def _pupils(given: StageInput, units: Units) -> F64:
    """Pupils of a year per unit; whole millionths, so that tables close."""
    of_year = read_units(given)
    amount = pd.Series(of_year.amount / MILLION, index=_index(of_year))
    return amount.reindex(_index(units)).fillna(0.0).to_numpy(np.float64)


def _index(units: Units) -> pd.MultiIndex:
    bands = np.array(units.bands, dtype=object)[units.band] if len(units.band) else np.empty(0, object)
    return pd.MultiIndex.from_arrays([units.cell, bands])


def _places(given: StageInput) -> F64:
    """Net places of a year per school; none where it does not recruit."""
    places = given.schools["places_net"].to_numpy(np.float64)
    return np.where(recruiting(given.schools, given.choices), places, 0.0)


def _keys(given: StageInput, units: Units) -> NDArray[np.str_]:
    cells = given.cells["cell_id"].astype(str).to_numpy(str)
    if not len(units.cell):
        return np.empty(0, "U1")
    bands = np.array(units.bands, dtype=str)[units.band]
    return np.char.add(np.char.add(cells[units.cell], "|"), bands)
