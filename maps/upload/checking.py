"""The plan that an upload makes, and what the data doctor says of it; a report is kept with what it was made of."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from geoplan.batch.work import told
from geoplan.doctor import SEVERITIES, examine
from geoplan.errors import PlanError
from geoplan.plan import read_layers
from layers.errors import Fault, InputError
from layers.incoming.plantext import Use, plan_text
from layers.incoming.roles import roles
from layers.planfile import read_plan
from layers.read import Say
from maps.people.models import stamp
from maps.upload.record import Item, Upload, write_whole

REPORT = "report.json"
MOST = 2_000
"""Faults kept of a report; the counts hold all."""
NAMES = ("plan_id", "title", "title_zh")
SEVERAL = ("ages_rasters",)


@dataclass(frozen=True)
class Report:
    """What the doctor said of one state of an upload."""

    of: str
    at: str
    counts: Mapping[str, int]
    faults: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Group:
    """Faults of one kind in one file, ticked or not as one."""

    key: str
    faults: tuple[Mapping[str, Any], ...]

    @property
    def first(self) -> Mapping[str, Any]:
        """The fault that speaks for all of them."""
        return self.faults[0]


def text_of(upload: Upload) -> str:
    """plan.toml as the upload says it now."""
    return plan_text(_head(upload), [_use(item) for item in _in_use(upload)])


def _head(upload: Upload) -> dict[str, dict[str, Any]]:
    said = upload.said
    sources = {item.role for item in upload.items if item.used}
    spread = not sources & {"raster", "grid", "ages_rasters"} and bool(said.get("control_total"))
    from_map = "schools" not in sources and bool(said.get("schools_osm"))
    return {
        "plan": {
            "name": said.get("plan_id") or "plan",
            "title": said.get("title"),
            "title_zh": said.get("title_zh"),
            "language": said.get("language"),
        },
        "region": {"setting": said.get("setting"), "cross_border": said.get("cross_border") or None},
        "population": {
            "buildings": spread or None,
            "year": said.get("population_year"),
            "control_total": said.get("control_total"),
        },
        "schools": {"osm": from_map or None, "year": said.get("school_year")},
        "standards": {"profile": said.get("profile")},
    }


def _in_use(upload: Upload) -> list[Item]:
    """Items the plan names, the first of each role, in the order of roles."""
    order = list(roles())
    used = sorted(
        (item for item in upload.items if item.used), key=lambda item: (order.index(item.role), item.number)
    )
    kept: list[Item] = []
    for item in used:
        if item.role in SEVERAL or item.role not in {one.role for one in kept}:
            kept.append(item)
    return kept


def _use(item: Item) -> Use:
    return Use(item.role, item.source, item.sheet, item.columns, item.datum, item.crs)


def _twice(upload: Upload) -> list[Fault]:
    """A fault for every file whose role another file has."""
    kept = {item.number for item in _in_use(upload)}
    first = {item.role: item.name for item in _in_use(upload)}
    return [
        Fault("incoming_role_twice", file=item.name, value=first[item.role])
        for item in upload.items
        if item.used and item.number not in kept
    ]


def digest_of(upload: Upload) -> str:
    """What a report is a report of: the plan but for its names, and which file serves for what."""
    used = [(item.number, item.role, item.source, item.replaced) for item in upload.items]
    nameless = replace(upload, said={name: value for name, value in upload.said.items() if name not in NAMES})
    return hashlib.sha256(json.dumps([text_of(nameless), used]).encode()).hexdigest()


def check(upload: Upload, folder: Path, *, tell: Say = lambda step: None) -> Report:
    """Write plan.toml, read everything it names, and keep what the doctor says."""
    write_whole(folder / "plan.toml", text_of(upload))
    faults = [*_twice(upload), *_doctor(folder, tell)]
    counts: Counter[str] = Counter(fault.severity for fault in faults)
    ordered = sorted(faults, key=lambda fault: SEVERITIES.index(fault.severity))[:MOST]
    kept = [{**told(fault), "params": _plain(fault.params)} for fault in ordered]
    report = Report(digest_of(upload), stamp(), {name: counts[name] for name in SEVERITIES}, kept)
    text = {"of": report.of, "at": report.at, "counts": report.counts, "faults": report.faults}
    write_whole(folder / REPORT, json.dumps(text, ensure_ascii=False, default=str))
    return report


def _doctor(folder: Path, tell: Say) -> list[Fault]:
    try:
        read_plan(folder, inside=folder)
        layers = read_layers(folder, say=tell)
        tell("doctor")
        return [*layers.faults, *examine(layers)]
    except InputError as error:
        return list(error.faults)
    except PlanError as error:
        return [Fault("incoming_plan", file="plan.toml", value=str(error)[:200])]


def _plain(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in params.items() if isinstance(value, (str, int, float, list, tuple))}


def last_report(folder: Path) -> Report | None:
    """The report kept in a folder; None where there is none."""
    try:
        return Report(**json.loads((folder / REPORT).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def current_report(upload: Upload, folder: Path) -> Report | None:
    """The report of the upload as it is now; None where something was changed since."""
    report = last_report(folder)
    return report if report is not None and report.of == digest_of(upload) else None


def groups(faults: Sequence[Mapping[str, Any]]) -> list[Group]:
    """Faults by kind and file, in their order. The key of a group changes with what is in it."""
    found: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for fault in faults:
        found.setdefault((fault["severity"], fault["code"], fault["file"]), []).append(fault)
    return [Group(_key(part), tuple(part)) for part in found.values()]


def _key(faults: Sequence[Mapping[str, Any]]) -> str:
    held = [[fault.get(name) for name in ("code", "file", "row", "column", "value")] for fault in faults]
    params = [fault.get("params") for fault in faults]
    return hashlib.sha256(json.dumps([held, params], sort_keys=True, default=str).encode()).hexdigest()[:16]


def to_tick(upload: Upload, report: Report | None) -> list[Group]:
    """What a person must have read before the plan is accepted: refused files, and every warning."""
    warnings = [] if report is None else [fault for fault in report.faults if fault["severity"] == "warning"]
    return [*groups(list(upload.refused)), *groups(warnings)]


def unticked(upload: Upload, report: Report | None) -> list[Group]:
    """What of it was not read yet."""
    return [group for group in to_tick(upload, report) if group.key not in upload.ticked]
