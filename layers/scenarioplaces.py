"""Where the steps of a scenario stand, in the metric system of the plan."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import shapely
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from layers.boundary import lonlat_bounds
from layers.bundle import Layers
from layers.errors import Fault, raise_errors
from layers.scenariofile import HousingStep, OpenStep, Placed, RetrofitStep, Scenario, fault_in
from layers.tables import places
from layers.tables.project import project
from layers.tables.shapes import polygons

SHAPES = ("Point", "Polygon", "MultiPolygon")


def step_shapes(scenario: Scenario, layers: Layers) -> dict[tuple[int, int], BaseGeometry]:
    """Geometries in ``layers.crs`` by (step from 0, element of a retrofit or 0); none for steps without a place.

    Raises
    ------
    InputError
        Every place that cannot be read or is far from the region, with its step.
    """
    found: dict[tuple[int, int], BaseGeometry] = {}
    faults: list[Fault] = []
    for at, element, shape, crs in _given(scenario, faults):
        placed, wrong = _projected(shape, crs, scenario, layers)
        faults += [_told(fault, at + 1) for fault in wrong]
        if placed is not None:
            found[at, element] = placed
    raise_errors(faults)
    return found


def _told(fault: Fault, step: int) -> Fault:
    """A fault of a table's coordinates as one of a step."""
    code = "scenario_elsewhere" if fault.code == "places_elsewhere" else fault.code
    key = "crs" if fault.code == "crs_unknown" else "lon"
    return replace(fault, code=code, row=None, column=f"steps.{step}.{key}", params={**fault.params, "step": step})


def _given(scenario: Scenario, faults: list[Fault]) -> Iterator[tuple[int, int, BaseGeometry, CRS | None]]:
    for at, step in enumerate(scenario.steps):
        if isinstance(step, RetrofitStep):
            for number, one in enumerate(step.elements):
                if one.lon is not None and one.lat is not None:
                    yield at, number, shapely.Point(one.lon, one.lat), places.LONLAT
        elif isinstance(step, OpenStep | HousingStep):
            shape = _shape(step)
            if isinstance(step, HousingStep) and step.geometry is not None and shape is None:
                faults.append(fault_in(scenario.name, at + 1, "geometry", "scenario_geometry", step.geometry))
            elif shape is not None:
                crs, wrong = (
                    (places.LONLAT, [])
                    if step.x is None
                    else places.read_crs(step.crs or "", scenario.name, f"steps.{at + 1}.crs")
                )
                faults += wrong
                yield at, 0, shape, crs


def _shape(step: Placed) -> BaseGeometry | None:
    """A point or an area as the step gives it; None where it gives none that can be read."""
    if step.lon is not None and step.lat is not None:
        return shapely.Point(step.lon, step.lat)
    if step.x is not None and step.y is not None:
        return shapely.Point(step.x, step.y)
    geometry = step.geometry if isinstance(step, HousingStep) else None
    if geometry is None:
        return None
    try:
        text = isinstance(geometry, str)
        shape = shapely.from_wkt(geometry) if text else shapely.from_geojson(json.dumps(geometry))
    except (shapely.errors.GEOSException, ValueError, TypeError):
        return None
    usable = shape is not None and shape.geom_type in SHAPES and not shape.is_empty
    if not usable or shape.is_valid:
        return shape if usable else None
    mended = polygons(shapely.make_valid(shape))
    return None if mended.is_empty else mended


def _projected(
    shape: BaseGeometry, crs: CRS | None, scenario: Scenario, layers: Layers
) -> tuple[BaseGeometry | None, list[Fault]]:
    near = lonlat_bounds(layers.boundary, layers.crs)
    placed = places.Placed(np.array([shape], dtype=object), crs, [])
    shapes, faults = project(placed, np.zeros(1, np.int64), layers.crs, scenario.datum, near, scenario.name)
    return (None if faults else shapes[0]), faults
