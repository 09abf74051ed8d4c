"""Files that belong together: a shapefile with its parts, a raster with what says where it lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from layers.errors import Fault
from layers.incoming.names import PARTS, SIDECARS, ending, stem


@dataclass(frozen=True)
class DataSet:
    """One set of data: what its main file was called, where it lies, and the files beside it."""

    name: str
    path: Path
    parts: tuple[Path, ...] = ()


def data_sets(files: Sequence[tuple[str, Path]]) -> tuple[list[DataSet], list[Fault]]:
    """The data sets of files (name, path), in their order, and a fault for every part without its main file."""
    beside = {_key(path): path for _, path in files if ending(path.name) in PARTS}
    found, used = [], set()
    for name, path in files:
        if ending(path.name) in PARTS:
            continue
        keys = [_key(path.with_name(stem(path.name) + part)) for part in SIDECARS.get(ending(path.name), ())]
        parts = [beside[key] for key in keys if key in beside]
        used.update(parts)
        found.append(DataSet(name, path, tuple(parts)))
    alone = [
        Fault("incoming_part", file=name, value=f"{stem(path.name)}.shp")
        for name, path in files
        if ending(path.name) in PARTS and path not in used
    ]
    return found, alone


def _key(path: Path) -> str:
    return str(path).casefold()
