"""Alternatives by their address: ``base``, ``run:<id>``, ``scenario:<name>``, ``steps:<packed>``, each made a run."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from geoplan.errors import NotFoundError, PlanError
from geoplan.run import Run
from geoplan.scenario import identity_of
from geoplan.store import RunEntry
from geoplan.whatif import WhatIf
from geoplan.whatif.sketch import sketch
from layers.errors import InputError
from layers.scenariofile import Scenario, Step, scenario_text
from maps import workspace
from maps.scene import Scene, open_scene
from maps.whatif import saved
from maps.whatif.asked import counted, quick_scenario
from maps.whatif.bases import answered, later_years, scenario_of_run, scenario_of_text, started
from maps.whatif.link import unpacked
from maps.whatif.turns import turn
from maps.workspace import PlanEntry

LETTERS = ("a", "b", "c", "d")
BASE = "base"
KINDS = ("run", "scenario", "steps")
TRIED = {"title": "Steps tried on the map", "title_zh": "地图上试作的步骤"}
KEPT = 6  # what-ifs kept in memory as runs, and as scenes
PATIENCE_S = 5.0  # a page waits longer for its turn than a map that is dragged

_drawing = threading.Lock()
_sketches: dict[tuple[Path, str, str], Run] = {}
_scenes: dict[str, Scene] = {}  # by the id of a what-if, which holds its run and steps


@dataclass(frozen=True, eq=False)
class Alternative:
    """One side of a comparison.

    Parameters
    ----------
    letter, spec
        Its letter, and how the address names it.
    path, run
        The folder of the run it is or rests on, and its figures: a whole run, or what the what-if counts.
    scenario
        All its steps.
    uncounted
        Steps a what-if leaves out: works on streets.
    """

    letter: str
    spec: str
    path: Path
    run: Run
    scenario: Scenario
    uncounted: tuple[Step, ...] = ()

    @property
    def whatif(self) -> bool:
        """Whether it is answered by the what-if and not a full run."""
        return isinstance(self.run.manifest.get("whatif"), Mapping)


def base_entry(plan: PlanEntry, on: str = "") -> RunEntry:
    """The run that steps start from: the one named, else the newest of the plan as it is, else the newest."""
    if on:
        return workspace.find_run(plan, on)
    own = [entry for entry in plan.runs if entry.scenario == BASE]
    return own[0] if own else workspace.find_run(plan, workspace.LATEST)


def alternative(plan: PlanEntry, letter: str, spec: str, on: str = "") -> Alternative:
    """What an address names.

    Raises
    ------
    NotFoundError
        A run, scenario or kind that is not there, or a plan whose files are no longer those of the run.
    PlanError, InputError
        Steps that cannot be read or done.
    """
    kind, _, name = spec.partition(":")
    if spec == BASE:
        return _of_run(letter, spec, base_entry(plan))
    if kind not in KINDS or not name:
        raise NotFoundError(f"{letter}={spec[:40]!r}: base, run:<id>, scenario:<name> or steps:<link> is expected")
    if kind == "run":
        return _of_run(letter, spec, workspace.find_run(plan, name))
    if kind == "scenario":
        return _of_scenario(plan, letter, name)
    entry = base_entry(plan, on)
    run = workspace.open_run(entry.path)
    given = quick_scenario({"steps": unpacked(name)}, "primary").model_copy(update=TRIED)
    return _tried(letter, spec, entry, scenario_of_run(run.manifest), given)


def _of_run(letter: str, spec: str, entry: RunEntry) -> Alternative:
    run = workspace.open_run(entry.path)
    return Alternative(letter, spec, entry.path, run, scenario_of_run(run.manifest))


def _of_scenario(plan: PlanEntry, letter: str, name: str) -> Alternative:
    """The newest run of the same steps; where there is none, the what-if on the plan as it is."""
    kept = saved.opened(plan.folder, name).scenario
    spec, steps = f"scenario:{name}", identity_of(kept)["steps"]
    for entry in plan.runs:
        if entry.scenario == name:
            found = _of_run(letter, spec, entry)
            if (found.run.manifest.get("scenario") or {}).get("steps") == steps:
                return found
    entry = base_entry(plan)
    if entry.scenario != BASE:
        raise PlanError("the plan as it is has no run yet: compute it first, then its scenarios can be tried")
    return _tried(letter, spec, entry, Scenario(name=BASE), kept)


def _tried(letter: str, spec: str, entry: RunEntry, before: Scenario, given: Scenario) -> Alternative:
    whole = given.model_copy(update={"steps": (*before.steps, *given.steps)})
    run = sketched(entry.path, scenario_text(given), scenario_text(whole))
    return Alternative(letter, spec, entry.path, run, whole, counted(given)[1])


def sketched(path: Path, given: str, all_steps: str) -> Run:
    """The run in a folder with the steps of a what-if (texts of scenarios: what was tried, and with those before).

    Counted in turn with the what-ifs of others; who waited takes what was counted meanwhile.
    """
    key = (path, given, all_steps)
    if (found := _sketches.get(key)) is not None:
        return found
    with turn(PATIENCE_S):
        found = _sketches.get(key) or _sketched(path, given, all_steps)
    with _drawing:
        while len(_sketches) >= KEPT:
            _sketches.pop(next(iter(_sketches)))
        _sketches[key] = found
    return found


def _sketched(path: Path, given: str, all_steps: str) -> Run:
    live, whole = counted(scenario_of_text(given))[0], scenario_of_text(all_steps)
    base = started(path)
    years: dict[int | None, WhatIf | None] = {base.base.situation.outlook.base_year: None}
    years |= {year: answered(path, live, year) for year in later_years(path)}
    return sketch(base.run, answered(path, live), whole, later=years if len(years) > 1 else None)


def scene_of(found: Alternative) -> Scene:
    """What is drawn of an alternative; what-ifs share the pixels of their run."""
    if not found.whatif:
        return open_scene(found.path)
    with _drawing:
        if found.run.run_id not in _scenes:
            while len(_scenes) >= KEPT:
                _scenes.pop(next(iter(_scenes)))
            _scenes[found.run.run_id] = Scene(found.run, open_scene(found.path).raster)
        return _scenes[found.run.run_id]


@dataclass(frozen=True, eq=False)
class Choice:
    """An alternative asked for: there, or why it is not."""

    letter: str
    spec: str
    found: Alternative | None
    why: str = ""


def choices(plan: PlanEntry, asked: Mapping[str, str], on: str = "") -> list[Choice]:
    """Everything asked for, in the order of the letters; what cannot be had says why and hides no other."""
    made = []
    for letter in LETTERS:
        if spec := asked.get(letter, "").strip():
            try:
                made.append(Choice(letter, spec, alternative(plan, letter, spec, on)))
            except (InputError, PlanError) as error:
                made.append(Choice(letter, spec, None, str(error)))
    return made
