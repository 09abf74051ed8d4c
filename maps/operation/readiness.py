"""Whether the service can do its work: workspace, database, queue, disk, browser libraries, worker."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from geoplan.errors import PlanError
from maps import assets
from maps.desk import DeskError, desk_folder
from maps.jobs import alive, records
from maps.jobs.queue import queue
from maps.people.models import database, people

OK, WARNING, FAILED = "ok", "warning", "failed"
MB = 1_000_000


@dataclass(frozen=True)
class Check:
    """One thing looked at: ``failed`` keeps the service from its work, ``warning`` does not."""

    name: str
    state: str
    detail: str


def checks(workspace: Path, free_mb: int) -> list[Check]:
    """Look at everything; one fault never hides another."""
    looks: Mapping[str, Callable[[], tuple[str, str]]] = {
        "workspace": lambda: _workspace(workspace),
        "database": lambda: _database(workspace),
        "queue": lambda: _queue(workspace),
        "disk": lambda: _disk(workspace, free_mb),
        "assets": _assets,
        "worker": lambda: _worker(workspace),
    }
    return [_look(name, look) for name, look in looks.items()]


def ready(found: list[Check]) -> bool:
    """Whether nothing keeps the service from its work."""
    return all(check.state != FAILED for check in found)


def as_data(found: list[Check]) -> dict[str, Any]:
    """The checks as JSON."""
    return {check.name: {"state": check.state, "detail": check.detail} for check in found}


def _look(name: str, look: Callable[[], tuple[str, str]]) -> Check:
    try:
        return Check(name, *look())
    except (PlanError, OSError) as error:
        return Check(name, FAILED, str(error))


def _workspace(workspace: Path) -> tuple[str, str]:
    if not workspace.is_dir():
        return FAILED, f"{workspace} is no folder"
    plans = sum((folder / "plan.toml").is_file() for folder in workspace.iterdir())
    probe = desk_folder(workspace) / f"probe-{os.getpid()}-{secrets.token_hex(4)}"
    try:
        probe.write_bytes(b"geoplan")
        if probe.read_bytes() != b"geoplan":
            return FAILED, f"{workspace} does not keep what is written to it"
    finally:
        probe.unlink(missing_ok=True)
    if not os.access(workspace, os.W_OK | os.X_OK):
        return FAILED, f"{workspace} may not be written to"
    return OK, f"{plans} plans"


def _database(workspace: Path) -> tuple[str, str]:
    with database(workspace).connect() as connection:
        connection.execute(select(people.c.id).limit(1)).all()
    return OK, "readable"


def _queue(workspace: Path) -> tuple[str, str]:
    try:
        return OK, f"{queue(workspace).pending_count()} messages"
    except (DeskError, PlanError):
        raise
    except Exception as error:  # each storage has errors of its own
        return FAILED, f"{type(error).__name__}: {error}"


def _disk(workspace: Path, free_mb: int) -> tuple[str, str]:
    free = shutil.disk_usage(workspace).free // MB
    if free < free_mb:
        return FAILED, f"{free} MB free, fewer than the {free_mb} of GEOPLAN_FREE_MB"
    return OK, f"{free} MB free"


def _assets() -> tuple[str, str]:
    lacking = assets.remedy()
    return (FAILED, lacking) if lacking else (OK, "there")


def _worker(workspace: Path) -> tuple[str, str]:
    """A missing worker is a warning: pages are answered all the same, and jobs wait."""
    found = alive.living(workspace)
    beats = [beat for worker in found if (beat := alive.heard(workspace, worker))]
    if beats:
        heard_s = (datetime.now(UTC) - datetime.fromisoformat(max(beats))).total_seconds()
        return OK, f"{len(found)} at work, heard {max(0.0, heard_s):.0f} s ago"
    waiting = len(records.listed(workspace, states=[records.WAITING]))
    return WARNING, f"no worker lives, {waiting} jobs wait: python -m geoplan worker --workspace {workspace}"
