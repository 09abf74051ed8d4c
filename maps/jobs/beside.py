"""A worker beside the web server: one spawned process, started anew when it dies, ended with the server."""

from __future__ import annotations

import logging
import multiprocessing
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path

from maps.jobs.worker import GRACE_S, SIGNALS, work
from maps.operation import logs

LOG = logging.getLogger(__name__)
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0


@contextmanager
def worker_beside(workspace: Path | None) -> Iterator[threading.Event]:
    """A worker for the time of the block; at its end it stops where it can and hands back what it was doing.

    SIGTERM ends the block as Ctrl-C does. The event it hands out, once set, ends the worker before the block ends.
    Without a workspace there is no worker.
    """
    signal.signal(signal.SIGTERM, _leave)
    ending = threading.Event()
    if workspace is None:
        yield ending
        return
    keeper = threading.Thread(target=_keep, args=(Path(workspace).absolute(), ending), daemon=True)
    keeper.start()
    try:
        yield ending
    finally:
        ending.set()
        keeper.join(GRACE_S + 10)


def _leave(*_: object) -> None:
    raise SystemExit(0)


def _keep(workspace: Path, ending: threading.Event) -> None:
    # children inherit it: a Ctrl-C in the terminal waits until the worker can deal with it, and leaves no traceback
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    wait_s = FIRST_WAIT_S
    while not ending.is_set():
        # spawned, never forked: the server has threads; not a daemon, so that batches may have processes of their own
        child = multiprocessing.get_context("spawn").Process(target=_work, args=(workspace,), name="geoplan-worker")
        child.start()
        while child.is_alive() and not ending.wait(0.2):
            pass
        if ending.is_set():
            _end(child)
            return
        LOG.warning("the worker ended by itself (exit code %s); another one starts in %.0f s", child.exitcode, wait_s)
        ending.wait(wait_s)
        wait_s = min(LONGEST_WAIT_S, 2 * wait_s)


def _work(workspace: Path) -> None:
    logs.begin()  # a process of its own, with the log of the service
    work(workspace)


def _end(child: BaseProcess) -> None:
    child.terminate()
    child.join(GRACE_S + 5)
    if child.is_alive():
        child.kill()
        child.join()
