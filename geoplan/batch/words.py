"""Words of a batch, in Chinese and English."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from geoplan.batch.work import Outcome
from geoplan.reasons.catalogue import fill
from geoplan.reasons.figures import WRITERS

UNITS = ((120.0, "seconds", 1), (7200.0, "minutes", 60), (float("inf"), "hours", 3600))


@cache
def _words() -> dict[str, dict[str, str]]:
    return tomllib.loads(files("geoplan.batch").joinpath("words.toml").read_text(encoding="utf-8"))


def words(language: str) -> Mapping[str, str]:
    """Every word by key."""
    return _words()[language]


def phrase(key: str, language: str, **params: Any) -> str:
    """A sentence with its figures written in."""
    return fill(_words()[language][key], language, WRITERS, params)


def duration(seconds: float, language: str) -> str:
    """A time as people say it: seconds below two minutes, minutes below two hours, hours."""
    unit, size = next((unit, size) for most, unit, size in UNITS if seconds < most)
    return phrase(unit, language, number=f"{max(1, round(seconds / size))}")


def reason(outcome: Outcome, language: str) -> str:
    """Why a plan has no run, in a line: the first fault and how many more, or the message."""
    if outcome.state == "done":
        return ""
    errors = [fault for fault in outcome.faults if fault["severity"] == "error"] or list(outcome.faults)
    if not errors:
        return outcome.message
    first = errors[0]
    lead = f"{first['file']}: " if first.get("file") else ""
    more = f" (+{len(errors) - 1})" if len(errors) > 1 else ""
    return f"{lead}{first[f'message_{language}']}{more}"
