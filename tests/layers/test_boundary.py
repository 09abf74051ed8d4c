"""The region and its sub-areas: mended, cut, completed, in one metric CRS."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely import box

from layers.boundary import REGION, REST, lonlat_bounds, read_region
from layers.datum import from_wgs84
from layers.errors import InputError
from layers.planfile import PlanFile
from tests.layers.planfolder import METRIC, X, Y, codes, plan_of, write_polygons
from tests.layers.planfolder import REGION as SQUARE

WEST = box(X, Y, X + 4_000, Y + 10_000)
EAST = box(X + 4_000, Y, X + 10_000, Y + 10_000)


def _plan(folder: Path, shapes: list[Any] | None = None, **columns: list[Any]) -> PlanFile:
    write_polygons(folder / "boundary.geojson", [SQUARE])
    if shapes is None:
        return plan_of(folder)
    write_polygons(folder / "areas.geojson", shapes, **columns)
    return plan_of(folder, region={"areas": "areas.geojson", "setting": "rural"})


def _stopped(plan: PlanFile) -> list[str]:
    with pytest.raises(InputError) as error:
        read_region(plan)
    return [fault.code for fault in error.value.faults]


def test_a_region_without_areas_is_one_area(tmp_path: Path) -> None:
    boundary, areas, crs, faults = read_region(_plan(tmp_path))
    assert faults == [] and crs == METRIC == areas.crs
    assert abs(boundary.area - 1e8) < 1.0
    assert areas[["area_id", "name", "setting"]].to_numpy().tolist() == [[REGION, "square", "town"]]
    assert areas.geometry.iloc[0].equals(boundary)


def test_areas_divide_the_region_in_order_of_id(tmp_path: Path) -> None:
    plan = _plan(
        tmp_path,
        [EAST, WEST],
        乡镇代码=["2", "1"],
        乡镇名称=["东", "西"],
        城乡=["城镇", None],
        常住人口=[10, None],
        tag=["e", "w"],
    )
    _, areas, _, faults = read_region(plan)
    assert codes(faults) == codes(faults, "warning") == []
    assert areas["area_id"].tolist() == ["1", "2"] and areas["name"].tolist() == ["西", "东"]
    assert areas["setting"].tolist() == ["rural", "town"] and areas["tag"].tolist() == ["w", "e"]
    np.testing.assert_array_equal(areas["residents"], [np.nan, 10])
    np.testing.assert_allclose(areas.area, [4e7, 6e7], rtol=1e-6)


def test_gaps_overlaps_and_areas_outside_are_said_and_settled(tmp_path: Path) -> None:
    wide = box(X - 2_000, Y, X + 6_000, Y + 10_000)  # beyond the boundary in the west
    late = box(X + 5_000, Y, X + 9_000, Y + 10_000)  # 1 km over the first, 1 km short of the edge
    away = box(X + 20_000, Y, X + 21_000, Y + 1_000)
    boundary, areas, _, faults = read_region(
        _plan(tmp_path, [away, late, wide], id=["c", "b", "a"], name=["C", "B", "A"])
    )
    assert sorted(codes(faults, "warning")) == ["area_outside", "areas_gap", "areas_overlap"]
    assert {fault.code: fault.row for fault in faults} == {"area_outside": 2, "areas_overlap": 3, "areas_gap": None}
    assert areas["area_id"].tolist() == ["a", "b", REST]
    np.testing.assert_allclose(areas.area, [6e7, 3e7, 1e7], rtol=1e-5)
    assert abs(areas.area.sum() - boundary.area) < 1e-3
    shares = {fault.code: fault.params.get("share") or fault.value for fault in faults}
    assert shares["areas_overlap"] == "10.00%" and shares["areas_gap"] == "10.00%"


def test_row_order_changes_nothing(tmp_path: Path) -> None:
    shapes = [WEST, box(X + 3_000, Y, X + 9_000, Y + 10_000), box(X, Y, X + 1_000, Y + 1_000)]
    ids = ["a", "b", "c"]
    found = []
    for order in ([0, 1, 2], [2, 0, 1], [1, 2, 0]):
        plan = _plan(tmp_path, [shapes[i] for i in order], id=[ids[i] for i in order], name=[ids[i] for i in order])
        found.append(read_region(plan)[1])
    for other in found[1:]:
        assert other.drop(columns="geometry").equals(found[0].drop(columns="geometry"))
        assert other.geometry.geom_equals(found[0].geometry).all()


def test_a_boundary_that_crosses_itself_is_mended(tmp_path: Path) -> None:
    bow = shapely.Polygon([(X, Y), (X + 1000, Y + 1000), (X + 1000, Y), (X, Y + 1000)])
    write_polygons(tmp_path / "boundary.geojson", [bow, box(X + 2000, Y, X + 3000, Y + 1000)])
    boundary, _, _, faults = read_region(plan_of(tmp_path))
    assert codes(faults, "warning") == ["geometry_mended"] and faults[0].row == 2
    assert boundary.is_valid and abs(boundary.area - 1.5e6) < 10


def test_rings_stand_in_for_polygons(tmp_path: Path) -> None:
    west = shapely.LineString([(X, Y), (X, Y + 1000), (X + 500, Y + 1000)])
    east = shapely.LineString([(X + 500, Y + 1000), (X + 1000, Y + 1000), (X + 1000, Y), (X, Y)])
    write_polygons(tmp_path / "boundary.geojson", [west, east])
    boundary, _, _, faults = read_region(plan_of(tmp_path))
    assert codes(faults, "warning") == ["region_ring"] and abs(boundary.area - 1e6) < 1
    write_polygons(tmp_path / "boundary.geojson", [west])
    assert _stopped(plan_of(tmp_path)) == ["region_empty"]
    write_polygons(tmp_path / "boundary.geojson", [west, SQUARE])
    assert codes(read_region(plan_of(tmp_path))[3], "warning") == ["region_lines"]


def test_what_stops_a_region(tmp_path: Path) -> None:
    assert _stopped(plan_of(tmp_path)) == ["table_missing"]
    assert _stopped(plan_of(tmp_path, region={"boundary": None, "place": "Nowhere"})) == ["region_not_fetched"]
    write_polygons(tmp_path / "boundary.geojson", [SQUARE])
    assert _stopped(plan_of(tmp_path, region={"crs": "EPSG:4326"})) == ["crs_not_metric"]
    assert _stopped(plan_of(tmp_path, region={"crs": "EPSG:2263"})) == ["crs_not_metric"]  # feet
    for code in (3857, 2154, 32650 - 6):  # spherical Mercator, France, a zone far away
        assert _stopped(plan_of(tmp_path, region={"crs": f"EPSG:{code}"})) == ["crs_scale"]
    for code in (4547, 4546, 32649, 32650):  # its own, its neighbour's, UTM and its neighbour's
        assert read_region(plan_of(tmp_path, region={"crs": f"EPSG:{code}"}))[2].to_epsg() == code
    assert _stopped(plan_of(tmp_path, region={"crs": "metres"})) == ["crs_unknown"]
    both = plan_of(tmp_path, region={"crs": "metres", "boundary": "none.geojson"})
    assert _stopped(both) == ["crs_unknown", "table_missing"]
    write_polygons(tmp_path / "boundary.geojson", [shapely.Polygon([(X, Y), (X + 1, Y + 1), (X, Y)])])
    assert _stopped(plan_of(tmp_path)) == ["geometry_broken"]


def test_what_stops_sub_areas(tmp_path: Path) -> None:
    twice = _plan(tmp_path, [WEST, EAST], id=["a", "a"], name=["A", "B"], setting=["town", "wild"])
    assert sorted(code for code in _stopped(twice) if code != "areas_gap") == ["key_twice", "value_allowed"]
    away = box(X + 20_000, Y, X + 21_000, Y + 1_000)
    assert "areas_none" in _stopped(_plan(tmp_path, [away], id=["a"], name=["A"]))
    assert "column_missing" in _stopped(_plan(tmp_path, [WEST], name=["A"]))


def test_the_stated_crs_and_a_fetched_boundary(tmp_path: Path) -> None:
    _plan(tmp_path)
    plan = plan_of(tmp_path, region={"boundary": None, "place": "Square", "crs": "EPSG:32649"})
    boundary, _, crs, _ = read_region(plan)
    assert crs.to_epsg() == 32649
    west, south, east, north = lonlat_bounds(boundary, crs)
    assert abs(west - 114.0) < 1e-2 and abs(north - south - 0.09) < 1e-2 and east > west


def test_a_shifted_boundary_is_put_back(tmp_path: Path) -> None:
    true = gpd.GeoSeries([SQUARE], crs=METRIC).to_crs(4326)[0]
    shifted = shapely.transform(true, lambda p: np.column_stack(from_wgs84(p[:, 0], p[:, 1], "gcj02")))
    gpd.GeoSeries([shifted], crs=4326).to_file(tmp_path / "boundary.geojson")
    boundary = read_region(plan_of(tmp_path, region={"datum": "gcj02"}))[0]
    assert shapely.hausdorff_distance(boundary, SQUARE) < 0.1
