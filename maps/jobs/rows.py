"""Jobs in words: kind, state, stage, time left, log, problem, links."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from babel.dates import format_datetime
from flask import url_for

from geoplan.batch.words import duration
from geoplan.errors import NotFoundError
from geoplan.report import step_text
from maps import workspace
from maps.jobs import alive, records
from maps.jobs.measure import measured
from maps.jobs.records import CANCELLED, DONE, FAILED, KINDS, RUNNING, STATES, WAITING, Job, Line, now
from maps.jobs.starting import OURS, mine
from maps.language import percent, speaker
from maps.story import local_text

DOCUMENTS_FIRST = (".html", ".docx", ".pdf", ".xlsx", ".gpkg", ".png", ".tif", ".geojson")
WEIGHTS = ("error", "warning", "note")
PROBLEMS = {"data": 422, "request": 400, "missing": 404, "lost": 500, "bug": 500, "room": 507}


def kind_names(language: str) -> dict[str, str]:
    """What kinds of jobs are called."""
    say = speaker(language)
    names = (say("Computing a plan"), say("Computing several plans"), say("Export"), say("Checking a plan"))
    return dict(zip(KINDS, names, strict=True))


def state_names(language: str) -> dict[str, str]:
    """What states are called."""
    say = speaker(language)
    names = (say("waits"), say("runs"), say("done"), say("failed"), say("cancelled"))
    return dict(zip(STATES, names, strict=True))


def step_words(step: str, language: str) -> str:
    """A step in words."""
    say = speaker(language)
    key, _, what = step.partition(":")
    own = {
        "export": say("writing %(what)s", what=what),
        "batch": say("computing the plans"),
        "summary": say("summing up the province"),
        "doctor": say("examining the data"),
    }
    return own[key] if key in own else step_text(step, language).removeprefix("… ")


def job_row(folder: Path, job: Job, language: str, titles: Mapping[str, str]) -> dict[str, Any]:
    """A job as the pages show it."""
    far = measured(job, now())
    return {
        "id": job.id,
        "files": job.kind == "export",
        "number": job.number,
        "kind": kind_names(language)[job.kind],
        "about": _about(job, language, titles),
        "scenario": job.params.get("scenario", ""),
        "person": job.person,
        "state": job.state,
        "state_name": state_names(language)[job.state],
        "stopping": job.state == RUNNING and job.cancel,
        "live": job.live,
        "stage": step_words(job.stage, language) if job.stage else "",
        "share": far.share,
        "share_text": "" if far.share is None else percent(far.share, language),
        "eta": _left(job, far.eta_s, language),
        "count": _count(job, language),
        "created": moment(job.created, language),
        "ended": moment(job.ended, language) if job.ended else "",
        "links": links(folder, job, language),
        "mine": mine(job),
    }


def _about(job: Job, language: str, titles: Mapping[str, str]) -> str:
    say = speaker(language)
    if job.plan_id is not None:
        return titles.get(job.plan_id, job.plan_id)
    if "upload" in job.params:
        return say("Data brought in")
    return say("%(count)s plans", count=len(job.params.get("plans") or ()))


def _left(job: Job, eta_s: float | None, language: str) -> str:
    """The time left in words; that nothing was measured yet, where that is so; empty for jobs that do not run."""
    say = speaker(language)
    if job.state != RUNNING:
        return ""
    if eta_s is None:
        return say("How long it takes is not known yet: nothing like it was measured before.")
    return say("About %(time)s left.", time=duration(eta_s, language))


def _count(job: Job, language: str) -> str:
    say, total = speaker(language), job.progress.get("total")
    if job.state != RUNNING or not total:
        return ""
    return say("%(done)s of %(total)s plans finished", done=job.progress.get("finished", 0), total=total)


def moment(iso: str, language: str) -> str:
    """A time of a job in words, in UTC."""
    return f"{format_datetime(datetime.fromisoformat(iso), 'medium', locale=language)} UTC"


def titles(plans: list[workspace.PlanEntry], language: str) -> dict[str, str]:
    """The title of every plan in the language, with its id where two share one."""
    named = {plan.plan_id: local_text(plan.texts, "title", language) for plan in plans}
    count = Counter(named.values())
    return {plan: name if count[name] == 1 else f"{name} ({plan})" for plan, name in named.items()}


def log_rows(lines: list[Line], language: str) -> list[dict[str, str]]:
    """The log in words, oldest first."""
    return [{"at": moment(line.at, language), "text": line_text(line, language)} for line in lines]


def line_text(line: Line, language: str) -> str:
    """One line of the log in words."""
    say, params = speaker(language), line.params
    if line.code.startswith("step:"):
        return step_words(line.code.removeprefix("step:"), language)
    if line.code == "plan":
        return _plan_line(params, language)
    person = params.get("person", "")
    texts = {
        "asked": say("asked for by %(person)s", person=person),
        "began": say("begun, attempt %(number)s", number=params.get("attempt", 1)),
        "cancel_asked": say("%(person)s asked to cancel it", person=person),
        "handed_back": say("stopped with the worker; it waits and starts again by itself"),
        "worker_lost": say("the worker that did it is gone; it starts once more"),
        "restored": say("it was running when the backup was made that this workspace came back from"),
        DONE: say("done"),
        FAILED: say("failed"),
        CANCELLED: say("cancelled"),
    }
    return texts.get(line.code, line.code)


def _plan_line(params: Mapping[str, Any], language: str) -> str:
    say = speaker(language)
    states = {
        "done": say("computed"),
        "data": say("data at fault"),
        "request": say("cannot be done as asked"),
        "failed": say("failed"),
    }
    why = params.get("why_zh" if language == "zh" else "why") or ""
    text = f"{params.get('plan')}{say(': ')}{states.get(params.get('state', ''), '')}"
    return f"{text}{say(': ')}{why}" if why else text


def problem_text(job: Job, language: str) -> str:
    """Why a job failed, as a sentence; empty where it did not."""
    if job.problem is None:
        return ""
    say = speaker(language)
    texts = {
        "data": say("The data cannot be used yet"),
        "lost": say(
            "The process that computed it ended in the middle, twice: too little memory, or someone stopped it."
        ),
        "bug": say("Something went wrong on our side"),
    }
    kind, detail = job.problem["kind"], job.problem["detail"]
    if kind == "bug":
        return f"{texts[kind]}{say(': ')}{detail}"
    return texts.get(kind) or str(detail)


def fault_rows(job: Job, language: str) -> list[dict[str, Any]]:
    """Faults of the data that a job told, in the language, those that stop it first."""
    held = (job.problem or {}).get("faults") or job.result.get("faults") or []
    told = sorted(held, key=lambda fault: WEIGHTS.index(fault["severity"]))
    return [
        {**fault, "message": fault[f"message_{language}"], "remedy": fault[f"remedy_{language}"]} for fault in told
    ]


def links(folder: Path, job: Job, language: str) -> list[dict[str, str]]:
    """Where the result of a job is."""
    say, found = speaker(language), list[dict[str, str]]()
    if "upload" in job.params:
        href = url_for("upload.one", upload_id=job.params["upload"], lang=language, _anchor="report")
        return [{"href": href, "text": say("To the upload")}]
    for plan_id, run_id in runs_of(job).items():
        if _is_there(folder, plan_id, run_id):
            href = url_for("pages.plan_page", plan_id=plan_id, run=run_id, lang=language)
            text = say("Open the result") if job.plan_id else say("Open %(plan)s", plan=plan_id)
            found.append({"href": href, "text": text})
    for name in sorted(job.result.get("files") or (), key=_weight):
        if name.endswith(".html") and not name.endswith(f".{language}.html"):
            continue
        text = say("Open the province summary") if name.endswith(".html") else name
        found.insert(0 if name.endswith(".html") else len(found), {"href": file_address(job, name), "text": text})
    return found


def _weight(name: str) -> int:
    """Documents before layers before tables; files of a kind stay in their order."""
    return next((at for at, ending in enumerate(DOCUMENTS_FIRST) if name.endswith(ending)), len(DOCUMENTS_FIRST))


def runs_of(job: Job) -> dict[str, str]:
    """Runs a job made, by plan."""
    if job.kind == "run" and job.result.get("run_id"):
        return {str(job.plan_id): job.result["run_id"]}
    return dict(job.result.get("runs") or {})


def file_address(job: Job, name: str) -> str:
    """Where a file of a job is."""
    return url_for("jobs.result_file", job_id=job.id, name=name)


def _is_there(folder: Path, plan_id: str, run_id: str) -> bool:
    try:
        workspace.run_path(folder, plan_id, run_id)
    except NotFoundError:
        return False
    return True


def as_data(folder: Path, job: Job, language: str) -> dict[str, Any]:
    """A job as the API tells it: share and time left are null where nothing was measured."""
    far = measured(job, now())
    return {
        "id": job.id,
        "kind": job.kind,
        "plan_id": job.plan_id,
        "params": {key: value for key, value in job.params.items() if key not in OURS},
        "person": job.person,
        "state": job.state,
        "cancel_asked": job.cancel,
        "stage": job.stage,
        "stage_text": step_words(job.stage, language) if job.stage else None,
        "share": None if far.share is None else round(far.share, 4),
        "eta_s": None if far.eta_s is None else round(far.eta_s, 1),
        "attempts": job.attempts,
        "created": job.created,
        "began": job.began,
        "ended": job.ended,
        "result": _result(job, language),
        "error": _error(job, language),
        "links": _addresses(folder, job),
    }


def _addresses(folder: Path, job: Job) -> dict[str, Any]:
    runs = {plan: run for plan, run in runs_of(job).items() if _is_there(folder, plan, run)}
    return {
        "self": url_for("jobs_api.one", job_id=job.id),
        "page": url_for("jobs.job_page", job_id=job.id),
        "runs": {plan: url_for("api.run_root", plan_id=plan, run_id=run) for plan, run in runs.items()},
    }


def _result(job: Job, language: str) -> dict[str, Any] | None:
    if job.state != DONE:
        return None
    shown = {key: value for key, value in job.result.items() if key not in ("folder", "files", "faults")}
    if "files" in job.result:
        shown["files"] = [{"name": name, "href": file_address(job, name)} for name in job.result["files"]]
    if "faults" in job.result:
        shown["faults"] = fault_rows(job, language)
    return shown


def _error(job: Job, language: str) -> dict[str, Any] | None:
    """A problem document (RFC 9457) of a job that failed."""
    if job.problem is None:
        return None
    kind = job.problem["kind"]
    return {
        "type": "about:blank",
        "title": problem_text(job, language),
        "status": PROBLEMS.get(kind, 500),
        "detail": job.problem["detail"],
        "faults": fault_rows(job, language),
    }


def no_worker(folder: Path) -> bool:
    """Whether jobs wait and nobody is there to do them."""
    return bool(records.listed(folder, states=[WAITING])) and not alive.living(folder)
