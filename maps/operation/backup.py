"""One file that brings a whole workspace back; taken while the service goes on."""

from __future__ import annotations

import errno
import os
import sqlite3
import tarfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from geoplan import __version__
from geoplan.errors import NotFoundError, PlanError
from geoplan.store import aside_file
from maps import desk
from maps.operation.archive import FORMAT, HEAD, LEVEL, LIST, Held, files, put_file, put_json
from maps.people.models import database as people_database
from maps.people.trail import record

DATABASE = f"{desk.FOLDER}/{desk.FILE}"


@dataclass(frozen=True)
class Made:
    """A backup that was made: ``bytes`` of the archive, of ``files`` files; ``gone`` while it was made."""

    path: Path
    files: int
    bytes: int
    gone: tuple[str, ...]


def back_up(
    workspace: Path, target: Path, *, by: str = "local", say: Callable[[str], object] = lambda inner: None
) -> Made:
    """Write a backup of a workspace; the file is there whole or not at all, for its owner only.

    The service may go on: runs and files are put in place whole, the database is copied as it is at one moment. It
    comes after the files of the plans, so that whoever owns a plan in the backup owns it after a restore; runs that
    were finished meanwhile are added after it.

    Parameters
    ----------
    by
        Who does it, for the audit trail.
    say
        Told every path that is added.

    Raises
    ------
    NotFoundError
        There is no such workspace.
    DeskError
        Its database is lost or damaged: a backup would hide that.
    PlanError
        The target is there, is in the workspace, or cannot be written.
    """
    workspace, target = Path(workspace).absolute(), Path(target).absolute()
    _look(workspace, target)
    plans = frozenset(folder.name for folder in workspace.iterdir() if folder.is_dir())
    with aside_file(target) as path:
        copy = path.with_name(f"{path.name}.database")
        with _private(path) as opened, tarfile.open(fileobj=opened, mode="w:gz", compresslevel=LEVEL) as archive:
            put_json(archive, HEAD, {"format": FORMAT, "version": __version__, "created": _now()})
            taking = _Taking(archive, workspace, say)
            taking.all(plans)
            if _has_database(workspace):
                _copy_database(workspace, copy)
                taking.one(copy, DATABASE)
                taking.all(plans)
            held = {name: asdict(one) for name, one in taking.held.items()}
            gone = sorted(taking.gone - set(held))
            put_json(archive, LIST, {"files": held, "gone": gone})
        size = path.stat().st_size
    if _has_database(workspace):
        record(people_database(workspace), by, "backup", detail={"file": target.name, "bytes": size})
    return Made(target, len(held), size, tuple(gone))


class _Taking:
    """The files that are in the archive so far."""

    def __init__(self, archive: tarfile.TarFile, workspace: Path, say: Callable[[str], object]) -> None:
        self._archive, self._workspace, self._say = archive, workspace, say
        self.held: dict[str, Held] = {}
        self.gone: set[str] = set()

    def all(self, plans: frozenset[str]) -> None:
        """Add every file that is not there yet."""
        for inner in files(self._workspace, plans):
            if inner not in self.held:
                self.one(self._workspace / inner, inner)

    def one(self, path: Path, inner: str) -> None:
        """Add one file under a name."""
        self._say(inner)
        found = put_file(self._archive, path, inner)
        if found is None:
            self.gone.add(inner)
        else:
            self.held[inner] = found


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _look(workspace: Path, target: Path) -> None:
    if not workspace.is_dir():
        raise NotFoundError(f"there is no workspace {workspace}")
    if target.exists():
        raise PlanError(f"{target} is there already and is kept: name another file")
    if target.resolve().is_relative_to(workspace.resolve()):
        raise PlanError(f"{target} lies in the workspace itself: name a file elsewhere, best on another disk")


def _private(path: Path) -> IO[bytes]:
    """A new file that nobody else may read."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _has_database(workspace: Path) -> bool:
    folder = workspace / desk.FOLDER
    return (folder / desk.FILE).exists() or (folder / desk.MARK).exists()


def _copy_database(workspace: Path, copy: Path) -> None:
    """The database as it is at one moment, whole and in one file; DeskError where it is lost or damaged."""
    desk.engine(workspace)  # looks whether it is there and sound
    _private(copy).close()
    file = workspace / DATABASE
    try:
        with (
            closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)
            target.execute("PRAGMA journal_mode=DELETE")
            said = target.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        full = "full" in str(error)
        raise OSError(errno.ENOSPC, str(error)) if full else desk.DeskError(f"{file}: {error}") from None
    if said != ("ok",):
        raise desk.DeskError(f"{file} is damaged ({said[0]}): bring back an older backup")
