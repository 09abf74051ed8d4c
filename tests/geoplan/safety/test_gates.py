"""The gate audit on one street: yes and no by evidence, unknown where the map is silent."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import LineString, Point

from geoplan.reasons import terms
from geoplan.safety.gates import CHECKS, by_school, gate_audit
from geoplan.standards import load, table
from layers.bundle import Streets

ROAD = {
    "highway": "residential",
    "lanes": "2",
    "maxspeed": "30",
    "lit": "yes",
    "drive_forward": True,
    "drive_backward": True,
}
FOOT = {"highway": "footway", "drive_forward": False, "drive_backward": False}


def streets(edges: list[dict[str, Any]], nodes: list[dict[str, Any]]) -> Streets:
    """Edges with ``line`` and ``ends`` (rows of nodes, 0 and 1 when left out); nodes with ``at``."""
    spots = pd.DataFrame(
        [
            {"osm_id": 100 + row, "x": node["at"][0], "y": node["at"][1], "signals": False, "highway": None, **node}
            for row, node in enumerate(nodes)
        ]
    ).drop(columns="at")
    shapes = [LineString(edge["line"]) for edge in edges]
    rows = [
        {
            "u": edge.get("ends", (0, 1))[0],
            "v": edge.get("ends", (0, 1))[1],
            "osm_id": str(row),
            "walk": True,
            "private": False,
            **edge,
        }
        for row, edge in enumerate(edges)
    ]
    table_ = gpd.GeoDataFrame(
        pd.DataFrame(rows).drop(columns=["line", "ends"], errors="ignore"), geometry=shapes, crs=32650
    )
    none = gpd.GeoDataFrame({"kind": []}, geometry=[], crs=32650)
    return Streets(spots, table_, none, none)


def audit(
    edges: list[dict[str, Any]],
    nodes: list[dict[str, Any]] | None = None,
    *,
    gate: tuple[float, float] = (500, 30),
    school: tuple[float, float] = (500, 60),
    profile: str = "cn",
    rural: bool = False,
) -> pd.DataFrame:
    given = streets(edges, [{"at": (0, 0)}, {"at": (1000, 0)}, *(nodes or [])])
    return gate_audit(
        given,
        gpd.GeoDataFrame({"school_id": ["S"]}, geometry=[Point(gate)], crs=32650),
        gpd.GeoDataFrame({"id": ["S"]}, geometry=[Point(school)], crs=32650),
        load(profile),
        rural=np.full(len(edges), rural),
    ).set_index("item")


def road(**tags: Any) -> dict[str, Any]:
    return {"line": [(0, 0), (1000, 0)], **ROAD, **tags}


def crossing(at: float, **tags: str | None) -> dict[str, Any]:
    return {"at": (at, 0), "highway": "crossing", **tags}


def test_a_gate_that_meets_what_the_map_can_show() -> None:
    sign = {"at": (520, 0), "highway": None, "hazard": "school_zone"}
    camera = {"at": (560, 0), "highway": "speed_camera"}
    nodes = [crossing(510, crossing="uncontrolled"), sign, camera]
    ends = [(0, 2), (2, 3), (3, 4), (4, 1)]
    xs = [0, 510, 520, 560, 1000]
    edges = [road(line=[(xs[k], 0), (xs[k + 1], 0)], ends=end) for k, end in enumerate(ends)]
    over = {**FOOT, "line": [(510, -8), (510, 8)], "footway": "crossing", "width": "6"}
    found = audit([*edges, over], nodes)
    assert set(found["answer"]) == {"yes"}
    assert found.loc["speed_limit", "norm"] == "cn.gate.speed" and found.loc["speed_limit", "value"] == 30
    assert found.loc["gate_set_back", "evidence"].endswith("30 m")
    assert found.loc["marked_crossing_near", "evidence"] == "node 102 crossing=uncontrolled 10 m"


def test_silent_tags_leave_everything_unknown() -> None:
    bare = {"line": [(0, 0), (1000, 0)], "highway": "residential", "drive_forward": True, "drive_backward": True}
    found = audit([bare], school=(500, 30))
    assert set(found["answer"]) == {"unknown"}


def test_far_from_any_street_nothing_is_known() -> None:
    assert set(audit([road()], gate=(500, 400))["answer"]) == {"unknown"}


@pytest.mark.parametrize(
    ("item", "tags", "answer"),
    [
        ("speed_limit", {"maxspeed": "50"}, "no"),
        ("speed_limit", {"maxspeed": None}, "unknown"),
        ("speed_limit", {"maxspeed": "20"}, "yes"),
        ("lighting", {"lit": "no"}, "no"),
        ("lighting", {"lit": None}, "unknown"),
        ("access_off_main_road", {"highway": "primary"}, "no"),
        ("access_off_main_road", {"highway": "tertiary"}, "yes"),
        ("access_off_main_road", {"highway": "road"}, "unknown"),
        ("gate_set_back", {"width": "40"}, "no"),
        ("school_sign", {"hazard": "children"}, "yes"),
        ("school_sign", {"school_zone": "yes"}, "yes"),
        ("signals_where_needed", {"lanes": "2"}, "yes"),
        ("signals_where_needed", {"lanes": None}, "unknown"),
        ("signals_where_needed", {"lanes": "4"}, "unknown"),
    ],
)
def test_what_the_tags_of_the_street_say(item: str, tags: dict[str, Any], answer: str) -> None:
    assert audit([road(**tags)]).loc[item, "answer"] == answer


@pytest.mark.parametrize(
    ("at", "tags", "answer"),
    [
        (540, {"crossing": "uncontrolled"}, "yes"),
        (551, {"crossing": "uncontrolled"}, "unknown"),
        (540, {"crossing": "unmarked"}, "no"),
        (540, {"crossing": "no", "highway": None}, "no"),
        (540, {}, "unknown"),
        (540, {"crossing": "traffic_signals"}, "yes"),
    ],
)
def test_a_crossing_counts_within_50_m_when_it_is_marked(at: float, tags: dict[str, str | None], answer: str) -> None:
    halves = [road(line=[(0, 0), (at, 0)], ends=(0, 2)), road(line=[(at, 0), (1000, 0)], ends=(2, 1))]
    assert audit(halves, [crossing(at, **tags)]).loc["marked_crossing_near", "answer"] == answer


def test_a_footbridge_near_the_access_counts() -> None:
    bridge = {**FOOT, "line": [(520, -10), (520, 10)], "bridge": "yes"}
    assert audit([road(), bridge]).loc["marked_crossing_near", "answer"] == "yes"


@pytest.mark.parametrize(
    ("lanes", "tags", "rural", "answer"),
    [
        ("4", {"crossing": "uncontrolled"}, False, "no"),
        ("4", {"crossing": "traffic_signals"}, False, "yes"),
        ("4", {}, False, "unknown"),
        ("2", {"crossing": "uncontrolled"}, False, "yes"),
        ("2", {"crossing": "uncontrolled"}, True, "no"),
        (None, {"crossing": "uncontrolled"}, False, "unknown"),
        (None, {"crossing": "traffic_signals"}, False, "yes"),
    ],
)
def test_signals_are_asked_for_at_crossings_of_wide_roads(
    lanes: str | None, tags: dict[str, str], rural: bool, answer: str
) -> None:
    halves = [
        road(line=[(0, 0), (540, 0)], ends=(0, 2), lanes=lanes),
        road(line=[(540, 0), (1000, 0)], ends=(2, 1), lanes=lanes),
    ]
    assert audit(halves, [crossing(540, **tags)], rural=rural).loc["signals_where_needed", "answer"] == answer


@pytest.mark.parametrize(("at", "answer"), [(560, "no"), (620, "yes")])
def test_the_access_keeps_clear_of_junctions(at: float, answer: str) -> None:
    nodes = [{"at": (at, 0)}, {"at": (at, 200)}]
    lines = [([(0, 0), (at, 0)], (0, 2)), ([(at, 0), (1000, 0)], (2, 1)), ([(at, 0), (at, 200)], (2, 3))]
    found = audit([road(line=line, ends=ends) for line, ends in lines], nodes)
    assert found.loc["access_clear_of_junction", "answer"] == answer


@pytest.mark.parametrize(("gate", "answer"), [(12.0, "no"), (15.0, "no"), (15.6, "yes")])
def test_the_gate_stands_back_from_the_edge_of_the_carriageway(gate: float, answer: str) -> None:
    assert audit([road()], gate=(500, gate)).loc["gate_set_back", "answer"] == answer  # two lanes: 3.5 m each way


@pytest.mark.parametrize(("width", "answer"), [("6", "yes"), ("5.9", "no"), (None, "unknown"), ("wide", "unknown")])
def test_the_width_of_the_crossing(width: str | None, answer: str) -> None:
    over = {**FOOT, "line": [(510, -8), (510, 8)], "footway": "crossing", "width": width}
    assert audit([road(), over]).loc["crossing_wide_enough", "answer"] == answer


def test_without_a_mapped_gate_distances_prove_nothing() -> None:
    found = audit([road(highway="primary")], school=(500, 30))
    items = ["access_clear_of_junction", "access_off_main_road", "gate_set_back"]
    assert set(found.loc[items, "answer"]) == {"unknown"}


def test_other_countries_are_asked_by_our_own_figures() -> None:
    found = audit([road()], profile="neutral")
    assert set(found["norm"]) == {""} and found.loc["speed_limit", "value"] == 30


def test_with_several_gates_one_bad_gate_is_enough() -> None:
    one = pd.DataFrame({"school_id": "S", "gate": 0, "item": list(CHECKS), "answer": "yes"})
    two = one.assign(gate=1, answer=["no", "unknown", *["yes"] * 8])
    found = by_school(pd.concat([one, two])).loc["S"]
    assert found[["gate_yes", "gate_no", "gate_unknown"]].tolist() == [8, 1, 1]
    first, second, *_ = CHECKS
    assert found[f"checklist_{first}"] == "no" and found[f"checklist_{second}"] == "unknown"


def test_every_item_has_a_check_and_words() -> None:
    items = [row["item"] for row in table("gate_items").records()]
    assert items == list(CHECKS) == list(terms("gate_item", "zh")) and len(items) == 10
