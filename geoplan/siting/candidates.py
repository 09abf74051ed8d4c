"""Where a school could stand: the county's plots and search areas, with their land, entrance and checks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from geoplan.siting.land import Land, land_of, shared
from geoplan.siting.rules import Around, Plot, around, best_gate, checks, verdict_of
from geoplan.siting.rules.check import CONDITIONAL, FAIL, NOT_EVALUATED, UNKNOWN, Check
from geoplan.siting.search_areas import search_areas
from geoplan.siting.sizes import school_size
from geoplan.siting.space import classes_in
from geoplan.standards import Standards, number
from layers.bundle import Layers

KINDS = ("education_plot", "site", "search_area")
"""In the order they are offered: land reserved for schools first."""
COLUMNS = (
    "site_id", "name", "kind", "status", "area_id", "setting", "area_m2", "usable_m2", "buildable_m2", "cost",
    "ready", "verdict", "conditions", "open_questions", "failures", "checks", "x", "y",
)  # fmt: skip
NEAR_M = 600.0  # what lies farther from a plot cannot block it


def candidates(
    layers: Layers,
    standards: Standards,
    stages: Sequence[str],
    *,
    need: pd.DataFrame | None = None,
    search: bool = True,
) -> gpd.GeoDataFrame:
    """Every candidate with its checks: the plots given, and search areas where need is left.

    Parameters
    ----------
    layers
        The sites table where there is one, and all that rules look at.
    standards, stages
        The profile in force; stages candidates are judged for.
    need
        Where pupils without a place in reach live: ``x, y`` (metric), ``pupils``, optionally ``setting``. All
        residents when None.
    search
        Whether search areas are made at all.

    Returns
    -------
    GeoDataFrame
        In the plan's metric CRS, reserved education plots first, then sites, then search areas, each by id:
        ``COLUMNS`` and
        ``max_classes_<stage>`` (whole classes, NaN unknown). ``checks`` is a list of dicts
        (:class:`geoplan.siting.rules.Check`), ``x, y`` the gate walks begin at, ``geometry`` the plot as drawn.
        ``attrs["search"]`` tells how the search for land went: ``{code, params}``, None without one.
    """
    about = around(layers, standards)
    given = _given(layers)
    told = None
    if search:
        where = _residents(layers) if need is None else need
        found = search_areas(layers, standards, stages, where, about=about, given=list(given.geometry))
        areas = found.areas.drop(columns="near").assign(kind="search_area", status="")
        given = gpd.GeoDataFrame(pd.concat([given, areas], ignore_index=True), geometry="geometry", crs=layers.crs)
        told = {"code": found.code, "params": found.params}
    table = judged(layers, standards, stages, given, about)
    table.attrs["search"] = told
    return table


def _residents(layers: Layers) -> pd.DataFrame:
    return layers.cells.table[["x", "y", "residents"]].rename(columns={"residents": "pupils"})


def _given(layers: Layers) -> gpd.GeoDataFrame:
    """The sites table as candidates, with what it states of places; no rows where there is none."""
    sites = layers.tables.get("sites")
    if sites is None:
        sites = gpd.GeoDataFrame({"id": pd.Series(dtype=object)}, geometry=[], crs=layers.crs)
    count = len(sites)
    columns: dict[str, Any] = {"site_id": sites["id"].astype(str).to_numpy(object)}
    for name, empty in (("name", ""), ("kind", "site"), ("status", "")):
        given = sites[name] if name in sites else pd.Series([None] * count, dtype=object)
        columns[name] = given.where(given.notna(), empty).to_numpy(object)
    for name in ("area_m2", "cost", "ready", *(name for name in sites if name.startswith("max_places_"))):
        columns[name] = sites[name].to_numpy(np.float64, na_value=np.nan) if name in sites else np.full(count, np.nan)
    return gpd.GeoDataFrame(columns, geometry=list(gpd.GeoDataFrame(sites).geometry), crs=layers.crs)


def judged(
    layers: Layers, standards: Standards, stages: Sequence[str], given: gpd.GeoDataFrame, about: Around
) -> gpd.GeoDataFrame:
    """Rows of ``site_id, name, kind, status, area_m2, cost, ready`` and geometry, measured and checked."""
    rank = given["kind"].map({kind: at for at, kind in enumerate(KINDS)})
    rows = given.assign(rank=rank).sort_values(["rank", "site_id"], kind="stable").drop(columns="rank")
    rows = gpd.GeoDataFrame(rows.reset_index(drop=True), geometry="geometry", crs=layers.crs)
    lands = [
        _land(shape, area, about, standards, layers)
        for shape, area in zip(rows.geometry, rows["area_m2"], strict=True)
    ]
    area_ids, settings = _areas(layers, rows)
    shares = _shares(rows, layers)
    found = [
        Plot(
            site_id=str(rows["site_id"].iloc[at]),
            kind=str(rows["kind"].iloc[at]),
            land=land,
            gate=best_gate(land.outline, about.streets, number(standards, "plan.siting.access")),
            setting=settings[at],
            stages=tuple(stages),
            shares=shares[at],
            standards=standards,
            crs=layers.crs,
        )
        for at, land in enumerate(lands)
    ]
    records = [_record(plot, checks(plot, about)) for plot in found]
    table = pd.DataFrame(records, columns=list(records[0]) if records else _measured_columns())
    classes = {f"max_classes_{stage}": _classes(rows, found, stage) for stage in stages}
    joined = rows.drop(columns=["area_m2"]).assign(**{name: table[name] for name in table}, **classes)
    joined["area_id"] = area_ids
    return joined[[*COLUMNS, *classes, "geometry"]]


def _measured_columns() -> list[str]:
    return [name for name in COLUMNS if name not in ("site_id", "name", "kind", "status", "area_id", "cost", "ready")]


def _record(plot: Plot, found: Sequence[Check]) -> dict[str, Any]:
    counted = [check.verdict for check in found if not check.code.endswith(NOT_EVALUATED)]
    return {
        "setting": plot.setting,
        "area_m2": plot.land.area_m2,
        "usable_m2": plot.land.usable_m2,
        "buildable_m2": plot.land.buildable_m2,
        "verdict": verdict_of(found),
        "conditions": counted.count(CONDITIONAL),
        "open_questions": counted.count(UNKNOWN),
        "failures": counted.count(FAIL),
        "checks": [check.as_dict() for check in found],
        "x": plot.gate.point.x,
        "y": plot.gate.point.y,
    }


def _land(shape: BaseGeometry, area_m2: float, about: Around, standards: Standards, layers: Layers) -> Land:
    """The plot without what is excluded, water, and what lies outside the region."""
    near = shapely.buffer(shape, NEAR_M).envelope
    blocks = [shapely.difference(near, about.boundary)]
    for objects in (about.excluded, about.objects["water"]):
        if objects is not None:
            blocks += list(objects.shapes[np.sort(objects.tree.query(shape, predicate="intersects"))])
    setback_m = number(standards, "plan.siting.setback")
    return land_of(shape, float(area_m2), layers.crs, blocked=shapely.union_all(blocks), setback_m=setback_m)


def _areas(layers: Layers, rows: gpd.GeoDataFrame) -> tuple[list[str | None], list[str]]:
    """Sub-area and setting of each plot, by a point inside it; the region's own setting outside all sub-areas."""
    points = shapely.point_on_surface(rows.geometry.to_numpy())
    plot, area = shapely.STRtree(layers.areas.geometry.to_numpy()).query(points, predicate="intersects")
    row = np.full(len(rows), -1, np.int64)
    order = np.lexsort((-area, plot))
    row[plot[order]] = area[order]
    ids = [None if at < 0 else str(layers.areas["area_id"].iloc[at]) for at in row]
    default = layers.plan.region.setting
    return ids, [default if at < 0 else str(layers.areas["setting"].iloc[at]) for at in row]


def _shares(rows: gpd.GeoDataFrame, layers: Layers) -> list[tuple[tuple[str, float], ...]]:
    """For each plot the others on the same ground, by id, with the square metres shared."""
    found: list[list[tuple[str, float]]] = [[] for _ in range(len(rows))]
    ids = rows["site_id"].astype(str).tolist()
    for one, other, m2 in shared(list(rows.geometry), layers.crs):
        found[one].append((ids[other], m2))
        found[other].append((ids[one], m2))
    return [tuple(sorted(pairs)) for pairs in found]


def _classes(rows: gpd.GeoDataFrame, plots: Sequence[Plot], stage: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Most whole classes of a stage: by the places its owner states, else by its usable land."""
    stated = rows.get(f"max_places_{stage}", pd.Series(np.nan, index=rows.index)).to_numpy(np.float64)
    found = []
    for plot, places in zip(plots, stated, strict=True):
        size = school_size(plot.standards, stage, plot.setting)
        if math.isnan(places):
            found.append(classes_in(plot.standards, stage, plot.land.usable_m2, plot.setting))
        else:
            found.append(float(min(size.classes_max, places // size.class_places)))
    return np.array(found, dtype=np.float64)
