"""The generated county has everything, is the same every time, and says that it is invented."""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rasterio

from layers.demo.county import write_county
from layers.demo.county.terrain import RESIDENTS, VILLAGES, make_land
from layers.planfile import read_plan


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("county")
    write_county(folder)
    return folder


def test_every_file_the_plan_names_is_there(county: Path) -> None:
    plan = read_plan(county)
    sections = plan.model_dump(exclude={"root"})
    named = [
        value for section in sections.values() if section for value in section.values() if isinstance(value, str)
    ]
    files = [value for value in named if value.endswith((".csv", ".geojson", ".tif", ".pbf"))]
    assert len(files) >= 13
    assert not [name for name in files if not (county / name).exists()]
    assert "虚构" in plan.plan.title_zh and "invented" in plan.plan.title


def test_the_raster_holds_half_a_million_people(county: Path) -> None:
    with rasterio.open(county / "population.tif") as file:
        counts = file.read(1, masked=True)
    assert counts.sum() == pytest.approx(RESIDENTS, rel=1e-4)
    assert counts.min() > 0


def test_the_same_bytes_every_time(county: Path, tmp_path: Path) -> None:
    write_county(tmp_path)
    for name in ("schools.csv", "streets.osm.pbf", "housing.geojson", "population.tif", "townships.geojson"):
        first, second = ((folder / name).read_bytes() for folder in (county, tmp_path))
        assert hashlib.sha256(first).digest() == hashlib.sha256(second).digest(), name


def test_schools_cover_every_kind_and_carry_the_seven_indicators(county: Path) -> None:
    table = pd.read_csv(county / "schools.csv")
    kinds = {"kindergarten", "primary", "junior", "senior", "nine_year", "special", "teaching_point"}
    assert set(table["stage"]) == kinds
    assert table["id"].is_unique and table["name"].is_unique
    indicators = ["teachers_qualified", "teachers_backbone", "teachers_pe_arts", "teaching_m2", "sport_m2"]
    assert table[[*indicators, "equipment_yuan", "multimedia_rooms"]].notna().all().all()


def test_settlements_keep_their_distance_and_their_people() -> None:
    land = make_land()
    villages = np.array([(place.x, place.y) for place in land.settlements if place.kind == "village"])
    assert len(villages) == VILLAGES
    assert sum(place.residents for place in land.settlements) == pytest.approx(RESIDENTS)
    assert sum(polygon.area for *_, polygon in land.townships) == pytest.approx(land.boundary.area)
