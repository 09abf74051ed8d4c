"""Few what-ifs are counted at a time: who comes meanwhile is told when to ask again, and pages are answered."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient

from maps.whatif import turns

ASK = "/api/v1/plans/toytown/runs/latest/whatif"
STEPS = {"stage": "primary", "steps": [{"action": "close", "school_id": "S1"}]}


def test_a_third_one_is_asked_to_come_again(app: Flask, client: FlaskClient) -> None:
    with app.test_request_context(), turns.turn(), turns.turn():
        answer = app.test_client().post(ASK, json=STEPS)
        assert answer.status_code == 503 and answer.headers["Retry-After"] == "1"
        assert "ask again in a second" in answer.get_json()["detail"]
        assert app.test_client().get("/plans/toytown").status_code == 200
    assert client.post(ASK, json=STEPS).status_code != 503, "turns are given back"
    assert client.post(ASK, json={"stage": "primary", "steps": [{"action": "fly"}]}).status_code == 422
