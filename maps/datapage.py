"""Rows of the data page: faults with place and remedy, and the standards a run was measured by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from geoplan.run import Run
from geoplan.standards import Norm
from layers.errors import Fault
from maps.language import speaker
from maps.story import standards_of


def fault_rows(run: Run, language: str) -> tuple[dict[str, Any], ...]:
    """Warnings and notes about the input, each with place, message and remedy in the language."""
    return tuple(_fault(dict(fault), language) for fault in run.summary.get("warnings") or [])


def _fault(stored: Mapping[str, Any], language: str) -> dict[str, Any]:
    fields = ("code", "severity", "file", "row", "column", "value", "params")
    fault = Fault(**{key: stored[key] for key in fields if stored.get(key) is not None})
    texts = {part: stored.get(part, "") for part in ("message", "remedy")}
    with suppress(KeyError, IndexError, ValueError):  # a code of another version, or its parameters were not kept
        texts = {"message": fault.message(language), "remedy": fault.remedy(language)}
    return {**stored, **texts, "place": fault.place()}


def severities(language: str) -> dict[str, str]:
    """What the weights of faults are called."""
    say = speaker(language)
    return {"error": say("Error"), "warning": say("Warning"), "note": say("Note")}


def standard_rows(run: Run) -> tuple[Norm, ...]:
    """Norms named by the rules of any stage, by id; none when the profile is not known here."""
    wanted = {str(rule.get("id")) for rule in _rules(run)}
    standards = standards_of(run)
    norms = standards.norms if standards else {}
    return tuple(norms[name] for name in sorted(wanted) if name in norms)


def _rules(run: Run) -> Iterable[Mapping[str, Any]]:
    for facts in run.summary.get("stages", {}).values():
        yield from facts.get("rules", [])
