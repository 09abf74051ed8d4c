"""Every request gets an id, which the answer carries and every line of its log; its end is logged in one line."""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, g, request
from werkzeug.wsgi import ClosingIterator

from maps.operation.logs import about, current

LOG = logging.getLogger("geoplan.request")
SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{5,63}")
HEADER, SAID = "X-Request-Id", "geoplan.said"
QUIET = re.compile(r"/healthz|/readyz|/static/.*|/api/v1/.*/tiles/.*")
"""Paths asked for so often that good answers to them would hide the rest: parts of pages, and who looks after us."""


def attach(app: Flask) -> None:
    """Put this around an application, outside of everything else."""
    app.teardown_request(_note)
    app.wsgi_app = Noted(app.wsgi_app)  # type: ignore[method-assign]


def request_id() -> str:
    """The id of the request that is answered here; empty outside of one."""
    return str(current("request") or "")


def _note(error: BaseException | None = None) -> None:
    """Tell the log which route answered whom, while Flask still knows."""
    said = request.environ.get(SAID)
    if said is not None:
        said["route"] = request.url_rule.rule if request.url_rule else None
        who: Any = g.get("person")
        said["person"] = who.name if who is not None and who.name else None


class Noted:
    """A WSGI application whose requests have ids and end in the log."""

    def __init__(self, inner: Callable[..., Iterable[bytes]]) -> None:
        self._inner = inner

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        given = str(environ.get("HTTP_X_REQUEST_ID", ""))
        ident = given if SANE.fullmatch(given) else secrets.token_hex(8)
        said: dict[str, Any] = {"status": 500}
        environ[SAID] = said
        began = time.perf_counter()

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            said["status"] = int(status[:3])
            return start_response(status, [*headers, (HEADER, ident)], *more)

        with about(request=ident):
            body = self._inner(environ, start)
        return ClosingIterator(body, lambda: _end(environ, ident, time.perf_counter() - began))


def _end(environ: dict[str, Any], ident: str, seconds: float) -> None:
    said, path = environ[SAID], str(environ.get("PATH_INFO", ""))
    path = path.encode("latin-1", "replace").decode("utf-8", "replace")
    level = _level(said["status"], path)
    line = {
        "request": ident,
        "method": environ.get("REQUEST_METHOD"),
        "path": path[:300],
        "route": said.get("route"),
        "status": said["status"],
        "ms": round(1000 * seconds, 1),
        "person": said.get("person"),
        "address": environ.get("REMOTE_ADDR"),
    }
    LOG.log(level, "answered", extra={"about": {key: value for key, value in line.items() if value is not None}})


def _level(status: int, path: str) -> int:
    if status < 500 and QUIET.fullmatch(path):
        return logging.DEBUG
    if status == 503 and path == "/readyz":
        return logging.DEBUG
    if status == 503:  # full, or asked to come again: the service is as it should be
        return logging.WARNING
    return logging.ERROR if status >= 500 else logging.INFO
