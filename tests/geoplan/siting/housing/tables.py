"""Small housing tables by hand."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pandas as pd

METRIC = "EPSG:32649"


def housing(*rows: dict[str, Any]) -> gpd.GeoDataFrame:
    """Projects with ``id`` and, where not said, no dwellings known, ready 2026, at 0, 0."""
    table = pd.DataFrame(
        [{"ready": 2026.0, "status": None, "x": 0.0, "y": 0.0, "dwellings": float("nan"), **row} for row in rows]
    )
    places = gpd.points_from_xy(table["x"], table["y"], crs=METRIC)
    return gpd.GeoDataFrame(table.drop(columns=["x", "y"]), geometry=places)


def frame(columns: str, *rows: tuple[Any, ...]) -> pd.DataFrame:
    """A table from rows; ids and stages are text even where there is no row."""
    return pd.DataFrame(list(rows), columns=columns.split())
