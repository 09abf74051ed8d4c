"""The desk's database, ``<workspace>/.geoplan/desk.sqlite``: one file for people, tokens, the audit trail, scenario
versions and job records. Each room owns its tables; this module only opens the file, and says so when it cannot.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from contextlib import AbstractContextManager, closing
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, create_engine, event, exc
from sqlalchemy.pool import QueuePool
from sqlalchemy.schema import CreateIndex, CreateTable

from geoplan.errors import PlanError

FOLDER, FILE, MARK = ".geoplan", "desk.sqlite", "desk.made"
BUSY_MS = 10_000  # how long one writer waits for another

_engines: dict[Path, Engine] = {}
_prepared: weakref.WeakKeyDictionary[Engine, set[int]] = weakref.WeakKeyDictionary()
_lock = threading.RLock()


class DeskError(PlanError):
    """The desk's database cannot be used: lost, damaged, full, locked; the message says what to do."""


def desk_folder(workspace: Path) -> Path:
    """The folder of what the service itself keeps, made when it is not there; only its owner may look into it."""
    folder = Path(workspace).absolute() / FOLDER
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise DeskError(
            f"{folder} cannot be made ({error.strerror}): give the service a writable workspace"
        ) from None
    return folder


def engine(workspace: Path) -> Engine:
    """The engine of a workspace's database, one per process; the file is made on first use.

    Raises
    ------
    DeskError
        The file was there and is gone, is damaged, or cannot be written. It is never made anew over what was there.
    """
    file = desk_folder(workspace) / FILE
    with _lock:
        found = _engines.get(file)
        if found is None:
            _look(file)
            found = _engines[file] = _open(file)
        return found


def tables(workspace: Path, metadata: MetaData) -> Engine:
    """The engine, once the tables and indexes of ``metadata`` are there; several processes may ask at once."""
    found = engine(workspace)
    with _lock:
        done = _prepared.setdefault(found, set())
        if id(metadata) in done:
            return found
        with writing(found) as connection:
            for table in metadata.sorted_tables:
                connection.execute(CreateTable(table, if_not_exists=True))
                for index in sorted(table.indexes, key=lambda one: str(one.name)):
                    connection.execute(CreateIndex(index, if_not_exists=True))
            for statement in metadata.info.get("statements", ()):
                connection.exec_driver_sql(statement)
        done.add(id(metadata))
    return found


def writing(of: Engine) -> AbstractContextManager[Connection]:
    """A transaction that means to write: it takes its turn at the start, so it can wait instead of failing midway."""
    return of.execution_options(writing=True).begin()


def forget(workspace: Path) -> None:
    """Close the connections to a workspace's database, e.g. before a backup is put in its place."""
    with _lock:
        found = _engines.pop(Path(workspace).absolute() / FOLDER / FILE, None)
    if found is not None:
        found.dispose()


def _look(file: Path) -> None:
    """Make the file the first time; DeskError where it was made before and is not there, or cannot be read."""
    mark = file.with_name(MARK)
    if not file.exists() and mark.exists():
        raise _lost(file)
    try:
        with closing(sqlite3.connect(file, timeout=BUSY_MS / 1000)) as connection:
            said = connection.execute("PRAGMA quick_check(1)").fetchone()
            if said != ("ok",):
                raise sqlite3.DatabaseError(str(said[0]))
            connection.execute("PRAGMA journal_mode=WAL")
        file.chmod(0o600)
        mark.touch(mode=0o600)
    except (sqlite3.Error, OSError) as error:
        raise _unusable(file, error) from None


def _open(file: Path) -> Engine:
    made = create_engine(
        "sqlite://", creator=partial(_connect, file), poolclass=QueuePool, pool_size=8, max_overflow=24
    )
    event.listen(made, "connect", partial(_note_file, file))
    event.listen(made, "checkout", partial(_check_file, file))
    event.listen(made, "begin", _begin)
    event.listen(made, "handle_error", partial(_told, file), retval=True)
    return made


def _connect(file: Path) -> sqlite3.Connection:
    """A connection to a file that is there; transactions begin where we say so, in :func:`_begin`."""
    if not file.exists():
        raise _lost(file)
    opened = sqlite3.connect(f"{file.as_uri()}?mode=rw", uri=True, check_same_thread=False, isolation_level=None)
    for pragma in (f"busy_timeout={BUSY_MS}", "foreign_keys=ON", "synchronous=NORMAL"):
        opened.execute(f"PRAGMA {pragma}")
    return opened


def _note_file(file: Path, connection: Any, record: Any) -> None:
    record.info["inode"] = file.stat().st_ino


def _check_file(file: Path, connection: Any, record: Any, proxy: Any) -> None:
    """Before a connection is used again: its file is still the one at the path, or it is closed."""
    try:
        inode = file.stat().st_ino
    except OSError:
        raise _lost(file) from None
    if inode != record.info.get("inode"):  # another file was put in its place: open that one
        raise exc.DisconnectionError


def _begin(connection: Connection) -> None:
    wants = connection.get_execution_options().get("writing")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if wants else "BEGIN")


def _told(file: Path, context: Any) -> Exception | None:
    error = context.original_exception
    if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.IntegrityError):
        return _unusable(file, error)
    return None


def _lost(file: Path) -> DeskError:
    return DeskError(
        f"{file} is gone: people, tokens and the audit trail were in it. Bring it back from a backup "
        f"(python -m geoplan restore), or delete {file.with_name(MARK).name} beside it to start with an empty one"
    )


def _unusable(file: Path, error: Exception) -> DeskError:
    said = str(getattr(error, "strerror", None) or error)
    remedies = {
        "full": "make room on the disk; nothing was changed",
        "locked": "another program holds it; try again",
        "readonly": "let the service write to the workspace",
        "unable to open": "let the service read and write the workspace",
        "denied": "let the service read and write the workspace",
    }
    remedy = next(
        (text for word, text in remedies.items() if word in said.lower()),
        "it is kept as it is; put it aside and bring it back from a backup (python -m geoplan restore)",
    )
    return DeskError(f"{file} cannot be used ({said}): {remedy}")


def _after_fork() -> None:
    """A child may not use its parent's connections, nor wait for a lock a thread of the parent held."""
    global _lock
    _lock = threading.RLock()
    for one in _engines.values():
        one.dispose(close=False)
    _engines.clear()


os.register_at_fork(after_in_child=_after_fork)
