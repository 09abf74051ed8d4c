"""Routes of single homes, asked for on the map of the embedded county."""

from __future__ import annotations

import shutil
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from flask.testing import FlaskClient

from geoplan.run import Run
from geoplan.store import write_run
from layers.demo.embedded import write_demo
from maps.app import create_app
from maps.safety import rows

RUN = "/api/v1/plans/monaco/runs/latest"


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory, made_run: Run) -> Path:
    if "safety" not in made_run.summary:
        pytest.skip("the run was made without route safety")
    folder = tmp_path_factory.mktemp("county")
    write_run(made_run, write_demo(folder / "monaco").parent)
    return folder


@pytest.fixture(scope="module")
def client(county: Path) -> FlaskClient:
    return create_app({"WORKSPACE": county, "TESTING": True}).test_client()


def homes(run: Run, stage: str = "primary") -> gpd.GeoDataFrame:
    cells = run.tables["cells"]
    return cells[cells[f"school_{stage}"].notna()]


def test_both_routes_lead_from_the_home_to_its_school(client: FlaskClient, made_run: Run) -> None:
    cells = homes(made_run)
    schools = made_run.tables["schools"].set_index("id").geometry
    asked = 0
    for at in range(0, len(cells), max(len(cells) // 40, 1)):
        cell = cells.iloc[at]
        query = {"lon": cell.geometry.x, "lat": cell.geometry.y, "stage": "primary", "lang": "en"}
        found = client.get(f"{RUN}/route", query_string=query).get_json()
        if found["cell_id"] != cell["cell_id"]:
            continue  # another house is drawn over the middle of this one
        asked += 1
        assert found["school_id"] == cell["school_primary"]
        short, safe = found["shortest"], found["safest"]
        assert short["length_m"] <= safe["length_m"] + 0.05
        assert safe["length_m"] <= min(1.25 * short["length_m"], short["length_m"] + 400) + 0.2
        assert (safe["level_high"], safe["level_low"]) <= (short["level_high"], short["level_low"])
        for route in (short, safe):
            line = shapely.LineString(route["geometry"]["coordinates"])
            ends = shapely.points(shapely.get_coordinates(line)[[0, -1]])
            assert ends[0].distance(cell.geometry) < 1e-5
            assert ends[1].distance(schools[found["school_id"]]) < 2e-3
        worst = found["worst"]
        if worst is not None:  # a gate across the yard is reached on no street
            assert worst["level_high"] <= safe["level_high"] and worst["layer"] in ("segments", "crossings")
    assert asked > 8


def test_the_card_tells_the_price_of_safety(client: FlaskClient, made_run: Run) -> None:
    cell = homes(made_run).iloc[0]
    query = {"lon": cell.geometry.x, "lat": cell.geometry.y, "stage": "primary"}
    english, chinese = (
        dict(client.get(f"{RUN}/route", query_string={**query, "lang": language}).get_json()["card"]["rows"])
        for language in ("en", "zh")
    )
    assert {"school", "shortest route", "safest route", "price of safety"} <= set(english)
    assert {"学校", "最短路线", "最安全路线", "为安全多走"} <= set(chinese)


def test_nobody_and_no_place_have_no_route(client: FlaskClient, made_run: Run) -> None:
    sea = client.get(f"{RUN}/route?lon=7.6&lat=43.6&stage=primary").get_json()
    assert sea["cell_id"] is None and sea["safest"] is None
    cells = made_run.tables["cells"]
    without = cells[cells["school_primary"].isna() & (cells["pupils_primary"] > 0)].iloc[0]
    query = {"lon": without.geometry.x, "lat": without.geometry.y, "stage": "primary"}
    found = client.get(f"{RUN}/route", query_string=query).get_json()
    assert found["safest"] is None and found["card"]["name"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_of_a_real_county(client: FlaskClient, made_run: Run, language: str) -> None:
    page = client.get(f"/plans/monaco/safety?stage=primary&lang={language}").get_data(as_text=True)
    figures = made_run.summary["safety"]["stages"]["primary"]
    assert f"{round(figures['safe']):,}" in page and "%(" not in page
    for table in ("survey", "gate_audit", "crossings"):
        assert f"/layers/{table}.csv" in page
    for code in ("segment_", "crossing_unmapped", "access_off_main_road", "None", "nan<"):
        assert code not in page.split("<script")[0], f"{code} is no word for people"


def test_every_rule_of_the_run_has_words(client: FlaskClient, made_run: Run) -> None:
    for layer in ("segments", "crossings"):
        table = made_run.tables[layer].reset_index(drop=True)
        for row in table.groupby(table["rule"].astype(str)).head(1).index:
            for language in ("en", "zh"):
                found = client.get(f"{RUN}/elements/{layer}/{row}?lang={language}").get_json()
                assert found["card"]["note"] and "_" not in found["card"]["note"]
                assert not [tag for _, tag in found["card"]["rows"] if tag in ("nan", "None")]


def test_the_gates_of_a_school_are_told_with_evidence(client: FlaskClient, made_run: Run) -> None:
    school = made_run.tables["gate_audit"]["school_id"].iloc[0]
    items = client.get(f"{RUN}/gates/{school}?lang=en").get_json()["items"]
    assert len(items) == made_run.tables["gate_audit"]["item"].nunique()
    assert {item["answer"] for item in items} <= {"yes", "no", "not known"}


def test_changed_files_give_no_routes_of_another_plan(county: Path, made_run: Run, tmp_path: Path) -> None:
    shutil.copytree(county / "monaco", tmp_path / "monaco")
    table = tmp_path / "monaco" / "schools.csv"
    table.write_bytes(table.read_bytes() + b"\n")
    client = create_app({"WORKSPACE": tmp_path, "TESTING": True}).test_client()
    cell = homes(made_run).iloc[0].geometry
    answer = client.get(f"{RUN}/route?lon={cell.x}&lat={cell.y}&stage=primary")
    assert answer.status_code == 404 and "changed since this run" in answer.get_json()["detail"]


def test_a_run_without_streets_by_level_has_no_routes(tmp_path: Path, made_run: Run) -> None:
    plain = Run(
        made_run.run_id,
        made_run.manifest,
        {key: value for key, value in made_run.summary.items() if key != "safety"},
        {name: table for name, table in made_run.tables.items() if name not in ("segments", "crossings")},
        made_run.cell_index,
    )
    write_run(plain, write_demo(tmp_path / "monaco").parent)
    client = create_app({"WORKSPACE": tmp_path, "TESTING": True}).test_client()
    assert client.get(f"{RUN}/route?lon=7.42&lat=43.73&stage=primary").status_code == 404
    assert client.get("/plans/monaco/safety").status_code == 404
    assert "/plans/monaco/safety" not in client.get("/plans/monaco").get_data(as_text=True)
    assert client.get(f"{RUN}/tiles/segments/0/0/0.pbf").status_code == 404


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_survey_list_leads_to_the_elements_it_names(client: FlaskClient, made_run: Run, language: str) -> None:
    survey = made_run.tables["survey"].sort_values("rank")
    shown = rows.survey_rows(made_run, language, count=60)
    assert {row.layer for row in shown} == {"segments", "crossings"}
    for row, osm_id in zip(shown, survey["osm_id"], strict=False):
        found = client.get(f"{RUN}/elements/{row.layer}/{row.row}").get_json()
        assert found["osm_id"] == osm_id and row.note
