"""Bands of class size at their bounds, classes that lack, schools beyond the cap."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from geoplan.siting.class_sizes import class_cap, class_sizes
from geoplan.standards import load
from layers.schools.stages import stages_of

CN = load("cn")


def schools(*rows: dict[str, Any]) -> pd.DataFrame:
    table = pd.DataFrame(list(rows))
    return table.assign(stages=[stages_of(kind) for kind in table["stage"]])


def one(stage: str, pupils: float, classes: float, kind: str | None = None) -> pd.Series:
    row = {"id": "s", "stage": kind or stage, f"enrolment_{stage}": pupils, f"classes_{stage}": classes}
    return class_sizes(schools(row), CN, (stage,)).iloc[0]


@pytest.mark.parametrize(
    ("pupils", "band"),
    [(45, "within"), (46, "above"), (55, "above"), (56, "large"), (65, "large"), (66, "super_large")],
)
def test_bands_at_their_bounds(pupils: int, band: str) -> None:
    assert one("primary", pupils, 1)["band"] == band
    assert one("primary", 10 * pupils, 10)["band"] == band


def test_junior_schools_have_a_cap_of_their_own() -> None:
    assert [one("junior", pupils, 1)["band"] for pupils in (50, 51)] == ["within", "above"]


def test_the_largest_class_decides_when_pupils_do_not_divide() -> None:
    found = one("primary", 91, 2)  # 45 and 46
    assert (found["pupils_per_class"], found["band"], found["extra_classes"]) == (45.5, "above", 1.0)
    assert one("primary", 90, 2)["extra_classes"] == 0.0
    assert one("primary", 560, 10)["extra_classes"] == 3.0  # 13 classes of 45 hold 585


def test_unknown_is_not_within() -> None:
    for pupils, classes in ((np.nan, 3), (100, np.nan), (100, 0)):
        found = one("primary", pupils, classes)
        assert found["band"] == "unknown"
    assert np.isnan(one("primary", np.nan, 3)["extra_classes"])
    assert one("primary", np.nan, 3)["oversized"] == "unknown"


def test_a_stage_without_a_cap() -> None:
    assert class_cap(CN, "senior") is None
    found = one("senior", 400, 8)
    assert (found["band"], found["oversized"]) == ("unknown", "none") and np.isnan(found["cap"])


@pytest.mark.parametrize(("pupils", "oversized"), [(2000, "no"), (2001, "yes")])
def test_the_cap_of_a_school_is_inclusive(pupils: int, oversized: str) -> None:
    found = one("primary", pupils, 45)
    assert (found["oversized"], found["cap"]) == (oversized, 2000.0)


def test_a_nine_year_school_is_one_institution() -> None:
    row = {
        "id": "n", "stage": "nine_year", "enrolment_primary": 1900, "classes_primary": 42,
        "enrolment_junior": 601, "classes_junior": 12,
    }  # fmt: skip
    found = class_sizes(schools(row), CN, ("primary", "junior"))
    assert found["cap"].tolist() == [2500.0] * 2 and found["institution_pupils"].tolist() == [2501.0] * 2
    assert found["oversized"].tolist() == ["yes"] * 2
    smaller = class_sizes(schools({**row, "enrolment_junior": 600}), CN, ("primary", "junior"))
    assert smaller["oversized"].tolist() == ["no"] * 2
    silent = class_sizes(schools({**row, "enrolment_junior": np.nan}), CN, ("primary", "junior"))
    assert silent["oversized"].tolist() == ["unknown"] * 2


def test_campuses_are_added_up_and_schools_outside_left_out() -> None:
    rows = [
        {"id": "a", "stage": "primary", "enrolment_primary": 1200, "classes_primary": 28, "campus_of": None},
        {"id": "b", "stage": "primary", "enrolment_primary": 900, "classes_primary": 20, "campus_of": "a"},
        {"id": "c", "stage": "primary", "enrolment_primary": 100, "classes_primary": 3, "scope": "outside"},
    ]
    found = class_sizes(schools(*rows), CN, ("primary",))
    assert found["school_id"].tolist() == ["a", "b"] and found["institution"].tolist() == ["a", "a"]
    assert found["oversized"].tolist() == ["yes", "yes"]
    pd.testing.assert_frame_equal(class_sizes(schools(*rows[::-1]), CN, ("primary",)), found)


def test_no_schools_at_all() -> None:
    none = schools({"id": "a", "stage": "special"})
    assert class_sizes(none, CN, ("primary", "junior")).empty
