"""Prepared arrays kept on disk: one folder per checksum, one file per array, mapped into memory when read."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

import numpy as np

Kind = TypeVar("Kind")
LAYOUT = 1
"""Part of every folder's name: raise it when a dataclass that is kept here changes."""


def cached(folder: Path, checksum: str, kind: type[Kind], make: Callable[[], Kind]) -> Kind:
    """What ``make`` returns, read back from ``folder`` where it was kept under this checksum before.

    Parameters
    ----------
    folder
        Where such folders are kept; created when missing.
    checksum
        Of everything the result depends on: inputs, settings, code version.
    kind
        A frozen dataclass of arrays, numbers, tuples of them and such dataclasses, as `Network` and `Homes` are.
    """
    place = folder / f"{kind.__name__.lower()}-{LAYOUT}-{checksum}"
    if not place.is_dir():
        save(place, make())
    return load(place, kind)


def save(place: Path, value: Any) -> None:
    """Write a dataclass of arrays to a new folder, aside first, then renamed: readers never see half of it."""
    place.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{place.name[:40]}-", dir=place.parent))
    for name, array in _flat(value, "root"):
        np.save(aside / f"{name}.npy", array, allow_pickle=False)
    try:
        aside.rename(place)
    except OSError:  # another process was faster
        shutil.rmtree(aside)
        if not place.is_dir():
            raise


def load(place: Path, kind: type[Kind]) -> Kind:
    """Read a dataclass of arrays; large ones are mapped copy-on-write, so the files never change."""
    value: Kind = _built(kind, place, "root")
    return value


def _flat(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    if is_dataclass(value):
        for field in fields(value):
            yield from _flat(getattr(value, field.name), f"{name}.{field.name}")
    elif isinstance(value, tuple):
        for i, part in enumerate(value):
            yield from _flat(part, f"{name}.{i}")
    else:
        yield name, np.asarray(value)


def _built(kind: Any, place: Path, name: str) -> Any:
    if is_dataclass(kind):
        parts = {part: _built(hint, place, f"{name}.{part}") for part, hint in get_type_hints(kind).items()}
        return cast(Any, kind)(**parts)
    if get_origin(kind) is tuple:
        return tuple(_built(part, place, f"{name}.{i}") for i, part in enumerate(get_args(kind)))
    array = _array(place / f"{name}.npy")
    return kind(array[()]) if kind in (int, float) else array


def _array(file: Path) -> Any:
    small = file.stat().st_size < 4096  # an empty file cannot be mapped
    return np.asarray(np.load(file, mmap_mode=None if small else "c", allow_pickle=False))
