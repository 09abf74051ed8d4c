"""The page that edits a plan's settings: as a form or as text, checked, compared, saved, brought back."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from geoplan.errors import NotFoundError, PlanError
from layers.errors import Fault
from maps import story
from maps.edit import kept, overrides, rows
from maps.edit.change import FORM, TEXT, Draft, changeable, drafted, onto, said, store
from maps.edit.checked import faults_of
from maps.edit.difference import both, changes
from maps.edit.fields import form_of
from maps.edit.kept import ChangedError, Version
from maps.edit.stale import run_of_other_settings
from maps.jobs.rows import moment
from maps.people import needs
from maps.state import language_links, request_language
from maps.workspace import PlanEntry

pages = Blueprint("edit", __name__)

SHOWN_VERSIONS = 50


@pages.get("/plans/<plan_id>/edit")
@needs("planner")
def edit(plan_id: str) -> AnyResponse:
    """plan.toml as a form, or with ``as=text`` as text."""
    plan = changeable(plan_id)
    text = kept.read_text(plan.folder)
    draft = Draft(text, text, TEXT if request.args.get("as") == TEXT else FORM)
    faults = faults_of(text, plan.folder)
    return _form_page(plan, draft, faults, saved=request.args.get("saved", ""))


@pages.post("/plans/<plan_id>/edit")
@needs("planner", quiet=True)
def change(plan_id: str) -> AnyResponse:
    """Check a draft and show what it changes, search norms, go back to writing, or save: what ``do`` says."""
    plan = changeable(plan_id)
    draft = drafted()
    action = request.form.get("do", "check")
    if action in ("search", "write"):
        return _form_page(plan, draft, faults_of(draft.text, plan.folder) if action == "search" else ())
    if action == "onto":
        draft = onto(plan, draft)
    faults = faults_of(draft.text, plan.folder)
    if faults:
        return _form_page(plan, draft, faults, status=422)
    now = kept.current(plan.folder)
    if now.etag != kept.etag_of(draft.before):
        return _conflict_page(plan, draft, now)
    if action != "save":
        return _difference_page(plan, draft)
    try:
        saved = store(plan, draft.before, draft.text, over=now.etag)
    except ChangedError as error:
        return _conflict_page(plan, draft, error.now)
    except PlanError as error:  # a full disk, a lost database: what was entered stays
        return _difference_page(plan, draft, trouble=str(error))
    return redirect(url_for("edit.edit", plan_id=plan_id, saved=saved.name, lang=request_language()), 303)


@pages.get("/plans/<plan_id>/edit/versions/<version>")
@needs("planner")
def earlier(plan_id: str, version: str) -> str:
    """An earlier version: its text, what is different now, and the button that brings it back."""
    plan = changeable(plan_id)
    text = kept.version_text(plan.folder, version)
    found = next((one for one in kept.versions(plan.folder) if one.name == version), None)
    if found is None:
        raise NotFoundError(f"the plan has no earlier version {version[:64]!r}")
    before = kept.read_text(plan.folder)
    language = request_language()
    return render_template(
        "edit_version.html",
        **_head(plan),
        version=_version_row(found, language),
        text=text,
        before=before,
        same=text == before,
        changes=rows.change_rows(changes(said(before), said(text)), language),
    )


def _form_page(
    plan: PlanEntry, draft: Draft, faults: tuple[Fault, ...] = (), *, saved: str = "", status: int = 200
) -> AnyResponse:
    language, data = request_language(), said(draft.text)
    readable = bool(data) or not draft.text.strip()
    mode = draft.mode if readable else TEXT
    form = form_of(data) | overrides.override_form(data) | draft.form
    search = draft.form.get("norms", [""])[0]
    groups = rows.fault_groups(faults, language)
    sections = rows.form_rows(plan.folder, form, data, language)
    names = {row["name"] for section in sections for row in section["fields"]} | {one["name"] for one in sections}
    norms = rows.norm_rows(data, form, search, language)
    names |= {f"value:{row['id']}" for row in norms}
    body = render_template(
        "edit.html",
        **_head(plan),
        mode=mode,
        readable=readable,
        draft=draft,
        sections=sections,
        norms=norms,
        search=search,
        faults=groups,
        loose=[one for name, group in groups.items() if name not in names or mode == TEXT for one in group],
        placed=[one for name, group in groups.items() if name in names and mode == FORM for one in group],
        saved=saved if kept.NAME.fullmatch(saved) else "",
        versions=[_version_row(one, language) for one in kept.versions(plan.folder)[:SHOWN_VERSIONS]],
        now=_version_row(kept.current(plan.folder), language),
        stale=run_of_other_settings(plan),
    )
    return make_response(body, status)


def _difference_page(plan: PlanEntry, draft: Draft, *, trouble: str = "") -> AnyResponse:
    found = changes(said(draft.before), said(draft.text))
    body = render_template(
        "edit_difference.html",
        **_head(plan),
        draft=draft,
        changes=rows.change_rows(found, request_language()),
        same=draft.before == draft.text,
        trouble=trouble,
    )
    return make_response(body, 503 if trouble else 200)


def _conflict_page(plan: PlanEntry, draft: Draft, now: Version) -> AnyResponse:
    language = request_language()
    there = said(kept.read_text(plan.folder))
    was = said(draft.before)
    mine, theirs = changes(was, said(draft.text)), changes(was, there)
    pairs = both(mine, theirs)
    shown = [
        {**rows.change_row(one, language), "theirs": rows.change_row(other, language)["new"] if other else None}
        for one, other in pairs
    ]
    others = [one for one in theirs if one.path not in {change.path for change in mine}]
    body = render_template(
        "edit_conflict.html",
        **_head(plan),
        draft=draft,
        now=_version_row(now, language),
        pairs=shown,
        others=rows.change_rows(others, language),
        crossing=any(other for _, other in pairs),
    )
    return make_response(body, 409)


def _head(plan: PlanEntry) -> dict[str, Any]:
    language = request_language()
    return {
        "plan_id": plan.plan_id,
        "title": story.local_text(plan.texts, "title", language),
        "has_run": bool(plan.runs),
        "languages": language_links()
        if request.method == "GET"
        else [{"current": True}],  # a link would lose the draft
    }


def _version_row(version: Version, language: str) -> dict[str, Any]:
    said = {"name": version.name, "person": version.person, "etag": version.etag}
    return {**said, "when": moment(version.at, language)}
