"""Faults in the user's data: one list, every fault with place, value and remedy, in Chinese and English."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Fault:
    """One thing wrong with the data.

    Parameters
    ----------
    code
        Key into the ``faults/*.toml`` catalogues; the sentence and the remedy come from there.
    severity
        ``error`` stops the run, ``warning`` must be read, ``note`` informs.
    file, row, column, value
        Where. ``row`` is the row as a spreadsheet shows it (header = 1, first data row = 2).
    params
        What the sentences need beyond the place.
    """

    code: str
    severity: Severity = "error"
    file: str = ""
    row: int | None = None
    column: str | None = None
    value: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)

    def message(self, language: str = "en") -> str:
        """What is wrong, as a sentence."""
        return _fill(self, language, "message")

    def remedy(self, language: str = "en") -> str:
        """What to do about it, as a sentence."""
        return _fill(self, language, "remedy")

    def place(self) -> str:
        """``file, row n, column c`` as far as known."""
        parts = [self.file] if self.file else []
        if self.row is not None:
            parts.append(f"row {self.row}")
        if self.column:
            parts.append(f"column {self.column}")
        return ", ".join(parts)

    def as_dict(self, language: str = "en") -> dict[str, Any]:
        """The fault as plain data, for JSON and tables."""
        return {
            "code": self.code,
            "severity": self.severity,
            "file": self.file,
            "row": self.row,
            "column": self.column,
            "value": self.value,
            "message": self.message(language),
            "remedy": self.remedy(language),
        }


class InputError(ValueError):
    """The user's data cannot be used; carries every fault found, not the first one."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(faults)
        super().__init__("\n".join(_line(fault) for fault in self.faults))


def raise_errors(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Raise one InputError when any fault is an error, else hand all of them back."""
    found = tuple(faults)
    if any(fault.severity == "error" for fault in found):
        raise InputError(found)
    return found


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Every fault code with ``message_en, remedy_en, message_zh, remedy_zh``; one TOML file a topic."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted((Path(__file__).parent / "faults").glob("*.toml")):
        found.update(tomllib.loads(path.read_text(encoding="utf-8")))
    return found


def _fill(fault: Fault, language: str, part: str) -> str:
    entry = catalogue()[fault.code]
    template = entry.get(f"{part}_{language}") or entry[f"{part}_en"]
    values = {"file": fault.file, "row": fault.row, "column": fault.column, "value": fault.value}
    return template.format_map({**values, **fault.params})


def _line(fault: Fault) -> str:
    place = fault.place()
    shown = f" ({fault.value})" if fault.value is not None else ""
    lead = f"{place}: " if place else ""
    return f"[{fault.severity}] {lead}{fault.message()}{shown} → {fault.remedy()}"
