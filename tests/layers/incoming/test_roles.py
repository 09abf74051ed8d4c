"""What files are taken for, and the plan.toml that comes of it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from openpyxl import Workbook
from shapely import Point, box

from layers.incoming.look import look
from layers.incoming.plantext import Use, plan_text
from layers.incoming.roles import guess, guesses, possible, roles
from layers.planfile import PlanFile, TableName, TableReading, read_plan
from layers.plannames import AGES, FILES
from layers.schema import contract, contracts
from layers.tables import read_checked, read_table


def _table(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text, encoding="gb18030")
    return guess(name, look(folder / name)).role


@pytest.mark.parametrize(
    ("name", "heading", "role"),
    [
        ("a.csv", "学校名称,学校代码,学段,经度,纬度,核定学位", "schools"),
        ("名单.csv", "编号,名称,学段,lon,lat", "schools"),
        ("a.csv", "项目编号,楼盘名称,套数,竣工年份,经度,纬度", "housing"),
        ("a.csv", "年份,出生人数", "births"),
        ("a.csv", "年龄,人数", "ages"),
        ("a.csv", "起始年龄,终止年龄,户籍人数", "registered"),
        ("a.csv", "项目,单位,单价", "costs"),
        ("a.csv", "x,y,常住人口,0岁,1-4岁", "grid"),
        ("a.csv", "站点编号,线路,站序,lon,lat", "stops"),
        ("备选地块.csv", "编号,名称,面积,lon,lat", "sites"),
        ("a.csv", "foo,bar", "none"),
        ("a.csv", "id,lon,lat", "none"),
    ],
)
def test_tables_by_their_headings(tmp_path: Path, name: str, heading: str, role: str) -> None:
    cells = ",".join("1" for _ in heading.split(","))
    assert _table(tmp_path, name, f"{heading}\n{cells}\n") == role


def test_the_sheet_that_fits_is_chosen(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["说明"])
    book.active.append(["本表"])
    sheet = book.create_sheet("学校表")
    sheet.append(["学校代码", "学校名称", "学段", "经度", "纬度"])
    sheet.append(["1", "甲", "小学", 114.0, 33.0])
    book.create_sheet("出生").append(["年份", "出生人数"])
    book.save(tmp_path / "a.xlsx")
    seen = look(tmp_path / "a.xlsx")
    found = guess("a.xlsx", seen)
    assert (found.role, found.sheet) == ("schools", "学校表") and len(seen.sheets) == 3
    assert seen.sheets[1].samples["学校名称"] == ["甲"]


def test_shapes_and_rasters(tmp_path: Path) -> None:
    gpd.GeoDataFrame({"name": ["x"]}, geometry=[box(0, 0, 1, 1)], crs=4326).to_file(tmp_path / "a.gpkg", layer="l")
    towns = {"乡镇代码": list("abcd"), "乡镇名称": list("abcd")}
    gpd.GeoDataFrame(towns, geometry=[box(k, 0, k + 1, 1) for k in range(4)], crs=4326).to_file(
        tmp_path / "t.shp", encoding="GBK"
    )
    (tmp_path / "t.cpg").unlink()
    assert guess("a.gpkg", look(tmp_path / "a.gpkg")).role == "boundary"
    assert guess("t.shp", look(tmp_path / "t.shp")).role == "areas" and look(tmp_path / "t.shp").encoding == "GB18030"
    rasters = {"pop_2024.tif": "raster", "dem.tif": "elevation", "x.tif": "raster", "x_f_5_2020.tif": "ages_rasters"}
    for name, role in rasters.items():
        with rasterio.open(tmp_path / name, "w", driver="GTiff", width=4, height=4, count=1, dtype="float32") as out:
            out.write(np.ones((4, 4), np.float32), 1)
        assert guess(name, look(tmp_path / name)).role == role


def test_of_two_files_for_one_role_the_surest_has_it(tmp_path: Path) -> None:
    gpd.GeoDataFrame({"name": ["x"]}, geometry=[box(0, 0, 1, 1)], crs=4326).to_file(tmp_path / "other.geojson")
    gpd.GeoDataFrame({"name": ["x"]}, geometry=[box(0, 0, 1, 1)], crs=4326).to_file(tmp_path / "boundary.geojson")
    looks = [(name, look(tmp_path / name)) for name in ("other.geojson", "boundary.geojson")]
    assert [one.role for one in guesses(looks)] == ["none", "boundary"]


def test_every_file_of_a_plan_has_a_role_and_every_table_a_name() -> None:
    assert {role.key for role in roles().values()} == {*FILES, AGES}
    assert {role.table for role in roles().values() if role.table} == set(TableName.__args__)  # type: ignore[attr-defined]
    assert set(TableName.__args__) <= set(contracts())  # type: ignore[attr-defined]
    assert set(possible("table")) | set(possible("raster")) | set(possible("streets")) == set(roles())


def test_the_plan_reads_what_was_said(tmp_path: Path) -> None:
    evil = 'a"b\\c\n\x7f]'
    uses = [
        Use("boundary", "b.geojson", datum="gcj02"),
        Use("schools", "学校.xlsx", sheet="2024", columns={"id": evil, "beds": ""}, datum="bd09", crs="EPSG:4547"),
        Use("ages_rasters", "x_f_0.tif"),
        Use("ages_rasters", "x_m_0.tif"),
        Use("stops", "s.csv", datum="gcj02"),
        Use("streets", "s.osm.pbf"),
    ]
    head = {"plan": {"name": "p", "title": evil}, "schools": {"year": 2024, "osm": None}, "region": {"setting": ""}}
    plan = PlanFile(root=tmp_path, **tomllib.loads(plan_text(head, uses)))
    assert plan.plan.title == evil and plan.schools.datum == "bd09" and plan.schools.crs == "EPSG:4547"
    assert plan.reading("schools").columns == {"id": evil, "beds": ""} and plan.reading("schools").sheet == "2024"
    assert plan.reading("region").datum == "gcj02" and plan.reading("stops").datum == "gcj02"
    assert plan.population.ages_rasters == ("x_f_0.tif", "x_m_0.tif") and plan.reading("venues").sheet is None


def test_a_table_that_is_none_is_a_fault_of_the_plan(tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_text(plan_text({"plan": {"name": "p"}}, []) + "\n[tables.nothing]\nsheet = 'x'\n")
    with pytest.raises(Exception) as stop:
        read_plan(tmp_path, files=False)
    assert "tables.nothing" in str(stop.value)


def test_columns_named_by_the_plan(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text("id,内部码,单位,类,lon,lat,床位\n9,S1,甲,小学,114,33,5\n", encoding="utf-8")
    reading = TableReading(columns={"id": "内部码", "name": "单位", "stage": "类", "beds": ""})
    table, faults = read_table(path, contract=contract("schools"), reading=reading)
    assert faults == [] and list(table["id"]) == ["S1"] and list(table["name"]) == ["甲"] and "beds" not in table
    assert list(table["id (file)"]) == ["9"] and list(table["床位"]) == ["5"]
    wrong = TableReading(columns={"id": "没有", "nonsense": "类"})
    _, faults = read_table(path, contract=contract("schools"), reading=wrong)
    assert {fault.code for fault in faults} >= {"columns_heading", "columns_unknown"}
    gpd.GeoDataFrame({"id": ["a"]}, geometry=[Point(1, 2)], crs=4326).to_file(tmp_path / "g.gpkg", layer="one")
    gpd.GeoDataFrame({"id": ["b"]}, geometry=[Point(1, 2)], crs=4326).to_file(tmp_path / "g.gpkg", layer="two")
    table, _ = read_table(tmp_path / "g.gpkg", contract=contract("schools"), reading=TableReading(sheet="two"))
    assert list(table["id"]) == ["b"]
    with pytest.raises(Exception, match="three"):
        read_table(tmp_path / "g.gpkg", contract=contract("schools"), reading=TableReading(sheet="three"))


def test_one_value_for_every_row_and_one_heading_for_two_columns(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text("code,lon,lat,beds\nS1,114,33,5\nS2,114,33,6\n", encoding="utf-8")
    reading = TableReading(
        columns={"id": "code", "name": "code", "beds": ""}, values={"stage": "primary", "beds": "7"}
    )
    table, _, faults = read_checked(path, contract=contract("schools"), reading=reading)
    assert list(table["id"]) == list(table["name"]) == ["S1", "S2"]
    assert set(table["stage"]) == {"primary"} and list(table["beds"]) == [7, 7]
    told = [(fault.code, fault.severity, fault.column, fault.value) for fault in faults]
    assert ("values_same", "note", "stage", "primary") in told and all(one[1] == "note" for one in told)
    wrong = TableReading(columns={"name": "code"}, values={"beds": "7", "nonsense": "1", "lon": "2", "stage": "x"})
    _, _, faults = read_checked(path, contract=contract("schools"), reading=wrong)
    found = [(fault.code, str(fault.value)) for fault in faults if fault.severity == "error"]
    assert {("values_twice", "beds"), ("columns_unknown", "nonsense"), ("columns_unknown", "lon")} <= set(found)
    assert [fault.row for fault in faults if fault.column == "stage" and fault.severity == "error"] == [2, 3]
    assert 'beds = ""' in next(fault for fault in faults if fault.code == "values_twice").remedy("en")
