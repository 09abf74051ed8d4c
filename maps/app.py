"""The web application: settings, languages, one table from errors to status codes, and the security headers."""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from flask import Flask, Response, g, jsonify, render_template, request
from flask_babel import Babel
from werkzeug.exceptions import HTTPException, InternalServerError

from geoplan.errors import NoRoomError, NotFoundError, PlanError
from geoplan.store.aside import FULL
from geoplan.style import css_tokens
from layers.errors import InputError
from maps import api, assets, language, views
from maps.bodies import StrictJSON
from maps.compare.views import compare_api
from maps.compare.views import pages as compare_pages
from maps.desk import DeskError
from maps.edit.api import settings_api
from maps.edit.pages import pages as edit_pages
from maps.features.api import ogc
from maps.features.collections import PlanConverter
from maps.grounds import GROUNDS, ground_hosts
from maps.handbook.pages import handbook
from maps.jobs.api import jobs_api
from maps.jobs.pages import pages as job_pages
from maps.navigation import main_places, plan_bar
from maps.openapi.api import openapi
from maps.operation import requests
from maps.operation import settings as operation
from maps.operation.routes import health
from maps.people import settings, setup
from maps.people.models import NOBODY
from maps.safety.api import safety_api
from maps.settings import all_at_once, settle, unknown
from maps.siting.api import siting_api
from maps.state import language_links, request_language
from maps.upload import settings as upload_settings
from maps.upload import setup as upload
from maps.whatif.api import whatif_api

LOG = logging.getLogger(__name__)
CATALOGUES = language.MemoryDomain()
STATUS = ((InputError, 422), (NotFoundError, 404), (NoRoomError, 507), (DeskError, 503), (PlanError, 400))
TITLES = {
    400: "The request cannot be carried out",
    404: "Not found",
    422: "The data cannot be used",
    503: "The service cannot work now",
    507: "There is no room on the disk",
}
DEFAULTS: Mapping[str, Any] = {
    "WORKSPACE": "workspace",
    "TILES": "",  # online base maps to offer: osm, tianditu, gaode; none unless asked for
    "TIANDITU_KEY": "",
    **settings.DEFAULTS,
    **operation.DEFAULTS,
    **upload_settings.DEFAULTS,
}
ELSEWHERE = ("OVERPASS", "REDIS", "DATA", "ORACLES")  # settings that are read by others, GEOPLAN_<name>


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """The application; settings come from ``config``, else from the environment with the prefix ``GEOPLAN_``.

    Parameters
    ----------
    config
        ``WORKSPACE`` (folder of plan folders, default ``./workspace``), ``TILES`` (comma-separated online base
        maps), ``TIANDITU_KEY``, and anything Flask knows.
    """
    app = Flask(__name__)
    app.config.update({name: os.environ.get(f"GEOPLAN_{name}", value) for name, value in DEFAULTS.items()})
    app.config.update(config or {})
    app.config["WORKSPACE"] = Path(app.config["WORKSPACE"]).absolute()
    app.url_map.merge_slashes = False  # an address that is wrong is not here, and leads nowhere else
    app.json = StrictJSON(app)
    app.json.ensure_ascii = False
    app.json.sort_keys = False
    app.url_map.converters["plan"] = PlanConverter
    Babel(app, locale_selector=chosen_language)
    app.register_blueprint(views.pages)
    app.register_blueprint(api.api)
    app.register_blueprint(safety_api)
    app.register_blueprint(siting_api)
    app.register_blueprint(whatif_api)
    app.register_blueprint(compare_pages)
    app.register_blueprint(compare_api)
    app.register_blueprint(job_pages)
    app.register_blueprint(jobs_api)
    app.register_blueprint(openapi)
    app.register_blueprint(health)
    app.register_blueprint(edit_pages)
    app.register_blueprint(settings_api)
    app.register_blueprint(ogc)
    app.register_blueprint(handbook)
    app.before_request(_prepare)
    upload.attach(app)
    readers = {**operation.READERS, **upload_settings.READERS, "TILES": _tiles}
    all_at_once(partial(setup.attach, app), partial(settle, app.config, readers))
    requests.attach(app)
    app.after_request(_headers)
    app.context_processor(
        lambda: {"language": request_language(), "nonce": g.get("nonce", ""), "tokens": css_tokens()}
    )
    app.context_processor(_around)
    app.add_template_filter(language.marked, "marked")
    for kind in (InputError, PlanError, HTTPException, Exception):
        app.register_error_handler(kind, _failed)
    _report(app)
    return app


def _around() -> dict[str, Any]:
    """What every page has around its content: the navigation, and the day for paper."""
    today = language.day(date.today().isoformat(), request_language())
    return {"main_places": main_places, "plan_bar": plan_bar, "language_links": language_links, "today": today}


def chosen_language() -> str:
    """The language asked for in the address, else the browser's, else English."""
    asked = request.args.get("lang")
    if asked in language.LANGUAGES:
        return asked
    return request.accept_languages.best_match(language.LANGUAGES) or "en"


def _prepare() -> None:
    g.nonce = secrets.token_urlsafe(16)
    CATALOGUES.as_default()
    asked = request.args.get("lang", "en")
    if asked not in language.LANGUAGES and _for_a_program():
        raise PlanError(f"lang={asked[:40]!r}: {' or '.join(language.LANGUAGES)} is expected")


def _headers(response: Response) -> Response:
    """Nothing from elsewhere, no script without the nonce of this very answer; style attributes are folium's."""
    nonce, hosts = g.get("nonce", ""), " ".join(ground_hosts())
    rules = (
        "default-src 'none'",
        f"script-src 'self' 'nonce-{nonce}'",
        f"style-src-elem 'self' 'nonce-{nonce}'",
        "style-src-attr 'unsafe-inline'",
        f"img-src 'self' data: {hosts}".strip(),
        "connect-src 'self'",
        "worker-src 'self'",
        "font-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
    response.headers.setdefault("Content-Security-Policy", "; ".join(rules))
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = "geolocation=(), camera=(), microphone=()"
    if response.mimetype == "text/html":
        response.headers.setdefault("Cache-Control", "no-store")
        response.vary.add("Accept-Language")
    return response


def status_of(error: Exception) -> int:
    """The status of an error: the data 422, the request 400 or 404, otherwise ours, 500."""
    if isinstance(error, HTTPException):
        return error.code or 500
    return next((status for kind, status in STATUS if isinstance(error, kind)), 500)


def _failed(error: Exception) -> tuple[Response | str, int, list[tuple[str, str]]]:
    """The answer to a failed request: a problem document for programs, a calm page for people."""
    if isinstance(error, OSError) and error.errno in FULL:
        error = NoRoomError(
            "the disk is full; nothing was changed. Make room, or ask the administrator to, and try again"
        )
    status = status_of(error)
    if status == 500:
        LOG.error("request failed: %s %s", request.method, request.path, exc_info=error)
        error = InternalServerError()
    if isinstance(error, DeskError):
        g.person = NOBODY  # the page of the error cannot ask who looks
    problem = _problem(error, status)
    if _for_a_program():
        answer = jsonify(problem)
        answer.mimetype = "application/problem+json"
        return answer, status, _told_with(error)
    return (
        render_template("error.html", problem=problem, heading=_heading(status), advice=_advice(status)),
        status,
        _told_with(error),
    )


def _told_with(error: Exception) -> list[tuple[str, str]]:
    """Headers that belong to an error, such as the methods that are allowed."""
    given = error.get_headers() if isinstance(error, HTTPException) else []
    return [(name, value) for name, value in given if name.lower() != "content-type"]


def _for_a_program() -> bool:
    """Below ``/api`` always; below ``/ogc`` unless a browser asks."""
    if request.path.startswith("/ogc"):
        return (
            request.args.get("f") == "json"
            or not request.accept_mimetypes.accept_html
            or (request.accept_mimetypes.best_match(["application/json", "text/html"]) == "application/json")
        )
    return request.path.startswith("/api/")


def _problem(error: Exception, status: int) -> dict[str, Any]:
    """RFC 9457: type, title, status, detail, instance, and every fault of the data."""
    said = error.description if isinstance(error, HTTPException) else str(error)
    name = error.name if isinstance(error, HTTPException) else TITLES[status]
    problem: dict[str, Any] = {
        "type": "about:blank",
        "title": name,
        "status": status,
        "detail": said,
        "instance": request.path,
    }
    if status >= 500:
        problem["request_id"] = requests.request_id()
    if isinstance(error, InputError):
        problem["faults"] = [fault.as_dict(request_language()) for fault in error.faults]
    return problem


def _heading(status: int) -> str:
    """What a person reads above the error."""
    say = language.speaker(request_language())
    headings = {
        401: say("Please log in"),
        403: say("This is not yours to do"),
        503: say("The service cannot work now"),
        507: say("There is no room on the disk"),
        404: say("This is not here"),
        413: say("This is too much at once"),
        400: say("This cannot be done as asked"),
        422: say("The data cannot be used yet"),
        500: say("Something went wrong on our side"),
    }
    return headings.get(status, say("This did not work"))


def _tiles(text: str) -> str:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not set(names) <= set(GROUNDS):
        raise ValueError(f"it is some of {', '.join(GROUNDS)}, commas between")
    return ",".join(names)


def _advice(status: int) -> str:
    """What a person can do about it; the details of a request are told in English only."""
    say = language.speaker(request_language())
    advice = {
        400: say("Go back and ask otherwise; the details say what does not fit."),
        403: say("Somebody with more rights can do it, or give you the right."),
        404: say("The address is wrong, it is not there any more, or it is not open to you."),
        413: say("It is more than can be taken at once: send less."),
        503: say("Try again in a while."),
    }
    return advice.get(status, "")


def _report(app: Flask) -> None:
    """What whoever runs the service should know at its start."""
    lacking = assets.remedy()
    if lacking:
        LOG.warning(lacking)
    for name in unknown(os.environ, (f"GEOPLAN_{name}" for name in (*DEFAULTS, *ELSEWHERE))):
        LOG.warning("%s is no setting of this service: a slip of the pen? See docs/deployment.md", name)
