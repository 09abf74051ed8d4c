"""A row of cells and housing projects beside it."""

from __future__ import annotations

from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import box

from geoplan import standards as st
from geoplan.demand import pupils
from geoplan.demand.newhomes import with_new_homes
from geoplan.demand.outlook import Frame, Outlook, outlook
from geoplan.standards import Standards
from layers.planfile import DemandSection
from tests.geoplan.test_demand import cells

STAGES = ("kindergarten", "primary", "junior", "senior")


class Town(NamedTuple):
    """What a town with new housing looks ahead to."""

    cells: pd.DataFrame
    ahead: Outlook


def housing(*projects: dict[str, Any], at: tuple[float, float] = (1.5, 0.5)) -> gpd.GeoDataFrame:
    """Projects as the reader gives them, in squares of 20 cm about one place."""
    table = pd.DataFrame(list(projects))
    for name in ("status", "in_population"):
        if name not in table:
            table[name] = None
        table[name] = table[name].astype(object).where(table[name].notna(), None)
    shape = box(at[0] - 0.1, at[1] - 0.1, at[0] + 0.1, at[1] + 0.1)
    return gpd.GeoDataFrame(table, geometry=[shape] * len(table), crs=32632)


def town(
    residents: list[float],
    projects: gpd.GeoDataFrame | None,
    *,
    year: int = 2023,
    standards: Standards | None = None,
    ages: float = 10.0,
    tables: dict[str, pd.DataFrame] | None = None,
    **choice: Any,
) -> Town:
    """Cells of one metre in a row, ``ages`` children of every age in each, and what is built."""
    norms = standards or st.load("neutral")
    count = len(residents)
    found = cells(residents, **{f"age_{age}": [ages] * count for age in range(19)})
    place = gpd.GeoDataFrame({"area_id": ["a"], "setting": "town"}, geometry=[box(0, 0, 9, 1)], crs=32632)
    full = with_new_homes(found, projects, place, year)
    held = {**(tables or {}), **({} if projects is None else {"housing": projects})}
    counted = pupils(full, place, held, norms, STAGES, population_year=year, school_year=year)
    frame = Frame(year, year, (2025, 2027, 2035), DemandSection(**choice))
    return Town(full.table, outlook(counted, full, place, held, norms, frame))


def by_cell(table: pd.DataFrame) -> list[float]:
    """Pupils of every cell."""
    return np.asarray(table.groupby("cell")["pupils"].sum()).tolist()
