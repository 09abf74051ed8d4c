"""Archives opened with care: member by member, counted as they come, into one folder, never by the names they say."""

from __future__ import annotations

import errno
import stat
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path

from layers.errors import Fault
from layers.incoming.names import ending, leads_out, plain
from layers.tables.archive import member_name

CHUNK = 1 << 20
DEPTH = 2
"""An archive may hold archives, those may not."""
RATIO, RATIO_FROM_BYTES = 200, 10_000_000
MISPLACED = (errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG)
_HIDDEN = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini")


@dataclass
class Budget:
    """How much all archives of one hand-over may still unpack to."""

    bytes: int = 8_000_000_000
    entries: int = 2_000


@dataclass
class Unpacked:
    """Files that came out, each with the name it had, and what was refused."""

    files: list[tuple[str, Path]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


class _StopError(Exception):
    """The whole archive is refused; carries the fault."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.code)
        self.fault = fault


def unpack(archive: Path, name: str, into: Path, budget: Budget, *, depth: int = 1) -> Unpacked:
    """Unpack an archive into a folder.

    Parameters
    ----------
    archive, name
        The file, and what it was called.
    into
        An empty folder; nothing is written anywhere else.
    budget
        What may still be unpacked; it shrinks by what is.
    depth
        How many archives stand around this one, itself counted.

    Returns
    -------
    The files, and a fault for every member that may not come in. An archive that unpacks to far more than it weighs
    is refused whole, and nothing of it is left.
    """
    out = Unpacked()
    try:
        with zipfile.ZipFile(archive) as opened:
            _weigh(opened, name, budget)
            for member in opened.infolist():
                _take(opened, member, name, into, budget, depth, out)
    except _StopError as stop:
        for _, path in out.files:
            path.unlink(missing_ok=True)
        return Unpacked(faults=[stop.fault])
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, ValueError):
        return Unpacked(out.files, [*out.faults, Fault("incoming_broken", file=name)])
    return out


def _weigh(archive: zipfile.ZipFile, name: str, budget: Budget) -> None:
    """Refuse by what the archive says of itself; what it says is counted again while it is unpacked."""
    members = archive.infolist()
    if len(members) > budget.entries:
        raise _StopError(Fault("incoming_entries", file=name, value=str(len(members))))
    total = sum(member.file_size for member in members)
    packed = max(sum(member.compress_size for member in members), 1)
    if total > budget.bytes or (total > RATIO_FROM_BYTES and total / packed > RATIO):
        raise _StopError(Fault("incoming_bomb", file=name, value=f"{total / 1e6:.0f} MB"))
    budget.entries -= len(members)


def _take(
    archive: zipfile.ZipFile,
    member: zipfile.ZipInfo,
    name: str,
    into: Path,
    budget: Budget,
    depth: int,
    out: Unpacked,
) -> None:
    called = member_name(member)
    shown = f"{name}/{called}"
    if member.is_dir() or any(part in _HIDDEN or part.startswith("._") for part in called.split("/")):
        return
    fault = _fault(member, called, shown, depth)
    if fault is not None:
        out.faults.append(fault)
        return
    folders = [plain(part) for part in called.replace("\\", "/").split("/")[:-1] if part not in ("", ".")]
    target = into.joinpath(*folders, plain(called))
    if not _has_room(target):
        out.faults.append(Fault("incoming_again", file=shown[-120:]))
        return
    try:
        _write(archive, member, target, name, budget)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    if ending(called) == ".zip":
        inner = unpack(target, shown, target.with_suffix(""), budget, depth=depth + 1)
        target.unlink()
        out.files += inner.files
        out.faults += inner.faults
    else:
        out.files.append((shown, target))


def _has_room(target: Path) -> bool:
    """Whether a member can take its place, its folder made: not where another is, nor below a file, nor too deep."""
    try:
        if target.exists():
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        if error.errno not in MISPLACED:
            raise
        return False
    return True


def _fault(member: zipfile.ZipInfo, called: str, shown: str, depth: int) -> Fault | None:
    mode = member.external_attr >> 16
    if leads_out(called):
        return Fault("incoming_name", file=shown[-120:], value=called[:80])
    if mode and not (stat.S_ISREG(mode) or stat.S_IFMT(mode) == 0):
        return Fault("incoming_link", file=shown)
    if member.flag_bits & 0x1:
        return Fault("zip_locked", file=shown)
    if ending(called) == ".zip" and depth >= DEPTH:
        return Fault("incoming_nested", file=shown)
    return None


def _write(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, name: str, budget: Budget) -> None:
    """Copy a member piece by piece; what really comes out is counted, whatever the archive says."""
    written = 0
    with archive.open(member) as source, target.open("wb") as file:
        while piece := source.read(CHUNK):
            written += len(piece)
            budget.bytes -= len(piece)
            bomb = written > RATIO_FROM_BYTES and written > RATIO * max(member.compress_size, 1)
            if budget.bytes < 0 or bomb:
                raise _StopError(Fault("incoming_bomb", file=name, value=f"{written / 1e6:.0f} MB"))
            file.write(piece)
