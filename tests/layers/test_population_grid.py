"""Grid tables as people send them, the pieces cut from long shapes, and the map they fill."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import Transformer
from shapely.geometry import Point

from layers.population import read_population
from layers.population.display import make_canvas, points_index, shapes_index
from layers.population.pieces import cut, inner_points
from tests.layers.population_land import EAST, NORTH, UTM, codes, metres, one_area, plan_of, raised

REGION = metres(0, 0, 300, 300)


def read_csv(folder: Path, text: str, encoding: str = "utf-8", **population: Any) -> Any:
    (folder / "grid.csv").write_text(text, encoding=encoding)
    return read_population(plan_of(folder, grid="grid.csv", **population), REGION, one_area(REGION), UTM, None)


def lonlat(x: float, y: float) -> str:
    lon, lat = Transformer.from_crs(UTM, 4326, always_xy=True).transform(EAST + x, NORTH + y)
    return f"{lon:.9f},{lat:.9f}"


def test_chinese_headings_in_gb18030(tmp_path: Path) -> None:
    text = f"编号,经度,纬度,常住人口,age_6\n甲,{lonlat(50, 50)},12.5,1\n乙,{lonlat(150, 50)},7.5,2\n"
    cells, faults = read_csv(tmp_path, text, "gb18030")
    assert not [fault for fault in faults if fault.severity == "error"]
    assert cells.table.set_index("cell_id")["residents"].to_dict() == {"甲": 12.5, "乙": 7.5}
    assert cells.table["x"].to_numpy() == pytest.approx([EAST + 50, EAST + 150], abs=1e-3)
    assert cells.table["age_6"].sum() == 3


def test_faults_name_their_rows(tmp_path: Path) -> None:
    text = f"lon,lat,residents\n{lonlat(50, 50)},-3\n{lonlat(60, 50)},many\n{lonlat(70, 50)},\n"
    faults = raised(lambda: read_csv(tmp_path, text))
    assert [fault.row for fault in faults if fault.column == "residents"] == [2, 3, 4]


def test_a_grid_of_another_place_is_refused(tmp_path: Path) -> None:
    faults = raised(lambda: read_csv(tmp_path, "lon,lat,residents\n120.1,30.1,5\n120.2,30.1,5\n"))
    assert faults and faults[0].file == "grid.csv"
    assert raised(lambda: read_population(plan_of(tmp_path, grid="no.csv"), REGION, one_area(REGION), UTM, None))


@pytest.mark.parametrize("number", [1, 24, 25, 400])
def test_cutting_by_halves_equals_cutting_directly(number: int) -> None:
    rng = np.random.default_rng(number)
    angle = np.linspace(0, 2 * np.pi, 2000, endpoint=False)
    radius = 100 + 10 * rng.random(len(angle))
    star = shapely.polygons(np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]))
    middle = rng.uniform(-120, 120, (number, 2))
    boxes = shapely.box(middle[:, 0] - 4, middle[:, 1] - 4, middle[:, 0] + 4, middle[:, 1] + 4)
    pieces = cut(star, boxes)
    assert shapely.area(pieces) == pytest.approx(shapely.area(shapely.intersection(boxes, star)), abs=1e-9)
    filled = pieces[~shapely.is_empty(pieces)]
    assert shapely.intersects(filled, inner_points(filled)).all()


def test_equal_polygons_can_be_cut(tmp_path: Path) -> None:
    boxes = np.array([shapely.box(0, 0, 1, 1)] * 60)
    assert shapely.area(cut(shapely.box(0.5, 0, 3, 3), boxes)).tolist() == [0.5] * 60


def test_a_map_too_large_gets_a_coarser_pixel(monkeypatch: pytest.MonkeyPatch) -> None:
    assert make_canvas(REGION, UTM, 10).shape == (30, 30)
    monkeypatch.setattr("layers.population.display.MAX_PIXELS", 100)
    canvas = make_canvas(REGION, UTM, 10)
    assert (canvas.pixel_m, canvas.shape) == (40, (8, 8))
    assert canvas.transform.f == np.ceil((NORTH + 300) / 40) * 40


def test_points_reach_three_quarters_of_their_spacing() -> None:
    canvas = make_canvas(REGION, UTM, 10)
    index = points_index(canvas, np.array([EAST + 55.0]), np.array([NORTH + 155.0]), 100.0)
    rows, columns = np.nonzero(index.cell == 0)
    away = np.hypot(columns * 10 + 5 - 55.0, 300 - rows * 10 - 5 - 155.0)
    assert 70 < away.max() <= 75
    assert (index.cell >= 0).sum() == pytest.approx(np.pi * 75**2 / 100 - 20, abs=12), "less what lies outside"


def test_shapes_that_overlap_show_the_fuller_one() -> None:
    canvas = make_canvas(REGION, UTM, 10)
    shapes = np.array([metres(0, 0, 100, 100), metres(0, 0, 50, 50), metres(0, 0, 20, 20)])
    index = shapes_index(canvas, shapes, np.array([5.0, 9.0, 1.0]), touched=False)
    assert index.cell[29, 0] == 1 and index.cell[20, 9] == 0 and index.cell[0, 0] == -1


def test_multipoints_are_points(tmp_path: Path) -> None:
    shapes = gpd.GeoSeries([Point(EAST + 50, NORTH + 50), Point(EAST + 150, NORTH + 50)], crs=UTM)
    grid = gpd.GeoDataFrame({"residents": [1.0, 2.0]}, geometry=shapes.apply(lambda p: shapely.MultiPoint([p])))
    grid.set_crs(UTM).to_file(tmp_path / "grid.gpkg")
    plan = plan_of(tmp_path, grid="grid.gpkg")
    cells, faults = read_population(plan, REGION, one_area(REGION), UTM, None)
    assert cells.table["residents"].tolist() == [1, 2] and not codes(faults)
