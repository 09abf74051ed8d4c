"""A plan with new housing: its cells come after the others, are walked from, and leave the base year as it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from geoplan.demand.outlook import residents_in
from geoplan.plan import read_layers
from geoplan.situation import Situation, take_stock, unreached_homes
from tests.toytown import land, write_toytown

PROJECTS = {"near": (450.0, 210.0), "yard": (455.0, 155.0)}  # ten metres and almost fifty from a street


def stock(folder: Path, *, housing: bool) -> Situation:
    """Toytown with streets that take homes within 20 m, and two projects of 2026."""
    path = write_toytown(folder) / "plan.toml"
    text = path.read_text(encoding="utf-8").replace("[schools]", "snap_town_m = 20\nsnap_rural_m = 20\n[schools]")
    if housing:
        text += '\n[housing]\ntable = "housing.csv"\ncrs = "EPSG:32632"\n'
        places = {name: land.at(*place) for name, place in PROJECTS.items()}
        rows = [f"{name},100,2026,3,{x},{y}" for name, (x, y) in places.items()]
        (folder / "housing.csv").write_text("\n".join(["id,dwellings,ready,persons_per_dwelling,x,y", *rows]))
    path.write_text(text, encoding="utf-8")
    return take_stock(read_layers(folder), say=lambda step: None)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Situation, Situation]:
    folders = [tmp_path_factory.mktemp(name) for name in ("plain", "housing")]
    return stock(folders[0], housing=False), stock(folders[1], housing=True)


def test_the_base_year_is_the_same_with_new_housing(pair: tuple[Situation, Situation]) -> None:
    plain, built = pair
    count = len(plain.cells.table)
    assert built.cells.table["cell_id"].tolist()[count:] == ["housing:near", "housing:yard"]
    np.testing.assert_array_equal(built.cells.index.cell, plain.cells.index.cell)
    np.testing.assert_array_equal(built.walk.dist_dm[built.walk.cell < count], plain.walk.dist_dm)
    totals = [one.demand.units.groupby("stage")["pupils"].sum().to_dict() for one in pair]
    assert totals[0] == totals[1]


def test_new_housing_walks_to_schools_and_is_lived_in_later(pair: tuple[Situation, Situation]) -> None:
    _, built = pair
    count = len(built.cells.table) - 2
    assert (built.walk.cell == count).any()
    assert residents_in(built.outlook, 2024)[count:].tolist() == [0.0, 0.0]
    assert residents_in(built.outlook, 2035)[count:].tolist() == [300.0, 300.0]


def test_a_project_no_street_is_near_is_said(pair: tuple[Situation, Situation]) -> None:
    plain, built = pair
    assert [(fault.code, fault.value) for fault in unreached_homes(built)] == [("demand_housing_off", "yard")]
    assert unreached_homes(plain) == []
