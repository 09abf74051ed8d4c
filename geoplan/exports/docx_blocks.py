"""Chapters as paragraphs, tables and pictures of a Word document, in the styles of its template."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from docx.document import Document as WordDocument
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Length, Mm
from lxml import etree
from markupsafe import Markup

from geoplan.exports.document.parts import Cell, Column, Picture, Section, Table, Text, placed

WIDTH_MM = 170.0
SHORT = 9  # rows up to which a table stays on one page
STYLES = {
    "heading": "Heading 2",
    "finding": "Finding",
    "item": "List Bullet",
    "note": "Note",
    "care": "Care",
    "open": "Open Question",
    "plain": "Normal",
}
LANGUAGES = {"en": "en-GB", "zh": "zh-CN"}


class Builder:
    """Builds in a document and hands the pieces out as text of the file format, ready for a placeholder.

    Text is set as text: whatever a name holds, it is no markup and no tag of a template.
    """

    def __init__(self, document: WordDocument, language: str, draw: Callable[[str], bytes]) -> None:
        self._document, self._language, self._draw = document, language, draw
        self._styles = {style.name for style in document.styles}

    def section(self, section: Section) -> Markup:
        """The blocks of a chapter, without its heading."""
        made: list[Any] = []
        for part in placed(section):
            block = part.block
            if isinstance(block, Text):
                made.append(self._paragraph(block.text, STYLES[block.tone], sticky=part.sticky))
            elif isinstance(block, Table):
                made += [self._paragraph(part.title, "Heading 3")] if part.title else []
                made += [self._table(block), self._paragraph("", "Gap")]
            else:
                made += self._picture(block)
        return self._handed_out(made or [self._paragraph("", "Normal")])

    def contents(self, sections: Sequence[Section]) -> Markup:
        """The chapters by name."""
        return self._handed_out([self._paragraph(section.title, "Contents") for section in sections])

    def _handed_out(self, elements: Iterable[Any]) -> Markup:
        parts = []
        for element in elements:
            element.getparent().remove(element)
            parts.append(etree.tostring(element, encoding="unicode"))
        return Markup("".join(parts))

    def _style(self, name: str) -> str | None:
        """A style by its name; the template's plain one where it has none of that name."""
        return name if name in self._styles else None

    def _paragraph(self, text: str, style: str, *, sticky: bool = False) -> Any:
        paragraph = self._document.add_paragraph(style=self._style(style))
        if sticky:
            paragraph.paragraph_format.keep_with_next = True
        self._run(paragraph, text)
        return paragraph._p

    def _run(self, paragraph: Any, text: str) -> None:
        """A run in the language of the document, so that a speller and a font know it."""
        run = paragraph.add_run(text)
        language = OxmlElement("w:lang")
        language.set(qn("w:val"), LANGUAGES["en"])
        language.set(qn("w:eastAsia"), LANGUAGES["zh"])
        properties = run._r.get_or_add_rPr()
        if self._language == "zh":
            fonts = OxmlElement("w:rFonts")
            fonts.set(qn("w:hint"), "eastAsia")
            properties.append(fonts)
        properties.append(language)

    def _picture(self, picture: Picture) -> list[Any]:
        paragraph = self._document.add_paragraph(style=self._style("Picture"))
        shape = paragraph.add_run().add_picture(io.BytesIO(self._draw(picture.sheet)), width=Mm(WIDTH_MM))
        shape._inline.docPr.set("descr", picture.caption)
        return [paragraph._p, self._paragraph(picture.caption, "Caption")]

    def _table(self, table: Table) -> Any:
        made = self._document.add_table(rows=0, cols=len(table.columns))
        made.autofit = False
        if (style := self._style("Proposal Table")) is not None:
            made.style = style
        widths = _widths(table.columns)
        for column, width in zip(made.columns, widths, strict=True):
            column.width = width
        heads = [Cell(column.title) for column in table.columns]
        for number, cells in enumerate([heads, *table.rows]):
            self._row(made.add_row(), (cells, table.columns, widths), "Table Text" if number else "Table Head")
        _repeated(made.rows[0])
        if len(table.rows) <= SHORT:
            _together(made)
        return made._tbl

    def _row(self, row: Any, held: tuple[Sequence[Cell], Sequence[Column], Sequence[Length]], style: str) -> None:
        _unbroken(row)
        for cell, made, column, width in zip(row.cells, *held, strict=True):
            cell.width = width
            paragraph = cell.paragraphs[0]
            if (known := self._style(style)) is not None:
                paragraph.style = known
            if column.numeric:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
            self._run(paragraph, made.text)


def _widths(columns: Sequence[Column]) -> list[Length]:
    total = sum(column.width for column in columns)
    return [Length(Mm(WIDTH_MM * column.width / total)) for column in columns]


def _repeated(row: Any) -> None:
    """The head of a table stands on every page it runs over."""
    mark = OxmlElement("w:tblHeader")
    mark.set(qn("w:val"), "true")
    row._tr.get_or_add_trPr().append(mark)


def _together(table: Any) -> None:
    """Every row but the last stays with the next: the table is not torn by the end of a page."""
    for row in table._tbl.tr_lst[:-1]:
        for paragraph in row.iter(qn("w:p")):
            paragraph.get_or_add_pPr().get_or_add_keepNext()


def _unbroken(row: Any) -> None:
    mark = OxmlElement("w:cantSplit")
    row._tr.get_or_add_trPr().append(mark)
