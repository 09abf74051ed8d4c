"""What a document is made of, as data: Word, PDF and Excel are written from the same pieces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Tone = Literal["finding", "plain", "item", "note", "care", "open", "heading"]


@dataclass(frozen=True)
class Cell:
    """One cell of a table.

    Parameters
    ----------
    text
        As people read it, in every format.
    number
        The figure that is shown, rounded as in ``text``, where the cell is one: Excel gets it typed.
    form
        Number format of spreadsheets that writes ``number`` as ``text`` does.
    """

    text: str
    number: float | None = None
    form: str = ""


@dataclass(frozen=True)
class Column:
    """Head of a column; ``numeric`` ones stand right, ``width`` is a share of the table's width."""

    title: str
    numeric: bool = False
    width: float = 1.0


@dataclass(frozen=True)
class Text:
    """One sentence or heading; ``tone`` says how it is set."""

    text: str
    tone: Tone = "plain"


@dataclass(frozen=True)
class Table:
    """A table; ``key`` is its stable name, ``title`` stands above it."""

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Picture:
    """A map to be drawn: ``sheet`` names it for :mod:`geoplan.exports.sheets`."""

    sheet: str
    caption: str


Block = Text | Table | Picture


@dataclass(frozen=True)
class Section:
    """A chapter; ``key`` is its stable name."""

    key: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Cover:
    """The first page: what it is, of where and when, and what it is not."""

    title: str
    region: str
    date: str
    facts: tuple[tuple[str, str], ...]
    notice: str
    draft: str  # why it is a draft; empty where it is none
    run_line: str  # stands on every page
    credit: str


@dataclass(frozen=True)
class Document:
    """A proposal in one language; ``created`` (ISO) is the run's, never the clock's."""

    language: str
    run_id: str
    plan: str
    created: str
    cover: Cover
    sections: tuple[Section, ...]

    def section(self, key: str) -> Section:
        """The chapter of that name."""
        return next(section for section in self.sections if section.key == key)
