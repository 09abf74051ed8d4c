"""The province summary: figures that add up, ranks, files that open, a page that asks nobody."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
from shapely.geometry import box

from geoplan.batch.ledger import Entry, Ledger
from geoplan.batch.outlines import colour, drawing, legend
from geoplan.batch.page import notes, page
from geoplan.batch.province import Province, _proposed, _stage, province
from geoplan.batch.summary import workbook, write_summary
from geoplan.batch.words import reason, words
from geoplan.batch.work import Outcome, Task, compute
from geoplan.exports.names import column_title, table_title
from geoplan.run import Run
from geoplan.style import style
from layers.bundle import IndexRaster
from tests.geoplan.batch.towns import write_broken, write_town

PARTS = ("coverage",)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    folder = tmp_path_factory.mktemp("counties")
    towns = {"east": write_town(folder / "east"), "north": write_town(folder / "north", places=40)}
    towns["south"] = write_broken(folder / "south")
    found = {key: compute(Task(key, town, town, PARTS)) for key, town in towns.items()}
    return {key: Entry(towns[key], "", outcome) for key, outcome in found.items()}


@pytest.fixture(scope="module")
def made(ledger: Ledger) -> Province:
    return province(ledger)


def row(made: Province, plan: str) -> dict[str, Any]:
    return next(row for row in made.counties.to_dict("records") if row["plan"] == plan)


def test_counties_stand_by_the_share_without_a_place_and_sums_agree(made: Province) -> None:
    assert list(made.counties["plan"]) == ["north", "east", "south"]
    assert made.counties["rank"].tolist()[:2] == [1, 2] and pd.isna(made.counties["rank"].iloc[2])
    for plan in ("east", "north"):
        found = row(made, plan)
        stages = made.stages[made.stages["plan"] == plan]
        assert stages["pupils"].sum() == pytest.approx(found["pupils"]) == pytest.approx(216)
        parts = stages[["in_reach_no_place", "out_of_reach", "off_network"]].to_numpy().sum()
        assert parts == pytest.approx(found["without_place"])
        assert found["share_without"] == pytest.approx(parts / 216)
        assert stages["served"].sum() + parts == pytest.approx(216)
        assert found["share_without_primary"] == pytest.approx(stages.set_index("stage")["share_without"]["primary"])
    assert row(made, "east")["residents"] == pytest.approx(2400)
    assert row(made, "east")["proposals"] is None or pd.isna(row(made, "east")["proposals"])


def test_a_county_without_a_run_is_there_with_its_faults(made: Province) -> None:
    south = row(made, "south")
    assert (south["state"], south["run_id"]) == ("data", "") and south["errors"] >= 1
    assert set(made.faults["plan"]) == {"south"} and made.faults["message_zh"].str.len().min() > 0


def test_need_of_later_years_says_balance_and_keeps_unknown_unknown(made: Province) -> None:
    mid = made.need[(made.need["plan"] == "east") & (made.need["variant"] == "mid")]
    assert {2024, 2027, 2035} <= set(mid["year"])
    assert (mid["balance"] - (mid["places"] - mid["pupils"])).abs().max() < 1e-9
    low = made.need[made.need["variant"] == "low"]
    assert low["without_place"].isna().all() and low["balance"].notna().all()


def test_places_not_known_are_not_a_share_of_nought() -> None:
    accounts = {"served": 0.0, "in_reach_no_place": 90.0, "out_of_reach": 10.0, "off_network": 0.0}
    found = _stage({"pupils": 100, "schools": 2, "schools_places_unknown": 2, "places": None, "accounts": accounts})
    assert found["share_without"] is None and found["served"] is None and found["out_of_reach"] == 10
    known = _stage({"pupils": 100, "schools": 2, "schools_places_unknown": 0, "places": 50, "accounts": accounts})
    assert known["share_without"] == 1.0


def test_only_recommended_proposals_count_and_one_cost_unknown_makes_the_sum_unknown() -> None:
    table = pd.DataFrame({"recommended": [True, True, False], "cost": [2.0, 3.0, 99.0], "cost_unit": "CNY"})

    def told(table: pd.DataFrame | None) -> dict[str, Any]:
        tables = {} if table is None else {"proposals": table}
        return _proposed(Run("0" * 12, {}, {}, tables, None))  # type: ignore[arg-type]

    assert told(table) == {"proposals": 2, "proposals_cost": 5.0, "cost_unit": "CNY"}
    assert told(table.assign(cost=[2.0, None, 1.0]))["proposals_cost"] is None
    assert told(table.assign(cost_unit=["CNY", "EUR", "CNY"]))["proposals_cost"] is None
    assert told(None) == {"proposals": None, "proposals_cost": None, "cost_unit": None}


def test_files_open_and_carry_the_same_figures(made: Province, tmp_path: Path) -> None:
    files = {path.name for path in write_summary(made, tmp_path, language="zh")}
    csvs = {"counties.csv", "stages.csv", "need.csv", "faults.csv"}
    assert files == {"province.xlsx", "province.gpkg", "province.en.html", "province.zh.html", *csvs}
    layer = gpd.read_file(tmp_path / "province.gpkg", layer="counties").set_index("plan")
    assert layer.geometry["east"].area > 0 and layer.geometry["south"].is_empty
    table = pd.read_csv(tmp_path / "counties.csv").set_index("plan")
    book = openpyxl.load_workbook(tmp_path / "province.xlsx")
    sheet = book[table_title("counties", "zh")]
    head = [cell.value for cell in sheet[1]]
    assert column_title("share_without", "zh") in head
    rows = {line[head.index("县（区）")].value: line for line in sheet.iter_rows(min_row=2)}
    share = rows["north"][head.index(column_title("share_without", "zh"))]
    assert (
        share.value
        == pytest.approx(table["share_without"]["north"])
        == pytest.approx(layer["share_without"]["north"])
    )
    assert share.number_format == "0.0%"


def test_every_column_has_a_name_in_both_languages(made: Province) -> None:
    for table in made.tables.values():
        for column in map(str, table.columns):
            assert column == "geometry" or column_title(column, "zh") != column, column


def test_text_is_no_formula_and_no_markup(made: Province) -> None:
    evil = '=cmd|"/c calc"!A1'
    bad = made.counties.assign(title="<script>alert(1)</script>", title_zh=evil, message=evil)
    changed = replace(made, counties=bad)
    book = openpyxl.load_workbook(io.BytesIO(workbook(changed, "en")))
    values = [cell.value for sheet in book for line in sheet.iter_rows() for cell in line]
    assert not [value for value in values if isinstance(value, str) and value.startswith("=")]
    text = page(changed, "en")
    assert "<script>alert" not in text and "&lt;script&gt;alert" in text


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_speaks_its_language_and_asks_nobody(made: Province, language: str) -> None:
    text = page(made, language, other="other.html")
    assert not re.findall(r"""(?:src|href)=["'](?!#|other\.html)""", text)
    assert "://" not in text.replace("http://www.w3.org/", "")
    assert words(language)["title"] in text and 'data-value="1"' in text
    assert text.count("<tr>") == 4 + 3 + len(made.stages) + (made.need["variant"] == "mid").sum() + len(made.faults)
    said = " ".join(notes(made, language))
    assert "432" in said and ("South" in said or "south" in said or "玩具镇" in said)


def test_the_map_has_an_outline_a_county_with_a_run(made: Province) -> None:
    drawn = drawing(made.counties, "en")
    assert drawn.count("<path") == 2 and ">1</text>" in drawn
    lakes = gpd.GeoDataFrame(
        {"plan": ["a"], "title": ["A"], "title_zh": [""], "share_without": [0.3], "rank": [1]},
        geometry=[box(0, 0, 3, 3).difference(box(1, 1, 2, 2)).union(box(4, 0, 5, 1))],
        crs=4326,
    )
    assert drawing(lakes, "zh").count("Z") == 3
    assert drawing(made.counties.iloc[2:], "en") == ""


def test_colours_follow_classes_and_the_unknown_is_grey() -> None:
    assert colour(None) == colour(float("nan")) == style()["unknown"]
    assert colour(0.0) == colour(0.02) != colour(0.021)
    assert len({colour(share) for share in (0, 0.03, 0.07, 0.15, 0.5)}) == 5
    assert legend("en")[0][1] == "up to 2\u202f%" and len(legend("zh")) == 6


def test_a_reason_in_a_line(ledger: Ledger) -> None:
    said = reason(ledger["south"].outcome, "zh")
    assert said.startswith("schools.csv: ")
    assert reason(Outcome("a", "failed", message="gone"), "en") == "gone"
    assert reason(ledger["east"].outcome, "en") == ""


def test_a_bug_in_one_county_is_told_not_raised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> IndexRaster:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("geoplan.batch.work.make_run", broken)
    found = compute(Task("a", write_town(tmp_path / "a"), tmp_path, PARTS))
    assert found.state == "failed" and "ZeroDivisionError: oops" in found.message
    assert compute(Task("b", tmp_path / "gone", tmp_path, PARTS)).faults[0]["code"] == "plan_missing"
