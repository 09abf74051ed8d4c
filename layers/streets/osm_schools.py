"""Schools of the OSM extract, with a guess of their stage."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from shapely.geometry.base import BaseGeometry

from layers.streets.osm import Areas, Nodes, public_id
from layers.streets.tables import Tags, table

GROUNDS = ("school", "kindergarten")  # amenity=*
HOUSES = ("school", "kindergarten", "college")  # building=*
OFFICES = ("educational_institution",)
CAMPUSES = ("university", "college")


class Found(NamedTuple):
    """One mapped object that may be a school."""

    osm_id: str
    tags: Tags
    point: shapely.Point
    ground: BaseGeometry | None  # its area, where it has one


def build_schools(
    nodes: Nodes, areas: Areas, shapes: NDArray[np.object_], region: BaseGeometry, crs: CRS
) -> gpd.GeoDataFrame:
    """Schools and kindergartens whose point lies in the region, as ``layers.bundle.Surroundings`` describes them.

    Taken are ``amenity=school|kindergarten``, named ``building=school|kindergarten|college`` that stand in no such
    ground, and ``office=educational_institution``. A node or a ground inside another ground of the same kind is the
    same school when its name is the same or missing. On a university's ground a building counts only when its name
    tells a stage.
    """
    candidates = sorted(_candidates(nodes, areas, shapes, crs), key=lambda item: item.osm_id)
    shapely.prepare(region)
    campuses = shapes[np.array([tags.get("amenity") in CAMPUSES for tags in areas.tags], dtype=bool)]
    kept = [item for item in _distinct(candidates, campuses) if region.contains(item.point)]
    columns = {
        "osm_id": pd.Series([item.osm_id for item in kept], dtype=object),
        "name": pd.Series([name_of(item.tags) for item in kept], dtype=object),
        "stage": pd.Series([guess_stage(item.tags) for item in kept], dtype=object),
        "tags": pd.Series([dict(item.tags) for item in kept], dtype=object),
    }
    return gpd.GeoDataFrame(columns, geometry=[item.point for item in kept], crs=crs)


def name_of(tags: Tags) -> str | None:
    """``name``, else ``name:zh``, ``name:en``, ``official_name``, ``operator``."""
    keys = ("name", "name:zh", "name:zh-Hans", "name:en", "official_name", "short_name")
    return next((tags[key] for key in keys if tags.get(key)), None)


def guess_stage(tags: Tags) -> str | None:
    """A stage from ``isced:level``, then the name, then ``school=*`` and the like; None where nothing says it.

    ``amenity=kindergarten`` is a kindergarten unless its name says otherwise. Junior and senior under one roof
    have no stage of their own and come out as junior.

    Examples
    --------
    >>> guess_stage({"amenity": "school", "name": "清华附小"})
    'primary'
    >>> guess_stage({"amenity": "school", "isced:level": "1-2"})
    'nine_year'
    """
    return _by_isced(tags.get("isced:level", "")) or _by_name(tags) or _by_value(tags) or _by_amenity(tags)


def _by_isced(text: str) -> str | None:
    spans = re.findall(r"([0-3])(?:\s*-\s*([0-3]))?", text)
    digits = {level for low, high in spans for level in range(int(low), int(high or low) + 1)}
    return table("stages")["isced"].get("".join(str(level) for level in sorted(digits)))


def _by_name(tags: Tags) -> str | None:
    keys = ("name", "name:zh", "name:en", "name:fr", "name:pt", "official_name", "alt_name")
    guesses = (_by_words(tags[key].lower()) for key in keys if key in tags)
    return next((guess for guess in guesses if guess), None)


def _by_words(text: str) -> str | None:
    rules = table("stages")["words"]
    return next((rule["stage"] for rule in rules if any(_occurs(word, text) for word in rule["words"])), None)


def _occurs(word: str, text: str) -> bool:
    if word.isascii() or (word[0].isalpha() and ord(word[0]) < 0x2E80):
        return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is not None
    return word in text


def _by_value(tags: Tags) -> str | None:
    rules = table("stages")
    for key in rules["keys"]["names"]:
        found = rules["values"].get(tags.get(key, "").lower())
        if found is not None:
            return found
    return None


def _by_amenity(tags: Tags) -> str | None:
    return "kindergarten" if tags.get("amenity") == "kindergarten" else None


def _candidates(nodes: Nodes, areas: Areas, shapes: NDArray[np.object_], crs: CRS) -> Iterator[Found]:
    rows = [row for row, tags in enumerate(nodes.tags) if is_school(tags)]
    x, y = Transformer.from_crs(4326, crs, always_xy=True).transform(
        [nodes.lon[row] for row in rows], [nodes.lat[row] for row in rows]
    )
    for row, place_x, place_y in zip(rows, x, y, strict=True):
        yield Found(f"n{public_id(nodes.osm_id[row])}", nodes.tags[row], shapely.Point(place_x, place_y), None)
    for row, tags in enumerate(areas.tags):
        if is_school(tags):
            yield Found(areas.osm_id[row], tags, shapely.point_on_surface(shapes[row]), shapes[row])


def is_school(tags: Tags) -> bool:
    """Whether the tags name a school ground, a named school building or an educational institution."""
    if tags.get("amenity") in GROUNDS:
        return True
    if tags.get("building") in HOUSES and tags.get("amenity") is None:
        return name_of(tags) is not None
    return tags.get("office") in OFFICES and name_of(tags) is not None


def _distinct(candidates: list[Found], campuses: NDArray[np.object_]) -> list[Found]:
    grounds = [item for item in candidates if item.ground is not None and item.tags.get("amenity") in GROUNDS]
    tree = shapely.STRtree([item.ground for item in grounds])
    campus_tree = shapely.STRtree(campuses)
    return [
        item
        for item in candidates
        if not any(_same(item, grounds[row]) for row in tree.query(item.point, predicate="within"))
        and not (
            _is_house(item) and campus_tree.query(item.point, predicate="within").size and not _by_name(item.tags)
        )
    ]


def _is_house(item: Found) -> bool:
    return item.tags.get("amenity") not in GROUNDS


def _same(item: Found, ground: Found) -> bool:
    """Whether ``item`` is only a part or a second drawing of the school on ``ground``."""
    if item.osm_id == ground.osm_id:
        return False
    if _is_house(item):
        return True
    smaller = item.ground is None or ground.ground is None or item.ground.area < ground.ground.area
    return smaller and name_of(item.tags) in (None, name_of(ground.tags))
