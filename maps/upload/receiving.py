"""Files on their way in: weighed before anything is read, then straight to the disk of the workspace.

A file that arrives has no name: when the request fails, or the process ends, the system frees its space by itself.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from flask import Request, abort, request
from werkzeug.exceptions import RequestEntityTooLarge

from maps.desk import DeskError
from maps.language import speaker
from maps.people import person
from maps.state import request_language, workspace_folder
from maps.upload.record import staging_folder
from maps.upload.settings import MB, most_bytes, number

TAKING = ("upload.receive", "upload.receive_more")
"""Routes that take files."""
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class UploadRequest(Request):
    """A request whose files go to the disk of the workspace, where its route takes files."""

    def _load_form_data(self) -> None:
        try:
            with told_when_full():
                super()._load_form_data()
        except RequestEntityTooLarge:
            if self.endpoint in TAKING:
                abort(413, too_much())
            raise

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        if self.endpoint in TAKING:
            return nameless(workspace_folder())
        return super()._get_file_stream(total_content_length, content_type, filename, content_length)


def weigh() -> None:
    """Before a request with files is read: who sends it, how much it is, and whether the disk holds it."""
    if request.endpoint not in TAKING or request.method != "POST":
        return
    if not person().has("viewer"):
        return  # sent to log in before anything is read
    if not person().has("planner"):
        abort(403)
    request.max_content_length, request.max_form_parts = most_bytes(), number("UPLOAD_FILES") + 20
    say, size = speaker(request_language()), request.content_length
    if size is None and not request.environ.get("wsgi.input_terminated"):
        abort(411)
    if (size or 0) > most_bytes():
        abort(413, too_much())
    free = shutil.disk_usage(_folder(workspace_folder())).free
    if (size or 0) + number("UPLOAD_FREE_MB") * MB > free:
        raise DeskError(
            say(
                "The disk of the server has %(free)s MB left, which is too little. Send less, or ask whoever looks "
                "after the server to make room. Nothing was kept.",
                free=free // MB,
            )
        )


def too_much() -> str:
    """What is said to a request that is too large or holds too many files."""
    say = speaker(request_language())
    return say(
        "At most %(mb)s MB and %(files)s files can be sent at once. Send the files in several parts, cut rasters and "
        "street files to the region, or ask for a higher limit (GEOPLAN_UPLOAD_MB, GEOPLAN_UPLOAD_FILES).",
        mb=number("UPLOAD_MB"),
        files=number("UPLOAD_FILES"),
    )


def full() -> DeskError:
    """What is said when the disk is full."""
    say = speaker(request_language())
    return DeskError(say("The disk of the server is full. Nothing half-written was kept; make room and send again."))


@contextmanager
def told_when_full() -> Iterator[None]:
    """A full disk becomes an answer with a remedy."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise full() from None
        raise


def nameless(workspace: Path) -> IO[bytes]:
    """A new file without a name, on the disk of the workspace."""
    folder = _folder(workspace)
    with told_when_full():
        try:
            handle = os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as error:
            if error.errno in FULL:
                raise
            handle, name = tempfile.mkstemp(dir=folder, prefix=".arriving-")  # a disk that knows no nameless files
            Path(name).unlink()
    return io.BufferedRandom(io.FileIO(handle, "r+b"))


def settle(stream: IO[bytes], target: Path) -> str:
    """Give a file that arrived its place, and hand back its SHA-256; nobody changes it from then on."""
    with told_when_full():
        stream.flush()
        stream.seek(0)
        digest = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
        try:
            os.link(f"/proc/self/fd/{stream.fileno()}", target, follow_symlinks=True)
        except (OSError, ValueError):
            _copy(stream, target)
    target.chmod(0o444)
    return digest


def _copy(stream: IO[bytes], target: Path) -> None:
    stream.seek(0)
    try:
        with target.open("xb") as file:
            shutil.copyfileobj(stream, file, MB)
    except BaseException:
        with suppress(OSError):
            target.unlink(missing_ok=True)
        raise


def _folder(workspace: Path) -> Path:
    folder = staging_folder(workspace)
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder
