"""What a person says in the forms of an upload, held against what can be said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from geoplan.standards import profiles
from layers.incoming.roles import NONE, guess, possible
from maps.people import person
from maps.people.models import stamp
from maps.upload.record import Item, Upload

TEXTS = {"plan_id": 64, "title": 120, "title_zh": 120}
YEARS = ("population_year", "school_year")
FLAGS = ("schools_osm", "cross_border")
STAGES = ("kindergarten", "primary", "junior", "senior")


def with_roles(upload: Upload, form: Mapping[str, str]) -> Upload:
    """The upload with roles, sheets and the plan's details as a form says them; what is no answer changes nothing."""
    items = tuple(_item(item, form) for item in upload.items)
    said = {**upload.said, **_said(form)}
    return replace(upload, items=items, said=said)


def _item(item: Item, form: Mapping[str, str]) -> Item:
    role = form.get(f"role-{item.number}", item.role)
    role = role if role == NONE or role in possible(item.look.kind) else item.role
    sheets = [sheet.name for sheet in item.look.sheets]
    sheet = form.get(f"sheet-{item.number}", item.sheet)
    several = len(sheets) > 1
    sheet = sheet if several and sheet in sheets else item.sheet
    if several and sheet is None and role != NONE:
        sheet = guess(item.name, item.look).sheet or sheets[0]
    if (role, sheet) == (item.role, item.sheet):
        return item
    return replace(item, role=role, sheet=sheet, columns={}, values={})


def _said(form: Mapping[str, str]) -> dict[str, Any]:
    said: dict[str, Any] = {name: form[name].strip()[:most] for name, most in TEXTS.items() if name in form}
    said |= {name: _number(form[name], 1900, 2200) for name in YEARS if name in form}
    if "control_total" in form:
        said["control_total"] = _number(form["control_total"], 1, 200_000_000)
    if form.get("setting") in ("town", "rural"):
        said["setting"] = form["setting"]
    if form.get("profile") in profiles():
        said["profile"] = form["profile"]
    if "details" in form:
        said |= {name: form.get(name) == "yes" for name in FLAGS}
        chosen = [stage for stage in STAGES if form.get(f"stage-{stage}") == "yes"]
        said["stages"] = chosen if 0 < len(chosen) < len(STAGES) else None
    return said


def _number(text: str, low: int, high: int) -> int | None:
    plain = text.strip().replace(",", "").replace(" ", "")
    return int(plain) if plain.isascii() and plain.isdigit() and low <= int(plain[:12]) <= high else None


def with_ticks(upload: Upload, keys: Mapping[str, bool]) -> Upload:
    """The upload with notices ticked as read, or no longer, by who asks."""
    ticked = {key: dict(by) for key, by in upload.ticked.items() if keys.get(key, True)}
    for key, on in keys.items():
        if on and key not in ticked:
            ticked[key] = {"person": person().name, "at": stamp()}
    return replace(upload, ticked=ticked)
