"""Health, readiness, logs, settings: what machines and administrators are told, and what strangers are not."""

from __future__ import annotations

import json
import logging
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from geoplan.errors import PlanError
from maps import desk
from maps.app import create_app
from maps.jobs import alive, queue
from maps.operation import logs, readiness
from maps.people import accounts, tokens
from maps.people.models import database

ROOT = Path(__file__).parents[3]
TOKEN = "geoplan_" + "Ab1-" * 10


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "workspace"
    folder.mkdir()
    monkeypatch.setattr("maps.assets.missing", lambda vendor=None: [])
    yield folder
    queue.forget(folder)
    desk.forget(folder)


def client_of(folder: Path, **config: Any) -> FlaskClient:
    return create_app({"WORKSPACE": folder, "TESTING": True, **config}).test_client()


def test_a_service_that_can_work_says_so(folder: Path) -> None:
    client = client_of(folder)
    told = client.get("/readyz").get_json()
    assert told["status"] == "ready" and told["checks"]["worker"]["state"] == "warning"
    assert set(told["checks"]) == {"workspace", "database", "queue", "disk", "assets", "worker"}
    alive.beat(folder, alive.myself())
    worker = client.get("/readyz").get_json()["checks"]["worker"]
    assert worker["state"] == "ok" and worker["detail"].startswith("1 at work, heard 0 s ago")
    assert not [path for path in (folder / ".geoplan").iterdir() if path.name.startswith("probe")]


def lose_the_database(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.engine(folder)
    for file in (folder / ".geoplan").glob("desk.sqlite*"):
        file.unlink()


def lose_the_queue(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (desk.desk_folder(folder) / queue.FILE).write_bytes(b"no database" * 100)


def fill_the_disk(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("U", (), {"free": 3_000_000})())


def lose_the_libraries(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maps.assets.missing", lambda vendor=None: ["leaflet.js"])


def lose_the_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.rename(folder.with_name("moved"))


BROKEN = {
    "database": lose_the_database,
    "queue": lose_the_queue,
    "disk": fill_the_disk,
    "assets": lose_the_libraries,
    "workspace": lose_the_folder,
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_keeps_it_from_its_work_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    client = client_of(folder)
    BROKEN[name](folder, monkeypatch)
    answer = client.get("/readyz")
    assert answer.status_code == 503 and answer.get_json()["status"] == "not ready"
    assert answer.get_json()["checks"][name]["state"] == readiness.FAILED
    assert client.get("/healthz").status_code == 200, "it lives all the same"


def test_strangers_learn_no_more_than_whether_it_is_ready(folder: Path) -> None:
    client = client_of(folder, AUTH="login")
    made = {}
    for name, role in (("ada", "administrator"), ("vera", "viewer")):
        who = accounts.add(database(folder), name, role, password="correct horse battery")
        made[name] = tokens.make(database(folder), who, "probe", role)
    assert client.get("/readyz").get_json() == {"status": "ready"}
    for name, told in (("vera", False), ("ada", True)):
        found = client.get("/readyz", headers={"Authorization": f"Bearer {made[name]}"}).get_json()
        assert ("checks" in found) == told, name
    lose_the_database(folder, pytest.MonkeyPatch())
    answer = client.get("/readyz", headers={"Authorization": f"Bearer {made['ada']}"})
    assert answer.status_code == 503 and answer.get_json() == {"status": "not ready"}
    assert "checks" not in client_of(folder, HOSTS=["desk"]).get("/readyz").get_json(), "a page of another name"


# logs


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Any]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in logs.QUIET}
    capsys.readouterr()

    def written(*, text: bool = False) -> list[Any]:
        lines = capsys.readouterr().err.splitlines()
        return list(lines) if text else [json.loads(line) for line in lines]

    def begin(kind: str) -> None:
        monkeypatch.setenv("GEOPLAN_LOG", kind)
        logs.begin()

    written.begin = begin  # type: ignore[attr-defined]
    yield written
    root.handlers[:] = before
    root.setLevel(level)
    for name, one in levels.items():
        logging.getLogger(name).setLevel(one)


def test_every_answer_is_one_line_with_its_request(folder: Path, written: Any) -> None:
    app = create_app({"WORKSPACE": folder})
    app.add_url_rule("/fail/<what>", "fail", fail)
    client = app.test_client()
    written.begin("json")
    answer = client.get(f"/?token={TOKEN}", headers={"X-Request-Id": "proxy-4711"}, buffered=True)
    assert answer.headers["X-Request-Id"] == "proxy-4711"
    (line,) = written()
    assert line["request"] == "proxy-4711" and line["route"] == "/" and line["status"] == 200
    assert line["person"] == "local" and line["ms"] > 0 and line["level"] == "info" and "token" not in str(line)
    assert client.get("/static/icon.svg", buffered=True).status_code == 200
    client.get("/healthz", buffered=True)
    assert written() == [], "probes and parts of pages fill no log"
    for given in ("short", "two words!", "x" * 65, "a\u00e9" * 10):
        answer = client.get("/nowhere", headers={"X-Request-Id": given}, buffered=True)
        made = answer.headers["X-Request-Id"]
        assert made != given and len(made) == 16
    assert {line["status"] for line in written()} == {404}


def fail(what: str) -> str:
    raise RuntimeError(f"the login of {what} failed: password=hunter22 Bearer {TOKEN} https://ada:pw@host/")


def test_an_error_page_tells_the_number_to_look_for(folder: Path, written: Any) -> None:
    app = create_app({"WORKSPACE": folder})
    app.add_url_rule("/fail/<what>", "fail", fail)
    app.add_url_rule("/api/v1/fail/<what>", "fail_api", fail)
    written.begin("json")
    page = app.test_client().get("/fail/eve?lang=en", buffered=True)
    number = page.headers["X-Request-Id"]
    assert page.status_code == 500 and number in page.text and "hunter22" not in page.text
    lines = written()
    assert {line["request"] for line in lines} == {number} and any(
        "fail" in line.get("traceback", "") for line in lines
    )
    for secret in ("hunter22", TOKEN, "ada:pw"):
        assert secret not in str(lines)
    problem = app.test_client().get("/api/v1/fail/eve")
    assert problem.get_json()["request_id"] == problem.headers["X-Request-Id"]
    assert "告诉管理员" in app.test_client().get("/fail/eve?lang=zh").text


def test_text_lines_cannot_be_forged(folder: Path, written: Any) -> None:
    client = client_of(folder)
    written.begin("text")
    client.get("/a%0a2030-01-01 info geoplan: all is well", buffered=True)
    (line,) = written(text=True)
    assert "status=404" in line and "\\n2030" in line and "person=local" in line


def test_lines_of_a_job_say_which(written: Any) -> None:
    written.begin("json")
    with logs.about(job="ab12"):
        logging.getLogger("maps.jobs").info("the secret is secret=%s", "abc")
    logging.getLogger("maps.jobs").info("and after it")
    first, second = written()
    assert first["job"] == "ab12" and first["message"] == "the secret is ***" and "job" not in second


# settings


def test_settings_that_cannot_be_used_are_named_all_at_once(tmp_path: Path) -> None:
    wrong = {"AUTH": "maybe", "HTTPS": "perhaps", "LOG": "xml", "THREADS": "0", "TILES": "bing", "IDLE_MINUTES": "x"}
    with pytest.raises(PlanError) as caught:
        create_app({"WORKSPACE": tmp_path, **wrong})
    assert [line.partition("=")[0] for line in str(caught.value).splitlines()] == [
        f"GEOPLAN_{name}" for name in ("AUTH", "HTTPS", "IDLE_MINUTES", "LOG", "THREADS", "TILES")
    ]


def test_the_web_door_names_them_and_is_not_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: Any
) -> None:
    """gunicorn takes exit code 3 of its process as: it will never start."""
    for name, value in {"WORKSPACE": str(tmp_path), "THREADS": "none", "LOG": "xml"}.items():
        monkeypatch.setenv(f"GEOPLAN_{name}", value)
    with pytest.raises(SystemExit) as caught:
        runpy.run_path(str(ROOT / "wsgi.py"))
    said = written(text=True)
    assert caught.value.code == 3 and "GEOPLAN_THREADS" in str(said) and "GEOPLAN_LOG" in str(said)


def test_a_slip_of_the_pen_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    monkeypatch.setenv("GEOPLAN_WORKSPCE", "/srv")
    client_of(folder)
    assert "GEOPLAN_WORKSPCE is no setting" in caplog.text


def test_people_are_named_by_name_only(folder: Path, written: Any) -> None:
    app: Flask = create_app({"WORKSPACE": folder, "AUTH": "login"})
    who = accounts.add(database(folder), "ada", "administrator", password="correct horse battery")
    token = tokens.make(database(folder), who, "probe", "viewer")
    written.begin("json")
    app.test_client().get("/api/v1/plans", headers={"Authorization": f"Bearer {token}"}, buffered=True)
    form = {"name": "ada", "password": "correct horse battery"}
    app.test_client().post("/login", data=form, buffered=True)
    first, second = written()
    assert first["person"] == "ada" and "person" not in second
    assert token not in str(first) and "horse" not in str(second)
