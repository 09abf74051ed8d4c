"""Toytown itself: its figures close, and the folder it writes reads as the town in memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from layers.boundary import read_region
from layers.planfile import read_plan
from layers.population import read_population
from layers.streets import read_streets
from tests.toytown import CRS_METRIC, EAST, NORTH, toytown, toytown_run, write_toytown


def test_accounts_close_in_cells_areas_and_summary() -> None:
    run = toytown_run()
    cells, areas = run.tables["cells"], run.tables["areas"]
    for stage, pupils in (("primary", 144.0), ("junior", 72.0)):
        part = run.summary["stages"][stage]
        assert part["pupils"] == pytest.approx(pupils)
        assert sum(part["accounts"].values()) == pytest.approx(pupils)
        assert sum(part["served_by"].values()) == pytest.approx(part["accounts"]["served"])
        fates = cells[[f"{fate}_{stage}" for fate in ("served", "no_place", "out", "off")]]
        assert np.allclose(fates.sum(axis=1), cells[f"pupils_{stage}"])
        for name, column in (("served", "served"), ("out_of_reach", "out"), ("in_reach_no_place", "no_place")):
            assert areas[f"{name}_{stage}"].sum() == pytest.approx(cells[f"{column}_{stage}"].sum())
        assigned = run.tables["schools"][f"pupils_assigned_{stage}"]
        assert assigned.sum() == pytest.approx(part["accounts"]["served"])
        assert (assigned.dropna() <= run.tables["schools"][f"places_{stage}"].dropna() + 1e-9).all()


def test_every_account_occurs() -> None:
    statuses = set(toytown_run().tables["cells"]["status_primary"])
    assert statuses == {"served", "in_reach_no_place", "out_of_reach", "off_network", "none"}


def test_the_folder_reads_as_the_town_in_memory(tmp_path: Path) -> None:
    plan = read_plan(write_toytown(tmp_path / "toytown"))
    town = toytown()
    assert plan.model_dump(exclude={"root"}) == town.plan.model_dump(exclude={"root"})
    boundary, areas, crs, faults = read_region(plan)
    assert crs == CRS_METRIC
    assert [fault for fault in faults if fault.severity == "error"] == []
    assert boundary.symmetric_difference(town.boundary).area < 1.0
    assert sorted(areas["setting"]) == ["rural", "town"]
    streets, around, _ = read_streets(plan, boundary, crs, 2000.0)
    walk = streets.edges[streets.edges["walk"]]
    assert walk["length_m"].sum() == pytest.approx(town.streets.edges["length_m"].sum(), rel=1e-4)
    assert walk.loc[walk["private"], "length_m"].sum() == pytest.approx(200.0, rel=1e-4)
    assert set(streets.barriers["kind"]) == {"water", "fence"}
    gate = streets.openings.geometry.iloc[0]
    assert (gate.x - EAST, gate.y - NORTH) == pytest.approx((300.0, 205.0), abs=0.01)
    assert set(around.schools["name"]) == set(town.surroundings.schools["name"])
    assert around.buildings["residential"].sum() == 90
    cells, _ = read_population(plan, boundary, areas, crs, around.buildings)
    assert cells.table["residents"].sum() == pytest.approx(2400.0)
