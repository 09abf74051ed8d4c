"""Walled compounds with homes inside and no gate on the map."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import shapely
from numpy.typing import NDArray

from geoplan.doctor.ground import Ground, lonlat, names
from layers.bundle import Layers
from layers.errors import Fault

WALLS = ("wall", "fence")
GATE_M = 3.0
SMALL_M2 = 400.0


def closed_compounds(layers: Layers, ground: Ground) -> Iterator[Fault]:
    """Rings of walls and fences with residents inside, no opening on the ring and no walkable way through it."""
    rings = _rings(layers)
    rings = rings[~_touched(rings, layers.streets.openings.geometry.to_numpy())]
    rings = rings[~_crossed(rings, ground.edges.geometry.to_numpy())]
    residents = _residents(layers, rings)
    lived = np.flatnonzero(residents > 0)
    if not len(lived):
        return
    order = lived[np.argsort(-residents[lived], kind="stable")]
    centres = shapely.point_on_surface(rings[order])
    where = [lonlat(layers, point.x, point.y) for point in centres]
    shown = {"compounds": len(order), "residents": f"{residents[order].sum():,.0f}", "at": names(where, 3)}
    yield Fault("doctor_compounds", "warning", layers.plan.streets.osm or "", params=shown)


def _rings(layers: Layers) -> NDArray[np.object_]:
    """Areas enclosed by walls and fences, the outline of each group of touching ones."""
    barriers = layers.streets.barriers
    lines = barriers.geometry[barriers["kind"].isin(WALLS)].to_numpy()
    if not len(lines):
        return np.empty(0, dtype=object)
    faces = shapely.get_parts(
        shapely.polygonize(shapely.get_parts(shapely.node(shapely.multilinestrings(_flat(lines)))))
    )
    return faces[shapely.area(faces) >= SMALL_M2]


def _flat(lines: NDArray[np.object_]) -> NDArray[np.object_]:
    parts = shapely.get_parts(lines)
    return parts[shapely.get_type_id(parts) == 1]


def _touched(rings: NDArray[np.object_], openings: NDArray[np.object_]) -> NDArray[np.bool_]:
    found = np.zeros(len(rings), bool)
    if len(rings) and len(openings):
        asked, _ = shapely.STRtree(openings).query(shapely.boundary(rings), predicate="dwithin", distance=GATE_M)
        found[asked] = True
    return found


def _crossed(rings: NDArray[np.object_], ways: NDArray[np.object_]) -> NDArray[np.bool_]:
    found = np.zeros(len(rings), bool)
    if len(rings) and len(ways):
        asked, _ = shapely.STRtree(ways).query(shapely.boundary(rings), predicate="intersects")
        found[asked] = True
    return found


def _residents(layers: Layers, rings: NDArray[np.object_]) -> NDArray[np.float64]:
    table = layers.cells.table
    asked, inside = shapely.STRtree(shapely.points(table[["x", "y"]].to_numpy(float))).query(
        rings, predicate="contains"
    )
    return np.bincount(asked, weights=table["residents"].to_numpy(float)[inside], minlength=len(rings)).astype(float)
