"""From files to a plan: sent, looked at, checked, mended, ticked, accepted; and what stands against it."""

from __future__ import annotations

import hashlib
import io
import json
import re
import threading
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from geoplan.plan import read_layers
from maps.upload import receiving
from tests.layers.incoming.archives import gbk_zipped, zipped
from tests.maps.upload.conftest import check, counts, send, sent, text, tick_all

Files = dict[str, bytes]


def staged(app: Flask) -> list[str]:
    """Files and folders of unfinished uploads, but for locks."""
    folder = Path(app.config["WORKSPACE"]) / ".geoplan" / "uploads"
    return (
        sorted(path.name for path in folder.iterdir() if not path.name.endswith(".lock")) if folder.exists() else []
    )


def test_a_county_comes_in_whole(client: FlaskClient, app: Flask, toy_files: Files) -> None:
    address = sent(client, {**toy_files, "NOTICE.md": b"read me"})
    page = text(client, address)
    chosen = dict(re.findall(r'<select name="role-(\d+)".*?<option value="(\w+)" selected>', page, re.S))
    assert set(chosen.values()) == {"boundary", "areas", "grid", "ages", "streets", "schools", "gates"}
    page = check(client, address)
    assert counts(page)[0] == 0
    refused = client.post(f"{address}/accept", data={"plan_id": "toytown"})
    assert refused.status_code == 409 and "not ticked" in refused.text, "nothing is accepted silently"
    tick_all(client, address)
    done = client.post(f"{address}/accept", data={"plan_id": "toytown"})
    assert done.status_code == 303 and done.headers["Location"].startswith("/plans/toytown/brought-in")
    assert "Compute" in text(client, "/plans/toytown/brought-in")
    assert client.get(address).status_code == 404 and staged(app) == []
    plan = Path(app.config["WORKSPACE"]) / "toytown"
    assert len(read_layers(plan).schools) == 3
    for name, data in toy_files.items():
        kept = plan / "original" / name
        assert kept.read_bytes() == data and hashlib.sha256(data).hexdigest()[:12] in text(
            client, "/plans/toytown/brought-in"
        )
    assert "toytown" in text(client, "/")


def test_two_faults_are_mended_and_tried_again(client: FlaskClient, app: Flask, toy_files: Files) -> None:
    wrong = toy_files["schools.csv"].decode().replace("School,primary,", "School,primry,")
    wrong = re.sub(r",(\d+\.\d+)\n$", r",far\n", wrong)
    address = sent(client, {**toy_files, "schools.csv": wrong.encode()})
    page = check(client, address)
    assert counts(page)[0] == 2 and "primry" in page and "far" in page and "row 4" in page
    assert client.post(f"{address}/accept", data={"plan_id": "toytown"}).status_code == 409
    number = re.search(r'name="role-(\d+)" aria-label="What schools.csv', page)
    assert number
    send(client, {"schools.csv": toy_files["schools.csv"]}, f"{address}/files", replaces=number[1])
    assert "Something was changed since" in text(client, address)
    page = check(client, address)
    assert counts(page)[0] == 0
    tick_all(client, address)
    assert client.post(f"{address}/accept", data={"plan_id": "toytown"}).status_code == 303
    kept = sorted(path.name for path in (Path(app.config["WORKSPACE"]) / "toytown" / "original").iterdir())
    assert {"schools.csv", "schools-2.csv"} <= set(kept), "the first file is kept, too"


def test_zips_with_bad_members_tell_each_and_keep_the_good(client: FlaskClient, toy_files: Files) -> None:
    members = {**toy_files, "../evil.csv": b"x", "layer.vrt": b"<VRTDataset/>", "fake.tif": b"id,name\n1,2\n"}
    address = sent(client, {"county.zip": zipped(members)})
    page = text(client, address)
    for said in ("leads out of the archive", "files ending in .vrt are not taken", "its content is something else"):
        assert said in page
    assert counts(check(client, address))[0] == 0
    assert "被拒收的文件" in text(client, f"{address}?lang=zh")


def test_a_shapefile_zipped_by_a_chinese_system(client: FlaskClient, tmp_path: Path, toy_files: Files) -> None:
    import geopandas as gpd

    areas = gpd.read_file(toy_files["townships.geojson"]).rename(columns={"id": "代码", "name": "名称"})
    areas["名称"] = ["北镇", "南镇"][: len(areas)]
    areas[["代码", "名称", "geometry"]].to_file(tmp_path / "乡镇.shp", encoding="GBK")
    parts = {path.name: path.read_bytes() for path in tmp_path.glob("乡镇.*") if path.suffix != ".cpg"}
    address = sent(client, {"乡镇.zip": gbk_zipped(parts)})
    page = text(client, address)
    assert "GB18030" in page and '<option value="areas" selected>' in page and "missing:" not in page
    others = {name: data for name, data in toy_files.items() if name != "townships.geojson"}
    send(client, others, f"{address}/files")
    page = check(client, address)
    assert counts(page)[0] == 0, page


def test_what_is_lacking_is_told(client: FlaskClient, toy_files: Files) -> None:
    address = sent(client, {"schools.csv": toy_files["schools.csv"]})
    page = check(client, address)
    assert counts(page)[0] >= 3 and page.count("is missing") == 3


def test_a_few_faults_of_one_kind_are_all_in_sight(client: FlaskClient, toy_files: Files) -> None:
    head, _, rows = toy_files["schools.csv"].decode().partition("\n")
    renamed = ",".join({"name": "a1", "stage": "a2"}.get(one, one) for one in head.split(","))
    address = sent(client, {**toy_files, "schools.csv": f"{renamed}\n{rows}".encode()})
    page = check(
        client, address, **{f"role-{at}": "schools" for at in _numbers(text(client, address), "schools.csv")}
    )
    shown = page.partition("<details open>")[2].partition("</details>")[0]
    assert "column name is missing" in shown and "column stage is missing" in shown


def test_standards_of_china_elsewhere_are_asked_about(client: FlaskClient) -> None:
    away = sent(client, {"boundary.geojson": _square(-51.23, -30.06)})
    assert "outside of mainland China" in check(client, away)
    assert "outside of mainland China" not in check(client, away, profile="neutral")
    here = sent(client, {"boundary.geojson": _square(112.9, 28.2)})
    assert "outside of mainland China" not in check(client, here)


def _square(west: float, south: float) -> bytes:
    ring = [[west + x * 0.04, south + y * 0.04] for x, y in ((0, 0), (1, 0), (1, 1), (0, 1), (0, 0))]
    area = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    return json.dumps({"type": "FeatureCollection", "features": [area]}).encode()


def _numbers(page: str, name: str) -> list[str]:
    return re.findall(rf'name="role-(\d+)" aria-label="What {name}', page)


def test_two_files_for_one_thing(client: FlaskClient, toy_files: Files) -> None:
    address = sent(client, {**toy_files, "other.geojson": toy_files["boundary.geojson"] + b"\n"})
    page = text(client, address)
    number = re.search(r'name="role-(\d+)" aria-label="What other.geojson', page)
    assert number
    page = check(client, address, **{f"role-{number[1]}": "boundary"})
    assert "serve for the same thing as" in page and counts(page)[0] == 1


def test_the_same_file_twice_is_kept_once(client: FlaskClient, toy_files: Files) -> None:
    address = sent(client, {"a.csv": toy_files["schools.csv"], "b.csv": toy_files["schools.csv"]})
    assert "the same file came before" in text(client, address)


def test_nothing_sent_is_told(client: FlaskClient) -> None:
    answer = client.post("/upload", data={}, content_type="multipart/form-data")
    assert answer.status_code == 303 and "Choose at least one file" in text(client, answer.headers["Location"])


@pytest.mark.parametrize("plan_id", ["", "../x", "Upper", "a b", ".geoplan", "x" * 65])
def test_ids_that_are_none(client: FlaskClient, app: Flask, toy_files: Files, plan_id: str) -> None:
    address = sent(client, {"schools.csv": toy_files["schools.csv"]})
    assert client.post(f"{address}/accept", data={"plan_id": plan_id}).status_code == 409
    assert len(staged(app)) == 1


def test_an_id_that_exists_is_a_conflict(client: FlaskClient, app: Flask, toy_files: Files) -> None:
    there = Path(app.config["WORKSPACE"]) / "toytown"
    there.mkdir(parents=True)
    (there / "plan.toml").write_text("mine")
    address = sent(client, toy_files)
    check(client, address)
    tick_all(client, address)
    answer = client.post(f"{address}/accept", data={"plan_id": "toytown"})
    assert answer.status_code == 409 and "There is a plan toytown already" in answer.text
    assert (there / "plan.toml").read_text() == "mine" and list(there.iterdir()) == [there / "plan.toml"]


def test_two_accept_one_id_at_once(app: Flask, toy_files: Files) -> None:
    clients = [app.test_client(), app.test_client()]
    addresses = [sent(client, toy_files) for client in clients]
    for client, address in zip(clients, addresses, strict=True):
        check(client, address)
        tick_all(client, address)
    found: list[int] = []
    ready = threading.Barrier(2)

    def work(at: int) -> None:
        ready.wait()
        found.append(clients[at].post(f"{addresses[at]}/accept", data={"plan_id": "same"}).status_code)

    threads = [threading.Thread(target=work, args=(at,)) for at in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [303, 409] and len(staged(app)) == 1
    assert (Path(app.config["WORKSPACE"]) / "same" / "brought-in.json").is_file()


def test_too_much_is_refused_before_it_is_read(client: FlaskClient, app: Flask) -> None:
    app.config["UPLOAD_MB"] = 1
    answer = send(client, {"a.csv": b"x" * 6_000_000})
    assert answer.status_code == 413 and "GEOPLAN_UPLOAD_MB" in answer.text and staged(app) == []
    app.config["UPLOAD_FILES"] = 2
    answer = send(client, {f"{number}.csv": b"x" for number in range(40)})
    assert answer.status_code == 413 and "2 files" in answer.text and staged(app) == []
    big = client.post("/jobs", data={"kind": "x" * 5_000_000})
    assert big.status_code == 413, "requests without files stay small"


def test_too_little_room_is_told_before_it_is_read(client: FlaskClient, app: Flask) -> None:
    app.config["UPLOAD_FREE_MB"] = 10**9
    answer = client.post("/upload?lang=zh", data={"files": []}, content_type="multipart/form-data")
    assert answer.status_code == 503 and "空间不足" in answer.text and staged(app) == []


@pytest.mark.parametrize("where", ["arriving", "unpacking"])
def test_a_full_disk_leaves_nothing_behind(
    client: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch, toy_files: Files, where: str
) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise OSError(28, "No space left on device")

    if where == "arriving":
        monkeypatch.setattr(receiving.io, "BufferedRandom", type("Full", (io.BufferedRandom,), {"write": full}))
    else:
        monkeypatch.setattr("layers.incoming.unpack._write", full)
    answer = send(client, {"county.zip": zipped(toy_files)})
    assert answer.status_code == 503 and "full" in answer.text
    assert staged(app) == []


def test_a_full_disk_later_keeps_what_was_there(
    client: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch, toy_files: Files
) -> None:
    address = sent(client, {"schools.csv": toy_files["schools.csv"]})
    page = text(client, address)

    def full(*_: Any, **__: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("layers.incoming.unpack._write", full)
    assert send(client, {"a.zip": zipped(toy_files)}, f"{address}/files").status_code == 503
    monkeypatch.undo()
    without = r'nonce="[^"]+"'
    assert re.sub(without, "", text(client, address)) == re.sub(without, "", page)
    folder = Path(app.config["WORKSPACE"]) / ".geoplan" / "uploads" / address.rsplit("/", 1)[-1]
    assert [path.name for path in (folder / "original").iterdir()] == ["schools.csv"]
    assert not list((folder / "data").iterdir())


def test_an_upload_is_resumed_and_deleted(client: FlaskClient, app: Flask, toy_files: Files) -> None:
    address = sent(client, {"schools.csv": toy_files["schools.csv"]})
    assert address in text(client, "/upload")
    assert client.post(f"{address}/delete").status_code == 303
    assert client.get(address).status_code == 404 and staged(app) == [] and address not in text(client, "/upload")


def test_script_in_names_and_titles_is_text(client: FlaskClient, toy_files: Files) -> None:
    evil = '</script><script>alert(1)</script>"><img src=x>'
    address = sent(client, {"<img src=x onerror=alert(1)>.csv": toy_files["schools.csv"], "<b>.exe": b"MZ"})
    check(client, address, title=evil, control_total="<i>1</i>", population_year="<i>")
    for path in (address, "/upload", f"{address}/tables/1"):
        for language in ("en", "zh"):
            page = text(client, f"{path}?lang={language}")
            assert "<script>alert" not in page and "<img src=x" not in page and "<b>.exe" not in page


def test_names_of_the_client_never_become_paths(client: FlaskClient, app: Flask, toy_files: Files) -> None:
    names = [
        "../../../evil.csv",
        "/etc/evil.csv",
        "C:\\evil.csv",
        "..",
        "....//evil.csv",
        "a\x00b.csv",
        "/vsicurl/evil.csv",
    ]
    address = sent(
        client, {name: toy_files["schools.csv"] + bytes(str(at), "ascii") for at, name in enumerate(names)}
    )
    folder = Path(app.config["WORKSPACE"]) / ".geoplan" / "uploads" / address.rsplit("/", 1)[-1]
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert all(name.startswith("original/") or name == "upload.json" for name in there)
    outside = [path for path in Path(app.config["WORKSPACE"]).parent.rglob("*evil*") if folder not in path.parents]
    assert outside == []


def test_many_unfinished_uploads_are_too_many(client: FlaskClient, app: Flask) -> None:
    app.config["UPLOAD_KEPT"] = 2
    answers = [send(client, {"a.csv": b"id\n1\n"}).status_code for _ in range(3)]
    assert answers == [303, 303, 400] and len(staged(app)) == 2


def test_stages_whose_schools_are_not_listed_are_left_out(client: FlaskClient, app: Flask, toy_files: Files) -> None:
    address = sent(client, toy_files)
    page = check(client, address)
    assert "no school of the region serves the stage senior" in page
    assert len(re.findall(r'name="stage-\w+" value="yes" checked', page)) == 4
    page = check(client, address, **{"stage-primary": "yes", "stage-junior": "yes", "stage-root": "yes"})
    assert "serves the stage senior" not in page
    assert re.findall(r'name="stage-(\w+)" value="yes" checked', page) == ["primary", "junior"]
    tick_all(client, address)
    assert client.post(f"{address}/accept", data={"plan_id": "toytown"}).status_code == 303
    told = (Path(app.config["WORKSPACE"]) / "toytown" / "plan.toml").read_text()
    assert '[coverage]\nstages = ["primary", "junior"]' in told
