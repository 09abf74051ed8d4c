"""Schools against streets, the region and their own columns."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from geoplan.doctor.ground import Ground, names
from geoplan.doctor.parts import on_isolated
from layers.bundle import STAGES, Layers
from layers.errors import Fault
from layers.schools.checks import ONE_SPOT, spots

ONE_SPOT_M = 5.0
PLACES = ("places", "classrooms", "classes")


def school_faults(layers: Layers, ground: Ground) -> Iterator[Fault]:
    """Schools far from streets, isolated, outside, on one spot or without places; stages without a school."""
    checks = (far_from_streets(layers, ground), isolated(layers, ground), outside(layers), on_one_spot(layers))
    return chain(*checks, without_places(layers, ground), without_school(layers, ground))


def named(layers: Layers, row: int) -> str:
    """``S1 East Primary School``."""
    school = layers.schools.iloc[row]
    name = school["name"]
    return f"{school['id']} {name}" if isinstance(name, str) else str(school["id"])


def table_file(layers: Layers) -> str:
    """The file the schools come from."""
    return layers.plan.schools.table or layers.plan.streets.osm or ""


def far_from_streets(layers: Layers, ground: Ground) -> Iterator[Fault]:
    """Schools with no walkable street within the snap limit of any gate: nobody can be sent there on foot."""
    for row in np.flatnonzero(ground.school_m > ground.school_snap_m).tolist():
        metres = ground.school_m[row]
        shown = {
            "metres": f"{metres:,.0f}" if np.isfinite(metres) else "∞",
            "limit": f"{ground.school_snap_m[row]:.0f}",
        }
        yield Fault("doctor_school_far", "warning", table_file(layers), value=named(layers, row), params=shown)


def isolated(layers: Layers, ground: Ground) -> Iterator[Fault]:
    """Schools whose only streets hang together with no others."""
    for row in np.flatnonzero(on_isolated(ground)).tolist():
        km = f"{ground.part_m[ground.school_part[row]] / 1000:.2f}"
        yield Fault(
            "doctor_school_isolated", "warning", table_file(layers), value=named(layers, row), params={"km": km}
        )


def outside(layers: Layers) -> Iterator[Fault]:
    """Schools outside the region, with their distance to it."""
    metres = layers.schools.geometry.distance(layers.boundary).to_numpy()
    for row in np.flatnonzero(metres > 0).tolist():
        shown = {"km": f"{metres[row] / 1000:,.2f}"}
        yield Fault("doctor_school_outside", "note", table_file(layers), value=named(layers, row), params=shown)


def on_one_spot(layers: Layers) -> Iterator[Fault]:
    """Schools within five metres: a warning when two of them serve a common stage, else a note; each spot once.

    Spots the reader has told of are left out.
    """
    table = layers.schools
    if len(table) < 2:
        return
    tree = cKDTree(np.column_stack([table.geometry.x, table.geometry.y]))
    near = tree.query_pairs(ONE_SPOT_M, output_type="ndarray").tolist()
    pairs = [(one, two) for one, two in near if not _one_campus(table.iloc[one], table.iloc[two])]
    told = [set(fault.params["ids"]) for fault in layers.faults if fault.code == ONE_SPOT]
    for rows in spots(pairs, len(table)):
        if any({str(table["id"].iloc[row]) for row in rows} <= ids for ids in told):
            continue
        common = any(
            set(table["stages"].iloc[one]) & set(table["stages"].iloc[two]) for one, two in pairs if one in rows
        )
        value = " / ".join(named(layers, row) for row in rows)
        shown = {"count": len(rows)}
        yield Fault("doctor_one_spot", "warning" if common else "note", table_file(layers), value=value, params=shown)


def _one_campus(first: pd.Series[Any], second: pd.Series[Any]) -> bool:
    """Whether one names the other as its campus, or both name the same institution."""
    ours, theirs = first.get("campus_of"), second.get("campus_of")
    return ours == second["id"] or theirs == first["id"] or (isinstance(ours, str) and ours == theirs)


def without_places(layers: Layers, ground: Ground) -> Iterator[Fault]:
    """Per stage, the schools of the region for which neither places nor classrooms nor classes are known."""
    inside = (layers.schools["scope"] == "inside").to_numpy()
    for stage in plan_stages(layers, ground):
        serves = np.array([stage in each for each in layers.schools["stages"]], dtype=bool) & inside
        unknown = serves & layers.schools[[f"{what}_{stage}" for what in PLACES]].isna().all(axis=1).to_numpy()
        if unknown.any():
            which = [named(layers, row) for row in np.flatnonzero(unknown).tolist()]
            shown = {"schools": len(which), "of": int(serves.sum()), "names": names(which)}
            yield Fault("doctor_places_missing", "warning", table_file(layers), None, f"places_{stage}", None, shown)


def without_school(layers: Layers, ground: Ground) -> Iterator[Fault]:
    """Stages of the plan that no school of the region serves."""
    inside = layers.schools[layers.schools["scope"] == "inside"]
    served = {stage for each in inside["stages"] for stage in each}
    for stage in plan_stages(layers, ground):
        if stage not in served:
            yield Fault("doctor_no_school", "note", table_file(layers), column="stage", value=stage)


def plan_stages(layers: Layers, ground: Ground) -> tuple[str, ...]:
    """The stages of the plan: those it names, else those of its profile."""
    return layers.plan.coverage.stages or tuple(stage.id for stage in ground.standards.stages if stage.id in STAGES)
