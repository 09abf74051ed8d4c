"""What is written down: taken once, changed by whoever holds it, measured and never invented."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from geoplan.errors import NotFoundError
from geoplan.store import latest
from maps.jobs import alive, records, recovery
from maps.jobs.measure import expected, measured
from maps.jobs.queue import enqueue, queue, queued
from maps.jobs.records import CANCELLED, DONE, FAILED, RUNNING, WAITING, Job

PIA = (7, "pia")


def new(folder: Path, plan: str = "east", **params: object) -> Job:
    return records.create(folder, "run", plan, {"only": ["coverage"], **params}, who=PIA)


def taken(folder: Path, worker: str = "w", **params: object) -> Job:
    job = records.claim(folder, new(folder, **params).id, worker)
    assert job
    return job


def test_a_job_is_taken_once_and_a_cancelled_one_never(folder: Path) -> None:
    job = new(folder)
    first, second = (records.claim(folder, job.id, worker) for worker in ("one", "two"))
    assert first and first.state == RUNNING and first.attempts == 1 and second is None
    other = new(folder)
    records.ask_to_stop(folder, other)
    assert records.find(folder, other.id).state == CANCELLED and records.claim(folder, other.id, "one") is None
    with pytest.raises(NotFoundError):
        records.find(folder, "0" * 16)


def test_only_who_holds_a_job_changes_it(folder: Path) -> None:
    job = taken(folder)
    assert records.change(folder, job, stage="reach")
    assert not records.change(folder, replace(job, worker="another"), stage="x")
    assert records.change(folder, job, state=DONE, result={"run_id": "a"})
    assert not records.change(folder, job, state=FAILED)
    found = records.find(folder, job.id)
    assert (found.state, found.stage, dict(found.result)) == (DONE, "reach", {"run_id": "a"})


def test_a_running_job_is_asked_to_stop_and_the_log_keeps_its_order(folder: Path) -> None:
    job = taken(folder)
    assert not records.is_to_stop(folder, job)
    records.ask_to_stop(folder, job)
    assert records.is_to_stop(folder, job) and records.find(folder, job.id).state == RUNNING
    for code in ("asked", "step:region", "done"):
        records.note(folder, job.id, code, who="pia")
    lines = records.lines(folder, job.id)
    assert [line.code for line in lines] == ["asked", "step:region", "done"] and lines[0].params == {"who": "pia"}


def test_numbers_count_up_and_the_newest_comes_first(folder: Path) -> None:
    jobs = [new(folder, plan) for plan in ("east", "north", "east")]
    assert [job.number for job in jobs] == [1, 2, 3]
    assert [job.id for job in records.listed(folder, plan_id="east")] == [jobs[2].id, jobs[0].id]
    assert records.listed(folder, states=[DONE]) == [] == records.listed(folder, kind="batch")


def test_the_queue_holds_json_and_wakes_by_id(folder: Path) -> None:
    enqueue(folder, "abc")
    enqueue(folder, "abc")
    assert queued(folder) == {"abc"}
    data = queue(folder).storage.enqueued_items()[0]
    assert json.loads(data)[6] == [str(folder), "abc"]
    assert (folder / ".geoplan" / "jobs.sqlite").stat().st_mode & 0o077 == 0


def test_nothing_is_measured_before_there_is_something_to_measure_by(folder: Path) -> None:
    moment = records.now()
    waiting, running = new(folder, "north"), taken(folder, plan="north")
    assert expected(folder, running) == {}
    for job in (waiting, running):
        assert measured(job, moment).share is None and measured(job, moment).eta_s is None


def test_share_and_time_left_follow_the_steps_of_earlier_jobs(folder: Path) -> None:
    earlier = taken(folder)
    records.change(folder, earlier, state=DONE, timings={"region": 10.0, "reach": 30.0, "map": 10.0})
    job = taken(folder)
    assert expected(folder, job) == {"region": 10.0, "reach": 30.0, "map": 10.0}
    assert expected(folder, taken(folder, only=["coverage", "safety"])).keys() != expected(folder, job).keys()
    moment = records.now()
    at = records.stamp(moment - timedelta(seconds=20))
    under_way = replace(job, expected=expected(folder, job), timings={"region": 20.0}, stage="reach", stage_at=at)
    far = measured(under_way, moment)  # twice as slow as before: 10 of 30 seconds of the step are done
    assert far.share == pytest.approx(20 / 50, abs=1e-3) and far.eta_s == pytest.approx(60, abs=0.1)
    long = measured(under_way, moment + timedelta(hours=1))
    assert long.share == pytest.approx(40 / 50) and long.eta_s == pytest.approx(20, abs=0.1)


def test_the_plans_latest_run_measures_where_no_job_did(folder: Path) -> None:
    file = latest(folder / "east") / "manifest.json"
    manifest = json.loads(file.read_text(encoding="utf-8"))
    assert expected(folder, taken(folder)) == {}, "this run kept no times"
    manifest["timings"] = {"seconds": {"reach": 2.0, "safety": 3.0}}
    file.write_text(json.dumps(manifest), encoding="utf-8")
    assert expected(folder, taken(folder, only=["coverage", "safety"])) == {"reach": 2.0, "safety": 3.0}
    assert expected(folder, taken(folder)) == {}, "that run computed more"


def test_a_batch_counts_down_between_its_counts() -> None:
    moment = records.now()
    progress = {"share": 0.5, "eta_s": 30.0, "at": records.stamp(moment - timedelta(seconds=10))}
    job = Job("a", 1, "batch", None, 0, "local", {}, RUNNING, "", progress=progress)
    far = measured(job, moment)
    assert far.share == 0.5 and far.eta_s == pytest.approx(20, abs=0.1)
    assert measured(replace(job, progress={"share": 0.0, "eta_s": None}), moment).eta_s is None


def test_a_worker_lives_as_long_as_its_process() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    name = f"{platform.node()} {alive._boot()} {child.pid} {alive._start(child.pid)}"
    assert alive.lives(name, None) and alive.lives(alive.myself(), None)
    child.communicate(b"\n")
    assert not alive.lives(name, records.stamp())
    reused = f"{platform.node()} {alive._boot()} {os.getpid()} 1"
    rebooted = alive.myself().replace(alive._boot(), "another")
    assert not alive.lives(reused, records.stamp()) and not alive.lives(rebooted, records.stamp())
    away = "elsewhere 0 1 1"
    assert alive.lives(away, records.stamp()) and not alive.lives(away, None)
    assert not alive.lives(away, records.stamp(datetime.now().astimezone() - timedelta(minutes=5)))


GONE = "elsewhere 0 1 1"


def test_a_lost_job_waits_once_more_then_fails_with_the_reason(folder: Path) -> None:
    job = taken(folder, GONE)
    recovery.look_after(folder)
    assert records.find(folder, job.id).state == WAITING
    again = records.claim(folder, job.id, GONE)
    assert again and again.attempts == 2
    recovery.look_after(folder)
    found = records.find(folder, job.id)
    assert found.state == FAILED and found.problem and found.problem["kind"] == "lost"
    assert [line.code for line in records.lines(folder, job.id)] == ["worker_lost", "failed"]


def test_a_lost_job_that_was_to_stop_is_cancelled_and_a_stray_one_is_woken(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = taken(folder, GONE)
    records.ask_to_stop(folder, job)
    stray = new(folder, "north")
    monkeypatch.setattr(recovery, "STRAY_AFTER", timedelta(seconds=-1))
    recovery.look_after(folder)
    recovery.look_after(folder)
    assert records.find(folder, job.id).state == CANCELLED
    assert queued(folder) == {stray.id} and queue(folder).pending_count() == 1


def test_a_job_of_a_living_worker_stays_and_one_it_forgot_is_taken_up(folder: Path) -> None:
    theirs, mine = taken(folder, GONE), taken(folder, alive.myself())
    alive.beat(folder, GONE)
    recovery.look_after(folder)
    assert records.find(folder, theirs.id).state == RUNNING and records.find(folder, mine.id).state == WAITING
    assert alive.living(folder) == [GONE]
    alive.leave(folder, GONE)
    assert alive.living(folder) == []
