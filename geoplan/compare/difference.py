"""What changes for each cell between two runs of a region: who gains or loses a place, who walks less or more."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.run import Run

F64 = NDArray[np.float64]

CHANGES = ("gained", "shorter", "longer", "lost")
"""Kinds of change, best first; cells without one have none."""
SHARE = 0.01  # of a cell's pupils: less is no change
STEP_M = 10.0  # metres of the mean walk: less is no change


def cell_changes(first: Run, other: Run, stage: str) -> pd.DataFrame:
    """One row a cell of the first run, in its order.

    Returns
    -------
    DataFrame
        ``cell_id, status_before, status_after, served_change`` (pupils), ``walk_m_change`` (NaN where nobody walks
        before or after), ``change`` (one of `CHANGES`, None where neither a hundredth of the cell's pupils gains or
        loses a place nor the mean walk changes by ten metres).
    """
    before = first.tables["cells"]
    after = other.tables["cells"].set_index("cell_id").reindex(before["cell_id"]).reset_index()
    pupils = np.maximum(*(table[f"pupils_{stage}"].to_numpy(float) for table in (before, after)))
    served = after[f"served_{stage}"].to_numpy(float) - before[f"served_{stage}"].to_numpy(float)
    walk = after[f"walk_m_{stage}"].to_numpy(float) - before[f"walk_m_{stage}"].to_numpy(float)
    return pd.DataFrame(
        {
            "cell_id": before["cell_id"].to_numpy(),
            "status_before": before[f"status_{stage}"].to_numpy(object),
            "status_after": after[f"status_{stage}"].to_numpy(object),
            "served_change": served,
            "walk_m_change": walk,
            "change": change_kinds(pupils, served, walk),
        }
    )


def change_kinds(pupils: F64, served_change: F64, walk_m_change: F64) -> NDArray[np.object_]:
    """One of `CHANGES` a cell, None where nothing much changes: places first, then walks; all of shape (cells,)."""
    with np.errstate(invalid="ignore"):
        kinds = [
            served_change > SHARE * pupils,
            served_change < -SHARE * pupils,
            walk_m_change <= -STEP_M,
            walk_m_change >= STEP_M,
        ]
    return np.array([None, *CHANGES], object)[np.select(kinds, [1, 4, 2, 3], default=0)]


def difference(first: Run, other: Run, stages: list[str]) -> gpd.GeoDataFrame:
    """Cells that change in any stage: the columns of :func:`cell_changes` with ``_<stage>``, and their place."""
    cells = first.tables["cells"]
    parts = [cell_changes(first, other, stage).drop(columns="cell_id").add_suffix(f"_{stage}") for stage in stages]
    named = pd.DataFrame(cells[["cell_id", "area_id"]]).reset_index(drop=True)
    table = gpd.GeoDataFrame(pd.concat([named, *parts], axis=1), geometry=cells.geometry.to_numpy(), crs=cells.crs)
    changed = table[[f"change_{stage}" for stage in stages]].notna().any(axis=1)
    return table[changed].reset_index(drop=True)
