"""Levels along streets: cases by hand, and what must hold whatever is tagged."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from geoplan.reasons import codes
from geoplan.safety.carriageway import ROADS, priors
from geoplan.safety.levels import completeness, segment_levels
from geoplan.safety.segments import KIND_OF, judge, level
from geoplan.standards import load, table
from layers.bundle import Streets
from tests.geoplan.safety.toy_map import colons, one_street, toy_map

NEUTRAL = load("neutral")
modest = settings(max_examples=100, deadline=None)


def levels(streets: Streets, *, rural: bool = False) -> pd.DataFrame:
    return segment_levels(streets, NEUTRAL, rural=np.full(len(streets.edges), rural))


def one(*, rural: bool = False, **tags: str) -> tuple[int, int, str]:
    row = levels(one_street(**tags), rural=rural).iloc[0]
    return int(row["level_low"]), int(row["level_high"]), str(row["rule"])


def test_a_pavement_drawn_as_a_way_is_level_1() -> None:
    assert one(highway="footway", footway="sidewalk") == (1, 1, "segment_pavement")
    assert one(highway="footway", footway="crossing") == (1, 1, "segment_crossing")
    assert one(highway="pedestrian") == (1, 1, "segment_street")


def test_a_path_of_its_own_may_be_dark_or_rough_until_told() -> None:
    assert one(highway="path") == (1, 2, "segment_own")
    assert one(highway="footway", lit="yes", surface="asphalt") == (1, 1, "segment_own")
    assert one(highway="footway", lit="no", surface="asphalt") == (2, 2, "segment_own_unlit")
    assert one(highway="steps", lit="yes", surface="mud") == (2, 2, "segment_own_rough")
    assert one(highway="steps", lit="yes", smoothness="good") == (1, 1, "segment_own")


def test_a_street_with_everything_known_has_one_level() -> None:
    known = {"maxspeed": "30", "lanes": "2", "sidewalk": "both"}
    assert one(highway="residential", **known, verge="both") == (1, 1, "segment_sidewalk")
    assert one(highway="residential", **known) == (1, 1, "segment_sidewalk")
    assert one(highway="residential", **{**known, "sidewalk": "no"}, lit="yes", surface="asphalt") == (
        2, 2, "segment_none",
    )  # fmt: skip
    assert one(highway="primary", maxspeed="70", lanes="6", sidewalk="no") == (4, 4, "segment_none")


def test_an_unknown_sidewalk_leaves_low_below_high() -> None:
    assert one(highway="residential", maxspeed="30", lanes="2", lit="yes", surface="asphalt") == (
        1, 2, "segment_unknown",
    )  # fmt: skip
    assert one(highway="secondary", maxspeed="50", lanes="4") == (1, 4, "segment_unknown")


def test_speed_and_lanes_assumed_from_the_class_make_no_level_certain() -> None:
    row = levels(one_street(highway="primary", sidewalk="both", verge="both")).iloc[0]
    assert (row["level_low"], row["level_high"]) == (1, 3) and row["assumed"] == "maxspeed;lanes"
    assert row["used"] == "highway=primary;sidewalk=both;verge=both"
    for highway, sidewalk in product(sorted(ROADS), ("both", "no", "separate")):
        found = judge({"highway": highway, "sidewalk": sidewalk, "verge": "both", "lit": "yes", "surface": "asphalt"})
        assert found.low < found.high, (highway, sidewalk)


def test_a_street_whose_pavement_is_drawn_apart_is_judged_as_a_carriageway() -> None:
    known = {"highway": "tertiary", "maxspeed": "50", "lanes": "2"}
    assert one(**known, sidewalk="separate") == (4, 4, "segment_apart")
    places = {1: (0.0, 0.0), 2: (100.0, 0.0), 3: (0.0, 9.0), 4: (100.0, 9.0), 5: (50.0, 20.0), 6: (50.0, 120.0)}
    walk = {"highway": "footway", "footway": "sidewalk"}
    near = toy_map(places, [("10", [1, 2], known), ("11", [3, 4], walk), ("12", [5, 6], known)])
    assert levels(near)["rule"].tolist() == ["segment_apart", "segment_pavement", "segment_unknown"]
    far = toy_map({**places, 3: (0, 16), 4: (100, 16)}, [("10", [1, 2], known), ("11", [3, 4], walk)])
    assert levels(far)["rule"].tolist() == ["segment_unknown", "segment_pavement"]
    bridge = toy_map(places, [("10", [1, 2], {**known, "bridge": "yes"}), ("11", [3, 4], walk)])
    assert levels(bridge)["rule"].tolist() == ["segment_unknown", "segment_pavement"]


def test_roads_in_tunnels_are_never_level_1() -> None:
    assert one(highway="residential", tunnel="yes", maxspeed="20")[0] == 2
    assert one(highway="service", tunnel="yes", sidewalk="both")[0] == 2
    assert one(highway="residential", tunnel="yes", maxspeed="20", lanes="2", sidewalk="both") == (
        2, 2, "segment_tunnel",
    )  # fmt: skip
    assert one(highway="service", tunnel="building_passage")[0] == 1
    assert levels(one_street(highway="primary", tunnel="yes")).empty  # closed to feet: not there


def test_shared_streets_and_country_roads() -> None:
    assert one(highway="living_street", lit="yes", surface="sett") == (1, 2, "segment_shared")
    assert one(highway="living_street", maxspeed="20", lanes="1", lit="yes", surface="sett")[:2] == (1, 1)
    assert one(highway="service")[:2] == (1, 2) and one(highway="track", rural=True)[:2] == (1, 3)
    assert one(highway="unclassified", sidewalk="no", rural=True, maxspeed="70", lanes="2") == (
        4,
        4,
        "segment_none_rural",
    )
    assert one(highway="residential", lanes="2", sidewalk="no")[:2] == (1, 4)


def test_odd_values_count_as_unknown() -> None:
    for tags in ({"maxspeed": "fast"}, {"sidewalk": "no", "sidewalk:left": "yes"}):
        assert one(highway="secondary", **tags) == one(highway="secondary")


def test_a_carriageway_tagged_as_a_pavement_stays_a_carriageway() -> None:
    found = judge({"highway": "tertiary", "footway": "sidewalk"})
    assert found.rule == "segment_unknown" and found.wrong[0].tag == "highway+footway"


def test_the_greater_limit_of_two_directions_counts() -> None:
    both = {"highway": "secondary", "lanes": "2", "sidewalk": "no"}
    assert one(**both, maxspeed__forward="30", maxspeed__backward="50") == one(**both, maxspeed="50")
    oneway = judge({**colons(both), "maxspeed:forward": "30", "forward": True, "backward": False})
    assert (oneway.low, oneway.high) == (2, 2) or "lit" in oneway.assumed


def test_every_rule_has_its_sentence_and_every_class_its_prior() -> None:
    kinds = [{"highway": highway, **more} for highway in KIND_OF for more in ODD]
    assert {judge(tags).rule for tags in kinds} | {judge({"route": "ferry"}).rule} <= set(codes())
    for rural in (False, True):
        assert set(priors(rural)) >= {name.removesuffix("_link") for name in ROADS}


ODD: list[dict[str, Any]] = [
    {}, {"footway": "sidewalk"}, {"footway": "crossing"}, {"lit": "no"}, {"surface": "mud"}, {"sidewalk": "both"},
    {"sidewalk": "no"}, {"sidewalk": "no", "rural": True}, {"sidewalk": "separate"}, {"tunnel": "yes"},
]  # fmt: skip


def test_tables_only_rise_with_speed_and_lanes() -> None:
    speeds, counts = [10, 20, 21, 30, 31, 40, 50, 51, 60, 70, 130], [1, 2, 3, 4, 5, 6, 8]
    for name in ("none", "sidewalk_buffer", "sidewalk_kerb"):
        for (lanes, km_h), (more, faster) in product(product(counts, speeds), repeat=2):
            if more >= lanes and faster >= km_h:
                assert level(name, more, faster) >= level(name, lanes, km_h)
        assert all(level("none", *at) >= level(name, *at) for at in product(counts, speeds))
    assert all(level("sidewalk_buffer", *at) <= level("sidewalk_kerb", *at) for at in product(counts, speeds))


def test_rows_are_the_walkable_edges_and_text_is_compact() -> None:
    streets = toy_map(
        {1: (0, 0), 2: (50, 0), 3: (100, 0)},
        [("1", [1, 2], {"highway": "motorway"}), ("2", [2, 3], {"highway": "path"})],
    )
    found = levels(streets)
    assert found.index.tolist() == [1] and str(found["rule"].dtype) == "category"
    assert found[["level_low", "level_high"]].dtypes.tolist() == [np.int8, np.int8]


def test_completeness_is_a_share_of_where_a_tag_applies() -> None:
    streets = toy_map(
        {1: (0, 0), 2: (30, 0), 3: (100, 0), 4: (900, 0)},
        [("1", [1, 2], {"highway": "primary", "maxspeed": "50"}), ("2", [2, 3], {"highway": "primary"}),
         ("3", [3, 4], {"highway": "footway", "lit": "yes"})],
    )  # fmt: skip
    shares = completeness(levels(streets), streets.edges["length_m"])
    assert shares["maxspeed"] == pytest.approx(0.3) and shares["sidewalk"] == 0
    assert shares["lit"] == pytest.approx(800 / 900)
    assert np.isnan(completeness(levels(streets), np.zeros(3))["lit"])


VALUES = {
    "maxspeed": ["20", "30", "40", "50"], "lanes": ["1", "2"], "sidewalk": ["both", "left", "no", "separate"],
    "lit": ["yes", "no"], "surface": ["asphalt", "mud"], "verge": ["both", "no"], "cycleway": ["lane", "no"],
    "parking:both": ["lane", "no"], "maxspeed:forward": ["20", "50"],
}  # fmt: skip


@modest
@given(
    some.fixed_dictionaries({}, optional={key: some.sampled_from(found) for key, found in VALUES.items()}),
    some.sampled_from(sorted(VALUES)),
    some.sampled_from(["residential", "unclassified"]),
    some.booleans(),
    some.data(),
)
def test_knowing_a_tag_never_widens_the_bounds(
    tags: dict[str, str], tag: str, highway: str, tunnel: bool, draw: some.DataObject
) -> None:
    """Within the plausible range of the class: low does not fall, high does not rise."""
    before = {"highway": highway, **tags, **({"tunnel": "yes"} if tunnel else {}), "rural": False}
    before.pop(tag, None)
    if tag.startswith("maxspeed"):
        before = {key: value for key, value in before.items() if not str(key).startswith("maxspeed")}
    known = {**before, tag: draw.draw(some.sampled_from(VALUES[tag]))}
    less, more = (
        judge({**before, "forward": True, "backward": True}),
        judge({**known, "forward": True, "backward": True}),
    )
    assert less.low <= more.low <= more.high <= less.high


@modest
@given(some.sampled_from(sorted(ROADS)), some.sampled_from(VALUES["maxspeed"]), some.integers(1, 8), some.booleans())
def test_a_measure_never_raises_a_level(highway: str, speed: str, lanes: int, rural: bool) -> None:
    bare = {"highway": highway, "maxspeed": speed, "lanes": str(lanes), "sidewalk": "no", "lit": "no", "rural": rural}
    paved = {**bare, "sidewalk": "both", "cycleway": "no", "parking:both": "no", "verge": "no"}
    works = [({}, {"lit": "yes"}), ({}, {"maxspeed": "20"}), ({}, {"sidewalk": "both"}), ({}, {"lanes": "1"})]
    for _, work in works:
        before, after = judge(bare), judge({**bare, **work})
        assert after.low <= before.low and after.high <= before.high
    before, after = judge(paved), judge({**paved, "verge": "both"})
    assert after.low <= before.low and after.high <= before.high


def test_the_order_of_edges_changes_nothing() -> None:
    tags = [{"highway": "primary", "lanes": "4"}, {"highway": "path"}, {"highway": "service", "lit": "no"}] * 3
    places = {k: (float(k * 10), 0.0) for k in range(10)}
    streets = toy_map(places, [(str(k), [k, k + 1], found) for k, found in enumerate(tags)])
    order = np.random.default_rng(3).permutation(len(tags))
    shuffled = Streets(
        streets.nodes, streets.edges.iloc[order].reset_index(drop=True), streets.barriers, streets.openings
    )
    assert (
        levels(shuffled).astype(str).to_numpy().tolist()
        == levels(streets).iloc[order].astype(str).to_numpy().tolist()
    )


def test_every_table_entry_is_a_level() -> None:
    for name in ("segment_sidewalk", "segment_no_sidewalk", "crossing_base_unsignalised"):
        rows = table(name).records()
        assert {entry for row in rows for entry in row["level_by_speed"]} <= {1, 2, 3, 4}
