"""Documents of a run: kept ones at once, small ones in the request, others by a job that everybody joins."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from maps import documents
from maps.jobs import records
from maps.jobs.performing import perform
from maps.jobs.records import CANCELLED, DONE, WAITING

RUN = "/api/v1/plans/east/runs/latest"
HTML = {"Accept": "text/html,*/*;q=0.8"}


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every run counts as a large one."""
    monkeypatch.setattr(documents, "SMALL_ROWS", 0)


@pytest.mark.usefixtures("large")
def test_a_program_is_told_the_job_joins_it_and_gets_the_file(client: FlaskClient, folder: Path) -> None:
    first = client.get(f"{RUN}/proposal.xlsx?lang=zh")
    job = first.get_json()
    assert first.status_code == 202 and first.headers["Location"] == job["links"]["self"] and job["state"] == WAITING
    assert "kept" not in job["params"] and int(first.headers["Retry-After"]) > 0
    assert client.get(f"{RUN}/proposal.xlsx?lang=zh").get_json()["id"] == job["id"], "joined, not doubled"
    assert client.get(f"{RUN}/proposal.xlsx?lang=en").get_json()["id"] != job["id"]
    perform(folder, job["id"])
    assert records.find(folder, job["id"]).state == DONE
    answer = client.get(f"{RUN}/proposal.xlsx?lang=zh")
    assert answer.status_code == 200 and answer.data.startswith(b"PK")
    (file,) = client.get(job["links"]["self"]).get_json()["result"]["files"]
    assert client.get(file["href"]).data == answer.data
    assert not (folder / "east" / "exports").exists(), "kept with the run, not among the exports of people"


@pytest.mark.usefixtures("large")
def test_a_person_is_led_to_a_calm_page_cancels_and_asks_again(client: FlaskClient, folder: Path) -> None:
    answer = client.get(f"{RUN}/export.gpkg?lang=en", headers=HTML)
    job = records.listed(folder)[0]
    assert answer.status_code == 303 and answer.location.startswith(f"/jobs/{job.id}")
    page = client.get(answer.location).get_data(as_text=True)
    assert "are being prepared" in page and "Cancel this job" in page
    client.post(f"/jobs/{job.id}/cancel")
    assert records.find(folder, job.id).state == CANCELLED
    client.post(f"/jobs/{job.id}/again")
    again = records.listed(folder)[0]
    assert again.id != job.id and again.params == job.params
    perform(folder, again.id)
    assert ".gpkg" in client.get(f"/jobs/{again.id}?lang=en").get_data(as_text=True)
    made = client.get(f"{RUN}/export.gpkg?lang=en", headers=HTML)
    assert made.status_code == 200 and made.data.startswith(b"SQLite format 3")


@pytest.mark.usefixtures("large")
def test_a_script_may_wait(client: FlaskClient, folder: Path) -> None:
    answer = client.get(f"{RUN}/proposal.xlsx?wait=1")
    assert answer.status_code == 200 and answer.data.startswith(b"PK") and records.listed(folder) == []


@pytest.mark.usefixtures("large")
def test_who_waits_too_long_is_told_to_come_back(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "LONGEST_S", 0.01)
    with documents._making:
        answer = client.get(f"{RUN}/proposal.xlsx?wait=1")
    assert answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0


@pytest.mark.usefixtures("large")
def test_few_requests_wait_so_that_pages_are_answered(client: FlaskClient) -> None:
    for _ in range(documents.MOST_AT_IT):
        assert documents._at_it.acquire(blocking=False)
    try:
        answer = client.get(f"{RUN}/proposal.xlsx?wait=1")  # at once, not after a minute
        assert answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0
    finally:
        for _ in range(documents.MOST_AT_IT):
            documents._at_it.release()
    assert client.get(f"{RUN}/proposal.xlsx?wait=1").status_code == 200


def test_a_small_run_answers_in_the_request(client: FlaskClient, folder: Path) -> None:
    assert client.get(f"{RUN}/export.gpkg").status_code == 200 and records.listed(folder) == []


@pytest.mark.usefixtures("large")
def test_everybody_joins_and_only_who_sees_the_plan(people: Callable[[str], FlaskClient], folder: Path) -> None:
    pia, paul = people("pia"), people("paul")
    first = pia.get(f"{RUN}/proposal.docx").get_json()
    assert paul.get(f"{RUN}/proposal.docx").get_json()["id"] == first["id"]
    assert paul.delete(first["links"]["self"]).status_code == 403, "it is pia's to cancel"
    assert paul.get("/api/v1/plans/north/runs/latest/proposal.docx").status_code == 404


def test_the_form_exports_in_several_formats(client: FlaskClient, folder: Path) -> None:
    page = client.get("/plans/east/data?lang=zh").get_data(as_text=True)
    for name in ("csv", "geojson", "gpkg", "cog", "xlsx", "docx", "pdf", "sheets"):
        assert f'name="formats" value="{name}"' in page
    asked = {"kind": "export", "plan_id": "east", "formats": ["csv", "xlsx"], "language": "en", "paper": "a3"}
    answer = client.post("/jobs?lang=zh", data=asked)
    job = records.listed(folder)[0]
    assert answer.status_code == 303 and job.params["formats"] == ["csv", "xlsx"]
    assert (job.params["language"], job.params["paper"]) == ("en", "a3")
    perform(folder, job.id)
    page = client.get(f"/jobs/{job.id}").get_data(as_text=True)
    assert 0 < page.index(".xlsx</a>") < page.index(".csv</a>"), "documents come first"
    assert "/plans/east/data" in page and "Export again" in page


def test_a_batch_of_chosen_plans_says_what_and_how_many_at_once(client: FlaskClient, folder: Path) -> None:
    assert 'name="workers"' in client.get("/jobs").get_data(as_text=True)
    asked = {"kind": "batch", "plans": ["east", "north"], "only": "coverage,safety", "workers": "2"}
    assert client.post("/jobs", data=asked).status_code == 303
    job = records.listed(folder)[0]
    assert (job.params["only"], job.params["workers"]) == (["coverage", "safety"], 2)
