"""The guard before every request: who asks, what the route needs, whether the plan may be seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import Flask, abort, current_app, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from maps.people import access, forgery, limits, sessions, tokens
from maps.people.access import Entry
from maps.people.models import ANYONE, NOBODY, OWN, PLANNER, ROLES, VIEWER, Person, database, lower_role

View = TypeVar("View", bound=Callable[..., Any])
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
PUBLIC = frozenset({"static", "operation.healthz", "operation.readyz"})  # besides what says needs("anyone")


def person() -> Person:
    """Who asks; in the open mode ``local``, a planner, or a viewer where the server is read only."""
    if "person" not in g:
        g.person = _identify()
    who: Person = g.person
    return who


def may_see(plan_id: str) -> bool:
    """Whether who asks may see a plan; answer 404 where not."""
    return access.sees(plan_id, person())


def may_change(plan_id: str) -> bool:
    """Whether who asks may edit and run a plan."""
    return access.changes(plan_id, person())


def may_share(plan_id: str) -> bool:
    """Whether who asks may say who sees a plan."""
    return current_app.config["AUTH"] == "login" and access.owns(plan_id, person())


def visible(plans: Iterable[Entry]) -> list[Entry]:
    """The plans of a list that who asks may see."""
    return access.seen(plans, person())


def own(plan_id: str) -> None:
    """Make who asks the owner of a plan they brought in: nobody but administrators sees it until it is shared."""
    if person().id:
        access.grant(plan_id, person().id, OWN)


def needs(role: str, *, quiet: bool = False, costly: bool = False) -> Callable[[View], View]:
    """Say which role a route needs, below the route's own decorator; others are answered 403.

    A route that says nothing needs a viewer for reading and a planner for POST, PUT, PATCH and DELETE. A writing
    route of planners that names a ``plan_id`` also needs the right to change that plan, and is noted in the audit
    trail when it does not note itself; ``quiet`` leaves that out, for what changes nothing that is kept. ``costly``
    lets one person ask only GEOPLAN_COSTLY_PER_MINUTE times a minute.
    """
    if role not in ROLES:
        raise ValueError(role)

    def mark(view: View) -> View:
        view.needs, view.quiet, view.costly = role, quiet, costly  # type: ignore[attr-defined]
        return view

    return mark


def needed() -> str:
    """The role that the route of the request needs."""
    said = _said("needs")
    if said is not None:
        return str(said)
    if request.endpoint in PUBLIC:
        return ANYONE
    return VIEWER if request.method in SAFE else PLANNER


def attach(app: Flask) -> None:
    """Put the guard before every request of an application."""
    app.before_request(_check)
    app.context_processor(
        lambda: {"who_asks": g.get("person", NOBODY), "csrf_token": forgery.csrf_token, "may_share": may_share}
    )


def log_in_address() -> str:
    """Where to log in and come back to the page of the request."""
    asked = request.full_path.rstrip("?") if request.method in SAFE else url_for("pages.counties")
    query = {"next": asked} | ({"lang": request.args["lang"]} if "lang" in request.args else {})
    return f"{url_for('people.log_in')}?{urlencode(query)}"


def _said(what: str) -> Any:
    return getattr(current_app.view_functions.get(request.endpoint or ""), what, None)


def _identify() -> Person:
    most = VIEWER if current_app.config["READ_ONLY"] else ROLES[-1]
    if current_app.config["AUTH"] == "open":
        return Person(0, "local", lower_role(most, PLANNER))
    token = _token()
    if token is not None:
        found = tokens.find(database(), token)
        if found is None:
            abort(401, "the token is not known or is revoked")
        g.by_token = True
    else:
        cookie = sessions.current()
        found = sessions.find(database(), cookie) if cookie else None
    return NOBODY if found is None else Person(found.id, found.name, lower_role(most, found.role))


def _token() -> str | None:
    """The token of a script: as bearer, or as the password of programs that know only names and passwords."""
    given = request.authorization
    if given is None:
        return None
    return (given.token if given.type == "bearer" else given.get("password")) or ""


def _check() -> AnyResponse | None:
    if request.endpoint in PUBLIC:
        return None
    forgery.check_host()
    role, writes = needed(), request.method not in SAFE
    if writes:
        forgery.check_origin()
    who = person()
    if request.endpoint is None:
        return None
    if role != ANYONE and not who.has(VIEWER):
        return _unknown()
    if writes and current_app.config["AUTH"] == "login":
        if not g.get("by_token"):
            forgery.check_token()
        _not_too_often(who)
    _may(who, role, writes)
    return None


def _may(who: Person, role: str, writes: bool) -> None:
    plan_id = (request.view_args or {}).get("plan_id")
    if not who.has(role) or (g.get("by_token") and request.blueprint == "people"):
        abort(403, "your role does not allow this")  # whether or not there is such a plan
    if role != ANYONE and plan_id is not None and not may_see(plan_id):
        raise access.not_here(plan_id)
    if plan_id is not None and writes and role not in (ANYONE, VIEWER) and not may_change(plan_id):
        abort(403, "you may see this plan, not change it")


def _unknown() -> AnyResponse:
    """A person is sent to the log-in page, a program told 401."""
    page = request.accept_mimetypes.best == "text/html" or "text/html" in request.accept_mimetypes.values()
    if page and not request.path.startswith("/api/"):
        return redirect(log_in_address())
    abort(401, "log in, or send a token: Authorization: Bearer …")


def _not_too_often(who: Person) -> None:
    by = f"{who.id} {request.remote_addr if not who.id else ''}"
    writes = limits.wait_s(by, "", current_app.config["WRITES_PER_MINUTE"])
    costly = (
        limits.wait_s(by, str(request.endpoint), current_app.config["COSTLY_PER_MINUTE"]) if _said("costly") else 0
    )
    if writes or costly:
        g.retry_after_s = max(writes, costly)
        abort(429, f"too many requests: try again in {g.retry_after_s} seconds")
