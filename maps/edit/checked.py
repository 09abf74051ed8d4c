"""A text held against the reader of plan.toml: the same faults as ``check`` finds there, before it is saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import current_app

from geoplan.standards import section_faults
from layers.errors import Fault, InputError
from layers.planfile import plan_data, plan_of
from layers.plankeys import every_key, plan_keys
from maps.edit.kept import FILE


def faults_of(text: str, folder: Path) -> tuple[Fault, ...]:
    """Everything wrong with a text as the plan.toml of a folder: keys, files, standards."""
    try:
        data = plan_data(text)
    except InputError as error:
        return error.faults
    found: list[Fault] = []
    try:
        plan_of(data, folder / FILE, inside=inside(folder))
    except InputError as error:
        found += error.faults
    standards = data.get("standards")
    return (*found, *(section_faults(standards) if isinstance(standards, dict) else ()))


def inside(folder: Path) -> Path | None:
    """The folder that named files must lie in: the plan's own where people log in, as for jobs."""
    return folder if current_app.config["AUTH"] == "login" else None


def field_of(fault: Fault) -> str:
    """The field a fault belongs beside: ``section.key``, an override's norm, a section, or nothing."""
    column = fault.column or ""
    if column.startswith("standards.override."):
        return f"value:{column.removeprefix('standards.override.')}"
    parts = column.split(".")
    if len(parts) > 2 and f"{'.'.join(parts[:3])}" in _answer_fields():
        return ".".join(parts[:3])
    key = ".".join(parts[:2])
    if key in every_key():
        return key
    return parts[0] if any(section.name == parts[0] for section in plan_keys()) else ""


def _answer_fields() -> set[str]:
    return {f"{key.id}.{one}" for key in every_key().values() if key.kind == "answers" for one in key.choices}


def told(fault: Fault, language: str) -> dict[str, Any]:
    """A fault for a page: what and what to do; ``short`` and ``label`` for beside its field, which tells the rest."""
    name = field_of(fault)
    row = {"field": name, "label": "", "message": fault.shown(language), "remedy": fault.remedy(language)}
    row["short"] = row["message"]
    key = every_key().get(".".join(name.split(".")[:2]))
    if fault.code == "plan_key" and key is not None:
        why = str(fault.params["why_zh" if language == "zh" else "why"])
        value = "" if fault.value is None else f" ({fault.value})"
        row |= {"short": f"{why}{value}", "label": key.label(language), "remedy": ""}
    return row
