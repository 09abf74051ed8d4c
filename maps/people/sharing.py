"""Who may see and change a plan: the page of its owner and of administrators."""

from __future__ import annotations

from flask import abort, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from maps import story, workspace
from maps.language import speaker
from maps.people import access, accounts
from maps.people.blueprint import pages
from maps.people.guard import needs, person
from maps.people.models import LEVELS, OWN, PLANNER, database
from maps.people.telling import level_names, notice
from maps.people.trail import audit
from maps.people.words import RefusedError
from maps.state import language_links, request_language, workspace_folder


@pages.get("/plans/<plan_id>/people")
@needs(PLANNER)
def sharing(plan_id: str) -> AnyResponse:
    """Who is on a plan's access list."""
    return _page(_owned(plan_id))


@pages.post("/plans/<plan_id>/people")
@needs(PLANNER)
def share(plan_id: str) -> AnyResponse:
    """Give a right, take one away, or open the plan to everyone logged in: what ``do`` says."""
    plan = _owned(plan_id)
    action = {"grant": _grant, "withdraw": _withdraw, "open": _open}.get(request.form.get("do", ""))
    if action is None:
        return _page(plan)
    try:
        done = action(plan_id)
    except RefusedError as refusal:
        return _page(plan, refusal)
    if not access.owns(plan_id, person()):
        return redirect(url_for("pages.counties", lang=request_language()), 303)
    return redirect(url_for("people.sharing", plan_id=plan_id, done=done, lang=request_language()), 303)


def _owned(plan_id: str) -> workspace.PlanEntry:
    plan = workspace.find_plan(workspace_folder(), plan_id)
    if not access.owns(plan_id, person()):
        abort(403, "the plan's owner and administrators say who may see it")
    return plan


def _grant(plan_id: str) -> str:
    level = request.form.get("level", "")
    if level not in LEVELS:
        raise RefusedError("level", "level")
    who = accounts.existing(database(), request.form.get("name", "")).person
    if level != OWN:
        _keep_an_owner(plan_id, who.id)
    access.grant(plan_id, who.id, level)
    audit("grant", plan_id, to=who.name, level=level)
    return "shared"


def _withdraw(plan_id: str) -> str:
    number = request.form.get("person", type=int, default=0)
    listed = {one.person_id: one for one in access.listed(plan_id)}
    if number not in listed:
        return "shared"
    if len(listed) == 1:
        raise RefusedError("last_entry", "person")
    _keep_an_owner(plan_id, number)
    access.withdraw(plan_id, number)
    audit("withdraw", plan_id, of=listed[number].name)
    return "shared"


def _open(plan_id: str) -> str:
    access.withdraw(plan_id, None)
    audit("open", plan_id)
    return "opened"


def _keep_an_owner(plan_id: str, leaving: int) -> None:
    """RefusedError where a list would lose its last owner, but to administrators, who own every plan."""
    listed = access.listed(plan_id)
    was = any(one.person_id == leaving and one.level == OWN for one in listed)
    if was and not any(one.level == OWN and one.person_id != leaving for one in listed):
        raise RefusedError("last_owner", "name")


def _page(plan: workspace.PlanEntry, refusal: RefusedError | None = None) -> AnyResponse:
    language = request_language()
    names = level_names(language)
    listed = access.listed(plan.plan_id)
    body = render_template(
        "sharing.html",
        plan_id=plan.plan_id,
        title=story.local_text(plan.texts, "title", language),
        listed=[{"id": one.person_id, "name": one.name, "right": names[one.level]} for one in listed],
        levels=[(level, names[level]) for level in LEVELS],
        given=request.form if refusal else {},
        errors={refusal.field: refusal.told(speaker(language))} if refusal else {},
        notice=notice(request.args.get("done"), language),
        languages=language_links(),
    )
    return make_response(body, 422 if refusal else 200)
