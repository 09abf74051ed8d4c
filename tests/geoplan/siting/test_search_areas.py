"""Search areas: free land along streets near need, the same whatever the order of rows."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as some
from shapely import LineString, Point, box

from geoplan.siting.candidates import candidates
from geoplan.siting.rules import around
from geoplan.siting.search_areas import Found, search_areas
from geoplan.standards import load
from layers.bundle import Layers
from tests.geoplan.siting.fields import CN, LANE, fields, placed, square
from tests.toytown.land import EAST, NORTH

STAGES = ("primary",)


def need(*rows: tuple[float, float, float]) -> pd.DataFrame:
    """Pupils at places of the fields."""
    return pd.DataFrame([(EAST + x, NORTH + y, pupils) for x, y, pupils in rows], columns=["x", "y", "pupils"])


def searched(layers: Layers, where: pd.DataFrame, **more: Any) -> Found:
    """Search areas with what the rules look at."""
    return search_areas(layers, more.pop("standards", CN), STAGES, where, about=around(layers, CN), **more)


def test_land_is_found_beside_the_street_next_to_need() -> None:
    found = searched(fields(), need((1500, 1100, 300)))
    assert found.code == "search_found" and 1 <= len(found.areas) <= 40
    first = found.areas.iloc[0]
    assert first["name"] == "Field Lane" and first["near"] == 300
    assert first.geometry.distance(placed(Point(1500, 1100))) < 500 / 1.3
    assert found.areas.geometry.area.min() >= 6000  # land of twelve classes
    distances = [found.areas.geometry.iloc[0].distance(placed(LineString([(0, 1000), (3000, 1000)])))]
    assert distances[0] == pytest.approx(4, abs=0.5)  # half a residential street


def test_every_kind_of_taken_land_is_left_out() -> None:
    pond, pitch, rail = (
        box(1400, 1010, 1450, 1400),
        box(1550, 1010, 1600, 1400),
        LineString([(0, 1200), (3000, 1200)]),
    )
    layers = fields(
        ground=[("water", pond), ("pitch", pitch), ("rail", rail), ("green", box(0, 0, 3000, 3000))],
        excluded=[("flood", box(0, 0, 3000, 950))],
        buildings=[square(1500, 1050, 20)],
    )
    found = searched(layers, need((1500, 1100, 300)))
    land = shapely.union_all(found.areas.geometry.to_numpy())
    assert not found.areas.empty
    for taken, room in ((pond, 0), (pitch, 0), (rail, 9.5), (box(0, 0, 3000, 950), 0), (square(1500, 1050, 20), 2.9)):
        assert not land.intersects(placed(taken.buffer(room - 0.01) if room else taken.buffer(-0.01)))
    assert layers.boundary.buffer(1e-6).covers(land)


def test_search_areas_keep_apart_from_each_other_and_from_plots() -> None:
    plot = {"id": "p", "shape": square(1400, 1020)}
    layers = fields([plot])
    found = searched(layers, need(*[(x, 1100, 100) for x in range(600, 2500, 100)]), given=[placed(plot["shape"])])
    shapes = found.areas.geometry.to_numpy()
    assert len(shapes) >= 3
    for at, shape in enumerate(shapes):
        assert not shape.intersects(placed(plot["shape"]).buffer(-0.01))
        assert all(shapely.intersection(shape, other).area < 1 for other in shapes[at + 1 :])


def test_need_near_a_plot_counts_half() -> None:
    """600 pupils at a plot count as 300, so 400 pupils elsewhere go first."""
    plot = placed(square(400, 1020))
    where = need((500, 1100, 600), (2500, 1100, 400))
    first = searched(fields(), where).areas.iloc[0].geometry
    assert first.distance(placed(Point(500, 1100))) < 400
    beside = searched(fields(), where, given=[plot]).areas.iloc[0].geometry
    assert beside.distance(placed(Point(2500, 1100))) < 400


def test_nothing_found_says_why() -> None:
    assert searched(fields(), need((1500, 1100, 0))).code == "search_no_need"
    assert searched(fields(streets=[("trunk", "Fast", LANE[2])]), need((1500, 1100, 9))).code == "search_no_street"
    full = fields(ground=[("military", box(0, 0, 3000, 3000))])
    none = searched(full, need((1500, 1100, 9)))
    assert none.code == "search_no_land" and none.areas.empty and none.params["largest_m2"] == 0
    table = candidates(full, CN, STAGES, need=need((1500, 1100, 9)))
    assert table.empty and table.attrs["search"]["code"] == "search_no_land"


def test_small_land_is_offered_only_where_there_is_none_larger() -> None:
    """Between walls of buildings 40 m of free land are left: too little for the norm, so the area check says so."""
    walls = [box(0, 1050, 3000, 1500), box(0, 500, 3000, 990), box(0, 1004, 1450, 1050), box(1500, 1004, 3000, 1050)]
    layers = fields(buildings=walls)
    table = candidates(layers, CN, STAGES, need=need((1500, 1100, 300)))
    assert len(table) == 1 and table["kind"].iloc[0] == "search_area"
    assert 1500 <= table["area_m2"].iloc[0] < 6000
    area = next(check for check in table["checks"].iloc[0] if check["rule"] == "area")
    assert area["verdict"] == "fail" and area["params"]["asked"] == 6000
    assert table["max_classes_primary"].iloc[0] == 0


def test_candidates_hold_plots_and_search_areas() -> None:
    layers = fields([{"id": "p", "shape": square(400, 1020), "kind": "education_plot"}])
    table = candidates(layers, CN, STAGES, need=need((2500, 1100, 400)))
    assert table["kind"].iloc[0] == "education_plot" and set(table["kind"].iloc[1:]) == {"search_area"}
    assert table["site_id"].is_unique and table["cost"].iloc[1:].isna().all()
    assert (table["usable_m2"] <= table["area_m2"] + 1).all()
    assert len(candidates(layers, CN, STAGES, search=False)) == 1


def test_order_of_rows_and_streets_changes_nothing() -> None:
    cross = ("residential", "Cross", [(1500, 500), (1500, 1000), (1500, 1500)])
    lane = ("residential", "Field Lane", [(0, 1000), (1500, 1000), (3000, 1000)])
    rows = [(900.0, 1100.0, 80.0), (1500.0, 1200.0, 80.0), (2100.0, 1100.0, 80.0)]
    houses = [square(1400, 1050, 30), square(1600, 1050, 30)]
    one = searched(fields(streets=[cross, lane], buildings=houses), need(*rows))
    other = searched(fields(streets=[lane, cross], buildings=houses[::-1]), need(*rows[::-1]))
    pd.testing.assert_frame_equal(pd.DataFrame(one.areas), pd.DataFrame(other.areas))


def test_neutral_profile_looks_for_land_too() -> None:
    found = searched(fields(), need((1500, 1100, 300)), standards=load("neutral"))
    assert found.code == "search_found" and found.areas.geometry.area.min() >= 12 * 25 * 10


@settings(max_examples=12, deadline=None)
@given(
    blocks=some.lists(some.tuples(some.integers(0, 28), some.integers(6, 14)), max_size=8),
    homes=some.lists(some.tuples(some.integers(2, 28), some.integers(8, 13)), min_size=1, max_size=4),
)
def test_land_is_free_inside_and_wide(blocks: list[tuple[int, int]], homes: list[tuple[int, int]]) -> None:
    walls = [square(100.0 * x, 100.0 * y, 100) for x, y in blocks]
    layers = fields(excluded=[("heritage", wall) for wall in walls] or None)
    found = searched(layers, need(*[(100.0 * x, 100.0 * y, 50) for x, y in homes]))
    taken = shapely.union_all([placed(wall) for wall in walls])
    for shape in found.areas.geometry:
        assert shape.is_valid and shape.geom_type == "Polygon"
        assert layers.boundary.buffer(1e-6).covers(shape)
        assert shapely.intersection(shape, taken).area < 1
        assert 2 * shapely.length(shapely.maximum_inscribed_circle(shape, 0.5)) > 19
