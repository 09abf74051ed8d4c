"""Settings of people: how one logs in, for how long, behind what; read once when the application starts."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from geoplan.errors import PlanError
from maps import settings
from maps.people import accounts
from maps.people.models import database
from maps.people.secret import secret_key
from maps.settings import Read, all_at_once, flag, one_of, whole

AUTHS = ("open", "login")
DEFAULTS: Mapping[str, Any] = {  # each is the setting GEOPLAN_<name>
    "AUTH": "open",  # or login
    "READ_ONLY": "",  # yes: everyone is a viewer at most
    "SECRET": "",  # signs forms; made and kept in the workspace when absent
    "HTTPS": "",  # yes: cookies go over TLS only
    "HOSTS": "",  # names this server answers to, commas between; any when empty
    "PROXIES": "0",  # reverse proxies in front whose X-Forwarded-For and -Proto are believed
    "IDLE_MINUTES": "60",
    "SESSION_HOURS": "12",
    "PASSWORD_LENGTH": "12",
    "WRITES_PER_MINUTE": "600",  # by one person, in each process
    "COSTLY_PER_MINUTE": "30",
    "OIDC_ISSUER": "",
    "OIDC_CLIENT_ID": "",
    "OIDC_CLIENT_SECRET": "",
    "OIDC_ROLE": "viewer",  # of people who come for the first time; empty: only who is known already
}
SMALLEST = {"PROXIES": 0, "PASSWORD_LENGTH": 8}
READERS: dict[str, Read] = {
    "AUTH": one_of(*AUTHS),
    **dict.fromkeys(("READ_ONLY", "HTTPS"), flag),
    **{name: whole(SMALLEST.get(name, 1)) for name, value in DEFAULTS.items() if str(value).isdigit()},
}


def settle(app: Flask) -> None:
    """Check the settings and put them in their types; PlanError names those that cannot be used."""
    config = app.config
    all_at_once(partial(settings.settle, config, READERS), partial(_sign, app))
    if isinstance(config["HOSTS"], str):
        config["HOSTS"] = [host.strip() for host in config["HOSTS"].split(",") if host.strip()]
    if config["PROXIES"]:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=config["PROXIES"], x_proto=config["PROXIES"])  # type: ignore[method-assign]
    if config["AUTH"] == "login":
        config.update(
            SESSION_COOKIE_NAME="geoplan_oidc",  # Flask's own session holds nothing but a log-in under way elsewhere
            SESSION_COOKIE_SECURE=config["HTTPS"],
            SESSION_COOKIE_HTTPONLY=True,
            SESSION_COOKIE_SAMESITE="Lax",
        )


def _sign(app: Flask) -> None:
    if app.config["AUTH"] == "login":
        app.secret_key = secret_key(Path(app.config["WORKSPACE"]), app.config["SECRET"])


def serving(workspace: Path, host: str, *, read_only: bool = False) -> dict[str, Any]:
    """Settings of ``serve``: open where only this machine can ask, else with a login, and where a login is asked for.

    Raises
    ------
    PlanError
        People must log in, and nobody can yet.
    """
    said: dict[str, Any] = {"WORKSPACE": workspace} | ({"READ_ONLY": "yes"} if read_only else {})
    asked = os.environ.get("GEOPLAN_AUTH", "").strip().lower() == "login"
    if is_loopback(host) and not asked:
        return {**said, "AUTH": "open", "HOSTS": ["localhost", "127.0.0.1", "[::1]", *_written(host)]}
    if not accounts.any_account(database(Path(workspace))):
        why = "GEOPLAN_AUTH asks for a login" if asked else f"{host} can be reached from other machines"
        raise PlanError(
            f"{why}, so people must log in, and there is nobody yet. "
            f"Make the first: python -m geoplan user add NAME --role administrator --workspace {workspace}"
        )
    return {**said, "AUTH": "login"}


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a host name."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _written(host: str) -> list[str]:
    return [] if ":" in host else [host]


def password_length() -> int:
    """The shortest password, outside of an application."""
    given = os.environ.get("GEOPLAN_PASSWORD_LENGTH", DEFAULTS["PASSWORD_LENGTH"])
    return int(settings.read("PASSWORD_LENGTH", given, READERS["PASSWORD_LENGTH"]))
