"""Residents from rasters, grids and buildings, on cases small enough to check by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from affine import Affine
from pyproj import CRS
from shapely.geometry import Point, box
from shapely.geometry.base import BaseGeometry

from layers.errors import catalogue
from layers.population import read_population
from layers.population.grid import spacing
from tests.layers.population_land import (
    EAST,
    NINE,
    NORTH,
    UTM,
    areas_of,
    buildings_of,
    codes,
    metres,
    one_area,
    plan_of,
    raised,
    write_raster,
)


def read_nine(folder: Path, boundary: BaseGeometry, areas: gpd.GeoDataFrame | None = None, **raster: Any) -> Any:
    write_raster(folder / "people.tif", raster.pop("values", NINE), **raster)
    areas = one_area(boundary) if areas is None else areas
    return read_population(plan_of(folder, raster="people.tif"), boundary, areas, UTM, None)


def test_every_pixel_keeps_its_count_and_centre(tmp_path: Path) -> None:
    cells, faults = read_nine(tmp_path, metres(0, 0, 300, 300))
    assert not faults
    assert cells.table["cell_id"].tolist() == [f"r{row}c{col}" for row in range(3) for col in range(3)]
    assert cells.table["residents"].tolist() == NINE.ravel().tolist()
    assert cells.table["x"].tolist()[:3] == [EAST + 50, EAST + 150, EAST + 250]
    assert cells.table["y"].tolist()[::3] == [NORTH + 250, NORTH + 150, NORTH + 50]
    assert cells.table["side_m"].to_numpy() == pytest.approx(100, abs=0.1)
    assert cells.index.cell.tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    assert (cells.kind, cells.modelled) == ("raster", False)


def test_a_boundary_that_halves_a_column_of_pixels(tmp_path: Path) -> None:
    """The eastern column counts half, at the middle of its western half."""
    cells, _ = read_nine(tmp_path, metres(0, 0, 250, 300))
    east = cells.table[cells.table["cell_id"].str.endswith("c2")]
    assert east["residents"].tolist() == [1.5, 3.0, 4.5]
    assert east["x"].tolist() == [EAST + 225] * 3
    assert cells.table["residents"].sum() == 45 - (3 + 6 + 9) / 2
    assert cells.notes["pixels_cut"] == 3


def test_sub_areas_divide_a_pixel_and_close(tmp_path: Path) -> None:
    boundary = metres(0, 0, 300, 300)
    areas = areas_of({"west": metres(0, 0, 125, 300), "east": metres(125, 0, 300, 300)})
    cells, faults = read_nine(tmp_path, boundary, areas)
    assert not faults
    top = cells.table[cells.table["y"] == NORTH + 250]
    assert top["cell_id"].tolist() == ["r0c0", "r0c1/east", "r0c1/west", "r0c2"]
    assert top["residents"].tolist() == [1.0, 1.5, 0.5, 3.0]
    assert top["x"].tolist() == [EAST + 50, EAST + 162.5, EAST + 112.5, EAST + 250]
    assert cells.table.groupby("area_id")["residents"].sum().to_dict() == {"east": 29.25, "west": 15.75}
    shown = cells.table["cell_id"].to_numpy()[cells.index.cell]
    assert shown.tolist()[0] == ["r0c0", "r0c1/east", "r0c2"], "a divided pixel shows its largest part"


def test_gaps_and_overlaps_of_sub_areas_lose_and_double_nobody(tmp_path: Path) -> None:
    boundary = metres(0, 0, 300, 300)
    areas = areas_of({"a": metres(0, 0, 300, 150), "b": metres(0, 100, 300, 200)})
    cells, faults = read_nine(tmp_path, boundary, areas)
    assert cells.table["residents"].sum() == pytest.approx(45)
    assert codes(faults) == ["population_gap"]
    sums = cells.table.groupby("area_id")["residents"].sum()
    assert sums["a"] == pytest.approx(7 + 8 + 9 + (4 + 5 + 6) / 3), "half its own pixels' overlap is shared 1 to 2"
    assert sums["b"] == pytest.approx(1 + 2 + 3 + (4 + 5 + 6) * 2 / 3), "the uncovered row goes to the nearest"


def test_an_area_order_or_name_changes_nothing(tmp_path: Path) -> None:
    boundary = metres(0, 0, 300, 300)
    areas = areas_of({"w": metres(0, 0, 125, 300), "e": metres(125, 0, 300, 300)})
    first, _ = read_nine(tmp_path, boundary, areas)
    second, _ = read_nine(tmp_path, boundary, areas.iloc[::-1].reset_index(drop=True))
    pd.testing.assert_frame_equal(first.table, second.table)


def test_a_point_of_a_part_lies_in_its_own_area(tmp_path: Path) -> None:
    """A horseshoe's centroid lies in its mouth; the cell's point must not."""
    mouth = metres(120, 130, 180, 200)
    boundary = metres(0, 0, 300, 300)
    areas = areas_of({"shoe": boundary.difference(mouth), "mouth": mouth})
    cells, _ = read_nine(tmp_path, boundary, areas)
    shapes = areas.set_index("area_id").geometry
    points = gpd.GeoSeries(gpd.points_from_xy(cells.table["x"], cells.table["y"]), crs=UTM)
    assert points.within(shapes.loc[cells.table["area_id"]].set_axis(points.index)).all()


@pytest.mark.parametrize("nodata", [-99999.0, float("nan"), -200.0, 0.0])
def test_nodata_is_nobody(tmp_path: Path, nodata: float) -> None:
    values = NINE.copy()
    values[0, 0] = nodata
    cells, faults = read_nine(tmp_path, metres(0, 0, 300, 300), values=values, nodata=nodata)
    assert [(fault.code, fault.severity, fault.value) for fault in faults] == [("population_nodata", "note", "1")]
    assert cells.table["residents"].sum() == 44
    assert (cells.notes["pixels_nodata"], cells.notes["pixels_inside"]) == (1, 9)
    assert cells.index.cell[0, 0] == -1


@pytest.mark.parametrize("declared", [None, -9.0])
def test_pixels_that_are_no_number_are_told(tmp_path: Path, declared: float | None) -> None:
    values = np.arange(9.0).reshape(3, 3)
    values[0, :2] = np.nan
    cells, faults = read_nine(tmp_path, metres(0, 0, 300, 300), values=values, nodata=declared)
    assert cells.notes["pixels_nodata"] == 2
    assert [(fault.code, fault.severity, fault.value, fault.params) for fault in faults] == [
        ("population_nodata", "note", "2", {"share": "22.22%"})
    ]


def test_undeclared_nan_is_nodata_and_negatives_are_counted(tmp_path: Path) -> None:
    values = NINE.copy()
    values[0, 0], values[1, 1], values[2, 2] = np.nan, -3, 0
    cells, faults = read_nine(tmp_path, metres(0, 0, 300, 300), values=values)
    assert cells.table["residents"].sum() == 45 - 1 - 5 - 9
    assert [(fault.code, fault.severity, fault.value) for fault in faults] == [
        ("population_negative", "warning", "1"),
        ("population_nodata", "note", "1"),
    ]
    assert [cells.notes[f"pixels_{kind}"] for kind in ("nodata", "negative", "zero")] == [1, 1, 1]


def test_whole_numbers_and_a_scale_are_read(tmp_path: Path) -> None:
    path = write_raster(tmp_path / "people.tif", NINE.astype(np.uint16))
    with rasterio.open(path, "r+") as out:
        out.scales = (0.5,)
    boundary = metres(0, 0, 300, 300)
    cells, _ = read_population(plan_of(tmp_path, raster="people.tif"), boundary, one_area(boundary), UTM, None)
    assert cells.table["residents"].sum() == 22.5


def test_a_south_up_raster_gives_the_same_places(tmp_path: Path) -> None:
    boundary = metres(0, 0, 250, 250)
    usual, _ = read_nine(tmp_path, boundary)
    turned, _ = read_nine(tmp_path, boundary, values=NINE[::-1], transform=Affine(100, 0, EAST, 0, 100, NORTH))
    for column in ("x", "y", "residents"):
        assert turned.table[column].tolist() == usual.table[column].tolist()
    assert turned.table["cell_id"].iloc[0] == "r2c0", "the row as the file counts it"
    assert turned.index.transform.e < 0


def test_only_a_window_is_read_and_names_stay(tmp_path: Path) -> None:
    values = np.ones((50, 60))
    cells, _ = read_nine(tmp_path, metres(1010, 1010, 1090, 1090), values=values)
    assert cells.index.cell.shape == (1, 1)
    assert cells.table["cell_id"].tolist() == ["r39c10"]
    assert cells.table["residents"].iloc[0] == pytest.approx(0.64, rel=1e-6)


def test_a_degree_raster_has_true_sides(tmp_path: Path) -> None:
    """At 60 degrees north a pixel of 0.001 degrees is 111.4 m by 55.8 m: side 78.8 m."""
    grid = Affine(0.001, 0, 9.0, 0, -0.001, 60.01)
    write_raster(tmp_path / "people.tif", np.ones((10, 10)), crs="EPSG:4326", transform=grid)
    boundary = gpd.GeoSeries([box(9.0, 60.0, 9.01, 60.01)], crs=4326).to_crs(UTM).iloc[0].buffer(50)
    cells, _ = read_population(plan_of(tmp_path, raster="people.tif"), boundary, one_area(boundary), UTM, None)
    assert cells.table["side_m"].to_numpy() == pytest.approx(78.85, abs=0.05)
    assert cells.table["residents"].sum() == 100
    assert cells.index.crs == CRS.from_epsg(4326)


FAULTY: list[tuple[dict[str, Any], list[str]]] = [
    ({"crs": None}, ["population_no_crs"]),
    ({"transform": Affine(100, 20, EAST, 20, -100, NORTH)}, ["population_rotated"]),
    ({"transform": Affine(100, 0, EAST + 9e4, 0, -100, NORTH)}, ["population_outside"]),
    ({"values": np.full((3, 3), -9.0), "nodata": -9.0}, ["population_all_nodata"]),
    ({"values": np.zeros((3, 3))}, ["population_nobody"]),
    ({"values": np.full((3, 3), -9.0)}, ["population_negative", "population_nobody"]),
]


@pytest.mark.parametrize(("raster", "expected"), FAULTY)
@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_faulty_rasters(tmp_path: Path, raster: dict[str, Any], expected: list[str]) -> None:
    assert codes(raised(lambda: read_nine(tmp_path, metres(0, 0, 300, 300), **raster))) == expected


def test_missing_wrong_and_broken_files(tmp_path: Path) -> None:
    boundary = metres(0, 0, 300, 300)

    def read(name: str) -> Any:
        return read_population(plan_of(tmp_path, raster=name), boundary, one_area(boundary), UTM, None)

    assert codes(raised(lambda: read("none.tif"))) == ["population_missing"]
    (tmp_path / "a.vrt").write_text("<VRTDataset/>")
    assert codes(raised(lambda: read("a.vrt"))) == ["population_format"]
    (tmp_path / "a.tif").write_text("not a raster")
    assert codes(raised(lambda: read("a.tif"))) == ["population_unreadable"]
    assert codes(raised(lambda: read("/vsicurl/somewhere.tif"))) == ["population_missing"]


def test_warnings_of_rasters(tmp_path: Path) -> None:
    two = np.stack([NINE, NINE], axis=-1)
    _, faults = read_nine(tmp_path, metres(0, 0, 310, 300), values=two)
    assert [(fault.code, fault.value) for fault in faults] == [
        ("population_bands", "2"),
        ("population_partly_outside", "96.77 %"),
    ]
    _, faults = read_nine(tmp_path, metres(0, 0, 300, 300), values=np.full((3, 3), 65535.0))
    assert codes(faults) == ["population_density"]


def test_too_large_a_window_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("layers.population.window.MAX_PIXELS", 8)
    assert codes(raised(lambda: read_nine(tmp_path, metres(0, 0, 300, 300)))) == ["population_too_large"]


def read_grid_of(folder: Path, grid: gpd.GeoDataFrame, boundary: BaseGeometry, areas: Any = None, **more: Any) -> Any:
    grid.to_file(folder / "grid.gpkg")
    areas = one_area(boundary) if areas is None else areas
    return read_population(plan_of(folder, grid="grid.gpkg", **more), boundary, areas, UTM, None)


def point_grid(**columns: Any) -> gpd.GeoDataFrame:
    points = [Point(EAST + 50 + 100 * col, NORTH + 250 - 100 * row) for row in range(3) for col in range(3)]
    return gpd.GeoDataFrame({"residents": NINE.ravel(), **columns}, geometry=points, crs=UTM)


def test_points_belong_where_they_lie(tmp_path: Path) -> None:
    boundary = metres(0, 0, 300, 200)
    areas = areas_of({"w": metres(0, 0, 140, 200), "e": metres(140, 0, 300, 200)})
    grid = point_grid(age_6=NINE.ravel() / 10, id=[f"g{k}" for k in range(9)])
    cells, faults = read_grid_of(tmp_path, grid, boundary, areas)
    assert not faults
    assert cells.table["cell_id"].tolist() == ["g3", "g4", "g5", "g6", "g7", "g8"]
    assert cells.table["age_6"].tolist() == [0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
    assert cells.table["area_id"].tolist() == ["w", "e", "e"] * 2
    assert cells.table["side_m"].tolist() == [100] * 6
    assert cells.notes["residents_outside"] == 6
    assert cells.index.cell.shape == (8, 12)
    assert sorted(np.unique(cells.index.cell)) == [0, 1, 2, 3, 4, 5], "the map is filled, not dotted"
    assert cells.index.cell[1, 1] == 0 and cells.index.cell[6, 10] == 5


def test_row_order_of_a_grid_changes_nothing(tmp_path: Path) -> None:
    boundary = metres(0, 0, 300, 300)
    first, _ = read_grid_of(tmp_path, point_grid(), boundary)
    second, _ = read_grid_of(tmp_path, point_grid().iloc[::-1], boundary)
    pd.testing.assert_frame_equal(first.table, second.table)
    assert first.table["cell_id"].is_unique and first.table["cell_id"].iloc[0] == "x500050y5000250"


def test_a_border_point_belongs_to_one_area_and_a_lone_point_has_no_side(tmp_path: Path) -> None:
    boundary = metres(0, 0, 300, 300)
    areas = areas_of({"n": metres(0, 150, 300, 300), "m": metres(0, 0, 300, 150)})
    grid = gpd.GeoDataFrame({"residents": [7.0]}, geometry=[Point(EAST + 150, NORTH + 150)], crs=UTM)
    cells, _ = read_grid_of(tmp_path, grid, boundary, areas)
    assert cells.table[["area_id", "residents", "side_m"]].to_numpy().tolist() == [["m", 7.0, 0.0]]
    assert spacing(np.array([[0.0, 0.0], [0.0, 0.0]])) == 0.0


def test_polygons_are_divided_by_area(tmp_path: Path) -> None:
    boundary = metres(0, 0, 300, 150)
    areas = areas_of({"w": metres(0, 0, 150, 150), "e": metres(150, 0, 300, 150)})
    polygons = [metres(100 * c, 100 * r, 100 * c + 100, 100 * r + 100) for r in range(2) for c in range(3)]
    grid = gpd.GeoDataFrame(
        {"id": list("abcdef"), "residents": [8.0] * 6, "age_0_4": 1.0}, geometry=polygons, crs=UTM
    )
    cells, faults = read_grid_of(tmp_path, grid, boundary, areas)
    assert not faults
    table = cells.table.set_index("cell_id")
    assert table["residents"].to_dict() == {
        "a": 8, "b/e": 4, "b/w": 4, "c": 8, "d": 4, "e/e": 2, "e/w": 2, "f": 4,
    }  # fmt: skip
    assert table.loc["e/w", ["x", "y", "age_0_4", "side_m"]].tolist() == [EAST + 125, NORTH + 125, 0.25, 100]
    assert table.groupby("area_id")["residents"].sum().to_dict() == {"e": 18, "w": 18}
    assert (cells.index.cell >= 0).all()


def test_grids_that_cannot_be_used(tmp_path: Path) -> None:
    boundary = metres(0, 0, 300, 300)
    mixed = gpd.GeoDataFrame({"residents": [1.0, 1.0]}, geometry=[boundary, boundary.centroid], crs=UTM)
    assert codes(raised(lambda: read_grid_of(tmp_path, mixed, boundary))) == ["population_mixed"]
    away = metres(9000, 0, 9300, 300)
    assert codes(raised(lambda: read_grid_of(tmp_path, point_grid(), away))) == ["population_nobody"]


HOUSES = [
    ("w1", "house", 2.0, metres(10, 10, 20, 20)),  # 100 m2 x 2
    ("w2", "apartments", 6.0, metres(50, 10, 60, 20)),  # 100 m2 x 6
    ("w3", "school", 3.0, metres(100, 10, 160, 60)),
    ("w4", "yes", np.nan, metres(10, 100, 30, 110)),  # 200 m2 x 2 assumed x 0.5
    ("w5", "house", np.nan, metres(900, 900, 910, 910)),
]


def test_residents_are_spread_over_building_volume(tmp_path: Path) -> None:
    boundary = metres(0, 0, 300, 300)
    plan = plan_of(tmp_path, buildings=True, control_total=1000, display_m=10)
    cells, faults = read_population(plan, boundary, one_area(boundary), UTM, buildings_of(HOUSES))
    assert not faults
    assert cells.table.set_index("cell_id")["residents"].to_dict() == pytest.approx({"w1": 200, "w2": 600, "w4": 200})
    assert (cells.kind, cells.modelled, cells.table["side_m"].sum()) == ("buildings", True, 0)
    assert cells.notes["floor_m2_per_resident"] == 1.0 and cells.notes["share_mixed"] == 0.2
    again, _ = read_population(plan, boundary, one_area(boundary), UTM, buildings_of(HOUSES[::-1]))
    pd.testing.assert_frame_equal(cells.table, again.table)
    assert cells.table["cell_id"].iloc[cells.index.cell[28, 1]] == "w1"


def test_a_pixel_shows_the_fullest_of_the_buildings_that_touch_it(tmp_path: Path) -> None:
    boundary = metres(0, 0, 300, 300)
    plan = plan_of(tmp_path, buildings=True, control_total=1000, display_m=100)
    cells, _ = read_population(plan, boundary, one_area(boundary), UTM, buildings_of(HOUSES))
    assert cells.table["cell_id"].iloc[cells.index.cell[2, 0]] == "w2"


def test_buildings_need_a_total_and_homes(tmp_path: Path) -> None:
    boundary, area = metres(0, 0, 300, 300), one_area(metres(0, 0, 300, 300))
    plan = plan_of(tmp_path, buildings=True)
    assert codes(raised(lambda: read_population(plan, boundary, area, UTM, buildings_of(HOUSES)))) == [
        "population_control_missing"
    ]
    assert codes(raised(lambda: read_population(plan, boundary, area, UTM, None))) == [
        "population_control_missing",
        "population_no_buildings",
    ]
    plan = plan_of(tmp_path, buildings=True, control_total=5)
    school = buildings_of(HOUSES[2:3])
    assert codes(raised(lambda: read_population(plan, boundary, area, UTM, school))) == ["population_no_dwellings"]
    plan = plan_of(tmp_path)
    assert codes(raised(lambda: read_population(plan, boundary, area, UTM, None))) == ["population_no_source"]


def test_a_total_of_the_region_scales_everybody(tmp_path: Path) -> None:
    boundary = metres(0, 0, 300, 300)
    cells, faults = read_grid_of(tmp_path, point_grid(age_6=1.0), boundary, control_total=54)
    assert not faults
    assert cells.table["residents"].tolist() == pytest.approx((NINE.ravel() * 1.2).tolist())
    assert cells.table["age_6"].tolist() == pytest.approx([1.2] * 9)
    assert cells.notes["factor"] == pytest.approx(1.2)
    assert (cells.notes["residents_read"], cells.notes["residents"]) == (45, pytest.approx(54))
    _, faults = read_grid_of(tmp_path, point_grid(), boundary, control_total=90)
    assert [(fault.code, fault.value, fault.params["area"]) for fault in faults] == [("population_factor", "2", "*")]


def test_totals_of_sub_areas_win(tmp_path: Path) -> None:
    boundary = metres(0, 0, 300, 300)
    shapes = {"n": metres(0, 200, 300, 300), "m": metres(0, 100, 300, 200), "s": metres(0, 0, 300, 100)}

    def read(residents: list[float], total: float | None) -> Any:
        areas = areas_of(shapes, residents=residents)
        cells, faults = read_grid_of(tmp_path, point_grid(), boundary, areas, control_total=total)
        return cells.table.groupby("area_id")["residents"].sum().round(9).to_dict(), codes(faults)

    assert read([6.6, 15, 24], None) == ({"n": 6.6, "m": 15, "s": 24}, [])
    assert read([6.6, 15, 24], 45.7) == ({"n": 6.6, "m": 15, "s": 24}, []), "0.2 % apart: no warning"
    assert read([6.6, 15, 24], 50) == ({"n": 6.6, "m": 15, "s": 24}, ["population_controls_differ"])
    assert read([6.6, np.nan, np.nan], 45.6) == ({"n": 6.6, "m": 15, "s": 24}, []), "the rest share what is left"
    assert read([12, np.nan, np.nan], None) == ({"n": 12, "m": 15, "s": 24}, ["population_factor"])
    areas = areas_of(shapes, residents=[50, np.nan, np.nan])
    faults = raised(lambda: read_grid_of(tmp_path, point_grid(), boundary, areas, control_total=45))
    assert "population_areas_exceed" in codes(faults)


def test_a_total_where_nobody_is_placed_is_said(tmp_path: Path) -> None:
    boundary = metres(0, 0, 300, 400)
    areas = areas_of({"a": metres(0, 0, 300, 300), "b": metres(0, 300, 300, 400)}, residents=[45, 10])
    _, faults = read_grid_of(tmp_path, point_grid(), boundary, areas)
    assert [(fault.code, fault.params["area"]) for fault in faults] == [("population_area_empty", "b")]


def test_several_sources_use_the_first(tmp_path: Path) -> None:
    boundary = metres(0, 0, 300, 300)
    write_raster(tmp_path / "people.tif", NINE)
    plan = plan_of(tmp_path, raster="people.tif", buildings=True, control_total=45)
    cells, faults = read_population(plan, boundary, one_area(boundary), UTM, None)
    assert cells.kind == "raster" and codes(faults) == ["population_sources"]


def test_every_fault_has_its_sentences() -> None:
    own = {code: entry for code, entry in catalogue().items() if code.startswith("population_")}
    assert own
    for entry in own.values():
        assert set(entry) == {"message_en", "remedy_en", "message_zh", "remedy_zh"}


def test_parts_are_what_a_border_leaves(tmp_path: Path) -> None:
    cells, _ = read_nine(tmp_path, metres(0, 0, 250, 300))
    assert cells.parts is not None
    assert cells.table.loc[cells.parts.index, "cell_id"].tolist() == ["r0c2", "r1c2", "r2c2"]
    assert shapely.area(cells.parts.to_numpy()).tolist() == [5000.0] * 3
