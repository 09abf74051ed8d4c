"""The tables of a run, put together from the stages and brought to longitude and latitude."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import pandas as pd

from geoplan.coverage import StageCoverage
from geoplan.demand.account import steps_table
from geoplan.milestones import Milestones
from geoplan.safety.county import CountySafety
from geoplan.situation import Situation
from layers.bundle import Layers

UNDRAWN = ("power_line", "pipeline", "fuel", "internet_cafe")
CELL_COLUMNS = {
    "pupils": "pupils",
    "school": "school",
    "walk_m": "walk_m",
    "nearest_m": "nearest_m",
    "straight_m": "straight_m",
    "status": "status",
    "served": "served",
    "no_place": "no_place",
    "out": "out",
    "off": "off",
    "accessibility": "accessibility",
}
SCHOOL_COLUMNS = ("places", "places_source", "pupils_assigned", "pupils_nearest", "load", "reach_pupils", "walk_m")
AREA_COLUMNS = (
    "pupils",
    "served",
    "in_reach_no_place",
    "out_of_reach",
    "off_network",
    "places",
    "radius_share",
    "walk_share",
    "accessibility",
)


def published(
    layers: Layers,
    situation: Situation,
    stages: Mapping[str, StageCoverage],
    safety: CountySafety | None = None,
    ahead: Milestones | None = None,
) -> dict[str, pd.DataFrame]:
    """Every table of the run in EPSG:4326; see docs/results.md for the columns."""
    metric: dict[str, pd.DataFrame] = {
        "cells": _cells(layers, situation, stages, ahead),
        "schools": _schools(layers, stages),
        "areas": _areas(layers, situation, stages),
        "boundary": gpd.GeoDataFrame({"name": [layers.plan.plan.title]}, geometry=[layers.boundary], crs=layers.crs),
        "gates": layers.gates[["school_id", "geometry"]],
        "base_streets": layers.streets.edges[["highway", "name", "walk", "geometry"]],
        "base_ground": _drawn(layers.surroundings.ground),
        "base_buildings": layers.surroundings.buildings[["kind", "geometry"]],
    }
    if ahead is not None:
        metric |= {"milestones": ahead.table, "demand_steps": steps_table(situation.outlook.steps)}
    if safety is not None:
        metric["schools"] = _beside(metric["schools"], safety.schools)
        metric["areas"] = metric["areas"].join(safety.areas, on="area_id")
        metric |= safety.tables
    return in_degrees(metric)


def _beside(schools: gpd.GeoDataFrame, more: pd.DataFrame) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(pd.concat([schools, more.set_axis(schools.index)], axis=1), geometry="geometry")


def _drawn(ground: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """What a map shows of the ground; what only siting looks at stays behind."""
    return ground.loc[~ground["kind"].isin(UNDRAWN), ["kind", "geometry"]]


def in_degrees(metric: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Tables with a place in EPSG:4326, the others as they are."""
    return {name: _lonlat(table) for name, table in metric.items()}


def _lonlat(table: pd.DataFrame) -> pd.DataFrame:
    return table.to_crs(4326) if isinstance(table, gpd.GeoDataFrame) else table


def _cells(
    layers: Layers, situation: Situation, stages: Mapping[str, StageCoverage], ahead: Milestones | None
) -> gpd.GeoDataFrame:
    table = situation.cells.table
    kept = table[["cell_id", "residents", "area_id", "side_m"]].assign(off_network=situation.walk.off_network)
    per_stage = [
        found.cells[list(CELL_COLUMNS)].rename(columns={old: f"{new}_{stage}" for old, new in CELL_COLUMNS.items()})
        for stage, found in stages.items()
    ]
    points = gpd.points_from_xy(table["x"], table["y"], crs=layers.crs)
    later = [] if ahead is None else [ahead.cells]
    joined = pd.concat([kept, *(part.reset_index(drop=True) for part in per_stage), *later], axis=1)
    return gpd.GeoDataFrame(joined, geometry=points)


def _schools(layers: Layers, stages: Mapping[str, StageCoverage]) -> gpd.GeoDataFrame:
    base = layers.schools.drop(columns=[f"places_{stage}" for stage in stages])
    parts = [
        found.schools[list(SCHOOL_COLUMNS)].add_suffix(f"_{stage}").set_axis(base.index)
        for stage, found in stages.items()
    ]
    joined = pd.concat([base.drop(columns="geometry"), *parts], axis=1)
    return gpd.GeoDataFrame(joined, geometry=base.geometry, crs=layers.crs)


def _areas(layers: Layers, situation: Situation, stages: Mapping[str, StageCoverage]) -> gpd.GeoDataFrame:
    residents = situation.cells.table.groupby("area_id")["residents"].sum()
    named = [name for name in ("area_id", "name", "name_en", "setting", "geometry") if name in layers.areas]
    base = layers.areas[named].copy()
    base["residents"] = base["area_id"].map(residents).fillna(0.0)
    for stage, found in stages.items():
        figures = found.areas.set_index("area_id")[list(AREA_COLUMNS)].add_suffix(f"_{stage}")
        base = base.join(figures, on="area_id")
    return base
