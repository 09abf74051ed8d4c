"""Scenario files of a plan: listed, opened, and saved so that nobody's steps are lost to another's."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geoplan.errors import NotFoundError, PlanError
from geoplan.store.aside import aside_file
from layers.errors import InputError
from layers.scenariofile import FOLDER, Scenario, parse_scenario, read_scenario, scenario_text
from maps.whatif.savers import Saving, alone, note, saver_of, savers
from maps.workspace import PLAN_ID, PlanEntry

MOST_FILES = 500


class ChangedError(PlanError):
    """Another content has the name, or has changed since it was read; ``now`` says who saved that and when."""

    def __init__(self, name: str, now: Saving | None, *, stale: bool) -> None:
        self.name, self.now, self.stale = name, now, stale
        super().__init__(_said(name, now, stale=stale))


def _said(name: str, now: Saving | None, *, stale: bool) -> str:
    if now is None:
        return f"scenario {name!r} is not there any more: somebody has removed it or given it another name"
    by = f"{now.person or 'somebody outside these pages'}, {now.at}"
    if stale:
        return f"scenario {name!r} is not the one you opened: it was changed since by {by}"
    return f"there is a scenario {name!r} with other steps (saved by {by}): choose another name, or open it first"


@dataclass(frozen=True)
class Kept:
    """A scenario as its file has it; the ETag is that of its content."""

    scenario: Scenario
    etag: str


def listed(plan: PlanEntry) -> list[dict[str, Any]]:
    """Scenario files by name; one that cannot be read says so and hides no other."""
    folder = plan.folder / FOLDER
    files = sorted(file for file in folder.glob("*.toml") if PLAN_ID.fullmatch(file.stem))[:MOST_FILES]
    known = savers(plan.folder) if files else []
    return [_entry(file, plan, known) for file in files]


def _entry(file: Path, plan: PlanEntry, known: list[Saving]) -> dict[str, Any]:
    runs = [run.run_id for run in plan.runs if run.scenario == file.stem]
    try:
        scenario = read_scenario(file)
    except InputError:
        return {"name": file.stem, "title": "", "title_zh": "", "steps": None, "readable": False, "runs": runs}
    kept = _kept(scenario)
    now = saver_of(plan.folder, file.stem, kept.etag, known)
    told: dict[str, Any] = {"title": scenario.title, "title_zh": scenario.title_zh, "etag": kept.etag}
    told |= {"person": now.person if now else None, "at": now.at if now else None}
    return {"name": file.stem, **told, "steps": len(scenario.steps), "readable": True, "runs": runs}


def opened(folder: Path, name: str) -> Kept:
    """One scenario of a plan folder; NotFoundError where there is none, InputError where it cannot be read."""
    file = folder / FOLDER / f"{name}.toml"
    if not PLAN_ID.fullmatch(name) or not file.is_file():
        raise NotFoundError(f"the plan has no scenario {name!r}")
    return _kept(read_scenario(file))


def _kept(scenario: Scenario) -> Kept:
    return Kept(scenario, hashlib.sha256(scenario_text(scenario).encode()).hexdigest()[:16])


def save(
    folder: Path, scenario: Scenario, matching: Collection[str] | None, *, person: str = ""
) -> tuple[Kept, bool]:
    """Write a scenario file whole; the second answer says whether the name is new.

    Parameters
    ----------
    folder
        The plan's folder. One writer at a time, of all threads and processes.
    matching
        ETags the file may have to be written over; None where the name must be free or hold the same.
    person
        Who saves it.

    Raises
    ------
    ChangedError
        The name holds other steps, or the file is not the one that was read.
    """
    with alone(folder):
        before = _there(folder, scenario.name)
        given = _kept(scenario)
        if before is not None and before.etag == given.etag:
            return before, False
        if matching is not None and (before is None or before.etag not in matching):
            raise _changed(folder, scenario.name, before, stale=True)
        if matching is None and before is not None:
            raise _changed(folder, scenario.name, before, stale=False)
        _write(folder / FOLDER / f"{scenario.name}.toml", scenario_text(scenario))
        note(folder, scenario.name, given.etag, person)
        return given, before is None


def renamed(folder: Path, name: str, head: dict[str, str], matching: Collection[str], *, person: str = "") -> Kept:
    """Give a scenario another ``name``, ``title`` or ``title_zh``; its steps stay.

    Raises
    ------
    NotFoundError, InputError
        There is none of that name, or it cannot be read; a name that cannot be the name of a file.
    ChangedError
        It is not the one that was read, or the new name is taken.
    """
    with alone(folder):
        before = opened(folder, name)
        if before.etag not in matching:
            raise _changed(folder, name, before, stale=True)
        plain = before.scenario.model_dump(mode="json", exclude={"steps"}, exclude_defaults=True)
        fresh = parse_scenario({**plain, **head}, name).model_copy(update={"steps": before.scenario.steps})
        if fresh.name != name and (there := _there(folder, fresh.name)) is not None:
            raise _changed(folder, fresh.name, there, stale=False)
        given = _kept(fresh)
        _write(folder / FOLDER / f"{fresh.name}.toml", scenario_text(fresh))
        if fresh.name != name:
            (folder / FOLDER / f"{name}.toml").unlink()
        note(folder, fresh.name, given.etag, person)
        return given


def removed(folder: Path, name: str, matching: Collection[str]) -> Kept:
    """Take a scenario file away; runs made with it keep its steps. Raises as :func:`renamed`."""
    with alone(folder):
        before = opened(folder, name)
        if before.etag not in matching:
            raise _changed(folder, name, before, stale=True)
        (folder / FOLDER / f"{name}.toml").unlink()
        return before


def _changed(folder: Path, name: str, before: Kept | None, *, stale: bool) -> ChangedError:
    now = None if before is None else saver_of(folder, name, before.etag, savers(folder))
    return ChangedError(name, now, stale=stale)


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
    with aside_file(file) as aside:
        aside.write_text(text, encoding="utf-8")
        aside.chmod(0o644)
