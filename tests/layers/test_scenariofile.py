"""Scenario files: what they may say, every fault of every step at once, and the way back to text."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from shapely.geometry import Polygon

from layers.errors import InputError
from layers.scenariofile import (
    OpenStep,
    Scenario,
    parse_scenario,
    read_scenario,
    scenario_path,
    scenario_text,
)
from layers.scenarioplaces import step_shapes
from tests.toytown import CRS_METRIC, at, toytown

OPEN = {"action": "open", "id": "N1", "stage": "primary", "lon": 6.5, "lat": 48.7, "classes_primary": 12}
EVERY = [
    OPEN | {"name": "新建小学", "year": 2027, "beds": 40},
    {"action": "close", "school_id": "S2", "override": "a bus takes the pupils"},
    {"action": "resize", "school_id": "S1", "plus_classes": -2},
    {"action": "convert", "school_id": "S3", "from": "primary", "to": "junior", "classes": 1},
    {"action": "housing", "id": "H1", "geometry": "POINT (6.5 48.7)", "dwellings": 300, "ready": 2027,
     "occupancy_2027": 0.5, "pupils_primary": 40},
    {"action": "retrofit", "run": "abc", "rank": 1,
     "elements": [{"osm_id": "12", "measures": ["zebra"]},
                  {"osm_id": "7", "measures": ["sidewalk"], "lon": 6.5, "lat": 48.7}]},
]  # fmt: skip


def scenario(*steps: dict[str, Any], **head: Any) -> Scenario:
    return parse_scenario({"name": "try", **head, "steps": list(steps)}, "try.toml")


def faults(*steps: Any, **head: Any) -> list[tuple[str, str | None]]:
    with pytest.raises(InputError) as error:
        parse_scenario({"name": "try", **head, "steps": list(steps)}, "try.toml")
    assert all(
        fault.message(language) and fault.remedy(language)
        for fault in error.value.faults
        for language in ("en", "zh")
    )
    return [(fault.code, fault.column) for fault in error.value.faults]


def test_text_and_back(tmp_path: Path) -> None:
    whole = scenario(*EVERY, title="East", title_zh="东部", note='a "quoted" note')
    text = scenario_text(whole)
    assert parse_scenario(tomllib.loads(text), "try.toml") == whole
    (tmp_path / "try.json").write_text(json.dumps({"name": "try", "steps": EVERY}), encoding="utf-8")
    assert read_scenario(tmp_path / "try.json").steps == whole.steps


def test_every_fault_of_every_step_is_listed_with_its_step() -> None:
    found = faults(
        {"action": "opn"},
        {
            "action": "open",
            "id": "N1",
            "stage": "nine_year",
            "lon": 7.4,
            "places": 3,
            "places_primary": -4,
            "colour": 1,
        },
        {"action": "resize", "school_id": "S1"},
        {"action": "housing", "id": "H1", "x": 1.0, "y": 2.0, "ready": 2027},
        "nothing",
        OPEN | {"lon": 400, "stage": "zoo"},
        {"action": "convert", "school_id": "S3", "from": "primary", "to": "primary"},
        {"action": "retrofit", "elements": []},
        name="E a",
    )
    assert found == [
        ("scenario_key", "name"),
        ("scenario_action", "steps.1.action"),
        ("scenario_key", "steps.2.colour"),
        ("value_minimum", "steps.2.places_primary"),
        ("scenario_place", "steps.2.lon"),
        ("scenario_size", "steps.2.places_junior"),
        ("scenario_untaught", "steps.2.places"),
        ("scenario_one_size", "steps.3.places"),
        ("scenario_place", "steps.4.lon"),
        ("scenario_housing", "steps.4.dwellings"),
        ("scenario_action", "steps.5.action"),
        ("scenario_key", "steps.6.lon"),
        ("scenario_key", "steps.6.stage"),
        ("scenario_same_stage", "steps.7.to"),
        ("scenario_key", "steps.8.elements"),
        ("scenario_twice", "steps.6.id"),
    ]


@pytest.mark.parametrize(
    "change",
    [{"lat": None}, {"x": 1.0, "y": 2.0, "crs": "EPSG:32632"}, {"site_id": "P1"}, {"lon": None, "lat": None}],
)
def test_a_new_school_stands_in_one_place(change: dict[str, Any]) -> None:
    step = {key: value for key, value in (OPEN | change).items() if value is not None}
    assert faults(step) == [("scenario_place", "steps.1.lon")]


def test_a_school_of_one_stage_may_say_plain_places() -> None:
    step = {key: value for key, value in OPEN.items() if key != "classes_primary"}
    (found,) = scenario(step | {"places": 400}).steps
    assert isinstance(found, OpenStep) and found.columns == {"places": 400}
    assert faults(step) == [("scenario_size", "steps.1.places_primary")]
    assert faults(step | {"places": "many"}) == [("value_number", "steps.1.places")]


def test_files_that_are_none(tmp_path: Path) -> None:
    for name, text, code in (
        ("a.toml", "name =", "unreadable"),
        ("a.json", "[1]", "unreadable"),
        ("no.toml", None, "missing"),
    ):
        if text is not None:
            (tmp_path / name).write_text(text, encoding="utf-8")
        with pytest.raises(InputError) as error:
            read_scenario(tmp_path / name)
        assert [fault.code for fault in error.value.faults] == [f"scenario_{code}"]


def test_steps_must_be_a_list() -> None:
    with pytest.raises(InputError) as error:
        parse_scenario({"name": "try", "steps": {"action": "close"}}, "try.toml")
    assert [fault.code for fault in error.value.faults] == ["scenario_steps"]


def test_a_name_means_a_file_of_the_plan(tmp_path: Path) -> None:
    assert scenario_path(tmp_path, "east") == tmp_path / "scenarios" / "east.toml"
    assert scenario_path(tmp_path / "plan.toml", "east.json") == tmp_path / "scenarios" / "east.json"
    own = tmp_path / "own.toml"
    own.write_text("name = 'own'", encoding="utf-8")
    assert scenario_path(tmp_path, str(own)) == own


def test_places_come_out_in_the_metric_system() -> None:
    x, y = at(250, 950)
    metric = {key: value for key, value in OPEN.items() if key not in ("lon", "lat")} | {
        "x": x,
        "y": y,
        "crs": "EPSG:32632",
    }
    square = {"type": "Polygon", "coordinates": [[[x, y], [x + 50, y], [x + 50, y + 50], [x, y]]]}
    lonlat = [list(pair) for pair in _lonlat(square["coordinates"][0])]
    housing = EVERY[4] | {"geometry": {"type": "Polygon", "coordinates": [lonlat]}}
    found = step_shapes(scenario(metric, housing), toytown())
    assert (found[0, 0].x, found[0, 0].y) == (x, y)
    assert found[1, 0].symmetric_difference(Polygon(square["coordinates"][0])).area < 0.1


def test_places_that_cannot_be_are_told_with_their_step() -> None:
    far = OPEN | {"lon": -50.0, "lat": -30.0}
    bad = [
        far,
        EVERY[4] | {"geometry": "POINT ("},
        EVERY[4] | {"id": "H2", "geometry": {"type": "LineString", "coordinates": [[0, 1], [1, 1]]}},
    ]
    with pytest.raises(InputError) as error:
        step_shapes(scenario(*bad), toytown())
    assert [(fault.code, fault.column) for fault in error.value.faults] == [
        ("scenario_elsewhere", "steps.1.lon"),
        ("scenario_geometry", "steps.2.geometry"),
        ("scenario_geometry", "steps.3.geometry"),
    ]
    assert "远离" in error.value.faults[0].message("zh")


def _lonlat(points: list[list[float]]) -> list[tuple[float, float]]:
    from pyproj import Transformer

    back = Transformer.from_crs(CRS_METRIC, 4326, always_xy=True)
    return [back.transform(*point) for point in points]
