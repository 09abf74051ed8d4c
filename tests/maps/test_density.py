"""Residents per hectare: nobody is lost between cells, pixels and levels."""

from __future__ import annotations

import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Transformer

from layers.bundle import IndexRaster
from maps.density import _halved, density_levels, pixel_hectares, pixel_residents

UTM = CRS.from_epsg(32632)


def raster(cell: list[list[int]], side: float = 100.0) -> IndexRaster:
    return IndexRaster(np.array(cell, dtype=np.int32), Affine(side, 0, 500_000, 0, -side, 5_400_000), UTM)


def test_a_cell_of_several_pixels_is_shared_and_a_hidden_one_added() -> None:
    index = raster([[0, 0], [1, -1]])
    x = np.array([500_050.0, 500_050.0, 500_050.0])
    y = np.array([5_399_950.0, 5_399_850.0, 5_399_850.0])  # cell 2 lies under cell 1
    lon, lat = Transformer.from_crs(UTM, 4326, always_xy=True).transform(x, y)
    people = pixel_residents(index, np.array([10.0, 4.0, 3.0]), np.asarray(lon), np.asarray(lat))
    assert people.tolist() == [[5.0, 5.0], [7.0, 0.0]]


def test_a_pixel_of_a_hundred_metres_is_a_hectare() -> None:
    assert pixel_hectares(raster([[0]])).item() == pytest.approx(1.0, rel=2e-3)  # the map scale of the zone's middle
    degrees = IndexRaster(np.zeros((2, 2), np.int32), Affine(0.01, 0, 6, 0, -0.01, 60), CRS.from_epsg(4326))
    north, south = pixel_hectares(degrees)[:, 0]
    assert north < south == pytest.approx(1114 * 558 / 10_000, rel=0.01)


def test_classes_start_at_their_break() -> None:
    people = np.array([[0.0, 0.5, 9.99, 10.0, 24.0, 500.0]])
    levels = density_levels(people, np.ones((1, 1)), (0.0, 10.0, 25.0, 100.0))
    assert levels[0].tolist() == [[0, 1, 1, 2, 2, 4]]


def test_zoomed_out_density_is_people_over_area_not_a_mean_of_classes() -> None:
    people = np.zeros((128, 128))
    people[0, 0] = 80.0
    levels = density_levels(people, np.ones((128, 1)), (0.0, 10.0, 25.0, 100.0))
    assert [level.shape for level in levels] == [(128, 128), (64, 64)]
    assert [level[0, 0] for level in levels] == [3, 2]  # 80 per hectare alone, 20 over four hectares


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_halving_keeps_everybody(rows: int, columns: int, seed: int) -> None:
    people = np.random.default_rng(seed).random((rows, columns))
    assert _halved(people).sum() == pytest.approx(people.sum())
