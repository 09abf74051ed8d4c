"""Uploads belong to who sent them."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

from tests.maps.people.conftest import send, token_of

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
