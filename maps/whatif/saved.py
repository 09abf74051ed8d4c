"""Scenario files of a plan: listed, opened, and saved so that nobody's steps are lost to another's."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from geoplan.errors import NotFoundError, PlanError
from layers.errors import InputError
from layers.scenariofile import FOLDER, Scenario, read_scenario, scenario_text
from maps.workspace import PLAN_ID, PlanEntry

MOST_FILES = 500

_saving = threading.Lock()


class ChangedError(PlanError):
    """Another content has the name, or has changed since it was read."""


@dataclass(frozen=True)
class Kept:
    """A scenario as its file has it; the ETag is that of its content."""

    scenario: Scenario
    etag: str


def listed(plan: PlanEntry) -> list[dict[str, Any]]:
    """Scenario files by name; one that cannot be read says so and hides no other."""
    folder = plan.folder / FOLDER
    files = sorted(file for file in folder.glob("*.toml") if PLAN_ID.fullmatch(file.stem))[:MOST_FILES]
    return [_entry(file, plan) for file in files]


def _entry(file: Path, plan: PlanEntry) -> dict[str, Any]:
    runs = [run.run_id for run in plan.runs if run.scenario == file.stem]
    try:
        scenario = read_scenario(file)
    except InputError:
        return {"name": file.stem, "title": "", "title_zh": "", "steps": None, "readable": False, "runs": runs}
    titles = {"title": scenario.title, "title_zh": scenario.title_zh}
    return {"name": file.stem, **titles, "steps": len(scenario.steps), "readable": True, "runs": runs}


def opened(folder: Path, name: str) -> Kept:
    """One scenario of a plan folder; NotFoundError where there is none, InputError where it cannot be read."""
    file = folder / FOLDER / f"{name}.toml"
    if not PLAN_ID.fullmatch(name) or not file.is_file():
        raise NotFoundError(f"the plan has no scenario {name!r}")
    return _kept(read_scenario(file))


def _kept(scenario: Scenario) -> Kept:
    return Kept(scenario, hashlib.sha256(scenario_text(scenario).encode()).hexdigest()[:16])


def save(folder: Path, scenario: Scenario, matching: frozenset[str] | None) -> tuple[Kept, bool]:
    """Write a scenario file whole; the second answer says whether the name is new.

    Parameters
    ----------
    folder
        The plan's folder.
    matching
        ETags the file may have to be written over; None where the name must be free or hold the same.

    Raises
    ------
    ChangedError
        The name holds other steps, or the file is not the one that was read.
    """
    with _saving:
        before = _there(folder, scenario.name)
        given = _kept(scenario)
        if before is not None and before.etag == given.etag:
            return before, False
        if matching is not None and (before is None or before.etag not in matching):
            raise ChangedError(f"scenario {scenario.name!r} is not the one you opened: somebody has changed it since")
        if matching is None and before is not None:
            raise ChangedError(
                f"there is a scenario {scenario.name!r} with other steps: choose another name, or open it first"
            )
        _write(folder / FOLDER / f"{scenario.name}.toml", scenario_text(scenario))
        return given, before is None


def _there(folder: Path, name: str) -> Kept | None:
    """The scenario that has the name; an unreadable file counts as other content."""
    try:
        return opened(folder, name)
    except NotFoundError:
        return None
    except InputError:
        return Kept(Scenario(name=name), "unreadable")


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile("w", encoding="utf-8", dir=file.parent, suffix=".part", delete=False) as aside:
        aside.write(text)
    Path(aside.name).chmod(0o644)
    Path(aside.name).replace(file)
