"""The tabular door: formats, encodings, headings and places, each with a small file."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from pyproj import CRS

from layers.datum import from_wgs84
from layers.errors import Fault, InputError
from layers.schema import contract
from layers.tables import read_checked, read_table
from tests.layers.planfolder import METRIC, cells, codes

SCHOOLS = contract("schools")
HEADING = "学校名称,学校代码,学段,经度,纬度,学位数,办学性质"
LINES = f"{HEADING}\n第一小学,S1,小学,114.05,33.02,900,公办\n第二中学,S2,初中,114.06,33.03,,民办\n"


def _read(path: Path, **options: Any) -> tuple[gpd.GeoDataFrame, list[Fault]]:
    table, _, faults = read_checked(path, contract=SCHOOLS, **options)
    assert isinstance(table, gpd.GeoDataFrame)
    return table, faults


def _text(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def _stopped(path: Path, **options: Any) -> list[str]:
    with pytest.raises(InputError) as error:
        read_table(path, contract=SCHOOLS, **options)
    assert all(fault.file == path.name and fault.message("zh") for fault in error.value.faults)
    return [fault.code for fault in error.value.faults]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_text_in_any_encoding_and_delimiter(tmp_path: Path, encoding: str, delimiter: str) -> None:
    table, faults = _read(_text(tmp_path / "s.csv", LINES.replace(",", delimiter), encoding))
    assert faults == []
    assert table["name"].tolist() == ["第一小学", "第二中学"]
    assert table["stage"].tolist() == ["primary", "junior"] and table["ownership"].tolist() == ["public", "private"]
    np.testing.assert_array_equal(table["places"], [900, np.nan])
    assert table.geometry.iloc[0].equals(shapely.Point(114.05, 33.02)) and table.crs.to_epsg() == 4326


def test_rows_keep_the_number_a_spreadsheet_gives_them(tmp_path: Path) -> None:
    text = 'sep=,\nid,name,stage,lon,lat\n\n1,"two\nlines",primary,114,33\n,,,,\n2,b,college,114,33\n'
    table, faults = _read(_text(tmp_path / "s.csv", text))
    assert cells(faults) == {("value_allowed", 6, "stage")}
    assert table["name"].iloc[0] == "two\nlines"


def test_decimal_commas(tmp_path: Path) -> None:
    text = "id;name;stage;lon;lat;places\n1;a;primary;7,43;43,75;300\n2;b;primary;7,44;43,75;1,200\n"
    table, faults = _read(_text(tmp_path / "s.csv", text))
    assert table.geometry.iloc[0].equals(shapely.Point(7.43, 43.75))
    assert cells(faults) == {("value_comma", 3, "places")}


def test_files_that_stop(tmp_path: Path) -> None:
    assert _stopped(tmp_path / "none.csv") == ["table_missing"]
    assert _stopped(_text(tmp_path / "old.xls", LINES)) == ["table_format"]
    assert _stopped(_text(tmp_path / "empty.csv", HEADING)) == ["table_empty"]
    assert _stopped(_text(tmp_path / "nothing.csv", "")) == ["table_empty"]
    (tmp_path / "binary.csv").write_bytes(b"\xff\x00\x81\x00\xff" * 9)
    assert _stopped(tmp_path / "binary.csv") == ["table_encoding"]
    assert _stopped(_text(tmp_path / "title.csv", f"某县学校表,,,\n{LINES}")) == ["header_title"]
    assert _stopped(_text(tmp_path / "bad.xlsx", LINES)) == ["table_unreadable"]
    assert _stopped(_text(tmp_path / "bad.parquet", LINES)) == ["table_unreadable"]
    assert _stopped(_text(tmp_path / "bad.zip", LINES)) == ["table_unreadable"]
    twice = "id,name,name,stage,lon,lat,\n1,a,b,primary,114,33,x\n2,a,b,primary,114,33,x,y\n"
    assert _stopped(_text(tmp_path / "heads.csv", twice)) == ["column_twice", "header_empty", "row_long"]


@pytest.mark.parametrize("name", ["a.gpkg", "a.shp", "a.geojson", "a.json"])
def test_only_what_a_file_says_it_is_reaches_a_driver(tmp_path: Path, name: str) -> None:
    """A virtual data set under another name would let a driver open any file or address it lists."""
    layer = '<OGRVRTLayer name="a"><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer>'
    text = f"<OGRVRTDataSource>{layer}</OGRVRTDataSource>"
    assert _stopped(_text(tmp_path / name, text)) == ["table_unreadable"]
    assert _stopped(Path("/vsicurl/http://127.0.0.1/a.gpkg")) == ["table_format"]
    assert _stopped(_text(tmp_path / "a.vrt", text)) == ["table_format"]
    streamed = json.dumps({"type": "gdal_streamed_alg", "command_line": "gdal vector read /etc/passwd"})
    assert _stopped(_text(tmp_path / "b.geojson", streamed)) == ["geojson_kind"]


def _workbook(path: Path, rows: list[list[Any]], merge: str = "") -> Path:
    book = Workbook()
    assert book.active is not None
    book.active.title = "empty"
    sheet = book.create_sheet("schools")
    for row in rows:
        sheet.append(row)
    if merge:
        sheet.merge_cells(merge)
    book.save(path)
    return path


def test_spreadsheets(tmp_path: Path) -> None:
    rows = [
        ["学校代码", "学校名称", "学段", "经度", "纬度", "小学学位数", None],
        [101, "甲", "小学", 114.05, 33.02, "1,200", None],
        [None] * 7,
        [102.0, "乙", "九年一贯制", None, 33.02, "many", None],
    ]
    table, faults = _read(_workbook(tmp_path / "s.xlsx", rows))
    assert table["id"].tolist() == ["101", "102"]
    assert table["places_primary"].iloc[0] == 1200
    assert cells(faults) == {("geometry_missing", 4, None), ("value_number", 4, "小学学位数")}


@pytest.mark.parametrize(
    ("rows", "merge"), [([["某县学校表"]], "A1:E1"), ([["学校", None, "位置"]], "A1:B1"), ([["x"]], "A1:A2")]
)
def test_merged_headings_are_a_fault_and_no_crash(tmp_path: Path, rows: list[list[Any]], merge: str) -> None:
    body = [["id", "name", "stage", "lon", "lat"], ["1", "a", "primary", 114, 33]]
    assert _stopped(_workbook(tmp_path / "s.xlsx", [*rows, *body], merge)) == ["header_merged"]


def _frame() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "id": ["a", "b"],
            "name": ["第一小学", "第二小学"],
            "stage": ["小学", "九年一贯制"],
            "places_primary": [300.0, 400.0],
        },
        geometry=gpd.points_from_xy([114.05, 114.06], [33.02, 33.03]),
        crs=4326,
    )


@pytest.mark.parametrize("name", ["s.gpkg", "s.geojson", "s.parquet", "s.shp", "metric.gpkg", "latlon.gpkg"])
def test_vector_files(tmp_path: Path, name: str) -> None:
    frame = _frame().to_crs(METRIC if name.startswith("metric") else 4490 if name.startswith("latlon") else 4326)
    _write(frame, tmp_path / name)
    table, faults = _read(tmp_path / name, to_crs=METRIC)
    assert codes(faults) == [] and codes(faults, "warning") == []
    assert codes(faults, "note") == (["column_cut"] if name == "s.shp" else [])
    assert table["stage"].tolist() == ["primary", "nine_year"] and table["places_primary"].tolist() == [300, 400]
    assert table.crs == METRIC
    assert table.geometry.distance(_frame().to_crs(METRIC).geometry).max() < 1e-3


def _write(frame: gpd.GeoDataFrame, path: Path, encoding: str = "UTF-8") -> None:
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    elif path.suffix == ".shp":
        frame.rename(columns={"places_primary": "places_pri"}).to_file(path, encoding=encoding)
    else:
        frame.to_file(path)


def _strip_encoding(shp: Path) -> None:
    """As many Chinese systems leave it: no .cpg, no language in the .dbf."""
    shp.with_suffix(".cpg").unlink()
    dbf = bytearray(shp.with_suffix(".dbf").read_bytes())
    dbf[29] = 0
    shp.with_suffix(".dbf").write_bytes(dbf)


@pytest.mark.parametrize("encoding", ["UTF-8", "GBK"])
@pytest.mark.parametrize("zipped", [False, True])
def test_shapefiles_that_do_not_say_their_encoding(tmp_path: Path, encoding: str, zipped: bool) -> None:
    shp = tmp_path / "学校.shp"
    _write(_frame(), shp, encoding)
    _strip_encoding(shp)
    path = _pack(tmp_path / "s.zip", sorted(tmp_path.glob("学校.*")), "../../out/") if zipped else shp
    table, faults = _read(path)
    assert codes(faults) == [] and table["name"].tolist() == ["第一小学", "第二小学"]
    assert [item.name for item in tmp_path.parent.glob("out*")] == []


def _pack(path: Path, members: list[Path], prefix: str = "") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in members:
            archive.write(member, prefix + member.name)
    return path


def test_cut_column_names_that_fit_several_are_a_fault(tmp_path: Path) -> None:
    frame = _frame().drop(columns="places_primary").assign(enrolment_=[1, 2])
    frame.to_file(tmp_path / "s.shp")
    _, faults = _read(tmp_path / "s.shp")
    assert codes(faults) == ["column_ambiguous"]
    assert "enrolment_primary" in faults[0].message() and "enrolment_senior" in faults[0].message()


def test_parts_of_a_shapefile_that_are_missing(tmp_path: Path) -> None:
    _write(_frame(), tmp_path / "s.shp")
    (tmp_path / "s.dbf").unlink()
    (tmp_path / "s.shx").unlink()
    assert _stopped(tmp_path / "s.shp") == ["shapefile_parts"]


def test_zips_are_looked_at_first(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.csv"
    bomb.write_bytes(b"0" * 20_000_000)
    assert _stopped(_pack(tmp_path / "bomb.zip", [bomb])) == ["zip_unsafe"]
    one, two = _text(tmp_path / "one.csv", LINES), _text(tmp_path / "two.csv", LINES)
    assert _stopped(_pack(tmp_path / "two.zip", [one, two])) == ["zip_content"]
    note = _text(tmp_path / "readme.md", "x")
    assert _stopped(_pack(tmp_path / "none.zip", [note])) == ["zip_content"]
    table, faults = _read(_pack(tmp_path / "fine.zip", [one, note]))
    assert faults == [] and len(table) == 2


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(["s.csv", "s.xlsx", "s.geojson", "s.gpkg", "s.parquet", "s.zip"]),
    at=st.floats(0, 1, exclude_max=True),
    garbage=st.binary(max_size=12),
    drop=st.integers(0, 40),
)
def test_damaged_files_are_faults_and_never_crashes(
    tmp_path: Path, name: str, at: float, garbage: bytes, drop: int
) -> None:
    whole = tmp_path / name
    if not whole.exists():
        _one_of_each(tmp_path)
    data = whole.read_bytes()
    start = int(at * len(data))
    broken = tmp_path / f"broken{whole.suffix}"
    broken.write_bytes(data[:start] + garbage + data[start + drop :])
    try:
        _read(broken)
    except InputError as error:
        assert str(tmp_path) not in str(error)


def _one_of_each(folder: Path) -> None:
    _text(folder / "s.csv", LINES, "gb18030")
    _workbook(folder / "s.xlsx", [["id", "name", "stage", "lon", "lat"], [1, "a", "primary", 114, 33]])
    for name in ("s.geojson", "s.gpkg", "s.parquet", "s.shp"):
        _write(_frame(), folder / name)
    _pack(folder / "s.zip", [folder / f"s.{suffix}" for suffix in ("shp", "shx", "dbf", "prj", "cpg")])


def test_layers_of_a_geopackage(tmp_path: Path) -> None:
    path = tmp_path / "s.gpkg"
    _frame().to_file(path, layer="a")
    assert len(_read(path)[0]) == 2
    _frame().to_file(path, layer="b")
    assert _stopped(path) == ["layers_several"]
    _frame().iloc[:1].to_file(path, layer="schools")
    assert len(_read(path)[0]) == 1


def test_geojson_by_itself(tmp_path: Path) -> None:
    point = {"type": "Point", "coordinates": [500_000, 3_650_000, 12]}
    feature = {
        "type": "Feature",
        "id": 7,
        "properties": {"name": "甲", "stage": "小学", "x": {"a": 1}},
        "geometry": point,
    }
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4547"}}
    data = {"type": "FeatureCollection", "crs": crs, "features": [feature]}
    table, faults = _read(_text(tmp_path / "s.geojson", json.dumps(data, ensure_ascii=False), "gb18030"))
    assert faults == []
    assert table["id"].tolist() == ["7"] and abs(table.geometry.x[0] - 114) < 1e-6
    broken = {**feature, "geometry": {"type": "Point", "coordinates": ["a", "b"]}}
    data = {"type": "FeatureCollection", "features": [feature, broken]}
    assert _stopped(_text(tmp_path / "t.geojson", json.dumps(data))) == ["geometry_unreadable"]
    assert _stopped(_text(tmp_path / "u.geojson", "[1, 2]")) == ["geojson_kind"]


def test_x_and_y(tmp_path: Path) -> None:
    path = _text(tmp_path / "s.csv", "id,name,stage,横坐标,纵坐标\n1,a,primary,504673,3655200\n")
    table, faults = _read(path, crs=METRIC, to_crs=METRIC)
    assert faults == [] and table.geometry.iloc[0].equals_exact(shapely.Point(504673, 3655200), 1e-6)
    assert codes(_read(path)[1]) == ["crs_missing"]
    swapped = _text(tmp_path / "t.csv", "id,name,stage,x,y\n1,a,primary,3655200,504673\n")
    assert codes(_read(swapped, crs=METRIC)[1]) == ["xy_swapped"]
    degrees = _text(tmp_path / "u.csv", "id,name,stage,x,y\n1,a,primary,114.05,33.02\n")
    table, faults = _read(degrees)
    assert codes(faults, "warning") == ["crs_assumed"] and table.geometry.iloc[0].x == 114.05


def test_well_known_text(tmp_path: Path) -> None:
    ring = "POLYGON ((114 33, 114.01 33, 114.01 33.01, 114 33))"
    text = f'id,name,stage,wkt\n1,a,primary,"{ring}"\n2,b,primary,here\n3,c,primary,\n'
    table, faults = _read(_text(tmp_path / "s.csv", text))
    assert table.geometry.iloc[0].geom_type == "Polygon"
    assert cells(faults) == {("geometry_unreadable", 3, "wkt"), ("geometry_missing", 4, None)}


NEAR = (114.0, 33.0, 114.1, 33.1)
MONACO = (7.40, 43.72, 7.44, 43.76)


@pytest.mark.parametrize(
    ("lon", "lat", "near", "code"),
    [
        (33.02, 114.05, None, "lonlat_swapped"),
        (33.02, 114.05, NEAR, "lonlat_swapped"),
        (43.74, 7.42, MONACO, "lonlat_swapped"),  # both orders are places on Earth: only the region tells
        (7.42, 43.74, NEAR, "places_elsewhere"),
        (214.05, 33.02, None, "lonlat_range"),
        (0, 0, None, "geometry_missing"),
        (114.05, "33°01'", None, "value_number"),
    ],
)
def test_places_that_cannot_be_right(tmp_path: Path, lon: Any, lat: Any, near: Any, code: str) -> None:
    path = _text(tmp_path / "s.csv", f'id,name,stage,lon,lat\n1,a,primary,{lon},"{lat}"\n')
    _, faults = _read(path, near=near)
    assert codes(faults) == [code]
    assert faults[0].remedy("zh") and faults[0].remedy("en")


def test_no_columns_for_a_place(tmp_path: Path) -> None:
    assert codes(_read(_text(tmp_path / "s.csv", "id,name,stage\n1,a,primary\n"))[1]) == ["geometry_columns"]


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
@pytest.mark.parametrize("metric", [False, True])
def test_shifted_datums_are_undone(tmp_path: Path, datum: str, metric: bool) -> None:
    frame = _frame()
    shifted = from_wgs84(frame.geometry.x, frame.geometry.y, datum)
    wrong = frame.set_geometry(gpd.points_from_xy(*shifted), crs=4326)
    (wrong.to_crs(METRIC) if metric else wrong).to_file(tmp_path / "s.gpkg")
    table, faults = _read(tmp_path / "s.gpkg", datum=datum, to_crs=METRIC)
    assert faults == []
    assert table.geometry.distance(frame.to_crs(METRIC).geometry).max() < 1e-3
    assert wrong.to_crs(METRIC).geometry.distance(frame.to_crs(METRIC).geometry).min() > 100


def test_geometry_types(tmp_path: Path) -> None:
    bow = shapely.Polygon([(114, 33), (114.01, 33.01), (114.01, 33), (114, 33.01)])
    shapes = [shapely.LineString([(114, 33), (114.1, 33)]), bow, shapely.MultiPoint([(114, 33)]), None]
    frame = gpd.GeoDataFrame({"id": list("abcd"), "name": list("abcd"), "stage": "小学"}, geometry=shapes, crs=4326)
    _write(frame, tmp_path / "s.gpkg")
    table, faults = _read(tmp_path / "s.gpkg")
    assert cells(faults) == {("geometry_kind", 2, None), ("geometry_mended", 3, None), ("geometry_missing", 5, None)}
    assert table.geometry.iloc[1].is_valid and table.geometry.iloc[2].geom_type == "Point"


def test_two_headings_for_one_column(tmp_path: Path) -> None:
    path = _text(tmp_path / "s.csv", "id,学校名称,校名,stage,lon,lat\n1,a,b,primary,114,33\n")
    assert codes(_read(path)[1]) == ["column_twice"]
    own = _text(tmp_path / "t.csv", "id,name,校名,stage,lon,lat\n1,a,b,primary,114,33\n")
    table, faults = _read(own)
    assert faults == [] and table["name"].tolist() == ["a"] and table["校名"].tolist() == ["b"]


def test_a_plain_table_needs_no_place(tmp_path: Path) -> None:
    path = _text(tmp_path / "a.csv", "年龄,人数\n3,120\n4,130\n")
    table, faults = read_table(path, contract=contract("ages"))
    assert faults == [] and list(table.columns) == ["_row", "age", "residents"]
    assert not isinstance(table, gpd.GeoDataFrame)


def test_crs_of_a_file_without_one(tmp_path: Path) -> None:
    frame = _frame().to_crs(METRIC).set_crs(None, allow_override=True)
    _write(frame, tmp_path / "s.shp")
    assert codes(_read(tmp_path / "s.shp")[1]) == ["crs_missing"]
    table, faults = _read(tmp_path / "s.shp", crs=CRS.from_epsg(4547))
    assert codes(faults) == [] and abs(table.geometry.x[0] - 114.05) < 1e-9
