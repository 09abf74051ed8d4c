"""Requests other sites make in a person's name: told by where they come from, and by the token they cannot know."""

from __future__ import annotations

import hmac
import secrets
from urllib.parse import urlsplit

from flask import Response, abort, current_app, g, request
from werkzeug.sansio.utils import host_is_trusted

from maps.people import sessions
from maps.people.secret import signed

VISIT = "geoplan_visit"  # a cookie of who has not logged in, for the log-in form


def csrf_token() -> str:
    """The token of forms and scripts: bound to the session, before the log-in to the visit."""
    if current_app.config["AUTH"] == "open":
        return ""
    return signed(_holder(), "form")


def check_host() -> None:
    """Answer only to the names this server has, where they are set: a page elsewhere cannot pose as this one."""
    hosts = current_app.config["HOSTS"]
    if hosts and not host_is_trusted(request.host, hosts):
        abort(400, "this server has another name; its names are set by GEOPLAN_HOSTS")


def check_origin() -> None:
    """Refuse a writing request that a browser sends for a page of another site."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None:
        foreign = site not in ("same-origin", "none")
    else:
        foreign = origin is not None and urlsplit(origin).netloc != request.host
    if foreign:
        abort(400, "the request comes from another site")


def check_token() -> None:
    """Refuse a writing request without the token of its session (form field ``csrf_token`` or ``X-CSRFToken``)."""
    given = request.headers.get("X-CSRFToken") or request.form.get("csrf_token") or ""
    if not hmac.compare_digest(given.encode(), csrf_token().encode()):
        abort(400, "the page was too old or the request came from elsewhere: load the page again and repeat")


def remember_visit(response: Response) -> None:
    """Send the cookie of a visit that began with this answer."""
    if "new_visit" in g:
        sessions.set_cookie(response, VISIT, g.new_visit)


def _holder() -> str:
    who = g.get("person")
    if who is not None and who.id:
        return f"session {sessions.current()}"
    visit = request.cookies.get(VISIT) or g.get("new_visit")
    if not visit:
        visit = g.new_visit = secrets.token_urlsafe(24)
    return f"visit {visit}"
