"""What the API hands out of a run: the rows chosen, the files written once."""

from __future__ import annotations

import math
import threading

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry import LineString, Point
from shapely.geometry.base import BaseGeometry

from geoplan.errors import PlanError
from geoplan.identity import plain

Box = tuple[float, float, float, float]
_exporting = threading.Lock()


def parse_bbox(text: str | None) -> Box | None:
    """``west,south,east,north`` in degrees; PlanError when it is something else."""
    if text is None:
        return None
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise PlanError(f"bbox={text!r}: west,south,east,north in degrees are expected") from None
    if not all(map(math.isfinite, (west, south, east, north))) or west > east or south > north:
        raise PlanError(f"bbox={text!r}: west may not exceed east, nor south north")
    return west, south, east, north


def rows_inside(table: pd.DataFrame, box: Box | None) -> pd.DataFrame:
    """Rows whose geometry touches the box, in table order; all rows without a box."""
    if box is None:
        return table
    if not isinstance(table, gpd.GeoDataFrame):
        raise PlanError("this layer has no places: leave bbox out")
    return table.iloc[np.sort(table.sindex.query(_shape(box), predicate="intersects"))]


def _shape(box: Box) -> BaseGeometry:
    """The box as a geometry; a line or a point where it has no area."""
    west, south, east, north = box
    if west < east and south < north:
        return shapely.box(west, south, east, north)
    return Point(west, south) if (west, south) == (east, north) else LineString([(west, south), (east, north)])


def page_of(table: pd.DataFrame, limit: int | None, offset: int) -> pd.DataFrame:
    """At most ``limit`` rows from row ``offset`` on."""
    return table.iloc[offset : None if limit is None else offset + limit]


def neighbours(total: int, limit: int | None, offset: int) -> dict[str, int]:
    """Where the next and the previous page begin, where there are any; none without a limit."""
    if not limit:
        return {}
    found = {"next": offset + limit} if offset + limit < total else {}
    return found | ({"prev": max(0, min(offset, total) - limit)} if offset else {})


__all__ = ["neighbours", "page_of", "parse_bbox", "plain", "rows_inside"]
