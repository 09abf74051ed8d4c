"""The county's own values: checked against the norms they replace, every fault listed at once."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from difflib import get_close_matches
from typing import Any

from geoplan.errors import PlanError
from geoplan.standards.norm import Norm

_ENTRY_KEYS = frozenset({"value", "unit", "source", "note"})


def overridden(norms: Mapping[str, Norm], override: Mapping[str, Any]) -> tuple[dict[str, Norm], int]:
    """Norms with the county's values in place, and how many there are; PlanError lists every fault."""
    entries = dict(_flat(override))
    faults = [fault for key, entry in sorted(entries.items()) for fault in _faults(norms, key, entry)]
    if faults:
        raise PlanError("\n".join(faults))
    return {**norms, **{key: _replaced(norms[key], entry) for key, entry in entries.items()}}, len(entries)


def _flat(override: Mapping[str, Any], lead: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """``id, {value: …}`` pairs; TOML written without quotes arrives as nested tables."""
    for key, value in override.items():
        name = f"{lead}{key}"
        if not isinstance(value, Mapping):
            yield name, {"value": value}
        elif "value" in value:
            yield name, dict(value)
        else:
            yield from _flat(value, f"{name}.")


def _faults(norms: Mapping[str, Norm], key: str, entry: Mapping[str, Any]) -> Iterator[str]:
    if key not in norms:
        near = get_close_matches(key, norms, n=3, cutoff=0.6)
        yield f"[standards.override] unknown norm {key!r}, or not in force on that day" + (
            f"; did you mean {', '.join(near)}?" if near else ""
        )
        return
    norm = norms[key]
    unknown = sorted(set(entry) - _ENTRY_KEYS)
    if unknown:
        yield f"[standards.override] {key}: unknown keys {', '.join(unknown)}; known: note, source, unit, value"
    if entry.get("unit", norm.unit) != norm.unit:
        yield f"[standards.override] {key}: unit {entry['unit']!r} given, {norm.unit!r} needed"
    fault = _misfit(norm, _tuples(entry["value"]))
    if fault:
        yield f"[standards.override] {key}: {fault}"


def _misfit(norm: Norm, value: Any) -> str | None:
    if _shape(value) != _shape(norm.value):
        return f"{value!r} given, {_shape(norm.value)} needed, such as {norm.value!r} {norm.unit}"
    if norm.relation == "range" and not _is_range(value, norm.value):
        return f"{value!r} is no range; write [low, high] such as {list(_numbers(norm.value))}"
    if norm.choices and value not in norm.choices:
        return f"{value!r} is not one of {', '.join(norm.choices)}"
    if norm.unit == "month-day" and not _month_day(value):
        return f"{value!r} is no month and day such as {norm.value!r}"
    if not all(math.isfinite(number) and number >= 0 for number in _numbers(value)):
        return f"{value!r} must be finite and not negative"
    if norm.unit == "ratio" and not all(number <= 2 for number in _numbers(value)):
        return f"{value!r} is no ratio; write 0.9 for 90 %"
    if norm.metric and not all(number > 0 for number in _numbers(value)):
        return f"{value!r} must be above 0"
    return None


def _is_range(value: Any, like: Any) -> bool:
    return len(value) == len(like) and list(_numbers(value)) == sorted(_numbers(value))


def _shape(value: Any) -> str:
    """Number, yes or no, text, list of numbers or list of rows (lists of equal length): what must stay the same."""
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, tuple):
        inner = sorted({_shape(item) + (f" of {len(item)}" if isinstance(item, tuple) else "") for item in value})
        return f"a list ({' or '.join(inner)})"
    return "text" if isinstance(value, str) else type(value).__name__


def _numbers(value: Any) -> Iterator[float]:
    if isinstance(value, tuple):
        for item in value:
            yield from _numbers(item)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield float(value)


def _month_day(value: str) -> bool:
    try:
        date.fromisoformat(f"2001-{value}")
    except ValueError:
        return False
    return True


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list | tuple) else value


def _replaced(norm: Norm, entry: Mapping[str, Any]) -> Norm:
    was = f"replaces {norm.value} {norm.unit} of {norm.source}"
    return replace(
        norm,
        value=_tuples(entry["value"]),
        source=entry.get("source", "county"),
        clause="",
        confidence="county",
        note=f"{entry['note']}; {was}" if entry.get("note") else was,
    )
