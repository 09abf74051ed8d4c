"""Every route of the application is public by this list, or guarded; whatever is added later is guarded by itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

PUBLIC = {"static", "operation.healthz", "operation.readyz", "people.log_in", "people.log_in_now", "people.log_out"}
PUBLIC |= {"people.elsewhere", "people.back"}
OWN_PAGE = {"people.change_me"}  # a viewer changes their own password
SAMPLES = {
    "plan_id": "secret",
    "run_id": "latest",
    "z": 1,
    "x": 0,
    "y": 0,
    "row": 0,
    "name": "cells",
    "ending": "csv",
}
WRITING = {"POST", "PUT", "PATCH", "DELETE"}


def paths(app: Flask) -> list[tuple[Rule, str, str]]:
    """Every route, each method, with something in its places."""
    adapter = app.url_map.bind("localhost")
    found = []
    for rule in app.url_map.iter_rules():
        converters = rule._converters
        values: dict[str, Any] = {
            name: SAMPLES.get(name, 1 if "Integer" in type(converters[name]).__name__ else "one")
            for name in rule.arguments
        }
        path = adapter.build(rule.endpoint, values, method=None)
        found += [(rule, method, path) for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"})]
    return found


def test_nobody_gets_in_but_through_the_public_list(app: Flask) -> None:
    client = app.test_client()
    for rule, method, path in paths(app):
        if rule.endpoint in PUBLIC:
            continue
        as_page = client.open(path, method=method, headers={"Accept": "text/html"})
        as_program = client.open(path, method=method, headers={"Accept": "application/json"})
        if path.startswith("/api/"):
            assert as_page.status_code == 401, (method, path)
        else:
            assert as_page.status_code == 302 and as_page.location.startswith("/login?next="), (method, path)
        assert as_program.status_code == 401, (method, path)
        assert as_program.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_plan_one_may_not_see_is_not_there_on_any_route(app: Flask, enter: Callable[[str], FlaskClient]) -> None:
    for name in ("paul", "vera"):
        client = enter(name)
        token, codes = csrf(client), []
        for rule, method, path in paths(app):
            if "plan_id" in rule.arguments:
                answer = client.open(path, method=method, headers={"X-CSRFToken": token})
                assert answer.status_code == (404 if name == "paul" or for_viewers(app, rule, method) else 403), path
                codes.append(answer.status_code)
        assert codes.count(404) > 15


def for_viewers(app: Flask, rule: Rule, method: str) -> bool:
    return getattr(app.view_functions[rule.endpoint], "needs", "viewer" if method == "GET" else "planner") == "viewer"


def test_it_answers_as_for_a_plan_that_does_not_exist(enter: Callable[[str], FlaskClient]) -> None:
    client = enter("vera")
    for path in (
        "/plans/{}",
        "/plans/{}/data",
        "/api/v1/plans/{}",
        "/api/v1/plans/{}/runs/latest",
        "/plans/{}/people",
    ):
        hidden, missing = (client.get(path.format(name)) for name in ("secret", "absent"))
        assert hidden.status_code == missing.status_code == (403 if path.endswith("people") else 404)
        said = [hidden.get_data(as_text=True), missing.get_data(as_text=True).replace("absent", "secret")]
        clean = [re.sub(r'nonce="[^"]*"', "", text) for text in said]
        assert clean[0] == clean[1], path


def test_a_viewer_writes_nothing(app: Flask, enter: Callable[[str], FlaskClient]) -> None:
    client = enter("vera")
    token = csrf(client)
    for rule, method, path in paths(app):
        view = app.view_functions[rule.endpoint]
        said = getattr(view, "needs", None)
        if method in WRITING and rule.endpoint not in PUBLIC | OWN_PAGE and said != "viewer":
            path = path.replace("secret", "open")
            answer = client.open(path, method=method, headers={"X-CSRFToken": token})
            assert answer.status_code == 403, (method, path)
        if said == "administrator":
            assert client.open(path, method=method, headers={"X-CSRFToken": token}).status_code == 403, path


def test_a_new_route_is_guarded_by_itself(two_plans: Any) -> None:
    from maps.app import create_app

    app = create_app({"WORKSPACE": two_plans, "AUTH": "login"})
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret", methods=["GET", "POST"])
    client = app.test_client()
    assert client.get("/forgotten").status_code == 401
    assert client.post("/forgotten").status_code == 401


def test_lists_hold_what_one_may_see(enter: Callable[[str], FlaskClient]) -> None:
    for name, expected in {
        "vera": ["open"],
        "paul": ["open"],
        "pia": ["open", "secret"],
        "ada": ["open", "secret"],
    }.items():
        client = enter(name)
        assert [plan["id"] for plan in client.get("/api/v1/plans").get_json()] == expected, name
        assert ("/plans/secret" in client.get("/").get_data(as_text=True)) == ("secret" in expected)


@pytest.mark.parametrize("path", ["/login", "/healthz", "/static/geoplan.css"])
def test_what_is_public_answers(app: Flask, path: str) -> None:
    answer = app.test_client().get(path)
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def csrf(client: FlaskClient) -> str:
    from tests.maps.people.conftest import token_of

    return token_of(client, "/me")
