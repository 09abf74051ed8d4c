"""New housing the population data do not hold yet: cells of its own, who lives there when, who came from inside."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geoplan.demand.entry import persons_norm
from geoplan.standards import Standards
from layers.bundle import STAGES, Cells
from layers.errors import Fault

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
PREFIX = "housing:"
NAME_ONLY = "name_only"
_OCCUPANCY = re.compile(r"occupancy_(\d{4})")


@dataclass(frozen=True)
class NewHomes:
    """Projects with a cell of their own, in the order of the cells.

    Parameters
    ----------
    ids, cell
        Project, and row of its cell.
    full
        Persons when all dwellings are lived in.
    occupancy
        Shape (projects, years) from ``first`` on: share of the dwellings lived in.
    inside
        Share of the movers who lived in the region before.
    pupils
        Stage to pupils at full occupancy as the project states them, NaN where it does not.
    findings, faults
        What was assumed, and what must be mended.
    """

    ids: tuple[str, ...]
    cell: I32
    full: F64
    occupancy: F64
    first: int
    inside: F64
    pupils: Mapping[str, F64]
    findings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()

    def share_lived_in(self, year: int) -> F64:
        """Occupancy of a year; nobody before ``first``."""
        if year < self.first:
            return np.zeros(len(self.ids))
        return np.asarray(self.occupancy[:, year - self.first])

    def residents(self, year: int) -> F64:
        """Persons per project."""
        return self.full * self.share_lived_in(year)


def in_population(housing: pd.DataFrame, population_year: int) -> NDArray[np.bool_]:
    """Which projects the population data hold already: as stated, else those ready by their year."""
    stated = housing["in_population"] if "in_population" in housing else pd.Series(None, index=housing.index)
    ready = housing["ready"].to_numpy(np.float64) <= population_year
    return np.array([told if isinstance(told, bool) else bool(by) for told, by in zip(stated, ready, strict=True)])


def not_yet_counted(housing: gpd.GeoDataFrame, areas: gpd.GeoDataFrame, population_year: int) -> gpd.GeoDataFrame:
    """Projects to add, with ``area_id``: computed ones that are not in the population and lie in a sub-area."""
    computed = (housing["status"] != NAME_ONLY) & housing["ready"].notna() & housing["dwellings"].notna()
    chosen = housing[computed.to_numpy() & ~in_population(housing, population_year)]
    area = _area_of(chosen, areas)
    return chosen.assign(area_id=area)[area != ""].sort_values("id", kind="stable").reset_index(drop=True)


def with_new_homes(
    cells: Cells, housing: gpd.GeoDataFrame | None, areas: gpd.GeoDataFrame, population_year: int | None
) -> Cells:
    """The cells and behind them one for every project not counted yet: nobody lives there in the population's year.

    ``cell_id`` is ``housing:<id>``; the point is a polygon's own centre (or a point on it) and ``side_m`` the side of
    a square of its area. No pixel shows these cells, so maps of the population's year stay as they are.
    """
    if housing is None or population_year is None:
        return cells
    added = not_yet_counted(housing, areas, population_year)
    if not len(added):
        return cells
    points = _points(added)
    rows = pd.DataFrame(
        {
            "cell_id": PREFIX + added["id"].astype(str),
            "x": points[:, 0],
            "y": points[:, 1],
            "residents": 0.0,
            "area_id": added["area_id"],
            "side_m": np.sqrt(shapely.area(added.geometry.to_numpy())),
            **{name: 0.0 for name in cells.table if str(name).startswith("age_")},
        }
    )
    table = pd.concat([cells.table, rows.reindex(columns=cells.table.columns)], ignore_index=True)
    return replace(cells, table=table.astype(cells.table.dtypes.to_dict()))


def own_land_m(cells: Cells) -> F64:
    """Half the diagonal of a new project's land, 0 for other cells: their own ground is not open land to cross."""
    added = cells.table["cell_id"].astype(str).str.startswith(PREFIX).to_numpy(bool)
    return np.where(added, cells.table["side_m"].to_numpy(np.float64) * np.sqrt(0.5), 0.0)


def make_new_homes(
    housing: gpd.GeoDataFrame | None,
    cells: Cells,
    areas: gpd.GeoDataFrame,
    standards: Standards,
    *,
    population_year: int,
    last: int,
) -> NewHomes:
    """The projects that have a cell, with everybody they house up to a year.

    Occupancy follows the project's ``occupancy_<year>`` columns, straight lines between them, from nobody in the year
    before it is ready; a project without any follows the profile's years since completion.
    """
    first = population_year + 1
    row_of = {
        str(name): row
        for row, name in enumerate(cells.table["cell_id"].to_numpy(object))
        if str(name).startswith(PREFIX)
    }
    if housing is None:
        return _nothing(first, last)
    added = not_yet_counted(housing, areas, population_year)
    added = added[(PREFIX + added["id"].astype(str)).isin(row_of)]
    persons = _column(added, "persons_per_dwelling")
    usual = float(str(persons_norm(standards).value))
    years = np.arange(first, last + 1)
    return NewHomes(
        ids=tuple(added["id"].astype(str)),
        cell=np.array([row_of[PREFIX + str(name)] for name in added["id"]], dtype=np.int32),
        full=added["dwellings"].to_numpy(np.float64) * np.where(np.isnan(persons), usual, persons),
        occupancy=_occupancy(added, years, standards),
        first=first,
        inside=np.nan_to_num(_column(added, "from_inside_share")),
        pupils={stage: _column(added, f"pupils_{stage}") for stage in STAGES},
        findings=dict(_findings(housing, added, standards, population_year)),
        faults=tuple(_faults(housing, areas, population_year)),
    )


def _nothing(first: int, last: int) -> NewHomes:
    empty = np.zeros(0)
    return NewHomes((), np.zeros(0, np.int32), empty, np.zeros((0, max(last - first + 1, 0))), first, empty, {})


def _occupancy(added: pd.DataFrame, years: NDArray[np.int64], standards: Standards) -> F64:
    usual = np.array(standards.norms["plan.housing.occupancy"].value, dtype=np.float64)
    stated = {int(match[1]): name for name in map(str, added.columns) if (match := _OCCUPANCY.fullmatch(name))}
    found = np.zeros((len(added), len(years)))
    for number, (_, row) in enumerate(added.iterrows()):
        since = years - int(row["ready"])
        points = {year: float(row[name]) for year, name in sorted(stated.items()) if pd.notna(row[name])}
        if points:
            points = {int(row["ready"]) - 1: 0.0, **points} if min(points) >= int(row["ready"]) else points
            share = np.interp(years, list(points), list(points.values()))
        else:
            share = usual[np.clip(since, 0, len(usual) - 1)]
        found[number] = np.where(since < 0, 0.0, share)
    return found


def _points(added: gpd.GeoDataFrame) -> F64:
    shapes = added.geometry.to_numpy()
    centres = shapely.centroid(shapes)
    outside = ~shapely.intersects(shapes, centres)
    centres[outside] = shapely.point_on_surface(shapes[outside])
    return np.asarray(shapely.get_coordinates(centres))


def _area_of(housing: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> NDArray[np.object_]:
    """The sub-area each project's point lies in, the first of several; empty outside all of them."""
    found = np.full(len(housing), "", dtype=object)
    if not len(housing):
        return found
    points = shapely.points(_points(housing))
    ordered = areas.sort_values("area_id", kind="stable", ascending=False)
    tree = shapely.STRtree(points)
    for name, shape in zip(ordered["area_id"].astype(str), ordered.geometry, strict=True):
        found[tree.query(shape, predicate="intersects")] = name
    return found


def _column(table: pd.DataFrame, name: str) -> F64:
    if name not in table:
        return np.full(len(table), np.nan)
    return table[name].to_numpy(np.float64, na_value=np.nan)


def _findings(
    housing: pd.DataFrame, added: pd.DataFrame, standards: Standards, population_year: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    named = (housing["status"] == NAME_ONLY).fillna(False).to_numpy(bool)
    if left_out := int((named & ~in_population(housing, population_year)).sum()):
        yield "housing_names_only", {"projects": left_out}
    counted = in_population(housing, population_year) & ~named
    stated = np.zeros(len(housing), bool)
    if "in_population" in housing:
        stated = housing["in_population"].notna().to_numpy()
    if taken := int((counted & ~stated).sum()):
        yield "housing_taken_as_counted", {"projects": taken, "year": population_year}
    if not len(added):
        return
    if np.isnan(_column(added, "persons_per_dwelling")).any():
        norm = persons_norm(standards)
        yield "housing_persons", {"persons": float(str(norm.value)), "source": norm.source}
    columns = [name for name in added.columns if _OCCUPANCY.fullmatch(str(name))]
    if not columns or added[columns].isna().all(axis=1).any():
        yield "housing_occupancy", {"source": standards.norms["plan.housing.occupancy"].source}
    if np.isnan(_column(added, "from_inside_share")).any():
        yield "housing_from_outside", {}


def _faults(housing: gpd.GeoDataFrame, areas: gpd.GeoDataFrame, population_year: int) -> Iterator[Fault]:
    computed = housing[(housing["status"] != NAME_ONLY).to_numpy() & ~in_population(housing, population_year)]
    for name, area in zip(computed["id"].astype(str), _area_of(computed, areas), strict=True):
        if not area:
            yield Fault("demand_housing_outside", "warning", file="housing", column="id", value=name)
