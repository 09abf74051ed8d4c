"""Ages, births and registered residents."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from layers.errors import Fault
from layers.people import read_ages, read_births, read_migration, read_registered, read_survival
from layers.planfile import PlanFile
from tests.layers.planfolder import cells, codes, plan_of


def _plan(folder: Path, name: str, *lines: str) -> PlanFile:
    (folder / f"{name}.csv").write_text("\n".join(lines), encoding="gb18030")
    return plan_of(folder, population={name: f"{name}.csv"})


def test_single_ages_and_groups(tmp_path: Path) -> None:
    table, faults = read_ages(_plan(tmp_path, "ages", "年龄,人数", "3,100", "", "4,110"))
    assert table is not None and faults == []
    assert (
        table["age"].tolist() == [3, 4]
        and table["residents"].tolist() == [100, 110]
        and table["_row"].tolist() == [2, 4]
    )
    table, faults = read_ages(
        _plan(tmp_path, "ages", "起始年龄,终止年龄,人数,area_id", "0,4,10,A", "5,,20,A", "0,4,7,")
    )
    assert table is not None and faults == []
    np.testing.assert_array_equal(table["age_to"], [4, np.nan, 4])
    assert table["area_id"].tolist() == ["A", "A", None]


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (["residents", "3"], {("column_choice", None, None)}),
        (["age,residents", "3,1", "3,2"], {("row_again", 3, "age")}),
        (["age,residents", ",1", "x,2"], {("value_missing", 2, "age"), ("value_number", 3, "age")}),
        (["年龄,residents", ",-1"], {("value_missing", 2, "年龄"), ("value_minimum", 2, "residents")}),
        (["age_from,age_to,residents", "9,5,1"], {("ages_order", 2, "age_to")}),
    ],
)  # fmt: skip
def test_faults_of_ages(tmp_path: Path, lines: list[str], found: set[tuple[str, int | None, str | None]]) -> None:
    assert cells(read_ages(_plan(tmp_path, "ages", *lines))[1]) == found


def test_births(tmp_path: Path) -> None:
    plan = _plan(tmp_path, "births", "年份,出生人口,低方案,高方案", "2025,90,80,100", "2024,95,,")
    table, faults = read_births(plan)
    assert table is not None and faults == []
    assert table["year"].tolist() == [2024, 2025]
    np.testing.assert_array_equal(table["low"], [np.nan, 80])
    plan = _plan(tmp_path, "births", "year,births,low,high,registered", "2025,90,95,80,100", "2025,90,,,")
    faults = read_births(plan)[1]
    assert cells(faults) == {
        ("value_above", 2, "low"), ("value_above", 2, "births"), ("value_above", 2, "registered"),
        ("row_again", 3, "year"),
    }  # fmt: skip


def test_registered(tmp_path: Path) -> None:
    heading = "age_from,age_to,户籍人数,小学外出就读"
    table, faults = read_registered(_plan(tmp_path, "registered", heading, "6,11,500,12", "3,5,200,"))
    assert table is not None and faults == []
    assert table["age_from"].tolist() == [3, 6]
    np.testing.assert_array_equal(table["schooled_outside_primary"], [np.nan, 12])
    faults = read_registered(_plan(tmp_path, "registered", heading, "6,5,500,", "6,11,1,"))[1]
    assert cells(faults) == {("ages_order", 2, "age_to"), ("row_again", 3, "age_from")}


def test_tables_that_are_not_given_or_cannot_be_read(tmp_path: Path) -> None:
    for name, reader in {"ages": read_ages, "births": read_births, "registered": read_registered}.items():
        assert reader(plan_of(tmp_path)) == (None, [])
        found: list[Fault] = reader(plan_of(tmp_path, population={name: "none.csv"}))[1]
        assert codes(found) == ["table_missing"]


def _moving(folder: Path, name: str, *lines: str) -> PlanFile:
    (folder / f"{name}.csv").write_text("\n".join(lines), encoding="gb18030")
    return plan_of(folder, demand={name: f"{name}.csv"})


def test_survival(tmp_path: Path) -> None:
    table, faults = read_survival(
        _moving(tmp_path, "survival", "起始年龄,终止年龄,年存活率", "5,,0.999", "0,4,0.995")
    )
    assert table is not None and faults == []
    assert table["survival"].tolist() == [0.995, 0.999]
    lines = ("age_from,age_to,survival", "0,4,1.2", "3,9,0.9", "10,,-0.1")
    found = cells(read_survival(_moving(tmp_path, "survival", *lines))[1])
    assert found == {
        ("value_maximum", 2, "survival"), ("demand_ages_overlap", 3, "age_from"), ("value_minimum", 4, "survival"),
    }  # fmt: skip


def test_migration(tmp_path: Path) -> None:
    lines = ("年份,净迁入人数,净迁移率,乡镇编号", "2026,-30,,", "2025,,0.01,A")
    table, faults = read_migration(_moving(tmp_path, "migration", *lines))
    assert table is not None and faults == []
    assert table["year"].tolist() == [2025, 2026] and table["area_id"].tolist() == ["A", None]
    np.testing.assert_array_equal(table["net"], [np.nan, -30])
    lines = ("year,net,age_from,age_to", "2025,,9,3", ",5,,", "2026,1,,", "2026,2,,")
    found = cells(read_migration(_moving(tmp_path, "migration", *lines))[1])
    assert found == {
        ("value_missing", 2, "net"), ("ages_order", 2, "age_to"), ("value_missing", 3, "year"),
        ("row_again", 5, "year, age_from"),
    }  # fmt: skip
    found = cells(read_migration(_moving(tmp_path, "migration", "year", "2025"))[1])
    assert found == {("column_choice", None, None)}
