"""Graphs made by OSMnx, and OSMnx as the oracle of our own reading."""

import os
import re
from pathlib import Path

import networkx as nx
import numpy as np
import osmnx as ox
import pandas as pd
import pytest
import shapely
from osmnx import settings as ox_settings

from layers.streets import from_graphml, from_osmnx, read_streets
from tests.layers.toy_osm import EAST, METRIC, NORTH, osm_text, plan_for, read_toy, square

STREET = {"highway": "residential"}
TOWN = (
    {1: (-200, 0), 2: (0, 0), 3: (100, 50), 4: (200, 0), 5: (0, -150), 6: (0, 150), 7: (-200, 150), 8: (-100, 200)},
    {
        10: ([1, 2, 3, 4], {**STREET, "name": "Long Street", "maxspeed": "30"}),
        11: ([5, 2, 6], {"highway": "tertiary", "oneway": "yes", "lanes": "2"}),
        12: ([6, 7, 1], {"highway": "footway"}),
        13: ([7, 8, 6], {"highway": "cycleway"}),
        14: ([4, 5], {"highway": "service", "access": "private"}),
        15: ([3, 6], {"highway": "residential", "foot": "no"}),
    },
)


@pytest.fixture
def walk_like(monkeypatch):
    """OSMnx keeps every tag that its walk filter asks for."""
    more = ["foot", "sidewalk", "sidewalk:both", "sidewalk:left", "sidewalk:right", "route", "area", "service"]
    monkeypatch.setattr(ox_settings, "useful_tags_way", sorted({*ox_settings.useful_tags_way, *more}))
    monkeypatch.setattr(ox_settings, "all_oneway", False)
    return None


def drive_graph(tmp_path, simplify=True):
    (tmp_path / "town.osm").write_text(osm_text(*TOWN), encoding="utf-8")
    return ox.graph_from_xml(tmp_path / "town.osm", retain_all=True, simplify=simplify)


def by_way(edges):
    return edges.groupby("osm_id").length_m.sum().to_dict()


def test_both_directions_become_one_edge(tmp_path, walk_like):
    """Lengths of OSMnx are those of a sphere: up to 0.5 % beside the ellipsoid's."""
    streets = from_osmnx(drive_graph(tmp_path, simplify=False), METRIC)
    ours, _, _ = read_toy(tmp_path, *TOWN)
    walked = streets.edges[streets.edges.walk]
    assert by_way(walked) == pytest.approx(by_way(ours.edges[ours.edges.walk]), rel=0.005)
    one_way = streets.edges[streets.edges.osm_id == "11"]
    assert one_way.drive_forward.all() and not one_way.drive_backward.any()
    both = streets.edges[streets.edges.osm_id == "10"]
    assert both.drive_forward.all() and both.drive_backward.all()
    for edge in streets.edges.itertuples():
        ends = streets.nodes.loc[[edge.u, edge.v], ["x", "y"]].to_numpy()
        assert np.allclose(ends, [edge.geometry.coords[0], edge.geometry.coords[-1]], atol=0.01)
    assert list(streets.edges.columns) == list(ours.edges.columns)
    assert list(streets.nodes.columns) == list(ours.nodes.columns)


def test_graphml_round_trip(tmp_path, walk_like):
    graph = drive_graph(tmp_path)
    ox.save_graphml(graph, tmp_path / "town.graphml")
    direct, read = from_osmnx(graph, METRIC), from_graphml(tmp_path / "town.graphml", METRIC)
    pd.testing.assert_frame_equal(direct.nodes, read.nodes)
    pd.testing.assert_frame_equal(direct.edges.drop(columns="geometry"), read.edges.drop(columns="geometry"))
    assert direct.edges.geom_equals_exact(read.edges, 0.001).all()


def test_a_graphml_as_the_street_file(tmp_path, walk_like):
    ox.save_graphml(drive_graph(tmp_path), tmp_path / "town.graphml")
    streets, surroundings, faults = read_streets(plan_for(tmp_path, "town.graphml"), square(150), METRIC, 10.0)
    assert [fault.code for fault in faults] == ["streets_graph_only", "streets_parts"]
    assert streets.edges.intersects(square(160)).all()
    assert streets.edges[["u", "v"]].to_numpy().max() == len(streets.nodes) - 1
    assert surroundings.buildings.empty
    faults = read_streets(plan_for(tmp_path, "town.graphml"), square(10_000).buffer(1), METRIC, 0.0)[2]
    assert "error" not in {fault.severity for fault in faults}
    elsewhere = shapely.box(EAST + 9e4, NORTH, EAST + 9.1e4, NORTH + 1000)
    faults = read_streets(plan_for(tmp_path, "town.graphml"), elsewhere, METRIC, 0.0)[2]
    assert [fault.code for fault in faults if fault.severity == "error"] == ["streets_outside"]


def test_merged_ways_loops_and_projected_graphs():
    graph = nx.MultiDiGraph(crs="EPSG:32650")
    graph.add_node(7, x=EAST, y=NORTH, highway="crossing")
    graph.add_node(8, x=EAST + 100, y=NORTH)
    loop = shapely.LineString([(EAST, NORTH), (EAST + 10, NORTH + 10), (EAST, NORTH + 20), (EAST, NORTH)])
    merged = {"osmid": [2, 1], "highway": ["residential", "tertiary"], "name": "A", "length": 100.0, "oneway": False}
    graph.add_edge(7, 8, **merged)
    graph.add_edge(8, 7, **{**merged, "osmid": [1, 2]})
    graph.add_edge(7, 7, osmid=5, highway="footway", length=48.0, geometry=loop)
    streets = from_osmnx(graph, METRIC)
    assert sorted(streets.edges.osm_id) == ["2;1", "5", "5"]
    assert streets.edges.highway.tolist()[0] == "residential;tertiary"
    assert streets.edges.length_m.sum() == pytest.approx(148)
    assert (streets.edges.u != streets.edges.v).all()
    assert streets.nodes.osm_id.tolist() == [7, 8, -1]
    assert streets.nodes.highway.tolist() == ["crossing", None, None]


def walk_filter(data):
    """The walk filter of OSMnx 2 on the attributes of one edge, as its own query says it."""

    def has(key, *values):
        found = data.get(key, [])
        found = found if isinstance(found, list) else [found]
        return any(re.search(value, str(item)) for item in found for value in values)

    classes = (
        "abandoned|bus_guideway|construction|cycleway|motor|no|planned|platform|proposed|raceway|razed|rest_area"
    )
    apart = any(has(key, "separate") for key in ("sidewalk", "sidewalk:both", "sidewalk:left", "sidewalk:right"))
    return "highway" in data and not (
        apart
        or has("highway", classes)
        or has("area", "yes")
        or has("access", "private")
        or has("foot", "no")
        or has("service", "private")
    )


def length_by_osmnx(path):
    graph = ox.graph_from_xml(path, bidirectional=True, simplify=False, retain_all=True)
    seen = {}
    for u, v, data in graph.edges(data=True):
        if walk_filter(data):
            seen[min(u, v), max(u, v), data["osmid"]] = data["length"]
    return sum(seen.values())


def length_by_us(streets):
    """What both mean by walking: without squares, platforms, private ways and cycleways for feet."""
    edges = streets.edges
    chosen = edges.walk & ~edges.private & (edges["area"] != "yes") & ~edges.highway.isin(["platform", "cycleway"])
    return edges.length_m[chosen & ~edges.sidewalk.eq("separate")].sum()


def test_walkable_length_agrees_with_osmnx_on_a_toy(tmp_path, walk_like):
    ours, _, _ = read_toy(tmp_path, *TOWN)
    assert length_by_us(ours) == pytest.approx(length_by_osmnx(tmp_path / "toy.osm"), rel=0.005)


def test_walkable_length_agrees_with_osmnx_in_beijing(walk_like):
    """106 km each; the 24 m between them are a footbridge with ``access=no``, which OSMnx keeps."""
    data = Path(os.environ.get("GEOPLAN_DATA", "../shared/data")) / "beijing_tsinghua"
    if not (data / "streets.osm").exists():
        pytest.skip("no extract of Beijing under GEOPLAN_DATA")
    ours, _, _ = read_streets(plan_for(data, "streets.osm"), shapely.box(4.3e5, 4.42e6, 4.5e5, 4.44e6), METRIC, 0.0)
    assert length_by_us(ours) == pytest.approx(length_by_osmnx(data / "streets.osm"), rel=0.001)
    assert length_by_us(ours) == pytest.approx(106_044, abs=50)
