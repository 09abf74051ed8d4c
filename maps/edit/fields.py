"""From what plan.toml says to the fields of a form, and back; what was not touched stays as it was written."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from typing import Any

from layers.plankeys import Key, every_key, plan_keys

Form = dict[str, list[str]]
Data = dict[str, Any]
YES, NO = "yes", "no"


def form_of(data: Mapping[str, Any]) -> Form:
    """Every field of the form but the overrides, by name, as ``data`` fills it."""
    found: Form = {}
    for key in every_key().values():
        found |= shown(key, _held(data, key))
    return found


def data_from(form: Mapping[str, list[str]], before: Data) -> Data:
    """What plan.toml says once the fields that differ from ``before`` are written into it."""
    data = deepcopy(before)
    for key in every_key().values():
        if key.kind != "overrides":
            was = shown(key, _held(before, key))
            now = {name: [_lines(text) for text in form.get(name, was[name])] for name in was}
            if key.kind == "choices":
                now = {key.id: [text for text in form.get(key.id, []) if text]}
            if now != was:
                put(data, (key.section, key.name), meant(key, now))
    return without_empty(data)


def without_empty(data: Data) -> Data:
    """Without the sections that may be left out and say nothing."""
    empty = {section.name for section in plan_keys() if section.optional and data.get(section.name) == {}}
    return {name: held for name, held in data.items() if name not in empty}


def put(data: Data, path: tuple[str, ...], value: Any) -> None:
    """Set a value, its tables made as needed; None takes it away."""
    held = data
    for name in path[:-1]:
        if not isinstance(held.get(name), dict):
            if value is None:
                return
            held[name] = {}
        held = held[name]
    if value is None:
        held.pop(path[-1], None)
    else:
        held[path[-1]] = value


def _held(data: Mapping[str, Any], key: Key) -> Any:
    section = data.get(key.section)
    return section.get(key.name) if isinstance(section, Mapping) else None


def shown(key: Key, value: Any) -> Form:
    """The fields of one key, filled with its value; a value of the wrong type as plan.toml has it."""
    if key.kind == "answers":
        held = value if isinstance(value, Mapping) else {}
        return {f"{key.id}.{stage}": [_text(held.get(stage))] for stage in key.choices}
    if key.kind == "choices":
        listed = value if isinstance(value, list) else [] if value is None else [value]
        return {key.id: [_text(one) for one in listed]}
    if key.kind == "overrides":
        return {}
    return {key.id: [_lines(_list_text(key, value))]}


def _list_text(key: Key, value: Any) -> str:
    if key.kind == "wholes" and isinstance(value, list):
        return ", ".join(map(_text, value))
    if key.kind in ("texts", "files") and isinstance(value, list):
        return "\n".join(map(_text, value))
    if key.kind == "amounts" and isinstance(value, Mapping):
        return "\n".join(f"{year} = {_text(amount)}" for year, amount in value.items())
    return _text(value)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return YES if value else NO
    return value if isinstance(value, str) else written(value)


def written(value: Any) -> str:
    """A value as a person reads it, close to how plan.toml has it."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, int | float | str | list | dict | None):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def meant(key: Key, given: Mapping[str, list[str]]) -> Any:
    """The value that fields mean; None where they are empty. What is no number stays a text: its reader says so."""
    if key.kind == "answers":
        return {stage: text for stage in key.choices if (text := given[f"{key.id}.{stage}"][0].strip())} or None
    if key.kind == "choices":
        return given[key.id] or None
    text = given[key.id][0].strip()
    return READERS[key.kind](text) if text else None


def _flag(text: str) -> bool | str:
    return {YES: True, NO: False}.get(text, text)


def _number(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            found = kind(text)
        except ValueError:
            continue
        if math.isfinite(found):
            return found
    return text


def _numbers(text: str) -> list[int | float | str]:
    return [_number(part) for part in re.split(r"[\s,，、;；]+", text) if part]


def _rows(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


def _files(text: str) -> str | list[str]:
    rows = _rows(text)
    return rows[0] if len(rows) == 1 else rows


def _amounts(text: str) -> dict[str, Any]:
    parts = (re.split(r"\s*[=:＝：]\s*", row, maxsplit=1) for row in _rows(text))
    return {part[0].strip('"'): _number(part[1]) if len(part) == 2 else "" for part in parts}


READERS: Mapping[str, Callable[[str], Any]] = {
    "text": str,
    "file": str,
    "choice": str,
    "flag": _flag,
    "whole": _number,
    "number": _number,
    "wholes": _numbers,
    "texts": _rows,
    "files": _files,
    "amounts": _amounts,
}


def _lines(text: str) -> str:
    """Line ends as everywhere here; a form sends them as the old terminals had them."""
    return text.replace("\r\n", "\n")


def leaves(data: Mapping[str, Any], lead: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value with the path of keys that leads to it."""
    for name, value in data.items():
        if isinstance(value, Mapping) and value:
            yield from leaves(value, (*lead, name))
        else:
            yield (*lead, name), value
