"""What somebody who means harm, or a program gone wrong, would send: a clear answer, and nothing handed out."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from geoplan.run import Run
from geoplan.store import write_run
from maps.app import create_app
from tests.toytown import toytown_run, write_toytown

RUN = "/api/v1/plans/toytown/runs/latest"
NAME = '<script>alert("1")</script>'


def refused(answer: TestResponse, *statuses: int) -> None:
    assert answer.status_code in statuses, (answer.status_code, answer.get_data(as_text=True)[:300])
    assert answer.mimetype == "application/problem+json"
    problem = answer.get_json()
    assert problem["status"] == answer.status_code and problem["title"] and problem["instance"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "bbox",
    ["", "1,2,3", "1,2,3,4,5", "a,b,c,d", "nan,1,2,3", "inf,1,2,3", "1e999,1,2,3", "3,2,1,4", "1,4,2,3", "1;2;3;4"],
)
def test_nonsense_for_a_box(client: FlaskClient, bbox: str) -> None:
    refused(client.get(f"{RUN}/layers/cells.geojson", query_string={"bbox": bbox}), 400)


@pytest.mark.parametrize("name", ["limit", "offset"])
@pytest.mark.parametrize("value", ["-1", "1.5", "1e3", "٣", "9999999999", "0x10", "", " 1", "1 ", "null"])
def test_nonsense_for_a_count(client: FlaskClient, name: str, value: str) -> None:
    refused(client.get(f"{RUN}/layers/cells.csv", query_string={name: value}), 400)


def test_huge_counts_are_just_large(client: FlaskClient) -> None:
    far = client.get(f"{RUN}/layers/cells.geojson?limit=999999999&offset=999999999")
    assert far.status_code == 200 and far.get_json()["features"] == [] and far.headers["X-Total-Count"] == "100"
    all_of_them = client.get(f"{RUN}/layers/cells.geojson?limit=999999999")
    assert len(all_of_them.get_json()["features"]) == 100 and "Link" not in all_of_them.headers


@pytest.mark.parametrize(
    "evil", ["..%2f..%2f", "%2e%2e", "..%5c..", "a%00b", "%00", "....//", "%252e%252e%252f", "%ff%fe", "~root"]
)
@pytest.mark.parametrize(
    "address",
    ["/api/v1/plans/{}", "/api/v1/plans/{}/runs", "/api/v1/plans/toytown/runs/{}", RUN + "/layers/{}.csv",
     RUN + "/layers/cells.{}", RUN + "/proposal.{}", RUN + "/tiles/{}/3/1/1.png", RUN + "/tiles/{}/3/1/1.pbf",
     RUN + "/elements/{}/1", RUN + "/gates/{}", RUN + "/candidates/{}", "/api/v1/plans/toytown/scenarios/{}",
     "/api/v1/jobs/{}", "/ogc/collections/{}.cells/items", "/ogc/collections/toytown.{}/items"],
)  # fmt: skip
def test_addresses_lead_nowhere_else(client: FlaskClient, address: str, evil: str) -> None:
    refused(client.get(address.format(evil), headers={"Accept": "application/json"}), 400, 404)


@pytest.mark.parametrize("value", ["a\x00b", "一" * 5000, "' or 1=1 --", "{{7*7}}", "\r\nX-Evil: 1"])
def test_values_are_only_values(client: FlaskClient, value: str) -> None:
    for path in ("cell", "tiles/walk/3/1/1.png", "route"):
        answer = client.get(f"{RUN}/{path}", query_string={"stage": value, "lon": "6.5", "lat": "48.7"})
        refused(answer, 400, 404)
        assert "X-Evil" not in answer.headers
    refused(client.get("/api/v1/jobs", query_string={"state": value}), 400)


def bodies() -> list[bytes]:
    deep = b'{"steps": ' + b"[" * 30_000 + b"]" * 30_000 + b"}"
    twice = b'{"stage": "primary", "steps": [], "steps": [{"action": "close", "school_id": "S1"}]}'
    return [
        b"", b"[]", b"null", b"3", b'"x"', b"{", b"\xff\xfe", b'{"steps": NaN}', b'{"steps": {}}', b'{"steps": [1]}',
        deep, twice, b"steps=1&stage=primary", b"<steps/>",
        b'{"steps": [{"action": "open", "lon": 1e999, "lat": 0}]}',
        b'{"steps": [{"action": "close", "school_id": "\\ud800"}]}',
    ]  # fmt: skip


@pytest.mark.parametrize("body", bodies(), ids=lambda body: repr(body[:24]))
@pytest.mark.parametrize("address", [f"{RUN}/whatif", "/api/v1/plans/toytown/scenarios", "/api/v1/jobs"])
@pytest.mark.parametrize("kind", ["application/json", "text/plain"])
def test_bodies_that_mean_nothing(client: FlaskClient, address: str, body: bytes, kind: str) -> None:
    refused(client.post(address, data=body, content_type=kind), 400, 404, 415, 422)


@pytest.mark.parametrize("address", [f"{RUN}/whatif", "/api/v1/plans/toytown/scenarios", "/api/v1/jobs"])
def test_bodies_that_are_too_large(client: FlaskClient, address: str) -> None:
    refused(client.post(address, data=b'{"a": "' + b"x" * 300_000 + b'"}', content_type="application/json"), 413)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "TRACE", "DELETE"])
def test_other_methods(client: FlaskClient, method: str) -> None:
    answer = client.open("/api/v1/plans", method=method)
    refused(answer, 405)
    assert "GET" in answer.headers["Allow"]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """A plan whose schools have hostile names."""
    folder: Path = tmp_path_factory.mktemp("hostile")
    write_toytown(folder / "toytown")
    run: Run = toytown_run()
    tables: dict[str, Any] = dict(run.tables)
    tables["schools"] = tables["schools"].assign(name=[NAME, "=HYPERLINK(1)", "@SUM(1)"])
    write_run(Run(run.run_id, run.manifest, run.summary, tables, run.cell_index), folder / "toytown")
    return create_app({"WORKSPACE": folder, "TESTING": True}).test_client()


def test_a_script_for_a_name_stays_a_name(hostile: FlaskClient) -> None:
    data = json.loads(hostile.get(f"{RUN}/layers/schools.geojson").data)
    assert data["features"][0]["properties"]["name"] == NAME
    for address in ("/ogc/collections/toytown.schools/items?f=html", "/plans/toytown", "/plans/toytown/data"):
        page = hostile.get(address).get_data(as_text=True)
        assert "alert(" in page and "<script>alert" not in page, address
    found = hostile.get("/ogc/collections/toytown.schools/items", query_string={"name": NAME}).get_json()
    assert found["numberMatched"] == 1


def test_no_cell_of_a_spreadsheet_is_a_formula(hostile: FlaskClient) -> None:
    text = hostile.get(f"{RUN}/layers/schools.csv").data.decode("utf-8-sig")
    names = [row["name"] for row in csv.DictReader(io.StringIO(text))]
    assert names == [NAME, "'=HYPERLINK(1)", "'@SUM(1)"]


@pytest.mark.parametrize(
    "query",
    [
        "cell?lon=6.5&lat=48.7&lang=fr", "cell?lon=6.5&lat=48.7&year=", "cell?lon=6.5&lat=48.7&stage=",
        "elements?lon=6.5&lat=48.7&within_m=far", "elements?lon=6.5&lat=48.7&within_m=", "cell?lon=&lat=",
    ],
)  # fmt: skip
def test_what_is_asked_in_vain_is_not_passed_over(client: FlaskClient, query: str) -> None:
    refused(client.get(f"{RUN}/{query}"), 400, 404)
    refused(client.get("/api/v1/jobs?kind="), 400)
