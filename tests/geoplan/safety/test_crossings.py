"""Crossings: junctions drawn by hand, and what must hold whatever is tagged."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as some

from geoplan.reasons import codes
from geoplan.safety.built import crossings_built, segments_built
from geoplan.safety.carriageway import ROADS
from geoplan.safety.crossings import Crossings, crossing_elements
from geoplan.safety.facilities import base, cross, facility
from geoplan.safety.levels import completeness, segment_levels
from geoplan.standards import load
from layers.bundle import Streets
from tests.geoplan.safety.toy_map import Tags, toy_map

NEUTRAL = load("neutral")
modest = settings(max_examples=100, deadline=None)

FOOT = {"highway": "footway"}
BIG = {"highway": "secondary", "lanes": "4", "name": "Big Street"}
SIDE = {"highway": "residential", "name": "Side Street", "maxspeed": "30", "lanes": "2"}
#        2 N
#  3 W   1   4 E
#        5 S
CROSS: dict[int, tuple[float, float]] = {1: (0, 0), 2: (0, 100), 3: (-100, 0), 4: (100, 0), 5: (0, -100)}


def crossings(streets: Streets, *, rural: bool = False) -> Crossings:
    return crossing_elements(streets, NEUTRAL, rural=np.full(len(streets.edges), rural))


def path_over(road: Tags, node: Tags | None = None, foot: Tags = FOOT) -> Streets:
    """A footway from north to south (edges 0, 1) over a road from west to east (edges 2, 3)."""
    return toy_map(CROSS, [("1", [2, 1, 5], foot), ("2", [3, 1, 4], road)], {1: node or {}})


def turn(found: Crossings, edge_in: int, edge_out: int) -> tuple[int, int, list[int], list[int]]:
    """Low, high, elements left and right of a turn; nothing crossed where it is not listed."""
    turns = found.turns
    a, b = min(edge_in, edge_out), max(edge_in, edge_out)
    at = np.flatnonzero((turns.edge_in == a) & (turns.edge_out == b))
    if at.size == 0:
        return 0, 0, [], []
    k = int(at[0])
    sides = [[int(one) for one in rows[k] if one >= 0] for rows in (turns.left, turns.right)]
    left, right = sides if edge_in < edge_out else sides[::-1]
    return int(turns.level_low[k]), int(turns.level_high[k]), left, right


def levels(found: Crossings) -> list[tuple[int, int, str, bool]]:
    table = found.table
    return list(
        zip(table["level_low"].tolist(), table["level_high"].tolist(), table["rule"], table["mapped"], strict=True)
    )


def test_an_untagged_crossing_of_four_lanes_is_unmapped_with_both_bounds() -> None:
    found = crossings(path_over(BIG))
    assert levels(found) == [(1, 4, "crossing_unmapped", False)]
    row = found.table.iloc[0]
    assert row["osm_id"] == "1-2" and row["name"] == "Big Street" and row["assumed"] == "crossing;maxspeed"
    assert turn(found, 0, 1) == (1, 4, [0], [0])  # whichever way round: certain
    assert turn(found, 2, 3) == (0, 0, [], [])  # along the road nothing is crossed


def test_signals_make_it_1_or_2() -> None:
    signals = {"highway": "crossing", "crossing": "traffic_signals"}
    assert levels(crossings(path_over(BIG, signals))) == [(1, 1, "crossing_signals", True)]
    assert levels(crossings(path_over({**BIG, "lanes": "6"}, signals))) == [(2, 2, "crossing_signals", True)]
    unknown = crossings(path_over({"highway": "primary"}, {"highway": "traffic_signals"}))
    assert levels(unknown) == [(1, 2, "crossing_signals", True)]
    assert unknown.table["assumed"].tolist() == ["lanes"] and unknown.table["osm_id"].tolist() == ["1"]


def test_a_mapped_crossing_has_the_tables_level_less_its_treatments() -> None:
    road = {**BIG, "maxspeed": "50"}
    zebra = {"highway": "crossing", "crossing": "zebra", "crossing:island": "no"}
    assert levels(crossings(path_over(road, zebra)))[0][:3] == (3, 3, "crossing_marked")
    assert levels(crossings(path_over(road, {**zebra, "crossing:island": "yes"})))[0][:3] == (2, 2, "crossing_refuge")
    assert levels(crossings(path_over(road, {"crossing": "zebra"})))[0][:3] == (2, 3, "crossing_marked")
    raised = {**zebra, "traffic_calming": "table"}
    assert levels(crossings(path_over(road, raised)))[0][:3] == (2, 2, "crossing_raised")
    assert levels(crossings(path_over(road, {"highway": "crossing"})))[0][:3] == (1, 3, "crossing_control")
    assert levels(crossings(path_over(road, {"crossing": "no"})))[0][:3] == (3, 3, "crossing_refused")


def test_a_crossing_way_speaks_for_the_node_it_passes() -> None:
    drawn = {**FOOT, "footway": "crossing", "crossing": "unmarked", "crossing:island": "no"}
    found = crossings(path_over({**BIG, "maxspeed": "50"}, foot=drawn))
    assert levels(found) == [(3, 3, "crossing_bare", True)]
    assert found.table["osm_id"].tolist() == ["1"]
    bare = crossings(path_over({**BIG, "maxspeed": "50"}, foot={**FOOT, "footway": "crossing"}))
    assert levels(bare) == [(1, 3, "crossing_control", True)]


def test_a_walk_along_a_street_may_keep_to_the_side_without_side_streets() -> None:
    streets = toy_map(CROSS, [("1", [3, 1, 4], BIG), ("2", [1, 5], SIDE)])
    found = crossings(streets)
    assert levels(found) == [(1, 4, "crossing_unmapped", False), (1, 1, "crossing_unmapped", False)]
    assert turn(found, 0, 1) == (0, 1, [], [1])  # west to east: the side street is on the right
    assert turn(found, 1, 0) == (0, 1, [1], [])
    assert turn(found, 0, 2) == (0, 4, [0], [])  # turning right, those on the left cross the big one


def test_all_four_arms_of_a_junction_are_two_roads() -> None:
    streets = toy_map(CROSS, [("1", [3, 1, 4], BIG), ("2", [2, 1, 5], SIDE)])
    found = crossings(streets)
    assert len(found.table) == 2
    big, small = (found.table.index[found.table["name"] == name][0] for name in ("Big Street", "Side Street"))
    assert turn(found, 2, 3)[2:] == ([big], [big])
    assert turn(found, 0, 1)[2:] == ([small], [small])
    low, high, left, right = turn(found, 0, 2)  # from west, left to north
    assert (low, high, left, sorted(right)) == (0, 4, [], sorted([big, small]))


def test_a_pavement_on_one_side_says_which_side_is_walked() -> None:
    for side, level in (("left", (0, 0)), ("right", (1, 1))):
        road = {**BIG, "sidewalk": side}
        found = crossings(toy_map(CROSS, [("1", [3, 1, 4], road), ("2", [1, 5], SIDE)]))
        assert turn(found, 0, 1)[:2] == level
        assert turn(found, 1, 0)[:2] == level


def test_footways_that_meet_beside_a_road_do_not_cross_it() -> None:
    places = {**CROSS, 2: (-70.0, 70.0), 5: (70.0, 70.0)}
    found = crossings(toy_map(places, [("1", [2, 1, 5], FOOT), ("2", [3, 1, 4], BIG)]))
    assert turn(found, 0, 1)[:2] == (0, 0)
    assert turn(found, 0, 3)[:2] == (0, 4)  # on to the road: which side is not known
    both = crossings(toy_map(places, [("1", [2, 1, 5], FOOT), ("2", [3, 1, 4], {**BIG, "sidewalk": "both"})]))
    assert turn(both, 0, 3)[:2] == (0, 0)  # a pavement on this side too


def test_two_carriageways_are_crossed_one_after_the_other() -> None:
    places = {1: (0.0, 0.0), 2: (0.0, 12.0), 3: (0.0, 50.0), 4: (0.0, -50.0)}
    places |= {5: (-100.0, 0.0), 6: (100.0, 0.0), 7: (-100.0, 12.0), 8: (100.0, 12.0)}
    lane = {"highway": "primary", "oneway": "yes", "lanes": "3", "maxspeed": "50", "name": "Ring"}
    walk = {**FOOT, "footway": "crossing", "crossing": "traffic_signals"}
    ways = [("1", [3, 2, 1, 4], walk), ("2", [5, 1, 6], lane), ("3", [8, 2, 7], lane)]
    found = crossings(toy_map(places, ways))
    assert found.table["node"].tolist() == [0, 1] and levels(found) == [(1, 1, "crossing_signals", True)] * 2
    merging = toy_map(
        {1: (0, 0), 2: (-100, 0), 3: (90, 15), 4: (90, -15), 5: (0, 80), 6: (0, -80)},
        [("1", [2, 1], {**lane, "oneway": "no"}), ("2", [1, 4], lane), ("3", [3, 1], lane), ("4", [5, 1, 6], FOOT)],
    )
    assert len(crossings(merging).table) == 1  # a street that splits is one road where it splits


def test_bridges_and_underpasses_cross_nothing() -> None:
    apart = {1: (0.0, 0.0), **{k: CROSS[k] for k in (2, 3, 4, 5)}}
    over = toy_map(apart, [("1", [2, 5], {**FOOT, "bridge": "yes", "layer": "1"}), ("2", [3, 1, 4], BIG)])
    assert crossings(over).table.empty and crossings(over).turns.node.size == 0
    knotted = path_over(BIG, foot={**FOOT, "bridge": "yes"})  # drawn with a node in common by mistake
    assert turn(crossings(knotted), 0, 1)[:2] == (0, 0)


def test_signals_and_crossings_close_by_on_the_road_serve_a_junction() -> None:
    places = {**CROSS, 6: (-20.0, 0.0), 7: (-40.0, 0.0)}
    ways = [("1", [2, 1, 5], FOOT), ("2", [3, 7, 6, 1, 4], {**BIG, "maxspeed": "50"})]
    near = crossings(toy_map(places, ways, {6: {"highway": "traffic_signals"}}))
    assert levels(near) == [(1, 1, "crossing_signals", True)] and near.table["osm_id"].tolist() == ["6"]
    far = crossings(toy_map(places, ways, {7: {"highway": "traffic_signals"}}))
    assert levels(far) == [(1, 3, "crossing_unmapped", False)]
    zebra = crossings(toy_map(places, ways, {6: {"highway": "crossing", "crossing": "zebra"}}))
    assert levels(zebra)[0] == (2, 3, "crossing_marked", True)


def test_crossing_no_is_no_crossing_even_at_signals() -> None:
    found = crossings(path_over({**BIG, "maxspeed": "50"}, {"highway": "traffic_signals", "crossing": "no"}))
    assert levels(found) == [(3, 3, "crossing_refused", False)] and found.table["osm_id"].tolist() == ["1-2"]


def test_rural_roads_are_faster_where_nothing_is_told() -> None:
    streets = path_over({"highway": "unclassified"})
    assert levels(crossings(streets))[0][1] == 2 and levels(crossings(streets, rural=True))[0][1] == 4


def test_what_is_assumed_makes_no_crossing_certain() -> None:
    refused = {"crossing": "no"}
    for highway in sorted(ROADS):
        found = cross({"highway": highway}, facility(refused))
        assert found.low < found.high, highway


def test_every_rule_has_its_sentence() -> None:
    nodes = [{}, {"crossing": "no"}, {"crossing": "zebra"}, {"crossing": "unmarked"}, {"crossing": "yes"}]
    nodes += [{"crossing": "traffic_signals"}, {"crossing": "zebra", "crossing:island": "yes"}]
    nodes += [{"crossing": "zebra", "traffic_calming": "table"}]
    rules = {cross(BIG, facility(tags)).rule for tags in nodes}
    assert rules <= set(codes()) and len(rules) == len(nodes)


def test_completeness_of_crossings() -> None:
    found = crossings(path_over(BIG, {"crossing": "zebra"})).table
    assert completeness(found, np.ones(len(found))) == {"crossing": 1.0}


def test_streets_without_junctions_have_no_elements() -> None:
    road = toy_map({1: (0, 0), 2: (10, 0)}, [("1", [1, 2], BIG)])
    none = Streets(road.nodes, road.edges.iloc[:0], road.barriers, road.openings)
    assert crossings(none).table.empty and segment_levels(none, NEUTRAL, rural=[]).empty
    found = crossings(road)
    assert found.table.empty and found.turns.left.shape[0] == 0
    assert found.table.crs is not None and "level_low" in found.table


def test_built_measures_are_judged_by_the_same_rules() -> None:
    streets = path_over({**BIG, "maxspeed": "50"}, {"crossing": "unmarked", "crossing:island": "no"})
    table = crossings(streets).table
    rural = np.zeros(len(streets.edges), bool)
    low, high = crossings_built(streets, NEUTRAL, {"crossing": "traffic_signals"}, rural=rural, elements=table)
    assert (low.tolist(), high.tolist()) == ([1], [1])
    after = segments_built(streets, NEUTRAL, {"sidewalk": "both", "verge": "both"}, rural=rural, edges=[2])
    assert [one.tolist() for one in after] == [[1], [1]]


def test_the_order_of_edges_changes_nothing() -> None:
    ways = [("1", [3, 1, 4], BIG), ("2", [2, 1, 5], SIDE), ("3", [2, 4], FOOT)]
    one = crossings(toy_map(CROSS, ways, {1: {"crossing": "zebra"}}))
    other = crossings(toy_map(CROSS, ways[::-1], {1: {"crossing": "zebra"}}))
    columns = ["node", "osm_id", "level_low", "level_high", "rule", "assumed", "used", "name"]
    told = [sorted(map(tuple, found.table[columns].astype(str).to_numpy().tolist())) for found in (one, other)]
    assert told[0] == told[1]
    for field in ("level_low", "level_high"):
        assert sorted(getattr(one.turns, field)) == sorted(getattr(other.turns, field))


def around(angles: list[float]) -> tuple[dict[int, tuple[float, float]], list[int]]:
    places = {0: (0.0, 0.0)} | {
        k + 1: (100 * np.cos(np.radians(angle)), 100 * np.sin(np.radians(angle))) for k, angle in enumerate(angles)
    }
    return places, [k + 1 for k in range(len(angles))]


@modest
@given(some.lists(some.integers(0, 71), min_size=3, max_size=6, unique=True), some.data())
def test_turns_pass_every_arm_between_on_one_side_or_the_other(steps: list[int], draw: some.DataObject) -> None:
    """Against the definition: sort by angle, look what lies between."""
    angles = [float(5 * step) for step in steps]
    roads = draw.draw(some.lists(some.booleans(), min_size=len(steps), max_size=len(steps)))
    places, ends = around(angles)
    tags = [{"highway": "residential", "name": f"R{k}"} if road else FOOT for k, road in enumerate(roads)]
    found = crossings(toy_map(places, [(str(k), [0, ends[k]], tags[k]) for k in range(len(ends))]))
    name_of = dict(zip(found.table["element"], found.table["name"], strict=True))
    joined = {}
    for before in range(len(ends)):
        for after in range(before + 1, len(ends)):
            _, _, left, right = turn(found, before, after)
            ccw = (angles[after] - angles[before]) % 360
            for side, elements, keep in (("right", right, True), ("left", left, False)):
                arms = {
                    k for k in range(len(ends))
                    if k not in (before, after) and roads[k] and ((angles[k] - angles[before]) % 360 < ccw) is keep
                }  # fmt: skip
                assert (len(elements) > 0) == (len(arms) > 0), side
                assert len(elements) <= len(arms)
                joined.update({(before, after, side): {name_of[one] for one in elements}})
    for names in joined.values():
        assert names <= {f"R{k}" for k in range(len(ends))}


CALM = [
    {"traffic_calming": "table"}, {"crossing:island": "yes"}, {"flashing_lights": "yes"},
    {"crossing": "traffic_signals", "crossing:signals": "yes"}, {"crossing": "zebra", "crossing:markings": "zebra"},
]  # fmt: skip


@modest
@given(
    some.sampled_from(sorted(ROADS)),
    some.fixed_dictionaries({}, optional={"maxspeed": some.sampled_from(["30", "50", "70"]),
                                          "lanes": some.sampled_from(["1", "2", "4", "6"])}),
    some.booleans(), some.sampled_from(CALM),
)  # fmt: skip
def test_a_treatment_never_raises_a_level(highway: str, road: dict[str, str], rural: bool, work: Tags) -> None:
    tags = {"highway": highway, **road, "rural": rural}
    bare = {"highway": "crossing", "crossing": "unmarked", "crossing:island": "no", "crossing:markings": "no"}
    before, after = cross(tags, facility(bare)), cross(tags, facility({**bare, **work}))
    assert after.high <= before.high and after.low <= before.low
    unmapped = cross(tags, facility({}))
    assert cross(tags, facility({"highway": "crossing", **work})).high <= unmapped.high


SAID = {
    "maxspeed": ["20", "30", "50"], "lanes": ["1", "2"], "crossing": ["zebra", "unmarked", "traffic_signals"],
    "crossing:island": ["yes", "no"], "crossing:markings": ["zebra", "no"], "crossing:signals": ["no", "yes"],
}  # fmt: skip


@modest
@given(
    some.fixed_dictionaries({}, optional={key: some.sampled_from(found) for key, found in SAID.items()}),
    some.sampled_from(sorted(SAID)),
    some.booleans(),
    some.data(),
)
def test_knowing_a_tag_never_widens_the_bounds(
    tags: dict[str, str], tag: str, mapped: bool, draw: some.DataObject
) -> None:
    """Within what the class may have, while tags agree: low does not fall, high does not rise."""
    less = {"highway": "crossing", **tags} if mapped else {}
    less.pop(tag, None)
    road = {"highway": "residential", **{key: tags[key] for key in ("maxspeed", "lanes") if key in tags}}
    road.pop(tag, None)
    value = draw.draw(some.sampled_from(SAID[tag]))
    on_road = tag in ("maxspeed", "lanes")
    if facility({**less, tag: value}).wrong or facility(less).wrong:
        return
    before = cross(road, facility(less))
    after = cross({**road, tag: value}, facility(less)) if on_road else cross(road, facility({**less, tag: value}))
    assert after.low >= before.low and after.high <= before.high


def test_the_base_table_only_rises() -> None:
    speeds, counts = [10, 30, 31, 40, 50, 60, 61, 120], [1, 2, 3, 4, 5, 6, 8]
    grid = np.array([[base(lanes, km_h) for km_h in speeds] for lanes in counts])
    assert (np.diff(grid, axis=0) >= 0).all() and (np.diff(grid, axis=1) >= 0).all()
