"""The land ledger: land reserved for schools against land needed, by sub-area and stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.siting.land import ground_m2
from geoplan.siting.rules.check import FAIL
from geoplan.siting.sizes import MU_M2

COLUMNS = (
    "area_id", "stage", "needed_m2", "reserved_m2", "missing_m2", "conflict_m2",
    "needed_mu", "reserved_mu", "missing_mu", "plots",
)  # fmt: skip
NONE = "none"
ANY = "any"
"""Stage of land that is reserved and that no stage listed needs."""


@dataclass
class _Plot:
    site_id: str
    left_m2: float
    stages: frozenset[str]  # empty: any


def land_ledger(candidates: gpd.GeoDataFrame, owed: pd.DataFrame) -> pd.DataFrame:
    """Reserved, needed and missing land.

    Parameters
    ----------
    candidates
        From :func:`geoplan.siting.candidates.candidates`; only reserved education plots count, with their usable
        land; land shared with an earlier plot counts once.
    owed
        ``area_id, stage, m2``: land needed, one row or more for each sub-area and stage.

    Returns
    -------
    DataFrame
        ``COLUMNS``, by sub-area and then in the order stages first appear in ``owed``. Plots that can hold few stages
        are given out first, to the stages in their order, as far as each needs. ``plots`` names those used, ``none``
        where there is none. Plots that fail a rule are not given out: their land stands as ``conflict_m2``. What no
        stage needs stands in a row of stage ``any``.
    """
    needed = owed.groupby(["area_id", "stage"], sort=False)["m2"].sum()
    stages = list(dict.fromkeys(owed["stage"]))
    reserved = _reserved(candidates)
    areas = sorted({*needed.index.get_level_values(0), *reserved["area_id"].dropna()})
    rows = [row for area in areas for row in _area(area, reserved, needed, stages)]
    table = pd.DataFrame(rows, columns=["area_id", "stage", "needed_m2", "reserved_m2", "conflict_m2", "plots"])
    table["missing_m2"] = np.maximum(table["needed_m2"] - table["reserved_m2"], 0.0)
    table.loc[table["stage"] == ANY, "missing_m2"] = 0.0
    for name in ("needed", "reserved", "missing"):
        table[f"{name}_mu"] = table[f"{name}_m2"] / MU_M2
    return table[list(COLUMNS)]


def _reserved(candidates: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Education plots in order of id, with the land that is theirs alone; unknown land counts as none."""
    plots = candidates[candidates["kind"] == "education_plot"].sort_values("site_id").reset_index(drop=True)
    shapes = plots.geometry.to_numpy()
    whole = ground_m2(shapes, candidates.crs)
    own = [shapely.difference(shape, shapely.union_all(shapes[:at])) for at, shape in enumerate(shapes)]
    share = np.divide(ground_m2(own, candidates.crs), whole, out=np.ones(len(plots)), where=whole > 0)
    return plots.assign(own_m2=np.nan_to_num(plots["usable_m2"].to_numpy(np.float64)) * share)


def _area(
    area: str, reserved: gpd.GeoDataFrame, needed: pd.Series[float], stages: Sequence[str]
) -> list[tuple[object, ...]]:
    here = reserved[reserved["area_id"] == area]
    failing = here["verdict"] == FAIL
    conflict = float(here.loc[failing, "own_m2"].sum())
    plots = [_plot(row, stages) for _, row in here[~failing].iterrows()]
    plots.sort(key=lambda plot: (len(plot.stages), plot.site_id))
    wanted = [stage for stage in stages if (area, stage) in needed.index]
    left = {stage: float(needed[(area, stage)]) for stage in wanted}
    given: dict[str, list[tuple[str, float]]] = {stage: [] for stage in wanted}
    for plot in plots:
        for stage in (stage for stage in wanted if stage in plot.stages):
            share = min(plot.left_m2, left[stage])
            if share > 0:
                plot.left_m2 -= share
                left[stage] -= share
                given[stage].append((plot.site_id, share))
    rows: list[tuple[object, ...]] = [
        (area, stage, float(needed[(area, stage)]), sum(m2 for _, m2 in given[stage]), conflict, _ids(given[stage]))
        for stage in wanted
    ]
    spare = [(plot.site_id, plot.left_m2) for plot in plots if plot.left_m2 > 0]
    if spare or (conflict and not wanted):
        rows.append((area, ANY, 0.0, sum(m2 for _, m2 in spare), conflict, _ids(spare)))
    return rows


def _plot(row: pd.Series, stages: Sequence[str]) -> _Plot:
    """A plot with the stages it can hold a class of; a stage it says nothing about may use it."""
    holds = {stage for stage in stages if row.get(f"max_classes_{stage}", np.nan) != 0}
    return _Plot(str(row["site_id"]), float(row["own_m2"]), frozenset(holds))


def _ids(parts: Sequence[tuple[str, float]]) -> str:
    return "; ".join(sorted(site for site, _ in parts)) or NONE
