"""Files that arrived are put in their place: originals kept as they came, archives unpacked, each looked into."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from werkzeug.datastructures import FileStorage

from geoplan.batch.work import told
from layers.errors import Fault
from layers.incoming.content import refused
from layers.incoming.look import Look, look
from layers.incoming.names import PARTS, ending, plain, stem, unlike
from layers.incoming.roles import NONE, Guess, guesses
from layers.incoming.sets import DataSet, data_sets
from layers.incoming.unpack import Budget, unpack
from maps.people.models import stamp
from maps.upload.receiving import settle, told_when_full
from maps.upload.record import ORIGINAL, Item, Original, Upload
from maps.upload.settings import MB, number
from maps.upload.staging import DATA, folder_of

UNPACKED = 4
"""Archives of an upload may unpack to this many times what may be sent, and never to more than the disk has free."""

Files = list[tuple[str, Path]]


def take(upload: Upload, sent: Sequence[FileStorage]) -> Upload:
    """The upload with the files of a request added; every file that is refused is told, the good ones stay.

    Raises
    ------
    DeskError
        The disk is full; nothing of this request is kept.
    """
    folder = folder_of(upload.id)
    before = {one for part in (ORIGINAL, DATA) for one in (folder / part).rglob("*")}
    try:
        with told_when_full():
            return _taken(upload, folder, [one for one in sent if one.filename])
    except BaseException:
        _undo(folder, before)
        raise


def _undo(folder: Path, before: set[Path]) -> None:
    for part in (ORIGINAL, DATA):
        for path in sorted((folder / part).rglob("*"), reverse=True):
            if path not in before:
                path.rmdir() if path.is_dir() else path.unlink(missing_ok=True)


def _taken(upload: Upload, folder: Path, sent: Sequence[FileStorage]) -> Upload:
    free = shutil.disk_usage(folder).free - number("UPLOAD_FREE_MB") * MB
    budget = Budget(bytes=max(0, min(UNPACKED * number("UPLOAD_MB") * MB, free)), entries=number("UPLOAD_FILES") * 10)
    originals, files, faults = list(upload.originals), Files(), list[Fault]()
    for one in sent:
        name = (one.filename or "").replace("\\", "/").rsplit("/", 1)[-1][-200:]
        known = [original.path.rsplit("/", 1)[-1] for original in originals]
        path = folder / ORIGINAL / unlike(plain(name), known)
        digest = settle(one.stream, path)
        fault = _again(digest, name, originals) or refused(path, name)
        if fault is not None:
            path.unlink()
            faults.append(fault)
            continue
        inner = f"{ORIGINAL}/{path.name}"
        originals.append(Original(name, inner, digest, path.stat().st_size, stamp()))
        if ending(name) == ".zip":
            opened = unpack(path, name, folder / DATA / _folder_name(folder, path), budget)
            faults += opened.faults
            files += _good(opened.files, faults)
        else:
            files.append((name, path))
    return _with(replace(upload, originals=tuple(originals)), folder, files, faults)


def _folder_name(folder: Path, archive: Path) -> str:
    return unlike(stem(archive.name) or "zip", [one.name for one in (folder / DATA).iterdir()])


def _again(digest: str, name: str, originals: Sequence[Original]) -> Fault | None:
    same = next((one for one in originals if one.sha256 == digest), None)
    return None if same is None else Fault("incoming_same", file=name, value=same.name)


def _good(files: Files, faults: list[Fault]) -> Files:
    """Members of an archive that may come in; the others are deleted and told."""
    kept = []
    for name, path in files:
        fault = refused(path, name)
        if fault is None:
            kept.append((name, path))
        else:
            path.unlink()
            faults.append(fault)
    return kept


def _with(upload: Upload, folder: Path, files: Files, faults: list[Fault]) -> Upload:
    """The upload with new data sets, each with a guess; a role taken before stays with its file."""
    sets, alone = data_sets(files)
    looks = [(one.name, look(one.path)) for one in sets]
    found = guesses(looks)
    taken = {item.role for item in upload.items if item.used}
    first = max((item.number for item in upload.items), default=0) + 1
    items = [
        _item(first + at, one, looks[at][1], folder, Guess(NONE) if guess.role in taken else guess)
        for at, (one, guess) in enumerate(zip(sets, found, strict=True))
    ]
    late = {str(path.with_suffix("")).casefold() for name, path in files if ending(path.name) in PARTS}
    before = [_seen_again(item, folder, late) for item in upload.items]
    mains = {str((folder / item.path).with_suffix("")).casefold() for item in upload.items}
    lost = [fault for fault in alone if str(folder / ORIGINAL / stem(fault.file)).casefold() not in mains]
    told_now = [told(fault) for fault in [*faults, *lost]]
    return replace(upload, items=(*before, *items), refused=(*upload.refused, *told_now))


def _seen_again(item: Item, folder: Path, late: set[str]) -> Item:
    """A data set looked into once more where parts of it came later."""
    path = folder / item.path
    if str(path.with_suffix("")).casefold() not in late or not item.look.faults:
        return item
    seen = look(path)
    guess = guesses([(item.name, seen)])[0]
    return replace(item, look=seen, role=guess.role, sheet=guess.sheet)


def _item(number: int, one: DataSet, seen: Look, folder: Path, guess: Guess) -> Item:
    path = one.path.relative_to(folder).as_posix()
    return Item(number, one.name, path, one.name.split("/")[0], seen, role=guess.role, sheet=guess.sheet)
