"""The workspace: a folder of plan folders, and what of them the pages can show."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from geoplan import __version__
from geoplan.errors import NotFoundError
from geoplan.run import Run
from geoplan.store import RunEntry, list_runs, read_run, run_folder
from layers.errors import InputError
from layers.planfile import PlanFile, read_plan

PLAN_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
LATEST = "latest"


@dataclass(frozen=True)
class PlanEntry:
    """A plan folder: its titles, runs (newest first), and why its plan.toml cannot be read, if so."""

    plan_id: str
    folder: Path
    texts: Mapping[str, str]  # title, title_zh, notice, notice_zh
    language: str
    runs: tuple[RunEntry, ...]
    fault: InputError | None = None


def list_plans(workspace: Path) -> list[PlanEntry]:
    """Every plan folder of the workspace, by name; one broken plan never hides the others."""
    if not workspace.is_dir():
        return []
    found = sorted(folder for folder in workspace.iterdir() if (folder / "plan.toml").is_file())
    return [_entry(folder) for folder in found if PLAN_ID.fullmatch(folder.name)]


def find_plan(workspace: Path, plan_id: str) -> PlanEntry:
    """One plan of the workspace; NotFoundError when there is none of that name."""
    folder = workspace / plan_id
    if not PLAN_ID.fullmatch(plan_id) or not (folder / "plan.toml").is_file():
        raise NotFoundError(f"there is no plan {plan_id!r} in this workspace")
    return _entry(folder)


def _entry(folder: Path) -> PlanEntry:
    runs = tuple(list_runs(folder))
    try:
        plan = read_plan(folder)
    except InputError as error:
        texts = {"title": runs[0].title, "title_zh": runs[0].title_zh} if runs else {"title": folder.name}
        return PlanEntry(folder.name, folder, texts, "en", runs, error)
    return PlanEntry(folder.name, folder, _texts(plan), plan.plan.language, runs)


def _texts(plan: PlanFile) -> dict[str, str]:
    section = plan.plan
    return {
        "title": section.title or section.name,
        "title_zh": section.title_zh,
        "notice": section.notice,
        "notice_zh": section.notice_zh,
    }


def find_run(plan: PlanEntry, run_id: str) -> RunEntry:
    """A run of a plan by id, or its newest for ``latest``; NotFoundError says what to do when there is none."""
    if not plan.runs:
        raise NotFoundError(f"plan {plan.plan_id!r} has no run yet: python -m geoplan run {plan.plan_id}")
    if run_id == LATEST:
        return plan.runs[0]
    for run in plan.runs:
        if run.run_id == run_id:
            return run
    raise NotFoundError(f"plan {plan.plan_id!r} has no run {run_id!r}")


def run_path(workspace: Path, plan_id: str, run_id: str) -> Path:
    """The folder of a run, found without reading the plan's other runs; NotFoundError when there is none."""
    if run_id == LATEST:
        return find_run(find_plan(workspace, plan_id), run_id).path
    if not PLAN_ID.fullmatch(plan_id):
        raise NotFoundError(f"there is no plan {plan_id!r} in this workspace")
    path = run_folder(workspace / plan_id, run_id)
    if not (path / "manifest.json").is_file():
        raise NotFoundError(f"plan {plan_id!r} has no run {run_id!r}")
    return path


def kept(path: Path, kind: str) -> Path:
    """Where answers about a run are kept: the plan's cache, apart for each version of the code."""
    return path.parents[1] / "cache" / kind / f"{path.name}-{__version__}"


@lru_cache(maxsize=8)
def open_run(path: Path) -> Run:
    """The run of a folder; runs are never edited, so an open one stays open."""
    return read_run(path)


def as_data(plan: PlanEntry) -> dict[str, Any]:
    """A plan as the API lists it."""
    return {
        "id": plan.plan_id,
        **plan.texts,
        "language": plan.language,
        "runs": [run_data(run) for run in plan.runs],
        "readable": plan.fault is None,
    }


def run_data(run: RunEntry) -> dict[str, Any]:
    """A run as the API lists it."""
    return {
        "id": run.run_id,
        "created": run.created,
        "scenario": run.scenario,
        "version": run.version,
        "stages": list(run.stages),
    }
