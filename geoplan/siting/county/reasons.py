"""Why a decision is proposed, and what speaks against it: codes with parameters for :mod:`geoplan.reasons`."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

import shapely

from geoplan.siting.county.context import Context
from geoplan.siting.design import Decision

FEW_PUPILS = 0.5
NOTABLE_M = 10.0  # a shorter walk is mentioned from here on
_TOLD: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "siting_no_gain": ("gains_few", {}),
    "siting_load_low": ("load_low", {}),
    "siting_cost_high": ("cost_high", {"cost": "cost_per_pupil"}),
    "siting_below_smallest": ("below_minimum", {"classes_min": "minimum"}),
    "siting_look_at_temporary": ("look_at_temporary", {}),
    "siting_look_at_enlarge": ("look_at_enlarge", {}),
    "siting_look_at_convert": ("look_at_convert", {}),
    "siting_look_at_bus": ("look_at_bus", {}),
}
"""Codes of the model and the sentence each stands for; what a decision gains is told from the year it is told for."""
Told = Iterator[tuple[str, dict[str, Any]]]


def reasons_for(context: Context, decision: Decision, place: Mapping[str, Any], at: int) -> list[dict[str, Any]]:
    """Reason codes of a decision, for before against.

    Parameters
    ----------
    place
        What is known of the place: ``kind, checks`` (JSON text), ``x, y``.
    at
        Position of the year the decision is told for.
    """
    told = [*_gains(context, decision, at), *_setting(context, decision, place), *_against(decision, place)]
    return [{"code": code, "params": params} for code, params in told]


def _gains(context: Context, decision: Decision, at: int) -> Told:
    task, before = context.task, context.design.before
    concerned = [task.stage_ids.index(stage) for stage in decision.stages]
    gained = float(sum(decision.gained[stage, at] for stage in concerned))
    lacking = float(sum(before[stage].unserved[at].sum() for stage in concerned))
    if gained >= FEW_PUPILS and lacking >= FEW_PUPILS:
        yield "gains_pupils", {"year": task.years[at], "pupils": gained, "base": max(lacking, gained)}
    shorter = decision.walk_before_m - decision.walk_m
    if math.isfinite(shorter) and shorter >= NOTABLE_M:
        yield "shortens_walk", {"metres": shorter}


def _setting(context: Context, decision: Decision, place: Mapping[str, Any]) -> Told:
    for stage in decision.stages:
        deficit = deficit_at(context, stage, place["x"], place["y"])
        if deficit:
            yield "first_deficit", deficit | {"stage": stage}
            break
    if place["kind"] == "education_plot":
        yield "reserved_plot", {}
    if decision.kind == "build" and not any(other.gained >= FEW_PUPILS for other in decision.alternatives):
        yield "only_candidate", {}
    if len(decision.stages) > 1:
        yield "nine_year", {}
    for name in housing_served(context, decision):
        yield "serves_housing", {"name": name}


def deficit_at(context: Context, stage: str, x: float, y: float) -> dict[str, Any] | None:
    """First year in which the sub-area of a point is short of places of a stage; None where it never is."""
    held = context.layers.areas.geometry.intersects(shapely.Point(x, y)).to_numpy(bool)
    for area in context.layers.areas.loc[held, "area_id"].astype(str):
        found = context.deficits.get((area, stage))
        if found:
            return dict(found)
    return None


def housing_served(context: Context, decision: Decision) -> list[str]:
    """Names of new housing whose pupils mostly go to the decision's place in any plan year."""
    housing = context.layers.tables.get("housing")
    if housing is None:
        return []
    cell_id = context.situation.cells.table["cell_id"].astype(str).to_numpy()
    cells: set[str] = set()
    for stage in decision.stages:
        number = context.task.stage_ids.index(stage)
        goes = (context.design.after[number].main_place == decision.place).any(axis=0)
        cells |= set(cell_id[context.parts[stage].units.cell[goes]])
    named = housing[("housing:" + housing["id"].astype(str)).isin(cells)]
    names = named["name"] if "name" in named else named["id"]
    return [str(name) for name in names.fillna(named["id"])]


def _against(decision: Decision, place: Mapping[str, Any]) -> Told:
    for reason in decision.reasons:
        told = _TOLD.get(reason.code)
        if told is not None:
            code, names = told
            yield code, {names.get(key, key): value for key, value in reason.params.items()}
    if place["kind"] == "search_area":
        yield "land_unknown", {}
    for check in json.loads(place["checks"]):
        if check.get("verdict") == "fail":
            yield "check_failed", {"rule": check.get("rule")}
