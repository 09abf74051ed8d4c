"""What goes wrong with machines: a full disk, a restart in the middle; nothing is lost, and it is said."""

from __future__ import annotations

import errno
import json
import os
import signal
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from geoplan.store import list_runs
from maps import desk
from maps.app import create_app
from maps.jobs import alive, records
from maps.jobs.performing import perform
from tests.geoplan.batch.towns import write_town
from tests.maps.operation.conftest import Start, answers, ask, group, wait_until

STEP = {"action": "close", "school_id": "S1"}


def full(*_: Any, **__: Any) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_with_a_full_disk_nothing_is_saved_and_nothing_is_lost(
    desk_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = create_app({"WORKSPACE": desk_folder}).test_client()
    address, saved = "/api/v1/plans/east/scenarios", {"name": "calm", "title": "Calm", "steps": [STEP]}
    assert client.post(address, json=saved).status_code == 201
    before = {path: path.read_bytes() for path in (desk_folder / "east").rglob("*") if path.is_file()}
    tag = client.get(f"{address}/calm").headers["ETag"]
    with monkeypatch.context() as patch:
        patch.setattr("geoplan.store.aside._sync", full)
        changed = client.post(address, json={**saved, "title": "Other"}, headers={"If-Match": tag})
        new = client.post(address, json={**saved, "name": "new"})
    for answer in (changed, new):
        assert answer.status_code == 507 and "disk is full" in answer.get_json()["detail"]
    assert {path: path.read_bytes() for path in (desk_folder / "east").rglob("*") if path.is_file()} == before
    assert client.post(address, json={**saved, "title": "Other"}, headers={"If-Match": tag}).status_code == 200
    with monkeypatch.context() as patch:
        patch.setattr("maps.views.workspace.list_plans", full)
        page = client.get("/?lang=zh")
    assert page.status_code == 507 and "磁盘空间不足" in page.text


def test_a_run_on_a_full_disk_fails_whole_and_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_town(tmp_path / "north")
    with monkeypatch.context() as patch:
        patch.setattr("geoplan.store.runs.write_table", full)
        job = records.create(tmp_path, "run", "north", {"only": ["coverage"]}, who=(0, "local"))
        perform(tmp_path, job.id)
    failed = records.find(tmp_path, job.id)
    assert failed.state == "failed" and failed.problem
    assert failed.problem["kind"] == "room" and "disk is full" in failed.problem["detail"]
    assert list_runs(tmp_path / "north") == [] and not list((tmp_path / "north" / "runs").glob(".writing*"))
    with create_app({"WORKSPACE": tmp_path}).test_client() as client:
        told = client.get(f"/api/v1/jobs/{job.id}").get_json()["error"]
        assert told["status"] == 507 and "disk is full" in client.get(f"/jobs/{job.id}?lang=en").text
    desk.forget(tmp_path)


def test_a_restart_of_web_and_worker_during_a_run_loses_nothing(start: Start, tmp_path: Path, port: int) -> None:
    """Ctrl-C in a terminal reaches web and worker at once: no traceback, nobody left, the run goes on afterwards."""
    write_town(tmp_path / "north")
    command = ("-m", "geoplan", "serve", "--workspace", str(tmp_path), "--port", str(port))
    first = start(*command, GEOPLAN_LOG="json")
    wait_until(lambda: answers(port), "it answers")
    job_id = _begin(port)
    wait_until(lambda: records.find(tmp_path, job_id).stage is not None, "the run is under way")
    os.killpg(first.pid, signal.SIGINT)
    out, err = first.communicate(timeout=120)
    assert (first.returncode, out) == (0, "") and "Traceback" not in err, err
    assert not group(first.pid) and not alive.living(tmp_path)
    lines = [json.loads(line) for line in err.splitlines() if line.startswith("{")]
    assert {line["message"] for line in lines if line.get("job") == job_id} >= {"job begun"}, "the worker logs too"
    left = records.find(tmp_path, job_id)
    assert (left.state, left.attempts) in {("waiting", 0), ("done", 1)}

    second = start(*command)
    wait_until(lambda: answers(port), "it answers again")
    wait_until(lambda: records.find(tmp_path, job_id).state == "done", "the run is done")
    (run,) = list_runs(tmp_path / "north")
    assert run.run_id == records.find(tmp_path, job_id).result["run_id"]
    assert b"Where the 144 pupils stand" in ask(port, "/plans/north?lang=en")
    second.send_signal(signal.SIGTERM)
    assert second.wait(120) == 0
    wait_until(lambda: not group(second.pid), "nobody is left")
    desk.forget(tmp_path)


def _begin(port: int) -> str:
    body = json.dumps({"kind": "run", "plan_id": "north", "params": {"only": ["coverage"]}}).encode()
    asked = urllib.request.Request(f"http://127.0.0.1:{port}/api/v1/jobs", body, {"Content-Type": "application/json"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(asked, timeout=120) as answer:
        return str(json.load(answer)["id"])
