"""Whether a worker lives: its process on this machine, and what it last let us hear on another one."""

from __future__ import annotations

import os
import platform
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from sqlalchemy import delete, select
from sqlalchemy.dialects.sqlite import insert

from maps import desk
from maps.jobs.records import database, now, stamp, workers

BEAT_S = 5.0
SILENT = timedelta(seconds=60)  # a worker of another machine that was not heard for so long is gone
PROC = Path("/proc")


@cache
def _boot() -> str:
    """This boot of this machine; empty where the system does not tell."""
    try:
        return (PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _start(pid: int) -> str:
    """When a process began, in ticks since the boot; empty when there is none, or it is a dead one not yet buried."""
    try:
        fields = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in ("Z", "X") else fields[19]


def myself() -> str:
    """The name of this process as a worker: machine, boot, process and when it began."""
    pid = os.getpid()
    return f"{platform.node()} {_boot()} {pid} {_start(pid)}"


def beat(workspace: Path, worker: str) -> None:
    """Let the others hear that this worker lives."""
    row = {"worker": worker, "beat": stamp()}
    with desk.writing(database(workspace)) as connection:
        connection.execute(insert(workers).values(**row).on_conflict_do_update(index_elements=["worker"], set_=row))


def leave(workspace: Path, worker: str) -> None:
    """Take a worker off the list."""
    with desk.writing(database(workspace)) as connection:
        connection.execute(delete(workers).where(workers.c.worker == worker))


def leave_all(workspace: Path) -> None:
    """Empty the list of workers."""
    with desk.writing(database(workspace)) as connection:
        connection.execute(delete(workers))


def living(workspace: Path) -> list[str]:
    """Workers that live."""
    with database(workspace).connect() as connection:
        found = connection.execute(select(workers.c.worker, workers.c.beat)).all()
    return [worker for worker, heard in found if lives(worker, heard)]


def heard(workspace: Path, worker: str) -> str | None:
    """When a worker was last heard; None when it never was, or has left."""
    with database(workspace).connect() as connection:
        return connection.scalar(select(workers.c.beat).where(workers.c.worker == worker))


def lives(worker: str, last: str | None) -> bool:
    """Whether a worker lives: a process of this boot of this machine by itself, any other by when it was heard."""
    host, boot, pid, start = [*worker.split(" "), "", "", "", ""][:4]
    if host == platform.node() and boot and start:
        return boot == _boot() and pid.isdigit() and _start(int(pid)) == start
    return last is not None and now() - datetime.fromisoformat(last) < SILENT
