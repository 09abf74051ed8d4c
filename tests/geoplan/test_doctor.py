"""The data doctor finds what was broken in Toytown on purpose, and nothing in the sound one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from pyproj import CRS
from shapely.geometry import LineString, Point, box

from geoplan.doctor import completeness, counts, examine, osm, report_rows
from geoplan.doctor.ground import parts, survey
from layers.bundle import Layers
from layers.datum import from_wgs84
from layers.errors import Fault, catalogue
from tests.toytown import at, toytown


@pytest.fixture(scope="module")
def sound() -> Layers:
    return toytown()


def found(layers: Layers, code: str) -> list[Fault]:
    return [fault for fault in examine(layers) if fault.code == code]


def only(layers: Layers, code: str) -> Fault:
    (fault,) = found(layers, code)
    return fault


def with_schools(layers: Layers, schools: gpd.GeoDataFrame) -> Layers:
    """New schools, each with its own point as gate where Toytown's gates know nothing of it."""
    known = layers.gates[layers.gates["school_id"].isin(schools["id"])]
    new = schools[~schools["id"].isin(known["school_id"])]
    own = gpd.GeoDataFrame({"school_id": new["id"]}, geometry=new.geometry, crs=layers.crs)
    return replace(layers, schools=schools, gates=pd.concat([known, own], ignore_index=True))


def another(layers: Layers, like: str, x: float, y: float, **columns: Any) -> Layers:
    """One more school, as the school `like`, at (x, y) of the town."""
    one = layers.schools[layers.schools["id"] == like].copy()
    for name, value in columns.items():
        one[name] = [value]
    one = one.set_geometry([Point(at(x, y))], crs=layers.crs)
    return with_schools(layers, pd.concat([layers.schools, one], ignore_index=True))


def with_edges(layers: Layers, keep: Callable[[LineString], bool]) -> Layers:
    edges = layers.streets.edges
    kept = edges[[keep(line) for line in edges.geometry]].reset_index(drop=True)
    return replace(layers, streets=replace(layers.streets, edges=kept))


def corner_cut_off(layers: Layers) -> Layers:
    """The four streets around the block in the north-east corner lose their links; rural homes snap up to 100 m."""

    def keep(line: LineString) -> bool:
        ends = [x > at(850, 0)[0] and y > at(0, 850)[1] for x, y in line.coords]
        return all(ends) or not any(ends)

    plan = layers.plan.model_copy(update={"streets": layers.plan.streets.model_copy(update={"snap_rural_m": 100.0})})
    return replace(with_edges(layers, keep), plan=plan)


def elsewhere(layers: Layers, epsg: int) -> Layers:
    """Toytown with the same metres in another zone of the world."""
    crs = CRS.from_epsg(epsg)

    def moved(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        return table.set_crs(crs, allow_override=True)

    streets, around = layers.streets, layers.surroundings
    return replace(
        layers,
        crs=crs,
        areas=moved(layers.areas),
        schools=moved(layers.schools),
        gates=moved(layers.gates),
        cells=replace(layers.cells, index=replace(layers.cells.index, crs=crs)),
        streets=replace(
            streets, edges=moved(streets.edges), barriers=moved(streets.barriers), openings=moved(streets.openings)
        ),
        surroundings=replace(
            around, buildings=moved(around.buildings), ground=moved(around.ground), schools=moved(around.schools)
        ),
    )


def test_a_sound_town_has_only_its_edge_to_note(sound: Layers) -> None:
    faults = examine(sound)
    assert [fault.code for fault in faults] == ["doctor_edge_closed"]
    assert faults[0].params == {"residents": "2,400", "percent": "100%"}
    assert counts(faults) == {"error": 0, "warning": 0, "note": 1}


def test_streets_beyond_the_boundary_open_the_edge(sound: Layers) -> None:
    edges = sound.streets.edges
    moved = [
        edges.assign(geometry=edges.translate(dx, dy)) for dx, dy in ((1000, 0), (-1000, 0), (0, 1000), (0, -1000))
    ]
    wide = pd.concat([edges, *moved], ignore_index=True)
    assert found(replace(sound, streets=replace(sound.streets, edges=wide)), "doctor_edge_closed") == []


def test_parts_are_ordered_by_length(sound: Layers) -> None:
    part, length = parts(corner_cut_off(sound).streets.edges)
    assert sorted(set(part.tolist())) == [0, 1]
    assert length[1] == pytest.approx(400)
    assert np.bincount(part).tolist() == [len(part) - 4, 4]
    assert parts(sound.streets.edges.iloc[:0])[1].tolist() == []


def test_an_isolated_part_with_its_people_and_schools(sound: Layers) -> None:
    town = another(corner_cut_off(sound), "S3", 950, 910, id="S4", name="Corner School")
    summary = only(town, "doctor_parts")
    assert summary.severity == "warning"
    assert summary.params == {"parts": 1, "km": "0.4", "residents": "10", "schools": 1}
    one = only(town, "doctor_part")
    assert (one.params["km"], one.params["residents"], one.params["schools"]) == ("0.40", "10", 1)
    assert one.params["at"].startswith("6.55")
    school = only(town, "doctor_school_isolated")
    assert school.value == "S4 Corner School"
    assert school.params["km"] == "0.40"


def test_an_isolated_part_without_people_is_a_note(sound: Layers) -> None:
    town = corner_cut_off(sound)
    table = town.cells.table.assign(
        residents=town.cells.table["residents"].where(town.cells.table["cell_id"] != "c99", 0.0)
    )
    assert only(replace(town, cells=replace(town.cells, table=table)), "doctor_parts").severity == "note"


def test_two_halves_without_a_bridge_are_both_networks(sound: Layers) -> None:
    middle = at(0, 550)[1]
    town = with_edges(sound, lambda line: not (line.coords[0][1] < middle < line.coords[1][1]))
    assert survey(town).main.tolist() == [True, True]
    assert found(town, "doctor_parts") == []


def test_a_school_far_from_any_street(sound: Layers) -> None:
    gates = sound.gates.copy()
    gates.loc[gates["school_id"] == "S2", "geometry"] = Point(at(-400, 300))
    fault = only(replace(sound, gates=gates), "doctor_school_far")
    assert fault.value == "S2 River Junior School"
    assert fault.params == {"metres": "400", "limit": "150"}
    assert fault.severity == "warning"


def test_the_best_gate_of_a_school_counts(sound: Layers) -> None:
    gates = sound.gates.copy()
    gates.loc[0, "geometry"] = Point(at(-400, 300))  # one of the two gates of S1
    assert found(replace(sound, gates=gates), "doctor_school_far") == []


def test_a_town_without_streets(sound: Layers) -> None:
    town = with_edges(sound, lambda line: False)
    assert [fault.params["metres"] for fault in found(town, "doctor_school_far")] == ["∞"] * 3
    assert len(found(town, "doctor_ways_sparse")) == 2


def test_two_schools_on_one_spot(sound: Layers) -> None:
    same = another(sound, "S1", 753, 250, id="S4", name="East Primary, new building")
    assert only(same, "doctor_one_spot").severity == "warning"
    assert only(same, "doctor_one_spot").value == "S1 East Primary School / S4 East Primary, new building"
    other = another(sound, "S2", 753, 250, id="S4")
    assert only(other, "doctor_one_spot").severity == "note"
    campus = another(sound, "S1", 753, 250, id="S4", campus_of="S1")
    assert found(campus, "doctor_one_spot") == []
    named = with_schools(same, same.schools.assign(campus_of=["inst", None, None, "inst"]))
    assert found(named, "doctor_one_spot") == []
    apart = another(sound, "S1", 760, 250, id="S4")
    assert found(apart, "doctor_one_spot") == []


def test_three_schools_on_one_spot_are_one_fault_and_none_where_the_reader_told(sound: Layers) -> None:
    two = another(sound, "S1", 753, 250, id="S4")
    three = another(two, "S1", 751, 252, id="S5")
    fault = only(three, "doctor_one_spot")
    assert fault.value is not None and fault.value.count(" / ") == 2 and fault.message().startswith("3 schools")
    told = [
        Fault("schools_one_spot", "warning", params={"count": 3, "ids": ids}) for ids in (("S1", "S4", "S5"), ("S1",))
    ]
    assert found(replace(three, faults=(*three.faults, told[0])), "doctor_one_spot") == []
    assert found(replace(three, faults=(*three.faults, told[1])), "doctor_one_spot") == [fault]


def test_a_school_outside_the_region(sound: Layers) -> None:
    town = another(sound, "S1", 2500, 500, id="S4", scope="outside")
    fault = only(town, "doctor_school_outside")
    assert (fault.severity, fault.params["km"]) == ("note", "1.50")


def test_missing_places_are_counted_per_stage(sound: Layers) -> None:
    schools = sound.schools.copy()
    schools.loc[schools["id"] == "S3", ["places_primary", "classes_primary", "places_junior"]] = np.nan
    fault = only(with_schools(sound, schools), "doctor_places_missing")
    assert fault.column == "places_primary"  # the junior stage still has its classes
    assert (fault.params["schools"], fault.params["of"], fault.params["names"]) == (
        1,
        2,
        "S3 Bridge Nine-Year School",
    )


def test_a_stage_without_a_school(sound: Layers) -> None:
    coverage = sound.plan.coverage.model_copy(update={"stages": ("kindergarten", "primary")})
    town = replace(sound, plan=sound.plan.model_copy(update={"coverage": coverage}))
    assert only(town, "doctor_no_school").value == "kindergarten"


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_a_shifted_school_list_is_suspected(sound: Layers, datum: str) -> None:
    town = elsewhere(sound, 32651)
    for k, (x, y) in enumerate(
        [(120, 120), (320, 80), (520, 130), (720, 80), (880, 480), (120, 720), (720, 880), (920, 680)]
    ):
        town = another(town, "S1", x, y, id=f"X{k}", name=f"School {k}")
    mapped = town.schools[["name", "stage"]].assign(osm_id="n1", tags=None).set_geometry(town.schools.geometry)
    town = replace(town, surroundings=replace(town.surroundings, schools=mapped))
    assert found(town, "doctor_shift_mapped") == []
    # a file of shifted coordinates read as WGS 84: every school lands where the shift puts it
    lonlat = town.schools.geometry.to_crs(4326)
    true = np.column_stack([lonlat.x, lonlat.y])
    shifted = np.column_stack(from_wgs84(true[:, 0], true[:, 1], datum))
    points = gpd.GeoSeries(gpd.points_from_xy(*shifted.T), crs=4326).to_crs(town.crs)
    wrong = with_schools(town, town.schools.set_geometry(points))
    fault = only(wrong, "doctor_shift_mapped")
    assert fault.params["datum"] == datum
    assert fault.column == "schools.datum"
    assert float(fault.params["after"]) < 1 < 200 < float(fault.params["before"])
    assert f'datum = "{datum}"' in fault.remedy()
    assert found(wrong, "doctor_not_in_osm") == found(wrong, "doctor_not_listed") == []


def test_no_shift_is_suspected_outside_china(sound: Layers) -> None:
    moved = sound.schools.set_geometry(sound.schools.translate(400, 200))
    assert found(with_schools(sound, moved), "doctor_shift_streets") == []


def test_the_list_against_openstreetmap_both_ways(sound: Layers) -> None:
    mapped = sound.surroundings.schools.copy()
    mapped.loc[0, "name"] = "Ecole du Parc"  # S1 under another name
    mapped.loc[1, ["name", "osm_id"]] = ["North Kindergarten", "n77"]
    mapped.loc[1, "stage"] = "junior"
    mapped.loc[1, "geometry"] = Point(at(150, 950))  # nothing in the list there; S2 is missing on the map
    town = replace(sound, surroundings=replace(sound.surroundings, schools=mapped))
    other = only(town, "doctor_other_name")
    assert (other.value, other.params["osm_name"], other.params["metres"]) == (
        "S1 East Primary School",
        "Ecole du Parc",
        "0",
    )
    assert only(town, "doctor_not_in_osm").value == "S2 River Junior School"
    missing = only(town, "doctor_not_listed")
    assert (missing.value, missing.params["osm_id"]) == ("North Kindergarten", "n77")
    assert missing.severity == "warning"
    vague = mapped.assign(stage=[None, None, "nine_year"])
    town = replace(sound, surroundings=replace(sound.surroundings, schools=vague))
    assert only(town, "doctor_not_listed").severity == "note"


def test_mapped_schools_of_other_stages_or_places_are_left_alone(sound: Layers) -> None:
    extra = sound.surroundings.schools.iloc[[0, 0]].assign(
        name=["Tiny Tots", "Far School"], stage=["kindergarten", None]
    )
    extra = extra.set_geometry([Point(at(150, 950)), Point(at(5000, 0))], crs=sound.crs)
    mapped = pd.concat([sound.surroundings.schools, extra], ignore_index=True)
    wide = replace(sound, surroundings=replace(sound.surroundings, schools=mapped))
    assert found(wide, "doctor_not_listed") == []
    abroad = another(wide, "S1", 5000, 20, id="S4", name="Far School", scope="inside")
    assert found(abroad, "doctor_not_in_osm") == []
    osm_list = sound.plan.schools.model_copy(update={"osm": True, "table": None})
    town = replace(sound, plan=sound.plan.model_copy(update={"schools": osm_list}))
    town = with_schools(town, town.schools.iloc[:1])
    assert [fault.code for fault in examine(town) if "osm" in fault.code or "listed" in fault.code] == []


@pytest.mark.parametrize(
    ("one", "two", "alike"),
    [
        ("École Saint-Charles", "ecole saint charles", True),
        ("Saint-Charles", "École Saint-Charles", True),
        ("第一小学", "第 一 小学", True),
        ("长沙市第一小学", "第一小学", True),
        ("实验小学", "第三中学", False),
        ("第一小学", "第二小学", False),
        ("Primary School No. 1", "Primary School No 2", False),
        ("East Primary School", "West Primary School", False),
        ("Escola Estadual de Ensino Fundamental Anita", "Escola Municipal de Ensino Fundamental Piratini", False),
        ("E.E. Anita Garibaldi", "Escola Estadual Anita Garibaldi", True),
        ("School", "The School", True),
        ("River Junior School", "Lycée Albert Premier", False),
        ("", "River", False),
        (None, "River", False),
    ],
)
def test_names_are_compared_as_people_read_them(one: object, two: object, alike: bool) -> None:
    assert (osm.likeness(one, two) >= osm.ALIKE) is alike
    assert osm.likeness(one, two) == osm.likeness(two, one)


def test_each_school_is_matched_once(sound: Layers) -> None:
    twin = another(sound, "S1", 950, 250, id="S4", name="East Primary School (annex)")
    assert [fault.value for fault in found(twin, "doctor_not_in_osm")] == ["S4 East Primary School (annex)"]
    on_the_same_ground = another(sound, "S1", 760, 250, id="S4", name="East Primary School (annex)")
    assert found(on_the_same_ground, "doctor_not_in_osm") == []


def test_a_list_may_name_the_mapped_school_itself(sound: Layers) -> None:
    mapped = sound.surroundings.schools.assign(name=["Escola do Sol", "Two", "Three"])
    town = replace(sound, surroundings=replace(sound.surroundings, schools=mapped))
    assert len(found(town, "doctor_other_name")) == 3
    stated = with_schools(town, town.schools.assign(osm_id=["n9001", "n9002", None]))
    assert [fault.value for fault in found(stated, "doctor_other_name")] == ["S3 Bridge Nine-Year School"]
    assert found(stated, "doctor_not_listed") == []


def test_homes_far_from_mapped_ways(sound: Layers) -> None:
    north = at(0, 650)[1]
    town = with_edges(sound, lambda line: line.centroid.y < north)
    fault = only(town, "doctor_ways_sparse")
    # rows of 100 residents at 50, 150, 250 and 350 m from the last street: three of four within 300 m
    assert fault.value == "North"
    assert (fault.params["near"], fault.params["far"], fault.params["enough"]) == ("25%", "75%", "90%")
    table = completeness(town).set_index("area_id")
    assert table.loc["town", "within_100_m"] == 1.0
    assert table.loc["rural", "within_300_m"] == pytest.approx(0.75)
    assert table.loc["rural", "buildings_far"] == pytest.approx(0.75)


def test_a_compound_without_a_gate(sound: Layers) -> None:
    streets = sound.streets
    assert found(sound, "doctor_compounds") == []
    inside = box(*at(200, 200), *at(400, 400))
    edges = streets.edges[~streets.edges["private"]].reset_index(drop=True)
    nothing = streets.openings.iloc[:0]
    town = replace(sound, streets=replace(streets, edges=edges, openings=nothing))
    fault = only(town, "doctor_compounds")
    assert (fault.params["compounds"], fault.params["residents"]) == (1, "160")
    lon, lat = map(float, fault.params["at"].split(", "))
    where = gpd.GeoSeries([Point(lon, lat)], crs=4326).to_crs(sound.crs).iloc[0]
    assert inside.contains(where)
    gated = replace(sound, streets=replace(streets, edges=edges))
    assert found(gated, "doctor_compounds") == []


def test_a_raster_that_ends_inside_the_region(sound: Layers) -> None:
    index = sound.cells.index
    short = replace(index, cell=index.cell[:, :8])
    town = replace(sound, cells=replace(sound.cells, index=short, kind="raster"))
    assert only(town, "doctor_raster_short").params["percent"] == "20.0%"
    assert found(replace(sound, cells=replace(sound.cells, kind="raster")), "doctor_raster_short") == []
    said = replace(town, faults=(Fault("population_partly_outside", "warning"),))
    assert found(said, "doctor_raster_short") == []


def test_everything_broken_at_once(sound: Layers) -> None:
    town = another(corner_cut_off(sound), "S3", 950, 910, id="S4", name="Corner School")
    town = another(town, "S1", 752, 250, id="S5", name="Twin")
    town = another(town, "S2", 150, -700, id="S6", name="Far away", scope="outside")
    schools = town.schools.copy()
    schools.loc[schools["id"] == "S1", ["places_primary", "classes_primary"]] = np.nan
    mapped = town.surroundings.schools.assign(name=["One", "Two", "Three"])
    mapped = mapped.set_geometry([*mapped.geometry[:2], Point(at(50, 950))], crs=town.crs)
    coverage = town.plan.coverage.model_copy(update={"stages": ("primary", "senior")})
    index = town.cells.index
    town = replace(
        with_schools(town, schools),
        plan=town.plan.model_copy(update={"coverage": coverage}),
        surroundings=replace(town.surroundings, schools=mapped),
        cells=replace(town.cells, kind="raster", index=replace(index, cell=index.cell[:, :5])),
        streets=replace(
            town.streets, openings=town.streets.openings.iloc[:0], edges=_without_lane_and_north_west(town)
        ),
    )
    faults = examine(town)
    expected = {code for code in catalogue() if code.startswith("doctor_") and not code.startswith("doctor_shift")}
    assert {fault.code for fault in faults} == expected
    order = [fault.severity for fault in faults]
    assert order == sorted(order, key=["error", "warning", "note"].index)
    for language in ("en", "zh"):
        for row in report_rows(faults, language):
            assert row["message"] and row["remedy"] and "{" not in f"{row['message']}{row['remedy']}"
    assert sum(counts(faults).values()) == len(faults)


def _without_lane_and_north_west(layers: Layers) -> gpd.GeoDataFrame:
    """No private lane, and no streets in the north west of y = 620, x = 850."""
    edges = layers.streets.edges
    middle = edges.geometry.centroid
    gone = edges["private"] | ((middle.y > at(0, 620)[1]) & (middle.x < at(850, 0)[0]))
    return edges[~gone].reset_index(drop=True)


def test_the_order_of_rows_changes_nothing(sound: Layers) -> None:
    town = another(corner_cut_off(sound), "S3", 950, 910, id="S4", name="Corner School")
    rng = np.random.default_rng(7)
    shuffled = replace(
        town,
        streets=replace(town.streets, edges=town.streets.edges.sample(frac=1, random_state=3).reset_index(drop=True)),
        cells=replace(town.cells, table=town.cells.table.iloc[rng.permutation(100)].reset_index(drop=True)),
        gates=town.gates.iloc[::-1].reset_index(drop=True),
    )
    ours, theirs = examine(town), examine(shuffled)
    assert [(f.code, f.value) for f in ours] == [(f.code, f.value) for f in theirs]
    assert [dict(f.params) for f in ours if f.code != "doctor_part"] == [
        dict(f.params) for f in theirs if f.code != "doctor_part"
    ]


def test_every_fault_is_said_in_both_languages() -> None:
    for code, entry in catalogue().items():
        if code.startswith("doctor_"):
            assert set(entry) == {"message_en", "remedy_en", "message_zh", "remedy_zh"}, code


def test_the_countys_own_figures_hold(sound: Layers) -> None:
    own = sound.plan.standards.model_copy(update={"override": {"plan.snap.town": 30}})
    town = replace(sound, plan=sound.plan.model_copy(update={"standards": own}))
    assert set(survey(town).snap_m[:50]) == {30.0}
    stated = sound.plan.streets.model_copy(update={"snap_town_m": 40.0})
    both = replace(town, plan=town.plan.model_copy(update={"streets": stated}))
    assert set(survey(both).snap_m[:50]) == {40.0}


def test_a_plan_without_schools(sound: Layers) -> None:
    town = with_schools(sound, sound.schools.iloc[:0])
    codes = [fault.code for fault in examine(town)]
    assert codes.count("doctor_no_school") == 2
    assert codes.count("doctor_not_listed") == 3


def test_a_school_without_a_name(sound: Layers) -> None:
    town = another(sound, "S1", 2500, 500, id="S4", name=None, scope="outside")
    assert only(town, "doctor_school_outside").value == "S4"
