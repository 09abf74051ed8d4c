"""A workspace brought back from a backup: checked whole in a folder of its own, then put in place, or not at all."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
import shutil
import sqlite3
import tarfile
import zlib
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from geoplan.errors import NotFoundError, PlanError
from geoplan.store import aside_folder
from maps import desk
from maps.jobs import alive, queue
from maps.jobs.recovery import come_back
from maps.operation.archive import FORMAT, HEAD, INSIDE, LIST, MOST_HEAD, MOST_LIST, PIECE, is_inside
from maps.operation.backup import DATABASE
from maps.people.models import database as people_database
from maps.people.sessions import end_all
from maps.people.trail import record

DAMAGE = (tarfile.TarError, zlib.error, EOFError, UnicodeDecodeError)
MISPLACED = {errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.EINVAL, errno.ELOOP}
MOST_TOLD = 50


@dataclass(frozen=True)
class Restored:
    """A workspace that came back; ``aside`` is where the one before it is."""

    workspace: Path
    files: int
    created: str
    version: str
    aside: Path | None


def restore(source: Path, workspace: Path, *, replace: bool = False, by: str = "local") -> Restored:
    """Bring a workspace back.

    Everything is unpacked beside the place and checked against the list with its checksums, then renamed. Sessions
    end (people log in again), jobs that were running wait again, the restore is noted in the audit trail.

    Parameters
    ----------
    replace
        Put it in the place of a workspace that is there; that one is kept beside it.
    by
        Who does it, for the audit trail.

    Raises
    ------
    NotFoundError
        There is no such backup.
    PlanError
        It is none, is damaged or of a later release: every fault is listed. Or the place is taken, or a worker is
        at work there.
    """
    source, workspace = Path(source).absolute(), Path(workspace).absolute()
    _look(source, workspace, replace=replace)
    staged = workspace.with_name(f".restored-{workspace.name}-{secrets.token_hex(4)}")
    with aside_folder(staged) as folder:
        folder.chmod(0o700)
        head, count = _unpack(source, folder)
        _settle(folder, head, by)
    try:
        aside = _put_in_place(staged, workspace)
    except BaseException:
        shutil.rmtree(staged, ignore_errors=True)
        raise
    return Restored(workspace, count, str(head.get("created", "")), str(head.get("version", "")), aside)


def _look(source: Path, workspace: Path, *, replace: bool) -> None:
    if not source.is_file():
        raise NotFoundError(f"there is no backup {source}")
    if workspace.is_symlink() or os.path.ismount(workspace):
        raise PlanError(
            f"{workspace} is a link or a disk of its own and cannot be put in place by renaming: name a folder in it"
        )
    if workspace.exists() and not workspace.is_dir():
        raise PlanError(f"{workspace} is no folder")
    if not workspace.is_dir() or not any(workspace.iterdir()):
        return
    if not replace:
        raise PlanError(
            f"{workspace} is not empty and is kept: name another folder, or put this backup in its place with "
            "--replace, which keeps what is there beside it"
        )
    if _at_work(workspace):
        raise PlanError(f"a worker is at work in {workspace}: stop the service first")


def _at_work(workspace: Path) -> bool:
    """Whether a worker lives there; a database that is lost or damaged, which a restore is for, tells of none."""
    if not (workspace / DATABASE).exists():
        return False
    try:
        return bool(alive.living(workspace))
    except PlanError:
        return False
    finally:
        desk.forget(workspace)


def _unpack(source: Path, folder: Path) -> tuple[Mapping[str, Any], int]:
    """Unpack and check; what the head says, and how many files there are."""
    unpacked = _Unpacked(folder)
    try:
        with tarfile.open(source, mode="r|gz") as archive:
            for member in archive:
                if not unpacked.head:
                    unpacked.head = _head(source, archive, member)
                elif member.name == LIST:
                    unpacked.listed = _json(archive, member, MOST_LIST)
                else:
                    unpacked.take(archive, member)
    except DAMAGE as error:
        if not unpacked.head:
            raise PlanError(f"{source} is no backup of geoplan ({error})") from None
        unpacked.faults.append(f"it cannot be read to its end ({error})")
    if not unpacked.head:
        raise PlanError(f"{source} is no backup of geoplan")
    faults = unpacked.faults + _differences(unpacked.found, unpacked.listed)
    if faults:
        more = [f"… and {len(faults) - MOST_TOLD} more"] if len(faults) > MOST_TOLD else []
        lines = "\n".join(f"- {fault}" for fault in [*faults[:MOST_TOLD], *more])
        raise PlanError(f"{source} is damaged, and nothing was restored:\n{lines}")
    return unpacked.head, len(unpacked.found)


class _Unpacked:
    """What came out of an archive so far."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.head: dict[str, Any] = {}
        self.found: dict[str, tuple[int, str]] = {}
        self.listed: dict[str, Any] | None = None
        self.faults: list[str] = []

    def take(self, archive: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        """Unpack a file, or say why not."""
        if fault := _refusal(member, self.found):
            self.faults.append(fault)
            return
        inner = member.name.removeprefix(f"{INSIDE}/")
        try:
            self.found[inner] = _write(archive, member, self._folder / inner)
        except OSError as error:
            if error.errno not in MISPLACED:
                raise
            self.faults.append(f"{ascii(inner)[1:-1][:200]} cannot be where it says ({error.strerror})")


def _head(source: Path, archive: tarfile.TarFile, member: tarfile.TarInfo) -> dict[str, Any]:
    head = _json(archive, member, MOST_HEAD) if member.name == HEAD and member.isreg() else {}
    if not isinstance(head.get("format"), int):
        raise PlanError(f"{source} is no backup of geoplan")
    if head["format"] > FORMAT:
        raise PlanError(f"{source} was made by geoplan {head.get('version')}, which is later than this: update first")
    return head


def _json(archive: tarfile.TarFile, member: tarfile.TarInfo, most: int) -> dict[str, Any]:
    opened = archive.extractfile(member)
    if opened is None or member.size > most:
        raise tarfile.ReadError(f"{member.name} is none of ours")
    try:
        return dict(json.loads(opened.read()))
    except (ValueError, TypeError) as error:
        raise tarfile.ReadError(f"{member.name}: {error}") from None


def _refusal(member: tarfile.TarInfo, found: Mapping[str, object]) -> str:
    """Why a file of the archive is not unpacked; empty where it is."""
    shown = ascii(member.name)[1:-1][:200]
    if not member.isreg():
        return f"{shown} is a link or a device, not a file"
    if not member.name.startswith(f"{INSIDE}/") or not is_inside(member.name.removeprefix(f"{INSIDE}/")):
        return f"{shown} would lie outside of the workspace"
    return f"{shown} is there twice" if member.name.removeprefix(f"{INSIDE}/") in found else ""


def _write(archive: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> tuple[int, str]:
    """Unpack a file for its owner only; its size and checksum."""
    _make_folder(path.parent)
    opened, sum_, size = archive.extractfile(member), hashlib.sha256(), 0
    assert opened is not None  # a regular file
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        while piece := opened.read(PIECE):
            out.write(piece)
            sum_.update(piece)
            size += len(piece)
    os.utime(path, (member.mtime, member.mtime))
    return size, sum_.hexdigest()


def _make_folder(path: Path) -> None:
    if not path.is_dir():
        _make_folder(path.parent)
        path.mkdir(mode=0o700)


def _differences(found: Mapping[str, tuple[int, str]], listed: Mapping[str, Any] | None) -> list[str]:
    if listed is None:
        return ["the list of its files is missing: it ends too early"]
    files = listed.get("files")
    if not isinstance(files, dict):
        return ["the list of its files is none"]
    faults = [f"{ascii(name)[1:-1]} is not in its list" for name in sorted(set(found) - set(files))]
    for name, told in sorted(files.items()):
        if name not in found:
            faults.append(f"{ascii(name)[1:-1]} is missing")
        elif found[name] != (told.get("size"), told.get("sha256")):
            faults.append(f"{ascii(name)[1:-1]} is not what was backed up (its checksum differs)")
    return faults


def _settle(folder: Path, head: Mapping[str, Any], by: str) -> None:
    """Make the database the one of a service that has just stopped."""
    file = folder / DATABASE
    if not file.is_file():
        return
    with closing(sqlite3.connect(file)) as connection:
        said = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if said != ("ok",):
        raise PlanError(f"the database in the backup is damaged ({said[0]}): take another backup")
    try:
        engine = people_database(folder)
        end_all(engine)
        come_back(folder)
        record(engine, by, "restore", detail={"created": head.get("created"), "version": head.get("version")})
    finally:
        desk.forget(folder)


def _put_in_place(staged: Path, workspace: Path) -> Path | None:
    aside = None
    desk.forget(workspace)
    queue.forget(workspace)
    if workspace.is_dir() and any(workspace.iterdir()):
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        aside = workspace.with_name(f"{workspace.name}.before-{stamp}-{secrets.token_hex(2)}")
        workspace.rename(aside)
    try:
        staged.rename(workspace)
    except OSError:
        if aside is not None:
            aside.rename(workspace)
        raise
    return aside
