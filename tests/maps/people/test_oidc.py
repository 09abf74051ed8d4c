"""Logging in elsewhere, at a login service of our own on loopback: what it vouches for counts, and nothing else."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from geoplan.errors import PlanError
from maps.app import create_app
from maps.people import accounts, oidc
from maps.people.models import database
from maps.people.words import RefusedError
from tests.maps.people.conftest import PASSWORD

pytest.importorskip("authlib", reason="the optional library Authlib is not installed")
jwk = pytest.importorskip("joserfc.jwk")
jwt = pytest.importorskip("joserfc.jwt")


class Service:
    """A login service: the claims it will sign next, with which key, and what it was asked."""

    def __init__(self) -> None:
        self.key = jwk.RSAKey.generate_key(2048, {"kid": "one"})
        self.signs_with = self.key
        self.claims: dict[str, Any] = {"sub": "42", "preferred_username": "wang.fang"}
        self.asked: list[dict[str, list[str]]] = []
        self.nonce = ""
        self.issuer = ""

    def configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def token(self) -> dict[str, Any]:
        moment = int(time.time())
        said = {"iss": self.issuer, "aud": "geoplan", "iat": moment, "exp": moment + 300, "nonce": self.nonce}
        signed = jwt.encode({"alg": "RS256", "kid": "one"}, {**said, **self.claims}, self.signs_with)
        return {"access_token": "x", "token_type": "Bearer", "expires_in": 300, "id_token": signed}


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            pages = {oidc.KNOWN: made.configuration(), "/keys": {"keys": [made.key.as_dict(private=False)]}}
            self.answer(pages.get(self.path))

        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
            made.asked.append(parse_qs(sent))
            self.answer(made.token() if self.path == "/token" else None)

        def answer(self, data: Any) -> None:
            body = json.dumps(data).encode()
            self.send_response(200 if data else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    made.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()


@pytest.fixture
def client(tmp_path: Path, service: Service, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return create_app({"WORKSPACE": tmp_path, **settings(service)}).test_client()


def settings(service: Service) -> dict[str, str]:
    return {
        "AUTH": "login",
        "OIDC_ISSUER": service.issuer,
        "OIDC_CLIENT_ID": "geoplan",
        "OIDC_CLIENT_SECRET": "a secret between the two",
    }


def go(client: FlaskClient, service: Service, *, state: str | None = None) -> TestResponse:
    """Log in at the service and come back, with the state it was given or another one."""
    sent = client.get("/login/elsewhere?next=/plans/x")
    assert sent.status_code == 302 and sent.location.startswith(f"{service.issuer}/authorize?")
    asked = {key: value[0] for key, value in parse_qs(urlsplit(sent.location).query).items()}
    assert asked["code_challenge_method"] == "S256" and asked["redirect_uri"] == "http://localhost/login/back"
    service.nonce = asked["nonce"]
    return client.get("/login/back", query_string={"code": "abc", "state": state or asked["state"]})


def test_who_is_vouched_for_comes_in_as_a_viewer(client: FlaskClient, service: Service, tmp_path: Path) -> None:
    assert "/login/elsewhere" in client.get("/login").get_data(as_text=True)
    answer = go(client, service)
    assert (answer.status_code, answer.location) == (303, "/plans/x")
    assert service.asked[0]["code_verifier"] and service.asked[0]["code"] == ["abc"]
    assert "wang.fang" in client.get("/me").get_data(as_text=True)
    [account] = accounts.listed(database(tmp_path))
    assert (account.person.role, account.subject, account.password) == ("viewer", f"{service.issuer} 42", None)
    service.claims["preferred_username"] = "renamed"
    assert go(client.application.test_client(), service).status_code == 303
    assert len(accounts.listed(database(tmp_path))) == 1, "known by subject, whatever the name"


def test_a_name_somebody_chose_opens_nobody_elses_account(
    client: FlaskClient, service: Service, tmp_path: Path
) -> None:
    accounts.add(database(tmp_path), "ada", "administrator", password=PASSWORD)
    service.claims |= {"preferred_username": "ada", "email": "ada"}
    assert go(client, service).status_code == 303
    roles = {account.person.name: account.person.role for account in accounts.listed(database(tmp_path))}
    assert roles == {"ada": "administrator", "ada-2": "viewer"}
    assert client.get("/people").status_code == 403


@pytest.mark.parametrize("fault", ["state", "nonce", "key", "audience", "issuer", "expired", "subject"])
def test_what_is_not_vouched_for_stays_out(client: FlaskClient, service: Service, tmp_path: Path, fault: str) -> None:
    state = "forged" if fault == "state" else None
    if fault == "key":
        service.signs_with = jwk.RSAKey.generate_key(2048, {"kid": "one"})
    wrong = {
        "nonce": {"nonce": "another"},
        "audience": {"aud": "somebody else"},
        "issuer": {"iss": "https://evil.example"},
        "expired": {"exp": int(time.time()) - 3600, "iat": int(time.time()) - 7200},
        "subject": {"sub": ""},
    }
    service.claims |= wrong.get(fault, {})
    answer = go(client, service, state=state)
    assert answer.status_code == 422 and "did not confirm" in answer.get_data(as_text=True)
    assert client.get("/me").status_code == 401 and not accounts.any_account(database(tmp_path))


def test_without_a_role_only_who_is_known_comes_in(service: Service, tmp_path: Path) -> None:
    with pytest.raises(RefusedError):
        oidc.account_of(database(tmp_path), {"iss": service.issuer, "sub": "42", "email": "x"}, "")
    with pytest.raises(RefusedError):
        oidc.account_of(database(tmp_path), {"iss": service.issuer, "sub": "42", "name": "<b>"}, "viewer")
    made = accounts.add(database(tmp_path), "wang", "planner", subject=f"{service.issuer} 42")
    assert oidc.account_of(database(tmp_path), {"iss": service.issuer, "sub": "42"}, "") == made


def test_a_service_that_does_not_answer_is_told(tmp_path: Path, service: Service) -> None:
    gone = {**settings(service), "OIDC_ISSUER": "http://127.0.0.1:9"}
    client = create_app({"WORKSPACE": tmp_path, **gone}).test_client()
    answer = client.get("/login/elsewhere")
    assert answer.status_code == 503 and "does not answer" in answer.get_data(as_text=True)


def test_the_library_is_asked_for_only_where_it_is_needed(
    tmp_path: Path, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "authlib.integrations.flask_client", None)
    create_app({"WORKSPACE": tmp_path, "AUTH": "login"})
    with pytest.raises(PlanError, match="pip install authlib"):
        create_app({"WORKSPACE": tmp_path, **settings(service)})


def test_without_a_service_there_is_no_way_there(tmp_path: Path) -> None:
    client = create_app({"WORKSPACE": tmp_path, "AUTH": "login"}).test_client()
    assert "/login/elsewhere" not in client.get("/login").get_data(as_text=True)
    assert client.get("/login/elsewhere").status_code == client.get("/login/back").status_code == 404
