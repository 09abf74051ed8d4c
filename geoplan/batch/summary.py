"""The province summary as files: spreadsheet, GeoPackage, CSV and a page in both languages."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from geoplan.batch.page import page
from geoplan.batch.province import Province
from geoplan.exports.document.words import printable
from geoplan.exports.flat import flat, inert, located, without_formulas
from geoplan.exports.gpkg import write_layers
from geoplan.exports.names import column_title, table_title
from geoplan.exports.pinned import pinned
from geoplan.store import aside_file
from geoplan.style import style

NAME = "province"
SHARES = ("share_", "radius_share", "walk_share")
TEXT_LENGTH = 32_767  # what one cell of Excel holds


def write_summary(made: Province, out: Path, *, language: str = "en") -> tuple[Path, ...]:
    """Write every file of the summary, each whole; returns them.

    Parameters
    ----------
    language
        Of sheet, layer and column titles; the page is written in both, the CSV files keep the names of columns.
    """
    jobs: dict[str, Callable[[Path], Any]] = {
        f"{NAME}.xlsx": lambda path: path.write_bytes(workbook(made, language)),
        f"{NAME}.gpkg": partial(write_layers, made.tables, language),
    }
    for name, table in made.tables.items():
        jobs[f"{name}.csv"] = partial(_csv, table)
    for spoken in ("en", "zh"):
        jobs[page_name(spoken)] = partial(_page, made, spoken)
    return tuple(_written(out / name, write) for name, write in jobs.items())


def page_name(language: str) -> str:
    """The file of the page in a language."""
    return f"{NAME}.{language}.html"


def _written(target: Path, write: Callable[[Path], Any]) -> Path:
    with aside_file(target) as aside:
        write(aside)
    return target


def _page(made: Province, language: str, path: Path) -> None:
    other = "en" if language == "zh" else "zh"
    path.write_text(page(made, language, other=page_name(other)), encoding="utf-8")


def _csv(table: pd.DataFrame, path: Path) -> None:
    safe = without_formulas(located(flat(table)))
    safe.to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\r\n", float_format="%.12g")


def workbook(made: Province, language: str) -> bytes:
    """The bytes of the spreadsheet, one sheet a table; the same figures give the same bytes."""
    book = Workbook(write_only=True)
    book.properties.creator = "geoplan"
    for name, table in made.tables.items():
        _sheet(book, table_title(name, language), located(flat(table)), language)
    out = io.BytesIO()
    book.save(out)
    return pinned(out.getvalue(), "")


def _sheet(book: Workbook, title: str, table: pd.DataFrame, language: str) -> None:
    sheet = book.create_sheet(title[:31])
    sheet.freeze_panes = "A2"
    heads = [column_title(str(name), language) for name in table.columns]
    for at, head in enumerate(heads, start=1):
        sheet.column_dimensions[get_column_letter(at)].width = max(10.0, min(40.0, 1.2 * len(head) + 2))
    sheet.append([_head(sheet, head) for head in heads])
    shares = [str(name).startswith(SHARES) for name in table.columns]
    for row in table.itertuples(index=False):
        sheet.append([_cell(sheet, value, share) for value, share in zip(row, shares, strict=True)])


def _head(sheet: Any, text: str) -> Any:
    cell = WriteOnlyCell(sheet, value=inert(printable(text)))
    cell.font = Font(bold=True)
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    cell.fill = PatternFill("solid", fgColor=style()["tokens"]["accent-wash"].lstrip("#"))
    return cell


def _cell(sheet: Any, value: Any, share: bool) -> Any:
    """A value as Excel holds it: numbers typed, nothing for unknown, text that is no formula."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NA or (isinstance(value, float) and not np.isfinite(value)):
        return None
    if isinstance(value, str):
        return inert(printable(value))[:TEXT_LENGTH]
    cell = WriteOnlyCell(sheet, value=value)
    if isinstance(value, float):
        cell.number_format = "0.0%" if share else "#,##0.##"
    return cell
