"""Residents by age from rasters of age groups and sexes, on the pixels and through the borders of one raster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import rasterio
from numpy.typing import NDArray
from pyproj import CRS
from rasterio.windows import Window

from layers.age_files import AgeGroup, complete
from layers.bundle import Cells
from layers.errors import Fault, raise_errors
from layers.population.raster import cells_of_patch
from layers.population.window import DRIVERS, NEGATIVE, NODATA, OK, Patch, read_patch, read_values
from layers.population.zones import Zones

Counts = NDArray[np.float64]
AGREE = 0.01
"""Residents of all ages and residents of the raster may differ by this share without a warning."""


def read_age_rasters(
    root: Path, groups: Sequence[AgeGroup], total: str | None, zones: Zones
) -> tuple[Cells, list[Fault]]:
    """Cells with residents and a column for every age group.

    Parameters
    ----------
    root
        The plan folder.
    groups
        From :func:`layers.age_files.age_groups`; all rasters must share one grid.
    total
        The raster of all residents, on the same grid; None: residents are the sum of the age groups, which must then
        hold everybody.
    zones
        Region and sub-areas, metric.

    Returns
    -------
    Cells of the raster's pixels. The sum of every column is the area-weighted sum of its rasters inside the boundary;
    a pixel with children but no residents becomes a cell too.

    Raises
    ------
    InputError
        What :func:`layers.population.window.read_patch` finds; another grid; not all ages and no total.
    """
    if total is None and not complete(groups):
        raise_errors([Fault("population_ages_incomplete", file=groups[-1].files[-1], value=f"{groups[-1].last}")])
    first = total or groups[0].files[0]
    patch, there, faults = read_patch(root / first, first, zones)
    every, states, negative = _sum(root, groups, patch, first)
    faults += negative
    people = every if total is None else patch.values.astype(np.float64)
    state = states if total is None else np.where(every > 0, OK, patch.state)
    base = replace(patch, values=np.where(people > 0, people, every), state=state.astype(np.uint8))
    cells, division, found = cells_of_patch(base, there, zones, first)
    share, at = division.shares.share, (division.rows, division.columns)
    columns = {group.column: _group(root, group, patch, first)[at] * share for group in groups}
    table = cells.table.assign(residents=people[at] * share, **columns)
    notes = cells.notes | {"residents_read": float(table["residents"].sum())}
    if total is not None and complete(groups):
        found += _disagreement(table, list(columns), total)
    return replace(cells, table=table, notes=notes), [*faults, *found]


def _sum(
    root: Path, groups: Sequence[AgeGroup], patch: Patch, first: str
) -> tuple[Counts, NDArray[np.uint8], list[Fault]]:
    """Everybody of any age per pixel; NODATA where no raster has a number; rasters with negative pixels."""
    every = np.zeros(patch.values.shape)
    state = np.full(patch.values.shape, NODATA, dtype=np.uint8)
    faults = []
    for name in (name for group in groups for name in group.files):
        values, states = _window(root, name, patch, first)
        every += values
        state[states == OK] = OK
        if count := int((states == NEGATIVE).sum()):
            faults.append(Fault("population_negative", "warning", file=name, value=f"{count}"))
    return every, state, faults


def _group(root: Path, group: AgeGroup, patch: Patch, first: str) -> Counts:
    """One age group, both sexes."""
    found = np.zeros(patch.values.shape)
    for name in group.files:
        found += _window(root, name, patch, first)[0]
    return found


def _window(root: Path, name: str, patch: Patch, first: str) -> tuple[Counts, NDArray[np.uint8]]:
    """The window of another raster of the same grid, nobody where it has no number."""
    path = root / name
    if path.suffix.lower() not in DRIVERS:
        raise_errors([Fault("population_format", file=name, value=path.suffix, params={"known": " ".join(DRIVERS)})])
    rows, columns = patch.values.shape
    top = patch.row if patch.step > 0 else patch.row - rows + 1
    try:
        with rasterio.open(path, driver=DRIVERS[path.suffix.lower()]) as dataset:
            crs = None if dataset.crs is None else CRS.from_wkt(dataset.crs.to_wkt())
            window = Window(patch.column, top, columns, rows)
            found = read_values(dataset, window, crs or patch.crs)
            fits = crs == patch.crs and top + rows <= dataset.height and patch.column + columns <= dataset.width
    except rasterio.errors.RasterioError as error:
        raise_errors([Fault("population_unreadable", file=name, value=str(error).replace(str(path), name)[:200])])
        raise
    if not fits or not found.transform.almost_equals(patch.transform, precision=abs(patch.transform.a) * 1e-6):
        raise_errors([Fault("population_ages_grid", file=name, value=first)])
    return found.values.astype(np.float64), found.state


def _disagreement(table: pd.DataFrame, columns: list[str], total: str) -> list[Fault]:
    people, ages = float(table["residents"].sum()), float(table[columns].to_numpy().sum())
    if abs(ages - people) <= AGREE * people:
        return []
    shown = {"ages": f"{ages:.0f}"}
    return [Fault("population_ages_differ", "warning", file=total, value=f"{people:.0f}", params=shown)]
