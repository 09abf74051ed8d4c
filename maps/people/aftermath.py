"""After a request: what was exported or changed goes into the audit trail, what is private stays out of caches."""

from __future__ import annotations

from flask import Flask, Response, current_app, g, request

from maps.desk import DeskError
from maps.people import forgery
from maps.people.guard import SAFE, needed
from maps.people.models import ADMINISTRATOR, PLANNER
from maps.people.trail import audit


def attach(app: Flask) -> None:
    """Put this after every request of an application."""
    app.after_request(_note)
    app.after_request(_finish)


def _note(response: Response) -> Response:
    """Note an export or a change that the route did not note itself; what cannot be noted is not handed out."""
    action = _action(response)
    if action is None or g.get("audited"):
        return response
    plan_id = (request.view_args or {}).get("plan_id")
    try:
        audit(action, plan_id, what=request.endpoint, path=request.path)
    except DeskError as error:
        return current_app.make_response(current_app.handle_user_exception(error))
    return response


def _action(response: Response) -> str | None:
    if request.endpoint in (None, "static") or response.status_code >= 400 or g.get("person") is None:
        return None
    view = current_app.view_functions.get(str(request.endpoint))
    if request.method in SAFE:
        sent = request.method == "GET" and response.status_code in (200, 206)
        return "export" if sent and "attachment" in response.headers.get("Content-Disposition", "") else None
    if needed() in (PLANNER, ADMINISTRATOR) and not getattr(view, "quiet", False):
        return "change"
    return None


def _finish(response: Response) -> Response:
    config = current_app.config
    if response.status_code == 401:
        names = (
            ', Basic realm="geoplan"' if request.path.startswith("/ogc") else ""
        )  # QGIS asks for name and password
        response.headers.setdefault("WWW-Authenticate", f'Bearer realm="geoplan"{names}')
    if "retry_after_s" in g:
        response.headers["Retry-After"] = str(g.retry_after_s)
    if config["AUTH"] == "login" and request.endpoint != "static":
        response.vary.add("Cookie")
        response.vary.add("Authorization")
        response.headers.setdefault("Cache-Control", "private, no-store")
        forgery.remember_visit(response)
    if config["HTTPS"]:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    return response
