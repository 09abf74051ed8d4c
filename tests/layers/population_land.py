"""Plans, rasters, areas and buildings on a few hundred metres, for the tests of population."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from affine import Affine
from pyproj import CRS
from shapely.geometry import Polygon, box
from shapely.geometry.base import BaseGeometry

from layers.errors import Fault, InputError
from layers.planfile import PlanFile

UTM = CRS.from_epsg(32632)
EAST, NORTH = 500_000.0, 5_000_000.0
NINE = np.arange(1.0, 10.0).reshape(3, 3)


def plan_of(folder: Path, **population: Any) -> PlanFile:
    """A plan whose population section is the one given."""
    return PlanFile.model_validate(
        {
            "root": folder,
            "plan": {"name": "test"},
            "region": {"boundary": "boundary.geojson"},
            "population": population,
            "streets": {"osm": "streets.osm"},
            "schools": {"table": "schools.csv"},
        }
    )


def write_raster(path: Path, values: Any, *, crs: Any = UTM, transform: Affine | None = None, **more: Any) -> Path:
    """A GeoTIFF of 100 m pixels whose south-west corner is (EAST, NORTH) unless said otherwise."""
    values = np.atleast_3d(np.asarray(values)).transpose(2, 0, 1)
    grid = transform or Affine(100, 0, EAST, 0, -100, NORTH + 100 * values.shape[1])
    profile = {"driver": "GTiff", "count": len(values), "height": values.shape[1], "width": values.shape[2]}
    with rasterio.open(path, "w", **profile, dtype=values.dtype, crs=crs, transform=grid, **more) as out:
        out.write(values)
    return path


def one_area(boundary: BaseGeometry) -> gpd.GeoDataFrame:
    return areas_of({"region": boundary})


def areas_of(shapes: dict[str, BaseGeometry], **columns: Any) -> gpd.GeoDataFrame:
    table = {"area_id": list(shapes), "name": list(shapes), "setting": "town", **columns}
    return gpd.GeoDataFrame(table, geometry=list(shapes.values()), crs=UTM)


def metres(x0: float, y0: float, x1: float, y1: float) -> Polygon:
    return box(EAST + x0, NORTH + y0, EAST + x1, NORTH + y1)


def buildings_of(rows: list[tuple[str, str, float, BaseGeometry]]) -> gpd.GeoDataFrame:
    """Buildings as (osm_id, kind, levels, outline)."""
    columns = {"osm_id": [r[0] for r in rows], "kind": [r[1] for r in rows], "levels": [r[2] for r in rows]}
    more = {"residential": [r[1] in ("house", "apartments") for r in rows], "name": None}
    return gpd.GeoDataFrame({**columns, **more}, geometry=[r[3] for r in rows], crs=UTM)


def codes(faults: list[Fault]) -> list[str]:
    return [fault.code for fault in faults]


def raised(call: Any) -> list[Fault]:
    """The faults of the InputError that a call must raise; each has its sentences."""
    with pytest.raises(InputError) as caught:
        call()
    for fault in caught.value.faults:
        assert fault.message("zh") and fault.remedy("en")
    return list(caught.value.faults)
