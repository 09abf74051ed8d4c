"""New places in Toytown, put together by hand without the analysis: tables and summary as docs/results.md says.

Pupils of 2024 stand in the run; 2025 has as many, 2027 half as many again, 2035 three quarters. Every school keeps
the pupils it has in 2024 while there are as many, so who is without a place can be worked out on paper, cell by cell.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely.geometry import Point, Polygon, box

from geoplan.run import Run
from tests.toytown import land
from tests.toytown.land import at

STAGES = ("primary", "junior")
YEARS = (2024, 2025, 2027, 2035)
GROWTH = {2024: 1.0, 2025: 1.0, 2027: 1.5, 2035: 0.75}
UNBORN = {2024: 0.0, 2025: 0.0, 2027: 0.0, 2035: 0.4}
VARIANTS = {"low": 0.9, "mid": 1.0, "high": 1.1}


def with_siting(run: Run) -> Run:
    """The run of Toytown with everything new places add to it."""
    cells = _cells(run.tables["cells"])
    balance = _balance(run, cells)
    milestones = _milestones(run, cells)
    tables = {
        **run.tables,
        "cells": cells,
        "candidates": _degrees(candidates()),
        "proposals": _degrees(proposals()),
        "housing_need": _degrees(housing_need()),
        "places_balance": balance,
        "milestones": milestones,
    }
    rows = milestones.to_dict("records")
    stages = {
        stage: {**facts, "years": [row for row in rows if row["stage"] == stage]}
        for stage, facts in run.summary["stages"].items()
    }
    summary = {**run.summary, "population_year": 2024, "stages": stages, "siting": siting(), "housing": housing()}
    return replace(run, tables=tables, summary=summary)


def _degrees(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return table.to_crs(4326)


def _cells(cells: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    made: dict[str, Any] = {}
    for stage in STAGES:
        pupils, served = cells[f"pupils_{stage}"], cells[f"served_{stage}"]
        for year in YEARS[1:]:
            made[f"pupils_{stage}_{year}"] = pupils * GROWTH[year]
            made[f"unserved_{stage}_{year}"] = (pupils * GROWTH[year] - served).clip(lower=0.0)
    west_south = np.array([name[1] < "3" and name[2] < "4" for name in cells["cell_id"]])
    made["site_primary"] = np.where(west_south, "P1", None).astype(object)
    made["site_junior"] = np.full(len(cells), None, dtype=object)
    return cells.assign(**made)


def _parts(cells: gpd.GeoDataFrame, stage: str, year: int) -> dict[str, pd.Series]:
    """The accounts of a year, cell by cell: who is far or off stays so, who is near may find no place left."""
    grown = GROWTH[year]
    pupils = cells[f"pupils_{stage}"] * grown
    out, off = cells[f"out_{stage}"] * grown, cells[f"off_{stage}"] * grown
    served = np.minimum(cells[f"served_{stage}"], pupils - out - off)
    return {
        "pupils": pupils,
        "served": served,
        "in_reach_no_place": pupils - out - off - served,
        "out_of_reach": out,
        "off_network": off,
    }


def _milestones(run: Run, cells: gpd.GeoDataFrame) -> pd.DataFrame:
    rows = []
    for stage in STAGES:
        facts = run.summary["stages"][stage]
        for year in YEARS:
            sums = {name: float(part.sum()) for name, part in _parts(cells, stage, year).items()}
            for variant, factor in VARIANTS.items():
                births = factor if UNBORN[year] else 1.0
                rows.append(
                    {
                        "stage": stage,
                        "year": year,
                        "variant": variant,
                        "places": facts["places"],
                        **sums,
                        "pupils": sums["pupils"] * births,
                        "radius_share": facts["radius_share"],
                        "walk_share": facts["walk_share"],
                        "walk_m_mean": facts["walk_m"]["mean"],
                        "share_unborn": UNBORN[year],
                        "norm_ratio": {2024: 1.1, 2025: 1.1, 2027: 0.8, 2035: 1.6}[year],
                    }
                )
    return pd.DataFrame(rows)


def _balance(run: Run, cells: gpd.GeoDataFrame) -> pd.DataFrame:
    """Town: 270 primary places for 120 pupils; north: 20 for 24, short from the start."""
    areas = run.tables["areas"]
    rows = []
    for stage in STAGES:
        for area, places in zip(areas["area_id"], areas[f"places_{stage}"], strict=True):
            base = float(cells.loc[cells["area_id"] == area, f"pupils_{stage}"].sum())
            short = [year for year in YEARS if base * GROWTH[year] > places]
            for year in YEARS:
                for variant, factor in VARIANTS.items():
                    pupils = base * GROWTH[year] * (factor if UNBORN[year] else 1.0)
                    over = places - pupils
                    warning = "short" if over < 0 else "watch" if over < 0.1 * pupils else "ok"
                    rows.append(
                        {
                            "area_id": area,
                            "stage": stage,
                            "year": year,
                            "variant": variant,
                            "pupils": pupils,
                            "places": float(places),
                            "balance": float(over),
                            "warning": warning,
                            "first_deficit_year": float(short[0]) if short else np.nan,
                            "share_unborn": UNBORN[year],
                        }
                    )
    return pd.DataFrame(rows)


def check(rule: str, verdict: str, found_m: float | None = None, asked_m: float | None = None) -> dict[str, Any]:
    """One siting check as the candidates hold it; most rules have no distance."""
    measured = {} if found_m is None else {"distance": found_m, "asked": asked_m, "kind": "arterial"}
    return {
        "rule": rule,
        "verdict": verdict,
        "code": f"site_{rule}_{verdict}",
        "params": measured,
        "distance_m": found_m,
        "threshold_m": asked_m,
        "stage": "",
        "norm": f"cn.site.{rule}",
        "source": "GB 50099-2011",
        "clause": "4.1.6",
        "confidence": "verified",
        "mitigable": rule == "arterial",
        "evidence": "",
    }


CHECKS = {
    "P1": [
        check("railway", "pass", 412.0, 300.0),
        check("arterial", "conditional", 62.0, 80.0),
        check("ground", "pass"),
        check("flood", "unknown"),
    ],
    "P2": [check("railway", "pass", 1200.0, 300.0), check("arterial", "pass", 140.0, 80.0), check("water", "fail")],
    "P3": [check("hv_line", "fail"), check("railway", "pass", 800.0, 300.0)],
    "G1": [check("railway", "unknown"), check("flood", "unknown")],
}
SITES: dict[str, tuple[str, str, str, Polygon | Point, float]] = {
    # id: name, kind, verdict, land, area
    "P1": ("Mill Lane", "education_plot", "conditional", box(*at(200, 90), *at(320, 190)), 12_000.0),
    "P2": ("Old market", "site", "fail", box(*at(820, 420), *at(880, 480)), 3_600.0),
    "P3": ("Land under the line", "site", "fail", box(*at(420, 320), *at(480, 380)), 3_600.0),
    "G1": ("Search area 1", "search_area", "unknown", Point(at(650, 650)), 7_854.0),
}


def candidates() -> gpd.GeoDataFrame:
    """A reserved plot that passes on conditions, two given sites that fail, a search area nothing is known of."""
    rows = [
        {
            "site_id": site,
            "name": name,
            "kind": kind,
            "area_m2": area,
            "buildable_m2": 0.9 * area,
            "cost": np.nan,
            "ready": 2026.0 if kind == "education_plot" else np.nan,
            "max_classes_primary": 24.0,
            "max_classes_junior": np.nan,
            "verdict": verdict,
            "checks": _text(CHECKS[site]),
            "x": shape.representative_point().x,
            "y": shape.representative_point().y,
            "chosen": site in ("P1", "G1"),
        }
        for site, (name, kind, verdict, shape, area) in SITES.items()
    ]
    return gpd.GeoDataFrame(rows, geometry=[site[3] for site in SITES.values()], crs=land.CRS_METRIC)


def proposals() -> gpd.GeoDataFrame:
    """A school on the reserved plot, two classes more in an existing one, and a nine-year school not recommended."""
    rows = [_plot(), _classes(), _nine_year()]
    return gpd.GeoDataFrame(
        rows, geometry=[Point(at(260, 100)), Point(at(750, 250)), Point(at(650, 650))], crs=land.CRS_METRIC
    )


def _plot() -> dict[str, Any]:
    return {
        "rank": 1, "site_id": "P1", "name": "Mill Lane", "kind": "education_plot", "stage": "primary",
        "decision": "build", "classes": 6.0, "places": 270.0, "site_m2": 12_000.0, "cost": 31_200_000.0,
        "cost_unit": "CNY", "cost_assumed": True, "year": 2027, "pupils_before": 66.0, "pupils_served": 126.0,
        "pupils_gained": 60.0, "walk_m_before": np.nan, "walk_m_mean": 312.0, "load_2024": np.nan,
        "load_2025": np.nan, "load_2027": 0.92, "load_2035": 0.41, "recommended": True,
        "reasons": _text([
            {"code": "gains_pupils", "params": {"pupils": 60.0, "base": 150.0, "year": 2027}},
            {"code": "reserved_plot", "params": {}},
            {"code": "load_low", "params": {"year": 2035, "load": 0.41}},
        ]),
        "checks": _text(CHECKS["P1"]),
        "alternatives": _text([{"site_id": "P2", "name": "Old market", "pupils_gained": 52.0, "difference": -8.0}]),
    }  # fmt: skip


def _classes() -> dict[str, Any]:
    return {
        "rank": 2, "site_id": "S1", "name": "East Primary School", "kind": "school", "stage": "primary",
        "decision": "enlarge", "classes": 2.0, "places": 90.0, "site_m2": np.nan, "cost": 2_400_000.0,
        "cost_unit": "CNY", "cost_assumed": False, "year": 2025, "pupils_before": 126.0, "pupils_served": 138.0,
        "pupils_gained": 12.0, "walk_m_before": 480.0, "walk_m_mean": 455.0, "load_2024": 0.6,
        "load_2025": 0.72, "load_2027": 1.0, "load_2035": 0.66, "recommended": True,
        "reasons": _text([{"code": "first_deficit", "params": {"area": "Town", "year": 2027, "places": 12.0}}]),
        "checks": _text([]),
        "alternatives": _text([]),
    }  # fmt: skip


def _nine_year() -> dict[str, Any]:
    return {
        "rank": 3, "site_id": "G1", "name": "Search area 1", "kind": "search_area", "stage": "primary;junior",
        "decision": "build", "classes": 9.0, "places": 420.0, "site_m2": np.nan, "cost": np.nan,
        "cost_unit": None, "cost_assumed": True, "year": 2035, "pupils_before": 138.0, "pupils_served": 142.0,
        "pupils_gained": 4.0, "walk_m_before": np.nan, "walk_m_mean": 820.0, "load_2024": np.nan,
        "load_2025": np.nan, "load_2027": np.nan, "load_2035": 0.2, "recommended": False,
        "reasons": _text([
            {"code": "nine_year", "params": {}},
            {"code": "below_minimum", "params": {"classes": 9.0, "minimum": 18.0}},
            {"code": "load_low", "params": {"year": 2035, "load": 0.2}},
        ]),
        "checks": _text(CHECKS["G1"]),
        "alternatives": _text([]),
    }  # fmt: skip


def housing_need() -> gpd.GeoDataFrame:
    """One project that owes a kindergarten it did not reserve, met for primary, too small on its own for junior."""
    shared = {"housing_id": "H1", "name": "River Gardens", "year": 2027, "pool": None}
    rows = [
        {**shared, "stage": "primary", "pupils": 66.0, "need": 0.0, "obligation": "yes", "owed_classes": 2.0,
         "owed_places": 66.0, "owed_site_m2": 1_500.0, "owed_floor_m2": 900.0, "reserved_m2": 0.0, "status": "unmet",
         "due": 2027.0, "reason": _text([{"code": "threshold_met", "params": {"dwellings": 1000}}])},
        {**shared, "stage": "junior", "pupils": 33.0, "need": 12.0, "obligation": "no", "owed_classes": np.nan,
         "owed_places": 33.0, "owed_site_m2": np.nan, "owed_floor_m2": np.nan, "reserved_m2": 0.0, "status": "joint",
         "due": np.nan, "reason": _text([{"code": "below_threshold", "params": {"dwellings": 1000}}]),
         "pool": "pool-1"},
        {**shared, "housing_id": "H2", "name": "North Court", "stage": "primary", "pupils": 20.0, "need": 20.0,
         "obligation": "yes", "owed_classes": 1.0, "owed_places": 20.0, "owed_site_m2": 1_000.0,
         "owed_floor_m2": 450.0, "reserved_m2": 1_200.0, "status": "met", "due": 2026.0, "reason": _text([])},
    ]  # fmt: skip
    places = [Point(at(850, 450)), Point(at(850, 450)), Point(at(250, 750))]
    return gpd.GeoDataFrame(rows, geometry=places, crs=land.CRS_METRIC)


def _text(rows: list[dict[str, Any]]) -> str:
    return json.dumps(rows, sort_keys=True, ensure_ascii=False)


def siting() -> dict[str, Any]:
    """``summary["siting"]``: the best two proposals of the model, the marginal table, who stays without."""
    return {
        "model": "capacitated",
        "years": list(YEARS),
        "goals": [
            {"name": "pupils_served", "objective": 142.0, "bound": 145.0, "gap": 0.0211},
            {"name": "cost", "objective": 33_600_000.0, "bound": 33_600_000.0, "gap": 0.0},
        ],
        "status": "feasible",
        "seconds": 0.1,
        "marginal": [_step(0, 66.0, 0.0, 0.0), _step(1, 126.0, 31.2e6, 60.0), _step(2, 142.0, 60e6, 16.0)],
        "new": [{"site_id": "P1", "stage": "primary", "classes": 6, "places": 270.0}],
        "enlarge": [{"site_id": "S1", "stage": "primary", "classes": 2, "places": 90.0}],
        "convert": [],
        "unmet": [{"area_id": "rural", "stage": "primary", "year": 2027, "pupils": 8.0, "reason": "no_candidate"}],
        "not_computed": None,
    }  # fmt: skip


def _step(k: int, served: float, cost: float, extra: float) -> dict[str, Any]:
    each, gap = {0: (None, 0.0), 1: (520e3, 0.0), 2: (1.8e6, 0.0211)}[k]
    return {
        "k": k,
        "pupils_served": served,
        "cost": cost,
        "extra_pupils": extra,
        "cost_per_extra_pupil": each,
        "gap": gap,
    }


def housing() -> list[dict[str, Any]]:
    """``summary["housing"]``: one entry a project and stage."""
    return [
        {"id": "H1", "stage": "primary", "obligation": "yes", "need": 0.0, "status": "unmet"},
        {"id": "H1", "stage": "junior", "obligation": "no", "need": 12.0, "status": "joint"},
        {"id": "H2", "stage": "primary", "obligation": "yes", "need": 20.0, "status": "met"},
    ]
