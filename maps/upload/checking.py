"""The plan that an upload makes, and what the data doctor says of it; a report is kept with what it was made of."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import shapely

from geoplan.batch.work import told
from geoplan.doctor import SEVERITIES, examine
from geoplan.errors import PlanError
from geoplan.plan import read_layers
from layers.datum import SHIFTED, mainland
from layers.errors import Fault, InputError
from layers.planfile import read_plan
from layers.read import Say
from maps.people.models import stamp
from maps.upload.making import digest_of, in_use, role_twice, text_of
from maps.upload.pins import outline_of, places_of
from maps.upload.preview import Ground, ground_of, plan_of, preview
from maps.upload.record import Upload, write_whole

REPORT = "report.json"
MOST = 2_000
"""Faults kept of a report; the counts hold all."""


@dataclass(frozen=True)
class Report:
    """What the doctor said of one state of an upload."""

    of: str
    at: str
    counts: Mapping[str, int]
    faults: Sequence[Mapping[str, Any]]
    outline: Sequence[Sequence[Sequence[float]]] = ()
    places: Sequence[Sequence[float]] = ()  # number of a fault, longitude, latitude
    shifts: bool = False  # the region lies where maps are shifted


@dataclass(frozen=True)
class Group:
    """Faults of one kind in one file, ticked or not as one."""

    key: str
    faults: tuple[Mapping[str, Any], ...]

    @property
    def first(self) -> Mapping[str, Any]:
        """The fault that speaks for all of them."""
        return self.faults[0]


def check(upload: Upload, folder: Path, *, tell: Say = lambda step: None) -> Report:
    """Write plan.toml, read everything it names, and keep what the doctor says."""
    write_whole(folder / "plan.toml", text_of(upload))
    faults = [*role_twice(upload), *_doctor(folder, tell)]
    counts: Counter[str] = Counter(fault.severity for fault in faults)
    ordered = sorted(faults, key=lambda fault: SEVERITIES.index(fault.severity))[:MOST]
    tell("map")
    ground = ground_of(plan_of(upload, folder), streets=False)
    report = Report(
        of=digest_of(upload),
        at=stamp(),
        counts={name: counts[name] for name in SEVERITIES},
        faults=[{**told(fault), "params": _plain(fault.params)} for fault in ordered],
        outline=(outline := outline_of(ground)),
        places=_places(upload, folder, ordered, ground),
        shifts=any(mainland().contains(shapely.Polygon(ring).representative_point()) for ring in outline),
    )
    write_whole(folder / REPORT, json.dumps(asdict(report), ensure_ascii=False, default=str))
    return report


def _places(upload: Upload, folder: Path, faults: Sequence[Fault], ground: Ground) -> list[list[float]]:
    """Where faults are, as far as a map can show it."""
    tables, schools = {}, None
    for item in in_use(upload):
        found = preview(item, folder, Ground()) if ground.boundary is not None and item.look.sheets else None
        if found is not None:
            name = item.source.rsplit("/", 1)[-1]
            tables[name] = (found, item.datum if item.datum in SHIFTED else "wgs84")
            schools = name if item.role == "schools" else schools
    return [[number, *place] for number, place in places_of(faults, tables, schools)]


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
