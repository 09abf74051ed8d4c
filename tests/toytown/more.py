"""Tables and figures of safety, siting, balance and rural provision for the run of Toytown."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely.geometry import Point, box

from layers.bundle import Layers
from tests.toytown.land import CROSSINGS, at


def tables(layers: Layers) -> dict[str, pd.DataFrame]:
    """Metric tables beyond coverage, with the columns of the contract."""
    return {
        "segments": _segments(layers),
        "crossings": _crossings(layers),
        "retrofits": _retrofits(layers),
        "zones": _zones(layers),
        "proposals": _proposals(layers),
        "housing_need": _housing_need(layers),
        "balance": pd.DataFrame(
            {"school_id": ["S1", "S2"], "indicator": "teachers_qualified", "value": [0.9, np.nan],
             "threshold": [0.85, 0.85], "verdict": ["pass", "unknown"]}
        ),
    }  # fmt: skip


def _segments(layers: Layers) -> gpd.GeoDataFrame:
    edges = layers.streets.edges
    main = (edges["highway"] == "secondary").to_numpy()
    return gpd.GeoDataFrame(
        {
            "osm_id": edges["osm_id"],
            "length_m": edges["length_m"],
            "level_low": np.where(main, 3, 1).astype(np.int8),
            "level_high": np.where(main, 3, 2).astype(np.int8),
            "rule": np.where(main, "fast_mixed", "quiet_street").astype(object),
            "assumed": np.where(main, "", "maxspeed").astype(object),
            "pupils_per_day": np.where(main, 24.0, 6.0),
            "name": edges["name"],
        },
        geometry=edges.geometry,
        crs=layers.crs,
    )


def _crossings(layers: Layers) -> gpd.GeoDataFrame:
    kinds = list(CROSSINGS.items())
    return gpd.GeoDataFrame(
        {
            "osm_id": [str(7001 + k) for k in range(len(kinds))],
            "level_low": np.array([1, 2, 3], np.int8),
            "level_high": np.array([1, 3, 4], np.int8),
            "rule": [kind for _, kind in kinds],
            "mapped": True,
            "pupils_per_day": [40.0, 12.0, 4.0],
        },
        geometry=[Point(at(*place)) for place, _ in kinds],
        crs=layers.crs,
    )


def _retrofits(layers: Layers) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "rank": [1],
            "elements": ["7003"],
            "measures": ["signals"],
            "cost": [120000.0],
            "pupils_safe_gained": [4.0],
            "pupil_crossings_improved": [8.0],
        },
        geometry=[Point(at(800, 200))],
        crs=layers.crs,
    )


def _zones(layers: Layers) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "zone_id": ["Z1", "Z2"],
            "stage": "primary",
            "schools": ["S1", "S3"],
            "pupils": [120.0, 24.0],
            "places": [270.0, 20.0],
        },
        geometry=[box(*at(0, 0), *at(1000, 600)), box(*at(0, 600), *at(1000, 1000))],
        crs=layers.crs,
    )


def _proposals(layers: Layers) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "rank": [1],
            "site_id": ["P1"],
            "stage": ["primary"],
            "decision": ["build"],
            "classes": [6.0],
            "places": [270.0],
            "site_m2": [9000.0],
            "cost": [30e6],
            "year": [2027],
            "pupils_served": [52.0],
            "walk_m_mean": [310.0],
            "load_2027": [0.6],
            "load_2035": [0.5],
            "reasons": ['[{"code":"new_pupils_served","params":{"pupils":52}}]'],
            "checks": ['[{"rule":"siting.sun","verdict":"unknown"}]'],
        },
        geometry=[Point(at(250, 150))],
        crs=layers.crs,
    )


def _housing_need(layers: Layers) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "housing_id": ["H1"],
            "stage": ["primary"],
            "year": [2027],
            "pupils": [36.0],
            "need": [0.0],
            "obligation": [36.0],
            "owed_classes": [1.0],
            "owed_site_m2": [1500.0],
            "status": ["unmet"],
            "due": [2027],
            "reason": ['[{"code":"threshold_met","params":{"dwellings":1000}}]'],
        },
        geometry=[Point(at(850, 450))],
        crs=layers.crs,
    )


def summary() -> dict[str, Any]:
    """Top-level figures beyond the stages."""
    return {
        "safety": {
            "pupils_routed": 90.0,
            "safe": 40.0,
            "undetermined": 30.0,
            "unsafe": 20.0,
            "detour_m": {"mean": 35.0, "p95": 120.0},
            "tag_completeness": {"maxspeed": 0.6, "sidewalk": 0.6, "lit": 0.4},
            "retrofits": [{"rank": 1, "elements": "7003", "cost": 120000.0, "pupils_safe_gained": 4.0}],
        },
        "siting": {
            "model": "capacitated",
            "goals": [{"name": "pupils_served", "objective": 196.0, "bound": 196.0, "gap": 0.0}],
            "seconds": 0.1,
            "marginal": [
                {"new": 0, "pupils_served": 144.0, "cost_per_extra_pupil": None},
                {"new": 1, "pupils_served": 196.0, "cost_per_extra_pupil": 576923.0},
            ],
            "new": [{"site_id": "P1", "stage": "primary", "classes": 6, "places": 270.0}],
            "enlarge": [],
            "convert": [],
            "unmet": [],
        },
        "housing": [{"id": "H1", "stage": "primary", "obligation": 36.0, "need": 0.0, "status": "unmet"}],
        "balance": {
            "indicators": {"teachers_qualified": {"mean": 0.9, "cv": 0.0}},
            "not_assessed": ["teachers_backbone"],
        },
        "rural": {"small_schools": [{"school_id": "S3", "pupils": 40.0, "necessary": True}], "beds_needed": 0.0},
    }
