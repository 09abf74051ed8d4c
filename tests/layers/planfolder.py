"""A plan folder with a square region of 10 km, for tests of readers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
from pyproj import CRS
from shapely import box
from shapely.geometry import Polygon

from layers.errors import Fault
from layers.planfile import PlanFile

METRIC = CRS.from_epsg(4547)  # CGCS2000 / 3-degree Gauss-Kruger CM 114E
X, Y = 500_000.0, 3_650_000.0  # south-west corner of the region: 114 E, about 33 N
REGION = box(X, Y, X + 10_000, Y + 10_000)
LON, LAT = 114.05, 33.02  # a place well inside


def plan_of(folder: Path, **sections: dict[str, Any]) -> PlanFile:
    """A plan with the required sections, changed and completed by ``sections``."""
    data: dict[str, dict[str, Any]] = {
        "plan": {"name": "square"},
        "region": {"boundary": "boundary.geojson"},
        "population": {"raster": "population.tif"},
        "streets": {"osm": "streets.osm.pbf"},
        "schools": {"table": "schools.csv"},
    }
    for name, section in sections.items():
        data[name] = {**data.get(name, {}), **section}
    return PlanFile(root=folder, **data)


def write_polygons(path: Path, shapes: list[Polygon], **columns: list[Any]) -> Path:
    """Metric polygons as GeoJSON in degrees."""
    frame = gpd.GeoDataFrame(columns, geometry=shapes, crs=METRIC).to_crs(4326)
    data = json.loads(frame.to_json(drop_id=True, na="null"))
    data.pop("crs", None)
    path.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    return path


def codes(faults: list[Fault] | tuple[Fault, ...], severity: str = "error") -> list[str]:
    """Codes of the faults of one severity, in order."""
    return [fault.code for fault in faults if fault.severity == severity]


def cells(faults: list[Fault] | tuple[Fault, ...]) -> set[tuple[str, int | None, str | None]]:
    """Code, row and column of every fault."""
    return {(fault.code, fault.row, fault.column) for fault in faults}
