"""What is written down of every job, in the desk's database: state, steps with their times, log, result, problem.

The record is the truth, the queue only a way to wake a worker: a job is taken by whoever changes its state first.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Engine,
    Index,
    Integer,
    MetaData,
    Row,
    String,
    Table,
    Text,
    func,
    insert,
    select,
    update,
)

from geoplan.errors import NotFoundError
from geoplan.identity import plain
from maps import desk

WAITING, RUNNING, DONE, FAILED, CANCELLED = STATES = ("waiting", "running", "done", "failed", "cancelled")
LIVE = (WAITING, RUNNING)
KINDS = ("run", "batch", "export", "upload")

METADATA = MetaData()
jobs = Table(
    "jobs",
    METADATA,
    Column("id", String(16), primary_key=True),
    Column("number", Integer, nullable=False, unique=True),  # in the order they were asked for
    Column("kind", String(16), nullable=False),
    Column("plan_id", String(64)),
    Column("person_id", Integer, nullable=False),
    Column("person", String(64), nullable=False),
    Column("params", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("created", String(32), nullable=False),
    Column("began", String(32)),
    Column("ended", String(32)),
    Column("attempts", Integer, nullable=False, default=0),
    Column("worker", String(160)),
    Column("cancel", Integer, nullable=False, default=0),
    Column("stage", String(64)),
    Column("stage_at", String(32)),
    Column("timings", Text, nullable=False, default="{}"),  # seconds of the steps that are done
    Column("expected", Text, nullable=False, default="{}"),  # seconds of every step, as measured before
    Column("progress", Text, nullable=False, default="{}"),  # share and eta_s of a batch, with the time they are of
    Column("result", Text, nullable=False, default="{}"),
    Column("problem", Text),
    Index("jobs_by_state", "state"),
    Index("jobs_by_plan", "plan_id"),
)
log = Table(
    "job_log",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("job_id", String(16), nullable=False, index=True),
    Column("at", String(32), nullable=False),
    Column("code", String(64), nullable=False),
    Column("params", Text, nullable=False),
)
workers = Table(
    "job_workers",
    METADATA,
    Column("worker", String(160), primary_key=True),
    Column("beat", String(32), nullable=False),
)
NESTED = ("params", "timings", "expected", "progress", "result")


@dataclass(frozen=True)
class Job:
    """A job as it is written down; times are ISO in UTC."""

    id: str
    number: int
    kind: str
    plan_id: str | None
    person_id: int
    person: str
    params: Mapping[str, Any]
    state: str
    created: str
    began: str | None = None
    ended: str | None = None
    attempts: int = 0
    worker: str | None = None
    cancel: bool = False
    stage: str | None = None
    stage_at: str | None = None
    timings: Mapping[str, float] = field(default_factory=dict)
    expected: Mapping[str, float] = field(default_factory=dict)
    progress: Mapping[str, Any] = field(default_factory=dict)
    result: Mapping[str, Any] = field(default_factory=dict)
    problem: Mapping[str, Any] | None = None

    @property
    def live(self) -> bool:
        """Whether it waits or runs."""
        return self.state in LIVE


@dataclass(frozen=True)
class Line:
    """A line of a job's log: a code with parameters; the words come with the page."""

    at: str
    code: str
    params: Mapping[str, Any]


def database(workspace: Path) -> Engine:
    """The desk's database with the tables of jobs in it."""
    return desk.tables(workspace, METADATA)


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def stamp(moment: datetime | None = None) -> str:
    """A time as it is stored: texts sort as times do."""
    return (moment or now()).astimezone(UTC).isoformat(timespec="milliseconds")


def create(
    workspace: Path, kind: str, plan_id: str | None, params: Mapping[str, Any], *, who: tuple[int, str]
) -> Job:
    """Write down a new job that waits; ``who`` is the id and the name of the person."""
    with desk.writing(database(workspace)) as connection:
        number = (connection.scalar(select(func.max(jobs.c.number))) or 0) + 1
        row = {
            "id": secrets.token_hex(8),
            "number": number,
            "kind": kind,
            "plan_id": plan_id,
            "person_id": who[0],
            "person": who[1][:64],
            "params": _text(params),
            "state": WAITING,
            "created": stamp(),
        }
        connection.execute(insert(jobs), row)
    return find(workspace, str(row["id"]))


def find(workspace: Path, job_id: str) -> Job:
    """One job; NotFoundError when there is none of that id."""
    with database(workspace).connect() as connection:
        row = connection.execute(select(jobs).where(jobs.c.id == job_id)).one_or_none()
    if row is None:
        raise NotFoundError(f"there is no job {job_id!r}")
    return _job(row)


def listed(workspace: Path, *, states: Sequence[str] = STATES, kind: str = "", plan_id: str = "") -> list[Job]:
    """Jobs, newest first."""
    query = select(jobs).where(jobs.c.state.in_(states)).order_by(jobs.c.number.desc())
    if kind:
        query = query.where(jobs.c.kind == kind)
    if plan_id:
        query = query.where(jobs.c.plan_id == plan_id)
    with database(workspace).connect() as connection:
        return [_job(row) for row in connection.execute(query)]


def claim(workspace: Path, job_id: str, worker: str) -> Job | None:
    """Take a waiting job; None when it is not there, was cancelled, or another worker has it."""
    taken = update(jobs).where(jobs.c.id == job_id, jobs.c.state == WAITING, jobs.c.cancel == 0)
    fresh = {"state": RUNNING, "worker": worker, "began": stamp(), "stage": None, "timings": "{}", "progress": "{}"}
    with desk.writing(database(workspace)) as connection:
        found = connection.execute(taken.values(**fresh, attempts=jobs.c.attempts + 1))
        if found.rowcount != 1:
            return None
    return find(workspace, job_id)


def change(workspace: Path, job: Job, **values: Any) -> bool:
    """Change a job that still is as `job` says: same state, same worker; False when someone else was quicker."""
    same = [jobs.c.id == job.id, jobs.c.state == job.state, jobs.c.worker.is_not_distinct_from(job.worker)]
    texts = {key: _text(value) if key in (*NESTED, "problem") else value for key, value in values.items()}
    with desk.writing(database(workspace)) as connection:
        return connection.execute(update(jobs).where(*same).values(**texts)).rowcount == 1


def ask_to_stop(workspace: Path, job: Job) -> None:
    """Cancel a waiting job at once, ask a running one to stop at its next step; others stay as they are."""
    mine = update(jobs).where(jobs.c.id == job.id)
    ended = mine.where(jobs.c.state == WAITING).values(state=CANCELLED, cancel=1, ended=stamp())
    with desk.writing(database(workspace)) as connection:
        if connection.execute(ended).rowcount != 1:
            connection.execute(mine.where(jobs.c.state == RUNNING).values(cancel=1))


def is_to_stop(workspace: Path, job: Job) -> bool:
    """Whether a running job is to stop: it was asked to, or it is no longer ours."""
    query = select(jobs.c.cancel, jobs.c.state, jobs.c.worker).where(jobs.c.id == job.id)
    with database(workspace).connect() as connection:
        row = connection.execute(query).one_or_none()
    return row is None or bool(row.cancel) or row.state != RUNNING or row.worker != job.worker


def note(workspace: Path, job_id: str, code: str, **params: Any) -> None:
    """Add a line to a job's log."""
    row = {"job_id": job_id, "at": stamp(), "code": code, "params": _text(params)}
    with desk.writing(database(workspace)) as connection:
        connection.execute(insert(log), row)


def lines(workspace: Path, job_id: str) -> list[Line]:
    """A job's log, oldest first."""
    query = select(log.c.at, log.c.code, log.c.params).where(log.c.job_id == job_id).order_by(log.c.id)
    with database(workspace).connect() as connection:
        return [Line(at, code, json.loads(params)) for at, code, params in connection.execute(query)]


def _job(row: Row[Any]) -> Job:
    found = dict(row._mapping)
    nested = {name: json.loads(found[name] or "{}") for name in NESTED}
    problem = json.loads(found["problem"]) if found["problem"] else None
    return Job(**{**found, **nested, "problem": problem, "cancel": bool(found["cancel"])})


def _text(value: Any) -> str:
    return json.dumps(plain(value), ensure_ascii=False, sort_keys=True)
