"""Buildings and the ground for the quiet base map, from the areas and lines of an OSM extract."""

from __future__ import annotations

import re
from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from shapely.geometry.base import BaseGeometry

from layers.streets.barriers import kind_frame
from layers.streets.osm import Areas, Nodes, Ways
from layers.streets.segments import Bools, Points, Segments, lines
from layers.streets.tables import Kinds, Tags, is_lifted, kind_of, table


def metric_polygons(areas: Areas, crs: CRS) -> NDArray[np.object_]:
    """The areas in metres, repaired where their rings cross."""
    if not areas.polygon:
        return np.empty(0, dtype=object)
    transform = Transformer.from_crs(4326, crs, always_xy=True).transform
    shapes = shapely.transform(np.array(areas.polygon, dtype=object), transform, interleaved=False)
    broken = ~shapely.is_valid(shapes)
    shapes[broken] = shapely.make_valid(shapes[broken])
    return np.asarray(shapes)


def build_buildings(areas: Areas, shapes: NDArray[np.object_], region: BaseGeometry, crs: CRS) -> gpd.GeoDataFrame:
    """Buildings that touch the region, as ``layers.bundle.Surroundings`` describes them; multipolygons become rows.

    ``residential`` is true for the values of ``building=*`` people live in, for ``building:use=residential`` and the
    like, and for ``building=yes`` with no other use that stands on ``landuse=residential``.
    """
    wanted = [
        row
        for row, tags in enumerate(areas.tags)
        if tags.get("building", "no") not in table("surroundings")["building"]["not_buildings"]
    ]
    rows, parts = _parts_within(np.array(wanted, dtype=np.int64), shapes, region)
    tags = [areas.tags[row] for row in rows]
    lived = _lived_in(tags, parts, _residential_land(areas, shapes))
    columns = {
        "osm_id": pd.Series([areas.osm_id[row] for row in rows], dtype=object),
        "kind": pd.Series([item["building"] for item in tags], dtype=object),
        "levels": pd.Series([levels(item) for item in tags], dtype="float64"),
        "residential": pd.Series(lived, dtype=bool),
        "name": pd.Series([item.get("name") for item in tags], dtype=object),
    }
    return gpd.GeoDataFrame(columns, geometry=list(parts), crs=crs)


def levels(tags: Tags) -> float:
    """Storeys above ground: ``building:levels``, else ``height`` by 3 m a storey; NaN where neither says so."""
    rules = table("surroundings")["building"]
    stated = _number(tags.get("building:levels"))
    if not stated > 0:
        height_m = _metres(tags.get("height") or tags.get("building:height"))
        stated = max(1.0, round(height_m / rules["level_height_m"])) if height_m > 0 else np.nan
    return float(stated) if 0 < stated <= rules["levels_highest"] else np.nan


def _number(text: str | None) -> float:
    """The largest number of ``3``, ``2.5``, ``3;4`` or ``4-6``; NaN without one."""
    found = re.findall(r"\d+(?:[.,]\d+)?", text or "")
    return max((float(part.replace(",", ".")) for part in found), default=np.nan)


def _metres(text: str | None) -> float:
    feet = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(?:ft|')\s*(?:\d+\s*(?:in|\"))?\s*", text or "")
    return float(feet.group(1)) * 0.3048 if feet else _number(text)


def _parts_within(
    rows: NDArray[np.int64], shapes: NDArray[np.object_], region: BaseGeometry
) -> tuple[NDArray[np.int64], NDArray[np.object_]]:
    """Polygons of the shapes in ``rows`` that touch the region, and the row each comes from."""
    parts, index = shapely.get_parts(shapes[rows], return_index=True)
    parts, inner = shapely.get_parts(parts, return_index=True)  # a repaired shape may be a collection
    shapely.prepare(region)
    keep = (shapely.get_type_id(parts) == 3) & shapely.intersects(region, parts)
    return rows[index[inner[keep]]], parts[keep]


def _residential_land(areas: Areas, shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    return shapes[np.array([tags.get("landuse") == "residential" for tags in areas.tags], dtype=bool)]


def _lived_in(tags: Sequence[Tags], parts: NDArray[np.object_], land: NDArray[np.object_]) -> Bools:
    rules = table("surroundings")["building"]
    sure = np.array(
        [
            item["building"] in rules["residential"] or item.get("building:use") in rules["use_residential"]
            for item in tags
        ],
        dtype=bool,
    )
    maybe = np.array(
        [
            item["building"] in rules["unknown"] and not any(key in item for key in rules["other_use"])
            for item in tags
        ],
        dtype=bool,
    )
    if land.size and maybe.any():
        rows = np.flatnonzero(maybe & ~sure)
        hit = shapely.STRtree(land).query(shapely.point_on_surface(parts[rows]), predicate="within")[0]
        sure[rows[np.unique(hit)]] = True
    return sure


def build_ground(
    areas: Areas, shapes: NDArray[np.object_], lines_of: tuple[Ways, Segments, Points], region: BaseGeometry, crs: CRS
) -> gpd.GeoDataFrame:
    """Ground polygons and lines by ``kind`` (water, green, wood, rail, construction, residential ...), clipped.

    Shapes are clipped to the bounding box of the region. What lies in a tunnel is left out: waterways, railways and
    pipelines, the latter also where what flows in them does no harm.
    """
    kinds = [None if "building" in tags else kind_of(tags, table("surroundings")["ground"]) for tags in areas.tags]
    rows, parts = _parts_within(np.flatnonzero([kind is not None for kind in kinds]), shapes, region)
    clipped = shapely.intersection(parts, shapely.box(*region.bounds))
    line_kinds, line_shapes = _ground_lines(*lines_of)
    return kind_frame([kinds[row] or "" for row in rows] + line_kinds, np.concatenate([clipped, line_shapes]), crs)


def _ground_lines(ways: Ways, found: Segments, points: Points) -> tuple[list[str], NDArray[np.object_]]:
    rules = table("surroundings")["ground_line"]
    under = [is_lifted(tags) and tags.get("tunnel", "no") != "no" for tags in ways.tags]
    of_way = [None if below else _line_kind(tags, rules) for tags, below in zip(ways.tags, under, strict=True)]
    kept = found.of(np.array([kind is not None for kind in of_way], dtype=bool)[found.way])
    first = np.flatnonzero(np.diff(kept.piece, prepend=-1))
    return [of_way[row] or "" for row in kept.way[first]], lines(kept, points, kept.piece)


def _line_kind(tags: Tags, rules: Kinds) -> str | None:
    kind = kind_of(tags, rules)
    harmless = kind == "pipeline" and tags.get("substance") in table("surroundings")["pipeline"]["harmless"]
    return None if harmless else kind


def build_spots(nodes: Nodes, region: BaseGeometry, crs: CRS) -> gpd.GeoDataFrame:
    """Tagged nodes a school keeps away from, by ``kind`` (fuel, internet_cafe), as points within the region."""
    kinds = [kind_of(tags, table("surroundings")["ground_point"]) for tags in nodes.tags]
    rows = np.flatnonzero([kind is not None for kind in kinds])
    lonlat = np.array([nodes.lon, nodes.lat], dtype=np.float64)[:, rows]
    points = shapely.points(*Transformer.from_crs(4326, crs, always_xy=True).transform(*lonlat))
    keep = shapely.intersects(region, points)
    return kind_frame([kinds[row] or "" for row in rows[keep]], np.asarray(points, dtype=object)[keep], crs)
