"""What a list of schools can have wrong as a whole: two on one spot, far away, closing before it opens."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from shapely.geometry.base import BaseGeometry

from layers.errors import Fault

ONE_SPOT = "schools_one_spot"
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
    near = zip(first.tolist(), second.tolist(), strict=True)
    pairs = [(one, other) for one, other in near if one < other and not _related(schools, one, other)]
    faults = []
    for rows in spots(pairs, len(schools)):
        ids = tuple(str(schools["id"].iloc[row]) for row in rows)
        shown = {"count": len(ids), "ids": ids}
        place = _row(schools, rows[1])
        faults.append(Fault(ONE_SPOT, "warning", file=file, row=place, value=" / ".join(ids), params=shown))
    return faults


def spots(pairs: Sequence[tuple[int, int]], count: int) -> list[list[int]]:
    """Rows that pairs join to each other, directly or through others; each group and the list in rising order."""
    if not pairs:
        return []
    one, other = np.array(pairs, dtype=np.int64).T
    _, label = connected_components(
        coo_array((np.ones(len(one)), (one, other)), shape=(count, count)), directed=False
    )
    joined = np.unique([one, other])
    groups = [joined[label[joined] == group].tolist() for group in np.unique(label[joined])]
    return sorted(groups)


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
