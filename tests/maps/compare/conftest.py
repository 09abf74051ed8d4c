"""Toytown counted as it is and with a scenario that closes a school, and the same scenario under another name."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from geoplan.plan import make_run, read_layers
from geoplan.run import Run
from geoplan.store import write_run
from layers.bundle import Layers
from layers.scenariofile import parse_scenario, write_scenario
from maps.app import create_app
from tests.maps.test_whatif import closing, opening
from tests.toytown import write_toytown

STEPS = [opening(250, 950, id="A"), closing("S1")]
PLACE = {name: opening(150, 150)[name] for name in ("lon", "lat")}
HOMES = [{"action": "housing", "id": "H1", "dwellings": 300, "ready": 2026, **PLACE}, *STEPS]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("compare")


@pytest.fixture(scope="session")
def town(folder: Path) -> Layers:
    write_toytown(folder / "town")
    for name in ("north", "tried"):
        given = parse_scenario({"name": name, "title": "North opens", "title_zh": "新建北校", "steps": STEPS}, name)
        write_scenario(given, folder / "town" / "scenarios")
    homes = parse_scenario({"name": "homes", "title": "Homes by the river", "steps": HOMES}, "homes")
    write_scenario(homes, folder / "town" / "scenarios")
    return read_layers(folder / "town")


@pytest.fixture(scope="session")
def base(folder: Path, town: Layers) -> Run:
    run = make_run(town, parts=("coverage",))
    write_run(run, folder / "town")
    return run


@pytest.fixture(scope="session")
def north(folder: Path, town: Layers, base: Run) -> Run:
    """The scenario ``north`` in full; ``tried`` has the same steps and no run."""
    given = parse_scenario({"name": "north", "title": "North opens", "title_zh": "新建北校", "steps": STEPS}, "north")
    run = make_run(town, scenario=given, parts=("coverage",))
    write_run(run, folder / "town")
    return run


@pytest.fixture(scope="session")
def client(folder: Path, north: Run) -> FlaskClient:
    return create_app({"WORKSPACE": folder, "TESTING": True}).test_client()
