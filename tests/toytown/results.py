"""A small, consistent run of Toytown, put together without the analysis, for store, exports and pages."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.run import Run
from layers.bundle import Layers
from tests.toytown import land, more
from tests.toytown.land import toytown

STAGES = ("primary", "junior")
SHARE = {"primary": 0.06, "junior": 0.03}  # six and three years of one per cent each
LIMIT = {
    ("primary", "town"): 500.0,
    ("junior", "town"): 1000.0,
    ("primary", "rural"): 2000.0,
    ("junior", "rural"): 2000.0,
}
OFF_NETWORK_CELL = 99
FATES = ("served", "no_place", "out", "off")
STATUS = {"served": "served", "no_place": "in_reach_no_place", "out": "out_of_reach", "off": "off_network"}
LONG = {"served": "served", "no_place": "in_reach_no_place", "out": "out_of_reach", "off": "off_network"}


def toytown_run(run_id: str = "0123456789ab") -> Run:
    """A run whose accounts close: per stage served + no place + out of reach + off network = pupils."""
    layers = toytown()
    walk, straight = _distances(layers)
    cells = _cells(layers)
    schools = layers.schools.copy()
    for stage in STAGES:
        _enrol(stage, cells, schools, walk, straight)
    areas = _areas(layers, cells)
    metric = {"cells": cells, "schools": schools, "areas": areas, **_base(layers), **more.tables(layers)}
    tables = {name: _published(table) for name, table in metric.items()}
    summary = _summary(layers, run_id, cells, schools, areas)
    return Run(run_id, _manifest(layers, run_id), summary, tables, layers.cells.index)


def _distances(layers: Layers) -> tuple[np.ndarray, np.ndarray]:
    """Block distances, over the bridge where the river lies between, and straight ones; shape (cells, schools)."""
    home = layers.cells.table[["x", "y"]].to_numpy() - [land.EAST, land.NORTH]
    place = np.array([s[3] for s in land.SCHOOLS], dtype=float)
    dx, dy = np.abs(home[:, None, :] - place[None, :, :]).transpose(2, 0, 1)
    over = (home[:, None, 1] > land.RIVER_Y) != (place[None, :, 1] > land.RIVER_Y)
    by_bridge = np.abs(home[:, None, 0] - 500) + np.abs(place[None, :, 0] - 500)
    return np.where(over, by_bridge, dx) + dy, np.hypot(dx, dy)


def _cells(layers: Layers) -> gpd.GeoDataFrame:
    table = layers.cells.table
    points = gpd.points_from_xy(table["x"], table["y"], crs=layers.crs)
    kept = table[["cell_id", "residents", "area_id", "side_m"]]
    return gpd.GeoDataFrame(kept.assign(off_network=np.arange(len(kept)) == OFF_NETWORK_CELL), geometry=points)


def _enrol(
    stage: str, cells: gpd.GeoDataFrame, schools: gpd.GeoDataFrame, walk: np.ndarray, straight: np.ndarray
) -> None:
    """Give each cell, in order of distance, what its nearest school still has."""
    serves = np.array([stage in stages for stages in schools["stages"]])
    pupils = (cells["residents"] * SHARE[stage]).to_numpy()
    off = cells["off_network"].to_numpy()
    here = np.where(serves[None, :] & ~off[:, None], walk, np.inf)
    nearest, best = here.min(axis=1), here.argmin(axis=1)
    limit = np.array([LIMIT[stage, setting] for setting in cells["area_id"]])
    left = schools[f"places_{stage}"].to_numpy().copy()
    got = np.zeros(len(cells))
    for k in np.lexsort((np.arange(len(cells)), nearest)):
        if not off[k] and nearest[k] <= limit[k]:
            got[k] = min(pupils[k], left[best[k]])
            left[best[k]] -= got[k]
    amounts = {
        "served": got,
        "no_place": np.where(~off & (nearest <= limit), pupils - got, 0.0),
        "out": np.where(~off & (nearest > limit), pupils, 0.0),
        "off": np.where(off, pupils, 0.0),
    }
    _cell_columns(stage, cells, schools, pupils, nearest, best, amounts)
    cells[f"straight_m_{stage}"] = np.where(serves[None, :], straight, np.inf).min(axis=1)
    _school_columns(stage, cells, schools, serves, here <= limit[:, None])


def _cell_columns(
    stage: str, cells: gpd.GeoDataFrame, schools: gpd.GeoDataFrame, pupils: np.ndarray, nearest: np.ndarray,
    best: np.ndarray, amounts: dict[str, np.ndarray],
) -> None:  # fmt: skip
    served = amounts["served"] > 0
    ids = schools["id"].to_numpy()
    cells[f"pupils_{stage}"] = pupils
    cells[f"school_{stage}"] = pd.Series(
        [ids[j] if s else None for j, s in zip(best, served, strict=True)], dtype=object
    )
    cells[f"walk_m_{stage}"] = np.where(served, nearest, np.nan)
    cells[f"nearest_m_{stage}"] = np.where(np.isfinite(nearest), nearest, np.nan)
    stacked = np.stack([amounts[fate] for fate in FATES])
    main = np.array([STATUS[fate] for fate in FATES], dtype=object)[stacked.argmax(axis=0)]
    cells[f"status_{stage}"] = np.where(pupils > 0, main, "none").astype(object)
    for fate in FATES:
        cells[f"{fate}_{stage}"] = amounts[fate]


def _school_columns(
    stage: str, cells: gpd.GeoDataFrame, schools: gpd.GeoDataFrame, serves: np.ndarray, reach: np.ndarray
) -> None:
    assigned = cells.groupby(f"school_{stage}")[f"served_{stage}"].sum().reindex(schools["id"]).fillna(0.0).to_numpy()
    metres = (cells[f"walk_m_{stage}"] * cells[f"served_{stage}"]).groupby(cells[f"school_{stage}"]).sum()
    pupils = cells[f"pupils_{stage}"].to_numpy()
    places = schools[f"places_{stage}"].to_numpy()
    schools[f"places_source_{stage}"] = np.where(serves, "given", "unknown").astype(object)
    schools[f"pupils_assigned_{stage}"] = np.where(serves, assigned, np.nan)
    schools[f"pupils_nearest_{stage}"] = np.where(serves, (reach * pupils[:, None]).sum(axis=0), np.nan)
    schools[f"load_{stage}"] = np.where(serves, assigned / places, np.nan)
    schools[f"reach_pupils_{stage}"] = np.where(serves, (reach * pupils[:, None]).sum(axis=0), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        schools[f"walk_m_{stage}"] = metres.reindex(schools["id"]).to_numpy() / np.where(serves, assigned, np.nan)


def _areas(layers: Layers, cells: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    areas = layers.areas.copy()
    areas["residents"] = _by_area(cells, "residents", areas)
    for stage in STAGES:
        areas[f"pupils_{stage}"] = pupils = _by_area(cells, f"pupils_{stage}", areas)
        for fate in FATES:
            areas[f"{LONG[fate]}_{stage}"] = _by_area(cells, f"{fate}_{stage}", areas)
        setting = layers.schools["setting"]
        places = layers.schools[f"places_{stage}"].groupby(setting).sum().reindex(areas["setting"])
        areas[f"places_{stage}"] = places.to_numpy()
        limit = np.array([LIMIT[stage, setting] for setting in cells["area_id"]])
        for name, column in (("radius_share", f"straight_m_{stage}"), ("walk_share", f"nearest_m_{stage}")):
            near = cells.assign(near=cells[f"pupils_{stage}"].where(cells[column] <= limit, 0.0))
            areas[f"{name}_{stage}"] = _by_area(near, "near", areas) / pupils
        areas[f"accessibility_{stage}"] = places.to_numpy() / pupils
    return areas


def _by_area(cells: gpd.GeoDataFrame, column: str, areas: gpd.GeoDataFrame) -> np.ndarray:
    return cells.groupby("area_id")[column].sum().reindex(areas["area_id"]).to_numpy()


def _base(layers: Layers) -> dict[str, gpd.GeoDataFrame]:
    edges = layers.streets.edges
    return {
        "boundary": gpd.GeoDataFrame({"name": ["Toytown"]}, geometry=[layers.boundary], crs=layers.crs),
        "gates": layers.gates,
        "base_streets": edges[["highway", "name", "walk", "geometry"]],
        "base_ground": layers.surroundings.ground,
        "base_buildings": layers.surroundings.buildings[["kind", "geometry"]],
    }


def _published(table: pd.DataFrame) -> pd.DataFrame:
    return table.to_crs(4326) if isinstance(table, gpd.GeoDataFrame) else table


def _manifest(layers: Layers, run_id: str) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "version": "0.1.0",
        "created": "2025-01-02T03:04:05+00:00",
        "plan": layers.plan.model_dump(mode="json", exclude={"root"}),
        "scenario": {"name": "base", "title": "As it is", "changes": []},
        "standards": {"profile": "cn", "edition": "2025-01-01", "sha256": "0" * 64},
        "sources": [source.__dict__ for source in layers.sources],
        "settings": {"stages": list(STAGES), "enrolment": "capacity"},
        "seeds": {},
        "timings": {"coverage_s": 0.5},
    }


def _summary(
    layers: Layers, run_id: str, cells: gpd.GeoDataFrame, schools: gpd.GeoDataFrame, areas: gpd.GeoDataFrame
) -> dict[str, Any]:
    plan = layers.plan.plan
    head = {name: getattr(plan, name) for name in ("title", "title_zh", "notice", "notice_zh")}
    return {
        "plan": plan.name,
        **head,
        "profile": "cn",
        "run_id": run_id,
        "years": list(plan.years),
        "crs": "EPSG:32632",
        "edge_kind": "closed",
        "warnings": [],
        "stages": {stage: _stage(stage, cells, schools, areas) for stage in STAGES},
        **more.summary(),
    }


def _stage(stage: str, cells: gpd.GeoDataFrame, schools: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> dict[str, Any]:
    pupils = cells[f"pupils_{stage}"]
    total = float(pupils.sum())
    walk, weight = cells[f"walk_m_{stage}"], cells[f"served_{stage}"]
    seen = walk[weight > 0]
    limits = (300, 500, 800, 1000, 1500, 2000)
    columns = [c for c in areas.columns if c.endswith(f"_{stage}")]
    rows = areas[["area_id", "name", "setting", "residents", *columns]].rename(
        columns=lambda c: c.removesuffix(f"_{stage}")
    )
    limit = np.array([LIMIT[stage, setting] for setting in cells["area_id"]])
    served = float(weight.sum())
    return {
        "residents": float(cells["residents"].sum()),
        "pupils": total,
        "schools": int(schools[f"places_{stage}"].notna().sum()),
        "places": float(schools[f"places_{stage}"].sum()),
        "places_assumed": 0.0,
        "rules": [_rule(stage, setting) for setting in ("town", "rural")],
        "radius_share": float(pupils[cells[f"straight_m_{stage}"] <= limit].sum()) / total,
        "walk_share": float(pupils[cells[f"nearest_m_{stage}"] <= limit].sum()) / total,
        "accounts": {LONG[fate]: float(cells[f"{fate}_{stage}"].sum()) for fate in FATES},
        "served_by": {"walk": served, "offroad": 0.0, "bus": 0.0, "boarding": 0.0, "outside": 0.0},
        "reach": {str(m): float(pupils[cells[f"nearest_m_{stage}"] <= m].sum()) for m in limits},
        "radius": {str(m): float(pupils[cells[f"straight_m_{stage}"] <= m].sum()) for m in limits},
        "walk_m": {
            "mean": float((walk * weight).sum() / served), "median": float(seen.median()),
            "p95": float(seen.quantile(0.95)),
        },
        "edge": {"pupils_near_edge": total, "closed": served, "open": served},
        "reconciliation": {
            "modelled": total, "enrolled": float(schools[f"enrolment_{stage}"].sum()), "boarding": None, "in": None,
            "out": None, "private": 0.0, "ratio": float(schools[f"enrolment_{stage}"].sum()) / total,
        },
        "gini": 0.31,
        "areas": rows.to_dict("records"),
    }  # fmt: skip


def _rule(stage: str, setting: str) -> dict[str, Any]:
    metric = "straight" if setting == "town" else "network"
    limit = LIMIT[stage, setting]
    return {
        "id": f"toytown.{setting}.{stage}",
        "setting": setting,
        "band": "all",
        "grades": {"primary": "1-6", "junior": "7-9"}[stage],
        "metric": metric,
        "value": limit,
        "unit": "m",
        "limit_m": limit,
        "force": "should",
        "source": "invented",
        "confidence": "assumption",
        "flags": [],
    }
