"""Who saved which scenario when, beside the plan in ``.history/``; and one writer of scenarios at a time."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from geoplan.store.aside import writing_to
from layers.scenariofile import FOLDER

HISTORY, INDEX, LOCK = ".history", "scenarios.jsonl", "scenarios.lock"


@dataclass(frozen=True)
class Saving:
    """A content of a scenario: when it was saved and by whom, None where it came from outside these pages."""

    name: str
    etag: str
    at: str
    person: str | None


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One writer of a plan's scenarios at a time, of all threads and processes."""
    with writing_to(folder):
        (folder / HISTORY).mkdir(exist_ok=True)
        handle = (folder / HISTORY / LOCK).open("w")
    with handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def note(folder: Path, name: str, etag: str, person: str) -> None:
    """Write down who saved it; for whoever holds :func:`alone`."""
    saving = Saving(name, etag, datetime.now(UTC).isoformat(timespec="seconds"), person or None)
    with writing_to(folder), (folder / HISTORY / INDEX).open("a", encoding="utf-8") as index:
        index.write("\n" + json.dumps(asdict(saving), ensure_ascii=False) + "\n")


def savers(folder: Path) -> list[Saving]:
    """Everything written down, newest first; a line cut short says nothing."""
    file, found = folder / HISTORY / INDEX, []
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines() if file.is_file() else ():
        try:
            found.append(Saving(**json.loads(line)))
        except (ValueError, TypeError):
            continue
    return found[::-1]


def saver_of(folder: Path, name: str, etag: str, known: list[Saving]) -> Saving | None:
    """Who saved the content there is; the time of the file where nobody did here, None where it is gone."""
    told = next((one for one in known if one.name == name and one.etag == etag), None)
    if told is not None:
        return told
    try:
        moment = (folder / FOLDER / f"{name}.toml").stat().st_mtime
    except FileNotFoundError:
        return None
    return Saving(name, etag, datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds"), None)
