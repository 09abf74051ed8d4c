"""The cells of runs side by side: those of new housing stand in some runs only, and are empty in the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import geopandas as gpd
import pandas as pd

from geoplan.demand.newhomes import PREFIX
from geoplan.run import Run

NOBODY = ("pupils", "served", "no_place", "out", "off")


def counted_cells(run: Run) -> frozenset[str]:
    """Ids of the cells that the population data gave, without those of new housing."""
    return frozenset(name for name in _ids(run) if not name.startswith(PREFIX))


def with_all_cells(runs: Sequence[Run]) -> list[Run]:
    """The runs with a cell for every housing project of any of them; nobody lives there where a run has it not."""
    every: dict[str, pd.DataFrame] = {}
    for run in runs:
        for name, at in _projects(run).items():
            every.setdefault(name, run.tables["cells"].iloc[[at]])
    return [_completed(run, {key: row for key, row in every.items() if key not in _projects(run)}) for run in runs]


def _ids(run: Run) -> list[str]:
    return [str(name) for name in run.tables["cells"]["cell_id"].to_numpy(object)]


def _projects(run: Run) -> dict[str, int]:
    return {name: at for at, name in enumerate(_ids(run)) if name.startswith(PREFIX)}


def _completed(run: Run, lacking: dict[str, pd.DataFrame]) -> Run:
    if not lacking:
        return run
    table = run.tables["cells"]
    rows = [_empty(row, table) for _, row in sorted(lacking.items())]
    joined = gpd.GeoDataFrame(pd.concat([table, *rows], ignore_index=True), geometry="geometry", crs=table.crs)
    return replace(run, tables={**run.tables, "cells": joined})


def _empty(row: pd.DataFrame, like: pd.DataFrame) -> pd.DataFrame:
    """The place of a cell with nobody in it, in the columns of another table."""
    found = row.reindex(columns=like.columns).reset_index(drop=True)
    found["residents"] = 0.0
    for name in map(str, like.columns):
        if name.startswith("status_"):
            found[name] = "none"
        elif name.rpartition("_")[0] in NOBODY:
            found[name] = 0.0
        elif name.startswith(("walk_m_", "nearest_m_", "straight_m_", "accessibility_")):
            found[name] = float("nan")
        elif name.startswith(("school_", "site_")):
            found[name] = None
    return found.astype({name: kind for name, kind in like.dtypes.items() if kind.kind == "f"})
