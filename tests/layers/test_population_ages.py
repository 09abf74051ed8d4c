"""Age and sex rasters: names tell the groups, pixels and borders are those of the residents, nobody is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from affine import Affine

from geoplan.demand.groups import columns_by_age
from layers.age_files import STARTS, age_files, age_groups, complete
from layers.errors import InputError
from layers.planfile import read_plan
from layers.population import read_population, refine
from layers.read import sources
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

ALL = tuple(age for age in STARTS if age <= 80)
SQUARE = metres(0, 0, 300, 300)


def write_ages(folder: Path, ages: tuple[int, ...] = ALL, sexes: str = "fm", **more: Any) -> Path:
    """Rasters of 3 x 3 pixels; of age a and sex number s every pixel holds its number times (a + 1) and a half."""
    folder.mkdir(exist_ok=True)
    for age in ages:
        for number, sex in enumerate(sexes):
            write_raster(folder / f"xyz_{sex}_{age}_2020.tif", NINE * (age + 1) + number / 2, **more)
    return folder


def read(folder: Path, boundary: Any = SQUARE, areas: Any = None, **population: Any) -> Any:
    plan = plan_of(folder, **{"ages_rasters": "ages", **population})
    return read_population(plan, boundary, one_area(boundary) if areas is None else areas, UTM, None)


def test_names_tell_age_sex_and_group() -> None:
    names = [f"abc_{sex}_{age}_2020_CN_100m.tif" for age in ("00", "01", "05", "10") for sex in "fm"]
    groups = age_groups(names)
    assert [group.column for group in groups] == ["age_0", "age_1_4", "age_5_9", "age_10_14"]
    assert groups[0].files == ("abc_f_00_2020_CN_100m.tif", "abc_m_00_2020_CN_100m.tif")
    assert not complete(groups)
    whole = age_groups([f"t_x_t_{age}.tif" for age in ALL])
    assert (whole[-1].column, complete(whole)) == ("age_80_120", True)


@pytest.mark.parametrize(
    ("names", "code", "value"),
    [
        (["people.tif"], "population_ages_name", None),
        (["x_f_0_2020.tif", "x_m_0_2021.tif"], "population_ages_years", "2020, 2021"),
        (["x_f_0.tif", "y_f_0.tif", "x_m_0.tif"], "population_ages_twice", "x_f_0.tif"),
        (["x_f_0.tif", "x_m_0.tif", "x_t_0.tif"], "population_ages_sexes", None),
        ([f"x_{sex}_{age}.tif" for sex in "fm" for age in (0, 1, 5, 7)], "population_ages_group", "7"),
        ([f"x_{sex}_{age}.tif" for sex in "fm" for age in (0, 1, 10)], "population_ages_missing", "f_5, m_5"),
        ([f"x_f_{age}.tif" for age in (0, 1)], "population_ages_missing", "m_0, m_1"),
    ],
)
def test_names_that_do_not_fit(names: list[str], code: str, value: str | None) -> None:
    [fault] = raised(lambda: age_groups(names))
    assert (fault.code, fault.value) == (code, value)


def test_without_a_raster_the_ages_are_the_residents(tmp_path: Path) -> None:
    write_ages(tmp_path / "ages")
    cells, faults = read(tmp_path)
    assert faults == []
    weight = sum(age + 1 for age in ALL)
    expected = 2 * NINE.ravel() * weight + 0.5 * len(ALL)
    assert cells.table["residents"].tolist() == pytest.approx(expected.tolist(), rel=1e-6)
    assert cells.table["age_5_9"].tolist() == pytest.approx((2 * NINE.ravel() * 6 + 0.5).tolist(), rel=1e-6)
    assert cells.table["cell_id"].tolist()[:4] == ["r0c0", "r0c1", "r0c2", "r1c0"]
    known = columns_by_age(cells.table, 18)
    assert known is not None and known[1]
    assert known[0][:, 5:10].sum(axis=1) == pytest.approx(cells.table["age_5_9"].to_numpy(), rel=1e-9)


def test_borders_cut_ages_as_they_cut_residents(tmp_path: Path) -> None:
    """Two areas that divide the middle column, and a boundary that halves the last one: every column closes."""
    write_ages(tmp_path / "ages")
    write_raster(tmp_path / "people.tif", NINE * 1000)
    areas = areas_of({"a": metres(0, 0, 130, 300), "b": metres(130, 0, 250, 300)})
    cells, _ = read(tmp_path, metres(0, 0, 250, 300), areas, raster="people.tif")
    cover = np.array([1.0, 1.0, 0.5])[None, :]
    for column, age in (("age_0", 0), ("age_1_4", 1), ("age_10_14", 10)):
        expected = ((2 * NINE * (age + 1) + 0.5) * cover).sum()
        assert cells.table[column].sum() == pytest.approx(expected, rel=1e-6)
    assert cells.table["residents"].sum() == pytest.approx((NINE * 1000 * cover).sum(), rel=1e-6)
    part = cells.table.set_index("cell_id").loc["r0c1/a"]
    assert part["age_0"] == pytest.approx(0.3 * (2 * 2 + 0.5), rel=1e-6)


def test_children_without_residents_are_not_lost_and_no_number_is_nobody(tmp_path: Path) -> None:
    write_ages(tmp_path / "ages", (0, 1, 5))
    hole = (NINE * 6).astype(np.float32)
    hole[0, 0] = -99999.0
    write_raster(tmp_path / "ages" / "xyz_f_5_2020.tif", hole, nodata=-99999.0)
    people = NINE.copy() * 100
    people[2, 2] = 0
    write_raster(tmp_path / "people.tif", people)
    cells, faults = read(tmp_path, raster="people.tif")
    assert faults == []
    corner = cells.table.set_index("cell_id").loc["r2c2"]
    assert (corner["residents"], corner["age_0"]) == (0.0, 18.5)
    assert cells.table["age_5_9"].iloc[0] == pytest.approx(6.5)  # the boys only: of girls there is no number


def test_a_plan_total_and_finer_cells_take_the_ages_along(tmp_path: Path) -> None:
    write_ages(tmp_path / "ages")
    plain, _ = read(tmp_path)
    scaled, _ = read(tmp_path, control_total=float(plain.table["residents"].sum()) * 1.1)
    assert scaled.table["age_5_9"].sum() == pytest.approx(1.1 * plain.table["age_5_9"].sum())
    fine = refine(plain, 50.0, buildings_of([]))
    assert fine.table["age_5_9"].sum() == pytest.approx(plain.table["age_5_9"].sum(), rel=1e-9)


def test_south_up_rasters_agree(tmp_path: Path) -> None:
    flipped = Affine(100, 0, EAST, 0, 100, NORTH)
    write_ages(tmp_path / "ages")
    north, _ = read(tmp_path)
    for path in (tmp_path / "ages").iterdir():
        age, sex = int(path.name.split("_")[2]), path.name.split("_")[1]
        write_raster(path, (NINE * (age + 1) + (0.5 if sex == "m" else 0.0))[::-1], transform=flipped)
    south, _ = read(tmp_path)
    joined = [cells.table.set_index(["x", "y"]).sort_index()["age_5_9"] for cells in (north, south)]
    np.testing.assert_allclose(joined[0].to_numpy(), joined[1].to_numpy(), rtol=1e-9)


@pytest.mark.parametrize(
    "grid", [Affine(100, 0, EAST + 50, 0, -100, NORTH + 300), Affine(60, 0, EAST, 0, -60, NORTH + 180)]
)
def test_another_grid_is_refused(tmp_path: Path, grid: Affine) -> None:
    write_ages(tmp_path / "ages", (0, 1))
    write_raster(tmp_path / "people.tif", NINE * 100)
    write_raster(tmp_path / "ages" / "xyz_m_1_2020.tif", NINE, transform=grid)
    [fault] = raised(lambda: read(tmp_path, raster="people.tif"))
    assert (fault.code, fault.file, fault.value) == ("population_ages_grid", "ages/xyz_m_1_2020.tif", "people.tif")


def test_what_does_not_add_up(tmp_path: Path) -> None:
    write_ages(tmp_path / "ages", (0, 1, 5))
    assert codes(raised(lambda: read(tmp_path))) == ["population_ages_incomplete"]
    write_ages(tmp_path / "ages")
    write_raster(tmp_path / "people.tif", NINE * 10)
    assert codes(read(tmp_path, raster="people.tif")[1]) == ["population_ages_differ"]
    (tmp_path / "ages" / "xyz_f_0_2020.tif").write_text("nothing")
    assert codes(raised(lambda: read(tmp_path, raster="people.tif"))) == ["population_unreadable"]


PLAN = """
[plan]
name = "ages"
[region]
boundary = "boundary.geojson"
[population]
ages_rasters = {named}
[streets]
osm = "streets.osm"
[schools]
osm = true
"""


@pytest.mark.parametrize(
    ("named", "faults"),
    [
        ('"ages"', []),
        ('"ages/*_2020.tif"', []),
        ('["ages/xyz_f_0_2020.tif", "ages/xyz_m_0_2020.tif"]', []),
        ('"elsewhere"', ["plan_file_missing"]),
        ('"none/*.tif"', ["plan_file_missing"]),
        ('"../ages"', ["plan_path"]),
        ('["/etc/*"]', ["plan_path"]),
        ('"/vsicurl/x_f_0.tif"', ["plan_path"]),
    ],
)
def test_where_a_plan_may_look_for_them(tmp_path: Path, named: str, faults: list[str]) -> None:
    write_ages(tmp_path / "ages", (0,))
    for name in ("boundary.geojson", "streets.osm"):
        (tmp_path / name).write_text("{}")
    (tmp_path / "plan.toml").write_text(PLAN.format(named=named))
    try:
        plan = read_plan(tmp_path)
    except InputError as error:
        assert [fault.code for fault in error.faults] == faults
        return
    assert faults == []
    assert plan.population.ages_rasters is not None
    assert age_files(tmp_path, plan.population.ages_rasters) == ("ages/xyz_f_0_2020.tif", "ages/xyz_m_0_2020.tif")
    roles = [source.file for source in sources(plan) if source.role == "population.ages_rasters"]
    assert roles == ["ages/xyz_f_0_2020.tif", "ages/xyz_m_0_2020.tif"]
