"""A workspace of tiny plans with a desk of its own, and the application that shows it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from geoplan.run import Run
from geoplan.store import write_run
from maps import desk
from maps.app import create_app
from maps.jobs import queue
from maps.jobs.steps import STOPPING
from tests.geoplan.batch.towns import write_broken, write_town


@pytest.fixture
def folder(tmp_path: Path, toytown: Run) -> Iterator[Path]:
    """Plans ``east`` (with a run), ``north`` (without), ``south`` (whose data are at fault)."""
    folder = tmp_path / "workspace"
    write_run(toytown, write_town(folder / "east"))
    write_town(folder / "north", places=40)
    write_broken(folder / "south")
    yield folder
    STOPPING.clear()
    queue.forget(folder)
    desk.forget(folder)


@pytest.fixture
def app(folder: Path) -> Flask:
    return create_app({"WORKSPACE": folder, "TESTING": True})


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
