"""The frozen data that leaves this room: everything in one metric CRS, checked, with its sources."""

from __future__ import annotations

from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from layers.errors import Fault
from layers.planfile import PlanFile

STAGES = ("kindergarten", "primary", "junior", "senior")


@dataclass(frozen=True)
class Source:
    """One input file as it was read.

    Parameters
    ----------
    role
        Section of plan.toml it serves: ``population``, ``streets``, ``schools`` …
    file, sha256, bytes, modified
        Name relative to the plan folder, checksum, size, file date (ISO).
    year, licence, note
        Reference year, licence and what was done to it, where known.
    """

    role: str
    file: str
    sha256: str
    bytes: int
    modified: str
    year: int | None = None
    licence: str = ""
    note: str = ""


@dataclass(frozen=True)
class IndexRaster:
    """Which cell a pixel shows: row number into ``Cells.table`` or -1.

    Parameters
    ----------
    cell
        int32, shape (rows, columns), north up.
    transform, crs
        Pixel to coordinates, and the CRS of those coordinates (the input raster's own, or the metric one).
    """

    cell: NDArray[np.int32]
    transform: Affine
    crs: CRS


@dataclass(frozen=True)
class Cells:
    """Residents where they live.

    ``table``: RangeIndex; ``cell_id`` (str, stable, unique), ``x, y`` (metres, float64), ``residents`` (float64),
    ``area_id`` (str), ``side_m`` (float64, side of the cell or 0 for points), and any ``age_<a>`` or
    ``age_<a>_<b>`` columns (float64). ``modelled`` says residents were spread, not observed. ``parts``: the covered
    part of cells that a border cuts, or the polygons of a polygon grid; index = row of ``table``, CRS of ``index``.
    """

    table: pd.DataFrame
    index: IndexRaster
    kind: str  # raster | grid | buildings
    modelled: bool
    notes: dict[str, float] = field(default_factory=dict)  # totals before and after each step, NoData pixels …
    parts: gpd.GeoSeries | None = None


@dataclass(frozen=True)
class Streets:
    """The street graph and what blocks or opens a straight leg.

    ``nodes``: RangeIndex; ``osm_id`` (int64), ``x, y`` (m), ``highway, crossing …`` tags (str or None), ``signals``
    (bool).
    ``edges``: RangeIndex; ``u, v`` (int32 rows of nodes), ``osm_id`` (str), ``length_m`` (float64, ellipsoidal),
    ``walk, private, drive_forward, drive_backward`` (bool), ``ferry_min`` (float64, NaN), ``highway, name`` and
    every tag safety needs (str or None), ``geometry`` (LineString u to v, metric).
    ``barriers``: ``kind`` (wall, fence, rail, motorway, water, cliff), LineStrings. ``openings``: ``kind``, Points.
    """

    nodes: pd.DataFrame
    edges: gpd.GeoDataFrame
    barriers: gpd.GeoDataFrame
    openings: gpd.GeoDataFrame


@dataclass(frozen=True)
class Surroundings:
    """What else the street file holds, all metric.

    ``buildings``: ``osm_id`` (str), ``kind`` (value of building=*), ``levels`` (float64, NaN), ``residential``
    (bool), ``name``, Polygon. ``ground``: ``kind`` (water, green, sea, rail …; power_line, pipeline, fuel and
    internet_cafe, which no map draws), Polygon, LineString or Point.
    ``schools``: ``osm_id`` (str such as ``n123``), ``name``, ``stage`` (guess or None), ``tags`` (dict), Point.
    """

    buildings: gpd.GeoDataFrame
    ground: gpd.GeoDataFrame
    schools: gpd.GeoDataFrame


@dataclass(frozen=True)
class Heights:
    """Heights of the ground in metres: ``values`` float32 (rows, columns), north up, NaN unknown; a metric grid."""

    values: NDArray[np.float32]
    transform: Affine


@dataclass(frozen=True)
class Layers:
    """Everything read for one plan, in ``crs`` (metric).

    ``areas``: ``area_id, name, setting`` (town | rural), optional ``residents, year``; Polygon. One row, the
    region, where no file is given. ``schools``: see docs/data-preparation; per-stage columns always exist.
    ``gates``: ``school_id``, Point; schools without mapped gates have their own point. ``tables``: the optional ones
    that were given (housing, sites, exclusions, ages, births, registered, zones, blocks, stops, venues, costs,
    audit), checked.
    """

    plan: PlanFile
    crs: CRS
    boundary: BaseGeometry
    areas: gpd.GeoDataFrame
    cells: Cells
    streets: Streets
    surroundings: Surroundings
    schools: gpd.GeoDataFrame
    gates: gpd.GeoDataFrame
    tables: dict[str, pd.DataFrame]
    sources: tuple[Source, ...]
    faults: tuple[Fault, ...]  # warnings and notes only: errors have been raised
    heights: Heights | None = None
