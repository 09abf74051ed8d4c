"""What a job was asked to do, held against what there is before it is written down."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from geoplan.errors import NotFoundError, PlanError
from geoplan.exports import FORMATS
from geoplan.plan import PARTS
from layers.scenariofile import FOLDER
from maps.upload.record import ID, load, staging_folder
from maps.workspace import LATEST, PLAN_ID, run_path

LANGUAGES = ("en", "zh")
RUN_ID = re.compile(r"[0-9a-f]{12}|latest")
MOST_PLANS, MOST_WORKERS = 500, 64

Params = dict[str, Any]


def proper(workspace: Path, kind: str, plan_id: str | None, params: Mapping[str, Any]) -> Params:
    """The parameters of a job, whole and checked.

    Raises
    ------
    PlanError
        An unknown kind or parameter, or a value that is none.
    NotFoundError
        A plan, scenario or run that is not there.
    """
    if kind not in CHECKS:
        raise PlanError(f"kind: {', '.join(CHECKS)}, not {str(kind)[:40]!r}")
    known, check = CHECKS[kind]
    if unknown := sorted(set(params) - {*known, "language"}):
        raise PlanError(
            f"{kind} jobs take {', '.join((*known, 'language'))}, not {', '.join(map(str, unknown))[:80]}"
        )
    found = {} if params.get("language") is None else {"language": _one_of("language", params["language"], LANGUAGES)}
    if kind == "batch":
        if plan_id is not None:
            raise PlanError("a batch names its plans in params.plans, not in plan_id")
        return found | check(workspace, params)
    if kind == "upload" and plan_id is None and "upload" in params:
        return found | _staged(workspace, params)
    if not isinstance(plan_id, str):
        raise PlanError("plan_id: the id of a plan is expected")
    return found | check(_folder(workspace, plan_id), params)


def _folder(workspace: Path, plan_id: object) -> Path:
    folder = workspace / str(plan_id)
    if not isinstance(plan_id, str) or not PLAN_ID.fullmatch(plan_id) or not (folder / "plan.toml").is_file():
        raise NotFoundError(f"there is no plan {str(plan_id)[:64]!r} in this workspace")
    return folder


def _one_of(name: str, value: object, known: Sequence[str]) -> str:
    if value not in known:
        raise PlanError(f"{name}: {', '.join(known)}, not {str(value)[:40]!r}")
    return str(value)


def _some_of(name: str, value: object, known: Sequence[str]) -> list[str]:
    """Some of the known names, each once, in their order; commas between them in a text."""
    given = [part.strip() for part in value.split(",")] if isinstance(value, str) else value
    if not isinstance(given, list) or not given:
        raise PlanError(f"{name}: a list of {', '.join(known)} is expected")
    asked = {_one_of(name, one, known) for one in given}
    return [one for one in known if one in asked]


def _run(folder: Path, params: Mapping[str, Any]) -> Params:
    found: Params = {"only": _some_of("only", params.get("only") or list(PARTS), PARTS)}
    scenario = params.get("scenario")
    if scenario:
        if not isinstance(scenario, str) or not PLAN_ID.fullmatch(scenario) or not _scenario(folder, scenario):
            raise NotFoundError(f"the plan has no scenario {str(scenario)[:64]!r}")
        found["scenario"] = scenario
    return found


def _scenario(folder: Path, name: str) -> bool:
    return (folder / FOLDER / f"{name}.toml").is_file()


def _export(folder: Path, params: Mapping[str, Any]) -> Params:
    run_id = params.get("run_id") or LATEST
    if not isinstance(run_id, str) or not RUN_ID.fullmatch(run_id):
        raise NotFoundError(f"plan {folder.name!r} has no run {str(run_id)[:64]!r}")
    return {
        "run_id": run_path(folder.parent, folder.name, run_id).name,
        "formats": _some_of("formats", params.get("formats") or ["gpkg", "csv"], list(FORMATS)),
        "paper": _one_of("paper", params.get("paper") or "a4", ("a4", "a3")),
    }


def _batch(workspace: Path, params: Mapping[str, Any]) -> Params:
    plans = params.get("plans")
    if not isinstance(plans, list) or not 0 < len(plans) <= MOST_PLANS:
        raise PlanError(f"plans: a list of 1 to {MOST_PLANS} plans is expected")
    found: Params = {
        "plans": list(dict.fromkeys(_folder(workspace, plan).name for plan in plans)),
        "only": _some_of("only", params.get("only") or list(PARTS), PARTS),
        "resume": bool(params.get("resume", False)),
    }
    workers = params.get("workers")
    if workers is not None:
        if not isinstance(workers, int) or isinstance(workers, bool) or not 1 <= workers <= MOST_WORKERS:
            raise PlanError(f"workers: a whole number from 1 to {MOST_WORKERS} is expected")
        found["workers"] = workers
    return found


def _upload(folder: Path, params: Mapping[str, Any]) -> Params:
    return {}


def _staged(workspace: Path, params: Mapping[str, Any]) -> Params:
    """An unfinished upload; ``of`` tells the state of it that is to be checked from earlier ones."""
    number = str(params["upload"])
    if not ID.fullmatch(number) or load(staging_folder(workspace) / number) is None:
        raise NotFoundError(f"there is no upload {number[:40]!r}")
    return {"upload": number, "of": str(params.get("of") or "")[:64]}


CHECKS: Mapping[str, tuple[tuple[str, ...], Callable[[Path, Mapping[str, Any]], Params]]] = {
    "run": (("only", "scenario"), _run),
    "batch": (("plans", "only", "resume", "workers"), _batch),
    "export": (("run_id", "formats", "paper"), _export),
    "upload": (("upload", "of"), _upload),
}
