"""Prepared arrays kept on disk: one folder per checksum, one file per array, mapped into memory when read."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

import numpy as np
import shapely

from layers.bundle import Streets

Kind = TypeVar("Kind")
LAYOUT = 1
"""Part of every folder's name: raise it when a dataclass that is kept here changes."""

SUMS = "sums.json"
KEPT = 3  # of each kind; the least recently used are removed
EDGE_COLUMNS = ("u", "v", "length_m", "walk", "private", "ferry_min")


@dataclass(frozen=True)
class Shelf:
    """Where prepared arrays are kept; ``folder`` None keeps nothing."""

    folder: Path | None = None

    def kept(self, kind: type[Kind], parts: Callable[[], tuple[Any, ...]], make: Callable[[], Kind]) -> Kind:
        """What ``make`` returns, read back where it was made of the same ``parts`` (arrays and bytes) before."""
        if self.folder is None:
            return make()
        return cached(self.folder, checksum(*parts()), kind, make)


def checksum(*parts: Any) -> str:
    """Twenty digits over arrays, bytes and the sources of the network."""
    digest = hashlib.sha256(_sources())
    for part in parts:
        if isinstance(part, bytes):
            digest.update(part)
        else:
            array = np.ascontiguousarray(part)
            digest.update(f"{array.dtype.str}{array.shape}".encode())
            digest.update(array.tobytes())
    return digest.hexdigest()[:20]


@cache
def _sources() -> bytes:
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.digest()


def street_parts(streets: Streets) -> tuple[Any, ...]:
    """Everything of a street graph that the walking network is made of, as arrays for :func:`checksum`."""
    edges = streets.edges
    columns = [edges[name].to_numpy(np.float64) for name in EDGE_COLUMNS if name in edges]
    shapes = (edges.geometry, streets.barriers.geometry, streets.openings.geometry)
    drawn = [part for shape in shapes for part in _drawn(shape.to_numpy())]
    return (*streets.nodes[["x", "y"]].to_numpy(np.float64).T, *columns, *drawn)


def _drawn(shapes: Any) -> tuple[Any, ...]:
    coordinates, owner = shapely.get_coordinates(shapes, return_index=True)
    return shapely.get_type_id(shapes), shapely.get_num_geometries(shapes), coordinates, owner


def cached(folder: Path, checksum: str, kind: type[Kind], make: Callable[[], Kind]) -> Kind:
    """What ``make`` returns, read back from ``folder`` where it was kept under this checksum before.

    What cannot be read back, or not as it was written, is made anew; what cannot be written is not kept.

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
    if place.is_dir():
        try:
            found = load(place, kind)
        except (OSError, ValueError, KeyError, EOFError):
            shutil.rmtree(place, ignore_errors=True)
        else:
            with suppress(OSError):
                os.utime(place)
            return found
    made = make()
    with suppress(OSError):
        save(place, made)
        _sweep(place, kind.__name__.lower())
    return made


def _sweep(newest: Path, name: str) -> None:
    others = [path for path in newest.parent.glob(f"{name}-*") if path != newest]
    for path in sorted(others, key=lambda one: one.stat().st_mtime, reverse=True)[KEPT - 1 :]:
        shutil.rmtree(path, ignore_errors=True)


def save(place: Path, value: Any) -> None:
    """Write a dataclass of arrays to a new folder, aside first, then renamed: readers never see half of it."""
    place.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{place.name[:40]}-", dir=place.parent))
    try:
        for name, array in _flat(value, "root"):
            np.save(aside / f"{name}.npy", array, allow_pickle=False)
        sums = {path.name: zlib.crc32(path.read_bytes()) for path in sorted(aside.glob("*.npy"))}
        (aside / SUMS).write_text(json.dumps(sums), encoding="utf-8")
        aside.rename(place)
    except OSError:
        shutil.rmtree(aside, ignore_errors=True)
        if not place.is_dir():  # else another process was faster
            raise
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise


def load(place: Path, kind: type[Kind]) -> Kind:
    """Read a dataclass of arrays; large ones are mapped copy-on-write, so the files never change.

    Raises
    ------
    OSError, ValueError, KeyError, EOFError
        A file is missing or is not as it was written.
    """
    sums = json.loads((place / SUMS).read_text(encoding="utf-8"))
    if sums != {path.name: zlib.crc32(path.read_bytes()) for path in sorted(place.glob("*.npy"))}:
        raise ValueError(f"{place.name} is not as it was written")
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
