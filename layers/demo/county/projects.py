"""Invented housing projects, education plots, exclusions, bus stops, venues and unit costs."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.demo.county.terrain import CRS, SEED, Land, Settlement

HOUSING_NAMES = (
    "青禾里",
    "云邸",
    "河畔花园",
    "望岭新城",
    "锦绣家园",
    "书香苑",
    "安置一区",
    "安置二区",
    "南浦湾",
    "白榆府",
    "松风里",
    "麦香居",
)


def housing(land: Land) -> gpd.GeoDataFrame:
    """Twelve projects at the edge of the seat and the towns, in phases, two of them without known dwellings."""
    rng = np.random.default_rng(SEED + 5)
    hosts = [land.settlements[0]] * 8 + list(land.settlements[1:5])
    rows = []
    for number, (name, host) in enumerate(zip(HOUSING_NAMES, hosts, strict=True)):
        named_only = number in {9, 11}
        rows.append(
            {
                "id": f"H{number + 1:02d}",
                "name": name,
                "developer": f"开发商{number // 3 + 1}",
                "status": "name_only" if named_only else "approved",
                "dwellings": np.nan if named_only else float(rng.integers(4, 34) * 100),
                "ready": np.nan if named_only else float(2022 + number % 7),
                "persons_per_dwelling": 3.0,
                "phase": float(number % 3 + 1),
                "in_population": "yes" if 2022 + number % 7 <= 2024 else "no",
                "from_inside_share": round(float(rng.uniform(0.2, 0.5)), 2),
                "reserved_primary_m2": float(rng.choice([0, 12_000, 18_000])),
                "geometry": _box(host, number * 0.55, 1.18, 260.0),
            }
        )
    return gpd.GeoDataFrame(rows, crs=CRS)


def sites(land: Land) -> gpd.GeoDataFrame:
    """Sixteen plots: reserved education plots first, then offered sites."""
    rng = np.random.default_rng(SEED + 6)
    hosts = [land.settlements[0]] * 9 + list(land.settlements[1:8])
    rows = [
        {
            "id": f"P{number + 1:02d}",
            "name": f"教育用地{number + 1}号" if number < 10 else f"备选地块{number + 1}号",
            "kind": "education_plot" if number < 10 else "site",
            "area_m2": float(rng.integers(14, 42) * 1_000),
            "cost": float(rng.integers(30, 120) * 1e5),  # clearing and levelling: land for schools is allotted
            "max_places_primary": float(rng.choice([810, 1080, 1620])),
            "status": "reserved" if number < 10 else "offered",
            "ready": float(2025 + number % 5),
            "geometry": _box(host, number * 0.83 + 0.2, 0.55 + 0.07 * (number % 8), 150.0),
        }
        for number, host in enumerate(hosts)
    ]
    return gpd.GeoDataFrame(rows, crs=CRS)


def exclusions(land: Land) -> gpd.GeoDataFrame:
    """Where no school may stand: flood strip of the river, the railway strip, a chemical plant."""
    plant = shapely.Point(land.settlements[3].x + 1_400, land.settlements[3].y).buffer(350)
    rows = [
        {
            "id": "E1",
            "kind": "flood",
            "name": "青禾河行洪区",
            "geometry": land.river.buffer(120).intersection(land.boundary),
        },
        {
            "id": "E2",
            "kind": "rail",
            "name": "铁路防护带",
            "geometry": land.railway.buffer(60).intersection(land.boundary),
        },
        {"id": "E3", "kind": "hazard", "name": "化工厂防护区", "geometry": plant},
    ]
    return gpd.GeoDataFrame(rows, crs=CRS)


def stops(land: Land, schools: pd.DataFrame) -> pd.DataFrame:
    """School bus stops in every fourth village, on the line to the primary school of the nearest town."""
    towns = [place for place in land.settlements if place.kind == "town"]
    host = schools[schools["stage"].isin(["primary", "nine_year"])]
    rows = []
    for number, place in enumerate(p for p in land.settlements if p.kind == "village"):
        if number % 4 == 0:
            away = [float(np.hypot(place.x - town.x, place.y - town.y)) for town in towns]
            town = towns[int(np.argmin(away))]
            school = host.iloc[int(np.hypot(host["x"] - town.x, host["y"] - town.y).to_numpy().argmin())]["id"]
            minutes = round(min(away) * 1.3 / 500 + 3, 1)
            rows.append((f"B{number:03d}", place.x + 20, place.y - 20, town.key, 1, minutes, school))
    return pd.DataFrame(rows, columns=["id", "x", "y", "line", "order", "minutes", "school_id"])


def venues(land: Land) -> gpd.GeoDataFrame:
    """Libraries, museums, sports grounds and a science centre."""
    kinds = ("library", "museum", "sports_centre", "science_museum", "arts_centre")
    rows = [
        {
            "id": f"V{n + 1}",
            "kind": kind,
            "geometry": shapely.Point(land.settlements[0].x + 400 * n - 800, CENTRE_Y + 260),
        }
        for n, kind in enumerate(kinds)
    ]
    rows += [
        {"id": f"V{n + 6}", "kind": "library", "geometry": shapely.Point(place.x + 60, place.y + 60)}
        for n, place in enumerate(land.settlements[1:7])
    ]
    return gpd.GeoDataFrame(rows, crs=CRS)


def costs() -> pd.DataFrame:
    """Unit costs in yuan: assumptions of the invented county."""
    rows = [
        ("new_class", "class", 2_400_000),
        ("enlarge_class", "class", 1_300_000),
        ("signal", "piece", 350_000),
        ("zebra", "piece", 12_000),
        ("refuge_island", "piece", 60_000),
        ("raised_crossing", "piece", 80_000),
        ("sidewalk", "m", 900),
        ("zone_30", "km", 150_000),
        ("lighting", "km", 260_000),
    ]
    return pd.DataFrame(rows, columns=["item", "unit", "cost"])


CENTRE_Y = 3_650_000.0


def _box(place: Settlement, angle: float, share: float, half_m: float) -> shapely.Polygon:
    x = place.x + np.cos(angle) * place.reach_m * share
    y = place.y + np.sin(angle) * place.reach_m * share
    return shapely.box(x - half_m, y - half_m * 0.7, x + half_m, y + half_m * 0.7)
