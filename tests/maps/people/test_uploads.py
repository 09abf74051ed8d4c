"""Uploads belong to who sent them."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

from maps.people import access, accounts
from maps.people.models import database
from tests.maps.people.conftest import send, token_of
from tests.toytown import write_toytown

Enter = Callable[..., FlaskClient]


def _sent(client: FlaskClient) -> str:
    data = {"files": [(io.BytesIO(b"id,name,stage,lon,lat\n1,A,primary,7,43\n"), "schools.csv")]}
    data["csrf_token"] = token_of(client, "/me")  # type: ignore[assignment]
    answer = client.post("/upload", data=data, content_type="multipart/form-data")
    assert answer.status_code == 303, answer.text[:500]
    return str(answer.headers["Location"].partition("?")[0])


def test_others_do_not_see_them_and_administrators_do(enter: Enter, app: Flask) -> None:
    pia, paul, ada, vera = enter("pia"), enter("paul"), enter("ada"), enter("vera")
    address = _sent(pia)
    assert pia.get(address).status_code == 200
    assert paul.get(address).status_code == 404 and address not in paul.get("/upload").text
    for step in ("roles", "check", "ticks", "accept", "delete", "files"):
        assert send(paul, f"{address}/{step}", {"plan_id": "x"}).status_code == 404, step
    assert ada.get(address).status_code == 200 and "pia" in ada.get("/upload").text
    assert vera.get("/upload").status_code == 403
    assert send(vera, "/upload", {}).status_code == 403
    assert app.test_client().get(address).status_code == 401
    assert send(pia, f"{address}/delete", {}).status_code == 303
    rest = Path(app.config["WORKSPACE"]) / ".geoplan" / "uploads"
    assert not [path for path in rest.rglob("*") if "schools" in path.name]


def test_files_without_the_token_of_the_form_are_refused(enter: Enter) -> None:
    data = {"files": [(io.BytesIO(b"x"), "schools.csv")]}
    assert enter("pia").post("/upload", data=data, content_type="multipart/form-data").status_code == 400


def test_the_job_of_an_upload_is_seen_by_its_owner_only(enter: Enter, app: Flask) -> None:
    pia, paul = enter("pia"), enter("paul")
    number = _sent(pia).rsplit("/", 1)[-1]
    asked = {"kind": "upload", "params": {"upload": number}}
    theirs = paul.post("/api/v1/jobs", json=asked, headers={"X-CSRFToken": token_of(paul, "/me")})
    assert theirs.status_code == 404
    job = pia.post("/api/v1/jobs", json=asked, headers={"X-CSRFToken": token_of(pia, "/me")}).get_json()
    assert pia.get(f"/jobs/{job['id']}").status_code == 200
    assert paul.get(f"/jobs/{job['id']}").status_code == 404 and job["id"] not in paul.get("/jobs").text


def test_who_accepts_owns_the_plan_and_no_old_list_opens_it(enter: Enter, app: Flask, tmp_path: Path) -> None:
    pia, paul = enter("pia"), enter("paul")
    with app.app_context():
        account = accounts.find(database(), "paul")
        assert account
        access.grant("arrived", account.person.id, "own")  # left behind by an earlier plan of this name
    files = [path for path in write_toytown(tmp_path / "toytown").iterdir() if path.name != "plan.toml"]
    token = token_of(pia, "/me")
    data = {"files": [(io.BytesIO(path.read_bytes()), path.name) for path in files], "csrf_token": token}
    address = pia.post("/upload", data=data, content_type="multipart/form-data").headers["Location"].partition("?")[0]
    pia.post(f"{address}/roles", data={"do": "check", "profile": "cn", "csrf_token": token})
    keys = re.findall(r'name="listed" value="(\w+)"', pia.get(address).text)
    pia.post(f"{address}/ticks", data={"listed": keys, "read": keys, "csrf_token": token})
    done = pia.post(f"{address}/accept", data={"plan_id": "arrived", "csrf_token": token})
    try:
        assert done.status_code == 303, done.text
        assert pia.get("/plans/arrived/brought-in").status_code == 200
        assert paul.get("/plans/arrived/brought-in").status_code == 404
        assert paul.get("/api/v1/plans/arrived").status_code == 404
    finally:
        shutil.rmtree(Path(app.config["WORKSPACE"]) / "arrived", ignore_errors=True)
