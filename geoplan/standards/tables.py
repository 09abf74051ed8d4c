"""Legal and class tables: speeds, lanes, stress levels, crash studies, balance indicators."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from geoplan.errors import NotFoundError
from geoplan.standards.profile import frozen, frozen_items

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Table:
    """Rows of figures with what is known of them; ``extra`` holds keys of one table only (``speed_upper_km_h``)."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    confidence: str = ""
    source: str = ""
    note: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    def records(self) -> list[dict[str, Any]]:
        """One dict a row."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


def table(name: str) -> Table:
    """A table by name; NotFoundError lists those there are."""
    if name not in _tables():
        raise NotFoundError(f"unknown table {name!r}; known: {', '.join(table_names())}")
    return _tables()[name]


def table_names() -> tuple[str, ...]:
    """Names of all tables, sorted."""
    return tuple(sorted(_tables()))


def models() -> dict[str, dict[str, Any]]:
    """Formulas with their coefficients (severity by impact speed), by name."""
    return {name: dict(entry) for content in _contents() for name, entry in content.get("model", {}).items()}


@cache
def _tables() -> dict[str, Table]:
    return {name: _table(name, entry) for content in _contents() for name, entry in content["table"].items()}


@cache
def _contents() -> tuple[dict[str, Any], ...]:
    paths = sorted(FOLDER.glob("tables_*.toml"))
    return tuple(tomllib.loads(path.read_text(encoding="utf-8")) for path in paths)


def _table(name: str, entry: Mapping[str, Any]) -> Table:
    known = {"columns", "rows", "confidence", "source", "note"}
    values = frozen_items(entry)
    extra = {key: values.pop(key) for key in sorted(set(values) - known)}
    return Table(name=name, extra=extra, **{key: frozen(value) for key, value in values.items()})
