"""OGC API Features: what the standard asks of the core, rights as everywhere, every row once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
from flask import Flask
from flask.testing import FlaskClient
from openapi_spec_validator import validate

from geoplan.run import Run
from geoplan.store import table_facts, write_run
from maps.app import create_app
from maps.features.api import CONFORMANCE
from maps.openapi.ogc import book
from maps.openapi.writing import rules_of
from tests.toytown import toytown_run, write_toytown

CELLS = "/ogc/collections/toytown.cells"


def get(client: FlaskClient, path: str) -> Any:
    answer = client.get(path, headers={"Accept": "application/json"})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_json()


def rels(data: dict[str, Any]) -> dict[str, str]:
    return {link["rel"]: link["href"] for link in data["links"]}


def test_the_entry_leads_everywhere(client: FlaskClient) -> None:
    links = rels(get(client, "/ogc/"))
    assert {"self", "alternate", "service-desc", "service-doc", "conformance", "data"} <= set(links)
    for address in links.values():
        assert client.get(address).status_code == 200, address
    assert get(client, "/ogc")["links"], "with and without a stroke at the end"
    assert get(client, "/ogc/conformance")["conformsTo"] == CONFORMANCE


def test_the_definition_is_valid_and_of_the_routes_there_are(app: Flask, client: FlaskClient) -> None:
    answer = client.get("/ogc/api")
    assert answer.headers["Content-Type"] == "application/vnd.oai.openapi+json;version=3.0"
    document = answer.get_json()
    assert document["openapi"].startswith("3.0")
    validate(document)
    there = {rule.endpoint for rule, _ in rules_of(app, "/ogc")}
    assert there == set(book().routes)


def test_collections_are_the_tables_of_the_newest_run(client: FlaskClient, toytown: Run) -> None:
    found = {one["id"]: one for one in get(client, "/ogc/collections?lang=zh")["collections"]}
    assert set(found) == {f"toytown.{name}" for name in toytown.tables}
    cells = found["toytown.cells"]
    assert "居住格网" in cells["title"] and "Where people live" in cells["description"]
    west, south, east, north = cells["extent"]["spatial"]["bbox"][0]
    assert west < east and south < north
    assert (west, south, east, north) == pytest.approx(tuple(toytown.tables["cells"].to_crs(4326).total_bounds))
    assert get(client, CELLS)["id"] == "toytown.cells"
    assert get(client, f"{CELLS}.0123456789ab")["id"] == "toytown.cells.0123456789ab"


def test_facts_are_read_from_the_file_alone(workspace: Path, toytown: Run) -> None:
    facts = {one.name: one for one in table_facts(next((workspace / "toytown" / "runs").iterdir()))}
    for name, table in toytown.tables.items():
        assert facts[name].rows == len(table) and facts[name].located == isinstance(table, gpd.GeoDataFrame)
        assert list(facts[name].columns) == [column for column in table.columns if column != "geometry"]


def test_pages_hold_every_feature_once(client: FlaskClient) -> None:
    address, seen = f"{CELLS}/items", []
    while address:
        page = get(client, address)
        assert page["type"] == "FeatureCollection" and page["numberMatched"] == 100
        assert page["numberReturned"] == len(page["features"]) == 10, "ten by default"
        seen += [feature["id"] for feature in page["features"]]
        address = rels(page).get("next", "")
    assert seen == list(range(100))
    assert get(client, f"{CELLS}/items?limit=999999")["numberReturned"] == 100, "more than the most is no error"


def test_a_newer_run_does_not_shift_the_pages(tmp_path: Path) -> None:
    write_toytown(tmp_path / "toytown")
    write_run(toytown_run(), tmp_path / "toytown")
    client = create_app({"WORKSPACE": tmp_path, "TESTING": True}).test_client()
    following = rels(get(client, f"{CELLS}/items?limit=60"))["next"]
    write_run(toytown_run("ba9876543210"), tmp_path / "toytown")
    assert "0123456789ab" in following and get(client, following)["numberReturned"] == 40


def test_boxes_and_values_choose(client: FlaskClient, toytown: Run) -> None:
    table = toytown.tables["cells"].to_crs(4326)
    west, south, east, north = table.total_bounds
    middle = (south + north) / 2
    half = get(client, f"{CELLS}/items?limit=100&bbox={west - 1},{middle},{east + 1},{north + 1}")
    assert half["numberMatched"] == int((table.geometry.y >= middle).sum())
    around = get(client, f"{CELLS}/items?bbox={west},{south - 1},{west - 0.1},{north + 1}")
    assert around["numberMatched"] == int((table.geometry.x == west).sum()) or around["numberMatched"] == 100
    high = get(client, f"{CELLS}/items?bbox={west - 1},{middle},0,{east + 1},{north + 1},9")
    assert high["numberMatched"] == half["numberMatched"], "heights are left out"
    served = get(client, f"{CELLS}/items?status_primary=served&datetime=2020-01-01T00:00:00Z/..")
    assert served["numberMatched"] == int((table["status_primary"] == "served").sum()) > 0
    assert get(client, f"{CELLS}/items?off_network=true")["numberMatched"] == 1
    assert get(client, f"{CELLS}/items?residents=40")["numberMatched"] == int((table["residents"] == 40).sum())
    assert get(client, f"{CELLS}/items?area_id=nowhere")["features"] == []


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("?unknown=1", 400), ("?bbox=1,2,3", 400), ("?bbox=1,5,2,4", 400), ("?bbox=nan,1,2,3", 400),
        ("?limit=0", 400), ("?limit=-1", 400), ("?limit=x", 400), ("?offset=-1", 400), ("?datetime=soon", 400),
        ("?datetime=/", 400), ("?bbox-crs=EPSG:4326", 400), ("?crs=EPSG:3857", 400), ("?residents=many", 400),
        ("?off_network=2", 400), ("?f=xml", 406), ("/100", 404), ("/-1", 404), ("/x", 404),
        ("?geometry=1", 400), ("?bbox=1,2,3,4&residents=%00", 400),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused(client: FlaskClient, query: str, status: int) -> None:
    answer = client.get(f"{CELLS}/items{query}")
    assert answer.status_code == status and answer.mimetype == "application/problem+json"


@pytest.mark.parametrize(
    "name", ["toytown.nothing", "nothing.cells", "toytown.cells.ffffffffffff", "toytown", "a.b.c.d"]
)
def test_what_is_not_there(client: FlaskClient, name: str) -> None:
    for end in ("", "/items", "/items/0"):
        answer = client.get(f"/ogc/collections/{name}{end}")
        assert answer.status_code == 404 and answer.mimetype == "application/problem+json"


def test_one_feature(client: FlaskClient, toytown: Run) -> None:
    feature = get(client, f"{CELLS}/items/7")
    assert feature["id"] == 7 and feature["properties"]["cell_id"] == toytown.tables["cells"]["cell_id"].iloc[7]
    again = get(client, rels(feature)["self"])
    assert {**again, "links": []} == {**feature, "links": []}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_people_see_pages(client: FlaskClient, language: str) -> None:
    for path in ("/", "/conformance", "/api", "/collections", "/collections/toytown.cells",
                 "/collections/toytown.cells/items", "/collections/toytown.cells/items/3"):  # fmt: skip
        answer = client.get(f"/ogc{path}?lang={language}", headers={"Accept": "text/html,*/*;q=0.8"})
        assert answer.status_code == 200 and answer.mimetype == "text/html"
        assert answer.get_data(as_text=True).count("<h1") == 1 and "Accept" in answer.headers["Vary"]
    missing = client.get("/ogc/collections/toytown.nothing", headers={"Accept": "text/html,*/*;q=0.8"})
    assert missing.status_code == 404 and missing.mimetype == "text/html"


def test_an_empty_workspace_has_no_collections(tmp_path: Path) -> None:
    client = create_app({"WORKSPACE": tmp_path, "TESTING": True}).test_client()
    assert get(client, "/ogc/collections")["collections"] == []
