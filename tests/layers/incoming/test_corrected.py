"""Corrected copies: the cell that was meant and nothing else, whatever the format; the original as it was."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from openpyxl import Workbook
from shapely import Point

from layers.errors import InputError
from layers.incoming.corrected import Change, write_corrected
from layers.tables import read_raw

TABLE = {"编号": ["A", "B"], "学段": ["小学", "小小学"], "places": [100, 200]}
SHAPES = [Point(114, 33), Point(114.1, 33.1)]


def _write(folder: Path, kind: str) -> Path:
    path = folder / f"s{kind}"
    frame = gpd.GeoDataFrame(TABLE, geometry=SHAPES, crs=4326)
    if kind == ".csv":
        path.write_bytes("编号;学段;places\n\nA;小学;100\nB;小小学;200\n".encode("gb18030"))
    elif kind == ".xlsx":
        book = Workbook()
        book.active.title = "empty"
        sheet = book.create_sheet("2024")
        sheet.append([])
        for row in (list(TABLE), *zip(*TABLE.values(), strict=True)):
            sheet.append(list(row))
        book.save(path)
    elif kind == ".shp":
        frame.to_file(path, encoding="GBK")
    else:
        frame.to_file(path, driver={".gpkg": "GPKG", ".geojson": "GeoJSON"}[kind])
    return path


@pytest.mark.parametrize("kind", [".csv", ".xlsx", ".gpkg", ".shp", ".geojson"])
def test_one_cell_changes_and_the_original_stays(tmp_path: Path, kind: str) -> None:
    path, out = _write(tmp_path, kind), tmp_path / "out"
    out.mkdir()
    before, raw = path.read_bytes(), read_raw(path, "")
    row = raw.rows[1]
    made = write_corrected(path, out, [Change(row, "学段", "初中"), Change(row, "places", "250")])
    again = read_raw(made, "")
    assert list(again.table["学段"]) == ["小学", "初中"] and [str(cell) for cell in again.table["编号"]] == ["A", "B"]
    assert [float(cell) for cell in again.table["places"]] == [100.0, 250.0] and again.rows == raw.rows
    assert path.read_bytes() == before and made.parent == out
    if raw.geometry is not None:
        assert again.geometry is not None and again.crs == raw.crs
        assert [shape.wkt for shape in again.geometry] == [shape.wkt for shape in raw.geometry]


@pytest.mark.parametrize("kind", [".csv", ".xlsx", ".gpkg", ".geojson"])
@pytest.mark.parametrize("change", [Change(99, "学段", "x"), Change(1, "学段", "x")])
def test_a_cell_that_is_not_there(tmp_path: Path, kind: str, change: Change) -> None:
    path = _write(tmp_path, kind)
    (tmp_path / "out").mkdir()
    if kind == ".csv" and change.row == 1:
        pytest.skip("the heading is a line of the file")
    with pytest.raises(InputError) as stop:
        write_corrected(path, tmp_path / "out", [change])
    assert stop.value.faults[0].code == "correction_place"


def test_a_text_in_a_column_of_numbers(tmp_path: Path) -> None:
    path = _write(tmp_path, ".gpkg")
    (tmp_path / "out").mkdir()
    made = write_corrected(path, tmp_path / "out", [Change(2, "places", "unknown")])
    assert list(read_raw(made, "").table["places"]) == ["unknown", "200"]
    emptied = write_corrected(path, tmp_path / "out", [Change(2, "places", "")])
    assert pd.isna(read_raw(emptied, "").table["places"][0])
