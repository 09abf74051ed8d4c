"""A run on disk is whole or not there at all, and comes back as it went."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan import store
from geoplan.errors import NotFoundError, PlanError
from geoplan.identity import plain
from geoplan.run import Run
from geoplan.store import aside, runs, tables
from layers.bundle import Source
from tests.toytown import toytown_run

RUN_ID = "0123456789ab"


@pytest.fixture(scope="module")
def run() -> Run:
    return toytown_run()


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "runs").glob(".*")) if (folder / "runs").exists() else []


def assert_same_table(read: pd.DataFrame, written: pd.DataFrame) -> None:
    assert list(read.columns) == list(written.columns)
    assert list(read.index) == list(range(len(written)))
    for name in written.columns:
        ours, theirs = read[name], written[name].reset_index(drop=True)
        if name == "geometry":
            assert ours.geom_equals(theirs).all()
            continue
        assert ours.isna().equals(theirs.isna()), name
        kept = theirs.notna()
        assert ours[kept].tolist() == theirs[kept].tolist(), name


def test_a_run_comes_back_as_it_was_written(run: Run, tmp_path: Path) -> None:
    path = store.write_run(run, tmp_path, render=lambda run: f"<html>{run.run_id}</html>".encode())
    assert path == tmp_path / "runs" / RUN_ID
    again = store.read_run(path)
    assert again.run_id == run.run_id
    assert again.manifest == plain(run.manifest)
    expected = plain(run.summary)
    expected["siting"]["seconds"] = None  # told from the manifest's timings, which this run has none of
    assert again.summary == expected
    assert sorted(again.tables) == sorted(run.tables)
    for name, table in run.tables.items():
        assert isinstance(again.tables[name], type(table)), name
        assert_same_table(again.tables[name], table)
    assert np.array_equal(again.cell_index.cell, run.cell_index.cell)
    assert again.cell_index.cell.dtype == np.int32
    assert again.cell_index.transform == run.cell_index.transform
    assert again.cell_index.crs == run.cell_index.crs
    assert (path / "map.html").read_text() == f"<html>{RUN_ID}</html>"
    assert leftovers(tmp_path) == []


def test_tables_are_geoparquet_in_degrees_whatever_came_in(run: Run, tmp_path: Path) -> None:
    metric = run.tables["schools"].to_crs(32632).rename_geometry("where").iloc[::-1]
    odd = Run(run.run_id, run.manifest, run.summary, {**run.tables, "schools": metric}, run.cell_index)
    path = store.write_run(odd, tmp_path)
    read = gpd.read_parquet(path / "schools.parquet")
    assert read.crs.to_epsg() == 4326
    assert read.geometry.name == "geometry"
    assert read["id"].tolist() == ["S3", "S2", "S1"]
    assert np.allclose(read.geometry.x, run.tables["schools"].geometry.x[::-1], atol=1e-8)


def test_the_same_run_gives_the_same_bytes(run: Run, tmp_path: Path) -> None:
    first, second = store.write_run(run, tmp_path / "a"), store.write_run(toytown_run(), tmp_path / "b")
    files = sorted(path.relative_to(first) for path in first.rglob("*") if path.is_file())
    assert len(files) > 15
    for file in files:
        assert (first / file).read_bytes() == (second / file).read_bytes(), file


def test_rasters_are_cloud_optimised_and_add_up(run: Run, tmp_path: Path) -> None:
    folder = store.write_run(run, tmp_path) / "rasters"
    names = {path.stem for path in folder.glob("*.tif")}
    assert names == {
        "cell_index",
        "residents",
        *(f"{w}_{s}" for w in ("pupils", "walk_m") for s in ("primary", "junior")),
    }
    for name in names:
        with rasterio.open(folder / f"{name}.tif") as picture:
            assert picture.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
            assert picture.crs.to_epsg() == 32632
    with rasterio.open(folder / "residents.tif") as picture:
        assert np.nansum(picture.read(1)) == pytest.approx(2400)
    with rasterio.open(folder / "walk_m_primary.tif") as picture:
        # the cell of the primary school: (750, 250) lies at its centre
        assert next(picture.sample([(319_750, 5_400_250)]))[0] == 0.0
        assert np.isnan(next(picture.sample([(319_750, 5_400_550)]))[0])  # the river


def test_a_cell_of_many_pixels_is_shared_among_them(run: Run, tmp_path: Path) -> None:
    index = run.cell_index
    fine = type(index)(
        np.kron(index.cell, np.ones((4, 4), np.int32)), index.transform @ Affine.scale(0.25), index.crs
    )
    values = dict(store.value_rasters(Run(run.run_id, {}, {}, run.tables, fine)))
    assert values["residents"].shape == (40, 40)
    assert values["residents"].sum() == pytest.approx(2400)
    longest = run.tables["cells"]["walk_m_primary"].max()
    assert np.nanmax(values["walk_m_primary"]) == longest  # a measure is not shared


def test_an_existing_run_is_kept_untouched(run: Run, tmp_path: Path) -> None:
    path = store.write_run(run, tmp_path)
    before = (path / "manifest.json").stat().st_mtime_ns
    (path / "note.txt").write_text("mine")
    assert store.write_run(run, tmp_path, render=lambda _: b"other") == path
    assert (path / "manifest.json").stat().st_mtime_ns == before
    assert (path / "note.txt").exists()
    assert not (path / "map.html").exists()


def test_something_else_in_the_place_of_the_run_is_not_touched(run: Run, tmp_path: Path) -> None:
    (tmp_path / "runs" / RUN_ID).mkdir(parents=True)
    with pytest.raises(PlanError, match="not a run"):
        store.write_run(run, tmp_path)


def test_whoever_comes_second_keeps_what_the_first_wrote(run: Run, tmp_path: Path) -> None:
    def overtaken(_: Run) -> bytes:
        store.write_run(run, tmp_path)
        return b"second"

    path = store.write_run(run, tmp_path, render=overtaken)
    assert not (path / "map.html").exists()
    assert leftovers(tmp_path) == []


MOMENTS = {
    "first table": ("geopandas.GeoDataFrame.to_parquet", 1),
    "plain table": ("pandas.DataFrame.to_parquet", 1),
    "rasters": ("geoplan.store.runs.write_rasters", 1),
    "summary": ("geoplan.store.runs.json_bytes", 1),
    "manifest": ("geoplan.store.runs.json_bytes", 2),
    "first sync": ("os.fsync", 1),
    "later sync": ("os.fsync", 7),
    "rename": ("pathlib.Path.rename", 1),
}


def breaking(monkeypatch: pytest.MonkeyPatch, moment: str, error: BaseException) -> None:
    """Let the named call fail at its n-th use."""
    name, at = MOMENTS[moment]
    owner_name, _, attribute = name.rpartition(".")
    owner: object = sys.modules.get(owner_name)
    if owner is None:
        module, _, kind = owner_name.rpartition(".")
        owner = getattr(sys.modules[module], kind)
    real, calls = getattr(owner, attribute), []

    def failing(*args: object, **kwargs: object) -> object:
        calls.append(1)
        if len(calls) == at:
            raise error
        return real(*args, **kwargs)

    monkeypatch.setattr(owner, attribute, failing)


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_interrupt_at_any_moment_leaves_nothing(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    with monkeypatch.context() as patch:
        breaking(patch, moment, KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            store.write_run(run, tmp_path, render=lambda _: b"map")
    assert list((tmp_path / "runs").iterdir()) == []
    assert store.list_runs(tmp_path) == []
    assert store.write_run(run, tmp_path).is_dir()


def test_an_interrupt_while_the_map_is_drawn_leaves_nothing(run: Run, tmp_path: Path) -> None:
    def interrupted(_: Run) -> bytes:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.write_run(run, tmp_path, render=interrupted)
    assert list((tmp_path / "runs").iterdir()) == []


@pytest.mark.parametrize("moment", ["first table", "rasters", "later sync", "rename"])
def test_a_full_disk_is_named_and_leaves_nothing(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    with monkeypatch.context() as patch:
        breaking(patch, moment, OSError(errno.ENOSPC, "No space left on device"))
        with pytest.raises(PlanError, match=r"disk is full: .*runs \([\d,]+ bytes free\)"):
            store.write_run(run, tmp_path)
    assert list((tmp_path / "runs").iterdir()) == []


def test_a_folder_that_may_not_be_written_is_a_request_error(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaking(monkeypatch, "first table", PermissionError(errno.EACCES, "Permission denied"))
    with pytest.raises(PlanError, match="may not be written"):
        store.write_run(run, tmp_path)


def test_other_errors_stay_what_they_are(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    breaking(monkeypatch, "rasters", OSError(errno.EIO, "Input/output error"))
    with pytest.raises(OSError, match="Input/output"):
        store.write_run(run, tmp_path)
    assert list((tmp_path / "runs").iterdir()) == []


WRITER = """
import sys, time
from pathlib import Path
from geoplan.store.aside import aside_folder
with aside_folder(Path(sys.argv[1])) as folder:
    (folder / "half.parquet").write_bytes(b"half")
    print("writing", flush=True)
    time.sleep(60)
"""


def test_leftovers_of_a_killed_writer_go_and_those_of_a_living_one_stay(run: Run, tmp_path: Path) -> None:
    place = tmp_path / "runs" / "aaaaaaaaaaaa"
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(place)], stdout=subprocess.PIPE, text=True)
    try:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "writing\n"
        store.write_run(run, tmp_path)
        assert len(leftovers(tmp_path)) == 2  # its folder and its lock
        assert store.sweep(tmp_path / "runs") == []
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        assert len(leftovers(tmp_path)) == 2
        assert not place.exists()
        other = Run("bbbbbbbbbbbb", run.manifest, run.summary, run.tables, run.cell_index)
        store.write_run(other, tmp_path)
        assert leftovers(tmp_path) == []
    finally:
        writer.kill()
        writer.wait()


def test_a_leftover_without_a_lock_goes_too(tmp_path: Path) -> None:
    (tmp_path / f"{aside.PREFIX}x-1-2" / "deep").mkdir(parents=True)
    assert [path.name for path in store.sweep(tmp_path)] == [f"{aside.PREFIX}x-1-2"]
    assert list(tmp_path.iterdir()) == []


def test_a_file_replaces_the_old_one_only_when_whole(tmp_path: Path) -> None:
    target = tmp_path / "cells.csv"
    target.write_text("old")
    with pytest.raises(ValueError, match="broken"), store.aside_file(target) as path:
        path.write_text("half")
        raise ValueError("broken")
    assert target.read_text() == "old"
    with store.aside_file(target) as path:
        assert path.suffix == ".csv"
        path.write_text("new")
    assert target.read_text() == "new"
    assert list(tmp_path.iterdir()) == [target]


def test_runs_are_listed_newest_first_and_damaged_ones_passed_over(run: Run, tmp_path: Path) -> None:
    for day, run_id in (("01", "a" * 12), ("03", "b" * 12), ("02", "c" * 12)):
        manifest = {**run.manifest, "run_id": run_id, "created": f"2025-01-{day}T00:00:00+00:00"}
        store.write_run(Run(run_id, manifest, run.summary, run.tables, run.cell_index), tmp_path)
    (tmp_path / "runs" / ("d" * 12)).mkdir()
    (tmp_path / "runs" / ("c" * 12) / "summary.json").write_text("{")
    entries = store.list_runs(tmp_path)
    assert [entry.run_id[0] for entry in entries] == ["b", "a"]
    first = entries[0]
    assert (first.title, first.title_zh, first.scenario, first.stages) == (
        "Toytown",
        "玩具镇",
        "base",
        ("junior", "primary"),
    )
    assert store.latest(tmp_path) == tmp_path / "runs" / ("b" * 12)
    with pytest.raises(PlanError, match=r"summary\.json is damaged"):
        store.read_run(tmp_path / "runs" / ("c" * 12))


def test_a_run_is_found_by_folder_by_id_and_by_plan(run: Run, tmp_path: Path) -> None:
    path = store.write_run(run, tmp_path)
    assert store.find_run(path) == path
    assert store.find_run(tmp_path) == path
    assert store.find_run(tmp_path / "runs") == path
    assert store.find_run(tmp_path / RUN_ID) == path
    with pytest.raises(NotFoundError):
        store.find_run(tmp_path / "nowhere")


@pytest.mark.parametrize("run_id", ["", "..", "../../etc", "0123456789AB", "0123456789ab/..", "0" * 13])
def test_a_run_id_is_twelve_hexadecimal_digits(run: Run, tmp_path: Path, run_id: str) -> None:
    with pytest.raises(NotFoundError):
        store.run_folder(tmp_path, run_id)
    with pytest.raises(NotFoundError):
        store.read_run(tmp_path / "runs" / "none")


def test_a_run_without_its_index_raster_is_damaged(run: Run, tmp_path: Path) -> None:
    path = store.write_run(run, tmp_path)
    (path / "rasters" / "cell_index.tif").unlink()
    with pytest.raises(PlanError, match="damaged"):
        store.read_run(path)


def test_created_is_filled_in_when_the_run_does_not_say(run: Run, tmp_path: Path) -> None:
    bare = Run(run.run_id, {}, {"value": float("nan"), "float": np.float32(0.5)}, run.tables, run.cell_index)
    path = store.write_run(bare, tmp_path)
    manifest = json.loads((path / "manifest.json").read_text())
    assert manifest["run_id"] == RUN_ID
    assert manifest["created"][:4] >= time.strftime("%Y")
    assert json.loads((path / "summary.json").read_text()) == {"float": 0.5, "value": None}


def source(role: str, mark: str, file: str = "x.csv") -> Source:
    return Source(role, file, mark * 64, 1, "2024-01-01")


def test_the_id_follows_content_and_nothing_else() -> None:
    one, two = source("population", "a"), source("streets", "b")
    base = store.run_identity([one, two], "cn 2025", None, "0.1.0", {"stages": ("primary",), "limit_m": 500.0})
    assert runs.RUN_ID.fullmatch(base)
    same = store.run_identity(
        [two, one], "cn 2025", None, "0.1.0", {"limit_m": np.float64(500), "stages": ["primary"]}
    )
    moved = source("population", "a", "elsewhere.tif")
    assert (
        base
        == same
        == store.run_identity([moved, two], "cn 2025", None, "0.1.0", {"stages": ["primary"], "limit_m": 500.0})
    )
    others = {
        store.run_identity(
            [source("population", "c"), two], "cn 2025", None, "0.1.0", {"stages": ["primary"], "limit_m": 500.0}
        ),
        store.run_identity([one, two], "cn 2026", None, "0.1.0", {"stages": ["primary"], "limit_m": 500.0}),
        store.run_identity(
            [one, two], "cn 2025", {"close": ["S1"]}, "0.1.0", {"stages": ["primary"], "limit_m": 500.0}
        ),
        store.run_identity([one, two], "cn 2025", None, "0.2.0", {"stages": ["primary"], "limit_m": 500.0}),
        store.run_identity([one, two], "cn 2025", None, "0.1.0", {"stages": ["primary"], "limit_m": 501.0}),
    }
    assert len(others | {base}) == 6


NUMBERS = (
    st.floats(allow_nan=True, allow_infinity=True) | st.integers(-(10**9), 10**9) | st.none() | st.text(max_size=5)
)
NESTS = st.recursive(
    NUMBERS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
)


@settings(max_examples=60, deadline=None)
@given(NESTS)
def test_plain_data_is_json_and_stays_as_it_is(value: object) -> None:
    once = plain(value)
    assert plain(json.loads(json.dumps(once, allow_nan=False))) == once


TABLES = st.lists(
    st.tuples(
        st.text(max_size=4) | st.none(),
        st.floats(allow_nan=True, allow_infinity=False),
        st.booleans(),
        st.lists(st.sampled_from(["primary", "junior"]), max_size=2).map(tuple),
        st.tuples(st.floats(-179, 179), st.floats(-80, 80)),
    ),
    max_size=6,
)


@settings(max_examples=40, deadline=None)
@given(TABLES)
def test_any_table_comes_back(rows: list[tuple[object, ...]]) -> None:
    columns = list(zip(*rows, strict=True)) if rows else [(), (), (), (), ()]
    table = gpd.GeoDataFrame(
        {
            "name": pd.Series(columns[0], dtype=object),
            "load": np.array(columns[1], float),
            "mapped": np.array(columns[2], bool),
            "stages": pd.Series(columns[3], dtype=object),
        },
        geometry=gpd.points_from_xy(*zip(*columns[4], strict=True)) if rows else [],
        crs=4326,
    )
    with tempfile.TemporaryDirectory() as folder:
        tables.write_table(table, Path(folder) / "t.parquet")
        read = tables.read_table(Path(folder) / "t.parquet")
    assert_same_table(read, table)
    assert read.crs == table.crs


def test_nested_values_become_json_text(tmp_path: Path) -> None:
    table = pd.DataFrame({"tags": [{"b": 1, "a": float("nan")}, None]}, index=[7, 3])
    tables.write_table(table, tmp_path / "t.parquet")
    read = tables.read_table(tmp_path / "t.parquet")
    assert read["tags"].tolist()[0] == '{"a": null, "b": 1}'
    assert read["tags"].isna().tolist() == [False, True]


def test_files_are_readable_by_others(run: Run, tmp_path: Path) -> None:
    path = store.write_run(run, tmp_path)
    mask = os.umask(0)
    os.umask(mask)
    assert path.stat().st_mode & 0o777 == 0o777 & ~mask
