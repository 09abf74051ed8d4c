"""Who may read which collection: as on the pages; programs come with a token, as bearer or as a password."""

from __future__ import annotations

import base64
from pathlib import Path

from flask import Flask

from maps.people import accounts, tokens
from maps.people.models import database


def test_collections_are_those_of_plans_one_may_see(app: Flask, two_plans: Path) -> None:
    engine, client = database(two_plans), app.test_client()
    assert client.get("/ogc/collections", headers={"Accept": "application/json"}).status_code == 401
    refused = client.get("/ogc/", headers={"Accept": "application/json"})
    assert "Basic" in refused.headers["WWW-Authenticate"] and refused.mimetype == "application/problem+json"
    for name, plans in {"vera": {"open"}, "pia": {"open", "secret"}}.items():
        account = accounts.find(engine, name)
        assert account
        token = tokens.make(engine, account.person, "qgis", "viewer")
        password = base64.b64encode(f"anything:{token}".encode()).decode()
        for header in (f"Bearer {token}", f"Basic {password}"):
            headers = {"Authorization": header, "Accept": "application/json"}
            found = client.get("/ogc/collections", headers=headers).get_json()["collections"]
            assert {one["id"].split(".")[0] for one in found} == plans
            for end in ("", "/items", "/items/0", ".0123456789ab"):
                status = client.get(f"/ogc/collections/secret.cells{end}", headers=headers).status_code
                assert status == (200 if "secret" in plans else 404), (name, end)
