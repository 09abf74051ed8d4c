"""Geometries against a contract: the right type, valid, not empty."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from layers.errors import Fault
from layers.schema import Contract

Shapes = NDArray[np.object_]


def fit(geometry: Shapes, contract: Contract, rows: NDArray[np.int64], file: str) -> tuple[Shapes, list[Fault]]:
    """Geometries of the contract's types: single points out of multi types, crossing polygons mended with a warning.

    A geometry with a fault becomes None.
    """
    out = np.full(len(geometry), None, dtype=object)
    faults: list[Fault] = []
    for position in np.flatnonzero(~shapely.is_missing(geometry)):
        shape, fault = _one(geometry[position], contract, int(rows[position]), file)
        out[position] = shape
        faults += [fault] if fault else []
    return out, faults


def _one(shape: shapely.Geometry, contract: Contract, row: int, file: str) -> tuple[shapely.Geometry, Fault | None]:
    kind = shape.geom_type
    if kind == "MultiPoint" and len(shape.geoms) == 1:
        shape, kind = shape.geoms[0], "Point"
    plain = "LineString" if kind == "LinearRing" else kind.removeprefix("Multi")
    if kind == "MultiPoint" or plain not in contract.geometry:
        wanted = ", ".join(contract.geometry)
        return None, Fault("geometry_kind", file=file, row=row, value=kind, params={"wanted": wanted})
    if plain != "Polygon" or shape.is_valid:
        return shape, None
    mended = polygons(shapely.make_valid(shape))
    why = shapely.is_valid_reason(shape)[:60]
    if mended.is_empty:
        return None, Fault("geometry_broken", file=file, row=row, value=why)
    return mended, Fault("geometry_mended", "warning", file=file, row=row, value=why)


def polygons(shape: shapely.Geometry) -> shapely.Geometry:
    """The polygonal part of a geometry, possibly empty."""
    parts = [part for part in shapely.get_parts(shape, return_index=False) if part.geom_type == "Polygon"]
    nested = [part for part in shapely.get_parts(shape) if part.geom_type == "MultiPolygon"]
    return shapely.union_all([*parts, *nested]) if parts or nested else shapely.Polygon()
