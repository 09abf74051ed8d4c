"""How far a job is and how long it will take, from how long the steps took before; never invented."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from geoplan.errors import PlanError
from geoplan.store import list_runs
from maps.jobs.records import DONE, RUNNING, Job, listed

SHORT_S = 0.5  # finished steps shorter than this together say nothing about the pace of this machine today


@dataclass(frozen=True)
class Measured:
    """``share`` 0 to 1 and seconds left; None where nothing was measured."""

    share: float | None = None
    eta_s: float | None = None


def expected(workspace: Path, job: Job) -> dict[str, float]:
    """Seconds of every step as measured before: of the latest such job that was done, else of the plan's latest run.

    A run keeps the times of its computing, not of reading and drawing, so a job like this one knows better.
    """
    if job.kind != "run" or job.plan_id is None:
        return {}
    for earlier in listed(workspace, states=[DONE], kind=job.kind, plan_id=job.plan_id):
        if earlier.params.get("only") == job.params.get("only") and earlier.timings:
            return dict(earlier.timings)
    return _of_runs(workspace / job.plan_id, job)


def _of_runs(folder: Path, job: Job) -> dict[str, float]:
    """Times of the newest run that computed the same parts."""
    for run in list_runs(folder):
        try:
            manifest = json.loads((run.path / "manifest.json").read_text(encoding="utf-8"))
            seconds = {str(step): float(took) for step, took in manifest["timings"]["seconds"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError, PlanError):
            continue
        parts = {"coverage", *({"safety", "siting"} & set(seconds))}
        if seconds and parts == {"coverage", *job.params.get("only", ())}:
            return seconds
    return {}


def measured(job: Job, moment: datetime) -> Measured:
    """Share and time left of a job at a moment."""
    if job.state == DONE:
        return Measured(1.0, 0.0)
    if job.state != RUNNING:
        return Measured()
    return _told(job, moment) if job.kind == "batch" else _by_steps(job, moment)


def _told(job: Job, moment: datetime) -> Measured:
    """A batch counts itself; its time left goes down between two counts."""
    share, eta_s, at = (job.progress.get(key) for key in ("share", "eta_s", "at"))
    if eta_s is not None and at is not None:
        eta_s = max(0.0, eta_s - (moment - datetime.fromisoformat(at)).total_seconds())
    return Measured(share, eta_s)


def _by_steps(job: Job, moment: datetime) -> Measured:
    """Finished steps count whole, the one under way up to what it took before; paced by the finished ones."""
    total = sum(job.expected.values())
    if total <= 0:
        return Measured()
    done = sum(seconds for step, seconds in job.expected.items() if step in job.timings)
    pace = _pace(job.expected, job.timings)
    if job.stage and job.stage in job.expected and job.stage not in job.timings and job.stage_at:
        spent = (moment - datetime.fromisoformat(job.stage_at)).total_seconds() / pace
        done += max(0.0, min(spent, job.expected[job.stage]))
    return Measured(min(done / total, 0.99), max(0.0, total - done) * pace)


def _pace(before: Mapping[str, float], now: Mapping[str, float]) -> float:
    """How many times longer the steps take now."""
    both = [step for step in before if step in now]
    earlier, later = (sum(times[step] for step in both) for times in (before, now))
    return later / earlier if earlier >= SHORT_S and later > 0 else 1.0
