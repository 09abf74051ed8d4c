"""The folders of unfinished uploads, ``.geoplan/uploads/<id>``: made, found for who may see them, locked, deleted."""

from __future__ import annotations

import fcntl
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from geoplan.errors import NotFoundError, PlanError
from maps.language import speaker
from maps.people import person
from maps.people.models import stamp
from maps.state import request_language, workspace_folder
from maps.upload.receiving import told_when_full
from maps.upload.record import ID, ORIGINAL, Upload, load, save, staging_folder
from maps.upload.settings import number

DATA, CORRECTED = "data", "corrected"


def uploads_folder() -> Path:
    """Where unfinished uploads of this workspace lie."""
    return staging_folder(workspace_folder())


def folder_of(upload_id: str) -> Path:
    """The folder of one upload."""
    return uploads_folder() / upload_id


def begin() -> Upload:
    """A new, empty upload of who asks.

    Raises
    ------
    PlanError
        Too many unfinished ones already.
    """
    if len([one for one in mine() if one.person_id == person().id]) >= number("UPLOAD_KEPT"):
        say = speaker(request_language())
        raise PlanError(
            say("You have %(count)s unfinished uploads: finish or delete some first.", count=number("UPLOAD_KEPT"))
        )
    upload = Upload(secrets.token_hex(8), person().id, person().name, stamp())
    folder = folder_of(upload.id)
    with told_when_full():
        for part in (ORIGINAL, DATA):
            (folder / part).mkdir(parents=True, mode=0o700)
        save(folder, upload)
    return upload


def found(upload_id: str) -> Upload:
    """An upload that who asks may see; NotFoundError for others, as for those that do not exist."""
    if ID.fullmatch(upload_id):
        upload = load(folder_of(upload_id))
        if upload is not None and _sees(upload):
            return upload
    raise NotFoundError(f"there is no upload {upload_id[:40]!r}")


def mine() -> list[Upload]:
    """Unfinished uploads who asks may see, newest first."""
    folder = uploads_folder()
    held = [load(one) for one in folder.iterdir() if ID.fullmatch(one.name)] if folder.is_dir() else []
    return sorted((one for one in held if one is not None and _sees(one)), key=lambda one: one.at, reverse=True)


def _sees(upload: Upload) -> bool:
    who = person()
    return (upload.person_id == who.id and upload.person == who.name) or who.has("administrator")


@contextmanager
def changing(upload_id: str) -> Iterator[Upload]:
    """The upload for the time of a change; others who change it at the same time wait."""
    found(upload_id)
    with locked(f".{upload_id}.lock"):
        yield found(upload_id)


@contextmanager
def locked(name: str) -> Iterator[None]:
    """A lock of this workspace's uploads, among all threads and processes of this machine."""
    path = uploads_folder() / name
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def keep(upload: Upload) -> None:
    """Write an upload down."""
    with told_when_full():
        save(folder_of(upload.id), upload)


def delete(upload: Upload) -> None:
    """Delete an upload with all its files."""
    folder = folder_of(upload.id)
    gone = folder.with_name(f".gone-{upload.id}")
    folder.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)
    (uploads_folder() / f".{upload.id}.lock").unlink(missing_ok=True)
