"""The plan.toml that an upload makes: what each file is for, how it is read, and what a person added."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from layers.errors import Fault
from layers.incoming.plantext import Use, plan_text
from layers.incoming.roles import roles
from maps.upload.record import Item, Upload

NAMES = ("plan_id", "title", "title_zh")
"""What a person says of a plan that changes nothing in how its data are read."""
HEAVY_BYTES, STREETS_WEIGH = 80_000_000, 20
"""More than so many bytes are checked by the worker; a byte of streets takes as long as so many others."""
SEVERAL = ("ages_rasters",)
"""Roles that several files may have."""


def text_of(upload: Upload) -> str:
    """plan.toml as the upload says it now."""
    return plan_text(_head(upload), [_use(item) for item in in_use(upload)])


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
        **({"coverage": {"stages": said["stages"]}} if said.get("stages") else {}),
    }


def in_use(upload: Upload) -> list[Item]:
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


def heavy(upload: Upload, folder: Path) -> bool:
    """Whether reading the files in use takes longer than a page may; streets are slow the first time only."""
    again = (folder / "cache").is_dir()
    weights = {"streets": 1 if again else STREETS_WEIGH}
    sizes = [(folder / item.source).stat().st_size * weights.get(item.role, 1) for item in in_use(upload)]
    return sum(sizes) > HEAVY_BYTES


def _use(item: Item) -> Use:
    return Use(item.role, item.source, item.sheet, item.columns, item.datum, item.crs, item.values)


def role_twice(upload: Upload) -> list[Fault]:
    """A fault for every file whose role another file has."""
    kept = {item.number for item in in_use(upload)}
    first = {item.role: item.name for item in in_use(upload)}
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
