"""What a list of schools can have wrong as a whole: two on one spot, far away, closing before it opens."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely.geometry.base import BaseGeometry

from layers.errors import Fault

SAME_SPOT_M = 1.0
FAR_M = 1_000.0
"""A school said to be inside, but farther out than this, has a wrong place or a wrong scope."""


def check_schools(schools: gpd.GeoDataFrame, boundary: BaseGeometry | None, file: str) -> list[Fault]:
    """Faults of the schools together; ``_row``, where there, holds their spreadsheet rows."""
    faults = [*_one_spot(schools, file), *_years(schools, file)]
    if boundary is not None and len(schools):
        faults += _far(schools, boundary, file)
        if not schools.geometry.intersects(boundary).any():
            faults.append(Fault("schools_all_outside", "warning", file=file))
    return faults


def _row(schools: gpd.GeoDataFrame, number: int) -> int | None:
    return int(schools["_row"].iloc[number]) if "_row" in schools else None


def _one_spot(schools: gpd.GeoDataFrame, file: str) -> list[Fault]:
    """Schools on one spot, unless they are campuses of one institution or one is the other's campus."""
    if not len(schools):
        return []
    first, second = schools.sindex.query(schools.geometry, predicate="dwithin", distance=SAME_SPOT_M)
    faults = []
    for one, other in sorted(zip(first.tolist(), second.tolist(), strict=True)):
        if one < other and not _related(schools, one, other):
            pair = f"{schools['id'].iloc[one]} / {schools['id'].iloc[other]}"
            faults.append(Fault("schools_one_spot", "warning", file=file, row=_row(schools, other), value=pair))
    return faults


def _related(schools: gpd.GeoDataFrame, one: int, other: int) -> bool:
    roots = [
        schools["id"].iloc[number] if pd.isna(parent) else parent
        for number, parent in ((one, schools["campus_of"].iloc[one]), (other, schools["campus_of"].iloc[other]))
    ]
    return bool(roots[0] == roots[1])


def _years(schools: gpd.GeoDataFrame, file: str) -> list[Fault]:
    wrong = np.flatnonzero((schools["closes"] <= schools["opened"]).to_numpy())
    return [
        Fault(
            "school_closes_first",
            file=file,
            row=_row(schools, number),
            column="closes",
            value=f"{schools['closes'].iloc[number]:.0f}",
            params={"opened": f"{schools['opened'].iloc[number]:.0f}"},
        )
        for number in wrong.tolist()
    ]


def _far(schools: gpd.GeoDataFrame, boundary: BaseGeometry, file: str) -> list[Fault]:
    away_m = schools.geometry.distance(boundary).to_numpy()
    said = (schools["scope"] == "inside").to_numpy()
    return [
        Fault(
            "school_far",
            "warning",
            file=file,
            row=_row(schools, number),
            column="scope",
            value=str(schools["id"].iloc[number]),
            params={"kilometres": f"{away_m[number] / 1000:.1f}"},
        )
        for number in np.flatnonzero(said & (away_m > FAR_M)).tolist()
    ]
