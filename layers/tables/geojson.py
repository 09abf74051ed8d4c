"""GeoJSON read by itself, without a driver that would look into other files the text names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError
from shapely.geometry import shape

from layers.errors import Fault, InputError
from layers.tables.raw import Raw, stop
from layers.tables.text import decode

_GEOMETRIES = frozenset(
    {"Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection"}
)


def read_geojson(path: Path) -> Raw:
    """Read a feature collection, a feature or a bare geometry; EPSG:4326 unless a ``crs`` member names another.

    Raises
    ------
    InputError
        Not GeoJSON; every geometry that cannot be read.
    """
    data = _load(path)
    features = _features(data)
    if features is None:
        raise stop("geojson_kind", path, str(data.get("type"))[:40])
    if not features:
        raise stop("table_empty", path)
    rows = list(range(2, len(features) + 2))
    properties = [_properties(item) for item in features]
    columns = list(dict.fromkeys(name for item in properties for name in item))
    table = pd.DataFrame(
        {name: pd.Series([item.get(name) for item in properties], dtype=object) for name in columns},
        index=pd.RangeIndex(len(features)),
    )
    geometry, faults = _geometries(features, rows, path)
    if faults:
        raise InputError(faults)
    return Raw(table, rows, geometry, _crs(data, path))


def _load(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(decode(path.read_bytes(), path))
    except (json.JSONDecodeError, RecursionError) as error:
        raise stop("table_unreadable", path, str(error)[:120]) from None
    if not isinstance(data, dict):
        raise stop("geojson_kind", path, type(data).__name__)
    return data


def _features(data: dict[str, Any]) -> list[dict[str, Any]] | None:
    kind = data.get("type")
    if kind == "FeatureCollection" and isinstance(data.get("features"), list):
        return [item if isinstance(item, dict) else {} for item in data["features"]]
    if kind == "Feature":
        return [data]
    if kind in _GEOMETRIES:
        return [{"type": "Feature", "properties": {}, "geometry": data}]
    return None


def _properties(feature: dict[str, Any]) -> dict[str, Any]:
    """Properties as cells; a nested value as its JSON text, the feature's own id where no property gives one."""
    found = feature.get("properties")
    cells = {
        str(name): json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else value
        for name, value in (found if isinstance(found, dict) else {}).items()
    }
    if "id" in feature:
        cells.setdefault("id", feature["id"])
    return cells


def _geometries(features: list[dict[str, Any]], rows: list[int], path: Path) -> tuple[Any, list[Fault]]:
    geometry = np.full(len(features), None, dtype=object)
    faults = []
    for number, item in enumerate(features):
        given = item.get("geometry")
        if not given:
            continue
        try:
            geometry[number] = shapely.force_2d(shape(given))
        except (ValueError, TypeError, KeyError, AttributeError, IndexError, shapely.errors.ShapelyError) as error:
            faults.append(Fault("geometry_unreadable", file=path.name, row=rows[number], value=str(error)[:80]))
    return geometry, faults


def _crs(data: dict[str, Any], path: Path) -> CRS:
    member = data.get("crs")
    name = member.get("properties", {}).get("name") if isinstance(member, dict) else None
    if not name:
        return CRS.from_epsg(4326)
    try:
        return CRS.from_user_input(str(name))
    except CRSError:
        raise stop("crs_unknown", path, str(name)[:60]) from None
