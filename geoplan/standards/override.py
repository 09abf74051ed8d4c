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
from layers.errors import Fault

NONE = "–"
_ENTRY_KEYS = frozenset({"value", "unit", "source", "note"})


def overridden(norms: Mapping[str, Norm], override: Mapping[str, Any]) -> tuple[dict[str, Norm], int]:
    """Norms with the county's values in place, and how many there are; PlanError lists every fault."""
    faults = misfits(norms, override)
    if faults:
        raise PlanError("\n".join(_line(fault) for fault in faults))
    entries = own_values(override)
    return {**norms, **{key: _replaced(norms[key], entry) for key, entry in entries.items()}}, len(entries)


def misfits(norms: Mapping[str, Norm], override: Mapping[str, Any]) -> list[Fault]:
    """What is wrong with the county's own values, every fault by the id of its norm."""
    return [fault for key, entry in sorted(own_values(override).items()) for fault in _faults(norms, key, entry)]


def own_values(override: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """``{id: {value: …}}`` of overrides however they are written."""
    return dict(_flat(override))


def _line(fault: Fault) -> str:
    near = fault.params.get("near")
    return f"[standards.override] {fault.message()}" + (f"; did you mean {near}?" if near not in (None, NONE) else "")


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


def _faults(norms: Mapping[str, Norm], key: str, entry: Mapping[str, Any]) -> Iterator[Fault]:
    if key not in norms:
        near = ", ".join(get_close_matches(key, norms, n=3, cutoff=0.6)) or NONE
        yield _fault("override_unknown", key, near=near)
        return
    norm = norms[key]
    unknown = sorted(set(entry) - _ENTRY_KEYS)
    if unknown:
        yield _fault("override_keys", key, ", ".join(unknown))
    if entry.get("unit", norm.unit) != norm.unit:
        yield _fault("override_unit", key, str(entry["unit"]), unit=norm.unit)
    value = _tuples(entry["value"])
    code = _misfit(norm, value)
    if code:
        like = f"{_written(norm.value)} {norm.unit}".strip()
        known = ", ".join(norm.choices)
        yield _fault(code, key, repr(entry["value"])[:80], needed=_shape(norm.value), like=like, known=known)


def _fault(code: str, key: str, value: str | None = None, **params: str) -> Fault:
    where = f"standards.override.{key}"
    return Fault(code, file="plan.toml", column=where, value=value, params={"norm": key, **params})


def _misfit(norm: Norm, value: Any) -> str | None:
    """The fault of a value; None where it fits."""
    numbers = list(_numbers(value))
    if _shape(value) != _shape(norm.value):
        return "override_shape"
    if norm.relation == "range" and not _is_range(value, norm.value):
        return "override_range"
    if norm.choices and value not in norm.choices:
        return "override_choice"
    if norm.unit == "month-day" and not _month_day(value):
        return "override_day"
    if not all(math.isfinite(number) and number >= 0 for number in numbers):
        return "override_negative"
    if norm.unit == "ratio" and not all(number <= 2 for number in numbers):
        return "override_ratio"
    return "override_zero" if norm.metric and not all(number > 0 for number in numbers) else None


def _written(value: Any) -> str:
    return f"[{', '.join(_written(item) for item in value)}]" if isinstance(value, tuple) else str(value)


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
