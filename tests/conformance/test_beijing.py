"""Tsinghua under the Chinese profile: names in Chinese from the table, or from the map, to every result."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from geoplan.exports import export
from geoplan.plan import make_run, read_layers
from geoplan.reach import nearest_distance
from geoplan.run import Run
from geoplan.situation import take_stock
from geoplan.store import read_run, write_run
from tests.conformance import plans
from tests.conformance.by_networkx import Walkways, nearest, walks, within

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not plans.BEIJING.is_dir(), reason=plans.NEEDS_BEIJING)]
NAMES = {
    "清华附中": "junior",
    "清华大学附属中学": "junior",
    "中关村中学": "junior",
    "中关村中学分校": "junior",
    "清华附小": "primary",
    "诗雅艺术学校": "primary",
    "清华大学附属幼儿园": "kindergarten",
    "清华大学洁华幼儿园": "kindergarten",
}
SNAP_M = 150.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return plans.beijing(tmp_path_factory.mktemp("清华园"))


@pytest.fixture(scope="module")
def run(folder: Path) -> Run:
    return make_run(read_layers(folder), parts=("coverage", "safety"))


def closes(run: Run) -> bool:
    for stage in run.summary["stages"].values():
        assert sum(stage["accounts"].values()) == pytest.approx(stage["pupils"], abs=1e-6)
        assert sum(stage["served_by"].values()) == pytest.approx(stage["accounts"]["served"], abs=1e-6)
    return True


def codes(run: Run) -> set[str]:
    return {fault["code"] for fault in run.summary["warnings"]}


def test_names_and_places_come_through(run: Run) -> None:
    schools = run.tables["schools"].set_index("name")
    assert schools["stage"].to_dict() == NAMES
    assert schools["id"].str.fullmatch(r"\d+").all(), "long numbers stay whole"
    assert (schools["assumed"] == "").all()
    stage = run.summary["stages"]["primary"]
    assert stage["places"] == 270 + 360
    assert closes(run)


def test_residents_are_modelled_and_kept(run: Run) -> None:
    assert run.tables["cells"]["residents"].sum() == pytest.approx(plans.BEIJING_RESIDENTS, rel=1e-9)
    for name, stage in run.summary["stages"].items():
        assert stage["modelled"] and stage["residents"] == pytest.approx(plans.BEIJING_RESIDENTS, rel=1e-9)
        shared = {code for code in stage["assumptions"] if code.startswith("participation_")}
        assert shared == {f"participation_{name}"} & {"participation_kindergarten", "participation_senior"}


def test_the_profile_measures_in_a_straight_line(run: Run) -> None:
    """500 m for primary schools: the code's own share stands beside the walked one, and is never the smaller."""
    stage = run.summary["stages"]["primary"]
    assert {(rule["id"], rule["metric"], rule["value"]) for rule in stage["rules"]} == {
        ("cn.radius.primary", "straight", 500.0)
    }
    assert stage["radius_share"] > stage["walk_share"] > 0
    assert stage["radius_share"] == pytest.approx(stage["radius"]["500"] / stage["pupils"], abs=1e-9)


def test_a_stage_without_a_school_reaches_nobody(run: Run) -> None:
    senior = run.summary["stages"]["senior"]
    assert senior["pupils"] > 0 and senior["accounts"]["served"] == 0
    assert senior["accounts"]["out_of_reach"] + senior["accounts"]["off_network"] == pytest.approx(senior["pupils"])
    assert "doctor_no_school" in codes(run)


def test_true_coordinates_are_not_called_shifted(run: Run) -> None:
    """Eight schools stand 63 m from streets, and by chance 9 m when shifted; the mapped schools settle it."""
    assert not codes(run) & {"doctor_shift_streets", "doctor_shift_mapped", "doctor_other_name", "doctor_not_in_osm"}


def test_schools_of_the_street_file(tmp_path: Path) -> None:
    """Seven schools tell their stage, none its places: reach is known, places are not, and nothing is made up."""
    run = make_run(read_layers(plans.beijing(tmp_path, osm_schools=True)), parts=("coverage",))
    assert set(run.tables["schools"]["name"]) == set(NAMES) - {"诗雅艺术学校"}
    assert {"osm_stage_unknown", "osm_places_unknown"} <= codes(run)
    stage = run.summary["stages"]["primary"]
    assert stage["schools_places_unknown"] == 1 and stage["headline"] == "reach"
    assert stage["places"] is None and "served_range" not in stage
    assert closes(run)


def test_distances_are_those_of_networkx(folder: Path) -> None:
    """Every home and every school, to the decimetre, walls and railways in between included."""
    layers = read_layers(folder)
    situation = take_stock(layers, say=lambda step: None)
    xy = situation.cells.table[["x", "y"]].to_numpy()
    gates = np.column_stack([layers.schools.geometry.x, layers.schools.geometry.y])
    back = walks(Walkways(layers.streets), xy, gates, SNAP_M)
    walk = situation.walk
    limit_dm = int(walk.dist_dm.max())
    found = dict(zip(zip(walk.cell.tolist(), walk.school.tolist(), strict=True), walk.dist_dm.tolist(), strict=True))
    assert len(found) > 2500
    assert found == within(back, len(gates), limit_dm)
    dist, _ = nearest_distance(situation.network, situation.homes, situation.gates)
    assert {cell: dm for cell, dm in enumerate(dist.tolist()) if dm >= 0} == nearest(back)


def test_the_run_on_disk_and_its_exports_speak_chinese(run: Run, tmp_path: Path) -> None:
    path = write_run(run, tmp_path)
    stored = read_run(path)
    assert set(stored.tables["schools"]["name"]) == set(NAMES)
    assert "清华园" in (path / "summary.json").read_text(encoding="utf-8")
    files = {
        file.name: file for file in export(stored, ["csv", "geojson", "gpkg"], tmp_path / "exports", language="zh")
    }
    for name in NAMES:
        assert any(name in text for text in _texts(files))
    assert _names_in_gpkg(files) >= set(NAMES)


def _texts(files: dict[str, Path]) -> list[str]:
    kept = [file for name, file in files.items() if name.endswith((".csv", ".geojson"))]
    return [file.read_text(encoding="utf-8-sig") for file in kept]


def _names_in_gpkg(files: dict[str, Path]) -> set[Any]:
    file = next(file for name, file in files.items() if name.endswith(".gpkg"))
    found: set[Any] = set()
    for layer in gpd.list_layers(file)["name"]:
        table = pd.DataFrame(gpd.read_file(file, layer=layer, ignore_geometry=True))
        found |= {value for column in table.select_dtypes(["object", "str"]) for value in table[column].dropna()}
    return found


def test_geojson_is_plain_utf8(run: Run, tmp_path: Path) -> None:
    files = export(run, ["geojson"], tmp_path, language="zh")
    schools = next(file for file in files if "school" in file.stem or "学校" in file.stem)
    names = {feature["properties"].get("name") for feature in json.loads(schools.read_bytes())["features"]}
    assert names == set(NAMES)
