"""Pages and API of jobs: start, watch, cancel, repeat, files; nobody sees what is not theirs."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from geoplan.batch.province import province
from geoplan.batch.summary import write_summary
from maps.jobs import alive, records
from maps.jobs.records import CANCELLED, DONE, FAILED, WAITING, Job

API = "/api/v1/jobs"


def begin(client: FlaskClient, **data: Any) -> dict[str, Any]:
    answer = client.post(API, json=data)
    assert answer.status_code == 202, answer.get_data(as_text=True)
    told: dict[str, Any] = answer.get_json()
    assert answer.headers["Location"] == f"{API}/{told['id']}"
    return told


def finish(folder: Path, job_id: str, **values: Any) -> Job:
    job = records.claim(folder, job_id, "worker")
    assert job and records.change(folder, job, **values)
    return records.find(folder, job_id)


def test_a_job_is_started_listed_and_cancelled(client: FlaskClient) -> None:
    told = begin(client, kind="run", plan_id="east", params={"only": "coverage,safety"})
    assert told["state"] == WAITING and told["params"] == {"only": ["coverage", "safety"]}
    assert told["share"] is None and told["eta_s"] is None and told["log"][0]["code"] == "asked"
    same = begin(client, kind="run", plan_id="east", params={"only": ["safety", "coverage"]})
    assert same["id"] == told["id"], "a job that waits is not doubled"
    listed = client.get(f"{API}?plan_id=east&state=waiting,running")
    assert [job["id"] for job in listed.get_json()] == [told["id"]] and listed.headers["X-Total-Count"] == "1"
    ended = client.delete(f"{API}/{told['id']}").get_json()
    assert ended["state"] == CANCELLED and client.get(f"{API}?state=waiting").get_json() == []
    again = client.post(f"{API}/{told['id']}/again")
    assert again.status_code == 202 and again.get_json()["id"] != told["id"]


WRONG: list[tuple[Any, int]] = [
    ([], 400),
    ({"kind": "magic", "plan_id": "east"}, 400),
    ({"kind": "run"}, 400),
    ({"kind": "run", "plan_id": 3}, 400),
    ({"kind": "run", "plan_id": "../east"}, 404),
    ({"kind": "run", "plan_id": "nowhere"}, 404),
    ({"kind": "run", "plan_id": "east", "params": []}, 400),
    ({"kind": "run", "plan_id": "east", "params": {"only": ["magic"]}}, 400),
    ({"kind": "run", "plan_id": "east", "params": {"inside": False}}, 400),
    ({"kind": "run", "plan_id": "east", "params": {"scenario": "../../etc/passwd"}}, 404),
    ({"kind": "run", "plan_id": "east", "params": {"scenario": ["a"]}}, 404),
    ({"kind": "run", "plan_id": "east", "params": {"language": "fr"}}, 400),
    ({"kind": "run", "plan_id": "east", "speed": 1}, 400),
    ({"kind": "export", "plan_id": "north"}, 404),
    ({"kind": "export", "plan_id": "east", "params": {"formats": ["exe"]}}, 400),
    ({"kind": "export", "plan_id": "east", "params": {"run_id": "../x"}}, 404),
    ({"kind": "batch", "plan_id": "east", "params": {"plans": ["east"]}}, 400),
    ({"kind": "batch", "params": {"plans": []}}, 400),
    ({"kind": "batch", "params": {"plans": ["east", "nowhere"]}}, 404),
    ({"kind": "batch", "params": {"plans": [["east"]]}}, 404),
    ({"kind": "batch", "params": {"plans": ["east"], "workers": 0}}, 400),
    ({"kind": "batch", "params": {"plans": ["east"], "workers": True}}, 400),
]


def test_what_cannot_be_done_is_said_before_it_is_written_down(client: FlaskClient, folder: Path) -> None:
    for data, status in WRONG:
        answer = client.post(API, json=data)
        assert answer.status_code == status and answer.mimetype == "application/problem+json", data
    assert client.post(API, data="{").status_code == 400
    assert client.post(API, json={"kind": "run", "plan_id": "east", "params": {"x": "y" * 99_999}}).status_code == 413
    for query in ("state=odd", "kind=odd", "limit=-1", "offset=x"):
        assert client.get(f"{API}?{query}").status_code == 400
    assert client.get(f"{API}/{'0' * 16}").status_code == client.delete(f"{API}/none").status_code == 404
    assert records.listed(folder) == []


def test_a_job_that_failed_tells_its_problem_in_the_language(client: FlaskClient, folder: Path) -> None:
    told = begin(client, kind="run", plan_id="south")
    faults = [{"code": "x", "severity": "error", "file": "schools.csv", "row": 2, "column": "stage", "value": "<b>"}]
    faults[0] |= {"message_en": "odd", "message_zh": "有误", "remedy_en": "mend", "remedy_zh": "改正"}
    finish(folder, told["id"], state=FAILED, problem={"kind": "data", "detail": "…", "faults": faults})
    error = client.get(f"{API}/{told['id']}?lang=zh").get_json()["error"]
    assert error["status"] == 422 and error["faults"][0]["message"] == "有误"
    page = client.get(f"/jobs/{told['id']}?lang=zh").get_data(as_text=True)
    assert "有误" in page and "&lt;b&gt;" in page and "重新计算" in page


@pytest.mark.parametrize("language", ["en", "zh"])
def test_pages_say_how_far_a_job_is(client: FlaskClient, folder: Path, language: str) -> None:
    told = begin(client, kind="run", plan_id="east", params={})
    waiting = client.get(f"/jobs?lang={language}").get_data(as_text=True)
    assert "python -m geoplan worker" in waiting, "nobody is there to do it"
    job = finish(folder, told["id"], stage="reach", stage_at=records.stamp(), expected={"reach": 30.0, "map": 10.0})
    part = client.get(f"/jobs/{job.id}/part?lang={language}").get_data(as_text=True)
    assert "<progress" in part and {"en": "walking", "zh": "步行"}[language] in part
    assert re.search({"en": r"About \d+ s left", "zh": r"约剩 \d+ 秒"}[language], part)
    assert records.change(folder, job, expected={})
    unknown = client.get(f"/jobs/{job.id}/part?lang={language}").get_data(as_text=True)
    assert "<progress" not in unknown and {"en": "not known yet", "zh": "尚不知"}[language] in unknown
    page = client.get(f"/jobs/{job.id}?lang={language}")
    assert page.status_code == 200 and "csrf" in page.get_data(as_text=True)
    assert client.get(f"/jobs/part?lang={language}").status_code == 200


def test_forms_start_cancel_and_repeat(client: FlaskClient, folder: Path) -> None:
    answer = client.post("/jobs", data={"kind": "run", "plan_id": "north"})
    assert answer.status_code == 303
    first = records.listed(folder)[0]
    assert answer.location.startswith(f"/jobs/{first.id}")
    client.post(f"/jobs/{first.id}/cancel")
    assert records.find(folder, first.id).state == CANCELLED
    client.post(f"/jobs/{first.id}/again")
    assert [job.state for job in records.listed(folder)] == [WAITING, CANCELLED]
    client.post("/jobs", data={"kind": "batch", "plans": ["east", "north"], "resume": "on"})
    newest = records.listed(folder)[0]
    assert newest.kind == "batch" and newest.params["plans"] == ["east", "north"] and newest.params["resume"] is True


def test_plans_offer_to_be_computed(client: FlaskClient) -> None:
    assert 'value="north"' in client.get("/").get_data(as_text=True)
    assert 'action="/jobs' in client.get("/plans/east/data").get_data(as_text=True)


def test_a_result_links_to_its_run_while_it_is_there(client: FlaskClient, folder: Path) -> None:
    told = begin(client, kind="run", plan_id="east")
    run_id = next((folder / "east" / "runs").glob("[0-9a-f]*")).name
    job = finish(folder, told["id"], state=DONE, result={"run_id": run_id, "known": False})
    assert f"run={run_id}" in client.get(f"/jobs/{job.id}").get_data(as_text=True)
    data = client.get(f"{API}/{job.id}").get_json()
    assert data["links"]["runs"] == {"east": f"/api/v1/plans/east/runs/{run_id}"} and data["share"] == 1
    records.change(folder, job, result={"run_id": "0" * 12})
    assert client.get(f"{API}/{job.id}").get_json()["links"]["runs"] == {}


def test_files_come_from_the_list_of_the_result_only(client: FlaskClient, folder: Path) -> None:
    told = begin(client, kind="batch", params={"plans": ["east"]})
    out = folder / ".geoplan" / "batches" / told["id"]
    files = [path.name for path in write_summary(province({}), out)]
    finish(folder, told["id"], state=DONE, result={"folder": f".geoplan/batches/{told['id']}", "files": files})
    page = client.get(f"/jobs/{told['id']}/files/province.zh.html")
    policy = page.headers["Content-Security-Policy"]
    assert page.status_code == 200 and "sandbox allow-scripts" in policy and "sha256-" in policy
    assert "unsafe-inline" not in policy and "default-src 'none'" in policy
    table = client.get(f"/jobs/{told['id']}/files/province.xlsx")
    assert table.status_code == 200 and "attachment" in table.headers["Content-Disposition"]
    for name in ("batch.json", "..%2f..%2fdesk.sqlite", "desk.sqlite", "x"):
        assert client.get(f"/jobs/{told['id']}/files/{name}").status_code == 404
    assert "province.zh.html" in client.get(f"/jobs/{told['id']}?lang=zh").get_data(as_text=True)


def test_a_worker_that_lives_is_not_missed(client: FlaskClient, folder: Path) -> None:
    begin(client, kind="run", plan_id="east")
    alive.beat(folder, alive.myself())
    assert "python -m geoplan worker" not in client.get("/jobs").get_data(as_text=True)


def test_read_only_people_look_and_take_exports_away(folder: Path) -> None:
    from maps.app import create_app

    client = create_app({"WORKSPACE": folder, "READ_ONLY": "yes", "TESTING": True}).test_client()
    assert client.post(API, json={"kind": "run", "plan_id": "east"}).status_code == 403
    assert client.post(API, json={"kind": "batch", "params": {"plans": ["east"]}}).status_code == 403
    assert begin(client, kind="export", plan_id="east")["kind"] == "export"
    page = client.get("/plans/east/data").get_data(as_text=True)
    assert 'name="kind" value="export"' in page and 'name="kind" value="run"' not in page


def test_a_person_cannot_fill_the_queue(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maps.jobs.starting.MOST_WAITING", 1)
    begin(client, kind="run", plan_id="east")
    answer = client.post(API, json={"kind": "run", "plan_id": "north"})
    assert answer.status_code == 400 and "wait already" in answer.get_json()["detail"]


def test_one_persons_jobs_are_not_anothers(people: Callable[[str], FlaskClient], folder: Path) -> None:
    pia, paul, ada = people("pia"), people("paul"), people("ada")
    hidden = begin(pia, kind="run", plan_id="north")
    both = begin(pia, kind="batch", params={"plans": ["east", "north"]})
    open_one = begin(pia, kind="run", plan_id="east")
    assert "inside" not in hidden["params"] and records.find(folder, hidden["id"]).params["inside"] is True
    for job in (hidden, both):
        for path in (
            f"{API}/{job['id']}",
            f"/jobs/{job['id']}",
            f"/jobs/{job['id']}/part",
            f"/jobs/{job['id']}/files/x",
        ):
            assert paul.get(path).status_code == 404
        assert paul.delete(f"{API}/{job['id']}").status_code == 404
        assert paul.post(f"{API}/{job['id']}/again").status_code == 404
    assert [job["id"] for job in paul.get(API).get_json()] == [open_one["id"]]
    assert "north" not in paul.get("/jobs").get_data(as_text=True).lower()
    assert paul.post(API, json={"kind": "run", "plan_id": "north"}).status_code == 404
    assert paul.post(API, json={"kind": "batch", "params": {"plans": ["east", "north"]}}).status_code == 404
    assert paul.delete(f"{API}/{open_one['id']}").status_code == 403, "somebody else's"
    assert ada.delete(f"{API}/{open_one['id']}").status_code == 200
    assert records.find(folder, hidden["id"]).state == WAITING
