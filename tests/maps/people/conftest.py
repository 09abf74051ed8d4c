"""A workspace with two plans and people of every role; clients that are logged in and know their form token."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from geoplan.run import Run
from geoplan.store import write_run
from maps import desk
from maps.app import create_app
from maps.people import accounts, limits, passwords
from maps.people.models import database
from tests.toytown import write_toytown

PASSWORD = "correct horse battery"
NAMES = {"ada": "administrator", "pia": "planner", "paul": "planner", "vera": "viewer"}


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """Hash quickly: what is tested is not how long it takes."""
    real, passwords.METHOD = passwords.METHOD, "scrypt:1024:8:1"
    yield
    passwords.METHOD = real


@pytest.fixture(scope="session")
def two_plans(tmp_path_factory: pytest.TempPathFactory, toytown: Run) -> Path:
    folder = tmp_path_factory.mktemp("desk")
    for name in ("open", "secret"):
        write_toytown(folder / name)
        write_run(toytown, folder / name)
    return folder


@pytest.fixture
def app(two_plans: Path) -> Iterator[Flask]:
    """The application with a log-in and fresh people; ``secret`` is pia's plan."""
    limits._spent.clear()
    app = create_app({"WORKSPACE": two_plans, "AUTH": "login", "TESTING": True})
    engine = database(two_plans)
    for name, role in NAMES.items():
        accounts.add(engine, name, role, password=PASSWORD)
    with app.app_context():
        from maps.people import access

        account = accounts.find(engine, "pia")
        assert account
        access.grant("secret", account.person.id, "own")
    yield app
    desk.forget(two_plans)
    shutil.rmtree(two_plans / ".geoplan")


def token_of(client: FlaskClient, path: str = "/login") -> str:
    page = client.get(path, headers={"Accept": "text/html"}).get_data(as_text=True)
    found = re.search(r'<meta name="csrf-token" content="([0-9a-f]{64})">', page)
    assert found, page[:500]
    return found[1]


def send(client: FlaskClient, path: str, form: dict[str, Any], *, read: str = "/me", **more: Any) -> TestResponse:
    """Post a form as a browser does, with the token of a page."""
    return client.post(path, data={**form, "csrf_token": token_of(client, read)}, **more)


def log_in(client: FlaskClient, name: str, password: str = PASSWORD, query: str = "", **more: Any) -> TestResponse:
    return send(client, f"/login{query}", {"name": name, "password": password}, read="/login", **more)


@pytest.fixture
def enter(app: Flask) -> Callable[[str], FlaskClient]:
    """A new browser in which somebody is logged in; nobody for an empty name."""

    def enter(name: str) -> FlaskClient:
        client = app.test_client()
        if name:
            assert log_in(client, name).status_code == 303
        return client

    return enter


@pytest.fixture
def lines(two_plans: Path) -> Callable[..., list[tuple[str, str, str | None]]]:
    """The audit trail, oldest first: person, action, plan."""
    from maps.people import trail

    def lines(**asked: str) -> list[tuple[str, str, str | None]]:
        found = trail.entries(database(two_plans), asked)
        return [(line.person, line.action, line.plan_id) for line in reversed(found)]

    return lines
