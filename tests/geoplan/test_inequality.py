"""Gini, Theil and p90:p10 by hand, and that the parts add up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.inequality import end_ratio, gini, quantile, theil

ALL_ALIKE = np.ones(3)


def test_gini_by_hand():
    assert gini(np.array([5.0, 5.0]), np.array([1.0, 9.0])) == 0.0
    # of four people one has everything: 1 - 1/4
    assert gini(np.array([0.0, 0.0, 0.0, 8.0]), np.ones(4)) == pytest.approx(0.75)
    # one person with 1 and three with 3: half the mean difference over the mean
    assert gini(np.array([1.0, 3.0]), np.array([1.0, 3.0])) == pytest.approx((2 * 1 * 3 * 2 / 16) / (2 * 2.5))


def test_a_row_of_three_people_is_three_rows_of_one():
    spread = np.array([1.0, 4.0, 4.0, 4.0, 9.0])
    assert gini(np.array([1.0, 4.0, 9.0]), np.array([1.0, 3.0, 1.0])) == pytest.approx(gini(spread, np.ones(5)))


def test_theil_by_hand():
    found = theil(np.array([1.0, 3.0]), np.ones(2), np.array(["town", "rural"]))
    assert found.total == pytest.approx((0.5 * np.log(0.5) + 1.5 * np.log(1.5)) / 2)
    assert found.within == pytest.approx(0)
    assert theil(np.array([1.0, 3.0]), np.ones(2), np.array(["town", "town"])).between == pytest.approx(0)


def test_quantiles_and_ends():
    value, people = np.array([10.0, 20.0, 30.0]), np.array([1.0, 8.0, 1.0])
    assert [quantile(value, people, q) for q in (0.1, 0.5, 0.9, 0.95)] == [10.0, 20.0, 20.0, 30.0]
    assert end_ratio(value, people) == 2.0
    assert end_ratio(np.array([0.0, 5.0]), np.ones(2)) == float("inf")


def test_nobody_or_nothing_is_unknown():
    nothing = np.zeros(0)
    assert np.isnan([gini(nothing, nothing), quantile(nothing, nothing, 0.5), end_ratio(nothing, nothing)]).all()
    assert np.isnan(theil(np.zeros(3), ALL_ALIKE, np.arange(3)).total)
    assert gini(np.array([np.nan, 2.0, 2.0]), ALL_ALIKE) == 0.0


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 5))
def test_parts_add_up_and_order_does_not_matter(seed, rows, groups):
    random = np.random.default_rng(seed)
    value = random.gamma(1, 3, rows) * (random.random(rows) < 0.9)
    people, group = random.gamma(1, 10, rows), random.integers(0, groups, rows)
    order = random.permutation(rows)
    found, again = theil(value, people, group), theil(value[order], people[order], group[order])
    if not np.isnan(found.total):
        mean = (people * value).sum() / people.sum()
        ratio = np.where(value > 0, value / mean, 1.0)
        assert found.total == pytest.approx((people * value * np.log(ratio)).sum() / (people * value).sum(), abs=1e-9)
        assert found.between >= -1e-12
        assert found.within >= -1e-12
        assert again.total == pytest.approx(found.total, abs=1e-12)
        assert gini(value[order], people[order]) == pytest.approx(gini(value, people), abs=1e-12)
        assert 0 <= gini(value, people) <= 1
