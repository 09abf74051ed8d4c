"""The server of ``serve``: waitress, which at its end answers what it has begun to answer, within a set time."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

from flask import Flask
from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer, create_server

from geoplan.errors import PlanError
from maps.upload.settings import most_bytes

LOG = logging.getLogger(__name__)
SIGNALS = (signal.SIGTERM, signal.SIGINT)
TICK_S = 1.0
CONNECTIONS = 2000  # browsers hold six each, most of them idle
IDLE_S = 60  # after which an idle connection is closed

Sockets = dict[int, Any]


def serve(
    app: Flask, host: str, port: int, *, ready: Callable[[str], object], ending: Callable[[], object] = lambda: None
) -> int:
    """Answer until SIGTERM or Ctrl-C; then take no more, and finish what is under way within ``GRACE_SECONDS``.

    A second signal ends it at once.

    Parameters
    ----------
    ready
        Told a sentence once the server listens.
    ending
        Called when the end begins, so that others can end meanwhile.

    Returns
    -------
    int
        How many answers were cut off.

    Raises
    ------
    PlanError
        The address is taken, or is none of this machine.
    """
    sockets: Sockets = {}
    server = _server(app, host, port, sockets)
    told: list[int] = []

    def tell(number: int, _: object) -> None:
        if told:
            os._exit(128 + number)
        told.append(number)
        for one in _listening(sockets):
            one.pull_trigger()

    for number in SIGNALS:
        signal.signal(number, tell)
    ready(f"geoplan on http://{host}:{port}/ (stop with Ctrl-C)")
    while not told:
        _turn(sockets, TICK_S)
    ending()
    cut = _finish(sockets, app.config["GRACE_SECONDS"])
    server.task_dispatcher.shutdown(timeout=1)
    return cut


def leave() -> None:
    """End the process without waiting for threads in a long computation."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _server(app: Flask, host: str, port: int, sockets: Sockets) -> Any:
    try:
        return create_server(
            app,
            map=sockets,
            host=host,
            port=port,
            threads=app.config["THREADS"],
            ident=None,
            connection_limit=CONNECTIONS,
            channel_timeout=IDLE_S,
            max_request_body_size=2 * most_bytes(app.config),  # the application says no first, and in words
            asyncore_use_poll=True,  # select() ends at 1024 connections
        )
    except (OSError, ValueError) as error:
        raise PlanError(f"{host}:{port} cannot be listened to ({error}): choose another --host or --port") from None


def _turn(sockets: Sockets, wait_s: float) -> None:
    wasyncore.loop(timeout=wait_s, use_poll=True, map=sockets, count=1)


def _listening(sockets: Sockets) -> list[Any]:
    return [one for one in list(sockets.values()) if isinstance(one, BaseWSGIServer)]


def _finish(sockets: Sockets, grace_s: float) -> int:
    """Take what is at the door already, close the door, answer; how many answers were cut off."""
    _turn(sockets, 0)
    _turn(sockets, 0)
    for one in _listening(sockets):
        wasyncore.dispatcher.close(one)  # its own close() would also end those it is talking to
    until = time.monotonic() + grace_s
    while (busy := _busy(sockets)) and time.monotonic() < until:
        _turn(sockets, 0.1)
    if busy:
        LOG.warning("%d answers were cut off after %g s", busy, grace_s)
    return busy


def _busy(sockets: Sockets) -> int:
    channels = [one for one in list(sockets.values()) if isinstance(one, HTTPChannel)]
    return sum(bool(one.requests or one.total_outbufs_len) for one in channels)
