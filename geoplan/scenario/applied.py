"""A scenario applied to the layers of a plan: new layers, the old ones untouched, every refused step listed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from geoplan.errors import PlanError
from geoplan.safety.audit import audited
from geoplan.scenario.schools import RefusedError, closed, converted, institution, opened, resized
from geoplan.scenario.streets import retrofitted
from geoplan.settings import plan_standards
from geoplan.standards import Standards
from layers.bundle import Layers
from layers.check import NUMERIC
from layers.scenariofile import (
    CloseStep,
    ConvertStep,
    Element,
    HousingStep,
    OpenStep,
    ResizeStep,
    RetrofitStep,
    Scenario,
    Step,
    plain_step,
)
from layers.scenarioplaces import step_shapes
from layers.schema import contract

Shapes = Mapping[tuple[int, int], BaseGeometry]


@dataclass
class _Draft:
    """The tables while steps change them."""

    layers: Layers
    standards: Standards
    shapes: Shapes
    schools: gpd.GeoDataFrame
    entrances: dict[str, BaseGeometry]
    housing: list[tuple[HousingStep, BaseGeometry]]
    works: list[tuple[Element, BaseGeometry | None]]
    closed: set[str]


def applied(layers: Layers, scenario: Scenario) -> Layers:
    """The layers as they would be: schools, gates, housing and streets changed, everything else shared.

    Steps act in their order. A step with a ``year`` acts through the columns ``opened`` and ``closes``: the base year
    does not see it unless the year has come.

    Raises
    ------
    InputError
        Places that cannot be read or are far from the region.
    PlanError
        Every step that cannot be done, each with its number: unknown schools and sites, schools closed twice, stages
        not taught, sizes below nothing, works on streets that are not there.
    """
    if not scenario.steps:
        return layers
    draft = _Draft(
        layers, plan_standards(layers.plan), step_shapes(scenario, layers), layers.schools, {}, [], [], set()
    )
    refused: list[str] = []
    for at, step in enumerate(scenario.steps):
        try:
            _take(draft, at, step)
        except RefusedError as reason:
            refused.append(f"step {at + 1} ({step.action}): {reason}")
    streets, missing = layers.streets, list[str]()
    if draft.works:
        surveyed = audited(layers.streets, layers.tables.get("audit"))
        streets, missing = retrofitted(surveyed, draft.works)
    if refused or missing:
        raise PlanError("\n".join([f"scenario {scenario.name}:", *refused, *(f"retrofit: {one}" for one in missing)]))
    schools = _in_order(draft.schools)
    tables = {name: table for name, table in layers.tables.items() if name != "audit" or not draft.works}
    if draft.housing:
        tables["housing"] = _with_projects(layers, draft.housing)
    return replace(layers, schools=schools, gates=_gates(draft, schools), tables=tables, streets=streets)


def identity_of(scenario: Scenario | None) -> dict[str, Any]:
    """What a run keeps of its scenario, and what its id rests on: the name, the titles and every step."""
    if scenario is None:
        return {"name": "base"}
    head = scenario.model_dump(mode="json", exclude={"steps"}, exclude_defaults=True)
    return {**head, "steps": [plain_step(step) for step in scenario.steps]}


def _take(draft: _Draft, at: int, step: Step) -> None:
    _refuse_years(draft, step)
    if isinstance(step, OpenStep):
        place = _place(draft, at, step)
        inside = bool(shapely.intersects(draft.layers.boundary, place))
        draft.schools = opened(draft.schools, step, place, draft.standards, inside=inside)
        draft.entrances[step.id] = place
    elif isinstance(step, CloseStep):
        if step.school_id in draft.closed:
            raise RefusedError(f"{step.school_id} is closed twice")
        draft.schools = closed(draft.schools, step)
        draft.closed.add(step.school_id)
    elif isinstance(step, ResizeStep):
        draft.schools = resized(draft.schools, step, draft.standards)
    elif isinstance(step, ConvertStep):
        draft.schools = converted(draft.schools, step, draft.standards)
    elif isinstance(step, HousingStep):
        draft.housing.append((step, draft.shapes[at, 0]))
    else:
        draft.works += [(one, draft.shapes.get((at, number))) for number, one in enumerate(step.elements)]


def _refuse_years(draft: _Draft, step: Step) -> None:
    year = None if isinstance(step, HousingStep | RetrofitStep) else step.year
    if year is not None and draft.layers.plan.schools.year is None:
        raise RefusedError("a year needs the year of the school table: write [schools] year in plan.toml")


def _place(draft: _Draft, at: int, step: OpenStep) -> BaseGeometry:
    """Where pupils enter a new school: the point given, or the spot of its site that is nearest to a street."""
    if step.site_id is None:
        return draft.shapes[at, 0]
    sites = draft.layers.tables.get("sites")
    if sites is None:
        raise RefusedError("the plan has no table of sites")
    rows = np.flatnonzero(sites["id"].astype(str).to_numpy() == step.site_id)
    if not len(rows):
        raise RefusedError(f"there is no site {step.site_id}")
    return _entrance(draft.layers, sites.geometry.iloc[int(rows[0])])


def _entrance(layers: Layers, site: BaseGeometry) -> BaseGeometry:
    if site.geom_type == "Point":
        return site
    edges = layers.streets.edges
    lines = edges.geometry.to_numpy()[edges["walk"].to_numpy(bool) & ~edges["private"].to_numpy(bool)]
    if not len(lines):
        return shapely.point_on_surface(site)
    nearest = lines[int(shapely.STRtree(lines).nearest(site))]
    return shapely.Point(shapely.get_coordinates(shapely.shortest_line(site, nearest))[0])


def _in_order(schools: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    out = schools.sort_values("id", kind="stable").reset_index(drop=True)
    return gpd.GeoDataFrame(out, geometry="geometry", crs=schools.crs)


def _gates(draft: _Draft, schools: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Gates of the schools there are: those mapped, the entrances of new ones; later rows share their school's."""
    before = draft.layers.gates
    pairs = list(zip(before["school_id"], before.geometry, strict=True)) + list(draft.entrances.items())
    mapped: dict[str, list[BaseGeometry]] = {}
    for school, point in pairs:
        mapped.setdefault(str(school), []).append(point)
    ids = [str(school) for school in schools["id"]]
    found = [(school, point) for school in ids for point in mapped.get(school) or mapped[institution(school)]]
    column = pd.Series([school for school, _ in found], dtype=object)
    return gpd.GeoDataFrame({"school_id": column}, geometry=[point for _, point in found], crs=before.crs)


def _with_projects(layers: Layers, projects: list[tuple[HousingStep, BaseGeometry]]) -> gpd.GeoDataFrame:
    """The housing table with the scenario's projects; one of an id that is there already takes its place."""
    rows = [{"id": step.id, "status": None, **step.columns, "geometry": shape} for step, shape in projects]
    fresh = gpd.GeoDataFrame(rows, geometry="geometry", crs=layers.crs)
    before = layers.tables.get("housing")
    if before is None:
        return _typed(fresh)
    kept = before[~before["id"].isin(fresh["id"])]
    columns = [*before.columns, *(name for name in fresh.columns if name not in before)]
    records = [*kept.to_dict("records"), *fresh.to_dict("records")]
    joined = gpd.GeoDataFrame(pd.DataFrame(records, columns=columns), geometry="geometry", crs=layers.crs)
    return _typed(joined.sort_values("id", kind="stable").reset_index(drop=True))


def _typed(housing: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Numbers as float64, texts and flags as objects with None where empty, as the reader gives them."""
    out = housing.copy()
    for name in out.columns.drop("geometry"):
        column = contract("housing").column(str(name))
        if column is not None and column.kind in NUMERIC:
            out[name] = out[name].astype(np.float64)
        else:
            out[name] = pd.Series([None if pd.isna(v) else v for v in out[name]], index=out.index, dtype=object)
    return out
