"""Jobs for programs: start, list, one, cancel, start again."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from geoplan.errors import PlanError
from maps.counts import whole
from maps.jobs import records, rows
from maps.jobs.records import KINDS, STATES, Job
from maps.jobs.starting import again, cancel, found, seen, start
from maps.people import needs
from maps.state import request_language, workspace_folder

jobs_api = Blueprint("jobs_api", __name__, url_prefix="/api/v1/jobs")

MOST_BYTES, MOST_ROWS = 64 * 1024, 500


@jobs_api.get("")
def listed() -> Response:
    """Jobs, newest first; ``state``, ``kind`` and ``plan_id`` choose, ``limit`` and ``offset`` page."""
    states = [name for name in request.args.get("state", "").split(",") if name] or list(STATES)
    kind = request.args.get("kind", "")
    if unknown := sorted(set(states) - set(STATES)) + sorted({kind} - set(KINDS) if "kind" in request.args else ()):
        raise PlanError(f"{', '.join(unknown)[:80]}: states are {', '.join(STATES)}; kinds are {', '.join(KINDS)}")
    folder = workspace_folder()
    plan_id = request.args.get("plan_id", "")
    jobs = [job for job in records.listed(folder, states=states, kind=kind, plan_id=plan_id) if seen(job)]
    first, most = whole("offset", 0), min(whole("limit", 100), MOST_ROWS)
    language = request_language()
    answer = jsonify([rows.as_data(folder, job, language) for job in jobs[first : first + most]])
    answer.headers["X-Total-Count"] = str(len(jobs))
    return answer


@jobs_api.post("")
@needs("viewer", costly=True)
def begin() -> tuple[Response, int]:
    """Start a job: ``kind``, ``plan_id``, ``params``; 202 with its address."""
    request.max_content_length = MOST_BYTES
    data = request.get_json(force=True, silent=True)
    if not isinstance(data, dict):
        raise PlanError("a JSON object is expected, such as {'kind': 'run', 'plan_id': 'monaco', 'params': {}}")
    if unknown := sorted(set(data) - {"kind", "plan_id", "params"}):
        raise PlanError(f"kind, plan_id and params are expected, not {', '.join(map(str, unknown))[:80]}")
    params = data.get("params")
    if params is not None and not isinstance(params, dict):
        raise PlanError("params: a JSON object is expected")
    return _accepted(start(str(data.get("kind", "")), data.get("plan_id"), params or {}))


@jobs_api.get("/<job_id>")
def one(job_id: str) -> Response:
    """One job with its log."""
    return jsonify(_whole(found(job_id)))


@jobs_api.delete("/<job_id>")
@needs("viewer")
def end(job_id: str) -> Response:
    """Cancel a job: at once where it waits, at its next step where it runs."""
    return jsonify(_whole(cancel(found(job_id))))


@jobs_api.post("/<job_id>/again")
@needs("viewer", costly=True)
def repeat(job_id: str) -> tuple[Response, int]:
    """Start the same job once more."""
    return _accepted(again(found(job_id)))


def _accepted(job_id: str) -> tuple[Response, int]:
    data = _whole(found(job_id))
    answer = jsonify(data)
    answer.headers["Location"] = data["links"]["self"]
    return answer, 202


def _whole(job: Job) -> dict[str, Any]:
    folder, language = workspace_folder(), request_language()
    lines = records.lines(folder, job.id)
    log = [{"at": line.at, "code": line.code, "text": rows.line_text(line, language)} for line in lines]
    return {**rows.as_data(folder, job, language), "log": log}
