"""plan.toml of a plan folder and every version of it that was: ``.history/``, with who saved it and when."""

from __future__ import annotations

import fcntl
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from geoplan.errors import NotFoundError, PlanError
from geoplan.store.aside import aside_file, writing_to
from layers.errors import Fault, InputError

FILE, FOLDER, INDEX, LOCK = "plan.toml", ".history", "saved.jsonl", "lock"
NAME = re.compile(r"plan-\d{8}T\d{6}Z-[0-9a-f]{16}")
LONGEST = 60_000  # characters of a plan.toml written here; forms hold it twice


@dataclass(frozen=True)
class Version:
    """A version of plan.toml: when it was saved and by whom, None where it came from outside these pages."""

    name: str
    at: str
    person: str | None
    etag: str


class ChangedError(PlanError):
    """plan.toml is not the one that was read; ``now`` is the one that is there."""

    def __init__(self, now: Version) -> None:
        self.now = now
        who = f"by {now.person}" if now.person else "outside these pages"
        super().__init__(f"plan.toml was changed {who} at {now.at}: it is not the one you opened")


def read_text(folder: Path) -> str:
    """plan.toml with plain line ends; InputError where it is no text."""
    file = folder / FILE
    try:
        return plain_lines(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise InputError([Fault("plan_missing", file=FILE)]) from None
    except UnicodeDecodeError as error:
        raise InputError([Fault("plan_unreadable", file=FILE, value=str(error))]) from None


def plain_lines(text: str) -> str:
    """Line ends as ``\\n``."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def etag_of(text: str) -> str:
    """What a version is known by: its content, whatever its line ends."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def versions(folder: Path) -> list[Version]:
    """Every version kept, newest first."""
    file = folder / FOLDER / INDEX
    if not file.is_file():
        return []
    found = map(_version, file.read_text(encoding="utf-8", errors="replace").splitlines())
    there = [one for one in found if one is not None and (folder / FOLDER / f"{one.name}.toml").is_file()]
    return there[::-1]


def _version(line: str) -> Version | None:
    """A line of the index; None where it was cut off while it was written."""
    try:
        version = Version(**json.loads(line))
    except (ValueError, TypeError):
        return None
    return version if NAME.fullmatch(str(version.name)) else None


def version_text(folder: Path, name: str) -> str:
    """The text of a version; NotFoundError where there is none."""
    file = folder / FOLDER / f"{name}.toml"
    if not NAME.fullmatch(name) or not file.is_file():
        raise NotFoundError(f"the plan has no earlier version {name[:64]!r}")
    return plain_lines(file.read_text(encoding="utf-8"))


def current(folder: Path) -> Version:
    """The version that is plan.toml now."""
    etag = etag_of(read_text(folder))
    kept = next((version for version in versions(folder) if version.etag == etag), None)
    return kept or _made(folder, etag)


def _made(folder: Path, etag: str) -> Version:
    """A version nobody saved here: as old as its file."""
    at = datetime.fromtimestamp((folder / FILE).stat().st_mtime, UTC)
    return Version(_name(at, etag), at.isoformat(timespec="seconds"), None, etag)


def save(
    folder: Path, text: str, *, over: str, person: str, noted: Callable[[Version], None] = lambda _: None
) -> Version:
    """Put a text in the place of the version ``over``, and keep both; the new one.

    ``noted`` is told the new version before it takes its place: what cannot be noted is not saved.

    Raises
    ------
    ChangedError
        Another version is there by now.
    PlanError
        The folder cannot be written, or the text is longer than a plan.toml may be here.
    """
    if len(text) > LONGEST:
        raise PlanError(f"plan.toml may hold {LONGEST:,} characters here")
    with _alone(folder):
        before = read_text(folder)
        now = current(folder)
        if now.etag != over:
            raise ChangedError(now)
        if before == text:
            return now
        if all(version.etag != now.etag for version in versions(folder)):
            _keep(folder, now, before)
        moment = datetime.now(UTC)
        etag = etag_of(text)
        new = Version(_name(moment, etag), moment.isoformat(timespec="seconds"), person, etag)
        noted(new)
        _keep(folder, new, text)
        _write(folder / FILE, text, crlf=b"\r\n" in (folder / FILE).read_bytes())
        return new


def _name(at: datetime, etag: str) -> str:
    return f"plan-{at:%Y%m%dT%H%M%SZ}-{etag}"


def _keep(folder: Path, version: Version, text: str) -> None:
    kept = folder / FOLDER
    _write(kept / f"{version.name}.toml", text)
    with writing_to(kept), (kept / INDEX).open("a", encoding="utf-8") as index:
        index.write("\n" + json.dumps(asdict(version), ensure_ascii=False) + "\n")


def _write(file: Path, text: str, *, crlf: bool = False) -> None:
    with aside_file(file) as aside:
        aside.write_text(text, encoding="utf-8", newline="\r\n" if crlf else "\n")
        aside.chmod(file.stat().st_mode & 0o777 if file.exists() else 0o644)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One writer at a time, of all threads and processes."""
    with writing_to(folder):
        (folder / FOLDER).mkdir(exist_ok=True)
        handle = (folder / FOLDER / LOCK).open("w")
    with handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
