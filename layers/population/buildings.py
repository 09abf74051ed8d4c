"""Residents spread over residential building volume where only a total is known: always labelled modelled."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from layers.bundle import Cells
from layers.errors import Fault, raise_errors
from layers.population.display import Canvas, shapes_index
from layers.population.zones import Zones, zone_at

MOST_LEVELS = 120.0
"""Storeys above this are a slip of the pen."""


@cache
def dwellings() -> dict[str, Any]:
    """Which kinds of building people live in, their usual levels, and the share of floors that are dwellings."""
    return tomllib.loads((Path(__file__).parent / "dwellings.toml").read_text(encoding="utf-8"))


def dwelling_m2(buildings: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """Floor area people live in, square metres: footprint x levels x share of dwellings, by kind of building.

    Parameters
    ----------
    buildings
        ``kind, levels, residential``, metric Polygons. Levels that are missing are the usual ones of the kind.
    """
    kind = buildings["kind"].astype("object").fillna("yes").astype(str).str.strip().str.lower()
    residential = buildings["residential"].fillna(False).to_numpy(dtype=bool)
    share = kind.map(_shares()).to_numpy(dtype=np.float64)
    share = np.where(np.isnan(share) | (residential & (share > 0)), residential.astype(np.float64), share)
    usual = kind.map(_levels()).fillna(dwellings()["unlisted"]["levels"]).to_numpy(dtype=np.float64)
    levels = buildings["levels"].to_numpy(dtype=np.float64)
    known = np.isfinite(levels) & (levels > 0)
    floors = np.where(known, np.clip(levels, 1.0, MOST_LEVELS), usual)
    return np.asarray(shapely.area(buildings.geometry.to_numpy()) * floors * share, dtype=np.float64)


@cache
def _shares() -> dict[str, float]:
    table = dwellings()
    never = dict.fromkeys(table["never"]["kinds"], 0.0)
    return never | {kind: table[part]["share"] for part in ("residential", "mixed") for kind in table[part]["levels"]}


@cache
def _levels() -> dict[str, float]:
    return {**dwellings()["residential"]["levels"], **dwellings()["mixed"]["levels"]}


def read_buildings(
    buildings: gpd.GeoDataFrame, zones: Zones, canvas: Canvas, total: float
) -> tuple[Cells, list[Fault]]:
    """One cell per building that people live in, residents in proportion to its floor area.

    Parameters
    ----------
    buildings
        As ``Surroundings.buildings``.
    zones
        Region and sub-areas, metric. A building belongs where its representative point lies.
    canvas
        The map raster to fill.
    total
        Residents to spread.

    Raises
    ------
    InputError
        No building inside the boundary that people live in.
    """
    point = shapely.get_coordinates(shapely.point_on_surface(buildings.geometry.to_numpy()))
    zone = zone_at(zones, point[:, 0], point[:, 1])
    floor_m2 = dwelling_m2(buildings)
    rows = np.flatnonzero((zone >= 0) & (floor_m2 > 0))
    if not len(rows):
        raise_errors([Fault("population_no_dwellings", value=f"{(zone >= 0).sum()}")])
    name = buildings["osm_id"].astype(str).to_numpy(dtype=object)
    rows = rows[np.lexsort((name[rows].astype(str), point[rows, 0], -point[rows, 1]))]
    amount = floor_m2[rows] / floor_m2[rows].sum()
    table = pd.DataFrame(
        {
            "cell_id": _unique(pd.Series(name[rows], dtype="str")),
            "x": point[rows, 0],
            "y": point[rows, 1],
            "residents": amount * total,
            "area_id": pd.Series(zones.ids[zone[rows]], dtype="str"),
            "side_m": 0.0,
        }
    )
    notes = _notes(buildings, rows, zone, floor_m2, total)
    index = shapes_index(canvas, buildings.geometry.to_numpy()[rows], table["residents"].to_numpy(), touched=True)
    return Cells(table, index, kind="buildings", modelled=True, notes=notes), []


def _unique(names: pd.Series) -> pd.Series:
    again = names.groupby(names).cumcount()
    return names.where(again == 0, names + "#" + again.astype("str")).astype("str")


def _notes(
    buildings: gpd.GeoDataFrame,
    rows: NDArray[np.int64],
    zone: NDArray[np.int32],
    floor_m2: NDArray[np.float64],
    total: float,
) -> dict[str, float]:
    known = buildings["levels"].to_numpy(dtype=np.float64)[rows] > 0
    mixed = buildings["kind"].isin(list(dwellings()["mixed"]["levels"])).to_numpy()[rows]
    floor = floor_m2[rows]
    return {
        "buildings_inside": float((zone >= 0).sum()),
        "buildings_lived_in": float(len(rows)),
        "share_levels_known": float(floor[known].sum() / floor.sum()),
        "share_mixed": float(floor[mixed].sum() / floor.sum()),
        "floor_m2_per_resident": float(floor.sum() / total) if total > 0 else float("nan"),
        "residents_read": total,
    }
