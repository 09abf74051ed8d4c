"""The panel of new places says what the run holds, year by year; its tables are the map's equal; unknown stays so."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from flask.testing import FlaskClient
from PIL import Image, ImageColor

from geoplan.errors import NotFoundError
from geoplan.run import Run
from geoplan.store import write_run
from geoplan.style import classes
from maps import scene, style
from maps.app import create_app
from maps.siting import curve, drawing, facts, housing, proposals
from maps.siting.story import area_rows, milestone_rows, signed, tell, year_view
from maps.siting.told import search_text
from maps.standalone import standalone
from tests.toytown import toytown_run, write_toytown
from tests.toytown.siting import with_siting

RUN = "/api/v1/plans/newtown/runs/latest"
TILE = "15/16980/11290"


@pytest.fixture(scope="session")
def newtown() -> Run:
    return with_siting(toytown_run())


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, newtown: Run) -> FlaskClient:
    folder = tmp_path_factory.mktemp("newtown")
    write_toytown(folder / "newtown")
    write_run(newtown, folder / "newtown")
    return create_app({"WORKSPACE": folder, "TESTING": True}).test_client()


def test_the_finding_speaks_of_the_worst_year_and_the_page_opens_with_it(newtown: Run) -> None:
    told = tell(newtown, "primary", "en")
    assert told.headline.startswith("In 2027, 117 of 216 children have no place in reach; proposed: one new")
    assert not told.reserve and facts.worst_year(newtown, "primary") == 2027
    assert tell(newtown, "junior", "zh").headline.startswith("2027年")


def test_a_year_has_its_accounts_and_its_sub_areas_shortest_of_places_first(newtown: Run) -> None:
    shown = year_view(newtown, "primary", 2027, "en")
    assert shown.base == "Where the 216 pupils of 2027 stand"
    assert [account.pupils for account in shown.accounts] == ["99", "62", "54", "1"]
    assert sum(account.width for account in shown.accounts) == pytest.approx(100, abs=0.01)
    assert [(row.name, row.balance, row.word, row.first) for row in shown.areas] == [
        ("North", "−16", "too few", "2024"),
        ("Town", "+90", "enough", ""),
    ]
    assert "births" not in shown.said
    assert "97 to 119 pupils, by few or many births" in year_view(newtown, "primary", 2035, "en").said


def test_who_stays_without_is_told_for_the_year(newtown: Run) -> None:
    shown = year_view(newtown, "primary", 2027, "en")
    assert [(row.name, row.pupils, row.reason) for row in shown.unmet] == [
        ("North", "8", "no site is in reach of them")
    ]
    assert not year_view(newtown, "primary", 2035, "en").unmet and not year_view(newtown, "junior", 2027, "zh").unmet


def test_signs_and_unknown_balances() -> None:
    assert [signed(value, "en") for value in (-16.2, 0.2, 4, None, float("nan"))] == ["−16", "0", "+4", "–", "–"]


def test_need_of_a_year_is_summed_over_cells_and_the_base_year_is_told_from_the_accounts(newtown: Run) -> None:
    cells = newtown.tables["cells"]
    for year, total in ((2024, 45.0), (2027, 117.0), (2035, None)):
        need = facts.unserved(newtown, "primary", year)
        milestone = next(row for row in facts.milestones(newtown, "primary") if row["year"] == year)
        assert need.sum() == pytest.approx(milestone["pupils"] - milestone["served"], abs=0.6)
        assert total is None or need.sum() == pytest.approx(total, abs=0.6)
    assert facts.pupils_of(newtown, "primary", 2027).sum() == pytest.approx(1.5 * cells["pupils_primary"].sum())
    with pytest.raises(NotFoundError, match="2026"):
        facts.year_of(newtown, "primary", 2026)


def test_proposals_are_cards_with_reasons_checks_and_loads(newtown: Run) -> None:
    first, second, third = proposals.cards(newtown, "primary", "en")
    assert (first.rank, first.recommended, third.recommended) == (1, True, False)
    assert first.brief == "270 places · 2027 · 60 gain a place"
    assert first.against[0] == "In 2035, only 41\u202f% of its places would be used."
    assert first.against[1].startswith("Look first at temporary classrooms, more classes")
    assert [check.verdict for check in first.checks] == ["conditional", "unknown", "pass", "pass"]
    road = first.checks[0].text
    assert all(
        part in road for part in ("62\u202fm", "80\u202fm", "GB 50099-2011 4.1.6", "seen in the official text")
    )
    assert [(bar.year, bar.over) for bar in second.bars] == [
        (2024, False),
        (2025, False),
        (2027, False),
        (2035, False),
    ]
    low = proposals.bars(facts.proposals(newtown)[0], "en", 0.6)
    assert [bar.low for bar in low] == [False, True] and low[0].height > low[1].height
    assert [card.rank for card in proposals.cards(newtown, "junior", "zh")] == [3], "a nine-year school is for both"


def test_schools_and_sub_areas_are_named_in_the_language_of_the_page(newtown: Run) -> None:
    areas = newtown.tables["areas"].assign(name=["城区", "北乡"], name_en=["Town", "North"])
    schools = newtown.tables["schools"].assign(
        name=["东小学", "河中学", "桥学校"], name_en=["East", "River", "Bridge"]
    )
    rows = newtown.tables["proposals"].assign(name=["磨坊", "东小学", "选址范围1"])
    rows["reasons"] = rows["reasons"].str.replace('"Town"', '"城区"')
    run = replace(newtown, tables={**newtown.tables, "areas": areas, "schools": schools, "proposals": rows})
    english, chinese = (proposals.cards(run, "primary", language)[1] for language in ("en", "zh"))
    assert english.name == "East" and english.reasons == (
        "Town is first short of primary places in 2027: 12 are missing.",
    )
    assert chinese.name == "东小学" and chinese.reasons == ("城区在2027年首次出现小学学位缺口，当年缺12个。",)


def test_a_check_without_a_sentence_still_tells_its_figures() -> None:
    norm = {"source": "GB 50099-2011", "confidence": "verified"}
    check = {"rule": "railway", "verdict": "pass", "distance_m": 412.0, "threshold_m": 300.0, **norm}
    (row,) = proposals.check_rows({"checks": [check]}, "en")
    assert (row.text, row.distance, row.threshold) == ("distance to the railway", "412\u202fm", "300\u202fm")
    assert row.source == "GB 50099-2011, seen in the official text"


def test_a_stage_that_is_not_planned_says_so(newtown: Run) -> None:
    summary = {**newtown.summary, "siting": {**newtown.summary["siting"], "stages": ["primary"], "new": []}}
    tables = {**newtown.tables, "proposals": newtown.tables["proposals"].iloc[:2]}
    told = tell(replace(newtown, summary=summary, tables=tables), "junior", "en")
    assert told.none == "New places are looked for in these stages only: Primary." and not told.marginal
    assert told.headline.endswith("pupils have no place in reach")


def test_search_areas_are_near_what_they_are_named_after(newtown: Run) -> None:
    assert proposals.cards(newtown, "junior", "en")[0].name == "near Search area 1"
    search = {"code": "search_found", "params": {"count": 1, "largest_m2": 7854.0, "floor_m2": 1500.0}}
    run = replace(newtown, summary={**newtown.summary, "siting": {"search": search}})
    assert "7,854" in search_text(run, "zh") and not search_text(newtown, "zh")


def test_the_curve_rises_with_the_schools_and_says_what_is_proven(newtown: Run) -> None:
    drawn = curve.curve(newtown, "en", "CNY")
    assert drawn is not None
    assert [(row.k, row.served, row.extra, row.gap) for row in drawn.rows] == [
        ("0", "66", "0", "proven"),
        ("1", "126", "60", "proven"),
        ("2", "142", "16", "2\u202f%"),
    ]
    assert drawn.rows[1].each == "520,000 yuan" and drawn.rows[0].each == "–"
    heights = [y for _, y in drawn.dots]
    assert heights == sorted(heights, reverse=True)
    assert all(curve.TOP - 0.5 <= y <= curve.HEIGHT - curve.BOTTOM for y in heights)
    assert curve.curve(replace(newtown, summary={**newtown.summary, "siting": {}}), "en") is None


def test_housing_keeps_obligation_and_need_apart_and_puts_the_unmet_first(newtown: Run) -> None:
    rows = housing.housing_rows(newtown, "primary", "en")
    assert [(row.name, row.obligation, row.owed, row.need, row.status_word) for row in rows] == [
        ("River Gardens", "owed", "66 places", "0", "not met"),
        ("North Court", "owed", "20 places", "20", "met"),
    ]
    junior = housing.housing_rows(newtown, "junior", "zh")
    assert [(row.obligation, row.owed, row.need, row.status_word) for row in junior] == [
        ("无须配建", "", "12", "与其他项目合建")
    ]
    assert "1,000平方米（1.5亩）" in housing.housing_rows(newtown, "primary", "zh")[1].note


def test_a_project_in_phases_owes_once_and_is_shown_with_its_greatest_need(newtown: Run) -> None:
    table = newtown.tables["housing_need"]
    row = table[table["stage"] == "junior"].assign(project="H1")
    later = row.assign(housing_id="H1b", year=2035, need=19.0)
    phases = replace(newtown, tables={**newtown.tables, "housing_need": pd.concat([row, later], ignore_index=True)})
    (shown,) = housing.housing_rows(phases, "junior", "en")
    assert (shown.need, shown.year) == ("19", "2035")


def test_marks_of_the_map_have_a_shape_a_verdict(newtown: Run) -> None:
    marks = drawing.candidate_marks(newtown, "en")
    assert [mark["id"] for mark in marks][:1] == ["P1"], "chosen ones first"
    assert {mark["id"]: mark["verdict"] for mark in marks} == {
        "P1": "conditional", "P2": "fail", "P3": "fail", "G1": "unknown"
    }  # fmt: skip
    assert len(drawing.outlines(newtown)["features"]) == 3, "a search area has no land"
    assert len({colour for colour in classes("verdict").colours}) == 4
    shapes = [sample.shape for sample in drawing.legend(newtown, "zh")]
    assert len(shapes) == len(set(shapes)) == 8


def test_milestones_stand_on_the_coverage_panel(newtown: Run, client: FlaskClient) -> None:
    rows = milestone_rows(newtown, "primary", "en")
    assert [(row.year, row.pupils, row.served, row.unborn) for row in rows] == [
        ("2024", "144", "99", "0\u202f%"),
        ("2027", "216", "99", "0\u202f%"),
        ("2035", "108", "75", "40\u202f%"),
    ]
    assert "Now, 2027 and 2035" in client.get("/plans/newtown?lang=en").get_data(as_text=True)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("stage", ["primary", "junior"])
def test_the_page(client: FlaskClient, language: str, stage: str) -> None:
    page = client.get(f"/plans/newtown/siting?lang={language}&stage={stage}").get_data(as_text=True)
    assert page.count("<h1") == 1 and "%(" not in page and "{year}" not in page.split("page-data")[0]
    assert ("Proposals, best first" if language == "en" else "布点建议（由优到次）") in page
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_without_javascript_each_year_is_a_link(client: FlaskClient) -> None:
    page = client.get("/plans/newtown/siting?lang=en&year=2035").get_data(as_text=True)
    assert "Where the 108 pupils of 2035 stand" in page
    links = re.findall(r'href="([^"]+)" data-year="(\d+)"', page)
    assert [year for _, year in links] == ["2024", "2025", "2027", "2035"]
    assert all(f"year={year}" in address for address, year in links)
    there = client.get(links[2][0].replace("&amp;", "&")).get_data(as_text=True)
    assert "Where the 216 pupils of 2027 stand" in there


def test_the_part_of_a_year_comes_alone(client: FlaskClient) -> None:
    part = client.get("/plans/newtown/siting/year?lang=zh&stage=junior&year=2035").get_data(as_text=True)
    assert "2035年" in part and "<html" not in part and "<h1" not in part
    assert client.get("/plans/newtown/siting/year?year=2026").status_code == 404


def test_a_proposal_named_by_the_address_is_open(client: FlaskClient) -> None:
    page = client.get("/plans/newtown/siting?proposal=2").get_data(as_text=True)
    assert re.findall(r'data-proposal="(\d)" open', page) == ["2"]
    assert not re.findall(r'data-proposal="\d" open', client.get("/plans/newtown/siting").get_data(as_text=True))


def test_need_tiles_follow_the_year(client: FlaskClient, newtown: Run) -> None:
    address = f"{RUN}/tiles/need/{TILE}.png?stage=primary&year="
    answers = {year: client.get(f"{address}{year}") for year in (2027, 2035)}
    assert all(answer.mimetype == "image/png" for answer in answers.values())
    assert answers[2027].data != answers[2035].data
    assert answers[2027].headers["ETag"] != answers[2035].headers["ETag"]
    assert client.get(f"{RUN}/tiles/need/{TILE}.png?stage=primary").data == answers[2027].data, "the worst year"
    colours = {c[:3] for _, c in Image.open(io.BytesIO(answers[2027].data)).convert("RGBA").getcolors(9999) or []}
    assert ImageColor.getrgb(style.NEED_RAMP[2]) in colours


def test_need_is_pupils_by_area(newtown: Run) -> None:
    """Homes stand on a hectare each: the class drawn is that of the pupils without a place."""
    drawn = scene.draw(scene.make_scene(newtown), "need", "primary", scene.framed(newtown, 400, 400), year=2027)
    need = facts.unserved(newtown, "primary", 2027)
    expected = set(np.searchsorted(style.NEED_BREAKS_HA[1:], need[need > 0], side="right") + 1)
    assert set(np.unique(drawn)) == expected | {0} and len(expected) > 1


def test_who_would_go_to_the_proposed_places_is_a_layer(newtown: Run, client: FlaskClient) -> None:
    drawn = scene.draw(scene.make_scene(newtown), "proposed", "primary", scene.framed(newtown, 500, 500, margin=0.0))
    assert set(np.unique(drawn)) == {0, 1}
    assert (drawn == 1).mean() == pytest.approx(0.12, abs=0.02), "twelve of a hundred cells, one colour"
    assert "Who would go to the proposed places" in client.get("/plans/newtown/siting?lang=en").get_data(as_text=True)
    assert client.get(f"{RUN}/tiles/proposed/{TILE}.png?stage=senior").status_code == 404


def test_map_file_holds_the_proposals(newtown: Run) -> None:
    for language, title in (("en", "Build a primary school"), ("zh", "在预留教育用地")):
        page = standalone(newtown, language).decode()
        assert title in page and ('"pointToLayer": geoplan.numbered' in page or "not installed" in page)
    plain = replace(newtown, tables={name: t for name, t in newtown.tables.items() if name != "proposals"})
    assert '"pointToLayer": geoplan.numbered' not in standalone(plain, "en").decode()


def test_a_home_tells_its_year(client: FlaskClient, newtown: Run) -> None:
    cell = newtown.tables["cells"].iloc[0]
    query = {"lon": cell.geometry.x, "lat": cell.geometry.y, "stage": "primary", "lang": "en"}
    found = client.get(f"{RUN}/cell", query_string={**query, "year": 2027}).get_json()
    assert found["pupils_year"] == pytest.approx(3.6) and found["year"] == 2027
    assert ["pupils in 2027", "3.6"] in found["card"]["rows"]
    assert "year" not in client.get(f"{RUN}/cell", query_string=query).get_json()


def test_one_candidate_tells_its_checks(client: FlaskClient) -> None:
    found = client.get(f"{RUN}/candidates/P1?lang=en").get_json()
    assert found["verdict"] == "conditional" and found["card"]["note"] == "reserved education plot"
    assert [check["verdict"] for check in found["checks"]] == ["conditional", "unknown", "pass", "pass"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{RUN}/candidates/nowhere", 404),
        (f"{RUN}/tiles/need/{TILE}.png?year=2026", 404),
        (f"{RUN}/tiles/need/{TILE}.png?year=soon", 400),
        (f"{RUN}/tiles/need/{TILE}.png?stage=senior", 404),
    ],
)
def test_wrong_requests_are_problems(client: FlaskClient, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status and answer.mimetype == "application/problem+json"


def test_a_run_that_counts_no_years_says_so_and_has_no_panel_without_anything(newtown: Run, tmp_path: Path) -> None:
    plain = toytown_run()
    assert facts.present(plain) and not facts.years(plain, "primary") and not area_rows(plain, "primary", 2027, "en")
    assert tell(plain, "primary", "en").headline == "How many places will be missing is not computed"
    write_toytown(tmp_path / "plain")
    summary = {key: value for key, value in plain.summary.items() if key != "siting"}
    bare = replace(plain, run_id="ba5e00000000", summary=summary)
    write_run(bare, tmp_path / "plain")
    client = create_app({"WORKSPACE": tmp_path, "TESTING": True}).test_client()
    assert "/siting" not in client.get("/plans/plain").get_data(as_text=True)
    assert client.get("/plans/plain/siting").status_code == 404


def test_why_nothing_was_computed_is_said(newtown: Run) -> None:
    summary = {**newtown.summary, "siting": {"not_computed": "table sites missing"}}
    tables = {name: table for name, table in newtown.tables.items() if name != "proposals"}
    told = tell(replace(newtown, summary=summary, tables=tables), "primary", "en")
    assert told.none == "Where new places should go is not computed: table sites missing"
    assert told.headline == "In 2027, 117 of 216 children have no place in reach"
