"""Scaling counts to known totals of the region or of its sub-areas; every factor is kept and, when odd, said."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd

from layers.bundle import Cells
from layers.errors import Fault

FACTOR_RANGE = (0.8, 1.25)
"""Factors outside this are a warning: the counts and the total then probably mean different people or years."""

AGREE = 0.005
"""Sub-area totals and the region's total may differ by this share without a warning."""


def scale_to_controls(
    cells: Cells, areas: gpd.GeoDataFrame, control_total: float | None, *, factors_mean: bool = True
) -> tuple[Cells, list[Fault]]:
    """Scale residents (and ages) to the totals given.

    Parameters
    ----------
    cells
        Cells whose ``area_id`` is set.
    areas
        ``area_id`` and, where totals are known, ``residents`` (NaN elsewhere). Sub-area totals win over the region's.
    control_total
        Residents of the region; sub-areas without a total of their own share what is left.
    factors_mean
        False where the counts before are only weights, so that a factor says nothing.

    Returns
    -------
    The scaled cells with ``factor_<area_id>`` or ``factor``, ``control_total`` and ``residents`` in their notes;
    warnings and errors.
    """
    before = cells.table.groupby("area_id")["residents"].sum()
    targets, faults = _targets(before, _given(areas), control_total)
    factors = {area: total / float(before[area]) for area, total in targets.items() if before.get(area, 0.0) > 0}
    scaled = _scaled(cells, pd.Series(factors, dtype=np.float64))
    if factors_mean:
        faults += _factor_faults(factors)
    notes = dict(cells.notes) | _factor_notes(factors, single=len(areas) == 1 or not len(_given(areas)))
    if control_total is not None:
        notes["control_total"] = control_total
    notes["residents"] = float(scaled["residents"].sum())
    return replace(cells, table=scaled, notes=notes), faults


def _given(areas: gpd.GeoDataFrame) -> pd.Series:
    """Residents by ``area_id`` where given."""
    if "residents" not in areas:
        return pd.Series(dtype=np.float64)
    found = pd.Series(areas["residents"].to_numpy(dtype=np.float64), index=areas["area_id"].astype(str))
    return found.dropna().sort_index()


def _targets(
    before: pd.Series, given: pd.Series, control_total: float | None
) -> tuple[dict[str, float], list[Fault]]:
    """The total each sub-area must reach, where one is known."""
    faults = [
        Fault("population_area_empty", "warning", column="residents", value=f"{total:g}", params={"area": area})
        for area, total in given.items()
        if total > 0 and before.get(area, 0.0) <= 0
    ]
    targets = {str(area): float(total) for area, total in given.items()}
    rest = before.drop(index=given.index, errors="ignore")
    if control_total is None:
        return targets, faults
    left = control_total - float(given.sum())
    shown = {"areas": f"{given.sum():.10g}", "total": f"{control_total:.10g}"}
    if rest.sum() > 0 and left >= 0:
        targets |= {str(area): float(left * value / rest.sum()) for area, value in rest.items()}
    elif rest.sum() > 0:
        faults.append(Fault("population_areas_exceed", column="control_total", params=shown))
    elif abs(left) > AGREE * control_total:
        faults.append(Fault("population_controls_differ", "warning", column="control_total", params=shown))
    return targets, faults


def _scaled(cells: Cells, factors: pd.Series) -> pd.DataFrame:
    table = cells.table.copy()
    factor = table["area_id"].map(factors).fillna(1.0).to_numpy(dtype=np.float64)
    for column in ("residents", *(name for name in table if str(name).startswith("age_"))):
        table[column] = table[column].to_numpy(dtype=np.float64) * factor
    return table


def _factor_faults(factors: dict[str, float]) -> list[Fault]:
    low, high = FACTOR_RANGE
    odd = {area: factor for area, factor in sorted(factors.items()) if not low <= factor <= high}
    if len({f"{factor:.9g}" for factor in odd.values()}) == 1 and len(odd) == len(factors):
        odd = {"*": next(iter(odd.values()))}
    return [
        Fault("population_factor", "warning", value=f"{factor:.4g}", params={"area": area})
        for area, factor in odd.items()
    ]


def _factor_notes(factors: dict[str, float], *, single: bool) -> dict[str, float]:
    if single:
        return {"factor": next(iter(factors.values()), 1.0)}
    return {f"factor_{area}": factor for area, factor in sorted(factors.items())}
