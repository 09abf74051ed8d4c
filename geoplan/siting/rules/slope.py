"""The slope of the land, from heights where the plan gives them."""

from __future__ import annotations

import math

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geoplan.siting.rules.check import CONDITIONAL, PASS, UNKNOWN, Check, Rule, judge
from geoplan.siting.rules.objects import Around
from geoplan.siting.rules.plot import Plot
from layers.bundle import Heights

LEAST = 4  # heights a plane is laid through; fewer say nothing of a slope


def level_enough(rule: Rule, plot: Plot, about: Around) -> list[Check]:
    """The slope of the plane through the heights on the plot."""
    slope = mean_slope(plot.land.outline, about.heights) if plot.land.drawn and about.heights is not None else None
    if slope is None:
        return [judge(rule, UNKNOWN)]
    return [judge(rule, PASS if slope <= rule.asked else CONDITIONAL, slope=round(slope, 4), asked=rule.asked)]


def mean_slope(outline: BaseGeometry, heights: Heights) -> float | None:
    """Rise by run of the plane with least squares through the heights whose pixel centres lie on the plot.

    None where fewer than four heights are known there, or where they lie on one line.
    """
    grid = heights.transform
    west, south, east, north = outline.bounds
    columns = (west - grid.c) / grid.a, (east - grid.c) / grid.a
    rows = (north - grid.f) / grid.e, (south - grid.f) / grid.e
    height, width = heights.values.shape
    row = np.arange(max(0, math.floor(rows[0])), min(height, math.ceil(rows[1]) + 1))
    column = np.arange(max(0, math.floor(columns[0])), min(width, math.ceil(columns[1]) + 1))
    column, row = (part.ravel() for part in np.meshgrid(column, row))
    x, y = grid.c + (column + 0.5) * grid.a, grid.f + (row + 0.5) * grid.e
    z = heights.values[row, column].astype(np.float64)
    on = np.isfinite(z) & shapely.intersects_xy(outline, x, y)
    if on.sum() < LEAST:
        return None
    plane = np.column_stack([x[on] - x[on].mean(), y[on] - y[on].mean(), np.ones(on.sum())])
    found, _, rank, _ = np.linalg.lstsq(plane, z[on], rcond=None)
    return float(np.hypot(found[0], found[1])) if rank == 3 else None
