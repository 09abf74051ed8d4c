"""Residents where they live: from a raster, a grid table or building volume, with totals conserved and said."""

from __future__ import annotations

import geopandas as gpd
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from layers.age_files import age_files, age_groups
from layers.bundle import Cells
from layers.errors import Fault, InputError, raise_errors
from layers.planfile import PlanFile, PopulationSection
from layers.population.age_rasters import read_age_rasters
from layers.population.buildings import read_buildings
from layers.population.control import scale_to_controls
from layers.population.display import make_canvas
from layers.population.grid import read_grid
from layers.population.grid_table import read_grid_table
from layers.population.raster import read_raster
from layers.population.refine import refine, resolution_fault
from layers.population.zones import Zones, make_zones

__all__ = ["read_population", "refine", "resolution_fault"]

GAP = 0.001
"""Share of residents inside the boundary but outside all sub-areas above which that is said."""


def read_population(
    plan: PlanFile, boundary: BaseGeometry, areas: gpd.GeoDataFrame, crs: CRS, buildings: gpd.GeoDataFrame | None
) -> tuple[Cells, list[Fault]]:
    """Read the residents of the region from the one source the plan names, scaled to its totals.

    Parameters
    ----------
    plan
        ``[population]`` says the source: the first given of raster, grid, buildings; age rasters go with a raster, or
        are the source where nothing else is.
    boundary, areas, crs
        The region and its sub-areas (``area_id``, optional ``residents``), in the metric CRS.
    buildings
        As ``Surroundings.buildings``; needed for ``buildings = true`` only.

    Returns
    -------
    The cells and the warnings.

    Raises
    ------
    InputError
        Every fault that could be found in the source.
    """
    section = plan.population
    zones = make_zones(boundary, areas, crs)
    faults = _source_faults(section)
    if section.ages_rasters and (section.raster or (not section.grid and not section.buildings)):
        groups = age_groups(age_files(plan.root, section.ages_rasters))
        cells, found = read_age_rasters(plan.root, groups, section.raster, zones)
    elif section.raster:
        cells, found = read_raster(plan.path(section.raster), section.raster, zones)
    elif section.grid:
        grid, found = read_grid_table(plan, boundary, crs)
        canvas = make_canvas(boundary, crs, section.display_m)
        cells, more = read_grid(grid, section.grid, zones, canvas)
        found = found + more
    else:
        cells, found = _from_buildings(section, zones, areas, buildings)
    faults += found + _gap_faults(cells)
    spread = cells.kind == "buildings"
    cells, found = scale_to_controls(cells, areas, section.control_total, factors_mean=not spread)
    faults += found
    if not cells.notes["residents"] > 0:
        faults.append(Fault("population_nobody", file=section.raster or section.grid or ""))
    raise_errors(faults)
    return cells, faults


def _source_faults(section: PopulationSection) -> list[Fault]:
    named = [name for name in ("raster", "grid", "buildings") if getattr(section, name)]
    if section.ages_rasters:
        if named and named[0] != "raster":
            column = "population.ages_rasters"
            return [Fault("population_ages_unused", "warning", "plan.toml", column=column, value=named[0])]
        named = named or ["ages_rasters"]
    if not named:
        raise InputError([Fault("population_no_source", file="plan.toml", column="population")])
    if len(named) == 1:
        return []
    shown = {"used": named[0]}
    return [Fault("population_sources", "warning", "plan.toml", None, "population", ", ".join(named), shown)]


def _from_buildings(
    section: PopulationSection, zones: Zones, areas: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame | None
) -> tuple[Cells, list[Fault]]:
    """Spread the region's total, or the sum of the sub-areas' where all of them have one."""
    total = section.control_total
    if total is None and "residents" in areas and areas["residents"].notna().all():
        total = float(areas["residents"].sum())
    faults = (
        [] if total else [Fault("population_control_missing", file="plan.toml", column="population.control_total")]
    )
    if buildings is None or not len(buildings):
        faults.append(Fault("population_no_buildings", file="plan.toml", column="population.buildings"))
    raise_errors(faults)
    assert total and buildings is not None
    canvas = make_canvas(zones.boundary, zones.crs, section.display_m)
    return read_buildings(buildings, zones, canvas, total)


def _gap_faults(cells: Cells) -> list[Fault]:
    gap, total = cells.notes.get("residents_gap", 0.0), float(cells.table["residents"].sum())
    if gap <= GAP * total:
        return []
    return [Fault("population_gap", "warning", value=f"{gap:.0f}", params={"share": f"{100 * gap / total:.2g}"})]
