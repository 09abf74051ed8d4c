"""What a backup is: a gzipped tar of a workspace's files, a head that says so before and checksums behind."""

from __future__ import annotations

import hashlib
import io
import json
import os
import stat
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from geoplan.store.aside import LOCK, PREFIX
from maps import desk
from maps.jobs import queue

FORMAT = 1
HEAD, LIST = "geoplan-backup.json", "geoplan-files.json"
INSIDE = "workspace"  # the folder of the workspace's files in the archive
MOST_HEAD, MOST_LIST = 64 * 1024, 512 * 1024 * 1024  # bytes
LEVEL = 1  # of compression: tables and rasters are compressed already
PIECE = 1024 * 1024
CACHE = "cache"
OWN = f"{desk.FOLDER}/"
LEFT_OUT = (f"{OWN}{desk.FILE}", f"{OWN}{queue.FILE}", f"{OWN}probe-")  # with what SQLite keeps beside them


@dataclass(frozen=True)
class Held:
    """A file of a backup."""

    size: int  # bytes
    sha256: str


def files(workspace: Path, folders: frozenset[str]) -> Iterator[str]:
    """The files of a workspace that a backup holds, as paths in it: those at its top, and in these of its folders.

    Without what can be made anew (``cache/`` of plan folders, the queue), what somebody is just writing, and the
    database, of which a copy is made. Links are followed, once to every folder.
    """
    yield from _walk(workspace, "", folders, set())


def _walk(workspace: Path, inner: str, folders: frozenset[str], seen: set[tuple[int, int]]) -> Iterator[str]:
    try:
        here = (workspace / inner).stat()
        names = sorted(entry.name for entry in (workspace / inner).iterdir())
    except OSError:
        return  # gone meanwhile
    if (here.st_dev, here.st_ino) in seen:
        return
    seen.add((here.st_dev, here.st_ino))
    for name in names:
        path = f"{inner}{name}"
        if not _belongs(path, name, workspace, folders):
            continue
        mode = _mode(workspace / path)
        if stat.S_ISDIR(mode):
            yield from _walk(workspace, f"{path}/", folders, seen)
        elif stat.S_ISREG(mode):
            yield path


def _belongs(path: str, name: str, workspace: Path, folders: frozenset[str]) -> bool:
    if name.startswith(PREFIX) or name.endswith(LOCK) or path.startswith(LEFT_OUT):
        return False
    parts = path.split("/")
    if len(parts) == 2 and name == CACHE and (workspace / parts[0] / "plan.toml").is_file():
        return False
    return len(parts) > 1 or name in folders or not (workspace / path).is_dir()


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except OSError:
        return 0


def put_json(archive: tarfile.TarFile, name: str, data: Mapping[str, Any]) -> None:
    """Add one of the backup's own files."""
    content = json.dumps(data, indent=1, sort_keys=True).encode()
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(content), 0o600
    archive.addfile(member, io.BytesIO(content))


def put_file(archive: tarfile.TarFile, path: Path, inner: str) -> Held | None:
    """Add a file as it is at this moment; None where it is gone.

    It is read once, through one handle: a file that somebody replaces meanwhile is held as it was or as it is.
    """
    try:
        opened = path.open("rb")
    except FileNotFoundError:
        return None
    with opened:
        told = os.fstat(opened.fileno())
        member = tarfile.TarInfo(f"{INSIDE}/{inner}")
        member.size, member.mtime, member.mode = told.st_size, int(told.st_mtime), 0o600
        reading = _Summed(opened, told.st_size)
        archive.addfile(member, reading)  # type: ignore[arg-type]
    return Held(told.st_size, reading.sum.hexdigest())


class _Summed:
    """A file of a known size that is summed while it is read; one that became shorter is filled up with zeros."""

    def __init__(self, opened: IO[bytes], size: int) -> None:
        self._opened, self._left, self.sum = opened, size, hashlib.sha256()

    def read(self, size: int) -> bytes:
        """The next bytes."""
        wanted = min(size, self._left)
        found = self._opened.read(wanted).ljust(wanted, b"\0")
        self._left -= wanted
        self.sum.update(found)
        return found


def is_inside(name: str) -> bool:
    """Whether a path in an archive leads to a place inside of where it is unpacked, written the one plain way."""
    path = PurePosixPath(name)
    return (
        bool(path.parts)
        and name == str(path)
        and "\0" not in name
        and not path.is_absolute()
        and ".." not in path.parts
    )
