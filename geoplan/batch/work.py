"""One plan of a batch, computed in a process of its own; what comes back is small."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from pkgutil import resolve_name
from typing import Any, Literal

from geoplan.errors import PlanError
from geoplan.plan import make_run, read_layers
from geoplan.run import Run
from geoplan.store import sweep, write_run
from geoplan.store.runs import RUNS
from layers.errors import Fault, InputError
from layers.planfile import plan_language, read_plan

Render = Callable[[Run, str], bytes]
State = Literal["done", "data", "request", "failed"]


@dataclass(frozen=True)
class Task:
    """What a worker needs; every part can be sent to another process.

    Parameters
    ----------
    key, folder
        The plan.
    out
        The folder to hold ``runs/``.
    parts
        What to compute.
    language
        Language of ``map.html``; the plan's own when None.
    render
        ``module:function`` that makes ``map.html`` from a run and a language, found by its name in every process;
        None for no map.
    inside
        Whether every file the plan names must lie in its folder, for plans written by people who may not read the
        whole disk.
    """

    key: str
    folder: Path
    out: Path
    parts: tuple[str, ...]
    language: str | None = None
    render: str | None = None
    inside: bool = False


@dataclass(frozen=True)
class Outcome:
    """What became of a plan.

    Parameters
    ----------
    state
        ``done``; ``data``: its data cannot be used; ``request``: what was asked cannot be done; ``failed``: our bug,
        or the process was ended.
    run_id, run
        The run and its folder, where there is one.
    faults
        Faults of the data as :func:`told` gives them.
    message
        Why there is no run, where it is not the data.
    seconds
        How long the plan took; never part of a result.
    """

    key: str
    state: State
    run_id: str = ""
    run: Path | None = None
    faults: tuple[Mapping[str, Any], ...] = ()
    message: str = ""
    seconds: float = 0.0


def compute(task: Task) -> Outcome:
    """Read, compute and write one plan; whatever goes wrong with it is told, never raised."""
    began = time.perf_counter()
    found = partial(Outcome, task.key)
    try:
        path = _run(task)
    except InputError as error:
        return found("data", faults=tuple(told(fault) for fault in error.faults), seconds=_since(began))
    except PlanError as error:
        return found("request", message=str(error), seconds=_since(began))
    except Exception as error:
        return found("failed", message=_bug(error), seconds=_since(began))
    return found("done", run_id=path.name, run=path, seconds=_since(began))


def _run(task: Task) -> Path:
    if task.inside:
        read_plan(task.folder, inside=task.folder)
    layers = read_layers(task.folder)
    run = make_run(layers, parts=task.parts, cache=layers.plan.root / "cache")
    language = task.language or plan_language(task.folder)
    draw = None if task.render is None else partial(_drawn, resolve_name(task.render), language)
    sweep(task.out / RUNS)
    return write_run(run, task.out, render=draw)


def _drawn(render: Render, language: str, run: Run) -> bytes:
    return render(run, language)


def _since(began: float) -> float:
    return round(time.perf_counter() - began, 3)


def _bug(error: Exception) -> str:
    """The error and where it was raised."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({Path(last.filename).name}, line {last.lineno})"


def told(fault: Fault) -> dict[str, Any]:
    """A fault as plain data in both languages."""
    place = {"code": fault.code, "severity": fault.severity, "file": fault.file, "row": fault.row}
    words = {
        f"{part}_{language}": getattr(fault, part)(language)
        for part in ("message", "remedy")
        for language in ("en", "zh")
    }
    return {**place, "column": fault.column, "value": fault.value, **words}
