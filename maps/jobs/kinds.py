"""What each kind of job does."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from geoplan.batch.ledger import STATE, Ledger, read_ledger, write_ledger
from geoplan.batch.plans import Listed
from geoplan.batch.progress import Progress
from geoplan.batch.province import province
from geoplan.batch.running import Order, run_batch
from geoplan.batch.summary import write_summary
from geoplan.batch.words import reason
from geoplan.batch.work import told
from geoplan.doctor import examine
from geoplan.errors import NotFoundError, PlanError
from geoplan.exports import export
from geoplan.plan import make_run, read_layers
from geoplan.store import find_run, read_run, run_folder, sweep, write_run
from geoplan.store.runs import RUNS
from layers.errors import InputError
from layers.planfile import plan_language, read_plan
from layers.scenariofile import read_scenario, scenario_path
from maps.desk import desk_folder
from maps.jobs.records import Job, listed
from maps.jobs.steps import Steps
from maps.standalone import standalone
from maps.upload.checking import check
from maps.upload.record import ORIGINAL, load, staging_folder
from maps.workspace import kept

BATCHES = "batches"
RENDER = "maps.standalone:standalone"


def _run(workspace: Path, job: Job, steps: Steps) -> dict[str, Any]:
    """Read, compute and write one plan, or a scenario of it."""
    folder = workspace / str(job.plan_id)
    _look_inside(folder, job)
    name = job.params.get("scenario")
    what_if = None if name is None else read_scenario(scenario_path(folder, name))
    layers = read_layers(folder, say=steps)
    parts = job.params["only"]
    run = make_run(layers, scenario=what_if, say=steps, parts=parts, cache=layers.plan.root / "cache")
    steps("map")
    language = job.params.get("language") or plan_language(folder)
    known = run_folder(folder, run.run_id).exists()
    sweep(folder / RUNS)
    path = write_run(run, folder, render=lambda made: standalone(made, language))
    return {"run_id": path.name, "known": known}


def _look_inside(folder: Path, job: Job) -> None:
    """Where people log in, the files a plan names must lie in its folder: its writer may not read the whole disk."""
    if job.params.get("inside"):
        read_plan(folder, inside=folder)


def _export(workspace: Path, job: Job, steps: Steps) -> dict[str, Any]:
    """Write a run in other formats, into the plan's ``exports/<run id>/``, or where they are kept with the run."""
    path = find_run(run_folder(workspace / str(job.plan_id), job.params["run_id"]))
    language = job.params.get("language") or "en"
    out = path.parents[1] / "exports" / path.name
    if job.params.get("kept"):
        out = kept(path, "exports") / language
    run, files = read_run(path), list[Path]()
    for name in job.params["formats"]:
        steps(f"export:{name}")
        files += export(run, [name], out, language=language, paper=job.params["paper"])
    return {"run_id": path.name, "folder": _inner(workspace, out), "files": [file.name for file in files]}


def _batch(workspace: Path, job: Job, steps: Steps) -> dict[str, Any]:
    """Compute many plans and sum up the province."""
    out = desk_folder(workspace) / BATCHES / job.id
    language = job.params.get("language") or "en"
    if job.params.get("resume") and not (out / STATE).exists():
        write_ledger(out, _computed_before(workspace, job))
    order = Order(
        plans=tuple(Listed(name, workspace / name) for name in job.params["plans"]),
        out=out,
        workers=job.params.get("workers"),
        resume=True,  # a batch taken up again after its worker was lost goes on
        parts=tuple(job.params["only"]),
        language=job.params.get("language"),
        render=RENDER,
        inside=bool(job.params.get("inside")),
    )

    def watch(progress: Progress) -> None:
        steps.look()
        if progress.latest is not None:
            outcome = progress.latest
            told = {language: reason(outcome, language) for language in ("en", "zh")}
            steps.log("plan", plan=outcome.key, state=outcome.state, why=told["en"], why_zh=told["zh"])
        steps.count(share=progress.share, eta_s=progress.eta_s, finished=progress.finished, total=progress.total)

    steps("batch")
    ledger = run_batch(order, watch=watch)
    steps("summary")
    made = province(ledger)
    files = write_summary(made, out, language=language)
    states = {key: entry.outcome.state for key, entry in ledger.items()}
    runs = {key: entry.outcome.run_id for key, entry in ledger.items() if entry.outcome.run_id}
    return {
        "folder": _inner(workspace, out),
        "files": [file.name for file in files],
        "plans": states,
        "runs": runs,
    }


def _computed_before(workspace: Path, job: Job) -> Ledger:
    """What earlier batches wrote down of the same plans, the latest word on each."""
    found: Ledger = {}
    for earlier in reversed(listed(workspace, kind="batch")):
        with suppress(PlanError):
            held = read_ledger(desk_folder(workspace) / BATCHES / earlier.id)
            found |= {plan: held[plan] for plan in job.params["plans"] if plan in held}
    return found


def _inner(workspace: Path, folder: Path) -> str:
    return folder.absolute().relative_to(workspace.absolute()).as_posix()


def _upload(workspace: Path, job: Job, steps: Steps) -> dict[str, Any]:
    """The data doctor on a plan that was brought in: every fault, none of them an error of the job."""
    if "upload" in job.params:
        return _staged(workspace, job, steps)
    folder = workspace / str(job.plan_id)
    try:
        _look_inside(folder, job)
        layers = read_layers(folder, say=steps)
        steps("doctor")
        faults = (*layers.faults, *examine(layers))
    except InputError as error:
        faults = error.faults
    counts = {kind: sum(fault.severity == kind for fault in faults) for kind in ("error", "warning", "note")}
    return {"counts": counts, "faults": [told(fault) for fault in faults[:1000]]}


def _staged(workspace: Path, job: Job, steps: Steps) -> dict[str, Any]:
    """The data doctor on an unfinished upload; its report stands on the page of the upload."""
    folder = staging_folder(workspace) / str(job.params["upload"])
    upload = load(folder)
    if upload is None:
        raise _gone(folder)
    try:
        counts = dict(check(upload, folder, tell=steps).counts)
    except (OSError, InputError):
        if (folder / ORIGINAL).is_dir():
            raise
        counts = {}
    if not (folder / ORIGINAL).is_dir():
        shutil.rmtree(folder, ignore_errors=True)  # what was written after it had gone
        raise _gone(folder)
    return {"counts": counts}


def _gone(folder: Path) -> NotFoundError:
    return NotFoundError(f"there is no upload {folder.name!r} any more: it was accepted or deleted")


Doing = Callable[[Path, Job, Steps], dict[str, Any]]
DOING: Mapping[str, Doing] = {"run": _run, "batch": _batch, "export": _export, "upload": _upload}
