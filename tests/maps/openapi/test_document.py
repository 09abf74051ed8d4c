"""The OpenAPI document: valid, and of the routes there are, no more and no fewer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openapi_spec_validator import validate

from maps.app import create_app
from maps.openapi.api import book
from maps.openapi.writing import rules_of


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    data: dict[str, Any] = client.get("/api/v1/openapi.json").get_json()
    return data


def operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for path in document["paths"].values() for operation in path.values()]


def test_it_is_valid(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    validate(document)


def test_every_route_is_described_and_nothing_else(app: Flask) -> None:
    there = {rule.endpoint for rule, _ in rules_of(app, "/api/v1")}
    assert there == set(book().routes)
    assert len(there) > 20
    below = {rule.endpoint for rule in app.url_map.iter_rules() if rule.rule.startswith("/api")}
    assert below <= there


def test_every_operation_tells_what_one_must_know(document: dict[str, Any]) -> None:
    found = operations(document)
    ids = [operation["operationId"] for operation in found]
    assert len(set(ids)) == len(ids)
    for operation in found:
        name = operation["operationId"]
        assert operation["summary"] and any("一" <= letter <= "鿿" for letter in operation["x-summary-zh"]), name
        assert all(parameter["description"] and parameter["schema"] for parameter in operation["parameters"]), name
        statuses = set(operation["responses"])
        assert {"401", "403", "500"} <= statuses and any(status < "300" for status in statuses), name


def test_who_writes_needs_the_form_token_or_a_token(document: dict[str, Any]) -> None:
    whatif = document["paths"]["/plans/{plan_id}/runs/{run_id}/whatif"]["post"]
    assert {"session": [], "form": []} in whatif["security"] and {"token": []} in whatif["security"]
    assert whatif["x-needs"] == "viewer"
    save = document["paths"]["/plans/{plan_id}/scenarios"]["post"]
    assert save["x-needs"] == "planner" and "409" in save["responses"]


def test_a_server_that_needs_a_log_in_says_so(workspace: Path) -> None:
    app = create_app({"WORKSPACE": workspace, "AUTH": "login", "SECRET": "s" * 40, "TESTING": True})
    assert app.test_client().get("/api/v1/openapi.json").status_code == 401
    open_app = create_app({"WORKSPACE": workspace, "TESTING": True})
    assert {} in open_app.test_client().get("/api/v1/openapi.json").get_json()["security"]


def test_the_entry_leads_to_it(client: FlaskClient) -> None:
    address = client.get("/api/v1/").get_json()["openapi"]
    assert client.get(address).status_code == 200


def test_a_route_without_description_does_not_break_the_others(workspace: Path) -> None:
    app = create_app({"WORKSPACE": workspace, "TESTING": True})
    app.add_url_rule("/api/v1/new/<int:number>", "new", lambda number: "x")
    document = app.test_client().get("/api/v1/openapi.json").get_json()
    assert document["paths"]["/new/{number}"]["get"]["summary"] == "new"
    validate(document)
