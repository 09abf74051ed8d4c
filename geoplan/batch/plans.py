"""Which plans a batch is to compute, and the files each of them rests on."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geoplan import __version__
from geoplan.errors import PlanError
from geoplan.settings import plan_standards
from layers.age_files import age_files
from layers.errors import InputError
from layers.planfile import read_plan
from layers.plannames import AGES, FILES, is_outside, value_of

PLAN = "plan.toml"
MADE = ("runs", "cache", "exports")  # what we write into a plan folder
LISTS = (".txt", ".lst", ".list")


@dataclass(frozen=True)
class Listed:
    """A plan of the batch.

    Parameters
    ----------
    key
        The name of its folder, with ``-2`` and so on where two folders share one.
    folder
        Where its plan.toml is, or should be.
    """

    key: str
    folder: Path


def list_plans(paths: Sequence[Path]) -> tuple[Listed, ...]:
    """The plans that paths name, in their order, each folder once.

    Parameters
    ----------
    paths
        Plan folders, plan.toml files, folders of plan folders, or list files (``.txt``: one path a line, relative to
        the file, ``#`` begins a comment). A path that holds no plan is listed all the same: its fault belongs to the
        summary and does not stop the others.

    Raises
    ------
    PlanError
        A list file that cannot be read, or no plan at all.
    """
    folders = list(dict.fromkeys(folder.absolute() for path in paths for folder in _folders(path)))
    if not folders:
        raise PlanError(f"there is no plan in {', '.join(map(str, paths)) or 'the list'}")
    return tuple(Listed(key, folder) for key, folder in zip(_keys(folders), folders, strict=True))


def _folders(path: Path) -> Iterator[Path]:
    if path.is_file() and path.suffix.lower() in LISTS:
        for line in _lines(path):
            yield from _folders(path.parent / line)
    elif path.is_dir() and not (path / PLAN).is_file():
        inner = sorted(folder for folder in path.iterdir() if (folder / PLAN).is_file())
        yield from inner or [path]
    else:
        yield path.parent if path.name == PLAN else path


def _lines(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise PlanError(f"the list {path} cannot be read: {error}") from None
    lines = (line.split("#", 1)[0].strip() for line in text.splitlines())
    return [line for line in lines if line]


def _keys(folders: Iterable[Path]) -> Iterator[str]:
    taken: set[str] = set()
    for folder in folders:
        key = base = folder.resolve().name
        number = 2
        while key in taken:
            key = f"{base}-{number}"
            number += 1
        taken.add(key)
        yield key


def input_files(folder: Path) -> tuple[Path, ...]:
    """Every file a plan may rest on: all in its folder but what we made, and named files beyond it; sorted."""
    if not folder.is_dir():
        return ()
    own = [folder / name for name in _own(folder)]
    return tuple(sorted({*own, *_beyond(folder)}))


def _own(folder: Path) -> Iterator[str]:
    for place, folders, files in os.walk(folder):
        top = Path(place) == folder
        folders[:] = [name for name in folders if not name.startswith(".") and not (top and name in MADE)]
        for name in files:
            if not name.startswith("."):
                yield os.path.relpath(Path(place) / name, folder)


def _beyond(folder: Path) -> Iterator[Path]:
    """Files outside the folder that plan.toml names; none where it cannot be read."""
    try:
        data: dict[str, Any] = read_plan(folder, files=False).model_dump(mode="json")
    except InputError:
        return
    for key in (*FILES, AGES):
        named = value_of(data, key)
        for name in [named] if isinstance(named, str) else named or []:
            found = [name] if key in FILES else age_files(folder, name)
            yield from (folder / one for one in found if is_outside(one) and (folder / one).is_file())


def weight_bytes(folder: Path) -> int:
    """How much a plan weighs against the others: the bytes of its files, at least 1."""
    return max(1, sum(path.stat().st_size for path in input_files(folder)))


def fingerprint(folder: Path, parts: Iterable[str]) -> str:
    """A checksum of everything a run would be made of: files, parts computed, standards and version of the code."""
    found = hashlib.sha256(f"{__version__} {sorted(parts)} {_standards(folder)}".encode())
    for path in input_files(folder):
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        found.update(f"{os.path.relpath(path, folder)} {content}\n".encode())
    return found.hexdigest()


def _standards(folder: Path) -> str:
    try:
        return plan_standards(read_plan(folder, files=False)).checksum
    except (InputError, PlanError):
        return ""
