"""A run on disk: ``runs/<run-id>/`` with manifest, summary, tables, rasters and the map."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from geoplan.errors import NotFoundError, PlanError
from geoplan.identity import plain
from geoplan.run import Run
from geoplan.store.aside import aside_folder
from geoplan.store.rasters import read_index, write_rasters
from geoplan.store.tables import ENDING, LazyTables, write_table

RUNS = "runs"
MANIFEST, SUMMARY, MAP, RASTERS = "manifest.json", "summary.json", "map.html", "rasters"
RUN_ID = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True)
class RunEntry:
    """One line of the list of runs. ``created`` is ISO in UTC; ``scenario`` is its name, ``base`` for none."""

    run_id: str
    path: Path
    created: str
    plan: str
    title: str
    title_zh: str
    scenario: str
    version: str
    stages: tuple[str, ...]


def write_run(run: Run, folder: Path, *, render: Callable[[Run], bytes] | None = None) -> Path:
    """Write ``<folder>/runs/<run-id>/`` whole, or nothing; a run that is there already is kept as it is.

    Parameters
    ----------
    folder
        The plan folder, or another one to hold ``runs/``.
    render
        Makes the self-contained ``map.html`` from the run; without it there is no map file.

    Raises
    ------
    PlanError
        The disk is full, the run id is none, or something else stands in the run's place.
    """
    target = run_folder(folder, run.run_id)
    if target.exists():
        return _kept(target)
    with aside_folder(target) as aside:
        _write_all(run, aside, render)
    return target


def _kept(target: Path) -> Path:
    if not (target / MANIFEST).is_file():
        raise PlanError(f"{target} is in the way: it is not a run; move it elsewhere and run again")
    return target


def _write_all(run: Run, folder: Path, render: Callable[[Run], bytes] | None) -> None:
    for name, table in sorted(run.tables.items()):
        write_table(table, folder / f"{name}{ENDING}")
    write_rasters(run, folder / RASTERS)
    (folder / SUMMARY).write_bytes(json_bytes(_timed(run)))
    if render is not None:
        (folder / MAP).write_bytes(render(run))
    created = datetime.now(UTC).isoformat(timespec="seconds")
    (folder / MANIFEST).write_bytes(json_bytes({"created": created, **run.manifest, "run_id": run.run_id}))


def _timed(run: Run) -> Mapping[str, Any]:
    """The summary with the seconds the siting took: told to whoever reads the file, never part of a comparison."""
    siting, seconds = run.summary.get("siting"), run.manifest.get("timings", {}).get("seconds", {}).get("siting")
    return run.summary if siting is None else {**run.summary, "siting": {**siting, "seconds": seconds}}


def json_bytes(data: Mapping[str, Any]) -> bytes:
    """JSON with sorted keys, null for NaN and twelve significant digits: the same figures give the same bytes."""
    text = json.dumps(plain(data), sort_keys=True, ensure_ascii=False, allow_nan=False, indent=1)
    return f"{text}\n".encode()


def run_folder(folder: Path, run_id: str) -> Path:
    """Where a run of that id stands; NotFoundError when the id is not twelve hexadecimal digits."""
    if not RUN_ID.fullmatch(run_id):
        raise NotFoundError(f"{run_id!r} is no run id: twelve digits or letters a-f are expected")
    return folder / RUNS / run_id


def read_run(path: Path) -> Run:
    """Read a run folder; its tables are read when first asked for."""
    manifest, summary = _json(path / MANIFEST), _json(path / SUMMARY)
    run_id = str(manifest.get("run_id", path.name))
    return Run(run_id, manifest, summary, LazyTables(path), read_index(path / RASTERS))


def _json(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, NotADirectoryError):
        raise NotFoundError(f"there is no run here: {path} is missing") from None
    except (ValueError, TypeError) as error:
        raise PlanError(f"{path} is damaged ({error}); delete the run and compute it again") from error


def list_runs(folder: Path) -> list[RunEntry]:
    """The runs of a plan folder, newest first; folders that are not whole runs are passed over."""
    paths = [path for path in (folder / RUNS).glob("*") if RUN_ID.fullmatch(path.name)]
    entries = [entry for path in paths if (entry := _entry(path)) is not None]
    return sorted(entries, key=lambda entry: (entry.created, entry.run_id), reverse=True)


def _entry(path: Path) -> RunEntry | None:
    try:
        manifest, summary = _json(path / MANIFEST), _json(path / SUMMARY)
    except PlanError:
        return None
    scenario = manifest.get("scenario") or {}
    return RunEntry(
        run_id=path.name,
        path=path,
        created=str(manifest.get("created", "")),
        plan=str(summary.get("plan", "")),
        title=str(summary.get("title") or summary.get("plan", "")),
        title_zh=str(summary.get("title_zh") or summary.get("title") or summary.get("plan", "")),
        scenario=str(scenario.get("name") or "base") if isinstance(scenario, Mapping) else str(scenario),
        version=str(manifest.get("version", "")),
        stages=tuple(summary.get("stages", {})),
    )


def latest(folder: Path) -> Path:
    """The newest run of a plan folder; NotFoundError when it has none."""
    runs = list_runs(folder)
    if not runs:
        raise NotFoundError(f"{folder} has no run yet: compute one with python -m geoplan run {folder}")
    return runs[0].path


def find_run(path: Path) -> Path:
    """The run a person means: a run folder itself, a plan folder (its newest run), or ``<plan folder>/<run id>``."""
    if (path / MANIFEST).is_file():
        return path
    if RUN_ID.fullmatch(path.name) and (path.parent / RUNS / path.name / MANIFEST).is_file():
        return path.parent / RUNS / path.name
    if not path.is_dir():
        raise NotFoundError(f"there is no run at {path}")
    return latest(path.parent if path.name == RUNS else path)
