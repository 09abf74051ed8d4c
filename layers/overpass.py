"""Questions to an Overpass server and what its answers mean; text in, shapes out, no network here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

Bounds = tuple[float, float, float, float]  # west, south, east, north in degrees

KEYS = (
    "highway", "railway", "waterway", "barrier", "natural", "building", "landuse", "leisure", "amenity", "office",
)  # fmt: skip


@dataclass(frozen=True)
class Place:
    """An administrative area as Overpass found it; ``shape`` in degrees."""

    relation: int
    name: str
    level: str
    shape: BaseGeometry


def streets_query(bounds: Bounds) -> str:
    """Everything ``read_streets`` uses within ``bounds``, with the nodes it needs, as XML sorted by kind and id."""
    west, south, east, north = bounds
    wanted = "".join(f'nwr["{key}"];' for key in KEYS) + 'way["route"="ferry"];'
    return f"[out:xml][timeout:180][bbox:{south:.6f},{west:.6f},{north:.6f},{east:.6f}];({wanted});(._;>;);out body;"


def boundary_query(place: str) -> str:
    """The administrative areas of that name in any of its languages, or the relation ``relation/123``."""
    known = re.fullmatch(r"relation/(\d+)", place.strip())
    if known:
        return f"[out:json][timeout:60];relation({known.group(1)});out geom;"
    quoted = place.replace("\\", "\\\\").replace('"', '\\"')
    one = 'relation["boundary"="administrative"]["{key}"="{name}"];'
    every = "".join(one.format(key=key, name=quoted) for key in ("name", "name:en", "name:zh"))
    return f"[out:json][timeout:60];({every});out geom;"


def places(answer: Mapping[str, Any]) -> list[Place]:
    """The areas of an answer to ``boundary_query``, by id; those whose rings do not close are left out.

    Areas of one name that cover the same ground, as a city and its district may, count once.
    """
    found: list[Place] = []
    for item in sorted(answer.get("elements", ()), key=lambda element: element["id"]):
        shape = _shape(item)
        if item.get("type") == "relation" and not shape.is_empty and not _again(shape, found):
            tags = item.get("tags", {})
            found.append(Place(item["id"], tags.get("name", ""), tags.get("admin_level", "?"), shape))
    return found


def _again(shape: BaseGeometry, found: list[Place]) -> bool:
    return any(shape.symmetric_difference(place.shape).area < 0.01 * shape.area for place in found)


def _shape(item: Mapping[str, Any]) -> BaseGeometry:
    return _rings(item, "outer").difference(_rings(item, "inner"))


def _rings(item: Mapping[str, Any], role: str) -> BaseGeometry:
    lines = [
        shapely.LineString([(point["lon"], point["lat"]) for point in member["geometry"]])
        for member in item.get("members", ())
        if member.get("type") == "way" and (member.get("role") or "outer") == role and len(member["geometry"]) > 1
    ]
    if not lines:
        return shapely.Polygon()
    return shapely.union_all(shapely.get_parts(shapely.polygonize([shapely.union_all(lines)])))
