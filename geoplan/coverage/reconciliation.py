"""Modelled residents of the age against what schools enrol, for the region and each sub-area."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from geoplan.coverage.demand import Units
from geoplan.coverage.stage import F64, Flags, StageInput, coming_in, outside, private, unknown_owner
from geoplan.enrolment import MILLION
from geoplan.standards import interval, participation
from layers.errors import Fault


def reconcile(given: StageInput, units: Units, area_of_cell: np.ndarray[Any, np.dtype[np.int64]]) -> dict[str, Any]:
    """Residents of the age, enrolled, boarding, coming in, going out, private, and the ratio that should be near 1.

    The ratio is (enrolled - coming in + going out) / residents of the age, with what is not stated taken as 0. It is
    unknown while a school inside that serves the stage has no enrolment: ``schools_without_enrolment`` says how many.
    ``areas`` holds the same for each sub-area, by where schools stand; ``out`` is known for the region only.
    """
    schools = given.schools
    here = schools["serves"].to_numpy(bool) & ~outside(schools)
    modelled = units.amount / MILLION / participation(given.standards, given.stage)
    whole = _row(given, here, float(modelled.sum()), given.schooled_outside)
    if "area_id" not in schools:
        return {**whole, "areas": []}
    ids = given.areas["area_id"].astype(str).to_list()
    living = np.bincount(area_of_cell[units.cell] + 1, modelled, minlength=len(ids) + 1)[1:]
    place = schools["area_id"].astype(str).to_numpy()
    parts = [
        {"area_id": area, **_row(given, here & (place == area), float(people), None)}
        for area, people in zip(ids, living, strict=True)
    ]
    return {**whole, "areas": parts}


def reconciliation_faults(given: StageInput, found: dict[str, Any]) -> tuple[Fault, ...]:
    """A warning where the ratio lies outside the interval of the standards."""
    low, high = interval(given.standards, "plan.reconciliation")
    ratio = found["ratio"]
    if ratio is None or low <= ratio <= high:
        return ()
    params = {"stage": given.stage, "low": low, "high": high, "enrolled": round(found["enrolled"])}
    params["modelled"] = round(found["modelled"])
    return (Fault("reconciliation_ratio", "warning", value=f"{ratio:.2f}", params=params),)


def _row(given: StageInput, chosen: Flags, modelled: float, out: float | None) -> dict[str, Any]:
    schools = given.schools
    enrolment = _column(schools, f"enrolment_{given.stage}")[chosen]
    missing = int(np.isnan(enrolment).sum())
    enrolled = float(np.nansum(enrolment)) if missing < len(enrolment) else None
    coming = coming_in(schools[chosen], given.stage)
    known = enrolled is not None and missing == 0 and modelled > 0
    ratio = ((enrolled or 0.0) - (coming or 0.0) + (out or 0.0)) / modelled if known else None
    return {
        "modelled": modelled,
        "enrolled": enrolled,
        "schools_without_enrolment": missing,
        "boarding": _known_sum(_column(schools, "boarders")[chosen]),
        "in": coming,
        "out": out,
        "private": _private(given, chosen),
        "ratio": ratio,
    }


def _private(given: StageInput, chosen: Flags) -> float | None:
    """Enrolled in private schools; 0 only where the owner of every school is known and none is private."""
    schools = given.schools
    theirs = chosen & private(schools)
    if not theirs.any():
        return None if not chosen.any() or (chosen & unknown_owner(schools)).any() else 0.0
    return _known_sum(_column(schools, f"enrolment_{given.stage}")[theirs])


def _known_sum(values: F64) -> float | None:
    return None if np.isnan(values).all() else float(np.nansum(values))


def _column(schools: pd.DataFrame, name: str) -> F64:
    if name not in schools:
        return np.full(len(schools), np.nan)
    return schools[name].to_numpy(np.float64, na_value=np.nan)
