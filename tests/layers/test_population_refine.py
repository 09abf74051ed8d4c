"""Coarse cells divided: residents stay their parent's, places stay inside, the map shows the right sub-cell."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from affine import Affine
from shapely.geometry import Point

from layers.bundle import Cells
from layers.population import read_population, refine, resolution_fault
from layers.population.lattice import divisions
from layers.population.pixels import carried, pixel_of
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

NONE = buildings_of([])


def nine(folder: Path, boundary: Any = None, areas: Any = None) -> Cells:
    boundary = metres(0, 0, 300, 300) if boundary is None else boundary
    write_raster(folder / "people.tif", NINE)
    areas = one_area(boundary) if areas is None else areas
    return read_population(plan_of(folder, raster="people.tif"), boundary, areas, UTM, None)[0]


def parents(cells: Cells) -> pd.Series:
    return cells.table.groupby(cells.table["cell_id"].str.split(":").str[0])["residents"].sum()


def shown_at(cells: Cells) -> np.ndarray:
    """The cell that the map shows at each cell's own point."""
    x, y = carried(cells.table["x"].to_numpy(), cells.table["y"].to_numpy(), UTM, cells.index.crs)
    column, row = pixel_of(cells.index.transform, x, y)
    return cells.index.cell[row, column]


def test_pixels_become_sub_pixels(tmp_path: Path) -> None:
    cells = refine(nine(tmp_path), 50, NONE)
    assert len(cells.table) == 36
    assert cells.table["cell_id"].tolist()[:5] == ["r0c0:0.0", "r0c0:0.1", "r0c0:1.0", "r0c0:1.1", "r0c1:0.0"]
    assert cells.table["residents"].tolist()[:8] == [0.25] * 4 + [0.5] * 4
    assert cells.table["x"].tolist()[:4] == [EAST + 25, EAST + 75, EAST + 25, EAST + 75]
    assert cells.table["y"].tolist()[:4] == [NORTH + 275, NORTH + 275, NORTH + 225, NORTH + 225]
    assert cells.index.cell.shape == (6, 6)
    assert shown_at(cells).tolist() == list(range(36))
    assert cells.table["side_m"].to_numpy() == pytest.approx(50, abs=0.1)


def test_fine_cells_are_left_alone(tmp_path: Path) -> None:
    cells = nine(tmp_path)
    assert refine(cells, 100, NONE) is cells, "a nominal 100 m pixel is 100 m, whatever the projection's scale"
    assert resolution_fault(cells) is None
    assert divisions(np.array([0.0, 50.0, 100.0, 101.1, 310.0]), 100.0, together=False).tolist() == [1, 1, 1, 2, 4]
    assert divisions(np.array([0.0, 50.0, 310.0, 120.0]), 100.0, together=True).tolist() == [1, 1, 4, 4]


def test_residents_go_to_the_homes_of_their_pixel(tmp_path: Path) -> None:
    """North-west pixel: 100 m2 x 2 floors and 100 m2 x 6 floors in two quarters; a school counts for nothing."""
    homes = buildings_of(
        [
            ("w1", "house", 2.0, metres(10, 260, 20, 270)),
            ("w2", "apartments", 6.0, metres(70, 210, 80, 220)),
            ("w3", "school", 4.0, metres(60, 260, 90, 290)),
        ]
    )
    cells = refine(nine(tmp_path), 50, homes)
    first = cells.table[cells.table["cell_id"].str.startswith("r0c0:")].set_index("cell_id")
    assert first["residents"].to_dict() == {"r0c0:0.0": 0.25, "r0c0:1.1": 0.75}
    assert parents(cells).tolist() == NINE.ravel().tolist()
    assert cells.notes["residents_by_buildings"] == 1.0
    assert cells.index.cell[0, :2].tolist() == [0, -1], "nobody lives in the quarter without a home"
    fault = resolution_fault(cells)
    assert fault is not None and fault.severity == "warning"
    assert fault.params == {"before": "100", "after": "50", "share": "2"}


def test_parts_keep_to_their_own_side(tmp_path: Path) -> None:
    boundary = metres(0, 0, 300, 300)
    areas = areas_of({"w": metres(0, 0, 150, 300), "e": metres(150, 0, 300, 300)})
    before = nine(tmp_path, boundary, areas)
    cells = refine(before, 50, NONE)
    top = cells.table[cells.table["cell_id"].str.startswith("r0c1")]
    assert top["cell_id"].tolist() == ["r0c1/e:0.1", "r0c1/e:1.1", "r0c1/w:0.0", "r0c1/w:1.0"]
    assert top["residents"].tolist() == [0.5] * 4
    assert top["x"].tolist() == [EAST + 175] * 2 + [EAST + 125] * 2
    assert shown_at(cells).tolist() == list(range(len(cells.table))), "every part shows, not the largest only"
    pd.testing.assert_series_equal(parents(cells), parents(before))


def test_a_sliver_keeps_its_own_point(tmp_path: Path) -> None:
    """A strip of 10 m holds no middle of a 50 m sub-pixel."""
    boundary = metres(0, 0, 210, 300)
    cells = refine(nine(tmp_path, boundary), 50, NONE)
    strip = cells.table[cells.table["cell_id"].str.startswith("r1c2")]
    assert strip["residents"].tolist() == pytest.approx([0.6])
    assert strip["x"].tolist() == [EAST + 205]
    assert cells.table["residents"].sum() == pytest.approx(1 + 2 + 4 + 5 + 7 + 8 + 1.8)
    assert shown_at(cells).tolist() == list(range(len(cells.table)))


def test_a_raster_in_degrees_is_divided_in_its_own_grid(tmp_path: Path) -> None:
    grid = Affine(0.001, 0, 9.0, 0, -0.001, 45.0)
    write_raster(tmp_path / "people.tif", NINE, crs="EPSG:4326", transform=grid)
    boundary = gpd.GeoSeries([shapely.box(9.0003, 44.9975, 9.003, 45.0)], crs=4326).to_crs(UTM).iloc[0]
    plan = plan_of(tmp_path, raster="people.tif")
    before, _ = read_population(plan, boundary, one_area(boundary), UTM, None)
    cells = refine(before, 30, NONE)
    assert cells.index.cell.shape == (12, 12), "pixels of 93.6 m need four divisions"
    assert shown_at(cells).tolist() == list(range(len(cells.table)))
    pd.testing.assert_series_equal(parents(cells), parents(before), rtol=1e-12)
    again = refine(cells, 12, NONE)
    assert again.index.cell.shape == (24, 24)
    assert again.table["residents"].sum() == pytest.approx(before.table["residents"].sum(), rel=1e-12)


def test_a_raster_needs_the_metric_crs(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="metric"):
        refine(nine(tmp_path), 50, None)


def point_cells(folder: Path, display_m: float = 25) -> Cells:
    points = [Point(EAST + 50 + 100 * col, NORTH + 250 - 100 * row) for row in range(3) for col in range(3)]
    grid = gpd.GeoDataFrame({"residents": NINE.ravel(), "age_6": 1.0}, geometry=points, crs=UTM)
    grid.to_file(folder / "grid.gpkg")
    boundary = metres(0, 0, 300, 300)
    plan = plan_of(folder, grid="grid.gpkg", display_m=display_m)
    return read_population(plan, boundary, one_area(boundary), UTM, None)[0]


@pytest.mark.parametrize("display_m", [25, 100])
def test_grid_points_become_points_of_a_square(tmp_path: Path, display_m: float) -> None:
    cells = refine(point_cells(tmp_path, display_m), 50, None)
    assert len(cells.table) == 36
    assert sorted(cells.table["x"].unique()) == [EAST + d for d in (25, 75, 125, 175, 225, 275)]
    assert cells.table["age_6"].tolist() == [0.25] * 36
    assert cells.table["side_m"].tolist() == [50] * 36
    assert (cells.index.cell >= 0).all()
    assert shown_at(cells).tolist() == list(range(36))


def test_polygons_are_divided_inside_their_outline(tmp_path: Path) -> None:
    hexagon = Point(EAST + 150, NORTH + 150).buffer(150, quad_segs=2)
    grid = gpd.GeoDataFrame({"id": ["h"], "residents": [100.0]}, geometry=[hexagon], crs=UTM)
    grid.to_file(tmp_path / "grid.gpkg")
    boundary = metres(0, 0, 300, 300)
    plan = plan_of(tmp_path, grid="grid.gpkg", display_m=10)
    before, _ = read_population(plan, boundary, one_area(boundary), UTM, None)
    cells = refine(before, 50, None)
    points = shapely.points(cells.table["x"], cells.table["y"])
    assert shapely.contains(hexagon, points).all()
    assert cells.table["residents"].sum() == pytest.approx(100)
    assert ((cells.index.cell >= 0) == (before.index.cell >= 0)).all(), "the outline on the map stays the same"
    assert cells.parts is not None and not len(cells.parts)


def test_only_coarse_polygons_are_divided(tmp_path: Path) -> None:
    shapes = [metres(0, 0, 200, 200), metres(200, 0, 250, 50)]
    grid = gpd.GeoDataFrame({"id": ["big", "small"], "residents": [8.0, 3.0]}, geometry=shapes, crs=UTM)
    grid.to_file(tmp_path / "grid.gpkg")
    boundary = metres(0, 0, 300, 300)
    before, _ = read_population(plan_of(tmp_path, grid="grid.gpkg"), boundary, one_area(boundary), UTM, None)
    cells = refine(before, 100, None)
    assert cells.table["cell_id"].tolist() == ["big:0.0", "big:0.1", "big:1.0", "big:1.1", "small"]
    assert cells.table["residents"].tolist() == [2, 2, 2, 2, 3]
    assert cells.parts is not None
    assert cells.parts.index.tolist() == [4] and cells.parts.iloc[0].equals(shapes[1])


def test_nonsense_sizes_are_refused(tmp_path: Path) -> None:
    cells = nine(tmp_path)
    for side in (0.0, -5.0, float("nan")):
        assert codes(raised(lambda side=side: refine(cells, side, NONE))) == ["population_refine_side"]
    faults = raised(lambda: refine(cells, 0.1, NONE))
    assert codes(faults) == ["population_refine_size"]
    assert "9" in str(faults[0].value)


def test_notes_and_kind_stay(tmp_path: Path) -> None:
    before = replace(nine(tmp_path), modelled=True)
    cells = refine(before, 50, NONE)
    assert (cells.kind, cells.modelled) == ("raster", True)
    assert cells.notes["pixels_inside"] == 9
    assert (cells.notes["cells_before"], cells.notes["cells_after"]) == (9, 36)
