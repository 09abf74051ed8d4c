"""A workspace of tiny plans with a desk of its own, and the application that shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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


@pytest.fixture
def people(folder: Path) -> Callable[[str], FlaskClient]:
    """Clients with tokens: ada (administrator), pia and paul (planners); ``north`` is pia's."""
    from maps.people import access, accounts, tokens
    from maps.people.models import database

    app: Flask = create_app({"WORKSPACE": folder, "AUTH": "login", "TESTING": True})
    engine, secrets = database(folder), {}
    for name, role in {"ada": "administrator", "pia": "planner", "paul": "planner"}.items():
        accounts.add(engine, name, role)
        account = accounts.find(engine, name)
        assert account
        secrets[name] = tokens.make(engine, account.person, "test", role)
        if name == "pia":
            with app.app_context():
                access.grant("north", account.person.id, "own")

    def enter(name: str) -> FlaskClient:
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secrets[name]}"
        return client

    return enter
