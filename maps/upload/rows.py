"""What the pages of an upload show, in the language of the request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from layers.errors import Fault
from layers.incoming.roles import NONE, matched, possible
from layers.incoming.roles import roles as all_roles
from layers.schema import contract
from maps import style
from maps.datapage import severities
from maps.language import day, number, speaker
from maps.upload import checking, drawing, words
from maps.upload.accepting import obstacles
from maps.upload.checking import Group, Report
from maps.upload.making import digest_of
from maps.upload.record import Item, Upload
from maps.upload.saying import STAGES
from maps.upload.staging import folder_of

SHOWN = 100
"""Faults of a group that are listed."""
NEEDED = {
    "boundary": ("boundary",),
    "population": ("raster", "grid", "ages_rasters"),
    "streets": ("streets",),
    "schools": ("schools",),
}


def upload_row(upload: Upload, language: str) -> dict[str, Any]:
    """An upload in the list of unfinished ones."""
    say = speaker(language)
    title = upload.said.get("title_zh" if language == "zh" else "title") or upload.said.get("title")
    first = ", ".join(original.name for original in upload.originals[:3])
    more = len(upload.originals) - 3
    return {
        "id": upload.id,
        "title": title or upload.said.get("plan_id") or say("Without a name"),
        "day": day(upload.at, language),
        "time": upload.at[11:16],
        "person": upload.person,
        "files": first + (say(" and %(more)s more", more=more) if more > 0 else ""),
        "state": state(upload, language),
    }


def state(upload: Upload, language: str) -> str:
    """How far an upload is, in a few words."""
    say = speaker(language)
    report = checking.current_report(upload, folder_of(upload.id))
    if not upload.items:
        return say("no file could be used")
    if report is None:
        return say("not checked")
    if report.counts["error"]:
        return say("%(count)s faults to mend", count=report.counts["error"])
    return say("no faults")


def original_rows(upload: Upload, language: str) -> list[dict[str, Any]]:
    """The files as they were sent."""
    return [
        {
            "name": one.name,
            "size": words.size(one.bytes),
            "sha256": one.sha256,
            "day": day(one.at, language),
        }
        for one in upload.originals
    ]


def item_row(item: Item, language: str) -> dict[str, Any]:
    """A data set in the form that says what each is for."""
    names = words.role_names(language)
    options = [(NONE, names[NONE]), *((role, names[role]) for role in possible(item.look.kind))]
    return {
        "number": item.number,
        "name": item.name,
        "role": item.role,
        "options": options,
        "sheets": [sheet.name for sheet in item.look.sheets] if len(item.look.sheets) > 1 else [],
        "sheet": item.sheet,
        "content": content(item, language),
        "faults": [{"message": one.shown(language), "remedy": one.remedy(language)} for one in item.look.faults],
        "table": bool(item.look.sheets) and item.role != NONE,
        "columns": _columns(item, language),
        "replaced": item.replaced,
        "corrections": len(item.corrections),
    }


def content(item: Item, language: str) -> str:
    """What a data set holds, in a line."""
    say = speaker(language)
    if item.look.kind == "streets":
        return say("street file")
    if item.look.kind == "raster":
        held = item.look.raster
        if not held:
            return say("raster")
        grid = say("raster of %(width)s by %(height)s pixels", width=held["width"], height=held["height"])
        return f"{grid} · {held['crs'] or say('without a coordinate system')}"
    sheet = item.table
    if sheet is None:
        return say("table")
    shapes = say(", ").join(words.geometry_names(language).get(kind, kind) for kind in sheet.geometry)
    rows = "" if sheet.rows is None else say("%(rows)s rows", rows=number(sheet.rows, language))
    columns = say("%(columns)s columns", columns=len(sheet.columns))
    return " · ".join(part for part in (rows, columns, shapes, sheet.crs, item.look.encoding) if part)


def _columns(item: Item, language: str) -> dict[str, Any] | None:
    """How many of the columns that must be there were found."""
    role, sheet = all_roles().get(item.role), item.table
    if role is None or role.table is None or sheet is None:
        return None
    table = contract(role.table)
    found = {*matched(sheet.columns, table), *(name for name, head in item.columns.items() if head), *item.values}
    required = [column.name for column in table.columns if column.required]
    lacking = [name for name in required if name not in found]
    return {"found": len(required) - len(lacking), "of": len(required), "lacking": lacking}


def needed_rows(upload: Upload, language: str) -> list[dict[str, Any]]:
    """What every plan needs, and whether the upload has it."""
    say, used = speaker(language), {item.role for item in upload.items if item.used}
    texts = {
        "boundary": say("Boundary of the region"),
        "population": say("Residents: a raster or a table"),
        "streets": say("Streets: an OpenStreetMap extract"),
        "schools": say("Schools: a table"),
    }
    otherwise = {"population": upload.said.get("control_total"), "schools": upload.said.get("schools_osm")}
    return [
        {"text": texts[name], "there": bool(used & set(roles)) or bool(otherwise.get(name))}
        for name, roles in NEEDED.items()
    ]


def group_rows(groups: Sequence[Group], upload: Upload, language: str) -> list[dict[str, Any]]:
    """Faults by kind: what, what to do, where, and whether it was read."""
    named = severities(language)
    return [
        {
            "key": group.key,
            "severity": group.first["severity"],
            "weight": named.get(group.first["severity"], group.first["severity"]),
            "file": group.first["file"],
            "count": len(group.faults),
            "message": group.first[f"message_{language}"],
            "remedy": group.first[f"remedy_{language}"],
            "faults": [fault_row(fault, language) for fault in group.faults[:SHOWN]],
            "more": max(0, len(group.faults) - SHOWN),
            "ticked": group.key in upload.ticked,
            "table": _table_of(group, upload),
        }
        for group in groups
    ]


def _table_of(group: Group, upload: Upload) -> int | None:
    """The table whose values a group of faults is about, to correct them there."""
    file = group.first["file"].rsplit("/", 1)[-1]
    if not any(fault["row"] is not None and fault["column"] for fault in group.faults):
        return None
    return next(
        (item.number for item in upload.items if item.used and item.table and item.source.endswith(f"/{file}")), None
    )


def _map(upload: Upload, report: Report, language: str) -> str:
    """The faults that have a place, as numbered pins; empty where there are none."""
    if not report.places or not report.outline:
        return ""
    keys = {id(fault): group.key for group in checking.groups(report.faults) for fault in group.faults}
    pins = [
        {
            "lon": lon,
            "lat": lat,
            "number": at,
            "severity": (fault := report.faults[int(number)])["severity"],
            "key": keys[id(fault)],
            "text": f"{at}. {fault['file']} {fault_row(fault, language)['place']} {fault[f'message_{language}']}",
        }
        for at, (number, lon, lat) in enumerate(report.places, start=1)
    ]
    say = speaker(language)
    return drawing.pinned(report.outline, pins, say("Map of the faults"))


def fault_row(fault: Mapping[str, Any], language: str) -> dict[str, Any]:
    """One fault: its place, message and remedy."""
    place = Fault(fault["code"], file="", row=fault["row"], column=fault["column"]).place(language)
    return {
        "place": place,
        "row": fault["row"],
        "column": fault["column"],
        "value": fault["value"],
        "message": fault[f"message_{language}"],
        "remedy": fault[f"remedy_{language}"],
    }


def report_rows(upload: Upload, report: Report | None, language: str) -> dict[str, Any] | None:
    """The doctor's report; ``stale`` where something was changed since."""
    if report is None:
        return None
    return {
        "counts": report.counts,
        "stale": report.of != digest_of(upload),
        "day": day(report.at, language),
        "time": report.at[11:16],
        "groups": group_rows(checking.groups(report.faults), upload, language),
        "map": _map(upload, report, language),
        "elsewhere": bool(report.outline) and not report.shifts and str(upload.said.get("profile")).startswith("cn"),
    }


def page(upload: Upload, language: str) -> dict[str, Any]:
    """Everything the page of an upload shows."""
    report = checking.last_report(folder_of(upload.id))
    return {
        "upload": upload_row(upload, language),
        "said": upload.said,
        "originals": original_rows(upload, language),
        "refused": group_rows(checking.groups(list(upload.refused)), upload, language),
        "items": [item_row(item, language) for item in upload.items],
        "needed": needed_rows(upload, language),
        "profiles": words.profile_names(language),
        "stages": {stage: style.stage_names(language)[stage] for stage in STAGES},
        "report": report_rows(upload, report, language),
        "obstacles": obstacles(upload),
    }


def origin(upload: Upload, language: str) -> dict[str, Any]:
    """How the data of a plan came in."""
    names = words.role_names(language)
    return {
        "person": upload.person,
        "day": day(upload.at, language),
        "originals": original_rows(upload, language),
        "items": [
            {"name": item.name, "path": item.source, "role": names.get(item.role, item.role), "used": item.used}
            for item in upload.items
        ],
        "refused": group_rows(checking.groups(list(upload.refused)), upload, language),
        "ticked": len(upload.ticked),
        "corrections": [{"file": item.name, **one} for item in upload.items for one in item.corrections],
    }
