"""Plots, exclusions and venues."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from shapely import Point, box

from layers.sites import in_order, outside_faults, read_exclusions, read_sites, read_venues
from tests.layers.planfolder import METRIC, REGION, X, Y, codes, plan_of, write_polygons

PLOT = box(X + 100, Y + 100, X + 300, Y + 200)  # 2 ha


def test_sites(tmp_path: Path) -> None:
    write_polygons(
        tmp_path / "sites.geojson",
        [PLOT, PLOT, PLOT, Point(X, Y)],  # type: ignore[list-item]
        地块编号=["c", "b", "a", "d"],
        类型=["教育用地", None, "search_area", "地块"],
        area_m2=[None, 15_000, 30_000, None],
        小学最大学位数=[1080, None, None, None],
    )
    table, faults = read_sites(plan_of(tmp_path, sites={"table": "sites.geojson"}), METRIC)
    assert table is not None
    assert table["id"].tolist() == ["a", "b", "c", "d"]
    assert table["kind"].tolist() == ["search_area", "site", "education_plot", "site"]
    np.testing.assert_allclose(table["area_m2"], [30_000, 15_000, 20_000, np.nan], rtol=1e-4)
    assert table["max_places_primary"].iloc[2] == 1080
    told = [(fault.code, fault.severity, fault.row) for fault in faults]
    assert told == [
        ("site_area_exceeds", "warning", 4),
        ("site_area_unknown", "warning", 5),
        *[("site_overlap", "warning", row) for row in (3, 4, 4)],
    ]


def test_faults_of_plots_are_listed_at_once(tmp_path: Path) -> None:
    """a and b share a strip of 10 x 100 m, c touches b only, d is no land, e and f leave the region."""
    shapes = [
        box(X + 100, Y + 100, X + 200, Y + 200),
        box(X + 190, Y + 100, X + 300, Y + 200),
        box(X + 300, Y + 100, X + 400, Y + 200),
        Point(X + 900, Y + 900),
        box(X - 50, Y + 300, X + 50, Y + 400),
        box(X - 5_000, Y, X - 4_900, Y + 100),
    ]
    write_polygons(tmp_path / "s.geojson", shapes, id=list("abcdef"), area_m2=[None, 0, None, 0, None, None])  # type: ignore[arg-type]
    table, faults = read_sites(plan_of(tmp_path, sites={"table": "s.geojson"}), METRIC)
    assert table is not None
    faults += outside_faults(table.iloc[::-1], REGION, "s.geojson")
    assert sorted((fault.code, fault.row) for fault in faults) == [
        ("site_area_zero", 3),
        ("site_area_zero", 5),
        ("site_crosses_border", 6),
        ("site_outside", 7),
        ("site_overlap", 3),
    ]
    overlap = next(fault for fault in faults if fault.code == "site_overlap")
    assert abs(float(overlap.params["area"]) - 1000) <= 1 and overlap.params["other"] == "a"
    assert all(fault.severity == "warning" and fault.message("zh") and fault.remedy("en") for fault in faults)
    np.testing.assert_allclose(table["area_m2"], [10_000, 11_000, 10_000, np.nan, 10_000, 10_000], rtol=1e-4)


def test_exclusions_may_be_of_any_shape(tmp_path: Path) -> None:
    shapes = [PLOT, shapely.LineString([(X, Y), (X + 50, Y)]), Point(X, Y)]
    write_polygons(tmp_path / "e.geojson", shapes, kind=["rail", None, "hazard"])  # type: ignore[arg-type]
    table, faults = read_exclusions(plan_of(tmp_path, sites={"exclusions": "e.geojson"}), METRIC)
    assert faults == [] and table is not None
    assert table["kind"].tolist() == ["exclusion", "hazard", "rail"]
    assert table.geometry.geom_type.tolist() == ["LineString", "Point", "Polygon"]


def test_venues_stand_at_a_point(tmp_path: Path) -> None:
    write_polygons(tmp_path / "v.geojson", [PLOT], id=["v"], 场馆类型=["图书馆"])
    table, faults = read_venues(plan_of(tmp_path, venues={"table": "v.geojson"}), METRIC)
    assert faults == [] and table is not None
    assert table["kind"].tolist() == ["图书馆"] and PLOT.contains(table.geometry.iloc[0])


def test_tables_that_are_not_given_or_cannot_be_read(tmp_path: Path) -> None:
    for reader in (read_sites, read_exclusions, read_venues):
        assert reader(plan_of(tmp_path), METRIC) == (None, [])
    plan = plan_of(tmp_path, sites={"table": "s.csv", "exclusions": "e.csv"}, venues={"table": "v.csv"})
    for reader in (read_sites, read_exclusions, read_venues):
        table, faults = reader(plan, METRIC)
        assert table is None and codes(faults) == ["table_missing"]


def test_order_is_that_of_key_and_place() -> None:
    frame = gpd.GeoDataFrame({"k": ["b", "a", None, "a"]}, geometry=[Point(0, 0), Point(2, 0), None, Point(1, 0)])
    found = in_order(frame, "k")
    assert found["k"].tolist() == ["a", "a", "b"] and found.geometry.x.tolist() == [1, 2, 0]
    assert in_order(frame.iloc[::-1], "k").equals(found)
