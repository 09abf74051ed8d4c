"""The steps of a job under way: written down with their times, and where a job may stop."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

from maps.jobs import records
from maps.jobs.records import Job, change, note, stamp

STOPPING = threading.Event()  # set when the worker is to end
TICK_S = 1.0


class Ended(BaseException):
    """A job that is to stop here; no analysis may catch it as an error of its own."""


class Steps:
    """Called with every step: writes it down with its time, and ends the job where it is to stop."""

    def __init__(self, workspace: Path, job: Job) -> None:
        self._workspace, self._job = workspace, job
        self._step, self._began, self._looked = "", time.perf_counter(), 0.0
        self.seconds: dict[str, float] = {}

    def __call__(self, step: str) -> None:
        self.look(always=True)
        self.finish()
        self._step = step
        if not change(self._workspace, self._job, stage=step, stage_at=stamp(), timings=self.seconds):
            raise Ended
        self.log(f"step:{step}")

    def look(self, *, always: bool = False) -> None:
        """End the job where it is to stop; asks the database once a second at most, unless ``always``."""
        if STOPPING.is_set():
            raise Ended
        moment = time.monotonic()
        if always or moment - self._looked >= TICK_S:
            self._looked = moment
            if records.is_to_stop(self._workspace, self._job):
                raise Ended

    def finish(self) -> None:
        """The step under way is done."""
        moment = time.perf_counter()
        if self._step:
            self.seconds[self._step] = round(self.seconds.get(self._step, 0.0) + moment - self._began, 3)
        self._step, self._began = "", moment

    def count(self, **progress: Any) -> None:
        """Write down how far a batch says it is."""
        change(self._workspace, self._job, progress={**progress, "at": stamp()})

    def log(self, code: str, **params: Any) -> None:
        """Add a line to the log."""
        note(self._workspace, self._job.id, code, **params)
