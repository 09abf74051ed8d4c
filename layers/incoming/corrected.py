"""Corrected copies of tables: single cells changed, everything else as it was, the original never touched."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio

from layers.errors import Fault, InputError
from layers.incoming.names import ending, stem
from layers.tables import read_raw
from layers.tables.raw import Raw
from layers.tables.sheet import open_book
from layers.tables.text import decode, delimiter_of

VECTOR = (".gpkg", ".shp", ".parquet")


@dataclass(frozen=True)
class Change:
    """One cell: the row as a spreadsheet shows it, the heading of the file, and what stands there from now on."""

    row: int
    column: str
    value: str


def write_corrected(source: Path, folder: Path, changes: Sequence[Change], sheet: str | None = None) -> Path:
    """Write a copy of a table with cells changed and hand back its path; the same name, or as GeoPackage.

    Parameters
    ----------
    source, sheet
        The original, and the sheet or layer in use.
    folder
        Where the copy goes; it replaces an earlier one of the same name.
    changes
        Later ones win over earlier ones of the same cell.

    Raises
    ------
    InputError
        A row or column the table does not have, or a table that cannot be read.
    """
    kind = ending(source.name)
    target = folder / (source.name if kind not in VECTOR else f"{stem(source.name)}.gpkg")
    target.unlink(missing_ok=True)
    if kind in VECTOR:
        return _vector(source, target, changes, sheet)
    writers: dict[str, Callable[[Path, Path, Sequence[Change], str | None], None]] = {
        ".xlsx": _workbook,
        ".geojson": _geojson,
        ".json": _geojson,
    }
    writers.get(kind, _text)(source, target, changes, sheet)
    return target


def _lost(source: Path, change: Change) -> InputError:
    return InputError([Fault("correction_place", file=source.name, row=change.row, column=change.column)])


def _text(source: Path, target: Path, changes: Sequence[Change], sheet: str | None) -> None:
    text = decode(source.read_bytes(), source)
    named = re.match(r"sep=(.)\r?\n", text)
    body, first = (text[named.end() :], 2) if named else (text, 1)
    mark = named.group(1) if named else delimiter_of(body)
    lines = list(csv.reader(io.StringIO(body, newline=""), delimiter=mark))
    head = next((line for line in lines if any(cell.strip() for cell in line)), [])
    names = [cell.strip() for cell in head]
    for change in changes:
        at = change.row - first
        if change.column not in names or not 0 <= at < len(lines):
            raise _lost(source, change)
        lines[at] += [""] * (len(names) - len(lines[at]))
        lines[at][names.index(change.column)] = change.value
    out = io.StringIO()
    csv.writer(out, delimiter=mark, lineterminator="\n").writerows(lines)
    target.write_text(f"{named.group(0) if named else ''}{out.getvalue()}", encoding="utf-8")


def _workbook(source: Path, target: Path, changes: Sequence[Change], sheet: str | None) -> None:
    book = open_book(source)
    try:
        page = book[sheet] if sheet is not None else next(one for one in book.worksheets if _head(one)[1])
        top, names = _head(page)
        for change in changes:
            if change.column not in names or not top < change.row <= page.max_row:
                raise _lost(source, change)
            page.cell(change.row, names.index(change.column) + 1).value = _typed(change.value)
        book.save(target)
    finally:
        book.close()


def _head(page: Any) -> tuple[int, list[str]]:
    """Row and names of a sheet's heading."""
    for number, cells in enumerate(page.iter_rows(values_only=True), start=1):
        if any(cell is not None and str(cell).strip() for cell in cells):
            return number, ["" if cell is None else str(cell).strip() for cell in cells]
    return 0, []


def _geojson(source: Path, target: Path, changes: Sequence[Change], sheet: str | None) -> None:
    data = json.loads(decode(source.read_bytes(), source))
    features = data.get("features", [data])
    for change in changes:
        at = change.row - 2
        if not 0 <= at < len(features):
            raise _lost(source, change)
        held = features[at].setdefault("properties", {}) or {}
        held[change.column] = _typed(change.value)
        features[at]["properties"] = held
    target.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")


def _vector(source: Path, target: Path, changes: Sequence[Change], sheet: str | None) -> Path:
    raw = read_raw(source, "", sheet)
    table = raw.table.copy()
    for change in changes:
        at = change.row - 2
        if change.column not in table or not 0 <= at < len(table):
            raise _lost(source, change)
        table.loc[at, change.column] = _typed(change.value)
    for name in {change.column for change in changes}:
        table[name] = _one_type(table[name])
    if raw.geometry is None:
        target = target.with_suffix(".csv")
        table.to_csv(target, index=False)
        return target
    _write_layer(raw, table, target, sheet or "data")
    return target


def _write_layer(raw: Raw, table: pd.DataFrame, target: Path, layer: str) -> None:
    assert raw.geometry is not None
    frame = gpd.GeoDataFrame(table.infer_objects(), geometry=list(raw.geometry), crs=raw.crs)
    pyogrio.write_dataframe(frame, target, layer=layer, driver="GPKG")


def _typed(value: str) -> Any:
    """A number where the text is one as spreadsheets write it, nothing where it is empty, else the text."""
    plain = value.strip()
    if not plain:
        return None
    if re.fullmatch(r"-?(0|[1-9]\d{0,14})(\.\d{1,12})?", plain):
        return float(plain) if "." in plain else int(plain)
    return value


def _one_type(values: pd.Series[Any]) -> pd.Series[Any]:
    """Texts where a column holds texts and numbers: a layer has one type a column."""
    given = [value for value in values if value is not None]
    if any(isinstance(value, str) for value in given):
        return pd.Series(
            [None if value is None else str(value) for value in values], index=values.index, dtype=object
        )
    return values
