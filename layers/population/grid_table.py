"""The grid table of a plan, checked, as points or polygons in metres."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
from pyproj import CRS

from layers.errors import Fault, raise_errors
from layers.planfile import PlanFile


def read_grid_table(plan: PlanFile, crs: CRS) -> tuple[gpd.GeoDataFrame, list[Fault]]:
    """Read ``plan.population.grid``: ``residents``, geometry, optional ``id`` and ``age_`` columns."""
    name = plan.population.grid or ""
    path = plan.path(name)
    if not path.is_file():
        raise_errors([Fault("population_missing", file=name)])
    if path.suffix.lower() == ".csv":
        frame = pd.read_csv(path, dtype={"id": "str"})
        table = gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(frame["lon"], frame["lat"]), crs="EPSG:4326")
    else:
        table = gpd.read_file(path)
    return table.to_crs(crs), []
