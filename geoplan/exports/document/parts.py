"""What a document is made of, as data: Word, PDF and Excel are written from the same pieces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from geoplan.exports.document.words import printable

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

    def __post_init__(self) -> None:
        """Leave out what no format can hold."""
        object.__setattr__(self, "text", printable(self.text))


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

    def __post_init__(self) -> None:
        """Leave out what no format can hold."""
        object.__setattr__(self, "text", printable(self.text))


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


@dataclass(frozen=True)
class Placed:
    """A block as it is set: the title above it, and whether it must stay with what follows."""

    block: Block
    title: str = ""
    sticky: bool = False


def placed(section: Section) -> Iterator[Placed]:
    """The blocks of a chapter; a title is left out where the heading before says the same already."""
    said = section.title
    for at, block in enumerate(section.blocks):
        if isinstance(block, Text) and block.tone == "heading":
            said = block.text
        title = block.title if isinstance(block, Table) and block.title != said else ""
        follower = section.blocks[at + 1] if at + 1 < len(section.blocks) else None
        leads = isinstance(follower, Table | Picture) or (isinstance(follower, Text) and block_leads(block, follower))
        yield Placed(block, title, isinstance(block, Text) and leads)


def block_leads(block: Block, follower: Text) -> bool:
    """A finding stays with the points below it."""
    return isinstance(block, Text) and block.tone == "finding" and follower.tone in ("item", "care")
