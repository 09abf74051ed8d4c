"""The generated network of the benchmarks as a plan folder: OSM file, raster, schools and boundary."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import osmium
import pandas as pd
import rasterio
from affine import Affine
from pyproj import Transformer
from shapely.geometry import box

from bench.networks import Streets, streets

CRS = "EPSG:32650"
EAST, NORTH = 500_000.0, 3_500_000.0

PLAN = """\
[plan]
name = "lattice"
title = "Lattice"
notice = "Invented from end to end."

[region]
boundary = "boundary.geojson"
crs = "EPSG:32650"

[population]
raster = "population.tif"
year = 2024

[streets]
osm = "streets.osm.pbf"

[schools]
table = "schools.csv"
year = 2024

[standards]
profile = "neutral"

[coverage]
stages = ["primary", "junior"]
"""


def write_lattice(folder: Path, *, side: int, schools: int, pixels: int) -> Path:
    """Write a jittered lattice of ``side`` x ``side`` streets with ``pixels`` x ``pixels`` cells of 10 residents."""
    folder.mkdir(parents=True, exist_ok=True)
    town = streets(side)
    (folder / "plan.toml").write_text(PLAN, encoding="utf-8")
    extent = [town.x.min(), town.y.min(), town.x.max(), town.y.max()]
    west, south, east, north = (at + corner for at, corner in zip(extent, (EAST, NORTH) * 2, strict=True))
    region = gpd.GeoDataFrame({"name": ["Lattice"]}, geometry=[box(west, south, east, north)], crs=CRS)
    (folder / "boundary.geojson").write_text(region.to_crs(4326).to_json(drop_id=True), encoding="utf-8")
    _write_population(
        folder / "population.tif", (west, north), (east - west) / pixels, (north - south) / pixels, pixels
    )
    _write_osm(folder / "streets.osm.pbf", town)
    _schools(town, schools).to_csv(folder / "schools.csv", index=False)
    return folder


def _degrees(town: Streets) -> np.ndarray:
    back = Transformer.from_crs(CRS, 4326, always_xy=True)
    return np.column_stack(back.transform(town.x + EAST, town.y + NORTH)).round(7)


def _write_osm(path: Path, town: Streets) -> None:
    with osmium.SimpleWriter(str(path), overwrite=True) as writer:
        for number, place in enumerate(_degrees(town).tolist(), start=1):
            writer.add_node(osmium.osm.mutable.Node(id=number, version=1, location=tuple(place)))
        for number, edges in enumerate(_runs(town), start=1):
            refs = [int(town.u[edges[0]]) + 1, *(int(town.v[edge]) + 1 for edge in edges)]
            tags = {"highway": "secondary" if town.one_way[edges[0]] else "residential"}
            writer.add_way(osmium.osm.mutable.Way(id=number, version=1, nodes=refs, tags=tags))


def _runs(town: Streets) -> Iterator[list[int]]:
    """Edges as mappers draw them: straight on to the next corner while the street is there and of one kind."""
    across = np.abs(town.x[town.v] - town.x[town.u]) > np.abs(town.y[town.v] - town.y[town.u])
    kind = list(zip(across.tolist(), town.one_way.tolist(), strict=True))
    u, v = town.u.tolist(), town.v.tolist()
    leaving = {(*kind[edge], u[edge]): edge for edge in range(len(u))}
    entered = {(*kind[edge], v[edge]) for edge in range(len(u))}
    drawn: set[int] = set()
    starts = [edge for edge in range(len(u)) if (*kind[edge], u[edge]) not in entered]
    for edge in (*starts, *range(len(u))):
        run: list[int] = []
        following: int | None = edge
        while following is not None and following not in drawn:
            run.append(following)
            drawn.add(following)
            following = leaving.get((*kind[following], v[following]))
        if run:
            yield run


def _write_population(path: Path, corner: tuple[float, float], wide: float, high: float, pixels: int) -> None:
    shape = {"driver": "GTiff", "count": 1, "height": pixels, "width": pixels, "dtype": "float32", "nodata": -1}
    grid = Affine(wide, 0, corner[0], 0, -high, corner[1])
    with rasterio.open(path, "w", **shape, crs=CRS, transform=grid, compress="deflate") as out:
        out.write(np.full((pixels, pixels), 10.0, np.float32), 1)


def _schools(town: Streets, count: int) -> pd.DataFrame:
    """Two primary schools for every junior one, at street corners, with about as many places as there are pupils."""
    lon, lat = _degrees(town)[town.spread(count)].T
    row = np.arange(count)
    stage = np.where(row % 3 < 2, "primary", "junior")
    return pd.DataFrame(
        {"id": [f"L{k:04d}" for k in row], "name": [f"School {k + 1}" for k in row], "stage": stage,
         "places": 800 + 50 * (row % 5), "lon": lon, "lat": lat}
    )  # fmt: skip
