"""Places of a school: which figure is taken, what it becomes, and what is said about it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from geoplan.places import assumed_share, serving, stage_places
from geoplan.standards import load, stage_def

CN = load("cn")  # class sizes 45 primary, 50 junior, 30 in a teaching point


def schools(*rows: dict) -> pd.DataFrame:
    base = {
        "stage": "primary",
        "stages": ("primary",),
        "shifts": np.nan,
        "assumed": "",
        "pupils_from_outside": np.nan,
    }
    return pd.DataFrame([{**base, **row} for row in rows])


def primary(*rows: dict, **options) -> pd.DataFrame:
    return stage_places(schools(*rows), stage_def(CN, "primary"), CN, **options)


def test_given_then_classrooms_then_classes_then_unknown():
    found = primary(
        {"places_primary": 500.0, "classrooms_primary": 1, "classes_primary": 1, "enrolment_primary": 9},
        {"classrooms_primary": 6, "classes_primary": 1},
        {"classes_primary": 6},
        {"enrolment_primary": 700.0},
    )
    assert found["places"].tolist() == pytest.approx([500, 270, 270, np.nan], nan_ok=True)
    assert found["places_source"].tolist() == ["given", "classrooms", "classes", "unknown"]
    assert found["places_assumed"].tolist() == [False, False, True, False]
    assert found["places_low"].tolist() == [500, 270, 0, 0]
    assert found["places_high"].tolist() == [500, 270, 270, np.inf]


def test_shifts_multiply_seats_but_classes_already_count_them():
    found = primary(
        {"places_primary": 100.0, "shifts": 2.0},
        {"classrooms_primary": 4, "shifts": 2.0},
        {"classes_primary": 7, "shifts": 3.0},
    )
    assert found["places"].tolist() == [200, 360, 315]
    assert found["seats"].tolist() == pytest.approx([100, 180, 105])


def test_pupils_from_outside_are_deducted():
    found = primary({"places_primary": 100.0, "pupils_from_outside": 30.0}, {"places_primary": 10.0}, {})
    assert found["places_net"].tolist() == pytest.approx([70, 10, np.nan], nan_ok=True)
    crowded = primary({"places_primary": 100.0, "pupils_from_outside": 130.0})
    assert crowded["places_net"].tolist() == [0]


def test_one_total_from_outside_is_divided_by_places():
    nine_year = {"stage": "nine_year", "stages": ("primary", "junior"), "pupils_from_outside": 42.0}
    table = schools({**nine_year, "classes_primary": 6, "classes_junior": 3})
    found = {name: stage_places(table, stage_def(CN, name), CN) for name in ("primary", "junior")}
    assert found["primary"]["incoming"].tolist() == pytest.approx([42 * 270 / 420])
    assert found["primary"]["incoming"][0] + found["junior"]["incoming"][0] == pytest.approx(42)
    assert found["junior"]["incoming_assumed"].tolist() == [True]
    unknown = schools(nine_year)
    assert stage_places(unknown, stage_def(CN, "junior"), CN)["incoming"].tolist() == [21]


def test_the_table_may_say_what_it_assumes():
    found = primary(
        {"places_primary": 100.0, "assumed": "places; source"},
        {"places_primary": 100.0, "assumed": "classrooms_primary"},
        {"classrooms_primary": 2, "assumed": "classrooms_primary"},
    )
    assert found["places_assumed"].tolist() == [True, False, True]


def test_a_teaching_point_has_small_classes_of_the_youngest():
    found = primary({"stage": "teaching_point", "classrooms_primary": 3}, {"classrooms_primary": 3})
    assert found["places"].tolist() == [90, 135]
    assert found["bands"].tolist() == [("g1_3",), ("g1_3", "g4_6")]


def test_only_open_schools_of_the_stage_serve():
    table = schools(
        {"opened": 2026.0, "places_primary": 5.0},
        {"closes": 2026.0, "places_primary": 5.0},
        {"stages": ("junior",), "places_primary": 5.0},
        {"stages": ()},
    )
    assert serving(table, "primary").tolist() == [True, True, False, False]
    assert serving(table, "primary", 2025).tolist() == [False, True, False, False]
    assert serving(table, "primary", 2026).tolist() == [True, False, False, False]
    assert np.isnan(stage_places(table, stage_def(CN, "primary"), CN, year=2025)["places"][2])


def test_share_of_places_that_are_not_known():
    found = primary({"places_primary": 300.0}, {"places_primary": 100.0, "assumed": "places"}, {})
    everything = np.ones(3, bool)
    assert assumed_share(found, everything) == pytest.approx((100 + 200) / 600)
    assert assumed_share(found, np.array([True, False, False])) == 0
    assert assumed_share(found, np.array([False, False, True])) == 1
    assert np.isnan(assumed_share(found, np.zeros(3, bool)))
