"""The web door: pages answer, errors have one table, nothing may come from elsewhere."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from geoplan.errors import NotFoundError, PlanError
from layers.errors import Fault, InputError
from maps import assets
from maps.app import create_app, status_of

needs_libraries = pytest.mark.skipif(bool(assets.missing()), reason=f"{assets.remedy()}")
RUN = "/api/v1/plans/toytown/runs/latest"


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    "path", ["/", "/plans/toytown", "/plans/toytown/data", "/plans/toytown?stage=junior&limit=800"]
)
def test_pages_answer_in_their_language(client: FlaskClient, path: str, language: str) -> None:
    answer = client.get(path, query_string=None if "?" in path else {"lang": language})
    assert answer.status_code == 200
    page = answer.get_data(as_text=True)
    assert page.count("<h1") == 1
    assert "<title>" in page and "%(" not in page
    if "?" not in path:
        assert f'<html lang="{"zh-Hans" if language == "zh" else "en"}">' in page


@needs_libraries
def test_a_page_asks_for_nothing_from_elsewhere(client: FlaskClient) -> None:
    page = client.get("/plans/toytown").get_data(as_text=True)
    asked = re.findall(r'(?:src|href)="([^"]+)"', page) + re.findall(r'L\.tileLayer\(\s*"([^"]+)"', page)
    assert len(asked) > 10
    assert not [address for address in asked if not address.startswith(("/", "#"))]


@needs_libraries
def test_every_script_carries_the_nonce_of_its_answer(client: FlaskClient) -> None:
    answers = [client.get("/plans/toytown") for _ in range(2)]
    nonces = []
    for answer in answers:
        policy = answer.headers["Content-Security-Policy"]
        nonce = re.search(r"script-src 'self' 'nonce-([\w-]+)'", policy)
        assert nonce and "unsafe-eval" not in policy and "default-src 'none'" in policy
        scripts = re.findall(r"<script([^>]*)>", answer.get_data(as_text=True))
        assert all(f'nonce="{nonce[1]}"' in tag or "application/json" in tag for tag in scripts)
        assert not re.search(r"<\w+[^>]*\son\w+=", answer.get_data(as_text=True)), "no inline handlers"
        nonces.append(nonce[1])
    assert nonces[0] != nonces[1]


def test_the_same_state_gives_the_same_page(client: FlaskClient) -> None:
    pages = [client.get("/plans/toytown?stage=junior").get_data(as_text=True) for _ in range(2)]
    first, second = (re.sub(r'nonce="[^"]*"', "", page) for page in pages)
    assert first == second


@needs_libraries
def test_links_keep_the_state(client: FlaskClient) -> None:
    state = "stage=junior&limit=800&layer=status&view=48.73,6.54,15"
    page = client.get(f"/plans/toytown?{state}").get_data(as_text=True).replace("&amp;", "&")
    other = next(link for link in re.findall(r'href="([^"]+)" lang="zh"', page))
    assert "lang=zh" in other and "limit=800" in other and "layer=status" in other and "view=" in other
    assert "center: [48.73, 6.54]" in page and '"zoom": 15' in page


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nothing", 404),
        ("/plans/other", 404),
        ("/plans/..%2f..", 404),
        ("/plans/toytown?stage=senior", 404),
        ("/plans/toytown?run=ffffffffffff", 404),
        ("/api/v1/plans/other", 404),
        (f"{RUN}/layers/nothing.csv", 404),
        (f"{RUN}/layers/cells.exe", 404),
        (f"{RUN}/layers/cells.csv?bbox=1,2,3", 400),
        (f"{RUN}/layers/cells.csv?bbox=3,2,1,4", 400),
        (f"{RUN}/layers/cells.csv?limit=-1", 400),
        (f"{RUN}/layers/cells.csv?offset=x", 400),
        (f"{RUN}/cell?lon=6.5453", 400),
        (f"{RUN}/cell?lon=nan&lat=48.7285", 400),
        (f"{RUN}/tiles/walk/3/8/0.png", 404),
        (f"{RUN}/tiles/walk/99/0/0.png", 404),
        (f"{RUN}/tiles/nothing/3/1/1.png", 404),
    ],
)
def test_errors(client: FlaskClient, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    if path.startswith("/api/"):
        assert answer.mimetype == "application/problem+json"
        problem = answer.get_json()
        assert problem["status"] == status and problem["title"] and problem["detail"]
    else:
        assert answer.mimetype == "text/html" and b"<h1>" in answer.data


def test_the_error_table() -> None:
    fault = Fault("plan_missing", file="plan.toml")
    raised = [InputError([fault]), NotFoundError("x"), PlanError("x"), RuntimeError("x")]
    assert [status_of(error) for error in raised] == [422, 404, 400, 500]


def test_our_own_failure_says_nothing_of_its_inside(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr("maps.workspace.list_plans", fail)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    for path in ("/", "/api/v1/plans"):
        answer = app.test_client().get(path)
        assert answer.status_code == 500 and b"secret" not in answer.data


def test_faults_of_the_data_are_all_listed(workspace: Path, tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "plan.toml").write_text("[plan]\nname = 3\n", encoding="utf-8")
    client = create_app({"WORKSPACE": tmp_path}).test_client()
    page = client.get("/?lang=en").get_data(as_text=True)
    assert page.count("plan.toml") >= 2, "one broken plan is shown with its faults, and does not break the page"
    assert client.get("/api/v1/plans").get_json()[0]["readable"] is False


def test_an_empty_workspace_says_what_to_do(tmp_path: Path) -> None:
    page = create_app({"WORKSPACE": tmp_path / "none"}).test_client().get("/").get_data(as_text=True)
    assert "make demo" in page


def test_layers_in_part(client: FlaskClient) -> None:
    whole = client.get(f"{RUN}/layers/cells.geojson").get_json()["features"]
    part = client.get(f"{RUN}/layers/cells.geojson?limit=3&offset=2")
    assert part.get_json()["features"] == whole[2:5]
    assert part.headers["X-Total-Count"] == str(len(whole)) == "100"
    west, south = whole[0]["geometry"]["coordinates"]
    box = f"{west - 1e-4},{south - 1e-4},{west + 1e-4},{south + 1e-4}"
    inside = client.get(f"{RUN}/layers/cells.geojson?bbox={box}").get_json()["features"]
    assert [feature["properties"]["cell_id"] for feature in inside] == [whole[0]["properties"]["cell_id"]]


def test_csv_is_for_spreadsheets(client: FlaskClient) -> None:
    answer = client.get(f"{RUN}/layers/schools.csv")
    assert answer.data.startswith(b"\xef\xbb\xbf") and "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [row["id"] for row in rows] == ["S1", "S2", "S3"] and float(rows[0]["lat"]) > 48


def test_one_cell_by_place(client: FlaskClient) -> None:
    place = client.get(f"{RUN}/layers/cells.geojson?limit=1&offset=14").get_json()["features"][0]
    lon, lat = place["geometry"]["coordinates"]
    found = client.get(
        f"{RUN}/cell", query_string={"lon": lon, "lat": lat, "stage": "junior", "lang": "zh"}
    ).get_json()
    assert found["cell_id"] == place["properties"]["cell_id"]
    assert found["walk_m"] == place["properties"]["walk_m_junior"]
    assert found["card"]["name"] == "可达且有学位"
    nobody = client.get(f"{RUN}/cell?lon=6&lat=48").get_json()
    assert nobody["cell_id"] is None and nobody["card"] is None


def test_tiles_are_kept_by_whoever_asks(client: FlaskClient) -> None:
    run = client.get("/api/v1/plans/toytown").get_json()["runs"][0]["id"]
    address = f"/api/v1/plans/toytown/runs/{run}/tiles/walk/15/16979/11290.png?stage=primary"
    first = client.get(address)
    assert first.status_code == 200 and "immutable" in first.headers["Cache-Control"]
    assert Image.open(io.BytesIO(first.data)).size == (256, 256)
    again = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304 and not again.data
    assert client.get(address.replace("primary", "junior")).headers["ETag"] != first.headers["ETag"]


def test_base_tiles_are_drawn_once(client: FlaskClient, workspace: Path) -> None:
    address = f"{RUN}/tiles/base/15/16979/11290.png"
    first = client.get(address)
    kept = list((workspace / "toytown" / "cache" / "tiles").rglob("11290.png"))
    assert len(kept) == 1 and kept[0].read_bytes() == first.data == client.get(address).data


@needs_libraries
def test_exports(client: FlaskClient) -> None:
    answer = client.get(f"{RUN}/export.gpkg")
    assert answer.data.startswith(b"SQLite format 3") and ".gpkg" in answer.headers["Content-Disposition"]
    page = client.get("/plans/toytown/map.html?lang=zh")
    assert "attachment" in page.headers["Content-Disposition"] and len(page.data) > 100_000
    picture = Image.open(io.BytesIO(client.get("/plans/toytown/thumbnail.png").data))
    assert picture.size == (360, 216) and len(picture.getcolors(100_000) or []) > 20


def test_the_proposal_is_made_once_and_handed_out(client: FlaskClient, workspace: Path) -> None:
    first = client.get(f"{RUN}/proposal.xlsx?lang=zh")
    assert first.data.startswith(b"PK") and "proposal-zh.xlsx" in first.headers["Content-Disposition"]
    (kept,) = (workspace / "toytown" / "cache" / "exports").rglob("*-proposal-zh.xlsx")
    kept.write_bytes(b"PK kept")
    assert client.get(f"{RUN}/proposal.xlsx?lang=zh").data == b"PK kept"
    missing = client.get(f"{RUN}/proposal.exe")
    assert missing.status_code == 404 and "docx, pdf, xlsx" in missing.get_data(as_text=True)
    page = client.get("/plans/toytown/data?lang=zh").get_data(as_text=True)
    for language in ("zh", "en"):
        for ending in ("docx", "pdf", "xlsx"):
            assert f"proposal.{ending}?lang={language}" in page


def test_run_as_data(client: FlaskClient) -> None:
    run = client.get(RUN).get_json()
    assert run["summary"]["stages"]["primary"]["accounts"]["served"] > 0
    assert {"cells", "schools", "areas"} <= {layer["name"] for layer in run["layers"]}
    assert json.loads(client.get("/healthz").data)["status"] == "ok"


def test_without_the_libraries_the_page_says_how_to_get_them(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("maps.assets.missing", lambda vendor=None: ["leaflet.js"])
    page = client.get("/plans/toytown?lang=en").get_data(as_text=True)
    assert "make assets" in page and "vendor/leaflet.js" not in page and "Where the 144 pupils stand" in page


@needs_libraries
def test_online_base_maps_only_by_configuration(workspace: Path) -> None:
    plain = create_app({"WORKSPACE": workspace}).test_client().get("/plans/toytown")
    assert b"openstreetmap.org/{z}" not in plain.data and "https://" not in plain.headers["Content-Security-Policy"]
    app = create_app({"WORKSPACE": workspace, "TILES": "osm, gaode, tianditu"})
    asked = app.test_client().get("/plans/toytown")
    assert b"tile.openstreetmap.org/{z}" in asked.data and b"GCJ-02, shifted" in asked.data
    assert b"tianditu" not in asked.data, "no key, no Tianditu"
    assert "https://tile.openstreetmap.org" in asked.headers["Content-Security-Policy"]
