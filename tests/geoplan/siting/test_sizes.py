"""Sizes of schools, land, floor and costs: the nearest norm speaks, and silence stays silence."""

from __future__ import annotations

import pandas as pd
import pytest

from geoplan.siting.sizes import classes_on, floor_m2, land_m2, school_size, unit_costs
from geoplan.standards import load, profiles, speaking_of
from layers.errors import InputError


@pytest.mark.parametrize("profile", profiles())
def test_every_profile_bounds_every_stage(profile: str) -> None:
    standards = load(profile)
    for stage in (*(item.id for item in standards.stages), "nine_year"):
        for setting in ("town", "rural"):
            size = school_size(standards, stage, setting)
            assert 1 <= size.classes_min <= size.classes_max
            assert size.class_places > 0
            assert set(size.norms) <= set(standards.norms)


def test_the_nearest_profile_sets_the_bounds() -> None:
    assert school_size(load("cn"), "primary").classes_min == 12  # our assumption
    yongzhou = school_size(load("cn-yongzhou"), "primary")
    assert (yongzhou.classes_min, yongzhou.classes_max, yongzhou.class_places) == (18, 36, 45)
    assert yongzhou.norms[0] == "cn.yongzhou.min_classes"
    assert school_size(load("cn-shandong"), "senior").classes_max == 60
    assert school_size(load("cn"), "primary", "rural").classes_max == 24  # 6, 12, 18 or 24 classes in the country
    assert school_size(load("jp"), "junior").classes_max == 18
    assert school_size(load("cn-shandong"), "nine_year").classes_max == 45


def test_norms_named_for_a_group_speak_of_its_stages() -> None:
    land = speaking_of(load("cn"), "land_by_classes", "junior")
    assert [norm.id for norm in land] == ["cn.land.1993.secondary"]
    assert speaking_of(load("cn"), "land_by_classes", "junior", setting="rural") == ()


def test_land_follows_the_listed_sizes_and_never_less_than_the_smallest() -> None:
    standards = load("cn")
    assert land_m2(standards, "primary", 12).m2 == 6000
    assert land_m2(standards, "primary", 15).m2 == 6500
    assert land_m2(standards, "primary", 6).m2 == 6000
    assert land_m2(standards, "primary", 36).m2 == 12000  # 8000 m2 for 24 classes, 333 m2 a class
    none = land_m2(standards, "kindergarten", 9)
    assert (none.m2, none.norm) == (None, "")


def test_floor_is_per_pupil() -> None:
    assert floor_m2(load("cn"), "primary", 12).m2 == pytest.approx(6.6 * 12 * 45)
    assert floor_m2(load("neutral"), "primary", 12).m2 is None


def test_classes_that_fit_on_a_plot() -> None:
    standards = load("cn")
    assert classes_on(standards, "primary", 5999.0) == 0
    assert classes_on(standards, "primary", 6000.0) == 12
    assert classes_on(standards, "primary", 7999.9) == 23
    assert classes_on(standards, "primary", 1e9) == 36
    assert classes_on(standards, "primary", float("nan")) is None
    assert classes_on(load("neutral"), "primary", 9000.0) is None


def test_costs_are_ours_until_the_county_gives_its_own() -> None:
    ours = unit_costs(None)
    assert all(cost.assumed and cost.amount > 0 for cost in ours.values())
    given = pd.DataFrame({"item": ["new_class", "zebra"], "unit": ["class", "piece"], "cost": [2_400_000.0, 1.0]})
    assert unit_costs(given)["new_class"].amount == 2_400_000.0
    assert not unit_costs(given)["new_class"].assumed
    assert unit_costs(given)["new_school"].assumed


def test_a_cost_by_another_unit_is_refused_with_all_its_fellows() -> None:
    wrong = pd.DataFrame({"item": ["new_class", "enlarge_class"], "unit": ["m2", "pupil"], "cost": [1.0, 1.0]})
    with pytest.raises(InputError) as told:
        unit_costs(wrong)
    assert [fault.value for fault in told.value.faults] == ["m2", "pupil"]
