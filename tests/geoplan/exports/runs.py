"""Toytown with siting: the tables of the contract filled by hand, for documents and map sheets."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import geopandas as gpd
import pandas as pd
from shapely.geometry import Point, box

from geoplan.run import Run
from tests.toytown import at, toytown_run
from tests.toytown.land import CRS_METRIC

CHECKS = [
    {"rule": "slope", "verdict": "pass", "distance_m": None, "threshold_m": None, "source": "GB 50099", "norm": ""},
    {"rule": "railway", "verdict": "pass", "code": "site_railway_pass", "params": {"distance": 345.0, "asked": 300.0,
     "name": "", "kind": "rail"}, "distance_m": 345.0, "threshold_m": 300.0, "source": "GB 50099", "norm": ""},
    {"rule": "noise", "verdict": "conditional", "distance_m": 71.0, "threshold_m": 80.0, "source": "GB 50099-2011",
     "norm": "cn.radius.primary", "confidence": "verified", "mitigable": True},
]  # fmt: skip
CLOSE = [{"site_id": "P9", "name": "Mill", "pupils_gained": 47.0, "difference": -5.0}]


def proposal_run(**changes: Any) -> Run:
    """Two proposals, one project, two sub-areas, three years."""
    run = toytown_run()
    tables = {
        "proposals": _proposals(),
        "candidates": _candidates(),
        "housing_need": _housing(),
        "places_balance": _balance(),
        "milestones": _milestones(),
    }
    siting = {
        "model": "capacitated",
        "years": [2025, 2027, 2035],
        "goals": [
            {"name": "pupils_served", "objective": 212.0, "bound": 212.0, "gap": 0.0},
            {"name": "walk_m", "objective": 51000.0, "bound": 50000.0, "gap": 0.02},
        ],
        "status": "optimal",
        "effect": [
            {"stage": stage, "year": year, "pupils": pupils, "served_before": before, "served_after": before + more,
             "walk_m_before": 300.0, "walk_m_after": 280.0}
            for stage, pupils, before, more in (("primary", 144.0, 99.0, 40.0), ("junior", 72.0, 62.0, 8.0))
            for year in (2027, 2035)
        ],
        "search": {"code": "search_found", "params": {"count": 1, "largest_m2": 8000.0, "floor_m2": 1500.0}},
        "marginal": [
            {"k": 0, "pupils_served": 144.0, "cost": 0.0, "extra_pupils": None, "cost_per_extra_pupil": None},
            {"k": 1, "pupils_served": 196.0, "cost": 30e6, "extra_pupils": 52.0, "cost_per_extra_pupil": 576923.0,
             "gap": 0.0},
        ],
        "unmet": [{"area_id": "rural", "stage": "primary", "year": 2035, "pupils": 12.4, "reason": "no_candidate"}],
        "not_computed": None,
    }  # fmt: skip
    made = replace(run, tables={**run.tables, **tables}, summary={**run.summary, "siting": siting})
    return replace(made, **changes) if changes else made


def answered(run: Run, *stages: str) -> Run:
    """The run with an answer to the enrolment question of each stage."""
    proposal = {"answers": {stage: f"Because of {stage}." for stage in stages}, "answers_zh": {}}
    return replace(run, manifest={**run.manifest, "plan": {**run.manifest["plan"], "proposal": proposal}})


def _proposals() -> gpd.GeoDataFrame:
    reasons = json.dumps([{"code": "gains_pupils", "params": {"pupils": 52.3, "base": 60.0, "year": 2027}}])
    against = json.dumps([{"code": "gains_few", "params": {"pupils": 16.0}}])
    rows = {
        "rank": [2, 1],
        "site_id": ["S2", "P1"],
        "name": ["Junior school", "河东地块"],
        "kind": ["school", "education_plot"],
        "stage": ["junior", "primary"],
        "decision": ["enlarge", "build"],
        "classes": [2.0, 6.0],
        "places": [100.0, 270.0],
        "site_m2": [float("nan"), 9000.0],
        "cost": [4_000_000.0, 30_000_000.0],
        "cost_unit": ["yuan", "yuan"],
        "cost_assumed": [True, False],
        "year": [2027, 2027],
        "pupils_before": [10.0, 0.0],
        "pupils_served": [26.0, 52.3],
        "pupils_gained": [16.0, 52.3],
        "walk_m_before": [900.0, float("nan")],
        "walk_m_mean": [810.0, 310.4],
        "load_2027": [0.7, 0.61],
        "load_2035": [0.8, 0.48],
        "recommended": [False, True],
        "reasons": [against, reasons],
        "checks": ["[]", json.dumps(CHECKS)],
        "alternatives": ["[]", json.dumps(CLOSE)],
    }
    return _metric(rows, [Point(at(150, 450)), Point(at(250, 150))])


def _candidates() -> gpd.GeoDataFrame:
    rows = {
        "site_id": ["P1", "P9"],
        "name": ["河东地块", "Mill"],
        "kind": ["education_plot", "search_area"],
        "area_m2": [9000.0, 8000.0],
        "verdict": ["conditional", "unknown"],
        "checks": [json.dumps(CHECKS), "[]"],
        "chosen": [True, False],
    }
    return _metric(rows, [box(*at(200, 100), *at(300, 190)), box(*at(600, 300), *at(700, 380))])


def _housing() -> gpd.GeoDataFrame:
    rows = {
        "housing_id": ["H1", "H2"],
        "name": ["New quarter", "Small one"],
        "stage": ["primary", "primary"],
        "year": [2027, 2027],
        "pupils": [36.0, 4.0],
        "need": [20.0, 0.0],
        "obligation": ["yes", "no"],
        "owed_classes": [6.0, float("nan")],
        "owed_places": [270.0, float("nan")],
        "owed_site_m2": [9000.0, float("nan")],
        "status": ["unmet", "none"],
        "due": [2027, float("nan")],
        "reason": ["[]", "[]"],
    }
    return _metric(rows, [Point(at(850, 450)), Point(at(950, 950))])


def _balance() -> pd.DataFrame:
    rows = [
        {"area_id": area, "stage": "primary", "year": year, "variant": variant, "pupils": pupils * factor,
         "places": places, "balance": places - pupils * factor, "warning": "short" if pupils > places else "ok",
         "first_deficit_year": 2027 if area == "rural" and variant == "mid" else float("nan"),
         "share_unborn": 0.4 if year == 2035 else 0.0}
        for area, places, pupils in (("town", 270.0, 120.0), ("rural", 20.0, 24.6))
        for year in (2025, 2027, 2035)
        for variant, factor in (("low", 0.9), ("mid", 1.0), ("high", 1.1))
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _milestones() -> pd.DataFrame:
    rows = [
        {"stage": stage, "year": year, "variant": "mid", "pupils": pupils, "places": 290.0, "served": pupils - 20,
         "in_reach_no_place": 5.0, "out_of_reach": 14.0, "off_network": 1.0, "walk_share": 0.83,
         "share_unborn": 0.0 if year < 2030 else 0.35}
        for stage, pupils in (("primary", 144.0), ("junior", 72.0))
        for year in (2025, 2027, 2035)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _metric(rows: dict[str, Any], places: list[Any]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(rows, geometry=places, crs=CRS_METRIC).to_crs(4326)
