"""Decisions as an official reads them: one row a proposal, with what it changes, its checks and what was close."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.identity import plain
from geoplan.siting.county.context import Context
from geoplan.siting.county.reasons import FEW_PUPILS, reasons_for
from geoplan.siting.design import Decision, Design, StageYears, Task
from geoplan.siting.sizes import MU_M2, Cost

SCHOOL = "school"  # kind of a proposal at a school there is


def proposals(context: Context) -> gpd.GeoDataFrame:
    """One row a decision, most pupils gained first; metric CRS, see docs/results.md for the columns."""
    rows = [_row(context, decision) for decision in context.design.decisions]
    x, y = [row.pop("x") for row in rows], [row.pop("y") for row in rows]
    columns = [*COLUMNS, *(f"load_{year}" for year in context.task.years)]
    table = pd.DataFrame(rows, columns=columns[1:])
    table.insert(0, "rank", np.arange(1, len(rows) + 1))
    crs = context.layers.crs
    return gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(x, y, crs=crs), crs=crs)


COLUMNS = (
    "rank",
    "site_id",
    "name",
    "kind",
    "stage",
    "decision",
    "takes",
    "classes",
    "classes_by_stage",
    "places",
    "places_by_stage",
    "site_m2",
    "site_mu",
    "cost",
    "cost_unit",
    "cost_assumed",
    "land_cost_known",
    "year",
    "reference_year",
    "pupils_before",
    "pupils_served",
    "pupils_gained",
    "pupils_enrolled",
    "walk_m_before",
    "walk_m_mean",
    "recommended",
    "reasons",
    "checks",
    "alternatives",
)


def _row(context: Context, decision: Decision) -> dict[str, Any]:
    task, place = context.task, _place(context, decision.place)
    at, assumed = _reference(task, decision), _assumed(context.terms.costs, decision.kind)
    return {
        **{key: place[key] for key in ("x", "y", "site_id", "name", "kind", "site_m2", "checks")},
        "site_mu": place["site_m2"] / MU_M2,
        "decision": decision.kind,
        "takes": decision.takes,
        "stage": ";".join(decision.stages),
        "classes": int(sum(decision.classes)),
        "classes_by_stage": as_json(dict(zip(decision.stages, decision.classes, strict=True))),
        "places": float(sum(decision.places)),
        "places_by_stage": as_json(dict(zip(decision.stages, decision.places, strict=True))),
        "cost": decision.cost,
        "cost_unit": "CNY" if assumed else "plan",
        "cost_assumed": assumed,
        "land_cost_known": bool(np.isfinite(place["land_cost"])),
        "year": decision.year,
        **_pupils(context, decision, at),
        "walk_m_before": decision.walk_before_m,
        "walk_m_mean": decision.walk_m,
        "recommended": decision.recommended,
        "reasons": as_json(reasons_for(context, decision, place, at)),
        "alternatives": as_json(list(_alternatives(context, decision))),
        **{f"load_{year}": float(load) for year, load in zip(task.years, decision.load_all, strict=True)},
    }


def _pupils(context: Context, decision: Decision, at: int) -> dict[str, Any]:
    """Pupils of the stages concerned with a place in the year told for, without and with the decision."""
    concerned = [context.task.stage_ids.index(stage) for stage in decision.stages]
    served = float(sum(context.design.after[stage].served[at] for stage in concerned))
    gained = float(sum(decision.gained[stage, at] for stage in concerned))
    return {
        "reference_year": context.task.years[at],
        "pupils_before": served - gained,
        "pupils_served": served,
        "pupils_gained": gained,
        "pupils_enrolled": float(decision.pupils[:, at].sum()),
    }


def as_json(value: Any) -> str:
    """Nested figures as the text a table keeps; sorted, so that equal figures give equal bytes."""
    return json.dumps(plain(value), sort_keys=True, ensure_ascii=False)


def _reference(task: Task, decision: Decision) -> int:
    """Position of the year in which the decision gains most, of those since it opens; the earliest of equals."""
    gained = decision.gained.sum(axis=0)
    since = [at for at, year in enumerate(task.years) if year >= decision.year]
    return max(since, key=lambda at: (round(float(gained[at]), 6), -at))


def _place(context: Context, place: int) -> dict[str, Any]:
    """What is known of a place: a school there is, or a candidate."""
    first = len(context.layers.schools)
    return _school(context.layers.schools.iloc[place]) if place < first else _site(context.sites.iloc[place - first])


def _school(school: pd.Series) -> dict[str, Any]:
    area = school.get("site_m2", np.nan)
    return {
        "site_id": str(school["id"]),
        "name": school.get("name"),
        "kind": SCHOOL,
        "site_m2": float(area) if pd.notna(area) else np.nan,
        "x": school.geometry.x,
        "y": school.geometry.y,
        "checks": as_json([]),
        "land_cost": 0.0,
    }


def _site(site: pd.Series) -> dict[str, Any]:
    checks = site["checks"]
    return {
        "site_id": str(site["site_id"]),
        "name": site["name"],
        "kind": str(site["kind"]),
        "site_m2": float(site["area_m2"]),
        "x": float(site["x"]),
        "y": float(site["y"]),
        "checks": checks if isinstance(checks, str) else as_json(list(checks)),
        "land_cost": float(site["cost"]),
    }


def _assumed(costs: Mapping[str, Cost], kind: str) -> bool:
    """Whether any part of the cost is our own assumption."""
    items = {"build": ("new_school", "new_class"), "enlarge": ("enlarge_class",), "convert": ("convert_class",)}
    return any(costs[item].assumed for item in items[kind])


def _alternatives(context: Context, decision: Decision) -> Iterator[dict[str, Any]]:
    schools, sites = context.layers.schools, context.sites
    names = dict(zip(schools["id"].astype(str), schools["name"], strict=True))
    names |= dict(zip(sites["site_id"].astype(str), sites["name"], strict=True))
    for other in decision.alternatives:
        if other.gained < FEW_PUPILS:
            continue  # what gives nobody a place stands in for nothing
        yield {
            "site_id": other.site_id,
            "name": names.get(other.site_id),
            "decision": other.kind,
            "stage": ";".join(other.stages),
            "classes": int(sum(other.classes)),
            "cost": other.cost,
            "pupils_gained": other.gained,
            "difference": other.difference,
            "within_budget": other.within_budget,
        }


def effect(task: Task, design: Design) -> list[dict[str, Any]]:
    """Accounts on foot without and with the proposals: one row a stage and plan year."""
    return [
        _effect(task, stage, year, design.before[stage], design.after[stage])
        for stage in range(len(task.stages))
        for year in range(len(task.years))
    ]


def _effect(task: Task, stage: int, year: int, before: StageYears, after: StageYears) -> dict[str, Any]:
    return {
        "stage": task.stage_ids[stage],
        "year": task.years[year],
        "pupils": float(task.stages[stage].pupils[year].sum()),
        "served_before": float(before.served[year]),
        "served_after": float(after.served[year]),
        "walk_m_before": float(before.walk_m[year]),
        "walk_m_after": float(after.walk_m[year]),
    }


def summary_rows(table: gpd.GeoDataFrame, decision: str) -> list[dict[str, Any]]:
    """The proposals of one kind as the summary holds them, without geometry and nested texts."""
    kept = [name for name in table.columns if name not in {"geometry", "reasons", "checks", "alternatives"}]
    rows: Sequence[Mapping[str, Any]] = table.loc[table["decision"] == decision, kept].to_dict("records")
    return [dict(row) for row in rows]
