"""A change of settings on its way from a form, a text or a program to plan.toml."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import abort, request

from layers.errors import InputError
from layers.planfile import plan_data
from maps import workspace
from maps.edit import kept, overrides
from maps.edit.difference import Path, changes, put_on
from maps.edit.document import rewritten
from maps.edit.fields import Data, Form, data_from
from maps.edit.kept import Version
from maps.people import audit, may_change, person
from maps.state import workspace_folder
from maps.workspace import PlanEntry

__all__ = ["FORM", "TEXT", "Data", "Draft", "apart", "changeable", "drafted", "onto", "said", "store"]

FORM, TEXT = "form", "text"


@dataclass(frozen=True)
class Draft:
    """What somebody is writing: the text they began with, what it says now, and the fields they filled."""

    before: str
    text: str
    mode: str
    form: Form = field(default_factory=dict)
    kept_comments: bool = True


def changeable(plan_id: str) -> PlanEntry:
    """A plan whose settings who asks may change; 403 for others."""
    plan = workspace.find_plan(workspace_folder(), plan_id)
    if not may_change(plan_id):
        abort(403, "you may see this plan, not change it")
    return plan


def said(text: str) -> Data:
    """What a text says; nothing where it is no TOML."""
    try:
        return plan_data(text)
    except InputError:
        return {}


def drafted() -> Draft:
    """The draft that the form of the request holds."""
    given = request.form
    before = kept.plain_lines(given.get("before", ""))
    mode = TEXT if given.get("mode") == TEXT else FORM
    if "text" in given:
        return Draft(before, kept.plain_lines(given["text"]), mode)
    form: Form = {name: given.getlist(name) for name in given}
    was = said(before)
    text, commented = rewritten(before, overrides.data_with(form, data_from(form, was), was))
    return Draft(before, text, mode, form, commented)


def onto(plan: PlanEntry, draft: Draft) -> Draft:
    """The changes of a draft on top of what is there by now."""
    now = kept.read_text(plan.folder)
    mine = changes(said(draft.before), said(draft.text))
    text, commented = rewritten(now, put_on(said(now), mine))
    return Draft(now, text, draft.mode, {}, commented)


def store(plan: PlanEntry, before: str, text: str, *, over: str) -> Version:
    """Save a text over the version it was made from, and note it; ChangedError where that is not there any more."""
    told = ", ".join(apart(one.path) for one in changes(said(before), said(text)))

    def noted(version: Version) -> None:
        audit("change", plan.plan_id, settings=told, version=version.name)

    return kept.save(plan.folder, text, over=over, person=person().name, noted=noted)


def apart(path: Path) -> str:
    """The keys of a path with dots between them."""
    return ".".join(path)
