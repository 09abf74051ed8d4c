"""Later years beside the base year: the accounts of a full count, more births never fewer pupils, nothing made up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from geoplan.coverage import Choices, StageInput, stage_coverage
from geoplan.coverage.years import YearCoverage, as_year, common_ground, coverage_in_year
from geoplan.milestones import COLUMNS, Milestones, make_milestones
from geoplan.plan import make_run, read_layers
from geoplan.reasons import outlook_notes, years_sentence
from geoplan.run import Run
from geoplan.situation import Situation, take_stock
from geoplan.stage_inputs import stage_in_year, stage_input
from layers.bundle import Layers
from tests.geoplan.stage_inputs import random_input
from tests.toytown import write_toytown

FIGURES = ("served", "in_reach_no_place", "out_of_reach", "off_network", "radius_share", "walk_share", "walk_m_mean")


def same(one: YearCoverage, other: YearCoverage) -> None:
    assert set(one.figures) == set(other.figures)
    for name, value in one.figures.items():
        assert value == pytest.approx(other.figures[name], abs=1e-6), name
    np.testing.assert_allclose(one.pupils, other.pupils, atol=1e-6)
    assert one.unserved.sum() == pytest.approx(other.unserved.sum(), abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(some.integers(0, 10_000), some.sampled_from(["capacity", "nearest"]))
def test_a_year_is_counted_as_the_base_year_is(seed: int, enrolment: str) -> None:
    """The short count finds the accounts of the full one, whatever prices it starts from."""
    base = random_input(np.random.default_rng(seed))
    told = replace(base, choices=Choices(enrolment=enrolment))  # type: ignore[arg-type]
    full = stage_coverage(told)
    ground = common_ground(told)
    assert ground.holds(told)
    same(coverage_in_year(told, ground), as_year(full))
    prices = np.random.default_rng(seed).integers(0, 5000, len(told.schools))
    same(coverage_in_year(told, ground, price_dm=prices), as_year(full))


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Layers:
    """Toytown with a primary school that opens in 2026 and one that closes in 2030."""
    return read_layers(town_folder(tmp_path_factory.mktemp("years")))


def town_folder(folder: Path) -> Path:
    write_toytown(folder)
    table = pd.read_csv(folder / "schools.csv")
    extra = table[table["stage"] == "primary"].iloc[0]
    table["opened"], table["closes"] = np.nan, np.nan
    table.loc[extra.name, "closes"] = 2030
    twin = extra.copy()
    twin["id"], twin["name"], twin["opened"], twin["places_primary"] = "NEW", "New school", 2026, 77
    pd.concat([table, twin.to_frame().T], ignore_index=True).to_csv(folder / "schools.csv", index=False)
    years = pd.DataFrame({"year": range(2025, 2036), "births": 60.0, "low": 40.0, "high": 90.0})
    years.to_csv(folder / "births.csv", index=False)
    plan = (folder / "plan.toml").read_text(encoding="utf-8")
    (folder / "plan.toml").write_text(plan.replace('ages = "ages.csv"', 'ages = "ages.csv"\nbirths = "births.csv"'))
    return folder


@pytest.fixture(scope="module")
def run(town: Layers) -> Run:
    return make_run(town, parts=("coverage",))


def rows(run: Run, stage: str, variant: str = "mid") -> pd.DataFrame:
    table = run.tables["milestones"]
    return table[(table["stage"] == stage) & (table["variant"] == variant)].set_index("year")


def test_every_stage_year_and_variant_has_a_row(run: Run) -> None:
    table = run.tables["milestones"]
    assert tuple(table.columns) == COLUMNS
    expected = [
        (stage, year, variant)
        for stage in run.summary["stages"]
        for year in (2024, 2025, 2027, 2035)
        for variant in ("low", "mid", "high")
    ]
    assert list(table[["stage", "year", "variant"]].itertuples(index=False, name=None)) == expected
    assert run.summary["years"] == [2025, 2027, 2035]
    assert run.summary["outlook"]["years"] == [2024, 2025, 2027, 2035]


def test_the_base_row_is_the_headline(run: Run) -> None:
    for stage, told in run.summary["stages"].items():
        base = rows(run, stage).loc[2024]
        assert base["pupils"] == pytest.approx(told["pupils"])
        for account, pupils in told["accounts"].items():
            assert base[account] == pytest.approx(pupils, abs=1e-6)
        assert base["walk_share"] == pytest.approx(told["walk_share"])
        assert base["share_unborn"] == 0.0


def test_accounts_add_up_to_pupils_and_cells_to_accounts(run: Run) -> None:
    cells = run.tables["cells"]
    for stage in run.summary["stages"]:
        for year, row in rows(run, stage).iterrows():
            lacking = row[["in_reach_no_place", "out_of_reach", "off_network"]].sum()
            assert row["served"] + lacking == pytest.approx(row["pupils"], abs=1e-5)
            if year != 2024:
                assert cells[f"pupils_{stage}_{year}"].sum() == pytest.approx(row["pupils"], abs=1e-5)
                assert cells[f"unserved_{stage}_{year}"].sum() == pytest.approx(lacking, abs=1e-5)


def test_schools_open_and_close(run: Run) -> None:
    """77 places more from 2026 on; those of the closing school are gone in 2035."""
    places = rows(run, "primary")["places"]
    assert places[2025] == places[2024]
    assert places[2027] == places[2024] + 77
    assert places[2035] < places[2027]


def test_births_order_the_readings(run: Run) -> None:
    low, mid, high = (rows(run, "primary", name) for name in ("low", "mid", "high"))
    assert low.loc[2035, "pupils"] < mid.loc[2035, "pupils"] < high.loc[2035, "pupils"]
    assert low.loc[2027, "pupils"] == pytest.approx(high.loc[2027, "pupils"])
    assert low["served"].isna().all() and mid["served"].notna().all()
    assert mid.loc[2035, "share_unborn"] > 0.5


def test_a_year_equals_a_full_count_of_that_year(town: Layers, run: Run) -> None:
    situation = take_stock(town, say=lambda step: None)
    for year in (2027, 2035):
        full = as_year(stage_coverage(stage_in_year(town, situation, situation.outlook, "primary", year)))
        row = rows(run, "primary").loc[year]
        for name in FIGURES:
            assert row[name] == pytest.approx(full.figures[name], abs=1e-6), (year, name)


def test_without_years_only_the_base_is_there(town: Layers) -> None:
    plan = town.plan
    bare = plan.model_copy(
        update={
            "population": plan.population.model_copy(update={"year": None}),
            "schools": plan.schools.model_copy(update={"year": None}),
        }
    )
    found = make_run(replace(town, plan=bare), parts=("coverage",))
    assert found.summary["outlook"]["projected"] is False and found.summary["outlook"]["reason"] == "no_year"
    assert found.tables["milestones"]["year"].isna().all()
    assert found.tables["milestones"]["variant"].unique().tolist() == ["mid"]
    for language, told in (("en", "not projected"), ("zh", "未推算")):
        assert any(told in line for line in outlook_notes(found.summary, language))
        assert years_sentence(found.summary["stages"]["primary"], language) is None


def test_years_in_words() -> None:
    base = {"year": 2024, "variant": "mid", "pupils": 100.4, "places": 90.0, "served": 80.0}
    accounts = {"in_reach_no_place": 10.2, "out_of_reach": 10.2, "off_network": 0.0}
    later = [
        {"year": 2035, "variant": name, "pupils": pupils, "places": None, "served": None}
        for name, pupils in (("low", 40.0), ("mid", 50.0), ("high", 60.0))
    ]
    between = {**base, "year": 2025}  # no milestone: in the table, not in the sentence
    summary: Mapping[str, object] = {"years": [{**base, **accounts}, between, *later]}
    english, chinese = (years_sentence(summary, language, stage="primary") for language in ("en", "zh"))
    assert english == (
        "By year: 2024: 100 children, 90 places, 80 with a place in reach; "
        "2035: 50 children (40 to 60 by births), places not known."
    )
    assert chinese == (
        "分年情况：2024年适龄儿童100人，学位90个，80人在可达范围内有学位；"
        "2035年适龄儿童50人（按出生低、高方案为40至60人），学位数未知。"
    )


def test_steps_of_the_run(run: Run) -> None:
    steps = run.tables["demand_steps"]
    assert list(steps.columns) == ["year", "step", "stage", "total", "factor"]
    last = steps[(steps["year"] == 2035) & (steps["stage"] == "primary")].set_index("step")["total"]
    assert last["control"] == pytest.approx(rows(run, "primary").loc[2035, "pupils"], abs=1e-5)


def test_stages_are_told_as_plain_data(town: Layers) -> None:
    situation: Situation = take_stock(town, say=lambda step: None)
    given: StageInput = stage_input(town, situation, "primary")
    found: Milestones = make_milestones(town, situation, {"primary": (given, stage_coverage(given))})
    told = found.of_stage("primary")
    assert told[0]["year"] == 2024 and told[0]["served"] is None and isinstance(told[1]["served"], float)
