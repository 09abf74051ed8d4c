"""The pages of jobs: the list, one job, starting, cancelling and repeating by form, files of a result."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, send_file, url_for
from werkzeug.wrappers import Response as AnyResponse

from geoplan.errors import NotFoundError
from maps import workspace
from maps.jobs import records, rows
from maps.jobs.records import Job
from maps.jobs.starting import again, cancel, found, repeatable, seen, start
from maps.people import may_change, needs, visible
from maps.state import language_links, request_language, workspace_folder

pages = Blueprint("jobs", __name__)

A_PAGE = 50
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"<>]*)">')


@pages.get("/jobs")
def job_list() -> str:
    """Jobs that who asks may see, newest first."""
    return render_template("jobs.html", languages=language_links(), **_listed())


@pages.get("/jobs/part")
def job_list_part() -> str:
    """The part of the list that changes."""
    return render_template("_jobs.html", **_listed())


@pages.post("/jobs")
@needs("viewer", costly=True)
def start_job() -> AnyResponse:
    """Start a job as a form asks for it."""
    form = request.form
    kind, plan_id = form.get("kind", ""), form.get("plan_id") or None
    params: dict[str, Any] = {key: form[key] for key in ("scenario", "run_id", "paper", "only") if form.get(key)}
    if kind in ("run", "batch", "export"):
        params["language"] = form.get("language") or request_language()
    if kind == "batch":
        params |= {"plans": form.getlist("plans"), "resume": "resume" in form}
        params |= {"workers": form.get("workers", type=int)} if form.get("workers") else {}
    if form.getlist("formats"):
        params["formats"] = form.getlist("formats")
    return _to(start(kind, plan_id, params))


@pages.get("/jobs/<job_id>")
def job_page(job_id: str) -> str:
    """One job: how far it is, its log, its result or why there is none."""
    return render_template("job.html", languages=language_links(), **_one(found(job_id)))


@pages.get("/jobs/<job_id>/part")
def job_part(job_id: str) -> str:
    """The part of a job's page that changes."""
    return render_template("_job.html", **_one(found(job_id)))


@pages.post("/jobs/<job_id>/cancel")
@needs("viewer")
def cancel_job(job_id: str) -> AnyResponse:
    """Cancel a job."""
    return _to(cancel(found(job_id)).id)


@pages.post("/jobs/<job_id>/again")
@needs("viewer", costly=True)
def repeat_job(job_id: str) -> AnyResponse:
    """Start the same job once more."""
    return _to(again(found(job_id)))


@pages.get("/jobs/<job_id>/files/<name>")
def result_file(job_id: str, name: str) -> AnyResponse:
    """A file of a result; the province summary opens in the browser, shut off from everything else."""
    job = found(job_id)
    path = workspace_folder() / str(job.result.get("folder", "")) / name
    if name not in (job.result.get("files") or ()) or not path.is_file():
        raise NotFoundError(f"job {job_id!r} has no file {name!r}")
    if path.suffix == ".html":
        return _shown(path)
    return send_file(path, as_attachment=True, download_name=name)


def _shown(path: Path) -> Response:
    """A page we wrote, under the policy it carries itself and in an origin of its own."""
    text = path.read_text(encoding="utf-8")
    own = POLICY.search(text[:2000])
    carried = own[1] if own else "default-src 'none'"
    policy = f"{carried}; frame-ancestors 'none'; sandbox allow-scripts"
    return Response(text, mimetype="text/html", headers={"Content-Security-Policy": policy})


def _to(job_id: str) -> AnyResponse:
    return redirect(url_for("jobs.job_page", job_id=job_id, lang=request_language()), 303)


def _listed() -> dict[str, Any]:
    language, folder = request_language(), workspace_folder()
    plans = visible(workspace.list_plans(folder))
    titles = rows.titles(plans, language)
    jobs = [job for job in records.listed(folder) if seen(job)]
    page = max(1, request.args.get("page", 1, type=int))
    shown = jobs[(page - 1) * A_PAGE : page * A_PAGE]
    return {
        "jobs": [rows.job_row(folder, job, language, titles) for job in shown],
        "page": page,
        "more": len(jobs) > page * A_PAGE,
        "live": any(job.live for job in jobs),
        "no_worker": rows.no_worker(folder),
        "folder": folder.name,
        "plans": [{"id": plan.plan_id, "title": titles[plan.plan_id]} for plan in plans if may_change(plan.plan_id)],
    }


def _one(job: Job) -> dict[str, Any]:
    language, folder = request_language(), workspace_folder()
    titles = rows.titles(visible(workspace.list_plans(folder)), language)
    return {
        "job": rows.job_row(folder, job, language, titles),
        "log": rows.log_rows(records.lines(folder, job.id), language),
        "problem": rows.problem_text(job, language),
        "faults": rows.fault_rows(job, language),
        "plan_id": job.plan_id,
        "repeatable": not job.live and repeatable(job),
        "no_worker": job.state == records.WAITING and rows.no_worker(folder),
        "folder": folder.name,
    }
