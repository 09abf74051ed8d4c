"""The queue that wakes workers: huey on SQLite in the workspace, or on Redis where GEOPLAN_REDIS names one."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from pathlib import Path
from typing import Any

from huey import Huey, RedisHuey, SqliteHuey
from huey.exceptions import ConfigurationError
from huey.registry import Message
from huey.serializer import Serializer

from geoplan.errors import PlanError
from maps.desk import DeskError, desk_folder

FILE, NAME = "jobs.sqlite", "geoplan"

_queues: dict[tuple[Path, str], tuple[Huey, Any]] = {}
_lock = threading.Lock()


class _Plain(Serializer):
    """Messages as JSON: whoever can write to the queue can name a job, and run nothing else."""

    def _serialize(self, data: Message) -> bytes:
        return json.dumps(list(data)).encode()

    def _deserialize(self, data: bytes) -> Message:
        return Message(*json.loads(data))


def queue(workspace: Path) -> Huey:
    """The queue of a workspace, one per process.

    Raises
    ------
    DeskError
        The queue cannot be used; it holds nothing that the records do not.
    PlanError
        Redis is asked for and its client is not installed.
    """
    return _made(workspace)[0]


def enqueue(workspace: Path, job_id: str) -> None:
    """Put a job into the queue; a job that is in it twice is still done once."""
    _, task = _made(workspace)
    try:
        task(str(Path(workspace).absolute()), job_id)
    except Exception as error:  # each storage has errors of its own
        raise _unusable(workspace, error) from None


def queued(workspace: Path) -> set[str]:
    """Jobs in the queue."""
    made = queue(workspace)
    try:
        return {str(task.args[1]) for task in made.pending()}
    except Exception as error:
        raise _unusable(workspace, error) from None


def forget(workspace: Path) -> None:
    """Close the queue of a workspace, e.g. before a backup is put in its place."""
    with _lock:
        for key in [key for key in _queues if key[0] == Path(workspace).absolute()]:
            _queues.pop(key)[0].storage.close()


def _made(workspace: Path) -> tuple[Huey, Any]:
    key = (Path(workspace).absolute(), os.environ.get("GEOPLAN_REDIS", ""))
    with _lock:
        if key not in _queues:
            made = _redis(key[1]) if key[1] else _sqlite(key[0])
            _queues[key] = made, made.task()(perform_job)
        return _queues[key]


def perform_job(workspace: str, job_id: str) -> None:
    """What a message asks for."""
    from maps.jobs.performing import perform

    perform(Path(workspace), job_id)


def _sqlite(workspace: Path) -> Huey:
    file = desk_folder(workspace) / FILE
    try:
        made = SqliteHuey(NAME, filename=str(file), results=False, serializer=_Plain(), timeout=10)
        file.chmod(0o600)
    except (sqlite3.Error, OSError) as error:
        raise _unusable(workspace, error) from None
    return made


def _redis(address: str) -> Huey:
    try:
        return RedisHuey(NAME, url=address, results=False, serializer=_Plain())
    except (ConfigurationError, ImportError):
        raise PlanError(
            "GEOPLAN_REDIS is set and the client of Redis is not installed: "
            "pip install -r requirements-scale.txt -c constraints.txt"
        ) from None


def _unusable(workspace: Path, error: Exception) -> DeskError:
    where = "the queue that GEOPLAN_REDIS names"
    if not os.environ.get("GEOPLAN_REDIS"):
        where = f"{desk_folder(workspace) / FILE} (it may be deleted: the jobs themselves are in desk.sqlite)"
    return DeskError(f"jobs cannot be started now: {where}: {error}")
