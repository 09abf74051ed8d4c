"""Files of a plan folder that a key may name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from geoplan.store.runs import RUNS
from layers.scenariofile import FOLDER as SCENARIOS

OURS = frozenset({RUNS, SCENARIOS, "cache", "exports", "originals"})
MOST, DEEPEST = 2000, 3


def files_in(folder: Path) -> list[str]:
    """Inputs of a plan by their names relative to plan.toml; what we keep ourselves and the hidden are left out."""
    return sorted(_walk(folder))[:MOST]


def _walk(folder: Path) -> Iterator[str]:
    for place, inner, names in os.walk(folder):
        where = Path(place).relative_to(folder)
        deep = len(where.parts)
        inner[:] = [name for name in inner if name[0] != "." and not (deep == 0 and name in OURS)]
        if deep >= DEEPEST:
            inner.clear()
        yield from ((where / name).as_posix() for name in names if name[0] != "." and _is_inner(folder, where / name))


def _is_inner(folder: Path, name: Path) -> bool:
    return (folder / name).resolve().is_relative_to(folder.resolve())


def ending_so(files: list[str], endings: tuple[str, ...]) -> list[str]:
    """Those that end as a key wants it."""
    return [name for name in files if name.lower().endswith(endings) and name != "plan.toml"]
