"""The spreadsheet: typed figures as the document has them, no formula, the same bytes for the same run."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import load_workbook

from geoplan.exports import export, xlsx
from geoplan.exports.document import document
from geoplan.exports.document.parts import Cell, Table
from geoplan.run import Run
from tests.geoplan.exports.runs import proposal_run


@pytest.fixture(scope="module")
def run() -> Run:
    return proposal_run()


def opened(run: Run, language: str):  # type: ignore[no-untyped-def]
    return load_workbook(io.BytesIO(xlsx.workbook(run, document(run, language))))


def shown(value: float, form: str) -> str:
    """A number as a spreadsheet writes it, for the formats in use."""
    positive, _, negative = form.partition(";")
    form = negative if value < 0 and negative else positive
    scaled = abs(value) * (100 if re.sub(r'"[^"]*"', "", form).endswith("%") else 1)
    figure = re.search(r"[#,]*0(\.(?P<fixed>0*)(?P<free>#*))?", form)
    assert figure is not None, form
    fixed, free = (len(figure[name] or "") for name in ("fixed", "free"))
    digits = f"{scaled:,.{fixed + free}f}"
    while free and digits.endswith("0"):
        digits, free = digits[:-1], free - 1
    digits = digits.replace(",", "") if "," not in form else digits
    return (form[: figure.start()] + digits + form[figure.end() :]).replace('"', "")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_tables_hold_typed_numbers_that_read_as_in_the_document(run: Run, language: str) -> None:
    made, book = document(run, language), opened(run, language)
    sheets = iter(book.worksheets[1:])
    for table in [b for s in made.sections for b in s.blocks if isinstance(b, Table)]:
        sheet = next(sheets)
        assert sheet.freeze_panes == "A2"
        for row, cells in zip(table.rows, sheet.iter_rows(min_row=2), strict=True):
            for expected, cell in zip(row, cells, strict=True):
                if table.key != "sources":
                    same_figure(expected, cell)


def same_figure(expected: Cell, cell) -> None:  # type: ignore[no-untyped-def]
    if expected.number is None:
        assert cell.value == expected.text and cell.data_type == "s"
    else:
        assert cell.data_type == "n"
        assert shown(cell.value, cell.number_format) == expected.text


def test_the_runs_tables_follow_with_every_digit(run: Run) -> None:
    book = opened(run, "en")
    sheet = book["Schools"]
    heads = [cell.value for cell in next(sheet.iter_rows())]
    column = heads.index("walk to school, m, primary")
    walks = [row[column].value for row in sheet.iter_rows(min_row=2)]
    expected = run.tables["schools"]["walk_m_primary"]
    assert walks == [None if pd.isna(value) else pytest.approx(value, rel=1e-14) for value in expected]
    assert "Streets" not in book.sheetnames


def test_no_cell_is_a_formula(run: Run) -> None:
    schools = run.tables["schools"].assign(name=["=1+1", "\t=1", "@A1"], source=["+1", "-1", "＝1"])
    summary = {**run.summary, "title": "=1+1", "notice": "-1"}
    book = opened(replace(run, tables={**run.tables, "schools": schools}, summary=summary), "en")
    cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
    assert not [cell.value for cell in cells if cell.data_type == "f"]
    lead = tuple("=+-@\t＝＋－＠")
    assert not [cell.value for cell in cells if isinstance(cell.value, str) and cell.value.startswith(lead)]
    assert {"'=1+1", "'+1", "'＝1"} <= {cell.value for cell in cells}


def test_the_same_run_gives_the_same_bytes(run: Run, tmp_path: Path) -> None:
    first, second = (export(proposal_run(), ["xlsx"], tmp_path / name, language="zh")[0] for name in "ab")
    assert first.name == "toytown-0123456789ab-proposal-zh.xlsx"
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as package:
        assert {member.date_time for member in package.infolist()} == {(2025, 1, 2, 3, 4, 4)}  # a zip counts in twos
        assert b"2025-01-02T03:04:05Z" in package.read("docProps/core.xml")


def test_a_table_too_long_for_a_sheet_is_named_instead(run: Run) -> None:
    long = pd.DataFrame({"value": range(xlsx.MOST_ROWS + 1)})
    book = opened(replace(run, tables={**run.tables, "mass": long}), "en")
    assert "mass" not in book.sheetnames
    said = [cell.value for row in book["Sheets"].iter_rows() for cell in row if cell.value]
    assert any("mass: 5,001 rows" in text for text in said)


def test_sheet_names_are_what_excel_takes(run: Run) -> None:
    odd = {"a[b]:c*d?/e\\" + "x" * 40: pd.DataFrame({"n": [1]}), "A[b]:c*d?/e\\" + "x" * 40: pd.DataFrame({"n": [2]})}
    names = opened(replace(run, tables={**run.tables, **odd}), "en").sheetnames
    assert len({name.lower() for name in names}) == len(names)
    assert all(len(name) <= 31 and not set(name) & set("[]:*?/\\'") for name in names)
