"""Values of tags: what they mean, what several of them mean, and that no text is ever too odd."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from geoplan.safety.carriageway import carriageway
from geoplan.safety.facilities import ABSENT, MAPPED, REFUSED, facility
from geoplan.safety.faulty import faulty_tags, tag_faults
from geoplan.safety.segments import EDGE_TAGS, judge
from geoplan.safety.sidewalks import separations, sidewalk
from geoplan.safety.tags import choice, hours_speeds, implied_speed, lane_count, parts, speed_km_h, width_m
from tests.geoplan.safety.toy_map import toy_map

modest = settings(max_examples=60, deadline=None)
UNKNOWN = (None, None)


def bounds(reading: tuple[float, float, object]) -> tuple[float | None, float | None]:
    """Low and high rounded, None where not known."""
    low, high = (None if math.isnan(value) else round(value, 2) for value in reading[:2])
    return low, high


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("50", (50, 50)), ("50 km/h", (50, 50)), ("50kmh", (50, 50)), ("５０", (50, 50)), ("30公里/小时", (30, 30)),
        ("20 mph", (32.19, 32.19)), ("20mph", (32.19, 32.19)), ("10 knots", (18.52, 18.52)),
        ("30;50", (30, 50)), ("50|30|40", (30, 50)), ("50;50", (50, 50)), ("20 mph;50", (32.19, 50)),
        ("walk", (5, 10)), ("none", (130, 130)), ("CN:urban", (30, 70)), ("XX:urban", (30, 80)),
        ("fr:urban", (50, 50)), ("DE:zone30", (30, 30)), ("DE:zone:30", (30, 30)), ("zone:20", (20, 20)),
        ("GB:nsl_single", (96.56, 96.56)), ("signals", UNKNOWN), ("variable", UNKNOWN),
    ],
)  # fmt: skip
def test_speeds_that_mean_something(value: str, expected: tuple[float, float]) -> None:
    found = speed_km_h(value)
    assert bounds(found) == expected
    several = expected[0] != expected[1] and any(sign in value for sign in ";|")
    assert [wrong.code for wrong in found.wrong] == (["tag_several_values"] if several else [])


@pytest.mark.parametrize("value", ["fifty", "-50", "0", "500", "50 mhp", "", ";", "30;fast", "5O", "nan", "inf"])
def test_speeds_that_mean_nothing_are_told_and_unknown(value: str) -> None:
    found = speed_km_h(value)
    assert bounds(found) == UNKNOWN
    assert [tuple(wrong) for wrong in found.wrong] == [("tag_value_unknown", "maxspeed", value)]


def test_lanes_and_widths() -> None:
    assert bounds(lane_count("4")) == (4, 4)
    assert bounds(lane_count("2;3")) == (2, 3) and lane_count("2;3").wrong[0].code == "tag_several_values"
    assert bounds(lane_count("1.5")) == (1, 2) and not lane_count("1.5").wrong
    for value in ("-2", "0", "two", "99", "2,x"):
        assert bounds(lane_count(value)) == UNKNOWN and lane_count(value).wrong
    assert bounds(width_m("3,5 m")) == (3.5, 3.5) and bounds(width_m("6'6\"")) == (1.98, 1.98)
    assert bounds(width_m("2.5米")) == (2.5, 2.5) and bounds(width_m("600")) == UNKNOWN


def test_legal_contexts_are_read_from_free_text_without_faults() -> None:
    assert bounds(implied_speed("CN:urban")) == (30, 70)
    assert bounds(implied_speed("sign")) == bounds(implied_speed("25")) == UNKNOWN
    assert parts(" A ;b| ") == ["a", "b"]


def test_limits_that_hold_at_hours_count_and_those_for_lorries_do_not() -> None:
    assert hours_speeds("30 @ (Mo-Fr 07:00-17:00); 60 @ (weight>7.5)") == [30.0]
    assert hours_speeds("20 mph @ (SH off); 40 @ wet") == pytest.approx([32.187], abs=0.001)
    found = carriageway(
        {"highway": "primary", "maxspeed": "60", "maxspeed:conditional": "30 @ (07:00-08:00)"}, rural=False
    )
    assert found.km_h == (30, 60) and "maxspeed" in found.assumed


@pytest.mark.parametrize(
    ("tags", "present", "side"),
    [
        ({"sidewalk": "both"}, True, 3), ({"sidewalk": "left"}, True, 1), ({"sidewalk": "right"}, True, 2),
        ({"sidewalk": "left;right"}, True, 3), ({"sidewalk": "yes"}, True, 0),
        ({"sidewalk": "no"}, False, 0), ({"sidewalk": "none"}, False, 0), ({}, None, 0),
        ({"sidewalk": "separate"}, False, 0),
        ({"sidewalk:left": "yes"}, True, 0), ({"sidewalk:left": "no"}, None, 0),
        ({"sidewalk:left": "yes", "sidewalk:right": "no"}, True, 1),
        ({"sidewalk:both": "yes"}, True, 3), ({"sidewalk:both": "no"}, False, 0),
        ({"sidewalk": "yes", "sidewalk:left": "no"}, True, 0),
    ],
)  # fmt: skip
def test_sidewalks(tags: dict[str, str], present: bool | None, side: int) -> None:
    found = sidewalk(tags)
    assert (found.present, found.side, found.wrong) == (present, side, ())
    assert found.apart is (tags.get("sidewalk") == "separate")


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        ({"sidewalk": "no", "sidewalk:left": "yes"}, "tags_contradict"),
        ({"sidewalk": "both", "sidewalk:right": "no"}, "tags_contradict"),
        ({"sidewalk": "right;no"}, "tags_contradict"),
        ({"sidewalk": "yes", "sidewalk:both": "no"}, "tags_contradict"),
        ({"sidewalk": "boht"}, "tag_value_unknown"),
        ({"sidewalk:left": "yse"}, "tag_value_unknown"),
    ],
)
def test_sidewalks_that_contradict_or_are_misspelt_are_unknown(tags: dict[str, str], code: str) -> None:
    found = sidewalk(tags)
    assert found.present is None and [wrong.code for wrong in found.wrong] == [code]


def test_what_lies_between_pavement_and_traffic() -> None:
    assert separations({})[0] == ("buffer", "kerb")
    assert separations({"verge": "both"})[0] == ("buffer",)
    assert separations({"cycleway:left": "track", "cycleway:right": "lane"})[0] == ("buffer",)
    assert separations({"cycleway:left": "track"})[0] == ("buffer", "kerb")
    assert separations({"verge": "no", "cycleway": "no", "parking:both": "no"})[0] == ("kerb",)
    assert separations({"cycleway": "lane", "cycleway:both": "no"})[0] == ("buffer", "kerb")
    assert separations({"verge": "vreg"})[1][0].code == "tag_value_unknown"


def test_yes_no_and_refined_values() -> None:
    assert choice({"lit": "24/7"}, "lit").value is True and choice({"lit": "no"}, "lit").value is False
    assert choice({"surface": "concrete:plates"}, "surface").value is True
    assert choice({"surface": "asphalt;gravel"}, "surface").value is None
    assert choice({"surface": "paving_stonesm"}, "surface").wrong[0].value == "paving_stonesm"


def test_crossings_by_their_words() -> None:
    assert facility({}).state == ABSENT
    assert facility({"highway": "crossing"})[:4] == (MAPPED, None, None, None)
    assert facility({"highway": "crossing", "crossing": "traffic_signals"}).signals is True
    assert facility({"highway": "traffic_signals;crossing"}).signals is True
    assert facility({"crossing": "zebra"})[:3] == (MAPPED, False, True)
    assert facility({"crossing": "unmarked"})[:3] == (MAPPED, False, False)
    assert facility({"crossing": "uncontrolled;island"}).refuge is True
    assert facility({"crossing": "marked", "crossing:island": "no"}).refuge is False
    assert facility({"highway": "traffic_signals", "crossing": "no"}).state == REFUSED
    assert facility({"traffic_calming": "table"}).raised and facility({"traffic_calming": "table"}).state == ABSENT
    assert facility({}, {"crossing": "marked"}).state == MAPPED
    assert facility({}, {}).state == MAPPED and facility({"crossing:markings": "zebra"}).signals is None


def test_crossings_that_contradict_are_unknown() -> None:
    both = facility({"highway": "crossing", "crossing": "no"})
    assert both.state == ABSENT and both.wrong[0].code == "tags_contradict"
    signals = facility({"crossing": "uncontrolled", "crossing:signals": "yes"})
    assert signals.signals is not False and signals.wrong
    marked = facility({"crossing": "zebra", "crossing:markings": "no"})
    assert marked.marked is None and marked.wrong
    odd = facility({"highway": "crossing", "crossing": "zebbra"})
    assert odd.state == MAPPED and odd.signals is None and odd.wrong[0].value == "zebbra"


def test_faults_name_elements_tags_and_values() -> None:
    streets = toy_map(
        {1: (0, 0), 2: (50, 0), 3: (100, 0)},
        [("10", [1, 2, 3], {"highway": "primary", "maxspeed": "fast", "sidewalk": "no", "sidewalk:left": "yes"}),
         ("11;12", [1, 3], {"highway": "primary", "maxspeed": "30;50"}),
         ("13", [1, 3], {"highway": "primary", "maxspeed": "30;50"})],
        {2: {"crossing": "zebbra"}},
    )  # fmt: skip
    found = faulty_tags(streets)
    assert found[["code", "osm_type", "osm_id", "tag"]].to_numpy().tolist() == [
        ["tag_several_values", "way", "13", "maxspeed"],
        ["tag_value_unknown", "node", "2", "crossing"],
        ["tag_value_unknown", "way", "10", "maxspeed"],
        ["tags_contradict", "way", "10", "sidewalk+sidewalk:left"],
    ]
    faults = tag_faults(streets, "streets.osm")
    assert {fault.severity for fault in faults} == {"warning"}
    assert "way 10" in faults[2].message() and "fast" in faults[2].message("zh") and faults[2].remedy("zh")


WORDS = ["yes", "no", "both", "left", "2", "50", "30;50", "-1", "separate", "CN:urban", "table", "zebra"]


@modest
@given(some.dictionaries(some.sampled_from(EDGE_TAGS), some.text(max_size=12) | some.sampled_from(WORDS), max_size=8))
def test_no_text_is_too_odd(tags: dict[str, str]) -> None:
    found = judge(
        {"highway": "secondary", **tags, "rural": False, "forward": True, "backward": True, "beside": False}
    )
    assert 1 <= found.low <= found.high <= 4
    assert facility(tags, tags).state in (ABSENT, REFUSED, MAPPED)
    width_m(tags.get("lanes", "wide"))
