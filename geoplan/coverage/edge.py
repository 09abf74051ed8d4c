"""The region's edge: who lives near it, and what the accounts are with and without the schools beyond it."""

from __future__ import annotations

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geoplan.coverage.demand import Units
from geoplan.coverage.stage import F64, Flags, StageInput


def edge_distance(x: F64, y: F64, boundary: BaseGeometry) -> F64:
    """Metres in a straight line from each point to the line of the boundary; everything in the same metric CRS."""
    line = boundary.boundary
    shapely.prepare(line)
    found: F64 = shapely.distance(shapely.points(x, y), line)
    return found


def near_edge(given: StageInput, units: Units) -> Flags:
    """Units that live within their own limit of the boundary; none where the distance is not given."""
    if "edge_m" not in given.cells:
        return np.zeros(len(units.cell), bool)
    edge_m = given.cells["edge_m"].to_numpy(np.float64, na_value=np.nan)
    return edge_m[units.cell] <= units.limit_m
