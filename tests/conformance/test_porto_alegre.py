"""A real city from files to accounts, its residents once on 100 m pixels and once on hexagon centres."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from geoplan.plan import make_run, read_layers
from geoplan.reach import nearest_distance
from geoplan.run import Run
from geoplan.situation import take_stock
from tests.conformance import plans
from tests.conformance.by_networkx import Walkways, nearest, walks, within

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not plans.PORTO_ALEGRE.is_dir(), reason=plans.NEEDS_PORTO_ALEGRE),
]
SOURCES = ("raster", "grid")
PARTS = ("coverage", "safety")
RESIDENTS = 812_935
LIMIT_DM = 20_000
SITING = """
[siting]
max_new = 10
enlarge = false
time_limit_s = 20
"""
SNAP_M = 150.0
"""The snap limit of towns; the whole plan is town."""
ACCOUNTS = ("served", "in_reach_no_place", "out_of_reach", "off_network")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("porto_alegre")
    return {source: plans.porto_alegre(root / source, source) for source in SOURCES}


@pytest.fixture(scope="module")
def runs(folders: dict[str, Path]) -> dict[str, Run]:
    return {source: make_run(read_layers(folder), parts=PARTS) for source, folder in folders.items()}


def primary(run: Run) -> dict[str, Any]:
    return run.summary["stages"]["primary"]


def reach(run: Run, measure: str = "reach") -> dict[int, float]:
    """Share of pupils within each limit."""
    stage = primary(run)
    return {int(limit): pupils / stage["pupils"] for limit, pupils in stage[measure].items()}


@pytest.mark.parametrize("source", SOURCES)
def test_the_accounts_close(runs: dict[str, Run], source: str) -> None:
    run = runs[source]
    stage = primary(run)
    assert sum(stage["accounts"].values()) == pytest.approx(stage["pupils"], abs=1e-6)
    assert sum(stage["served_by"].values()) == pytest.approx(stage["accounts"]["served"], abs=1e-6)
    for area in stage["areas"]:
        assert sum(area[name] for name in ACCOUNTS) == pytest.approx(area["pupils"], abs=1e-6)
    for name in ACCOUNTS:
        assert sum(area[name] for area in stage["areas"]) == pytest.approx(stage["accounts"][name], abs=1e-6)
    cells = run.tables["cells"]
    parts = cells[["served_primary", "no_place_primary", "out_primary", "off_primary"]].sum(axis=1)
    assert np.allclose(parts, cells["pupils_primary"], rtol=0, atol=1e-6)
    assert cells["pupils_primary"].sum() == pytest.approx(stage["pupils"], abs=1e-6)
    by_area = cells.groupby("area_id")["pupils_primary"].sum()
    assert by_area.to_dict() == pytest.approx({area["area_id"]: area["pupils"] for area in stage["areas"]}, abs=1e-6)


@pytest.mark.parametrize("source", SOURCES)
def test_no_school_takes_more_than_its_places(runs: dict[str, Run], source: str) -> None:
    schools = runs[source].tables["schools"]
    assert (schools["pupils_assigned_primary"] <= schools["places_primary"] + 1e-6).all()
    served = primary(runs[source])["accounts"]["served"]
    assert schools["pupils_assigned_primary"].sum() == pytest.approx(served, abs=1e-6)


def test_both_sources_hold_the_same_people(runs: dict[str, Run]) -> None:
    totals = {source: run.tables["cells"]["residents"].sum() for source, run in runs.items()}
    assert totals["grid"] == pytest.approx(RESIDENTS, rel=1e-6)
    assert totals["raster"] == pytest.approx(totals["grid"], rel=1e-6)
    pupils = [primary(run)["pupils"] for run in runs.values()]
    assert pupils[0] == pytest.approx(pupils[1], rel=1e-6)


def test_both_sources_tell_the_same_reach(runs: dict[str, Run]) -> None:
    """At 1000 m and more to half a point; nearer by, two readings of 306 m hexagons may differ more."""
    raster, grid = (reach(runs[source]) for source in SOURCES)
    assert all(abs(raster[limit] - grid[limit]) < 0.005 for limit in raster if limit >= 800)
    assert all(abs(raster[limit] - grid[limit]) < 0.02 for limit in raster)
    straight = [reach(runs[source], "radius") for source in SOURCES]
    assert all(abs(straight[0][limit] - straight[1][limit]) < 0.005 for limit in raster)


def test_coarse_cells_are_said_beside_the_figures(runs: dict[str, Run]) -> None:
    """306 m hexagons under a rule of 500 m; pixels of 100 m are finer than its quarter."""
    coarse = primary(runs["grid"])["resolution"]
    assert coarse["side_m"] == pytest.approx(306, abs=1) and coarse["refined_m"] <= 125
    assert primary(runs["raster"])["resolution"] is None
    codes = {source: {fault["code"] for fault in run.summary["warnings"]} for source, run in runs.items()}
    assert "population_resolution" in codes["grid"] - codes["raster"]


@pytest.mark.parametrize("source", SOURCES)
def test_reach_grows_with_the_limit_and_is_never_beyond_the_radius(runs: dict[str, Run], source: str) -> None:
    network, straight = reach(runs[source]), reach(runs[source], "radius")
    shares = [network[limit] for limit in sorted(network)]
    assert shares == sorted(shares)
    assert all(network[limit] <= straight[limit] for limit in network)


@pytest.mark.parametrize("source", SOURCES)
def test_both_shares_stand_side_by_side(runs: dict[str, Run], source: str) -> None:
    """A rule measured on foot has a share in a straight line too: 84 % against 73, not one figure twice."""
    stage = primary(runs[source])
    assert stage["radius_share"] == pytest.approx(reach(runs[source], "radius")[500], abs=1e-9)
    assert stage["walk_share"] == pytest.approx(reach(runs[source])[500], abs=1e-9)
    assert stage["radius_share"] > stage["walk_share"] + 0.1


@pytest.mark.parametrize("source", SOURCES)
def test_distances_are_those_of_networkx(folders: dict[str, Path], source: str) -> None:
    """Every walk within 2 km of 500 random cells, and their nearest schools, to the decimetre."""
    layers = read_layers(folders[source])
    situation = take_stock(layers, say=lambda step: None)
    xy = situation.cells.table[["x", "y"]].to_numpy()
    chosen = np.sort(np.random.default_rng(11).choice(len(xy), 500, replace=False))
    gates = np.column_stack([layers.schools.geometry.x, layers.schools.geometry.y])
    back = walks(Walkways(layers.streets), xy[chosen], gates, SNAP_M)

    walk = situation.walk
    row = np.full(len(xy), -1)
    row[chosen] = np.arange(len(chosen))
    keep = (row[walk.cell] >= 0) & (walk.dist_dm <= LIMIT_DM)
    pairs = zip(row[walk.cell[keep]].tolist(), walk.school[keep].tolist(), strict=True)
    found = dict(zip(pairs, walk.dist_dm[keep].tolist(), strict=True))
    assert len(found) > 5000
    assert found == within(back, len(gates), LIMIT_DM)

    dist, _ = nearest_distance(situation.network, situation.homes, situation.gates)
    near = dict(zip(range(len(chosen)), dist[chosen].tolist(), strict=True))
    assert {cell: dm for cell, dm in near.items() if dm >= 0} == nearest(back)
    assert (dist < 0).sum() < 0.05 * len(dist)


def test_the_same_files_give_the_same_run(runs: dict[str, Run], folders: dict[str, Path]) -> None:
    again = make_run(read_layers(folders["grid"]), parts=PARTS)
    assert again.run_id == runs["grid"].run_id != runs["raster"].run_id
    assert again.summary == runs["grid"].summary


def test_up_to_ten_new_schools_serve_ever_more_pupils(tmp_path: Path) -> None:
    """The curve of the marginal table never falls, and every row says how far it may be from the best."""
    folder = plans.porto_alegre(tmp_path, "raster")
    file = folder if folder.is_file() else folder / "plan.toml"
    file.write_text(file.read_text(encoding="utf-8") + SITING, encoding="utf-8")
    run = make_run(read_layers(folder), parts=("coverage", "siting"))
    siting = run.summary["siting"]
    served = [row["pupils_served"] for row in siting["marginal"]]
    assert [row["k"] for row in siting["marginal"]] == list(range(11)) and len(siting["new"]) == 10
    assert all(later > earlier + 1 for earlier, later in itertools.pairwise(served))
    assert all(0 <= row["gap"] < 0.2 for row in siting["marginal"])
    goals = {goal["name"]: goal for goal in siting["goals"]}
    assert goals["served"]["objective"] == pytest.approx(served[-1]) and goals["served"]["bound"] >= served[-1] - 1e-6
    table = run.tables["proposals"]
    assert (table["pupils_enrolled"] <= table["places"] + 1e-6).all() and (table["pupils_gained"] > 0).all()
