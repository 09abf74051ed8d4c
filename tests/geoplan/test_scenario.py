"""What-ifs on Toytown: what a step changes, what it leaves, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from geoplan.errors import PlanError
from geoplan.places import stage_places
from geoplan.plan import make_run
from geoplan.run import Run
from geoplan.safety.levels import segment_levels
from geoplan.scenario import Scenario, applied
from geoplan.settings import plan_standards
from geoplan.standards import stage_def
from layers.bundle import Layers
from layers.scenariofile import parse_scenario
from tests.toytown import at, toytown

STAGES = ("primary", "junior")


def what_if(*steps: Mapping[str, Any], name: str = "try") -> Scenario:
    return parse_scenario({"name": name, "steps": [dict(step) for step in steps]}, f"{name}.toml")


def opening(east: float, north: float, **more: Any) -> dict[str, Any]:
    x, y = at(east, north)
    step = {"action": "open", "id": "N1", "stage": "primary", "x": x, "y": y, "crs": "EPSG:32632", **more}
    return step if any(key.startswith(("places", "classes")) for key in more) else step | {"classes_primary": 2}


def closing(school: str, **more: Any) -> dict[str, Any]:
    return {"action": "close", "school_id": school, **more}


def run(layers: Layers, *steps: Mapping[str, Any], parts: tuple[str, ...] = ("coverage",)) -> Run:
    return make_run(layers, scenario=what_if(*steps) if steps else None, parts=parts)


@pytest.fixture(scope="module")
def town() -> Layers:
    return toytown()


@pytest.fixture(scope="module")
def base(town: Layers) -> Run:
    return run(town)


def same_figures(one: Run, other: Run) -> None:
    assert one.summary["stages"] == other.summary["stages"]
    for name in ("cells", "schools", "areas"):
        assert_frame_equal(pd.DataFrame(one.tables[name]), pd.DataFrame(other.tables[name]))


def accounts(found: Run, stage: str) -> dict[str, float]:
    return dict(found.summary["stages"][stage]["accounts"])


def test_a_scenario_that_does_nothing_gives_the_figures_of_the_plan_under_its_own_name(
    town: Layers, base: Run
) -> None:
    found = make_run(town, scenario=what_if(), parts=("coverage",))
    same_figures(found, base)
    assert found.run_id != base.run_id
    assert (base.manifest["scenario"], found.manifest["scenario"]) == ({"name": "base"}, {"name": "try", "steps": []})


def test_opening_and_closing_the_same_school_changes_nothing(town: Layers, base: Run) -> None:
    same_figures(run(town, opening(250, 950), closing("N1")), base)


def test_the_layers_of_the_plan_are_not_touched(town: Layers) -> None:
    before = town.schools.copy(deep=True), town.streets.edges.copy(deep=True), dict(town.tables)
    works = {"action": "retrofit", "elements": [{"osm_id": "1050", "measures": ["sidewalk"]}]}
    applied(
        town, what_if(opening(250, 950), closing("S1"), {"action": "resize", "school_id": "S2", "places": 9}, works)
    )
    assert_frame_equal(pd.DataFrame(town.schools), pd.DataFrame(before[0]))
    assert_frame_equal(pd.DataFrame(town.streets.edges), pd.DataFrame(before[1]))
    assert town.tables.keys() == before[2].keys()


def test_independent_steps_give_the_same_in_any_order(town: Layers) -> None:
    steps = [
        opening(250, 950),
        closing("S2"),
        {"action": "resize", "school_id": "S1", "plus_classes": 1},
        {"action": "resize", "school_id": "S3", "stage": "junior", "places": 60},
    ]
    first, second = applied(town, what_if(*steps)), applied(town, what_if(*reversed(steps)))
    assert_frame_equal(pd.DataFrame(first.schools), pd.DataFrame(second.schools))
    assert_frame_equal(pd.DataFrame(first.gates), pd.DataFrame(second.gates))
    assert list(first.schools["id"]) == ["N1", "S1", "S3"]
    assert first.schools.dtypes.equals(town.schools.dtypes)


def test_closing_the_only_school_puts_its_pupils_out_of_reach(town: Layers, base: Run) -> None:
    """All primary pupils who had a place lose it; those off the network stay where they are."""
    found = run(town, closing("S1"), closing("S3"))
    before, after = accounts(base, "primary"), accounts(found, "primary")
    assert after["served"] == after["in_reach_no_place"] == 0.0
    assert after["out_of_reach"] == pytest.approx(sum(before.values()) - before["off_network"])
    assert found.summary["stages"]["primary"]["schools"] == 0


def test_a_new_school_with_room_for_all_serves_everybody_in_its_reach(town: Layers, base: Run) -> None:
    found = run(town, opening(150, 50, classes_primary=6))
    gained = accounts(found, "primary")["served"] - accounts(base, "primary")["served"]
    assert gained > 0
    row = found.tables["schools"].set_index("id").loc["N1"]
    assert row["places_primary"] == 6 * 45 and row["places_source_primary"] == "given"
    assert row["scope"] == "inside" and row["pupils_assigned_primary"] > 0


def test_classes_more_are_places_by_the_class_size_of_the_profile(town: Layers) -> None:
    """S1 states 270 places in 6 classes; two classes of 45 more make 360, six classes are what it has."""
    schools = applied(town, what_if({"action": "resize", "school_id": "S1", "plus_classes": 2})).schools.set_index(
        "id"
    )
    assert (schools.loc["S1", "places_primary"], schools.loc["S1", "classes_primary"]) == (360.0, 8.0)
    for same in ({"classes": 6}, {"plus_classes": 0}):
        schools = applied(town, what_if({"action": "resize", "school_id": "S1", **same})).schools.set_index("id")
        assert (schools.loc["S1", "places_primary"], schools.loc["S1", "classes_primary"]) == (270.0, 6.0)


def test_what_was_assumed_stays_assumed_when_classes_are_added(town: Layers) -> None:
    plain = town.schools.assign(places_primary=[np.nan, np.nan, 20.0], shifts=[2.0, np.nan, np.nan])
    more = applied(replace(town, schools=plain), what_if({"action": "resize", "school_id": "S1", "plus_classes": 2}))
    standards = plan_standards(town.plan)
    places = stage_places(more.schools, stage_def(standards, "primary"), standards).set_index(more.schools["id"])
    assert places.loc["S1", "places"] == 8 * 45
    assert bool(places.loc["S1", "places_assumed"]) and not bool(places.loc["S3", "places_assumed"])


def test_conversion_keeps_classes(town: Layers) -> None:
    """The nine-year school gives its one primary class (20 places) to junior: two junior classes, 30 + 50 places."""
    step = {"action": "convert", "school_id": "S3", "from": "primary", "to": "junior"}
    for more in ({}, {"classes": 1}, {"places": 20}):
        row = applied(town, what_if(step | more)).schools.set_index("id").loc["S3"]
        assert row["classes_junior"] == 2.0 and np.isnan(row["classes_primary"])
        assert row["places_junior"] == (50.0 if "places" in more else 80.0)
        assert (row["stage"], row["stages"]) == ("junior", ("junior",))


def test_part_of_a_school_changes_stage(town: Layers) -> None:
    step = {"action": "convert", "school_id": "S1", "from": "primary", "to": "junior", "classes": 2}
    row = applied(town, what_if(step)).schools.set_index("id").loc["S1"]
    assert (row["places_primary"], row["places_junior"]) == (180.0, 100.0)
    assert (row["classes_primary"], row["classes_junior"]) == (4.0, 2.0)
    assert (row["stage"], row["stages"]) == ("nine_year", ("primary", "junior"))


def test_a_change_in_a_later_year_leaves_the_base_year_alone(town: Layers, base: Run) -> None:
    later = [
        closing("S2", year=2030),
        opening(250, 950, year=2027),
        {"action": "resize", "school_id": "S1", "plus_classes": 4, "year": 2028},
    ]
    found = run(town, *later)
    for stage in STAGES:
        assert accounts(found, stage) == accounts(base, stage)
    schools = applied(town, what_if(*later)).schools
    standards = plan_standards(town.plan)
    open_in = {
        year: set(
            schools["id"][stage_places(schools, stage_def(standards, "primary"), standards, year=year)["serves"]]
        )
        for year in (2024, 2027, 2028)
    }
    assert open_in == {2024: {"S1", "S3"}, 2027: {"N1", "S1", "S3"}, 2028: {"N1", "S1@2028", "S3"}}
    assert schools.set_index("id").loc["S1@2028", "places_primary"] == 450.0


def test_years_to_come_see_the_steps_whose_year_has_come(town: Layers, base: Run) -> None:
    """Six classes of 45 open in 2027, and S1 gets two classes more in 2030: places of 2025, 2027 and 2035."""
    steps = [
        opening(150, 50, classes_primary=6, year=2027),
        {"action": "resize", "school_id": "S1", "plus_classes": 2, "year": 2030},
    ]
    places, served = (
        {
            row["year"]: row[name]
            for row in run(town, *steps).summary["stages"]["primary"]["years"]
            if row["variant"] == "mid"
        }
        for name in ("places", "served")
    )
    assert [places[year] for year in (2024, 2025, 2027, 2035)] == [290.0, 290.0, 560.0, 650.0]
    assert served[2025] == pytest.approx(accounts(base, "primary")["served"]) and served[2027] > served[2025]


def test_a_change_whose_year_has_come_is_a_change_at_once(town: Layers) -> None:
    at_once, dated = run(town, closing("S3")), run(town, closing("S3", year=2024))
    for stage in STAGES:
        assert accounts(at_once, stage) == accounts(dated, stage)


def test_everything_that_cannot_be_done_is_named_with_its_step(town: Layers) -> None:
    steps = [
        closing("ZZ"),
        closing("S1"),
        closing("S1"),
        {"action": "resize", "school_id": "S3", "plus_classes": 1},
        {"action": "resize", "school_id": "S2", "stage": "primary", "places": 10},
        {"action": "resize", "school_id": "S2", "plus_classes": -4},
        {"action": "open", "id": "S2", "stage": "primary", "site_id": "P1", "places": 90},
        {"action": "convert", "school_id": "S2", "from": "primary", "to": "junior"},
        {"action": "convert", "school_id": "S3", "from": "primary", "to": "junior", "classes": 2},
        {
            "action": "retrofit",
            "elements": [{"osm_id": "1050", "measures": ["gold"]}, {"osm_id": "9999", "measures": ["zebra"]}],
        },
    ]
    with pytest.raises(PlanError) as error:
        applied(town, what_if(*steps))
    assert str(error.value).splitlines() == [
        "scenario try:",
        "step 1 (close): there is no school ZZ",
        "step 3 (close): S1 is closed twice",
        "step 4 (resize): S3 teaches primary, junior: say which stage",
        "step 5 (resize): S2 does not teach primary",
        "step 6 (resize): S2 has not so many classes of junior",
        "step 7 (open): the plan has no table of sites",
        "step 8 (convert): S2 does not teach primary",
        "step 9 (convert): S3 has not so many classes of primary",
        "retrofit: there is no measure gold; known: zebra, refuge_island, raised_crossing, signal, sidewalk, "
        "zone_30, lighting",
        "retrofit: there is no crossing 9999 among the streets",
    ]


def test_a_year_needs_the_year_of_the_school_table(town: Layers) -> None:
    undated = replace(
        town, plan=town.plan.model_copy(update={"schools": town.plan.schools.model_copy(update={"year": None})})
    )
    with pytest.raises(PlanError, match=r"step 1 \(close\).*year of the school table"):
        applied(undated, what_if(closing("S1", year=2027)))


def test_a_school_on_a_site_is_entered_from_the_nearest_street(town: Layers) -> None:
    import geopandas as gpd
    from shapely import box

    plot = box(*at(220, 710), *at(280, 790))
    sites = gpd.GeoDataFrame({"id": ["P1"]}, geometry=[plot], crs=town.crs)
    step = {"action": "open", "id": "N1", "stage": "primary", "site_id": "P1", "places": 90}
    found = applied(replace(town, tables={**town.tables, "sites": sites}), what_if(step))
    (gate,) = found.gates.geometry[found.gates["school_id"] == "N1"]
    assert gate.y in (at(0, 710)[1], at(0, 790)[1]) and plot.touches(gate)


def test_housing_becomes_a_row_of_the_housing_table(town: Layers) -> None:
    x, y = at(250, 950)
    step = {"action": "housing", "id": "H1", "x": x, "y": y, "crs": "EPSG:32632", "dwellings": 300, "ready": 2027}
    once = applied(town, what_if(step | {"in_population": False}))
    (row,) = once.tables["housing"].to_dict("records")
    assert (row["id"], row["dwellings"], row["in_population"], row["geometry"].y) == ("H1", 300.0, False, y)
    again = applied(once, what_if(step | {"id": "H0", "developer": "Bau"}, step | {"dwellings": 200}))
    table = again.tables["housing"]
    assert list(table["id"]) == ["H0", "H1"] and list(table["dwellings"]) == [300.0, 200.0]
    assert list(table["developer"]) == ["Bau", None] and table["ready"].dtype == np.float64
    assert len(once.tables["housing"]) == 1


def test_works_are_judged_by_the_rules_that_judged_before(town: Layers) -> None:
    """A pavement along 5th Street: its edges become as good as the even streets that have one, others stay."""
    step = {"action": "retrofit", "elements": [{"osm_id": "1050", "measures": ["sidewalk", "lighting"]}]}
    after = applied(town, what_if(step))
    standards, rural = plan_standards(town.plan), np.zeros(len(town.streets.edges), bool)
    old, new = (segment_levels(one.streets, standards, rural=rural) for one in (town, after))
    there = (town.streets.edges["osm_id"] == "1050").to_numpy()[old.index]
    assert (new["level_high"][there] < old["level_high"][there]).all()
    assert (new["level_high"][~there] == old["level_high"][~there]).all()


def test_a_point_chooses_one_stretch_of_a_way(town: Layers) -> None:
    from pyproj import Transformer

    lon, lat = Transformer.from_crs(town.crs, 4326, always_xy=True).transform(*at(350, 500))
    element = {"osm_id": "1050", "measures": ["sidewalk"]}
    whole, part, far = (
        {"action": "retrofit", "elements": [element | place]}
        for place in ({}, {"lon": lon, "lat": lat}, {"lon": lon, "lat": lat + 0.01})
    )
    touched = [
        (applied(town, what_if(step)).streets.edges["sidewalk"] == "both").sum()
        - (town.streets.edges["sidewalk"] == "both").sum()
        for step in (whole, part)
    ]
    assert touched == [10, 1]
    with pytest.raises(PlanError, match="no street 1050"):
        applied(town, what_if(far))


def test_works_count_after_the_survey(town: Layers) -> None:
    """The survey saw no pavement; what is built afterwards is there."""
    audit = pd.DataFrame(
        {"osm_type": ["way"], "osm_id": ["1050"], "tag": ["sidewalk"], "value": ["no"], "date": ["2024-05-01"]}
    )
    surveyed = replace(town, tables={**town.tables, "audit": audit})
    step = {"action": "retrofit", "elements": [{"osm_id": "1050", "measures": ["sidewalk"]}]}
    after = applied(surveyed, what_if(step))
    assert set(after.streets.edges.loc[after.streets.edges["osm_id"] == "1050", "sidewalk"]) == {"both"}
    assert "audit" not in after.tables and "audit" in surveyed.tables


def test_the_steps_stand_in_the_manifest_and_in_the_id(town: Layers) -> None:
    small, large = (run(town, opening(250, 950, places_primary=places)) for places in (90, 180))
    assert small.run_id != large.run_id
    step = small.manifest["scenario"]["steps"][0]
    assert step["action"] == "open" and step["places_primary"] == 90
    json.dumps(small.manifest["scenario"])
