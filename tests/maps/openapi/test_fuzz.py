"""Requests drawn from the descriptions: no failure of ours, answers as described, every error a problem document.

``GEOPLAN_EXAMPLES`` draws more for each operation than the few that a test can wait for.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from geoplan.run import Run
from geoplan.store import write_run
from maps import desk
from maps.app import create_app
from maps.jobs import queue
from tests.maps.openapi.fuzz import fuzz, seasoned
from tests.toytown import write_toytown

EXAMPLES = int(os.environ.get("GEOPLAN_EXAMPLES", "2"))


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, toytown: Run) -> Any:
    """A workspace of its own: what is drawn may start jobs and save scenarios."""
    folder = tmp_path_factory.mktemp("fuzz")
    write_toytown(folder / "toytown")
    write_run(toytown, folder / "toytown")
    yield folder
    queue.forget(folder)
    desk.forget(folder)


@pytest.fixture
def app(town: Path) -> Flask:
    return create_app({"WORKSPACE": town, "PROPAGATE_EXCEPTIONS": False})


def known(run: Run) -> dict[str, list[Any]]:
    return {"plan_id": ["toytown"] * 4, "run_id": ["latest", run.run_id], "name": sorted(run.tables)}


@pytest.mark.parametrize("address", ["/api/v1/openapi.json", "/ogc/api"])
def test_whatever_is_asked_the_answer_is_as_described(app: Flask, toytown: Run, address: str) -> None:
    document = seasoned(app.test_client().get(address).get_json(), known(toytown))
    _quickly(document)
    assert list(fuzz(app, document, EXAMPLES)) == []


def _quickly(document: dict[str, Any]) -> None:
    """Leave Word and PDF to the tests of documents: they take longer than all the rest."""
    for path, operations in document["paths"].items():
        if path.endswith("/proposal.{ending}") and EXAMPLES < 10:
            asked = next(one for one in operations["get"]["parameters"] if one["name"] == "ending")
            asked["schema"] = {"enum": ["xlsx", "exe"]}


def test_it_would_be_seen(app: Flask) -> None:
    def fail(number: int) -> str:
        raise RuntimeError(number)

    app.add_url_rule("/api/v1/failing/<int:number>", "failing", fail)
    app.add_url_rule("/api/v1/refusing", "refusing", lambda: ("<p>no</p>", 400))
    app.add_url_rule("/api/v1/odd", "odd", lambda: ("", 299))
    document = app.test_client().get("/api/v1/openapi.json").get_json()
    ours = ("/failing/{number}", "/refusing", "/odd")
    document["paths"] = {path: document["paths"][path] for path in ours}
    found = {where.split()[1] for where, _ in fuzz(app, document, 1)}
    assert found == set(ours)
