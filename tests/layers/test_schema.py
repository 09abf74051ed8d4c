"""Contracts are complete, readable data, and every name finds its column."""

from __future__ import annotations

import pytest

from layers.aliases import canonical, choice, cut_names
from layers.bundle import STAGES
from layers.schema import KINDS, contract, contracts, doc_rows

SCHOOLS = contract("schools")

HEADINGS = """
学校名称=name; 学校代码=id; 学段=stage; 学位数=places; 小学学位数=places_primary;
学位数（小学）=places_primary; 初中班级数=classes_junior; 高中 在校生数=enrolment_senior;
幼儿园在园人数=enrolment_kindergarten; 班数=classes; 教室数=classrooms; 在校生数=enrolment;
占地面积（平方米）=site_m2; 三年级=grade_3; 十二年级人数=grade_12; 经度=lon; 纬度=lat;
办学性质=ownership; Places Primary=places_primary; primary places=places_primary; LON=lon;
places_senior=places_senior; 备注=; remarks=
"""

OTHER_HEADINGS = """
grid:0-4岁=age_0_4; grid:5至9岁人口=age_5_9; grid:3岁=age_3; grid:常住人口=residents;
housing:2030年入住率=occupancy_2030; housing:套数=dwellings;
housing:小学预留用地面积(平方米)=reserved_primary_m2; gates:学校编号=school_id;
stops:学校编号=school_id; areas:乡镇名称=name; ages:年龄=age; births:出生人口=births; costs:经度=
"""

VALUES = """
stage:小学=primary; stage:初级中学=junior; stage:九年一贯制学校=nine_year; stage:幼儿园=kindergarten;
stage:完全中学=secondary; stage:教学点=teaching_point; stage:Nine Year=nine_year;
stage:PRIMARY=primary; stage:大学=; ownership:公办=public; ownership:民办=private;
ownership:购买学位=purchased; setting:城镇=town; setting:乡村=rural; setting:moon=
"""


def _pairs(text: str) -> list[tuple[str | None, ...]]:
    """``a=b; c:d=e`` as tuples; nothing after = is None."""
    items = [item.strip() for item in text.split(";")]
    return [(*left.split(":"), right or None) for left, _, right in (item.partition("=") for item in items)]


@pytest.mark.parametrize("name", contracts())
def test_a_contract_is_complete(name: str) -> None:
    table = contract(name)
    names = [column.name for column in table.columns]
    assert len(names) == len(set(names))
    assert set(table.key) <= set(names)
    assert {part for group in table.one_of for part in group} <= set(names)
    assert set(table.geometry) <= {"Point", "LineString", "Polygon"}
    assert table.doc and table.doc_zh
    for column in table.columns:
        assert column.kind in KINDS
        assert column.doc and column.doc_zh, column.name
        assert bool(column.allowed) == (column.kind == "choice"), column.name
        assert not column.required or "<" not in column.name


def test_the_tables_of_the_plan_folder_have_contracts() -> None:
    wanted = "schools gates housing sites grid ages births registered areas stops venues costs audit zones blocks"
    assert set(wanted.split()) <= set(contracts())


def test_a_family_stands_for_one_column_a_stage() -> None:
    assert {f"places_{stage}" for stage in STAGES} <= set(SCHOOLS.names())
    found = SCHOOLS.column("places_junior")
    assert found is not None and found.name == "places_<stage>" and found.unit == "places"
    assert SCHOOLS.column("places_university") is None
    grid = contract("grid")
    assert [grid.column(name).name for name in ("age_3", "age_0_4")] == ["age_<a>", "age_<a>_<b>"]  # type: ignore[union-attr]


def test_documents_are_made_from_contracts() -> None:
    rows = {row["column"]: row for row in doc_rows("housing")}
    assert rows["id"]["required"] == "yes"
    assert rows["from_inside_share"]["maximum"] == "1"
    assert all(set(row) == set(rows["id"]) for row in rows.values())


@pytest.mark.parametrize(("heading", "name"), _pairs(HEADINGS))
def test_headings_of_a_school_list(heading: str, name: str | None) -> None:
    assert canonical(heading, SCHOOLS) == name


@pytest.mark.parametrize(("table", "heading", "name"), _pairs(OTHER_HEADINGS))
def test_headings_of_other_tables(table: str, heading: str, name: str | None) -> None:
    assert canonical(heading, contract(table)) == name


def test_every_alias_finds_its_own_column() -> None:
    from layers.aliases import _file, _knows

    for table, columns in _file()["columns"].items():
        for kind in contracts() if table == "any" else (table,):
            own = _file()["columns"].get(kind, {}) if table == "any" else {}
            claimed = {word for words in own.values() for word in words}
            for name, words in columns.items():
                plain = [word for word in words if "<" not in word + name and word not in claimed]
                for word in plain if _knows(contract(kind), name) else ():
                    assert canonical(word, contract(kind)) == name, (kind, word)


def test_names_cut_to_ten_bytes() -> None:
    assert cut_names("places_pri", SCHOOLS) == ["places_primary"]
    assert cut_names("multimedia", SCHOOLS) == ["multimedia_rooms"]
    assert cut_names("enrolment_", SCHOOLS) == [f"enrolment_{stage}" for stage in sorted(STAGES)]
    assert cut_names("enrolmen_1", SCHOOLS) == [f"enrolment_{stage}" for stage in sorted(STAGES)]
    assert cut_names("小学学", SCHOOLS) == ["enrolment_primary", "places_primary"]  # 小学学位数 or 小学学生数
    assert cut_names("remarks", SCHOOLS) == []
    assert cut_names("occupancy_", contract("housing")) == ["occupancy_<year>"]


@pytest.mark.parametrize(("column", "value", "meant"), _pairs(VALUES))
def test_values_in_chinese(column: str, value: str, meant: str | None) -> None:
    known = SCHOOLS.column(column)
    assert known is not None
    assert choice(value, column, known.allowed) == meant


def test_values_of_the_alias_table_are_values_of_contracts() -> None:
    from layers.aliases import _file

    columns = [column for table in contracts().values() for column in table.columns]
    for name, values in _file()["values"].items():
        allowed = {value for column in columns if column.name == name for value in column.allowed}
        assert name in {"flag", "status"} or set(values) <= allowed, name
