"""Table contracts as data: which columns an input table may have, of what type, in what unit, with what values."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from layers.bundle import STAGES

Kind = Literal["text", "number", "whole", "year", "flag", "choice"]
KINDS: tuple[str, ...] = get_args(Kind)
HOLES: Mapping[str, str] = {
    "stage": "|".join(STAGES),
    "n": r"\d{1,2}",
    "year": r"\d{4}",
    "a": r"\d{1,3}",
    "b": r"\d{1,3}",
}


@dataclass(frozen=True)
class Column:
    """One column, or a family of columns, of a table.

    Parameters
    ----------
    name
        Canonical name; a family has a hole: ``places_<stage>``, ``grade_<n>``, ``occupancy_<year>``, ``age_<a>_<b>``.
    kind
        ``text``, ``number``, ``whole`` (number without fraction), ``year``, ``flag`` (yes or no), ``choice``.
    unit
        Unit of a number, empty where it has none.
    required
        The table is a fault without it, and so is an empty cell.
    allowed
        Values of a choice.
    minimum, maximum
        Inclusive bounds of a number.
    doc, doc_zh
        What it says, for people.
    """

    name: str
    kind: Kind
    unit: str = ""
    required: bool = False
    allowed: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    doc: str = ""
    doc_zh: str = ""

    def matches(self, name: str) -> bool:
        """Whether a table's column is this one, or one of this family."""
        return _pattern(self.name).fullmatch(name) is not None

    def names(self) -> tuple[str, ...]:
        """The names it stands for; a family by stage is written out, other families keep their hole."""
        if "<stage>" in self.name:
            return tuple(self.name.replace("<stage>", stage) for stage in STAGES)
        return (self.name,)


@dataclass(frozen=True)
class Contract:
    """What a table must and may hold.

    Parameters
    ----------
    name
        ``schools``, ``housing`` …
    columns
        In the order documents show them.
    geometry
        Geometry types accepted: ``Point``, ``LineString``, ``Polygon`` (a multi type counts as its part), or none.
    key
        Columns whose values together occur once.
    one_of
        Alternative sets of columns, one of which must be there.
    doc, doc_zh
        What the table is for.
    """

    name: str
    columns: tuple[Column, ...]
    geometry: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    one_of: tuple[tuple[str, ...], ...] = ()
    doc: str = ""
    doc_zh: str = ""

    def column(self, name: str) -> Column | None:
        """The column or family a canonical name belongs to."""
        return next((column for column in self.columns if column.matches(name)), None)

    def names(self) -> tuple[str, ...]:
        """Every canonical name, families by stage written out."""
        return tuple(name for column in self.columns for name in column.names())


def contract(name: str) -> Contract:
    """The contract of one table; KeyError for a table there is none for."""
    return contracts()[name]


@cache
def contracts() -> dict[str, Contract]:
    """Every contract by name, from ``contracts.toml``."""
    text = Path(__file__).with_name("contracts.toml").read_text(encoding="utf-8")
    return {name: _contract(name, entry) for name, entry in tomllib.loads(text).items()}


def doc_rows(name: str) -> Iterator[dict[str, str]]:
    """The rows of a documentation table: one a column, all values as text, in both languages."""
    for column in contract(name).columns:
        yield {
            "column": column.name,
            "kind": column.kind,
            "unit": column.unit,
            "required": "yes" if column.required else "",
            "values": ", ".join(column.allowed),
            "minimum": "" if column.minimum is None else f"{column.minimum:g}",
            "maximum": "" if column.maximum is None else f"{column.maximum:g}",
            "doc": column.doc,
            "doc_zh": column.doc_zh,
        }


def _contract(name: str, entry: Mapping[str, Any]) -> Contract:
    return Contract(
        name,
        columns=tuple(_column(item) for item in entry["columns"]),
        geometry=tuple(entry.get("geometry", ())),
        key=tuple(entry.get("key", ())),
        one_of=tuple(tuple(names) for names in entry.get("one_of", ())),
        doc=entry["doc"],
        doc_zh=entry["doc_zh"],
    )


def _column(item: Mapping[str, Any]) -> Column:
    return Column(**{**item, "allowed": tuple(item.get("allowed", ()))})


@cache
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"<(\w+)>", lambda hole: f"(?:{HOLES[hole.group(1)]})", name))
