"""A street graph read back from the cache is the one that was read."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

import layers.streets.kept as kept
from layers.boundary import read_region
from layers.planfile import read_plan
from tests.toytown import write_toytown


def _same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    assert list(one.columns) == list(other.columns)
    assert [str(kind) for kind in one.dtypes] == [str(kind) for kind in other.dtypes]
    plain = [name for name in one.columns if str(one[name].dtype) != "geometry"]
    pd.testing.assert_frame_equal(pd.DataFrame(one[plain]), pd.DataFrame(other[plain]))
    if isinstance(one, gpd.GeoDataFrame):
        assert one.geometry.geom_equals_exact(other.geometry, 0).all() and one.crs == other.crs


def _read(folder: Path) -> kept.Reading:
    plan = read_plan(folder)
    boundary, _, crs, _ = read_region(plan)
    return kept.kept_streets(plan, boundary, crs, 500.0)


@pytest.fixture
def town(tmp_path: Path) -> Path:
    folder = tmp_path / "toytown"
    write_toytown(folder)
    return folder


def test_what_is_read_back_is_the_same(town: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = _read(town)
    assert len(list((town / "cache").glob("streets-*"))) == 1
    monkeypatch.setattr(kept, "read_streets", lambda *args: pytest.fail("read again"))
    second = _read(town)
    frames = zip(kept._frames(*first[:2]).items(), kept._frames(*second[:2]).items(), strict=True)
    for (name, one), (again, other) in frames:
        assert name == again
        _same(one, other)
    assert first[2] == second[2]


def test_a_changed_street_file_is_read_again(town: Path) -> None:
    _read(town)
    with (town / "streets.osm").open("a", encoding="utf-8") as file:
        file.write("<!-- another day -->\n")
    _read(town)
    assert len(list((town / "cache").glob("streets-*"))) == 2


def test_a_damaged_folder_is_made_anew(town: Path) -> None:
    first = _read(town)
    folder = next((town / "cache").glob("streets-*"))
    (folder / "edges.parquet").write_bytes(b"half")
    _same(first[0].edges, _read(town)[0].edges)
    _same(first[0].edges, _read(town)[0].edges)


def test_a_folder_that_cannot_be_written_is_no_fault(town: Path) -> None:
    (town / "cache").write_text("a file stands here", encoding="utf-8")
    assert len(_read(town)[0].edges)
