"""Where plans are computed: processes of this machine, or a Dask cluster; one `Executor` either way."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import parent_process
from multiprocessing.connection import wait
from multiprocessing.context import SpawnContext
from multiprocessing.process import BaseProcess
from typing import Any

from geoplan.errors import PlanError

GRACE_S = 10.0


def cores() -> int:
    """Processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def pool(workers: int, scheduler: str | None = None) -> Iterator[Executor]:
    """An executor for the block; left by an error or Ctrl-C, what still runs is ended at once.

    Parameters
    ----------
    workers
        Processes at a time, each spawned: never forked from a process with threads.
    scheduler
        Address of a Dask scheduler to use instead; its workers must see the same folders.

    Raises
    ------
    PlanError
        Dask is asked for and not installed, or its scheduler does not answer.
    """
    chosen = _processes(workers) if scheduler is None else _dask(scheduler)
    with chosen as executor:
        yield executor


class _Context(SpawnContext):
    """Spawned processes, remembered so that they can be ended."""

    def __init__(self) -> None:
        super().__init__()
        self.started: list[BaseProcess] = []

    def Process(self, *given: Any, **named: Any) -> BaseProcess:  # type: ignore[override]  # noqa: N802
        made = SpawnContext.Process(*given, **named)
        self.started.append(made)
        return made


@contextmanager
def _processes(workers: int) -> Iterator[Executor]:
    context = _Context()
    executor = ProcessPoolExecutor(workers, mp_context=context, initializer=_settle_in)
    try:
        yield executor
    except BaseException:
        executor.shutdown(wait=False, cancel_futures=True)
        _end(context.started)
        raise
    executor.shutdown(wait=True)


def _end(started: list[BaseProcess]) -> None:
    """End processes: runs are written aside and renamed, so nothing half written can be seen."""
    for process in started:
        process.terminate()
    for process in started:
        process.join(GRACE_S)
        if process.is_alive():
            process.kill()
            process.join()


def _settle_in() -> None:
    """In a worker: Ctrl-C is for the parent to answer, and no worker outlives its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_outlive_nobody, daemon=True).start()


def _outlive_nobody() -> None:
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


@contextmanager
def _dask(address: str) -> Iterator[Executor]:
    try:
        from distributed import Client
    except ImportError:
        raise PlanError(
            "--scheduler needs Dask, which is not installed: pip install -r requirements-scale.txt -c constraints.txt"
        ) from None
    try:
        client = Client(address, timeout="10s")
    except (OSError, ValueError) as error:
        raise PlanError(f"the Dask scheduler {address} does not answer: {error}") from None
    with client:
        executor: Executor = client.get_executor(pure=False, retries=0)
        try:
            yield executor
        except BaseException:
            executor.shutdown(wait=False, cancel_futures=True)
            raise
