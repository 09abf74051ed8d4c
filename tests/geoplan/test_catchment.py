"""Floating catchments by hand, and their identity."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.catchment import (
    Ways,
    enhanced_two_step,
    floating_catchment,
    gaussian_weights,
    power_weights,
    step_weights,
    two_step,
)

# homes A (10 pupils) and B (30) reach school S (20 places); B alone reaches T (15 places); nobody reaches U
WAYS = Ways(np.array([0, 1, 1]), np.array([0, 0, 1]), np.array([300.0, 500.0, 100.0]))
PUPILS, PLACES = np.array([10.0, 30.0]), np.array([20.0, 15.0, 99.0])


def test_two_steps_by_hand():
    assert two_step(WAYS, PUPILS, PLACES, limit=500).tolist() == pytest.approx([20 / 40, 20 / 40 + 15 / 30])


def test_the_limit_is_inclusive():
    assert two_step(WAYS, PUPILS, PLACES, limit=499.9).tolist() == pytest.approx([20 / 10, 15 / 30])


def test_zones_weigh_both_steps():
    access = enhanced_two_step(WAYS, PUPILS, PLACES, limits=[300, 600], weights=[1.0, 0.5])
    share = 20 / (10 + 15)
    assert access.tolist() == pytest.approx([share, 0.5 * share + 0.5])


def test_unknown_places_count_as_none():
    assert two_step(WAYS, PUPILS, np.array([np.nan, 15.0, 1.0]), limit=500).tolist() == [0.0, 0.5]


def test_weights_at_the_door_and_at_the_limit():
    cost = np.array([0.0, 500.0, 1000.0, 1000.1])
    assert gaussian_weights(cost, 1000.0)[[0, 2, 3]].tolist() == [1.0, 0.0, 0.0]
    assert 0.5 < gaussian_weights(cost, 1000.0)[1] < 0.8
    assert power_weights(cost, 1000.0, exponent=2, nearest=100).tolist() == pytest.approx([1.0, 0.04, 0.01, 0.0])


def test_zones_must_rise():
    with pytest.raises(ValueError, match="rise"):
        step_weights(np.array([1.0]), [10, 5], [1, 0.5])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 30), st.integers(1, 8))
def test_pupils_times_access_is_the_places_of_schools_with_demand(seed, homes, schools):
    random = np.random.default_rng(seed)
    home, school = np.nonzero(random.random((homes, schools)) < 0.4)
    pupils = random.gamma(1, 5, homes) * (random.random(homes) < 0.8)
    places = random.gamma(2, 50, schools)
    weight = random.random(len(home))
    access = floating_catchment(Ways(home, school, np.zeros(len(home))), weight, pupils, places)
    demand = np.bincount(school, weight * pupils[home], minlength=schools)
    assert (pupils * access).sum() == pytest.approx(places[demand > 0].sum(), rel=1e-9, abs=1e-9)
