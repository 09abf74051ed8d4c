"""The proposal as a spreadsheet: a first sheet in words, the document's tables, then the run's tables in full."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

from geoplan.exports.document.data import sources
from geoplan.exports.document.norms import every_norm
from geoplan.exports.document.parts import Cell, Document, Table, Text
from geoplan.exports.document.words import column, phrase, printable, title
from geoplan.exports.flat import flat, inert, located
from geoplan.exports.names import column_title, table_title
from geoplan.exports.orders import Job, Order
from geoplan.exports.pinned import moment, pinned
from geoplan.run import Run
from geoplan.style import style

MOST_ROWS = 5_000  # tables longer than this are for other programs: the sheet list says where they are
LEFT_OUT = ("base_", "boundary")
NAME_LENGTH = 31  # what Excel takes
FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))
WIDE, NARROW, UNIT = 60, 9, 14.0  # characters
TEXT_LENGTH = 32_767  # what one cell of Excel holds
FONT = {"en": "Arial", "zh": "Microsoft YaHei"}


def xlsx_jobs(order: Order) -> Iterator[Job]:
    """``<plan>-<run id>-proposal-<language>.xlsx``."""
    made = order.document  # what cannot be made is told before anything is written
    yield f"{order.name('proposal')}.xlsx", lambda path: _write(order.run, made, path)


def _write(run: Run, made: Document, path: Path) -> None:
    path.write_bytes(workbook(run, made))


def workbook(run: Run, made: Document) -> bytes:
    """The bytes of the spreadsheet; the same run gives the same bytes."""
    book = Workbook(write_only=True)
    book.properties.creator = "geoplan"
    book.properties.title = inert(f"{made.cover.region}: {made.cover.title}")
    book.properties.created = book.properties.modified = moment(made.created).replace(tzinfo=None)
    _fill(_Sheets(book, made.language), run, made)
    out = io.BytesIO()
    book.save(out)
    return pinned(out.getvalue(), made.created)


class _Sheets:
    """Sheets of a workbook under names that Excel takes, each once."""

    def __init__(self, book: Workbook, language: str) -> None:
        self._book, self.language, self.names = book, language, list[tuple[str, str]]()

    def add(self, name: str, what: str, widths: Sequence[float], *, frozen: str = "A2") -> Any:
        """An empty sheet; ``what`` is its line in the list of sheets."""
        short = base = printable(name).translate(FORBIDDEN).strip()[:NAME_LENGTH] or "1"
        number = 2
        while short.lower() in {taken.lower() for taken, _ in self.names}:
            short = f"{base[: NAME_LENGTH - len(str(number)) - 1]} {number}"
            number += 1
        self.names.append((short, what))
        sheet = self._book.create_sheet(short)
        sheet.freeze_panes = frozen
        for at, width in enumerate(widths, start=1):
            sheet.column_dimensions[get_column_letter(at)].width = width
        return sheet


def _fill(sheets: _Sheets, run: Run, made: Document) -> None:
    _summary(sheets, made)
    for section in made.sections:
        for block in section.blocks:
            if isinstance(block, Table):
                _table(sheets, _unshortened(block, run, made.language), section.title)
    left_out = list(_full(sheets, run))
    _norms(sheets, run)
    _listing(sheets, made, left_out)


def _unshortened(table: Table, run: Run, language: str) -> Table:
    return sources(run, language, whole=True) if table.key == "sources" else table


def _summary(sheets: _Sheets, made: Document) -> None:
    """Cover and every sentence of the document, chapter by chapter."""
    cover, language = made.cover, made.language
    sheet = sheets.add(title("sheet_summary", language), cover.title, (24, 110), frozen="A1")
    sheet.append([_text(sheet, f"{cover.region}: {cover.title}", language, size=16, bold=True)])
    for text in (cover.draft, cover.notice):
        if text:
            sheet.append([None, _text(sheet, text, language, colour=style()["load"]["over"])])
    for name, value in cover.facts:
        sheet.append([_text(sheet, name, language), _text(sheet, value, language)])
    sheet.append([None, _text(sheet, cover.date, language)])
    for section in made.sections:
        sheet.append([])
        sheet.append([_text(sheet, section.title, language, size=13, bold=True)])
        for block in section.blocks:
            if isinstance(block, Text):
                bold = block.tone in ("finding", "heading")
                sheet.append([None, _text(sheet, block.text, language, bold=bold)])


def _table(sheets: _Sheets, table: Table, chapter: str) -> None:
    widths = [max(NARROW, min(WIDE, UNIT * head.width)) for head in table.columns]
    sheet = sheets.add(table.title, chapter, widths)
    sheet.append([_head(sheet, head.title, sheets.language) for head in table.columns])
    for row in table.rows:
        sheet.append([_cell(sheet, cell, sheets.language) for cell in row])


def _full(sheets: _Sheets, run: Run) -> Iterator[tuple[str, int]]:
    """The run's own tables, every digit they have; yields those that are too long."""
    for name, table in sorted(run.tables.items()):
        if name.startswith(LEFT_OUT):
            continue
        if len(table) > MOST_ROWS:
            yield name, len(table)
            continue
        _frame(sheets, table_title(name, sheets.language), located(flat(table)))


def _frame(sheets: _Sheets, name: str, frame: pd.DataFrame) -> None:
    widths = [max(NARROW, min(24.0, len(str(head)) + 2.0)) for head in frame.columns]
    sheet = sheets.add(name, title("figures", sheets.language), widths)
    sheet.append([_head(sheet, column_title(str(head), sheets.language), sheets.language) for head in frame.columns])
    columns = [[_value(value) for value in frame[head].tolist()] for head in frame.columns]
    for row in zip(*columns, strict=True):
        sheet.append(row)


def _norms(sheets: _Sheets, run: Run) -> None:
    rows = every_norm(run)
    if rows:
        _frame(sheets, title("standards", sheets.language), pd.DataFrame(rows))


def _listing(sheets: _Sheets, made: Document, left_out: Sequence[tuple[str, int]]) -> None:
    language = made.language
    listed = list(sheets.names)
    sheet = sheets.add(title("sheet_list", language), made.cover.run_line, (34, 60), frozen="A1")
    sheet.append([_text(sheet, phrase("sheets_note", language), language)])
    sheet.append([_text(sheet, made.cover.run_line, language)])
    sheet.append([_head(sheet, column(key, language), language) for key in ("sheet", "what")])
    for name, what in listed:
        sheet.append([_text(sheet, name, language), _text(sheet, what, language)])
    for name, rows in left_out:
        said = phrase("sheet_left_out", language, table=table_title(name, language), rows=rows)
        sheet.append([_text(sheet, said, language)])


def _value(value: Any) -> Any:
    """A value as Excel holds it: numbers typed, nothing for nothing, text that is no formula."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and not np.isfinite(value)):
        return None
    if isinstance(value, bool | int | float):
        return value
    return inert(printable(str(value)))[:TEXT_LENGTH]


def _text(sheet: Any, text: str, language: str, *, bold: bool = False, size: int = 10, colour: str = "") -> Any:
    cell = WriteOnlyCell(sheet, value=inert(printable(text))[:TEXT_LENGTH])
    cell.font = Font(name=FONT[language], size=size, bold=bold, color=(colour or style()["ink"]).lstrip("#"))
    cell.alignment = Alignment(wrap_text=size == 10, vertical="top")
    return cell


def _head(sheet: Any, text: str, language: str) -> Any:
    cell = _text(sheet, text, language, bold=True)
    cell.fill = PatternFill("solid", fgColor=style()["tokens"]["accent-wash"].lstrip("#"))
    cell.border = Border(bottom=Side("thin", color=style()["tokens"]["accent"].lstrip("#")))
    return cell


def _cell(sheet: Any, made: Cell, language: str) -> Any:
    cell = _text(sheet, made.text, language)
    if made.number is not None:
        cell.value, cell.number_format = made.number, made.form
        cell.alignment = Alignment(horizontal="right", vertical="top")
    return cell
