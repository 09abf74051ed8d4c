"""A plan folder of its own for every test, and the application that shows it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from geoplan.run import Run
from geoplan.store import write_run
from maps import desk
from maps.app import create_app
from tests.toytown import write_toytown


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory, toytown: Run) -> Path:
    plan = tmp_path_factory.mktemp("edit") / "toytown"
    write_toytown(plan)
    write_run(toytown, plan)
    return plan


@pytest.fixture
def folder(tmp_path: Path, written: Path) -> Iterator[Path]:
    """The folder of the plan ``toytown`` with its run, in a workspace of its own."""
    plan = tmp_path / "workspace" / "toytown"
    shutil.copytree(written, plan)
    yield plan
    desk.forget(plan.parent)


@pytest.fixture
def app(folder: Path) -> Flask:
    return create_app({"WORKSPACE": folder.parent, "TESTING": True})


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
