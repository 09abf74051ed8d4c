"""What is left of workers that are gone: their jobs wait once more, then they are told to have failed."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from maps.jobs.alive import heard, leave_all, lives, myself
from maps.jobs.performing import busy, problem
from maps.jobs.queue import enqueue, queued
from maps.jobs.records import CANCELLED, FAILED, RUNNING, WAITING, Job, change, listed, note, now, stamp

MOST_ATTEMPTS = 2
LOST = "the process that computed it ended in the middle, twice: too little memory, or someone stopped it"
STRAY_AFTER = timedelta(seconds=3)


def look_after(workspace: Path) -> None:
    """Take up jobs whose worker is gone, and wake somebody for those that wait and are in no queue."""
    for job in listed(workspace, states=[RUNNING]):
        if _lost(workspace, job):
            _take_up(workspace, job)
    waiting = [job for job in listed(workspace, states=[WAITING]) if _old(job)]
    known = queued(workspace) | busy() if waiting else set()
    for job in reversed(waiting):
        if job.id not in known:
            enqueue(workspace, job.id)


def come_back(workspace: Path) -> None:
    """In a database that came back from a backup no worker lives: what was running waits again, and lost nothing."""
    for job in listed(workspace, states=[RUNNING]):
        ended = {"state": CANCELLED, "ended": stamp()} if job.cancel else {"state": WAITING}
        if change(workspace, job, **ended, worker=None, stage=None, attempts=max(0, job.attempts - 1)):
            note(workspace, job.id, "restored")
    leave_all(workspace)


def _lost(workspace: Path, job: Job) -> bool:
    worker = job.worker or ""
    if worker == myself():
        return job.id not in busy()
    return not lives(worker, heard(workspace, worker))


def _take_up(workspace: Path, job: Job) -> None:
    if job.cancel:
        ended = change(workspace, job, state=CANCELLED, stage=None, ended=stamp())
        code = CANCELLED
    elif job.attempts < MOST_ATTEMPTS:
        ended, code = change(workspace, job, state=WAITING, worker=None, stage=None), "worker_lost"
    else:
        ended = change(workspace, job, state=FAILED, stage=None, ended=stamp(), problem=problem("lost", LOST))
        code = FAILED
    if ended:
        note(workspace, job.id, code)


def _old(job: Job) -> bool:
    return now() - datetime.fromisoformat(job.created) > STRAY_AFTER
