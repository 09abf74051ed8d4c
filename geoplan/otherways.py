"""Ways to school besides walking: a bus stop within a walk of home, a bed where a grade may board."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.reach import attach_gates, straight_pairs, walk_pairs
from geoplan.settings import snap_limits_m
from geoplan.situation import Situation
from geoplan.standards import Band, Rule, Standards, covers, number, stage_def
from layers.bundle import Layers

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]

COLUMNS = ("cell", "school", "cost_dm", "mode", "band")
NEVER_BOARD = "kindergarten"


def other_ways(layers: Layers, situation: Situation, stage: str) -> pd.DataFrame | None:
    """Pairs of cell and school by bus and by boarding, for pupils without a place on foot.

    A bus counts where a stop names its school, lies within the profile's walk to a stop, and walk and ride together
    keep the band's time limit, or the profile's longest ride where the rule is no time. A bed counts in rural
    settings, where the school has beds and the grade may board; primary grades board only where a norm allows it.

    Returns
    -------
    DataFrame
        ``cell`` (row), ``school`` (row), ``cost_dm`` (walk to the stop; straight distance for boarders), ``mode``
        (bus, boarding), ``band``; None where the plan has neither stops nor beds.
    """
    parts = [part for part in (_by_bus(layers, situation, stage), _boarding(layers, situation, stage)) if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else None


def may_board(standards: Standards, band: Band) -> bool:
    """Whether a grade band may board: every norm that speaks of it must allow it; primary needs such a norm."""
    said = [
        bool(norm.value)
        for norm in standards.norms.values()
        if norm.topic == "boarding_allowed" and covers(norm.grades, band)
    ]
    silent = band.stage not in (NEVER_BOARD, "primary")
    return all(said) if said else silent


def _nothing() -> pd.DataFrame:
    return pd.DataFrame({name: [] for name in COLUMNS})


def _by_bus(layers: Layers, situation: Situation, stage: str) -> pd.DataFrame:
    stops = layers.tables.get("stops")
    if stops is None or "school_id" not in stops or "minutes" not in stops:
        return _nothing()
    row_of = pd.Series(np.arange(len(layers.schools)), index=layers.schools["id"].to_numpy())
    stops = stops[stops["school_id"].isin(row_of.index) & stops["minutes"].notna()].reset_index(drop=True)
    walks = _walks_to(layers, situation, stops)
    school = row_of.reindex(stops["school_id"]).to_numpy(np.int64)[walks["stop"]]
    ride_min = stops["minutes"].to_numpy(float)[walks["stop"]]
    longest = number(situation.standards, "plan.bus.ride")
    found = []
    for (of_stage, setting), rules in situation.rules.items():
        for rule in rules if of_stage == stage else ():
            here = situation.setting[walks["cell"]] == setting
            keeps = here & (_minutes(walks["dist_dm"], ride_min, rule) <= _limit_min(rule, longest) + 1e-9)
            taken = {"cell": walks["cell"][keeps], "school": school[keeps], "cost_dm": walks["dist_dm"][keeps]}
            found.append(pd.DataFrame(taken).assign(mode="bus", band=rule.band))
    pairs = pd.concat(found, ignore_index=True) if found else _nothing()
    return pairs.sort_values(["cell", "band", "school", "cost_dm"]).drop_duplicates(["cell", "band", "school"])


def _minutes(walk_dm: I32, ride_min: F64, rule: Rule) -> F64:
    """Door to door where the rule is a time, else the ride alone."""
    walk_min = walk_dm / 10 / rule.speed_mps / 60 if rule.metric == "time" else 0.0
    return np.asarray(walk_min + ride_min, np.float64)


def _limit_min(rule: Rule, longest: float) -> float:
    return float(rule.value) if rule.metric == "time" and rule.value is not None else longest


def _walks_to(layers: Layers, situation: Situation, stops: pd.DataFrame) -> dict[str, I32]:
    """Walks of homes to stops within the profile's walk to a stop."""
    limit_m = number(situation.standards, "plan.bus.walk")
    xy = np.column_stack([stops.geometry.x, stops.geometry.y]) if len(stops) else np.empty((0, 2))
    snap_m = max(snap_limits_m(layers.plan, situation.standards).values())
    gates = attach_gates(situation.network, xy, np.arange(len(stops)), min(snap_m, limit_m), schools=len(stops))
    pairs = walk_pairs(situation.network, situation.homes, gates, round(limit_m * 10))
    return {"cell": pairs.cell, "stop": pairs.school, "dist_dm": pairs.dist_dm}


def _boarding(layers: Layers, situation: Situation, stage: str) -> pd.DataFrame:
    schools = layers.schools
    beds = schools["beds"].to_numpy(float) if "beds" in schools else np.zeros(len(schools))
    serves = np.array([stage in stages for stages in schools["stages"]])
    offering = np.flatnonzero((np.nan_to_num(beds) > 0) & serves)
    bands = [band.id for band in stage_def(situation.standards, stage).bands if may_board(situation.standards, band)]
    rural = np.flatnonzero(situation.setting == "rural")
    if not len(offering) or not bands or not len(rural):
        return _nothing()
    xy = situation.cells.table[["x", "y"]].to_numpy(float)[rural]
    at = np.column_stack([schools.geometry.x, schools.geometry.y])[offering]
    pairs = straight_pairs(xy, at, float(np.hypot(*np.ptp(np.vstack([xy, at]), axis=0))) + 1.0)
    base = pd.DataFrame({"cell": rural[pairs.cell], "school": offering[pairs.school], "cost_dm": pairs.dist_dm})
    return pd.concat([base.assign(mode="boarding", band=band) for band in bands], ignore_index=True)
