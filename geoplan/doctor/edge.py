"""The rim of the region: a raster that ends too early, streets that end at the boundary."""

from __future__ import annotations

from collections.abc import Iterator

import shapely
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

from geoplan.doctor.ground import Ground
from layers.bundle import Layers
from layers.errors import Fault

RIM_M = 1000.0
NEAR_EDGE_M = 500.0
THIN = 0.05  # streets outside this much thinner than inside are not there
COVERED = 0.995
READER = "population_partly_outside"


def raster_gap(layers: Layers, ground: Ground) -> Iterator[Fault]:
    """A population raster whose extent leaves out part of the region; silent when the reader has said so."""
    if layers.cells.kind != "raster" or any(fault.code == READER for fault in layers.faults):
        return
    share = 1.0 - layers.boundary.intersection(_extent(layers)).area / layers.boundary.area
    if share > 1.0 - COVERED:
        shown = {"percent": f"{share:.1%}"}
        yield Fault("doctor_raster_short", "warning", layers.plan.population.raster or "", params=shown)


def _extent(layers: Layers) -> BaseGeometry:
    """The rectangle of the index raster, in the metric CRS of the plan."""
    index = layers.cells.index
    rows, columns = index.cell.shape
    corners = [index.transform @ corner for corner in ((0, 0), (columns, 0), (columns, rows), (0, rows))]
    outline = shapely.segmentize(shapely.Polygon(corners), max(abs(index.transform.a) * 8, 1e-6))
    to_metric = Transformer.from_crs(index.crs, layers.crs, always_xy=True).transform
    return shapely.make_valid(shapely.transform(outline, to_metric, interleaved=False))


def closed_edge(layers: Layers, ground: Ground) -> Iterator[Fault]:
    """Streets that stop at the boundary although people live near it: walks across the edge cannot be seen."""
    inner = layers.boundary.difference(layers.boundary.buffer(-RIM_M))
    outer = layers.boundary.buffer(RIM_M).difference(layers.boundary)
    inside, outside = (_metres_per_hectare(ground, rim) for rim in (inner, outer))
    table = layers.cells.table
    edge = layers.boundary.boundary
    shapely.prepare(edge)
    near = shapely.dwithin(shapely.points(table[["x", "y"]].to_numpy(float)), edge, NEAR_EDGE_M)
    residents = float(table["residents"].to_numpy(float)[near].sum())
    if residents > 0 and outside < THIN * inside:
        total = float(table["residents"].sum())
        shown = {"residents": f"{residents:,.0f}", "percent": f"{residents / total:.0%}"}
        yield Fault("doctor_edge_closed", "note", layers.plan.streets.osm or "", params=shown)


def _metres_per_hectare(ground: Ground, rim: BaseGeometry) -> float:
    shapely.prepare(rim)
    middles = shapely.line_interpolate_point(ground.edges.geometry.to_numpy(), 0.5, normalized=True)
    length = ground.edges["length_m"].to_numpy(float)[shapely.contains(rim, middles)].sum()
    return float(length) / max(rim.area / 1e4, 1e-9)
