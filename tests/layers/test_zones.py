"""Zones, blocks, stops, costs, audits, and what the optional tables say of each other."""

from __future__ import annotations

from pathlib import Path

from shapely import box

from layers.optional import READERS, check_references, read_optional
from layers.zones import read_audit, read_blocks, read_costs, read_stops, read_zones
from tests.layers.planfolder import LAT, LON, METRIC, X, Y, cells, codes, plan_of, write_polygons

WEST, EAST = box(X, Y, X + 500, Y + 900), box(X + 500, Y, X + 900, Y + 900)


def test_zones_and_blocks(tmp_path: Path) -> None:
    write_polygons(
        tmp_path / "z.geojson",
        [EAST, WEST, WEST],
        学区编号=["z2", "z1", "z1"],
        学段=["小学", "初中", "小学"],
        对口学校=["a；b", None, "c,c"],
    )
    write_polygons(tmp_path / "b.geojson", [EAST, WEST], 社区编号=["2", "1"], 社区=["东", "西"])
    plan = plan_of(tmp_path, zones={"current": "z.geojson", "blocks": "b.geojson"})
    table, faults = read_zones(plan, METRIC)
    assert table is not None and faults == []
    assert table["id"].tolist() == ["z1", "z1", "z2"] and table["stage"].tolist() == ["junior", "primary", "primary"]
    assert table["school_ids"].tolist() == [(), ("c",), ("a", "b")]
    blocks, faults = read_blocks(plan, METRIC)
    assert blocks is not None and faults == [] and blocks["name"].tolist() == ["西", "东"]


def test_a_zone_stands_once_a_stage(tmp_path: Path) -> None:
    write_polygons(tmp_path / "z.geojson", [EAST, WEST], id=["z", "z"], stage=["primary", "primary"])
    faults = read_zones(plan_of(tmp_path, zones={"current": "z.geojson"}), METRIC)[1]
    assert cells(faults) == {("row_again", 3, "id, stage")}


def test_stops(tmp_path: Path) -> None:
    text = f"站点编号,线路,站序,车程,经度,纬度,学校编号\nb,1,2,7.5,{LON},{LAT},s\na,1,1,x,{LON},{LAT},\n"
    (tmp_path / "stops.csv").write_text(text, encoding="gb18030")
    table, faults = read_stops(plan_of(tmp_path, transport={"stops": "stops.csv"}), METRIC)
    assert table is not None and cells(faults) == {("value_number", 3, "车程")}
    assert table["id"].tolist() == ["a", "b"] and table["school_id"].tolist() == [None, "s"]


def test_costs(tmp_path: Path) -> None:
    (tmp_path / "costs.csv").write_text("item,unit,cost\nzebra,piece,12000\nclass,class,2.4e6\n", encoding="utf-8")
    table, faults = read_costs(plan_of(tmp_path, costs={"table": "costs.csv"}))
    assert table is not None and faults == []
    assert table.to_dict("list") == {"item": ["class", "zebra"], "unit": ["class", "piece"], "cost": [2.4e6, 12000]}
    (tmp_path / "costs.csv").write_text("item,unit,cost\na,m,1\na,m,\n", encoding="utf-8")
    assert cells(read_costs(plan_of(tmp_path, costs={"table": "costs.csv"}))[1]) == {
        ("key_twice", 3, "item"),
        ("value_missing", 3, "cost"),
    }


def test_the_latest_audit_wins(tmp_path: Path) -> None:
    lines = [
        "osm_type,osm_id,tag,value,date,surveyor",
        "way,123456789012,maxspeed,30,2024-05-02,A",
        "线,123456789012,maxspeed,40,2024年5月10日,B",
        "way,123456789012,lit,no,2024/5/1,A",
        "node,7,crossing,zebra,2024-05-01T10:00,A",
    ]
    (tmp_path / "audit.csv").write_text("\n".join(lines), encoding="utf-8")
    plan = plan_of(tmp_path, streets={"audit": "audit.csv"})
    table, faults = read_audit(plan)
    assert table is not None and faults == []
    assert table["osm_id"].dtype == "int64" and table["osm_id"].tolist() == [7, 123456789012, 123456789012]
    assert table["value"].tolist() == ["zebra", "no", "40"] and table["date"].iloc[2] == "2024-05-10"
    wrong = ["osm_type,osm_id,tag,value,date", "area,1,lit,yes,2024-01-01", "way,0,lit,,2024-01-01"]
    (tmp_path / "audit.csv").write_text("\n".join(wrong), encoding="utf-8")
    assert cells(read_audit(plan)[1]) == {
        ("value_allowed", 2, "osm_type"),
        ("value_minimum", 3, "osm_id"),
        ("value_missing", 3, "value"),
    }
    (tmp_path / "audit.csv").write_text("osm_type,osm_id,tag,value,date\nway,1,lit,yes,May\n", encoding="utf-8")
    table, faults = read_audit(plan)
    assert table is None and cells(faults) == {("value_date", 2, "date")}


def test_all_optional_tables_at_once(tmp_path: Path) -> None:
    assert read_optional(plan_of(tmp_path), METRIC) == ({}, [])
    every = plan_of(
        tmp_path,
        population={name: "none.csv" for name in ("ages", "births", "registered")},
        streets={"audit": "none.csv"},
        housing={"table": "none.csv"},
        sites={"table": "none.csv", "exclusions": "none.csv"},
        zones={"current": "none.csv", "blocks": "none.csv"},
        transport={"stops": "none.csv"},
        venues={"table": "none.csv"},
        costs={"table": "none.csv"},
        demand={"survival": "none.csv", "migration": "none.csv"},
    )
    tables, faults = read_optional(every, METRIC)
    assert tables == {} and codes(faults) == ["table_missing"] * len(READERS)


def test_references_to_what_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "stops.csv").write_text(f"id,lon,lat,school_id\na,{LON},{LAT},s\nb,{LON},{LAT},t\n", encoding="utf-8")
    (tmp_path / "births.csv").write_text("year,births,area_id\n2024,9,A\n2024,9,\n2024,9,Q\n", encoding="utf-8")
    write_polygons(tmp_path / "z.geojson", [WEST], id=["z"], school_ids=["s;u"])
    plan = plan_of(
        tmp_path,
        population={"births": "births.csv"},
        transport={"stops": "stops.csv"},
        zones={"current": "z.geojson"},
    )
    tables, faults = read_optional(plan, METRIC)
    assert faults == []
    found = check_references(tables, {"s"}, {"A"})
    assert {(fault.file, fault.column, fault.value) for fault in found} == {
        ("stops", "school_id", "t"),
        ("births", "area_id", "Q"),
        ("zones", "school_ids", "u"),
    }
    assert codes(found) == [] and all(fault.message("zh") for fault in found)
