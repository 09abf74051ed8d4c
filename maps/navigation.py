"""One navigation for all pages: where one may go, the tabs of a plan, and where one is.

A link is shown when its page is there and open to who asks, so that pages find their place here by their address.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import current_app, request, url_for

from geoplan.errors import PlanError
from layers.errors import InputError
from maps import story, workspace
from maps.language import speaker
from maps.people import may_change, person
from maps.safety import facts as safety
from maps.siting import facts as siting
from maps.state import State, request_language, workspace_folder
from maps.workspace import PlanEntry

PLAN = "/plans/<plan_id>"
MAIN = ("/", "/jobs", "/upload", "/docs", "/people")
TABS = ("", "/safety", "/siting", "/compare", "/data", "/edit")


@dataclass(frozen=True)
class Place:
    """A page one can go to."""

    name: str
    href: str
    current: bool


@dataclass(frozen=True)
class PlanBar:
    """What stands above every page of a plan."""

    title: str
    tabs: tuple[Place, ...]


def main_places() -> tuple[Place, ...]:
    """The pages of the header that are there and open to who asks."""
    roles = {"/upload": "planner", "/people": "administrator"}
    who = person()
    found = []
    for page in MAIN:
        endpoint = _endpoint(page)
        open_to = who.has(roles.get(page, "viewer")) and (page != "/people" or bool(who.id))
        if endpoint and open_to:
            found.append(Place(_name(page), url_for(endpoint, lang=request_language()), _within(page)))
    return tuple(found)


def plan_bar(state: State | None = None) -> PlanBar | None:
    """Title and tabs of the plan the request is about; None where it is about none.

    Parameters
    ----------
    state
        The state of the page, which the tabs keep; without it the plan's newest run is looked at.
    """
    plan_id = (request.view_args or {}).get("plan_id")
    plan = state.plan if state else _plan(plan_id)
    if plan is None:
        return None
    title = story.local_text(plan.texts, "title", request_language()) or plan.plan_id
    return PlanBar(title, tuple(_tabs(plan, state)))


def _tabs(plan: PlanEntry, state: State | None) -> list[Place]:
    there = _held(plan, state)
    found = []
    for page in TABS:
        endpoint = _endpoint(PLAN + page)
        if not endpoint or page not in there:
            continue
        href = state.address(endpoint) if state else url_for(endpoint, plan_id=plan.plan_id, lang=request_language())
        current = request.url_rule is not None and request.url_rule.rule == PLAN + page
        found.append(Place(_name(page), href, current))
    return found


def _held(plan: PlanEntry, state: State | None) -> set[str]:
    """Which tabs have something to show."""
    there = {"/edit"} if may_change(plan.plan_id) else set()
    if not plan.runs:
        return there
    run = state.run if state else workspace.open_run(plan.runs[0].path)
    there |= {"", "/data", "/compare"}
    there |= {page for page, held in (("/safety", safety.present(run)), ("/siting", siting.present(run))) if held}
    return there


def _plan(plan_id: Any) -> PlanEntry | None:
    if not plan_id:
        return None
    try:
        return workspace.find_plan(workspace_folder(), str(plan_id))
    except (PlanError, InputError):
        return None


def _endpoint(rule: str) -> str | None:
    """The endpoint that answers an address, if there is one."""
    rules = current_app.url_map.iter_rules()
    return next((one.endpoint for one in rules if one.rule == rule and "GET" in (one.methods or ())), None)


def _name(page: str) -> str:
    say = speaker(request_language())
    names = {
        "/": say("Counties"),
        "/jobs": say("Jobs"),
        "/upload": say("Bring in data"),
        "/docs": say("Help"),
        "/people": say("People"),
        "": say("Coverage"),
        "/safety": say("Route safety"),
        "/siting": say("New places"),
        "/compare": say("Compare"),
        "/data": say("Data"),
        "/edit": say("Settings"),
    }
    return names[page]


def _within(page: str) -> bool:
    return request.path == page if page == "/" else request.path == page or request.path.startswith(f"{page}/")
