"""The street file: graph with safety tags, barriers, buildings, ground and schools.

The door is ``read_streets``; ``from_graphml`` and ``from_osmnx`` take graphs made by OSMnx. The modules:

``osm`` one streaming pass with pyosmium · ``access`` who may use a way · ``segments`` ways as arrays ·
``graph`` nodes and edges · ``barriers`` walls, water, rail and their openings · ``surroundings`` buildings and
ground · ``coast`` the sea · ``osm_schools`` schools · ``extent`` coverage of the region and connectedness ·
``osmnx_graph`` graphs of others. Which tag means what stands in the TOML files beside them.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit
from xml.etree.ElementTree import ParseError

import networkx as nx
import pandas as pd
import shapely
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from layers.bundle import Streets, Surroundings
from layers.errors import Fault
from layers.planfile import PlanFile
from layers.streets.access import way_access
from layers.streets.barriers import build_barriers, build_openings, kind_frame, read_barriers
from layers.streets.coast import sea_polygons
from layers.streets.extent import coverage_faults, extract_box, graph_notes, parts_note, window_of
from layers.streets.graph import Gates, build_graph
from layers.streets.osm import SUFFIXES, Extract, read_extract
from layers.streets.osm_schools import build_schools
from layers.streets.osmnx_graph import clipped, from_graphml, from_osmnx
from layers.streets.segments import Points, Segments, segments, within
from layers.streets.surroundings import build_buildings, build_ground, build_spots, metric_polygons

__all__ = ["from_graphml", "from_osmnx", "read_streets"]


def read_streets(
    plan: PlanFile, boundary: BaseGeometry, crs: CRS, buffer_m: float
) -> tuple[Streets, Surroundings, list[Fault]]:
    """Streets and surroundings of a plan within ``buffer_m`` metres of its boundary.

    Parameters
    ----------
    plan
        ``plan.streets.osm`` names the file, ``ferries`` and ``barriers`` are heeded.
    boundary, crs
        The region, metric, and its CRS (any projected CRS in metres).
    buffer_m
        How far beyond the boundary streets, schools and buildings are kept: at least the longest limit in use.

    Returns
    -------
    streets, surroundings, faults
        Empty frames with all columns beside an error when the file cannot be used. Notes count what was cut,
        closed or disconnected.
    """
    region = boundary.buffer(buffer_m)
    fault = _file_fault(plan)
    if fault is not None:
        return *nothing(crs), [fault]
    path = plan.path(street_file(plan) or "")
    if path.suffix == ".graphml":
        streets, surroundings, faults = _read_graph(path, region, crs)
    else:
        streets, surroundings, faults = _read_osm(plan, path, boundary, region, crs)
    if plan.streets.barriers:
        barriers, openings, more = read_barriers(
            plan.path(plan.streets.barriers), region, crs, plan.reading("barriers")
        )
        streets = replace(
            streets,
            barriers=pd.concat([streets.barriers, barriers], ignore_index=True),
            openings=pd.concat([streets.openings, openings], ignore_index=True),
        )
        faults = faults + more
    return streets, surroundings, faults


def nothing(crs: CRS) -> tuple[Streets, Surroundings]:
    """No streets and no surroundings, every column in place."""
    return _assemble(Extract(), shapely.Point(0, 0).buffer(1.0), crs, False)[:2]


def street_file(plan: PlanFile) -> str | None:
    """The file the streets are in: the one named, else the one that ``fetch`` writes for ``url`` or ``place``."""
    section = plan.streets
    if section.osm is None and section.url is not None:
        return PurePosixPath(urlsplit(section.url).path).name or None
    return section.osm or ("streets.osm" if section.place else None)


def _file_fault(plan: PlanFile) -> Fault | None:
    name = street_file(plan)
    if name is None:
        return Fault("streets_not_given", file="plan.toml")
    path = plan.path(name)
    if not path.is_file():
        fetched = plan.streets.url or plan.streets.place
        return Fault("streets_not_fetched" if fetched else "streets_missing", file=name)
    if not name.lower().endswith((*SUFFIXES, ".graphml")):
        return Fault("streets_format", file=name, value=path.suffix)
    return Fault("streets_empty", file=name) if path.stat().st_size == 0 else None


def _read_graph(path: Path, region: BaseGeometry, crs: CRS) -> tuple[Streets, Surroundings, list[Fault]]:
    try:
        streets = clipped(from_graphml(path, crs), region)
    except (ParseError, OSError, ValueError, KeyError, nx.NetworkXError) as error:
        return *nothing(crs), [Fault("streets_unreadable", file=path.name, value=str(error)[:200])]
    notes = [Fault("streets_graph_only", "note", path.name)]
    if streets.edges.empty:
        return *nothing(crs), [*notes, Fault("streets_outside", file=path.name, value="-")]
    return streets, nothing(crs)[1], notes + parts_note(streets.edges, len(streets.nodes), path.name)


def _read_osm(
    plan: PlanFile, path: Path, boundary: BaseGeometry, region: BaseGeometry, crs: CRS
) -> tuple[Streets, Surroundings, list[Fault]]:
    try:
        extract = read_extract(path, window_of(region, crs))
    except (RuntimeError, OSError) as error:
        return *nothing(crs), [Fault("streets_unreadable", file=path.name, value=str(error)[:200])]
    streets, surroundings, read = _assemble(extract, region, crs, plan.streets.ferries)
    points, found, gates = read
    faults = coverage_faults(extract, found, points, boundary, region, path.name)
    if not any(fault.severity == "error" for fault in faults):
        faults += graph_notes(streets.edges, len(streets.nodes), gates, found, path.name)
    return streets, surroundings, faults


def _assemble(
    extract: Extract, region: BaseGeometry, crs: CRS, ferries: bool
) -> tuple[Streets, Surroundings, tuple[Points, Segments, Gates]]:
    ways, nodes, areas = extract.ways, extract.nodes, extract.areas
    points, every = segments(ways, crs)
    found = within(every, points, region)
    shapes = metric_polygons(areas, crs)
    access = [way_access(tags, ferries=ferries) for tags in ways.tags]
    graph_nodes, edges, gates = build_graph(ways, access, found, points, nodes, crs)
    barriers = build_barriers(ways, found, points, (areas.tags, shapes), crs)
    streets = Streets(graph_nodes, edges, barriers, build_openings(ways, access, found, points, nodes, crs))
    sea = sea_polygons(ways, every, points, extract_box(extract, crs, region))
    ground = build_ground(areas, shapes, (ways, found, points), region, crs)
    grounds = [kind_frame(["sea"] * len(sea), sea, crs), ground, build_spots(nodes, region, crs)]
    surroundings = Surroundings(
        buildings=build_buildings(areas, shapes, region, crs),
        ground=pd.concat(grounds, ignore_index=True),
        schools=build_schools(nodes, areas, shapes, region, crs),
    )
    return streets, surroundings, (points, found, gates)
