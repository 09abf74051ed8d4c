"""The route safety panel says what the run holds, keeps unknown apart, and is absent where nothing was computed."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from flask.testing import FlaskClient
from PIL import Image, ImageColor

from geoplan.run import Run
from maps.linepng import dashes
from maps.safety import drawing, facts, retrofits, rows
from maps.safety.story import tell


def test_the_finding_names_its_base_and_keeps_unknown_apart(toytown: Run) -> None:
    told = tell(toytown, "primary", "en")
    assert told.headline == (
        "40 of the 90 children with a place have a safe route to school; 20 have none, "
        "and for 30 the map does not tell"
    )
    assert [(group.value, group.pupils, group.dashed) for group in told.verdicts] == [
        ("safe", "40", False),
        ("undetermined", "30", True),
        ("unsafe", "20", False),
    ]
    assert sum(group.width for group in told.verdicts) == pytest.approx(100, abs=0.01)
    assert "安全" in tell(toytown, "primary", "zh").headline


def test_completeness_stands_beside_the_figures(toytown: Run) -> None:
    told = tell(toytown, "primary", "en")
    assert ("Lighting", "40\u202f%", 40.0) in told.completeness
    assert any("Lighting is known on 40" in note.text for note in told.care)


def test_a_stage_has_its_own_figures_where_the_run_tells_them_apart(toytown: Run) -> None:
    schools = toytown.tables["schools"].assign(
        pupils_safe_primary=[10.0, 0.0, 2.0], pupils_undetermined_primary=[5.0, 0.0, 0.0], pupils_unsafe_primary=0.0
    )
    run = replace(toytown, tables={**toytown.tables, "schools": schools})
    assert facts.facts(run, "primary").stage == "primary"
    assert tell(run, "primary", "en").headline.startswith("12 of the 17 children")
    assert facts.facts(run, "junior").stage is None
    assert "All stages together" in tell(run, "junior", "en").kicker


def test_worst_crossings_are_mapped_ones_by_level_then_pupils(toytown: Run) -> None:
    crossings = toytown.tables["crossings"]
    assert [row.row for row in rows.worst_crossings(toytown, "en")] == [2, 1]
    assert [row.level for row in rows.worst_crossings(toytown, "en")] == ["3–4", "2–3"]
    unmapped = replace(toytown, tables={**toytown.tables, "crossings": crossings.assign(mapped=[True, True, False])})
    assert [row.row for row in rows.worst_crossings(unmapped, "en")] == [1]
    assert rows.unmapped_count(unmapped) == 1


def test_the_budget_curve_rises_where_a_plan_can_be_paid(toytown: Run) -> None:
    drawn = retrofits.curve(toytown, "en")
    assert drawn is not None and drawn.rows == (("120,000", "4"),)
    corners = [tuple(map(float, pair.split(","))) for pair in drawn.line.split()]
    assert [y for _, y in corners] == sorted((y for _, y in corners), reverse=True)
    assert corners[1][1] == corners[0][1], "less money than the first plan costs buys nothing"
    assert retrofits.ticks(4.0, 3) == [0, 2, 4] and retrofits.ticks(120000.0, 3) == [0, 50000, 100000]


@pytest.mark.parametrize(("low", "high", "text"), [(3, 3, "3"), (1, 4, "1–4"), ("B", "D", "B–D"), (None, None, "–")])
def test_ranges(low: object, high: object, text: str) -> None:
    assert facts.span(low, high) == text


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page(client: FlaskClient, language: str) -> None:
    page = client.get(f"/plans/toytown/safety?lang={language}").get_data(as_text=True)
    assert page.count("<h1") == 1 and "%(" not in page
    assert ("Worst crossings" if language == "en" else "最差的过街处") in page


def test_without_route_safety_there_is_no_panel(client: FlaskClient, toytown: Run) -> None:
    assert "/plans/toytown/safety" in client.get("/plans/toytown").get_data(as_text=True)
    tables = {name: table for name, table in toytown.tables.items() if name not in ("segments", "crossings")}
    summary = {key: value for key, value in toytown.summary.items() if key != "safety"}
    assert not facts.present(replace(toytown, tables=tables, summary=summary))


RUN = "/api/v1/plans/toytown/runs/latest"
TILE = "12/2122/1411"


def test_tiles_hold_levels_and_pupils(client: FlaskClient) -> None:
    mapbox = pytest.importorskip("mapbox_vector_tile", reason="mapbox-vector-tile is not installed")
    answer = client.get(f"{RUN}/tiles/crossings/{TILE}.pbf")
    assert answer.status_code == 200 and answer.mimetype == "application/vnd.mapbox-vector-tile"
    features = mapbox.decode(answer.data)["crossings"]["features"]
    assert {feature["id"]: feature["properties"] for feature in features} == {
        0: {"low": 1, "high": 1, "pupils": 40, "mapped": 1},
        1: {"low": 2, "high": 3, "pupils": 12, "mapped": 1},
        2: {"low": 3, "high": 4, "pupils": 4, "mapped": 1},
    }
    again = client.get(f"{RUN}/tiles/crossings/{TILE}.pbf", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    assert client.get(f"{RUN}/tiles/segments/15/0/0.pbf").data == b""


def test_tiles_are_kept_beside_the_plan(client: FlaskClient, workspace: Path) -> None:
    found = client.get(f"{RUN}/tiles/segments/{TILE}.pbf").data
    kept = list((workspace / "toytown" / "cache" / "vectors").rglob("segments/12/2122/1411.pbf"))
    assert [path.read_bytes() for path in kept] == [found]


def test_pictures_show_the_same_lines_in_the_same_colours(client: FlaskClient) -> None:
    picture = Image.open(io.BytesIO(client.get(f"{RUN}/tiles/segments/{TILE}.png").data))
    assert picture.size == (256, 256) and picture.mode == "RGBA"
    colours = {colour[:3] for _, colour in picture.getcolors(100_000) or [] if colour[3] == 255}
    assert ImageColor.getrgb(drawing.COLOURS[2]) in colours, "the main street is level 3"
    assert ImageColor.getrgb(drawing.COLOURS[3]) not in colours
    dots = Image.open(io.BytesIO(client.get(f"{RUN}/tiles/crossings/16/33959/22581.png").data))
    assert ImageColor.getrgb(drawing.COLOURS[0]) in {c[:3] for _, c in dots.getcolors(100_000) or []}


def test_dashes_cover_their_share_of_a_line() -> None:
    line = np.array([[0.0, 0.0], [60.0, 0.0], [60.0, 40.0]])
    parts = list(dashes(line, (8, 2)))
    lengths = [float(np.hypot(*np.diff(part, axis=0).T).sum()) for part in parts]
    assert lengths == pytest.approx([8.0] * 10)
    assert any((part == [60.0, 0.0]).all(axis=1).any() for part in parts) or len(parts) == 10


def test_ranges_of_levels_have_looks_of_their_own() -> None:
    low, high = np.array([1, 4, 1, 2, 3]), np.array([1, 4, 2, 3, 4])
    assert list(drawing.looks(low, high)) == [1, 4, drawing.AT_MOST_2, drawing.UNKNOWN, drawing.AT_LEAST_3]
    assert len({drawing.look_colour(1, 1), drawing.look_colour(4, 4), drawing.look_colour(1, 4)}) == 3


def test_the_legend_has_words_for_everything_drawn() -> None:
    for language in ("en", "zh"):
        labels = [sample.label for sample in drawing.legend(language)]
        assert len(labels) == len(set(labels)) >= 10 and all(labels)
    assert {sample.shape for sample in drawing.legend("en")} == {"line", "dashed", "dot", "ring", "wide"}


def test_one_element_tells_rule_tags_and_pupils(client: FlaskClient) -> None:
    found = client.get(f"{RUN}/elements/segments/0?lang=en").get_json()
    assert found["row"] == 0 and found["osm_id"] and found["level_high"] in (2, 3)
    labels = [label for label, _ in found["card"]["rows"]]
    assert labels == ["stress level", "pupils a day", "length", "tags used", "not known", "in OpenStreetMap"]


def test_the_nearest_element_is_a_crossing_before_a_street(client: FlaskClient, toytown: Run) -> None:
    place = toytown.tables["crossings"].geometry.iloc[1]
    query = {"lon": place.x + 5e-5, "lat": place.y, "within_m": 10}
    assert client.get(f"{RUN}/elements", query_string=query).get_json()["layer"] == "crossings"
    street = toytown.tables["segments"].geometry.iloc[3].interpolate(0.5, normalized=True)
    found = client.get(f"{RUN}/elements", query_string={"lon": street.x, "lat": street.y, "within_m": 5}).get_json()
    assert (found["layer"], found["row"]) == ("segments", 3)
    assert client.get(f"{RUN}/elements?lon=6&lat=48").get_json()["row"] is None


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{RUN}/tiles/cells/3/1/1.pbf", 404),
        (f"{RUN}/tiles/segments/3/8/0.pbf", 404),
        (f"{RUN}/elements/segments/9999", 404),
        (f"{RUN}/elements/cells/0", 404),
        (f"{RUN}/elements?lon=6", 400),
        (f"{RUN}/elements?lon=6&lat=48&within_m=-1", 400),
        (f"{RUN}/elements?lon=6&lat=48&within_m=nan", 400),
        (f"{RUN}/gates/nobody", 404),
    ],
)
def test_wrong_requests_are_problems(client: FlaskClient, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status and answer.mimetype == "application/problem+json"


def test_the_checklist_of_a_school(toytown: Run) -> None:
    audit = pd.DataFrame(
        {
            "school_id": ["S1", "S1", "S3"],
            "item": ["crossing", "light", "crossing"],
            "answer": ["yes", "unknown", "no"],
            "evidence": ["crossing 7001, 80 m", "", "none within 50 m"],
        }
    )
    run = replace(toytown, tables={**toytown.tables, "gate_audit": audit})
    assert [counts for _, counts in rows.gate_items(run, "primary", "en")] == [("1", "1", "0"), ("0", "0", "1")]
    assert rows.gate_card(run, "S1", "zh")[1][1] == "不详"
