"""Invented residents: a 100 m raster, ages, births, and who is registered elsewhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import rasterio
from numpy.typing import NDArray
from rasterio.transform import from_origin

from layers.demo.county.terrain import CENTRE, CRS, RADIUS_M, RESIDENTS, SEED, Land

PIXEL_M = 100.0
NODATA = -99999.0
YEAR = 2024


def population(land: Land) -> tuple[NDArray[np.float64], rasterio.Affine]:
    """Residents per pixel, summing to ``RESIDENTS``; open land has none (NoData)."""
    rng = np.random.default_rng(SEED + 2)
    side = int(2 * 1.35 * RADIUS_M / PIXEL_M)
    left, top = CENTRE[0] - side / 2 * PIXEL_M, CENTRE[1] + side / 2 * PIXEL_M
    x = left + (np.arange(side) + 0.5) * PIXEL_M
    y = top - (np.arange(side) + 0.5) * PIXEL_M
    counts = np.zeros((side, side))
    for place in land.settlements:
        columns = np.abs(x - place.x) < place.reach_m * 1.15
        rows = np.abs(y - place.y) < place.reach_m * 1.15
        away = np.hypot(x[columns][None, :] - place.x, y[rows][:, None] - place.y) / place.reach_m
        density = np.clip(1.25 - away, 0, None) ** 0.8 * rng.gamma(2.2, 1.0, away.shape) * (away < 1.1)
        density *= rng.random(away.shape) < (0.86 if place.kind == "seat" else 0.75)
        counts[np.ix_(rows, columns)] += density / max(density.sum(), 1e-9) * place.residents
    counts *= RESIDENTS / counts.sum()
    return counts, from_origin(left, top, PIXEL_M, PIXEL_M)


def write_population(land: Land, path: Path) -> None:
    """The raster as a compressed GeoTIFF."""
    counts, transform = population(land)
    shown = np.where(counts > 0, counts, NODATA).astype(np.float32)
    profile = {"driver": "GTiff", "dtype": "float32", "count": 1, "nodata": NODATA, "compress": "deflate"}
    with rasterio.open(
        path, "w", height=shown.shape[0], width=shown.shape[1], crs=CRS, transform=transform, **profile
    ) as file:
        file.write(shown, 1)


def ages() -> pd.DataFrame:
    """Residents by single year of age: births fell, so the youngest years are the smallest."""
    age = np.arange(0, 91)
    shape = np.interp(age, [0, 3, 6, 9, 12, 15, 20, 35, 50, 60, 75, 90], [7, 8, 11, 13, 13, 12, 10, 15, 16, 12, 6, 1])
    return pd.DataFrame({"age": age, "residents": np.round(shape / shape.sum() * RESIDENTS, 1)})


def births() -> pd.DataFrame:
    """Births by year, with a low and a high reading."""
    year = np.arange(2018, 2036)
    middle = np.round(np.interp(year, [2018, 2021, 2024, 2030, 2035], [5_400, 4_300, 3_600, 3_300, 3_200]))
    unsure = np.clip((year - YEAR) * 0.015, 0, None)
    low, high = np.round(middle * (1 - unsure)), np.round(middle * (1 + unsure))
    return pd.DataFrame({"year": year, "births": middle, "low": low, "high": high})


def registered() -> pd.DataFrame:
    """Children registered here by stage of age: fewer than live here, because families moved in."""
    rows = [(3, 5, 12_100), (6, 11, 31_000), (12, 14, 17_400), (15, 17, 16_100)]
    return pd.DataFrame(rows, columns=["age_from", "age_to", "registered"])
