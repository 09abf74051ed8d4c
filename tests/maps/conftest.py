"""A workspace with the plan of Toytown and its run, and a client of the web application that shows it."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from geoplan.run import Run
from geoplan.store import write_run
from maps.app import create_app
from tests.toytown import toytown_run, write_toytown


@pytest.fixture(scope="session")
def toytown() -> Run:
    return toytown_run()


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory, toytown: Run) -> Path:
    folder = tmp_path_factory.mktemp("workspace")
    write_toytown(folder / "toytown")
    write_run(toytown, folder / "toytown")
    return folder


@pytest.fixture(scope="session")
def app(workspace: Path) -> Flask:
    return create_app({"WORKSPACE": workspace, "TESTING": True})


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
