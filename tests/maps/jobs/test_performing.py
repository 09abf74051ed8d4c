"""Jobs done in this process: results, faults, cancelling between steps, a worker that is to end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from geoplan.store import list_runs
from maps.jobs import kinds, performing, records
from maps.jobs.performing import perform
from maps.jobs.records import CANCELLED, DONE, FAILED, RUNNING, WAITING, Job
from maps.jobs.steps import STOPPING, Ended, Steps


def done(folder: Path, kind: str, plan: str | None, **params: Any) -> Job:
    job = records.create(folder, kind, plan, params, who=(0, "local"))
    perform(folder, job.id)
    return records.find(folder, job.id)


def codes(folder: Path, job: Job) -> list[str]:
    return [line.code for line in records.lines(folder, job.id)]


def test_a_run_is_written_and_a_second_one_is_measured(folder: Path) -> None:
    job = done(folder, "run", "north", only=["coverage"])
    assert job.state == DONE and job.result["known"] is False
    runs = list_runs(folder / "north")
    assert [run.run_id for run in runs] == [job.result["run_id"]] and (runs[0].path / "map.html").is_file()
    steps = [code for code in codes(folder, job) if code.startswith("step:")]
    assert steps[0] == "step:region" and steps[-1] == "step:map" and set(job.timings) == {s[5:] for s in steps}
    again = done(folder, "run", "north", only=["coverage"])
    assert again.result["known"] is True and again.expected == job.timings


def test_faults_of_the_data_stand_with_the_job(folder: Path) -> None:
    job = done(folder, "run", "south", only=["coverage"])
    assert job.state == FAILED and job.problem and job.problem["kind"] == "data"
    fault = next(fault for fault in job.problem["faults"] if fault["severity"] == "error")
    assert fault["file"] == "schools.csv" and fault["message_zh"] and fault["remedy_en"]


def test_the_doctor_tells_faults_as_its_result(folder: Path) -> None:
    bad, good = done(folder, "upload", "south"), done(folder, "upload", "north")
    assert bad.state == good.state == DONE
    assert bad.result["counts"]["error"] >= 1 and good.result["counts"]["error"] == 0
    assert len(bad.result["faults"]) == sum(bad.result["counts"].values())


def test_files_outside_the_folder_are_refused_where_people_log_in(folder: Path) -> None:
    secret = (folder / "east" / "ages.csv").rename(folder / "secret.csv")
    plan = folder / "east" / "plan.toml"
    plan.write_text(plan.read_text(encoding="utf-8").replace('"ages.csv"', '"../secret.csv"'), encoding="utf-8")
    for kind, params in (("run", {"only": ["coverage"]}), ("upload", {})):
        job = done(folder, kind, "east", inside=True, **params)
        found = job.problem["faults"] if job.problem else job.result["faults"]
        assert [fault["code"] for fault in found] == ["plan_path"], kind
    assert secret.is_file()


def test_an_export_lists_its_files(folder: Path) -> None:
    run = list_runs(folder / "east")[0].run_id
    job = done(folder, "export", "east", run_id=run, formats=["csv", "geojson"], paper="a4")
    out = folder / job.result["folder"]
    assert out == folder / "east" / "exports" / run
    assert {"cells.csv", "schools.geojson"} <= set(job.result["files"])
    assert all((out / name).is_file() for name in job.result["files"])


def test_an_error_of_ours_is_told_and_ends_the_job(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> dict[str, Any]:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(kinds, "DOING", {"run": broken})
    job = done(folder, "run", "east", only=["coverage"])
    assert job.state == FAILED and job.problem == {"kind": "bug", "detail": "ZeroDivisionError: oops", "faults": []}


def test_a_job_is_cancelled_at_its_next_step(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(workspace: Path, job: Job, steps: Steps) -> dict[str, Any]:
        steps("region")
        records.ask_to_stop(workspace, job)
        steps("streets")
        raise AssertionError("it went on")

    monkeypatch.setattr(kinds, "DOING", {"run": slow})
    job = done(folder, "run", "east", only=["coverage"])
    assert job.state == CANCELLED and job.ended and codes(folder, job) == ["began", "step:region", "cancelled"]


@pytest.mark.parametrize("handed", [False, True])
def test_a_worker_that_ends_hands_its_job_back(folder: Path, monkeypatch: pytest.MonkeyPatch, handed: bool) -> None:
    def slow(workspace: Path, job: Job, steps: Steps) -> dict[str, Any]:
        STOPPING.set()
        if handed:
            performing.hand_back()
            assert records.claim(workspace, job.id, "the next worker")
        steps("region")
        raise AssertionError("it went on")

    monkeypatch.setattr(kinds, "DOING", {"run": slow})
    job = done(folder, "run", "east", only=["coverage"])
    if handed:
        assert (job.state, job.worker, job.attempts) == (RUNNING, "the next worker", 1)
    else:
        assert (job.state, job.worker, job.attempts) == (WAITING, None, 0)
    assert codes(folder, job) == ["began", "handed_back"] and not performing.busy()


def test_a_job_that_another_worker_took_over_ends_here_without_a_word(folder: Path) -> None:
    job = records.create(folder, "run", "east", {}, who=(0, "local"))
    mine = records.claim(folder, job.id, "me")
    assert mine and records.change(folder, mine, worker="another")
    with pytest.raises(Ended):
        Steps(folder, mine)("region")


def test_a_batch_sums_up_and_the_next_one_goes_on_from_it(folder: Path) -> None:
    plans = ["north", "south"]
    job = done(folder, "batch", None, plans=plans, only=["coverage"], workers=1, resume=True)
    assert job.state == DONE and job.result["plans"] == {"north": "done", "south": "data"}
    assert job.result["runs"]["north"] == list_runs(folder / "north")[0].run_id
    out = folder / job.result["folder"]
    assert {"province.xlsx", "province.zh.html"} <= set(job.result["files"])
    assert all((out / name).is_file() for name in job.result["files"])
    assert job.progress["share"] == pytest.approx(1) and job.progress["total"] == 2
    told = [line.params["plan"] for line in records.lines(folder, job.id) if line.code == "plan"]
    assert sorted(told) == plans
    again = done(folder, "batch", None, plans=plans, only=["coverage"], workers=1, resume=True)
    told = [line.params["plan"] for line in records.lines(folder, again.id) if line.code == "plan"]
    assert told == ["south"] and again.result["plans"] == job.result["plans"]
