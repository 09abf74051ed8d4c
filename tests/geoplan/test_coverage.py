"""Coverage of a stage: hand-made villages, then invariants on random ones."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box

from geoplan.coverage import ACCOUNTS, WAYS, Choices, StageInput, edge_distance, recruiting, stage_coverage
from geoplan.enrolment import reassign
from layers.errors import catalogue
from tests.geoplan.stage_inputs import CN, random_input, stage_input


def home(name: str, pupils: float = 10, **more: Any) -> dict[str, Any]:
    return {"id": name, "pupils": {"g1_3": pupils}, **more}


def school(name: str, places: float | None = 100, **more: Any) -> dict[str, Any]:
    return {"id": name, "places_primary": np.nan if places is None else places, **more}


def test_four_accounts():
    homes = [home("near", 30), home("far"), home("lost", off=True), home("crowded", 15)]
    found = stage_coverage(stage_input(homes, [school("S", 40, walk_m={"near": 100, "far": 501, "crowded": 499})]))
    assert dict(found.accounts) == {"served": 40, "in_reach_no_place": 5, "out_of_reach": 10, "off_network": 10}
    assert found.cells["status"].tolist() == ["served", "out_of_reach", "off_network", "served"]
    assert found.cells["no_place"].tolist() == [0, 0, 0, 5]
    assert found.cells["school"].tolist() == ["S", None, None, "S"]


def test_the_limit_is_inclusive_on_foot_and_in_a_straight_line():
    homes = [home("on", straight=1), home("over")]
    found = stage_coverage(stage_input(homes, [school("S", walk_m={"on": 500.0, "over": 500.1})]))
    assert found.accounts["served"] == 10
    assert found.summary["radius_share"] == 0.5
    assert found.summary["reach"]["500"] == found.summary["radius"]["500"] == 10


def test_pupil_weighted_walks():
    homes = [home("a", 90), home("b", 10)]
    found = stage_coverage(stage_input(homes, [school("S", walk_m={"a": 100, "b": 400})]))
    assert found.summary["walk_m"] == {"mean": 130.0, "median": 100.0, "p95": 400.0}
    assert found.schools.loc[0, ["load", "walk_m", "reach_pupils"]].tolist() == [1.0, 130.0, 100.0]


def test_the_median_walk_to_the_nearest_school_is_of_all_pupils():
    homes = [home("a", 20), home("b", 30), home("lost", 40, off=True)]
    found = stage_coverage(stage_input(homes, [school("S", 1, walk_m={"a": 100, "b": 400})]))
    assert found.summary["nearest_m"] == {"median": 400.0}
    none = stage_coverage(stage_input([home("a"), home("lost", 40, off=True)], [school("S", walk_m={"a": 1})]))
    assert none.summary["nearest_m"] == {"median": None}


def test_unknown_places_give_a_range_and_reach_is_the_headline():
    homes = [home("a", 60), home("b", 20)]
    schools = [
        school("S", None, walk_m={"a": 100}),
        {"id": "T", "classes_primary": 1, "walk_m": {"b": 100}},
    ]
    found = stage_coverage(stage_input(homes, schools))
    assert found.accounts["served"] == 20
    assert found.summary["headline"] == "reach"
    assert found.summary["served_range"] == [0, 80]
    assert found.summary["schools_places_unknown"] == 1
    assert found.summary["places_assumed"] == 45
    assert found.cells["served_low"].tolist() == [0, 0]
    assert found.cells["served_high"].tolist() == [60, 20]


def test_where_no_school_states_its_places_only_reach_is_known():
    homes = [home("a", 60), home("far", 20)]
    for enrolment in ("capacity", "nearest"):
        given = stage_input(homes, [school("S", None, walk_m={"a": 100})], choices=Choices(enrolment=enrolment))
        found = stage_coverage(given)
        assert (found.summary["headline"], found.summary["places"]) == ("reach", None)
        assert "served_range" not in found.summary and "served_high" not in found.cells
        assert found.summary["walk_share"] == 0.75 and found.summary["enrolment"] == enrolment


def test_known_places_give_one_figure():
    found = stage_coverage(stage_input([home("a")], [school("S", walk_m={"a": 1})]))
    assert found.summary["headline"] == "served"
    assert "served_range" not in found.summary


def test_private_schools_do_not_recruit_unless_the_plan_says_so():
    schools = [
        school("P", ownership="private", walk_m={"a": 50}),
        school("B", ownership="purchased", walk_m={"b": 50}),
    ]
    given = stage_input([home("a"), home("b")], schools)
    found = stage_coverage(given)
    assert dict(found.accounts) == {"served": 10, "in_reach_no_place": 0, "out_of_reach": 10, "off_network": 0}
    assert found.summary["ownership"]["private"] == {
        "schools": 1, "recruiting": False, "places": 100, "enrolled": None, "served": 0,
    }  # fmt: skip
    both = stage_coverage(replace(given, choices=Choices(include_private=True)))
    assert both.accounts["served"] == 20
    assert both.summary["ownership"]["private"]["served"] == 10
    assert both.summary["ownership"]["private"]["recruiting"]


def test_a_school_that_takes_nobody_has_no_load():
    schools = [school("P", ownership="private", walk_m={"a": 50}), school("S", ownership="public", walk_m={"a": 60})]
    found = stage_coverage(stage_input([home("a")], schools))
    assert found.schools["load"].isna().tolist() == [True, False]
    assert found.schools["pupils_assigned"].isna().tolist() == [True, False]


def test_what_nobody_states_is_unknown_in_the_reconciliation():
    silent = stage_coverage(stage_input([home("a")], [school("S", enrolment_primary=9, walk_m={"a": 1})])).summary
    assert (silent["reconciliation"]["in"], silent["reconciliation"]["private"]) == (None, None)
    assert (silent["pupils_from_outside"], silent["schools_ownership_unknown"]) == (None, 1)
    assert silent["reconciliation"]["ratio"] is not None
    stated = {"enrolment_primary": 9, "pupils_from_outside": 0, "ownership": "public", "walk_m": {"a": 1}}
    told = stage_coverage(stage_input([home("a")], [school("S", **stated)])).summary
    assert (told["reconciliation"]["in"], told["reconciliation"]["private"]) == (0, 0)
    assert (told["pupils_from_outside"], told["schools_ownership_unknown"]) == (0, 0)


def test_nearest_asks_at_the_nearest_school_only():
    homes = [home("a", 30), home("b", 30)]
    schools = [school("S", 40, walk_m={"a": 100, "b": 200}), school("T", 40, walk_m={"a": 400, "b": 400})]
    given = stage_input(homes, schools, choices=Choices(enrolment="nearest"))
    found = stage_coverage(given)
    assert dict(found.accounts) == {"served": 40, "in_reach_no_place": 20, "out_of_reach": 0, "off_network": 0}
    assert found.schools["pupils_nearest"].tolist() == [60, 0]
    assert stage_coverage(replace(given, choices=Choices())).accounts["served"] == 60


def test_bus_then_boarding_take_who_has_no_place_on_foot():
    homes = [home("a", 50, setting="rural"), home("far", 30, setting="rural"), home("farther", 30, setting="rural")]
    schools = [school("S", 100, beds=20, walk_m={"a": 100, "far": 3000, "farther": 9000})]
    extra = pd.DataFrame(
        {
            "cell": [1, 2, 2],
            "school": [0, 0, 0],
            "cost_dm": [500, 700, 0],
            "mode": ["bus", "boarding", "boarding"],
            "band": [None, "g1_3", "g4_6"],
        }
    )
    found = stage_coverage(stage_input(homes, schools, extra=extra))
    assert found.summary["served_by"] == {"walk": 50, "offroad": 0, "bus": 30, "boarding": 20, "outside": 0}
    assert found.accounts["in_reach_no_place"] == 10  # in reach by boarding, but no bed is left
    assert found.summary["walk_m"]["mean"] == 100


def test_homes_that_start_across_open_ground_are_served_offroad():
    given = stage_input([home("a", offroad=True), home("b")], [school("S", walk_m={"a": 100, "b": 100})])
    assert stage_coverage(given).summary["served_by"] == {
        "walk": 10, "offroad": 10, "bus": 0, "boarding": 0, "outside": 0,
    }  # fmt: skip


def test_a_teaching_point_takes_the_youngest_only():
    homes = [{"id": "a", "pupils": {"g1_3": 10, "g4_6": 10}}]
    schools = [{"id": "S", "stage": "teaching_point", "places_primary": 60, "walk_m": {"a": 200}}]
    found = stage_coverage(stage_input(homes, schools))
    assert dict(found.accounts) == {"served": 10, "in_reach_no_place": 0, "out_of_reach": 10, "off_network": 0}
    assert found.summary["reach"]["300"] == 10


def test_where_no_limit_is_set_the_cap_is_named():
    homes = [{"id": "a", "setting": "rural", "pupils": {"g4_6": 10}}]
    found = stage_coverage(stage_input(homes, [school("S", walk_m={"a": 4000})]))
    rule = found.summary["rules"][0]
    assert (rule["metric"], rule["limit_m"], rule["value"]) == ("none", 5000, None)
    assert found.accounts["served"] == 10


def test_double_shifts_show_what_one_shift_would_lack():
    found = stage_coverage(stage_input([home("a", 90)], [school("S", 60, shifts=2.0, walk_m={"a": 100})]))
    assert found.accounts["served"] == 90
    assert found.schools.loc[0, ["places", "single_shift_deficit"]].tolist() == [120, 30]


def test_load_counts_pupils_from_outside():
    schools = [school("S", 100, pupils_from_outside=50, walk_m={"a": 100})]
    found = stage_coverage(stage_input([home("a", 40)], schools))
    assert found.schools.loc[0, "load"] == pytest.approx(0.9)


def test_reconciliation_warns_outside_its_interval():
    schools = [school("S", enrolment_primary=150, boarders=5, walk_m={"a": 100}, area_id="all")]
    found = stage_coverage(stage_input([home("a", 100)], schools, schooled_outside=10.0))
    told = found.summary["reconciliation"]
    assert (told["modelled"], told["enrolled"], told["boarding"], told["out"]) == (100, 150, 5, 10)
    assert told["ratio"] == pytest.approx(1.6)
    assert [fault.code for fault in found.faults] == ["reconciliation_ratio"]
    assert "150" in found.faults[0].message("en")
    assert set(catalogue()["reconciliation_ratio"]) == {"message_en", "remedy_en", "message_zh", "remedy_zh"}
    assert found.areas["ratio"].tolist() == pytest.approx([1.5])


def test_reconciliation_is_unknown_while_a_school_has_no_enrolment():
    schools = [school("S", enrolment_primary=50, walk_m={"a": 100}), school("T")]
    found = stage_coverage(stage_input([home("a", 100)], schools))
    told = found.summary["reconciliation"]
    assert (told["enrolled"], told["schools_without_enrolment"], told["ratio"]) == (50, 1, None)
    assert found.faults == ()


def test_share_near_a_school_that_meets_the_standard():
    schools = [
        school("S", meets_standard=True, walk_m={"a": 100}),
        school("T", meets_standard=False, walk_m={"b": 1}),
    ]
    found = stage_coverage(stage_input([home("a"), home("b")], schools))
    assert (found.summary["standard_share"], found.summary["walk_share"]) == (0.5, 1.0)


def test_nearest_without_a_limit_may_be_given():
    given = stage_input([home("a")], [school("S", walk_m={"a": 100})])
    found = stage_coverage(replace(given, nearest_dm=np.array([987], np.int32)))
    assert found.cells["nearest_m"].tolist() == [98.7]
    assert np.isnan(stage_coverage(replace(given, nearest_dm=np.array([-1], np.int32))).cells["nearest_m"][0])


def test_no_schools_and_no_pupils():
    nobody = stage_coverage(stage_input([home("a", 0)], [school("S", walk_m={"a": 1})]))
    assert sum(nobody.accounts.values()) == 0
    assert nobody.cells["status"].tolist() == ["none"]
    assert nobody.summary["walk_share"] is None
    other = stage_coverage(stage_input([home("a", 5)], [{"id": "S", "stage": "junior"}]))
    assert dict(other.accounts) == {"served": 0, "in_reach_no_place": 0, "out_of_reach": 5, "off_network": 0}
    assert other.summary["schools"] == 0
    none = stage_coverage(stage_input([home("a", 5)], []))
    assert (none.accounts["out_of_reach"], none.summary["gini"], none.cells["school"][0]) == (5, None, None)


def test_distance_to_the_boundary():
    assert edge_distance(
        np.array([10.0, 50.0, -5.0]), np.array([50.0, 50.0, 50.0]), box(0, 0, 100, 100)
    ).tolist() == [
        10,
        50,
        5,
    ]


seeds = st.integers(0, 2**32 - 1)


def drawn(seed: int, **choices: Any) -> StageInput:
    return random_input(np.random.default_rng(seed), **choices)


@settings(max_examples=60, deadline=None)
@given(seeds, st.booleans(), st.booleans())
def test_accounts_close_in_cells_areas_and_in_all(seed, cross_border, include_private):
    given = drawn(seed, cross_border=cross_border, include_private=include_private)
    found = stage_coverage(given)
    pupils = given.units["pupils"].sum()
    assert sum(found.accounts.values()) == pytest.approx(pupils, abs=1e-6)
    cells, areas = found.cells, found.areas
    np.testing.assert_allclose(cells[["served", "no_place", "out", "off"]].sum(axis=1), cells["pupils"], atol=1e-9)
    np.testing.assert_allclose(areas[list(ACCOUNTS)].sum(axis=1), areas["pupils"], atol=1e-9)
    np.testing.assert_allclose(areas[[f"served_{way}" for way in WAYS]].sum(axis=1), areas["served"], atol=1e-9)
    assert areas["served"].sum() == pytest.approx(found.accounts["served"], abs=1e-9)
    assert sum(found.summary["served_by"].values()) == pytest.approx(found.accounts["served"], abs=1e-9)
    assert found.flows["pupils"].sum() == pytest.approx(found.accounts["served"], abs=1e-9)
    for reading in ("closed", "open"):
        assert sum(found.summary["edge"][f"{reading}_accounts"].values()) == pytest.approx(pupils, abs=1e-6)
    json.dumps(found.summary, allow_nan=False)


@settings(max_examples=40, deadline=None)
@given(seeds)
def test_places_are_not_exceeded_and_everybody_is_within_the_rule(seed):
    given = drawn(seed, cross_border=True)
    found = stage_coverage(given)
    net = np.nan_to_num(given.schools["places_net"].to_numpy(float))
    assert (found.schools["pupils_assigned"].fillna(0) <= net + 1e-9).all()
    limit = found.units.set_index(["cell", "band"])["limit_dm"]
    rows = found.flows.set_index(["cell", "band"])
    assert (rows["walk_m"] * 10 <= limit.reindex(rows.index) + 1e-6).all()
    taking = recruiting(given.schools, given.choices)
    assert taking[found.flows["school"]].all()


@settings(max_examples=30, deadline=None)
@given(seeds)
def test_reach_never_falls_when_a_limit_rises_and_a_walk_is_never_shorter_than_the_line(seed):
    found = stage_coverage(drawn(seed))
    for name in ("reach", "radius"):
        assert list(found.summary[name].values()) == sorted(found.summary[name].values())
    assert all(found.summary["reach"][key] <= found.summary["radius"][key] + 1e-6 for key in found.summary["reach"])
    if found.summary["radius_share"] is not None:
        assert found.summary["walk_share"] <= found.summary["radius_share"] + 1e-9


@settings(max_examples=30, deadline=None)
@given(seeds, st.integers(0, 6), st.floats(0, 30))
def test_more_places_never_serve_fewer(seed, which, more):
    given = drawn(seed)
    before = stage_coverage(given)
    table = given.schools.copy()
    row = which % len(table)
    for column in ("places_net", "places_low", "places_high"):
        table.loc[row, column] = table.loc[row, column] + more
    after = stage_coverage(replace(given, schools=table))
    assert after.accounts["served"] >= before.accounts["served"]
    warm = stage_coverage(replace(given, schools=table), before=before)
    assert warm.accounts == after.accounts
    pd.testing.assert_frame_equal(warm.cells, after.cells)
    again = reassign(before.assignment, before.problem, table["places_net"].to_numpy(float))
    assert again.served / 1e6 == pytest.approx(after.accounts["served"], abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(seeds)
def test_more_schools_never_serve_fewer_nor_reach_fewer(seed):
    given = drawn(seed)
    few, more = stage_coverage(given), stage_coverage(replace(given, choices=Choices(cross_border=True)))
    assert more.accounts["served"] >= few.accounts["served"]
    assert (more.summary["walk_share"] or 0) >= (few.summary["walk_share"] or 0)
    for name in ("reach", "radius"):
        assert all(more.summary[name][key] >= few.summary[name][key] for key in few.summary[name])
    assert few.summary["edge"]["open_accounts"] == more.summary["edge"]["open_accounts"] == dict(more.accounts)
    assert more.summary["edge"]["closed_accounts"] == dict(few.accounts)


@settings(max_examples=30, deadline=None)
@given(seeds, seeds)
def test_shuffled_rows_change_nothing(seed, other):
    given = drawn(seed, cross_border=True)
    random = np.random.default_rng(other)
    cells, schools = random.permutation(len(given.cells)), random.permutation(len(given.schools))
    to_cell, to_school = np.argsort(cells).astype(np.int32), np.argsort(schools).astype(np.int32)
    walks = given.pairs
    cell, school = to_cell[walks.cell], to_school[walks.school]
    order = np.lexsort((school, walks.dist_dm, cell))
    moved = replace(
        given,
        units=given.units.assign(cell=to_cell[given.units["cell"]]).sample(frac=1, random_state=1),
        cells=given.cells.iloc[cells].reset_index(drop=True),
        schools=given.schools.iloc[schools].reset_index(drop=True),
        gates=given.gates.assign(school=to_school[given.gates["school"]]),
        pairs=replace(
            walks,
            cell=cell[order],
            school=school[order],
            dist_dm=walks.dist_dm[order],
            off_network=walks.off_network[cells],
        ),
    )
    one, two = stage_coverage(given), stage_coverage(moved)
    assert two.accounts == one.accounts
    pd.testing.assert_frame_equal(
        two.cells.sort_values("cell_id", ignore_index=True), one.cells.sort_values("cell_id", ignore_index=True)
    )
    pd.testing.assert_frame_equal(
        two.schools.sort_values("id", ignore_index=True), one.schools.sort_values("id", ignore_index=True)
    )


def test_results_do_not_depend_on_the_numbering_of_bands():
    homes = [{"id": "a", "pupils": {"g4_6": 7.5, "g1_3": 2.5}}]
    found = stage_coverage(stage_input(homes, [school("S", 4, walk_m={"a": 100})]))
    assert found.accounts["served"] == 4
    assert set(found.units["band"]) == {
        band.id for stage in CN.stages if stage.id == "primary" for band in stage.bands
    }
