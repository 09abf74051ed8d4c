"""Runs side by side: differences are to the first run, and only runs of one region compare."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from geoplan import store
from geoplan.compare import compare, sentence
from geoplan.compare.labels import in_whole_pupils, row_label, written
from geoplan.errors import PlanError
from geoplan.report import print_comparison
from geoplan.run import Run
from tests.toytown import toytown_run

Change = Callable[[dict[str, Any], dict[str, pd.DataFrame], dict[str, Any]], None]


@pytest.fixture(scope="module")
def base() -> Run:
    return toytown_run()


def changed(run: Run, change: Change, run_id: str = "abcdef012345") -> Run:
    summary, manifest = deepcopy(dict(run.summary)), deepcopy(dict(run.manifest))
    tables = {name: table.copy() for name, table in run.tables.items()}
    manifest["scenario"] = {"name": "bigger", "title": "Bigger nine-year school"}
    change(summary, tables, manifest)
    return Run(run_id, manifest, summary, tables, run.cell_index)


def enlarge(summary: dict[str, Any], tables: dict[str, pd.DataFrame], _: dict[str, Any]) -> None:
    """The nine-year school gets 10 places more: all cells without a place of the rural north are served."""
    cells, schools = tables["cells"], tables["schools"]
    gained = cells["no_place_primary"].where(cells["area_id"] == "rural", 0.0)
    accounts = summary["stages"]["primary"]["accounts"]
    accounts["served"] += float(gained.sum())
    accounts["in_reach_no_place"] -= float(gained.sum())
    cells["served_primary"] += gained
    cells["no_place_primary"] -= gained
    cells.loc[gained > 0, "status_primary"] = "served"
    row = schools["id"] == "S3"
    schools.loc[row, "places_primary"] += 10.0
    schools.loc[row, "pupils_assigned_primary"] += gained.sum()
    schools.loc[row, "load_primary"] = schools["pupils_assigned_primary"] / schools["places_primary"]
    summary["stages"]["primary"]["places"] += 10.0
    summary["stages"]["primary"]["walk_m"]["mean"] += 12.0


@pytest.fixture(scope="module")
def found(base: Run) -> dict[str, Any]:
    return compare([base, changed(base, enlarge)])


def pick(
    found: dict[str, Any], section: str, key: str, area: str | None = None, stage: str = "primary"
) -> dict[str, Any]:
    rows = [
        row
        for row in found["rows"]
        if (row["section"], row["stage"], row["key"], row["area_id"]) == (section, stage, key, area)
    ]
    assert len(rows) == 1
    return rows[0]


def test_a_run_beside_itself_does_not_differ(base: Run) -> None:
    found = compare([base, base])
    assert all(change in (0.0, None) for row in found["rows"] for change in row["changes"])
    assert found["schools"] == []
    assert found["cells"] == []
    assert {finding["code"] for finding in found["findings"]} == {"served_same"}


def test_differences_are_to_the_first(found: dict[str, Any]) -> None:
    served = pick(found, "accounts", "served")
    assert served["values"] == pytest.approx([99.2, 105.8])
    assert served["changes"] == pytest.approx([0.0, 6.6])
    assert served["unit"] == "pupils"
    assert pick(found, "figures", "places")["changes"] == [0.0, 10.0]
    assert pick(found, "accounts", "served", stage="junior")["changes"] == [0.0, 0.0]
    assert pick(found, "reach", "500")["values"][0] == pytest.approx(105.0)
    assert pick(found, "areas", "pupils", "rural")["values"] == pytest.approx([24.0, 24.0])
    assert pick(found, "areas", "pupils", "rural")["area"] == "North"


def test_accounts_close_in_every_column(found: dict[str, Any]) -> None:
    for number in range(2):
        parts = [
            pick(found, "accounts", key)["values"][number]
            for key in ("served", "in_reach_no_place", "out_of_reach", "off_network")
        ]
        assert sum(parts) == pytest.approx(pick(found, "figures", "pupils")["values"][number])


def test_schools_with_another_load_are_listed(found: dict[str, Any]) -> None:
    (school,) = found["schools"]
    assert (school["id"], school["name"], school["stage"]) == ("S3", "Bridge Nine-Year School", "primary")
    assert school["places"] == [20.0, 30.0]
    assert school["pupils_changes"] == pytest.approx([0.0, 6.6])
    assert school["load"] == pytest.approx([1.0, 26.6 / 30])


def test_cells_that_change_their_account_are_counted(base: Run, found: dict[str, Any]) -> None:
    before = base.tables["cells"]
    moved = (before["no_place_primary"] > 0) & (before["area_id"] == "rural") & (before["status_primary"] != "served")
    (row,) = found["cells"]
    assert (row["from"], row["to"], row["run"], row["stage"]) == ("in_reach_no_place", "served", 1, "primary")
    assert row["cells"] == moved.sum()
    assert row["pupils"] == pytest.approx(before.loc[moved, "pupils_primary"].sum())


def test_findings_are_sentences_in_both_languages(found: dict[str, Any]) -> None:
    english = [sentence(finding) for finding in found["findings"]]
    assert english[0] == (
        "Bigger nine-year school: 7 more pupils of primary school have a place in reach (99 to 106, of 144)"
    )
    assert english[2] == "Bigger nine-year school: the mean walk to primary school gets 12 m longer (288 to 300 m)"
    chinese = [sentence(finding, "zh") for finding in found["findings"]]
    assert chinese[0] == "Bigger nine-year school：小学可达且有学位的学生增加 7 人（由 99 增至 106，共 144）"
    assert all("{" not in text for text in [*english, *chinese])


def test_a_new_school_and_a_closed_one_are_listed(base: Run) -> None:
    def rebuild(summary: dict[str, Any], tables: dict[str, pd.DataFrame], manifest: dict[str, Any]) -> None:
        schools = tables["schools"]
        schools.loc[schools["id"] == "S2", ["id", "name"]] = ["N1", "New Junior School"]

    rows = {row["id"]: row for row in compare([base, changed(base, rebuild)])["schools"]}
    assert rows["S2"]["there"] == [True, False]
    assert rows["N1"]["there"] == [False, True]
    assert rows["N1"]["pupils"] == [None, 50.0]
    assert rows["N1"]["name"] == "New Junior School"


def test_three_runs_and_the_order_of_rows(base: Run) -> None:
    def shuffled(summary: dict[str, Any], tables: dict[str, pd.DataFrame], manifest: dict[str, Any]) -> None:
        order = np.random.default_rng(1).permutation(len(tables["cells"]))
        tables["cells"] = tables["cells"].iloc[order].reset_index(drop=True)

    found = compare([base, changed(base, shuffled), changed(base, enlarge)])
    assert [row["run"] for row in found["cells"]] == [2]
    assert len(pick(found, "accounts", "served")["values"]) == 3


def test_what_differs_besides_the_scenario_is_said(base: Run) -> None:
    def newer(summary: dict[str, Any], tables: dict[str, pd.DataFrame], manifest: dict[str, Any]) -> None:
        manifest["version"] = "0.2.0"
        manifest["sources"][2]["sha256"] = "f" * 64

    found = compare([base, changed(base, newer)])
    assert found["runs"][1]["differs"] == ["version", "streets"]
    last = found["findings"][-1]
    assert last["code"] == "inputs_differ"
    assert "version of the program, streets" in sentence(last)
    assert "程序版本、道路数据" in sentence(last, "zh")


def test_a_run_compares_from_disk(base: Run, tmp_path: Path) -> None:
    other = changed(base, enlarge)
    runs = [store.read_run(store.write_run(run, tmp_path)) for run in (base, other)]
    assert compare(runs) == compare([base, other])


def test_unknown_figures_stay_unknown(base: Run) -> None:
    def unknown(summary: dict[str, Any], tables: dict[str, pd.DataFrame], manifest: dict[str, Any]) -> None:
        summary["stages"]["primary"]["accounts"]["served"] = None
        summary["stages"]["primary"]["gini"] = float("nan")

    found = compare([base, changed(base, unknown)])
    assert pick(found, "accounts", "served")["changes"] == [0.0, None]
    assert pick(found, "figures", "gini")["values"] == [0.31, None]


@pytest.mark.parametrize("count", [0, 1])
def test_one_run_is_no_comparison(base: Run, count: int) -> None:
    with pytest.raises(PlanError, match="two runs"):
        compare([base] * count)


def test_other_regions_and_other_cells_are_refused(base: Run) -> None:
    elsewhere = replace(base, run_id="e" * 12, summary={**base.summary, "plan": "monaco", "title": "Monaco"})
    with pytest.raises(PlanError, match=r"Monaco.*another region"):
        compare([base, elsewhere])
    moved = replace(
        base,
        tables={
            **base.tables,
            "boundary": base.tables["boundary"].set_geometry(base.tables["boundary"].translate(1)),
        },
    )
    with pytest.raises(PlanError, match="another region"):
        compare([base, moved])
    fewer = replace(base, tables={**base.tables, "cells": base.tables["cells"].iloc[1:]})
    with pytest.raises(PlanError, match=r"different cells \(99 and 100\)"):
        compare([base, fewer])
    other = replace(base, summary={**base.summary, "stages": {"senior": {}}})
    with pytest.raises(PlanError, match="no stage in common"):
        compare([base, other])


def test_figures_are_written_by_their_unit() -> None:
    assert [written(value, "index", "en") for value in (0.512, 0.498, -0.014)] == ["0.512", "0.498", "-0.014"]
    assert written(None, "index", "en") == "–" and written(318.2, "m", "zh") == "318米"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_row_has_a_label_in_words(base: Run, language: str) -> None:
    rows = [row for row in compare([base, changed(base, enlarge)])["rows"] if not row["area_id"]]
    labels = [row_label(row, language) for row in rows]
    assert len(set(labels)) == len(labels) and not any("_" in label for label in labels)
    assert language == "en" or not any(word in label for label in labels for word in ("primary", "walk", "gini"))


def test_accounts_side_by_side_are_rounded_as_on_the_page(base: Run) -> None:
    found = compare([base, changed(base, enlarge)])
    rows = [
        row for row in in_whole_pupils(found["rows"]) if row["section"] == "accounts" and row["stage"] == "primary"
    ]
    assert [row["values"][0] for row in rows] == [99, 8, 36, 1]
    assert all(row["changes"][1] == row["values"][1] - row["values"][0] for row in rows)


def test_columns_are_headed_by_scenario_and_run(base: Run) -> None:
    out = Console(file=StringIO(), width=160)
    print_comparison(out, compare([base, changed(base, enlarge)]), "zh")
    said = out.file.getvalue()  # type: ignore[attr-defined]
    assert base.run_id in said and "abcdef012345" in said and "小学 · 可达且有学位" in said and "0." in said


def test_steps_and_schools_that_open_or_close_are_told(base: Run) -> None:
    def moved(summary: dict[str, Any], tables: dict[str, pd.DataFrame], manifest: dict[str, Any]) -> None:
        tables["schools"].loc[tables["schools"]["id"] == "S2", ["id", "name"]] = ["N1", "New Junior School"]
        manifest["scenario"]["steps"] = [{"action": "open"}, {"action": "close"}]
        manifest["scenario"]["title_zh"] = "迁建"
        summary["scenario"] = {"blocked": True}

    found = compare([base, changed(base, moved)])
    first, later = found["runs"]
    assert (first["actions"], later["actions"], later["blocked"]) == (0, 2, True)
    assert [one["id"] for one in later["opened"]] == ["N1"] and [one["id"] for one in later["closed"]] == ["S2"]
    codes = [finding["code"] for finding in found["findings"]]
    assert codes[:3] == ["schools_opened", "schools_closed", "closing_blocked"]
    assert sentence(found["findings"][0], "zh") == "迁建：新开办 1 所（New Junior School）"


def test_years_beside_each_other_from_the_first_later_one(base: Run) -> None:
    def ahead(places: float) -> Change:
        def tell(summary: dict[str, Any], tables: dict[str, pd.DataFrame], manifest: dict[str, Any]) -> None:
            summary["stages"]["primary"]["years"] = [
                {"year": year, "variant": variant, "places": places, "served": 90.0}
                for year in (2024, 2027)
                for variant in ("low", "mid")
            ]

        return tell

    one, two = (changed(base, ahead(places), run_id) for places, run_id in ((290.0, "a" * 12), (560.0, "c" * 12)))
    rows = [row for row in compare([one, two])["rows"] if row["section"] == "years"]
    assert {row["key"].split(":")[0] for row in rows} == {"2027"}
    assert pick(compare([one, two]), "years", "2027:places")["changes"] == [0.0, 270.0]
    assert row_label(rows[0], "zh") == "小学 · 2027年：学位数"
