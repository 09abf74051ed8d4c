"""Starting, repeating and cancelling jobs, for the person who asks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import abort, current_app

from geoplan.errors import NotFoundError, PlanError
from maps.jobs import records
from maps.jobs.asked import proper
from maps.jobs.queue import enqueue
from maps.jobs.records import LIVE, WAITING, Job
from maps.people import Person, audit, may_change, may_see, person
from maps.upload import staging

MOST_WAITING = 100  # jobs of one person that wait
INSIDE = "inside"  # a parameter of our own: named files must lie in the plan's folder
KEPT = "kept"  # another: what is written is kept with the run, for whoever asks for it next
OURS = (INSIDE, KEPT)
FOR_VIEWERS = ("export",)


def start(
    kind: str, plan_id: str | None, params: Mapping[str, Any], who: Person | None = None, *, kept: bool = False
) -> str:
    """Write a job down and wake a worker; the id of the job.

    A job that is the same as one of theirs that waits or runs already is not doubled: its id is handed back. One
    whose files are ``kept`` serves everybody: so is another person's.

    Raises
    ------
    PlanError, NotFoundError
        What is asked for cannot be done, is not there or may not be seen, or too many jobs of this person wait.
    """
    who = who or person()
    workspace = Path(current_app.config["WORKSPACE"])
    given = proper(workspace, kind, plan_id, params)
    if "upload" in given:
        staging.found(given["upload"])
    _may_start(kind, plans_of(plan_id, given), who)
    if current_app.config["AUTH"] == "login" and kind != "export":
        given[INSIDE] = True
    if kept:
        given[KEPT] = True
    live = records.listed(workspace, states=LIVE)
    for job in live:
        same = (job.kind, job.plan_id, dict(job.params)) == (kind, plan_id, given) and not job.cancel
        if same and (kept or job.person_id == who.id):
            return job.id
    if sum(job.person_id == who.id and job.state == WAITING for job in live) >= MOST_WAITING:
        raise PlanError(f"{MOST_WAITING} of your jobs wait already: cancel some, or wait until they are done")
    job = records.create(workspace, kind, plan_id, given, who=(who.id, who.name))
    audit(
        "run" if kind == "upload" else kind, plan_id, job=job.id, **{k: v for k, v in given.items() if k not in OURS}
    )
    records.note(workspace, job.id, "asked", person=who.name)
    enqueue(workspace, job.id)
    return job.id


def again(job: Job) -> str:
    """Start a job once more with the same parameters; the id of the new one."""
    params = {key: value for key, value in job.params.items() if key not in OURS}
    if job.kind == "batch":
        params["resume"] = True
    return start(job.kind, job.plan_id, params, kept=bool(job.params.get(KEPT)))


def cancel(job: Job) -> Job:
    """Cancel a job that waits, ask one that runs to stop; 403 where it is not theirs to cancel."""
    if not mine(job):
        abort(403)
    who = person()
    workspace = Path(current_app.config["WORKSPACE"])
    if job.live:
        audit("cancel", job.plan_id, job=job.id)
        records.ask_to_stop(workspace, job)
        records.note(workspace, job.id, "cancel_asked", person=who.name)
    return records.find(workspace, job.id)


def mine(job: Job) -> bool:
    """Whether who asks may cancel a job: who started it, and administrators."""
    who = person()
    return (job.person_id == who.id and job.person == who.name) or who.has("administrator")


def repeatable(job: Job) -> bool:
    """Whether who asks may start a job of this kind for these plans."""
    if job.kind in FOR_VIEWERS:
        return True
    return all(may_change(plan) for plan in plans_of(job.plan_id, job.params))


def plans_of(plan_id: str | None, params: Mapping[str, Any]) -> list[str]:
    """Every plan a job is about."""
    return [plan_id] if plan_id is not None else list(params.get("plans") or [])


def seen(job: Job) -> bool:
    """Whether who asks may see a job: all of its plans; of uploads, who sent them."""
    if "upload" in job.params:
        return mine(job)
    return all(may_see(plan) for plan in plans_of(job.plan_id, job.params))


def found(job_id: str) -> Job:
    """A job that who asks may see; NotFoundError for others, as for those that do not exist."""
    job = records.find(Path(current_app.config["WORKSPACE"]), job_id)
    if not seen(job):
        raise NotFoundError(f"there is no job {job_id!r}")
    return job


def _may_start(kind: str, plans: list[str], who: Person) -> None:
    for plan in plans:
        if not may_see(plan):
            raise NotFoundError(f"there is no plan {plan!r} in this workspace")
        if kind not in FOR_VIEWERS and not may_change(plan):
            abort(403)
    if kind not in FOR_VIEWERS and not who.has("planner"):
        abort(403)
