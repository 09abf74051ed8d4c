"""One table of an upload: columns, datum and corrections, as a person says them."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import Workbook
from pyproj import CRS
from shapely import LineString, Point, box

from layers.datum import from_wgs84
from maps.upload import preview
from maps.upload.preview import Ground
from tests.maps.upload.conftest import check, counts, send, sent, text, tick_all

Files = dict[str, bytes]
HEADINGS = {"id": "内部码", "name": "单位", "stage": "类", "lon": "东", "lat": "北"}


def school_book(data: bytes, **changes: Any) -> bytes:
    """The schools as a workbook whose headings no alias table knows, behind a sheet of words."""
    rows = list(csv.reader(io.StringIO(data.decode())))
    book = Workbook()
    book.active.title = "说明"
    book.active.append(["填表说明"])
    sheet = book.create_sheet("学校")
    sheet.append([HEADINGS.get(name, name) for name in rows[0]])
    for row in rows[1:]:
        sheet.append([changes.get(cell, cell) for cell in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def number_of(page: str, name: str) -> str:
    found = re.search(rf'name="role-(\d+)" aria-label="What {re.escape(name)} is for', page)
    assert found, page
    return found[1]


def mapped(client: FlaskClient, app: Flask, toy_files: Files, **changes: Any) -> tuple[str, str]:
    """An upload whose schools are a strange workbook: its address and that of the table."""
    files = {name: data for name, data in toy_files.items() if name != "schools.csv"}
    address = sent(client, {**files, "名单.xlsx": school_book(toy_files["schools.csv"], **changes)})
    number = number_of(text(client, address), "名单.xlsx")
    form = {f"role-{number}": "schools", f"sheet-{number}": "学校"}
    client.post(f"{address}/roles", data=form)
    return address, f"{address}/tables/{number}"


def test_columns_are_mapped_and_the_plan_says_so(client: FlaskClient, app: Flask, toy_files: Files) -> None:
    address, table = mapped(client, app, toy_files)
    page = text(client, table)
    assert "required" in page and "Columns that serve for nothing" in page and "内部码" in page
    assert "missing: id, name, stage" in text(client, address)
    assert client.post(table, data={f"column-{name}": head for name, head in HEADINGS.items()}).status_code == 303
    page = text(client, table)
    assert page.count('<svg class="sketch"') == 2 and "East Primary School" in page
    assert counts(check(client, address))[0] == 0
    tick_all(client, address)
    assert client.post(f"{address}/accept", data={"plan_id": "toytown"}).status_code == 303
    told = (Path(app.config["WORKSPACE"]) / "toytown" / "plan.toml").read_text()
    assert 'sheet = "学校"' in told and 'id = "内部码"' in told and "places_primary" not in told


def test_what_the_file_lacks_is_said_for_every_row(client: FlaskClient, app: Flask, toy_files: Files) -> None:
    rows = list(csv.DictReader(io.StringIO(toy_files["schools.csv"].decode())))
    bare = ["id,lon,lat", *(f"{row['id']},{row['lon']},{row['lat']}" for row in rows)]
    address = sent(client, {**toy_files, "schools.csv": "\n".join(bare).encode()})
    page = text(client, address)
    assert "missing: name, stage" in page
    table = f"{address}/tables/{number_of(page, 'schools.csv')}"
    form = {"column-id": "id", "column-name": "id", "value-stage": "primary", "value-id": "x", "value-root": "x"}
    assert client.post(table, data=form).status_code == 303
    page = text(client, table)
    assert "<option selected>primary</option>" in page and page.count("<option selected>id</option>") == 2
    assert "missing:" not in text(client, address) and counts(check(client, address))[0] == 0
    tick_all(client, address)
    assert client.post(f"{address}/accept", data={"plan_id": "toytown"}).status_code == 303
    told = (Path(app.config["WORKSPACE"]) / "toytown" / "plan.toml").read_text()
    assert 'values = { stage = "primary" }' in told and 'columns = { id = "id", name = "id" }' in told


def test_answers_that_are_none_change_nothing(client: FlaskClient, app: Flask, toy_files: Files) -> None:
    _, table = mapped(client, app, toy_files)
    before = re.findall(r"<option[^>]*selected>[^<]*", text(client, table))
    client.post(table, data={"column-id": "nowhere", "column-root": "内部码", "column-x'": "", "datum": "moon"})
    assert re.findall(r"<option[^>]*selected>[^<]*", text(client, table)) == before
    answer = client.post(table, data={"crs": "EPSG:xyz"})
    assert answer.status_code == 422 and "write a code such as EPSG:4547" in answer.text
    assert client.get(f"{table[:-1]}99").status_code == 404


def test_a_value_is_corrected_in_a_copy(client: FlaskClient, app: Flask, toy_files: Files) -> None:
    wrong = toy_files["schools.csv"].replace(b"School,primary,", b"School,=primry,")
    address = sent(client, {**toy_files, "schools.csv": wrong})
    page = check(client, address)
    assert counts(page)[0] == 1 and "Map of the faults" in page and "Correct values" in page
    table = f"{address}/tables/{number_of(page, 'schools.csv')}"
    assert 'name="cell-2-stage" value="=primry"' in text(client, table)
    assert client.post(f"{table}/corrections", data={"cell-2-stage": "primary", "cell-9-x": "y"}).status_code == 303
    assert "Something was changed since" in text(client, address)
    assert counts(check(client, address))[0] == 0
    listed = client.get(f"{address}/corrections.csv").get_data(as_text=True)
    assert "schools.csv,2,stage,'=primry,primary,local," in listed, "no spreadsheet runs what stood there"
    tick_all(client, address)
    client.post(f"{address}/accept", data={"plan_id": "toytown"})
    plan = Path(app.config["WORKSPACE"]) / "toytown"
    assert (plan / "original" / "schools.csv").read_bytes() == wrong
    (copy,) = (plan / "corrected").rglob("schools.csv")
    assert b",primary," in copy.read_bytes()
    origin = text(client, "/plans/toytown/brought-in")
    assert "Corrections made" in origin and "=primry" in origin
    record = json.loads((plan / "brought-in.json").read_text())
    assert [one["after"] for item in record["items"] for one in item["corrections"]] == ["primary"]


def test_a_correction_is_taken_back(client: FlaskClient, app: Flask, toy_files: Files) -> None:
    address = sent(client, toy_files)
    table = f"{address}/tables/{number_of(text(client, address), 'schools.csv')}"
    client.post(f"{table}/corrections", data={"row": "3", "column": "name", "value": "New <b>name</b>"})
    page = text(client, table)
    assert "New &lt;b&gt;name" in page and "<b>name" not in page
    client.post(f"{table}/corrections", data={"undo": "3-name"})
    assert "Corrections made" not in text(client, table)
    folder = Path(app.config["WORKSPACE"]) / ".geoplan" / "uploads" / address.rsplit("/", 1)[-1]
    assert not list((folder / "corrected").rglob("*.csv"))
    answer = client.post(f"{table}/corrections", data={"row": "77", "column": "name", "value": "x"})
    assert answer.status_code == 422 and "no such cell" in answer.text


def test_a_replaced_file_keeps_its_columns(client: FlaskClient, app: Flask, toy_files: Files) -> None:
    address, table = mapped(client, app, toy_files)
    client.post(table, data={f"column-{name}": head for name, head in HEADINGS.items()})
    again = school_book(toy_files["schools.csv"], town="rural")
    send(client, {"名单.xlsx": again}, f"{address}/files", replaces=table.rsplit("/", 1)[-1])
    page = text(client, address)
    assert "missing:" not in page and counts(check(client, address))[0] == 0


@pytest.fixture
def shifted() -> tuple[Ground, np.ndarray[Any, Any]]:
    """A region near 114 E, 33 N with streets, and schools on the streets, longitude and latitude in GCJ-02."""
    west, south = 500_000.0, 3_652_000.0
    streets = [LineString([(west + k * 800, south), (west + k * 800, south + 9_000)]) for k in range(12)]
    crs = CRS.from_epsg(4547)
    rng = np.random.default_rng(4)
    across, along = 800 * rng.integers(0, 12, 40) + rng.normal(0, 8, 40), rng.uniform(500, 8_500, 40)
    xy = np.column_stack([west + across, south + along])
    from pyproj import Transformer

    lon, lat = Transformer.from_crs(crs, 4326, always_xy=True).transform(xy[:, 0], xy[:, 1])
    ground = Ground(box(west - 500, south - 500, west + 9_500, south + 9_500), crs, np.array(streets, dtype=object))
    return ground, np.column_stack(from_wgs84(lon, lat, "gcj02"))


def test_a_shifted_table_is_told_and_drawn(
    client: FlaskClient,
    app: Flask,
    toy_files: Files,
    shifted: tuple[Ground, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ground, lonlat = shifted
    lines = ["id,name,stage,lon,lat", *(f"S{k},N{k},primary,{x:.7f},{y:.7f}" for k, (x, y) in enumerate(lonlat))]
    address = sent(client, {"schools.csv": "\n".join(lines).encode()})
    table = f"{address}/tables/1"
    monkeypatch.setattr(preview, "ground_of", lambda plan, streets=True: ground)
    page = text(client, table)
    assert "The coordinates look like GCJ-02 (Amap, Tencent), not WGS 84" in page and "fits best" in page
    assert page.count('class="d-bd09"') > 1 and 'class="street"' in page and "40 / 40" in page
    assert client.post(table, data={"datum": "gcj02"}).status_code == 303
    page = text(client, table)
    assert "The comparison fits GCJ-02" in page and "Confirmed" in page
    assert "坐标基准" in text(client, f"{table}?lang=zh&at=7")


def test_mapped_schools_speak_before_streets(shifted: tuple[Ground, Any]) -> None:
    ground, lonlat = shifted
    rows = np.arange(2, 42)
    from layers.datum import to_wgs84

    held = {datum: np.column_stack(to_wgs84(*lonlat.T, datum)) for datum in preview.READ_AS}
    found = preview.Preview(rows, [], [], held, shifts=True)
    judged = preview._judged(found, ground)
    assert (judged.best, judged.witness) == ("gcj02", "streets") and judged.inside["gcj02"] == 40
    assert judged.medians["streets"]["gcj02"] < 20 < judged.medians["streets"]["wgs84"]
    from pyproj import Transformer

    step = Transformer.from_crs(4326, ground.crs, always_xy=True)
    stand = np.array([Point(x, y) for x, y in zip(*step.transform(*held["wgs84"].T), strict=True)], dtype=object)
    confirmed = preview._judged(found, Ground(ground.boundary, ground.crs, ground.streets, stand))
    assert (confirmed.best, confirmed.witness) == ("wgs84", "schools"), "streets are not asked where schools confirm"
    assert preview._judged(found, Ground(ground.boundary, ground.crs)).best is None
