"""Faults in the user's data: one list, every fault with place, value and remedy, in Chinese and English."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

Severity = Literal["error", "warning", "note"]
STAGE_KINDS = ("kindergarten", "primary", "junior", "senior", "nine_year", "twelve_year", "secondary", "special")


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

    def place(self, language: str = "en") -> str:
        """``file, row n, column c`` as far as known; empty where nothing is."""
        says = words()[language]
        parts = [self.file] if self.file else []
        if self.row is not None:
            parts.append(says["row"].format(self.row))
        if self.column:
            parts.append(says["column"].format(self.column))
        return says["comma"].join(parts)

    def shown(self, language: str = "en") -> str:
        """The message, and the value in brackets where the message does not hold it."""
        message, value = self.message(language), _value(self, language)
        return message if value is None or str(value) in message else f"{message} ({value})"

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


@cache
def words() -> dict[str, dict[str, str]]:
    """Words of places and stages by language."""
    return tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))


def _fill(fault: Fault, language: str, part: str) -> str:
    entry = catalogue()[fault.code]
    template = entry.get(f"{part}_{language}") or entry[f"{part}_en"]
    values = {"file": fault.file, "row": fault.row, "column": fault.column}
    said = {key: _worded(key, value, language) for key, value in fault.params.items()}
    return template.format_map({**values, "value": _value(fault, language), **said})


def _value(fault: Fault, language: str) -> Any:
    """The value, in words where it is a stage or the catalogue says that it lists stages."""
    return _worded("stages" if "worded" in catalogue()[fault.code] else "", fault.value, language)


def _worded(name: str, value: Any, language: str) -> Any:
    """A stage in words, or several where the parameter lists them; any other value as it is."""
    known = words()[language]
    if name in {"stages", "kind"} and isinstance(value, str):
        return re.sub(r"[a-z_]+", lambda found: known.get(found[0], found[0]), value)
    return known.get(value, value) if value in STAGE_KINDS else value


def _line(fault: Fault) -> str:
    place = fault.place()
    lead = f"{place}: " if place else ""
    return f"[{fault.severity}] {lead}{fault.shown()} → {fault.remedy()}"
