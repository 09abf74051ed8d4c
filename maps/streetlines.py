"""Streets as short lists of whole numbers for ``map.html``: the important ones first, within a budget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from maps.basemap import STREET_CLASSES, street_class

MOST_LINES = 5_000
MOST_BYTES = 1_000_000
UNIT = 1e-5  # degrees, about a metre
DETAIL = 2e-5  # degrees a line may be off


@dataclass(frozen=True)
class StreetLines:
    """``lines``: class -> lines, each ``[x0, y0, dx1, dy1, …]`` in units of 1e-5 degrees, points as steps."""

    lines: Mapping[str, list[list[int]]]
    total: int
    left_out: int


def street_lines(
    tables: Mapping[str, pd.DataFrame], *, most_lines: int = MOST_LINES, most_bytes: int = MOST_BYTES
) -> StreetLines:
    """The streets of a run, joined where they meet end to end; large classes first, then long lines first."""
    streets = tables.get("base_streets")
    if not isinstance(streets, gpd.GeoDataFrame) or streets.empty:
        return StreetLines({}, 0, 0)
    classed = street_class(streets["highway"])
    joined = {name: _joined(streets.geometry[classed == name]) for name in STREET_CLASSES}
    kept: dict[str, list[list[int]]] = {name: [] for name in joined}
    lines_left, bytes_left = most_lines, most_bytes
    for name, lines in joined.items():
        for line in lines:
            numbers = _numbers(line)
            size = len(str(numbers))
            if lines_left == 0 or size > bytes_left:
                break
            kept[name].append(numbers)
            lines_left, bytes_left = lines_left - 1, bytes_left - size
    total = sum(len(lines) for lines in joined.values())
    return StreetLines(kept, total, total - sum(len(lines) for lines in kept.values()))


def _joined(lines: gpd.GeoSeries) -> list[shapely.LineString]:
    if lines.empty:
        return []
    whole = shapely.line_merge(
        shapely.union_all(shapely.MultiLineString(shapely.get_parts(lines.to_numpy()).tolist()))
    )
    parts = shapely.simplify(shapely.get_parts(whole), DETAIL)
    order = np.lexsort((shapely.to_wkt(parts, rounding_precision=6), -shapely.length(parts)))
    return list(parts[order])


def _numbers(line: shapely.LineString) -> list[int]:
    steps = np.diff(np.round(shapely.get_coordinates(line) / UNIT).astype(np.int64), axis=0, prepend=0)
    return [int(value) for value in steps.ravel()]
