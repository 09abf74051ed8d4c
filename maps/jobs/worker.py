"""The worker: a process that does jobs, one at a time a thread, until it is told to end."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from multiprocessing import parent_process
from multiprocessing.connection import wait
from pathlib import Path

from geoplan.errors import PlanError
from maps.jobs import performing
from maps.jobs.alive import BEAT_S, beat, leave, myself
from maps.jobs.queue import queue
from maps.jobs.recovery import look_after
from maps.jobs.steps import STOPPING

LOG = logging.getLogger(__name__)
SIGNALS = (signal.SIGTERM, signal.SIGINT)
GRACE_S = 8.0  # for jobs under way to come to a step where they can stop


def work(workspace: Path, *, threads: int = 1) -> None:
    """Do jobs until SIGTERM, Ctrl-C, or the end of the process that started this one; does not come back.

    What is under way then waits again, and is done by the next worker: results are written whole or not at all.

    Raises
    ------
    DeskError
        The workspace's database or queue cannot be used.
    """
    worker, told = myself(), threading.Event()
    _listen(told)
    beat(workspace, worker)
    look_after(workspace)
    consumer = queue(workspace).create_consumer(
        workers=threads, worker_type="thread", periodic=False, initial_delay=0.1, max_delay=1.0
    )
    consumer._set_signal_handlers = lambda: None  # ours are set, and none may be missed
    consumer.start()
    threading.Thread(target=_outlive_nobody, args=(told,), daemon=True).start()
    LOG.info("worker %s does the jobs of %s", worker, workspace)
    while not told.wait(BEAT_S):
        _keep_up(workspace, worker)
        consumer.check_worker_health()
    STOPPING.set()
    consumer.stop(graceful=False)
    _finish(workspace, worker)
    logging.shutdown()
    os._exit(0)  # threads in a long computation are not waited for


def _listen(told: threading.Event) -> None:
    """Be told to end by a signal, also by one that came while this process was starting."""
    for number in SIGNALS:
        signal.signal(number, lambda *_: told.set())
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


def _keep_up(workspace: Path, worker: str) -> None:
    """Say that we live and look after the others; a database that cannot be used now may be again later."""
    try:
        beat(workspace, worker)
        look_after(workspace)
    except PlanError as error:
        LOG.warning("jobs cannot be looked after now: %s", error)


def _finish(workspace: Path, worker: str) -> None:
    until = time.monotonic() + GRACE_S
    while performing.busy() and time.monotonic() < until:
        time.sleep(0.1)
    try:
        performing.hand_back()
        leave(workspace, worker)
    except PlanError as error:
        LOG.warning("the end of the worker could not be written down: %s", error)
    LOG.info("worker %s ended", worker)


def _outlive_nobody(told: threading.Event) -> None:
    """End when the process that spawned this one is gone."""
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        told.set()
