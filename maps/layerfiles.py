"""What the API hands out of a run: the rows chosen, the files written once."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry import LineString, Point
from shapely.geometry.base import BaseGeometry

from geoplan.errors import PlanError
from geoplan.exports import export
from geoplan.identity import plain
from geoplan.run import Run

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


def geopackage(run: Run, folder: Path, language: str) -> Path:
    """The GeoPackage of a run, written once per language into ``folder``."""
    out = folder / language
    with _exporting:
        found = sorted(out.glob("*.gpkg"))
        return found[0] if found else next(p for p in export(run, ["gpkg"], out, language=language))


DOCUMENTS: Mapping[str, str] = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def proposal(run: Run, folder: Path, ending: str, language: str) -> Path:
    """The siting proposal of a run in one format, written once per language into ``folder``."""
    out = folder / language
    with _exporting:
        found = sorted(out.glob(f"*-proposal-{language}.{ending}"))
        return found[0] if found else export(run, [ending], out, language=language)[0]


__all__ = ["DOCUMENTS", "geopackage", "neighbours", "page_of", "parse_bbox", "plain", "proposal", "rows_inside"]
