"""Unfinished uploads checked by a job: the report stands with the upload, and nobody else sees the job."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from layers.read import Say
from maps.app import create_app
from maps.jobs import kinds, performing, records
from maps.upload import checking, pages
from maps.upload.record import Upload
from tests.maps.upload.conftest import ROLES, counts, sent, text, toy_files  # noqa: F401


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    monkeypatch.setattr(pages, "heavy", lambda upload, folder: True)
    monkeypatch.setattr(pages, "living", lambda workspace: ["a worker"])
    yield create_app({"WORKSPACE": tmp_path / "workspace", "TESTING": True, "UPLOAD_FREE_MB": "0"})


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def test_a_heavy_upload_is_checked_by_a_job(client: FlaskClient, app: Flask, toy_files: dict[str, bytes]) -> None:  # noqa: F811
    workspace = Path(app.config["WORKSPACE"])
    address = sent(client, toy_files)
    for _ in range(2):
        client.post(f"{address}/roles", data={**ROLES, "do": "check"})
    (job,) = records.listed(workspace, kind="upload")
    assert f"/jobs/{job.id}" in text(client, address), "the same check is not started twice"
    performing.perform(workspace, job.id)
    done = records.find(workspace, job.id)
    assert done.state == "done" and done.result["counts"]["error"] == 0
    page = text(client, address)
    assert counts(page)[0] == 0 and f"/jobs/{job.id}" not in page
    assert address in text(client, f"/jobs/{job.id}") and "Data brought in" in text(client, "/jobs")
    client.post(f"{address}/delete")
    client.post("/api/v1/jobs", json={"kind": "upload", "params": {"upload": address.rsplit("/", 1)[-1]}})
    assert len(records.listed(workspace, kind="upload")) == 1, "no job for what is not there"


def test_an_upload_that_went_away_fails_the_job_calmly(
    client: FlaskClient,
    app: Flask,
    toy_files: dict[str, bytes],  # noqa: F811
) -> None:
    workspace = Path(app.config["WORKSPACE"])
    address = sent(client, toy_files)
    client.post(f"{address}/check")
    (job,) = records.listed(workspace, kind="upload")
    client.post(f"{address}/delete")
    performing.perform(workspace, job.id)
    failed = records.find(workspace, job.id)
    assert failed.state == "failed" and failed.problem and "accepted or deleted" in failed.problem["detail"]


def test_an_upload_that_goes_away_while_it_is_checked_leaves_nothing_behind(
    client: FlaskClient,
    app: Flask,
    toy_files: dict[str, bytes],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    workspace = Path(app.config["WORKSPACE"])
    address = sent(client, toy_files)
    client.post(f"{address}/check")
    (job,) = records.listed(workspace, kind="upload")
    made = kinds.check

    def slow(upload: Upload, folder: Path, *, tell: Say) -> checking.Report:
        client.post(f"{address}/delete")
        (folder / "cache").mkdir(parents=True)  # as what keeps streets does
        return made(upload, folder, tell=tell)

    monkeypatch.setattr(kinds, "check", slow)
    performing.perform(workspace, job.id)
    failed = records.find(workspace, job.id)
    assert failed.state == "failed" and failed.problem and "accepted or deleted" in failed.problem["detail"]
    assert not (workspace / ".geoplan" / "uploads" / address.rsplit("/", 1)[-1]).exists()
