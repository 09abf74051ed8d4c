"""The ``[standards]`` section of a plan held against the profiles there are, before anything is read or computed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from geoplan.errors import PlanError
from geoplan.standards.norm import Standards
from geoplan.standards.override import misfits
from geoplan.standards.profile import load, profiles
from layers.errors import Fault


def section_faults(section: Mapping[str, Any]) -> list[Fault]:
    """Every fault of profile, date and the county's own values; what is of the wrong type is left to the reader."""
    profile, on, override = (section.get(key) for key in ("profile", "on", "override"))
    known = ", ".join(profiles())
    faults = []
    if isinstance(profile, str) and profile not in profiles():
        faults.append(_fault("standards_profile", "profile", profile, known=known))
    if isinstance(on, str) and not _is_date(on):
        faults.append(_fault("standards_date", "on", on))
    standards = known_standards(section)
    if standards is not None and isinstance(override, Mapping):
        faults += misfits(standards.norms, override)
    return faults


def known_standards(section: Mapping[str, Any]) -> Standards | None:
    """The profile of a section on its date, without the county's own values; None where there is no such profile."""
    profile, on = section.get("profile", "neutral"), section.get("on")
    try:
        return load(profile, on=on if isinstance(on, str) and _is_date(on) else None)
    except (PlanError, TypeError):
        return None


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _fault(code: str, key: str, value: str, **params: str) -> Fault:
    return Fault(code, file="plan.toml", column=f"standards.{key}", value=value[:80], params=params)
