"""Files of Toytown to send, and clients that send them."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from maps.app import create_app
from tests.toytown import write_toytown

Send = Callable[..., TestResponse]
ROLES = {"population_year": "2024", "school_year": "2024", "profile": "cn", "details": "yes"}


@pytest.fixture(scope="session")
def toy_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of Toytown by name, without plan.toml."""
    folder = write_toytown(tmp_path_factory.mktemp("files") / "toytown")
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.name != "plan.toml"}


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    """An application of one machine with an empty workspace."""
    return create_app({"WORKSPACE": tmp_path / "workspace", "TESTING": True, "UPLOAD_FREE_MB": "0"})


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def send(client: FlaskClient, files: Mapping[str, bytes], path: str = "/upload", **form: str) -> TestResponse:
    """Send files as the form does."""
    held = [(io.BytesIO(data), name) for name, data in files.items()]
    return client.post(path, data={"files": held, **form}, content_type="multipart/form-data")


def sent(client: FlaskClient, files: Mapping[str, bytes]) -> str:
    """Send files and hand back the address of the upload."""
    answer = send(client, files)
    assert answer.status_code == 303, answer.text[:800]
    return answer.headers["Location"].partition("?")[0]


def text(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text[:800]
    return answer.get_data(as_text=True)


def check(client: FlaskClient, address: str, **form: str) -> str:
    """Say roles and details, check, and hand back the page."""
    answer = client.post(f"{address}/roles", data={**ROLES, "do": "check", **form})
    assert answer.status_code == 303
    return text(client, address)


def counts(page: str) -> tuple[int, int, int]:
    """Faults, warnings and notes the page tells."""
    found = re.search(r"(\d+) faults to mend, (\d+) warnings to read, (\d+) notes", page)
    assert found, page
    return int(found[1]), int(found[2]), int(found[3])


def tick_all(client: FlaskClient, address: str) -> None:
    keys = re.findall(r'name="listed" value="(\w+)"', text(client, address))
    assert client.post(f"{address}/ticks", data={"listed": keys, "read": keys}).status_code == 303
