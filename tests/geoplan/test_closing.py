"""What closing a school does to its pupils, told from Toytown, and the sentences of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from geoplan.reasons.scenario import scenario_notes
from geoplan.run import Run
from layers.bundle import Layers
from tests.geoplan.test_scenario import closing, opening, run
from tests.toytown import toytown


@pytest.fixture(scope="module")
def town() -> Layers:
    return toytown()


def told(found: Run) -> dict[str, Any]:
    return dict(found.summary["scenario"])


def closure(found: Run, school: str, stage: str) -> dict[str, Any]:
    (row,) = [row for row in told(found)["closures"] if (row["school_id"], row["stage"]) == (school, stage)]
    return dict(row)


def codes(found: Run) -> list[str]:
    notes = {language: scenario_notes(told(found), language) for language in ("en", "zh")}
    assert [note.code for note in notes["en"]] == [note.code for note in notes["zh"]]
    return [note.code for note in notes["en"]]


@pytest.fixture(scope="module")
def no_river_school(town: Layers) -> Run:
    return run(town, closing("S2"))


def test_every_pupil_of_the_school_goes_somewhere(town: Layers, no_river_school: Run) -> None:
    row, base = closure(no_river_school, "S2", "junior"), run(town)
    before = base.tables["schools"].set_index("id").loc["S2", "pupils_assigned_junior"]
    placed = sum(one["pupils"] for one in row["to"])
    assert row["pupils"] == pytest.approx(before)
    parts = placed + row["no_place"] + sum(row["beyond"].values())
    assert parts == pytest.approx(row["pupils"])
    assert [one["school_id"] for one in row["to"]] == ["S3"]


def test_the_accounts_lose_what_the_closure_says(town: Layers, no_river_school: Run) -> None:
    """Nobody of S3 finds a place elsewhere, so all who lose theirs are of S2 or displaced by its pupils."""
    row, base = closure(no_river_school, "S2", "junior"), run(town)
    lost = [run.summary["stages"]["junior"]["accounts"]["served"] for run in (base, no_river_school)]
    displaced = told(no_river_school)["moved_elsewhere"]["junior"]
    assert lost[0] - lost[1] == pytest.approx(row["no_place"] + sum(row["beyond"].values()) + displaced)


def test_a_school_moved_to_the_same_gates_costs_no_minute(town: Layers) -> None:
    """S1 closes, and a school of the same size opens at one of its two gates: no pupil walks less than before."""
    row = closure(run(town, closing("S1"), opening(800, 250, places_primary=270, setting="town")), "S1", "primary")
    assert [one["school_id"] for one in row["to"]] == ["N1", "S3"] or [one["school_id"] for one in row["to"]] == [
        "N1"
    ]
    assert row["extra_min"]["mean"] >= 0 and row["no_place"] == 0.0


def test_extra_minutes_are_at_the_speed_of_the_band(town: Layers) -> None:
    """One cell, one school left: the walk grows by the difference of the two walks at 1.1 m/s (grades 7 to 9)."""
    table = town.cells.table.assign(residents=np.where(town.cells.table["cell_id"] == "c41", 4000.0, 0.0))
    one = replace(town, cells=replace(town.cells, table=table))
    steps = [
        {"action": "resize", "school_id": "S2", "places": 500},
        opening(550, 450, stage="junior", places_junior=500),
    ]
    before, after = run(one, *steps), run(one, *steps, closing("S2"))
    row = closure(after, "S2", "junior")
    walks = [
        float(found.tables["cells"].set_index("cell_id").loc["c41", "walk_m_junior"]) for found in (before, after)
    ]
    assert walks[1] > walks[0]
    assert row["extra_min"]["mean"] == pytest.approx((walks[1] - walks[0]) / 1.1 / 60, rel=1e-6)
    assert row["extra_min"]["p95"] == pytest.approx(row["extra_min"]["mean"])


def test_young_children_beyond_half_an_hour_block_a_closure_unless_a_reason_is_given(town: Layers) -> None:
    """Without any primary school nobody can walk to one: grades 1 to 3 block it, an override lets it pass."""
    blocked = run(town, closing("S1"), closing("S3", override="a bus takes them"))
    rows = [closure(blocked, school, "primary") for school in ("S1", "S3")]
    assert [row["blocked"] for row in rows] == [True, False]
    assert all(
        row["young_beyond"] == pytest.approx(row["beyond"]["g1_3"]) and row["beyond_min"] is None for row in rows
    )
    assert rows[0]["limit_min"] == 30.0 and told(blocked)["blocked"]
    assert {"closure_blocked", "closure_override", "closure_cut_off"} <= set(codes(blocked))
    assert not told(run(town, closing("S2")))["blocked"], "juniors may be left with more"


def test_what_comes_later_is_told_as_if_it_had_come(town: Layers) -> None:
    at_once, later = run(town, closing("S2")), run(town, closing("S2", year=2030))
    assert told(later)["closures"] == told(at_once)["closures"]
    assert (told(later)["later"], told(at_once)["later"]) == ([1], [])
    assert {"scenario_later", "scenario_at_once"} <= set(codes(later))
    assert later.summary["stages"]["junior"]["accounts"] == run(town).summary["stages"]["junior"]["accounts"]


def test_closing_a_school_that_takes_nobody_by_nearness_is_said_to_be_uncounted(town: Layers) -> None:
    private = replace(town, schools=town.schools.assign(ownership=["private", "public", "public"]))
    found = run(private, closing("S1"))
    assert told(found)["closures"] == [] and told(found)["uncounted"] == ["East Primary School"]
    assert codes(found) == ["closure_uncounted"]


def test_a_scenario_without_closures_tells_its_steps_only(town: Layers) -> None:
    found = told(run(town, opening(250, 950)))
    assert (found["actions"], found["closures"], found["blocked"], found["later"]) == (1, [], False, [])


def test_sentences_read_as_an_official_would(no_river_school: Run) -> None:
    english = [note.text for note in scenario_notes(told(no_river_school), "en")]
    chinese = [note.text for note in scenario_notes(told(no_river_school), "zh")]
    assert english[0] == "Closing River Junior School moves 46 pupils."
    assert english[1] == "They go to Bridge Nine-Year School (12)."
    assert chinese[0] == "River Junior School停办后，46名适龄少年需要转学。"
    assert len(english) == len(chinese) == 6
