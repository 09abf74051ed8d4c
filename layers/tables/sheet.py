"""Spreadsheets: the first sheet with anything in it; one heading row, no merged cells in it."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from layers.errors import InputError
from layers.tables.archive import guard
from layers.tables.raw import Raw, from_records, stop


def read_sheet(path: Path, wanted: str | None = None) -> Raw:
    """Read an ``.xlsx`` table, the sheet ``wanted`` or the first with anything in it.

    Formulas give the value the spreadsheet saved last.

    Raises
    ------
    InputError
        Not a workbook, nothing in it, merged cells in the heading; every fault of the headings.
    """
    book = open_book(path)
    try:
        if wanted is not None and wanted not in book.sheetnames:
            raise stop("sheet_missing", path, wanted, there=", ".join(book.sheetnames)[:200])
        for sheet in book.worksheets:
            if sheet.title == wanted or (wanted is None and sheet.sheet_state == "visible"):
                lines = _lines(sheet)
                if lines:
                    return _raw(path, sheet, lines)
    finally:
        book.close()
    raise stop("table_empty", path)


def open_book(path: Path) -> Any:
    """The workbook of a file, once its archive was looked at; InputError where it is none."""
    try:
        with zipfile.ZipFile(path) as archive:
            guard(archive, path)
        return load_workbook(path, data_only=True)
    except InputError:
        raise
    except Exception as error:  # damaged workbooks raise whatever zip, XML or number parsing meets first
        raise stop("table_unreadable", path, type(error).__name__) from None


def _lines(sheet: Any) -> list[tuple[int, list[object]]]:
    rows = enumerate(sheet.iter_rows(values_only=True), start=1)
    return [
        (row, list(cells)) for row, cells in rows if any(cell is not None and str(cell).strip() for cell in cells)
    ]


def _raw(path: Path, sheet: Any, lines: list[tuple[int, list[object]]]) -> Raw:
    top, header = lines[0]
    merged = [str(cells.coord) for cells in sheet.merged_cells.ranges if cells.min_row <= top <= cells.max_row]
    if merged:
        raise stop("header_merged", path, ", ".join(sorted(merged)), sheet=sheet.title)
    if len(lines) < 2:
        raise stop("table_empty", path)
    names = ["" if cell is None else str(cell).strip() for cell in header]
    while (
        names and not names[-1] and not any(len(cells) >= len(names) and cells[len(names) - 1] for _, cells in lines)
    ):
        names.pop()
    return from_records(path, names, lines[1:])
