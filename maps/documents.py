"""Documents and GeoPackages of a run: kept ones at once, others by a job, so that no page waits while one is made.

A small run's are made in the request, and so are those asked for with ``wait=1``: one at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from flask import abort, g, jsonify, redirect, request, send_file, url_for
from werkzeug.wrappers import Response as AnyResponse

from geoplan.exports import export
from geoplan.run import Run
from maps.jobs import rows
from maps.jobs.starting import found, start
from maps.people import audit
from maps.state import request_language, workspace_folder
from maps.workspace import kept

PROPOSALS: Mapping[str, str] = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
FILES: Mapping[str, str] = {**PROPOSALS, "gpkg": "application/geopackage+sqlite3"}
SMALL_ROWS = 2000  # of all tables together: made within the time a page may take
LONGEST_S, COME_BACK_S = 60, 10  # how long one request waits for another's document
MOST_AT_IT = 2  # requests that make a document or wait for that: the other threads are for pages

_making = threading.Lock()
_at_it = threading.BoundedSemaphore(MOST_AT_IT)


def answer(path: Path, run: Run, ending: str) -> AnyResponse:
    """A file of a run in the language of the request; where it is not made yet, the job that makes it.

    People are led to the job's page, programs told 202 with its address.
    """
    language = request_language()
    plan_id = path.parents[1].name
    file = kept_file(path, ending, language)
    if file is None and (request.args.get("wait") == "1" or (_is_small(run) and not _making.locked())):
        file = _made(path, run, ending, language)
    if file is None:
        return _being_made(start("export", plan_id, _params(path, ending, language), kept=True))
    audit("export", plan_id, run=path.name, file=file.name)
    return send_file(file, as_attachment=True, download_name=file.name, mimetype=FILES[ending])


def kept_file(path: Path, ending: str, language: str) -> Path | None:
    """The file if it was made before by this version of the code."""
    pattern = "*.gpkg" if ending == "gpkg" else f"*-proposal-{language}.{ending}"
    return next(iter(sorted((kept(path, "exports") / language).glob(pattern))), None)


def _params(path: Path, ending: str, language: str) -> dict[str, object]:
    return {"run_id": path.name, "formats": [ending], "language": language}


def _is_small(run: Run) -> bool:
    return sum(len(table) for table in run.tables.values()) <= SMALL_ROWS


def _made(path: Path, run: Run, ending: str, language: str) -> Path:
    if not _at_it.acquire(blocking=False):
        _come_back()
    try:
        if not _making.acquire(timeout=LONGEST_S):
            _come_back()
        try:
            return kept_file(path, ending, language) or next(
                iter(export(run, [ending], kept(path, "exports") / language, language=language))
            )
        finally:
            _making.release()
    finally:
        _at_it.release()


def _come_back() -> NoReturn:
    g.retry_after_s = COME_BACK_S
    abort(503, "another document is being made; come back, or leave wait=1 out and follow the job")


def _being_made(job_id: str) -> AnyResponse:
    if "text/html" in request.accept_mimetypes.values():
        return redirect(url_for("jobs.job_page", job_id=job_id, lang=request_language()), 303)
    told = jsonify(rows.as_data(workspace_folder(), found(job_id), request_language()))
    told.status_code = 202
    told.headers["Location"] = url_for("jobs_api.one", job_id=job_id)
    told.headers["Retry-After"] = str(COME_BACK_S)
    told.headers["Cache-Control"] = "no-store"
    return told
