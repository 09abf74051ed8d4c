"""Doing a job, in the worker's process: steps written down, cancelled between steps, every end told."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from geoplan.batch.work import told as fault_told
from geoplan.errors import NoRoomError, NotFoundError, PlanError
from geoplan.store.aside import FULL
from layers.errors import InputError
from maps.jobs import kinds, records
from maps.jobs.alive import myself
from maps.jobs.measure import expected
from maps.jobs.records import CANCELLED, DONE, FAILED, WAITING, Job, change, note, stamp
from maps.jobs.steps import STOPPING, Ended, Steps
from maps.operation.logs import about

LOG = logging.getLogger(__name__)

_mine: dict[str, tuple[Path, Job | None]] = {}
_lock = threading.Lock()


def perform(workspace: Path, job_id: str) -> None:
    """Do a job that waits; nothing happens where another worker has it, or it was cancelled."""
    with _lock:
        _mine[job_id] = workspace, None
    try:
        job = records.claim(workspace, job_id, myself())
        if job is None:
            return
        with _lock:
            _mine[job_id] = workspace, job
        with about(job=job.id, kind=job.kind, plan=job.plan_id, person=job.person):
            _do(workspace, job)
    finally:
        with _lock:
            _mine.pop(job_id, None)


def _do(workspace: Path, job: Job) -> None:
    began = time.monotonic()
    LOG.info("job begun", extra={"about": {"attempt": job.attempts}})
    note(workspace, job.id, "began", attempt=job.attempts)
    change(workspace, job, expected=expected(workspace, job))
    state, values = _outcome(workspace, job)
    _end(workspace, job, state, values)
    LOG.info("job ended", extra={"about": {"state": state, "seconds": round(time.monotonic() - began, 3)}})


def busy() -> set[str]:
    """Jobs this process is at."""
    with _lock:
        return set(_mine)


def hand_back() -> None:
    """Let what this worker is doing wait again: it ends before its jobs do, and they lose nothing by it."""
    with _lock:
        held = list(_mine.values())
    for workspace, job in held:
        if job is not None and change(workspace, job, **_waiting(job)):
            note(workspace, job.id, "handed_back")


def _waiting(job: Job) -> dict[str, Any]:
    """A job as it was before it was taken: this time does not count as an attempt."""
    return {"state": WAITING, "worker": None, "stage": None, "attempts": max(0, job.attempts - 1)}


def _outcome(workspace: Path, job: Job) -> tuple[str, dict[str, Any]]:
    """The state a job ends in and what to write down with it."""
    steps = Steps(workspace, job)
    try:
        result = kinds.DOING[job.kind](workspace, job, steps)
    except Ended:
        if STOPPING.is_set() and not records.find(workspace, job.id).cancel:
            return WAITING, _waiting(job)
        return CANCELLED, {}
    except InputError as error:
        return FAILED, {"problem": problem("data", str(error), [fault_told(fault) for fault in error.faults])}
    except PlanError as error:
        return FAILED, {"problem": problem(_kind(error), str(error))}
    except Exception as error:
        if isinstance(error, OSError) and error.errno in FULL:
            return FAILED, {"problem": problem("room", f"the disk is full ({error}); nothing was left half written")}
        LOG.exception("job failed")
        return FAILED, {"problem": problem("bug", f"{type(error).__name__}: {error}")}
    steps.finish()
    return DONE, {"result": result, "timings": steps.seconds}


def _kind(error: PlanError) -> str:
    return "missing" if isinstance(error, NotFoundError) else "room" if isinstance(error, NoRoomError) else "request"


def _end(workspace: Path, job: Job, state: str, values: Mapping[str, Any]) -> None:
    told = {"state": state, "stage": None, **({} if state == WAITING else {"ended": stamp()}), **values}
    if change(workspace, job, **told):
        note(workspace, job.id, "handed_back" if state == WAITING else state)


def problem(kind: str, detail: str, faults: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """Why a job failed: whose fault it is, a sentence, the faults of the data in both languages."""
    return {"kind": kind, "detail": detail[:4000], "faults": (faults or [])[:1000]}
