"""Logging in at the organisation's own service (OpenID Connect), where one is set; needs the library Authlib."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from flask import Flask, abort, session
from sqlalchemy import Engine

from geoplan.errors import PlanError
from maps.people import accounts
from maps.people.models import Person
from maps.people.words import RefusedError

LOG = logging.getLogger(__name__)
KEY = "geoplan.oidc"
NAMES = ("preferred_username", "email", "name")
KNOWN = "/.well-known/openid-configuration"


def is_set(app: Flask) -> bool:
    """Whether people may log in elsewhere."""
    return KEY in app.extensions


def attach(app: Flask) -> None:
    """Prepare logging in elsewhere; PlanError where it is half set or the library lacks."""
    config = app.config
    if not config["OIDC_ISSUER"] or config["AUTH"] != "login":
        return
    missing = [name for name in ("OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET") if not config[name]]
    if missing:
        raise PlanError(f"GEOPLAN_OIDC_ISSUER is set, GEOPLAN_{missing[0]} is not")
    if config["OIDC_ROLE"]:
        accounts.proper_role(config["OIDC_ROLE"])
    try:
        from authlib.integrations.flask_client import OAuth
    except ImportError:
        raise PlanError(
            "GEOPLAN_OIDC_ISSUER is set and the library for it is missing: pip install authlib -c constraints.txt"
        ) from None
    service = OAuth(app).register(
        "elsewhere",
        client_id=config["OIDC_CLIENT_ID"],
        client_secret=config["OIDC_CLIENT_SECRET"],
        server_metadata_url=config["OIDC_ISSUER"].rstrip("/") + KNOWN,
        client_kwargs={"scope": "openid profile email", "code_challenge_method": "S256", "timeout": 10},
    )
    app.extensions[KEY] = service


def send_away(app: Flask, back: str, then: str) -> Any:
    """The redirect to the login service, which sends the person to ``back``; they go on to ``then``."""
    service = _service(app)
    session["then"] = then
    if app.config["HTTPS"]:
        back = back.replace("http://", "https://", 1)
    try:
        return service.authorize_redirect(back)
    except Exception as error:
        LOG.warning("the login service cannot be asked: %s", error)
        abort(503, "the login service of your organisation does not answer: try again later")


def come_back(app: Flask) -> tuple[Mapping[str, Any], str]:
    """What the login service says of a person, its signature, issuer, audience and nonce checked; where to go on."""
    service, then = _service(app), str(session.pop("then", "/"))
    try:
        token = service.authorize_access_token()
    except Exception as error:  # forged state, refused code, false signature: all told the same
        LOG.warning("a log-in from elsewhere was refused: %s", error)
        raise RefusedError("refused") from None
    finally:
        session.clear()
    claims = token.get("userinfo") or {}
    if not claims.get("sub") or not claims.get("iss"):
        raise RefusedError("refused")
    return claims, then


def account_of(engine: Engine, claims: Mapping[str, Any], role: str) -> Person:
    """The person whom the login service knows under this subject; made with ``role`` when they come first.

    A person is found by issuer and subject only, never by a name they may have chosen themselves.
    """
    subject = f"{claims['iss']} {claims['sub']}"
    found = accounts.find_subject(engine, subject)
    if found is not None:
        return found.person
    if not role:
        raise RefusedError("not_linked")
    given = [str(claims[name]) for name in NAMES if claims.get(name)]
    for name in (*given, *(f"{one[:56]}-{number}" for one in given for number in range(2, 10))):
        try:
            return accounts.add(engine, name, role, subject=subject)
        except RefusedError:
            continue
    raise RefusedError("not_linked")


def _service(app: Flask) -> Any:
    if not is_set(app):
        abort(404)
    return app.extensions[KEY]
