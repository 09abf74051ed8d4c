"""The grid table of a plan, checked, as points or polygons in metres."""

from __future__ import annotations

import geopandas as gpd
from pyproj import CRS, Transformer
from shapely.geometry.base import BaseGeometry

from layers.errors import Fault, raise_errors
from layers.planfile import PlanFile
from layers.schema import contract
from layers.tables import read_checked
from layers.tables.places import read_crs


def read_grid_table(plan: PlanFile, boundary: BaseGeometry, crs: CRS) -> tuple[gpd.GeoDataFrame, list[Fault]]:
    """Read ``plan.population.grid`` under the contract ``grid``.

    Parameters
    ----------
    plan
        Names the file and its datum.
    boundary, crs
        The region and the metric CRS wanted; a grid nowhere near the region is a fault.

    Raises
    ------
    InputError
        Every fault of the table with its row.
    """
    section = plan.population
    to_degrees = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    reading = plan.reading("grid")
    stated, wrong = read_crs(reading.crs, "plan.toml", "tables.grid.crs") if reading.crs else (None, [])
    raise_errors(wrong)
    table, _, faults = read_checked(
        plan.path(section.grid or ""),
        contract=contract("grid"),
        crs=stated,
        reading=reading,
        datum=reading.datum or section.datum,
        to_crs=crs,
        near=to_degrees.transform_bounds(*boundary.bounds),
    )
    return table, list(raise_errors(faults))
