"""The route safety panel says what the run holds, keeps unknown apart, and is absent where nothing was computed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from geoplan.run import Run
from maps.safety import facts, retrofits, rows
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
