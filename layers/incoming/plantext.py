"""plan.toml for files that were handed over: what each is for, how its columns are read, and what a person added."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from layers.incoming.roles import roles

OWN_DATUM = ("schools", "housing", "venues")
"""Sections of one table that say its datum and CRS themselves; those of other tables stand under ``[tables]``."""


@dataclass(frozen=True)
class Use:
    """One file of a plan: its role, its name relative to plan.toml, and how it is read."""

    role: str
    path: str
    sheet: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    datum: str | None = None
    crs: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)


def plan_text(head: Mapping[str, Mapping[str, Any]], uses: Sequence[Use]) -> str:
    """The text of plan.toml.

    Parameters
    ----------
    head
        Keys by section that no file gives: ``plan``, ``standards``, years, totals. Empty values are left out.
    uses
        Files in use; several may only be age rasters.
    """
    data: dict[str, dict[str, Any]] = {name: {} for name in ("plan", "region", "population", "streets", "schools")}
    for section, keys in head.items():
        data.setdefault(section, {}).update({key: value for key, value in keys.items() if value not in (None, "")})
    tables: dict[str, dict[str, Any]] = {}
    for use in uses:
        _add(data, tables, use)
    sections = [_section(name, keys) for name, keys in data.items()]
    sections += [_section(f"tables.{name}", keys) for name, keys in tables.items() if keys]
    return "\n".join(sections)


def _add(data: dict[str, dict[str, Any]], tables: dict[str, dict[str, Any]], use: Use) -> None:
    role = roles()[use.role]
    section, _, key = role.key.partition(".")
    held = data.setdefault(section, {})
    if use.role == "ages_rasters":
        held[key] = [*held.get(key, []), use.path]
        return
    held[key] = use.path
    own = {name: value for name, value in (("datum", use.datum), ("crs", use.crs)) if value}
    reading: dict[str, Any] = {"sheet": use.sheet} if use.sheet is not None else {}
    if use.columns:
        reading["columns"] = dict(use.columns)
    if use.values:
        reading["values"] = dict(use.values)
    if role.table == section and section in OWN_DATUM:
        held.update(own)
    else:
        reading.update(own)
    if role.table:
        tables[role.table] = reading


def _section(name: str, keys: Mapping[str, Any]) -> str:
    return "".join([f"[{name}]\n", *(f"{_key(key)} = {_value(value)}\n" for key, value in keys.items())])


def _key(key: str) -> str:
    bare = key and all(char.isascii() and (char.isalnum() or char in "_-") for char in key)
    return key if bare else _text(key)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(str(key))} = {_value(one)}" for key, one in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_value, value)) + "]"
    return _text(str(value))


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
