"""From ways to a graph, on towns small enough to draw."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from layers.streets import read_streets
from tests.layers.toy_osm import EAST, METRIC, osm_text, plan_for, read_toy, square

STREET = {"highway": "residential"}


def lengths(streets):
    return sorted(round(float(m)) for m in streets.edges.length_m)


def test_a_cross_of_two_streets(tmp_path):
    """Four arms of 100 m; the shape point on one arm is merged, not a node."""
    nodes = {1: (-100, 0), 2: (0, 0), 3: (50, 0), 4: (100, 0), 5: (0, -100), 6: (0, 100)}
    ways = {10: ([1, 2, 3, 4], {**STREET, "name": "East"}), 11: ([5, 2, 6], {"highway": "footway", "lit": "yes"})}
    streets, _, _ = read_toy(tmp_path, nodes, ways)
    assert streets.nodes.osm_id.tolist() == [1, 2, 4, 5, 6]
    assert lengths(streets) == [100, 100, 100, 100]
    edges = streets.edges
    assert edges.osm_id.tolist() == ["10", "10", "11", "11"]
    assert edges.name.tolist() == ["East", "East", None, None]
    assert edges.lit.tolist() == [None, None, "yes", "yes"]
    assert edges.u.dtype == np.int32
    assert len(edges.geometry.iloc[1].coords) == 3
    for edge in edges.itertuples():
        ends = streets.nodes.loc[[edge.u, edge.v], ["x", "y"]].to_numpy()
        assert np.allclose(ends, [edge.geometry.coords[0], edge.geometry.coords[-1]])


def test_length_is_ground_length(tmp_path):
    """UTM shrinks by 0.9996 near its centre; the ellipsoidal length does not."""
    streets, _, _ = read_toy(tmp_path, {1: (-500, 0), 2: (500, 0)}, {10: ([1, 2], STREET)})
    edge = streets.edges.iloc[0]
    assert edge.geometry.length == pytest.approx(1000.0, abs=0.05)
    assert edge.length_m == pytest.approx(1000.37, abs=0.05)


def test_crossings_signals_and_calming_stay_nodes(tmp_path):
    nodes = {
        1: (0, 0),
        2: (10, 0, {"highway": "crossing", "crossing": "marked", "kerb": "lowered"}),
        3: (20, 0, {"highway": "traffic_signals"}),
        4: (30, 0, {"traffic_calming": "hump"}),
        5: (40, 0, {"barrier": "bollard"}),
        6: (50, 0, {"highway": "street_lamp"}),
        7: (60, 0, {"highway": "crossing", "crossing": "traffic_signals"}),
        8: (70, 0),
    }
    streets, _, _ = read_toy(tmp_path, nodes, {10: (list(nodes), STREET)})
    assert streets.nodes.osm_id.tolist() == [1, 2, 3, 4, 5, 7, 8]
    assert streets.nodes.signals.tolist() == [False, False, True, False, False, True, False]
    assert streets.nodes.kerb.tolist()[1] == "lowered"
    assert streets.nodes.kerb.tolist()[0] is None


def test_a_loop_is_split_and_parallel_edges_stay(tmp_path):
    """A cul-de-sac loop from 2 back to 2, and two streets between 1 and 2."""
    nodes = {1: (0, 0), 2: (100, 0), 3: (150, 50), 4: (200, 0), 5: (150, -50), 6: (50, 40)}
    ways = {10: ([1, 2], STREET), 11: ([1, 6, 2], STREET), 12: ([2, 3, 4, 5, 2], STREET)}
    streets, _, _ = read_toy(tmp_path, nodes, ways)
    assert (streets.edges.u != streets.edges.v).all()
    assert streets.nodes.osm_id.tolist() == [1, 2, 4]
    pairs = sorted(zip(streets.edges.u, streets.edges.v, strict=True))
    assert pairs == [(0, 1), (0, 1), (1, 2), (2, 1)]


def test_points_in_the_same_place_become_one(tmp_path):
    """A street drawn over two nodes in one place stays connected and has no edge without length."""
    nodes = {1: (0, 0), 2: (50, 0), 3: (50, 0), 4: (100, 0), 5: (50, 80)}
    ways = {10: ([1, 2, 3, 4], STREET), 11: ([3, 5], STREET)}
    streets, _, faults = read_toy(tmp_path, nodes, ways)
    assert lengths(streets) == [50, 50, 80]
    assert params(faults, "streets_parts")["parts"] == 1


def test_missing_nodes_break_the_way_but_not_the_rest(tmp_path):
    nodes = {1: (0, 0), 2: (50, 0), 4: (150, 0), 5: (200, 0)}
    streets, _, faults = read_toy(tmp_path, nodes, {10: ([1, 2, 3, 4, 5, 6], STREET)})
    assert lengths(streets) == [50, 50]
    assert params(faults, "streets_cut") == {"ways": 1, "nodes": 2}


def test_what_lies_beyond_the_buffer_is_left_out(tmp_path):
    """Region 200 m wide, 100 m buffer: of a street in 100 m steps the segment that leads out stays, then no more."""
    nodes = {i: (100.0 * i - 550, 0) for i in range(1, 12)}
    streets, _, _ = read_toy(tmp_path, nodes, {10: (list(nodes), STREET)}, half_m=100)
    assert shapely.get_coordinates(streets.edges.geometry)[:, 0].tolist() == pytest.approx(
        [EAST - 250, EAST - 150, EAST - 50, EAST + 50, EAST + 150, EAST + 250], abs=0.02
    )


def test_a_long_segment_through_the_region_stays(tmp_path):
    streets, _, _ = read_toy(tmp_path, {1: (-5000, 0), 2: (5000, 30)}, {10: ([1, 2], STREET)}, half_m=100)
    assert len(streets.edges) == 1


def test_a_closed_gate_cuts_the_way(tmp_path):
    gate = {"barrier": "gate", "access": "no"}
    nodes = {1: (0, 0), 2: (50, 0, gate), 3: (100, 0)}
    streets, _, faults = read_toy(tmp_path, nodes, {10: ([1, 2, 3], STREET)})
    assert streets.nodes.osm_id.tolist() == [1, 2, 3, 2]
    assert params(faults, "streets_parts")["parts"] == 2
    assert params(faults, "streets_gates") == {"closed": 1, "private": 0, "ignored": 0}


def test_a_closed_gate_between_two_ways(tmp_path):
    gate = {"barrier": "gate", "locked": "yes"}
    for refs in (([1, 2], [2, 3]), ([1, 2], [3, 2]), ([2, 1], [2, 3])):
        _, _, faults = read_toy(
            tmp_path,
            {1: (0, 0), 2: (50, 0, gate), 3: (100, 0)},
            {10: (refs[0], STREET), 11: (refs[1], STREET)},
        )
        assert params(faults, "streets_parts")["parts"] == 2


def test_a_private_gate_makes_both_sides_private(tmp_path):
    nodes = {1: (0, 0), 2: (50, 0), 3: (100, 0, {"barrier": "gate", "access": "private"}), 4: (150, 0), 5: (50, 50)}
    streets, _, _ = read_toy(tmp_path, nodes, {10: ([1, 2, 3, 4], STREET), 11: ([2, 5], STREET)})
    assert streets.edges.private.tolist() == [False, True, True, False]


def test_a_gate_on_a_junction_is_left_open(tmp_path):
    nodes = {1: (0, 0), 2: (50, 0, {"barrier": "gate", "access": "no"}), 3: (100, 0), 4: (50, 50)}
    _, _, faults = read_toy(tmp_path, nodes, {10: ([1, 2, 3], STREET), 11: ([2, 4], STREET)})
    assert params(faults, "streets_gates")["ignored"] == 1
    assert params(faults, "streets_parts")["parts"] == 1


def test_ferries_carry_minutes_by_length(tmp_path):
    """One crossing of 40 minutes, a stop at a quarter of its length."""
    nodes = {1: (-400, 0), 2: (-200, 0), 3: (400, 0), 4: (-200, 50)}
    ways = {10: ([1, 2, 3], {"route": "ferry", "duration": "00:40"}), 11: ([2, 4], STREET)}
    streets, _, _ = read_toy(tmp_path, nodes, ways, ferries=True)
    assert streets.edges.ferry_min.round(3).tolist()[:2] == [10.0, 30.0]
    assert np.isnan(streets.edges.ferry_min.iloc[2])
    without, _, _ = read_toy(tmp_path, nodes, ways)
    assert without.edges.osm_id.tolist() == ["11"]


def test_the_outline_of_a_square_is_walked(tmp_path):
    corner = {1: (0, 0), 2: (60, 0), 3: (60, 40), 4: (0, 40)}
    area = {"highway": "pedestrian", "area": "yes"}
    streets, _, _ = read_toy(tmp_path, corner, {10: ([1, 2, 3, 4, 1], area)})
    assert sum(lengths(streets)) == 200
    ring = {20: ([("way", 10, "outer")], {"type": "multipolygon", "highway": "pedestrian"})}
    streets, _, _ = read_toy(tmp_path, corner, {10: ([1, 2, 3, 4, 1], {})}, ring)
    assert sum(lengths(streets)) == 200
    assert streets.edges.osm_id.unique().tolist() == ["r20"]


def test_a_square_drawn_over_streets_adds_no_second_edge(tmp_path):
    corner = {1: (0, 0), 2: (60, 0), 3: (60, 40), 4: (0, 40)}
    ring = {20: ([("way", 10, "outer")], {"type": "multipolygon", "highway": "pedestrian"})}
    streets, _, _ = read_toy(tmp_path, corner, {10: ([1, 2, 3, 4, 1], {"highway": "footway"})}, ring)
    assert sum(lengths(streets)) == 200


def test_drive_direction_follows_the_drawn_line(tmp_path):
    nodes = {1: (0, 0), 2: (50, 0), 3: (100, 0)}
    streets, _, _ = read_toy(
        tmp_path,
        nodes,
        {10: ([2, 1], {**STREET, "oneway": "yes"}), 11: ([2, 3], {**STREET, "oneway": "-1"})},
    )
    edge = streets.edges.set_index("osm_id")
    assert streets.nodes.osm_id[edge.u["10"]] == 2
    assert (edge.drive_forward["10"], edge.drive_backward["10"]) == (True, False)
    assert (edge.drive_forward["11"], edge.drive_backward["11"]) == (False, True)


def params(faults, code):
    return next(dict(fault.params) for fault in faults if fault.code == code)


def test_same_graph_from_ways_before_nodes_and_from_any_order(tmp_path):
    nodes = {1: (-100, 0), 2: (0, 0), 4: (100, 0), 5: (0, -100), 6: (0, 100, {"highway": "crossing"})}
    ways = {10: ([1, 2, 4], STREET), 11: ([5, 2, 6], STREET)}
    straight, _, _ = read_toy(tmp_path, nodes, ways)
    (tmp_path / "late.osm").write_text(osm_text(nodes, ways, ways_first=True), encoding="utf-8")
    late, _, _ = read_streets(plan_for(tmp_path, "late.osm"), square(1000), METRIC, 100.0)
    pd.testing.assert_frame_equal(straight.nodes, late.nodes)
    assert straight.edges.geom_equals(late.edges).all()
    pd.testing.assert_frame_equal(straight.edges.drop(columns="geometry"), late.edges.drop(columns="geometry"))


def test_objects_in_no_order_at_all(tmp_path):
    """Ways and nodes against the order of their ids: libosmium refuses that, a sorted copy is read."""
    nodes = {1: (-100, 0), 2: (0, 0), 4: (100, 0), 5: (0, -100), 6: (0, 100)}
    ways = {10: ([1, 2, 4], STREET), 11: ([5, 2, 6], STREET)}
    straight, _, _ = read_toy(tmp_path, nodes, ways)
    head, *body, tail = osm_text(nodes, ways).split("\n")[1:]
    (tmp_path / "back.osm").write_text("\n".join([head, *reversed(body), tail]), encoding="utf-8")
    back, _, _ = read_streets(plan_for(tmp_path, "back.osm"), square(1000), METRIC, 100.0)
    assert straight.edges.geom_equals(back.edges).all()
    pd.testing.assert_frame_equal(straight.nodes, back.nodes)


def test_streets_drawn_but_not_uploaded(tmp_path):
    """Negative ids, as JOSM saves them, beside ids of the public map; a new school with them."""
    nodes = {
        -1: (0, 0),
        -2: (50, 0, {"highway": "crossing"}),
        -3: (100, 0),
        5: (0, 50),
        -7: (20, 20, {"amenity": "school", "name": "New School"}),
    }
    ways = {-10: ([-1, -2, -3], STREET), 11: ([-1, 5], {"highway": "footway"})}
    streets, around, faults = read_toy(tmp_path, nodes, ways)
    assert streets.nodes.osm_id.tolist() == [5, -1, -2, -3]
    assert streets.edges.osm_id.tolist() == ["11", "-10", "-10"]
    assert streets.nodes.highway.tolist() == [None, None, "crossing", None]
    assert around.schools.osm_id.tolist() == ["n-7"]
    assert params(faults, "streets_parts")["parts"] == 1


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(st.integers(0, 15), min_size=2, max_size=6), min_size=1, max_size=6))
def test_length_and_parts_are_those_of_the_drawn_lines(tmp_path_factory, drawn):
    """Streets over a 4 x 4 lattice: no metre is lost or added, and what was connected stays so."""
    folder = tmp_path_factory.mktemp("lattice")
    nodes = {i + 1: (100.0 * (i % 4), 100.0 * (i // 4)) for i in range(16)}
    ways = {i + 1: ([ref + 1 for ref in refs], STREET) for i, refs in enumerate(drawn)}
    pieces = [(a, b) for refs in drawn for a, b in pairwise(refs) if a != b]
    if not pieces:
        return
    streets, _, faults = read_toy(folder, nodes, ways)
    expected = sum(float(np.hypot(a % 4 - b % 4, a // 4 - b // 4)) * 100 for a, b in pieces)
    assert streets.edges.length.sum() == pytest.approx(expected, abs=0.1)
    assert (streets.edges.u != streets.edges.v).all()
    assert (streets.edges.length_m > 0).all()
    used = np.unique(pieces)
    a, b = np.array(pieces).T
    label = connected_components(coo_matrix((np.ones(a.size), (a, b)), shape=(16, 16)), directed=False)[1]
    assert params(faults, "streets_parts")["parts"] == np.unique(label[used]).size
