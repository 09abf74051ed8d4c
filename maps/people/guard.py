"""The guard before every request: who asks, what the route needs, whether the plan may be seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from flask import Flask, abort, current_app, g, request

from maps.people import access
from maps.people.access import Entry
from maps.people.models import ANYONE, NOBODY, OWN, PLANNER, ROLES, VIEWER, Person, lower_role

View = TypeVar("View", bound=Callable[..., Any])
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
PUBLIC = frozenset({"static", "pages.healthz"})  # besides what says needs("anyone")


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


def visible(plans: Iterable[Entry]) -> list[Entry]:
    """The plans of a list that who asks may see."""
    return access.seen(plans, person())


def own(plan_id: str) -> None:
    """Make who asks the owner of a plan they brought in: nobody but administrators sees it until it is shared."""
    if person().id:
        access.grant(plan_id, person().id, OWN)


def needs(role: str, *, quiet: bool = False) -> Callable[[View], View]:
    """Say which role a route needs, below the route's own decorator; others are answered 403.

    A route that says nothing needs a viewer for reading and a planner for POST, PUT, PATCH and DELETE. A writing
    route of planners that names a ``plan_id`` also needs the right to change that plan, and is noted in the audit
    trail when it does not note itself; ``quiet`` leaves that out, for what changes nothing that is kept.
    """
    if role not in ROLES:
        raise ValueError(role)

    def mark(view: View) -> View:
        view.needs, view.quiet = role, quiet  # type: ignore[attr-defined]
        return view

    return mark


def needed() -> str:
    """The role that the route of the request needs."""
    view = current_app.view_functions.get(request.endpoint or "")
    said = getattr(view, "needs", None)
    if said is not None:
        return str(said)
    if request.endpoint in PUBLIC:
        return ANYONE
    return VIEWER if request.method in SAFE else PLANNER


def attach(app: Flask) -> None:
    """Put the guard before every request of an application."""
    app.before_request(_check)


def _identify() -> Person:
    role = VIEWER if current_app.config.get("READ_ONLY") else ROLES[-1]
    if current_app.config["AUTH"] == "open":
        return Person(0, "local", lower_role(role, PLANNER))
    return NOBODY


def _check() -> None:
    if request.endpoint is None:
        return
    role = needed()
    if role == ANYONE:
        return
    if not person().has(VIEWER):
        abort(401)
    plan_id = (request.view_args or {}).get("plan_id")
    if plan_id is not None and not may_see(plan_id):
        raise access.not_here(plan_id)
    if not person().has(role):
        abort(403)
    if plan_id is not None and request.method not in SAFE and role != VIEWER and not may_change(plan_id):
        abort(403)
