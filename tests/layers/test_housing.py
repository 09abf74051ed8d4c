"""Housing projects: what they need, and what name_only spares them."""

from __future__ import annotations

from pathlib import Path

from layers.housing import read_housing
from tests.layers.planfolder import LAT, LON, METRIC, cells, codes, plan_of

HEADING = "id,name,lon,lat,status,dwellings,ready,in_population,from_inside_share,occupancy_2028,小学预留用地面积"
PLACE = f"{LON},{LAT}"


def _plan(folder: Path, *lines: str) -> object:
    (folder / "housing.csv").write_text("\n".join([HEADING, *lines]), encoding="utf-8")
    return plan_of(folder, housing={"table": "housing.csv"})


def test_projects(tmp_path: Path) -> None:
    plan = _plan(
        tmp_path,
        f"y,Y,{PLACE},approved,1000,2026,no,0.4,1,12000",
        f"a,A,{PLACE},仅名称,,,,,,",
        f"x,X,{PLACE},,1000,2022年6月,是,,,",
    )
    table, faults = read_housing(plan, METRIC)  # type: ignore[arg-type]
    assert table is not None and faults == []
    assert table["id"].tolist() == ["a", "x", "y"] and table["status"].tolist() == ["name_only", None, "approved"]
    assert table["in_population"].tolist() == [None, True, False]
    assert table["dwellings"].tolist()[1:] == [1000, 1000] and table["ready"].tolist()[1:] == [2022, 2026]
    assert table["reserved_primary_m2"].iloc[2] == 12000 and table["occupancy_2028"].iloc[2] == 1
    assert table.crs == METRIC


def test_faults_of_projects(tmp_path: Path) -> None:
    plan = _plan(
        tmp_path,
        f"a,A,{PLACE},approved,,2026,perhaps,1.4,,",
        f"a,B,{PLACE},approved,10.5,,,,30,-1",
        "c,C,,,approved,100,2026,,,,",
        f"d,D,{PLACE},approved,100,,,,,",
    )
    _, faults = read_housing(plan, METRIC)  # type: ignore[arg-type]
    assert {(code, row) for code, row, _ in cells(faults)} == {
        ("value_flag", 2), ("value_maximum", 2), ("key_twice", 3), ("value_whole", 3), ("value_maximum", 3),
        ("value_minimum", 3), ("geometry_missing", 4),
        ("housing_value", 2), ("housing_value", 3), ("housing_value", 5),
    }  # fmt: skip
    assert ("housing_value", 2, "dwellings") in cells(faults) and ("housing_value", 3, "ready") in cells(faults)
    assert ("housing_value", 3, "dwellings") not in cells(faults)  # 10.5 has been called a fault already


def test_columns_that_are_not_there(tmp_path: Path) -> None:
    (tmp_path / "h.csv").write_text(f"id,lon,lat,status\na,{PLACE},approved\n", encoding="utf-8")
    plan = plan_of(tmp_path, housing={"table": "h.csv"})
    assert codes(read_housing(plan, METRIC)[1]) == ["housing_column", "housing_column"]
    (tmp_path / "h.csv").write_text(f"id,lon,lat,套数,竣工年份\na,{PLACE},,2020\n", encoding="utf-8")
    assert cells(read_housing(plan, METRIC)[1]) == {("housing_value", 2, "套数")}
    (tmp_path / "h.csv").write_text(f"id,lon,lat,status\na,{PLACE},name_only\n", encoding="utf-8")
    table, faults = read_housing(plan, METRIC)
    assert faults == [] and table is not None and table["dwellings"].isna().all()


def test_columns_of_unknown_stages_are_told(tmp_path: Path) -> None:
    heading = "id,lon,lat,dwellings,ready,reserved_middle_m2,pupils_primry,pupils_junior,小学预留用地面积"
    (tmp_path / "h.csv").write_text(f"{heading}\na,{PLACE},100,2026,1,2,3,4\n", encoding="utf-8")
    table, faults = read_housing(plan_of(tmp_path, housing={"table": "h.csv"}), METRIC)
    assert table is not None and {fault.severity for fault in faults} == {"warning"}
    assert [(fault.code, fault.column) for fault in faults] == [
        ("column_near", "pupils_primry"),
        ("housing_stage_unknown", "reserved_middle_m2"),
    ]
    assert "primary" in faults[1].remedy("en") and "学段" in faults[1].message("zh")


def test_a_project_without_a_year_of_completion_stops_the_run(tmp_path: Path) -> None:
    (tmp_path / "h.csv").write_text(f"id,lon,lat,dwellings,ready\na,{PLACE},100,\n", encoding="utf-8")
    _, faults = read_housing(plan_of(tmp_path, housing={"table": "h.csv"}), METRIC)
    assert [(fault.code, fault.column, fault.severity) for fault in faults] == [("housing_value", "ready", "error")]


def test_no_table(tmp_path: Path) -> None:
    assert read_housing(plan_of(tmp_path), METRIC) == (None, [])
    table, faults = read_housing(plan_of(tmp_path, housing={"table": "none.csv"}), METRIC)
    assert table is None and codes(faults) == ["table_missing"]
