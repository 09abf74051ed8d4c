"""Town or rural, for homes and schools, and what depends on it before any rule: the snap limit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import shapely
from numpy.typing import NDArray

from geoplan.errors import PlanError
from geoplan.run import Run
from geoplan.standards import SETTINGS, Standards, load, snap_limit_m
from layers.bundle import Cells, Layers
from layers.planfile import PlanFile

Names = NDArray[np.object_]


def plan_standards(plan: PlanFile) -> Standards:
    """The plan's profile, on its date, with the county's own values; PlanError for a date that is none."""
    section = plan.standards
    try:
        on = date.fromisoformat(section.on) if section.on else None
    except ValueError:
        raise PlanError(f"standards.on = {section.on!r} is no date: write it as 2024-09-01") from None
    return load(section.profile, on=on, override=section.override or None)


def run_standards(run: Run) -> Standards | None:
    """The standards a run was made by; None when their profile is not known here."""
    settings = (run.manifest.get("plan") or {}).get("standards") or {}
    profile = str(run.summary.get("profile") or settings.get("profile") or "neutral")
    try:
        return load(profile, on=settings.get("on"), override=settings.get("override") or {})
    except PlanError:
        return None


def setting_of_cells(layers: Layers, cells: Cells | None = None) -> Names:
    """``town`` or ``rural`` per cell, from its sub-area; the region's own setting where that is unknown."""
    table = (cells or layers.cells).table
    setting = layers.areas.set_index("area_id")["setting"]
    return np.asarray(table["area_id"].map(setting).fillna(layers.plan.region.setting), dtype=object)


def setting_of_schools(layers: Layers) -> Names:
    """``town`` or ``rural`` per school: its own, else that of the sub-area it stands in, else the region's."""
    areas = np.array([*layers.areas["setting"], None], dtype=object)
    own = layers.schools["setting"].astype(object)
    by_area = own.where(own.notna(), areas[area_row_of_schools(layers)])
    return np.asarray(by_area.where(by_area.notna(), layers.plan.region.setting), dtype=object)


def area_row_of_schools(layers: Layers) -> NDArray[np.int64]:
    """Row of the sub-area each school stands in, the first where several touch it; -1 outside all of them."""
    row = np.full(len(layers.schools), -1, np.int64)
    tree = shapely.STRtree(layers.areas.geometry.to_numpy())
    school, area = tree.query(layers.schools.geometry.to_numpy(), predicate="intersects")
    order = np.lexsort((-area, school))
    row[school[order]] = area[order]
    return row


def snap_limits_m(plan: PlanFile, standards: Standards) -> dict[str, float]:
    """Longest straight leg to the network by setting: the plan's own, else the profile's."""
    own = {"town": plan.streets.snap_town_m, "rural": plan.streets.snap_rural_m}
    return {name: own[name] or snap_limit_m(standards, name) for name in SETTINGS}


def by_setting(values: Mapping[str, float], setting: Names) -> NDArray[np.float64]:
    """One value per place, from its setting."""
    return np.array([values[name] for name in setting], dtype=np.float64)
