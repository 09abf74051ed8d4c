"""Write beside the place, then rename: whoever looks sees the whole thing or nothing.

A folder being written is hidden (``.writing-…``) and has a lock file next to it that its process holds. The lock goes
with the process, however it ends; `sweep` removes what nobody holds any more.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from geoplan.errors import NoRoomError

PREFIX = ".writing-"
LOCK = ".lock"
FULL = {errno.ENOSPC, errno.EDQUOT}
CLOSED = {errno.EACCES, errno.EPERM, errno.EROFS}
TAKEN = {errno.ENOTEMPTY, errno.EEXIST}


@contextmanager
def aside_folder(target: Path) -> Iterator[Path]:
    """A hidden sibling folder to fill; it becomes `target` when the block ends in peace, otherwise it disappears.

    When another process has put `target` there in the meantime, theirs stays.

    Raises
    ------
    NoRoomError
        The disk is full, or the folder may not be written to.
    """
    parent = target.parent
    with writing_to(parent):
        parent.mkdir(parents=True, exist_ok=True)
        sweep(parent)
        with _claimed(parent, target.name) as folder:
            yield folder
            _settle(folder, target)


@contextmanager
def aside_file(target: Path) -> Iterator[Path]:
    """A hidden name with the same ending to write to; it replaces `target` when the block ends in peace."""
    parent = target.parent
    with writing_to(parent):
        parent.mkdir(parents=True, exist_ok=True)
        sweep(parent)
        with _claimed(parent, target.stem) as folder:
            path = folder / target.name
            yield path
            _sync(path)
            path.replace(target)
            _sync(parent)


def sweep(parent: Path) -> list[Path]:
    """Remove what killed writers left in `parent`; what a living process is writing stays; returns the names."""
    if not parent.is_dir():
        return []
    stems = {path.name.removesuffix(LOCK) for path in parent.glob(f"{PREFIX}*")}
    return [parent / stem for stem in sorted(stems) if _abandoned(parent, stem)]


@contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """Turn a full disk, or a folder we may not write to, into a sentence that names the folder and the bytes free."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        if why := _refusal(error):
            free = shutil.disk_usage(_existing(folder)).free
            raise NoRoomError(
                f"{why}: {folder} ({free:,} bytes free); nothing was left half written. "
                "Free some space, or name another folder with --out"
            ) from error
        raise


def _refusal(error: BaseException) -> str:
    number, words = getattr(error, "errno", None), str(error).lower()
    if number in FULL or "no space left" in words or "disk is full" in words:
        return "the disk is full"
    return "this folder may not be written to" if number in CLOSED else ""


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.absolute().parents) if path.exists())


@contextmanager
def _claimed(parent: Path, name: str) -> Iterator[Path]:
    """A new hidden folder and the lock that says we live; both gone afterwards, unless the folder was renamed."""
    stem = f"{PREFIX}{name}-{os.getpid()}-{secrets.token_hex(4)}"
    folder, lock = parent / stem, parent / f"{stem}{LOCK}"
    handle = _hold(lock)
    try:
        folder.mkdir()
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        lock.unlink(missing_ok=True)
        handle.close()


def _hold(lock: Path) -> IO[str]:
    """Create and lock the file; again when a sweeper took it between the two."""
    while True:
        handle = lock.open("w", encoding="ascii")
        fcntl.flock(handle, fcntl.LOCK_EX)
        if _same_file(handle, lock):
            return handle
        handle.close()


def _same_file(handle: IO[str], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _abandoned(parent: Path, stem: str) -> bool:
    """Remove one leftover when its lock is free; a folder whose lock file is gone has no owner either."""
    folder, lock = parent / stem, parent / f"{stem}{LOCK}"
    try:
        handle = lock.open("r+", encoding="ascii")
    except FileNotFoundError:
        shutil.rmtree(folder, ignore_errors=True)
        return not folder.exists()
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        shutil.rmtree(folder, ignore_errors=True)
        lock.unlink(missing_ok=True)
    return True


def _settle(folder: Path, target: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        _sync(path)
    _sync(folder)
    try:
        folder.rename(target)
    except OSError as error:
        if error.errno not in TAKEN:
            raise
    _sync(target.parent)


def _sync(path: Path) -> None:
    """Bytes and directory entries onto the disk; file systems that cannot sync a folder are left alone."""
    handle = os.open(path, os.O_RDONLY)
    try:
        if path.is_dir():
            with suppress(PermissionError):
                os.fsync(handle)
        else:
            os.fsync(handle)
    finally:
        os.close(handle)
