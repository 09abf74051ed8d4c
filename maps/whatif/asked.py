"""Steps as a page or a program asks for them, made whole and held against the rules of scenario files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request

from geoplan.errors import PlanError
from layers.scenariofile import RetrofitStep, Scenario, Step, parse_scenario

MOST_STEPS = 40
MOST_BYTES = 128 * 1024


def body() -> dict[str, Any]:
    """The JSON object of the request; PlanError for anything else, 413 for one that is too large."""
    request.max_content_length = MOST_BYTES
    data = request.get_json(force=True, silent=True)
    if not isinstance(data, dict):
        raise PlanError("a JSON object is expected, such as {'stage': 'primary', 'steps': []}")
    return data


def quick_scenario(data: Mapping[str, Any], stage: str) -> Scenario:
    """Steps to be tried; works on streets are carried along and not counted, see `counted`.

    Parameters
    ----------
    data
        ``steps``: a list of steps as scenario files have them. A new school without an ``id`` is called ``new-<n>``,
        one without a ``stage`` is of the stage looked at.

    Raises
    ------
    PlanError
        Too many steps.
    InputError
        Every fault of every step.
    """
    steps = _listed(data)
    return parse_scenario({"name": "what-if", "steps": _whole(steps, stage)}, "what-if")


def counted(scenario: Scenario) -> tuple[Scenario, tuple[Step, ...]]:
    """The steps a what-if counts, and those only a full run does: works on streets."""
    slow = tuple(step for step in scenario.steps if isinstance(step, RetrofitStep))
    steps = tuple(step for step in scenario.steps if not isinstance(step, RetrofitStep))
    return scenario.model_copy(update={"steps": steps}), slow


def year_of_body(data: Mapping[str, Any], years: tuple[int, ...]) -> int | None:
    """The later year asked about, None for the base year; PlanError for one the plan does not count."""
    year = data.get("year")
    if year is None:
        return None
    if not isinstance(year, int) or isinstance(year, bool) or year not in years:
        raise PlanError(f"year={str(year)[:12]}: one of {', '.join(map(str, years)) or 'no later year'} is expected")
    return year


def named_scenario(data: Mapping[str, Any], before: Scenario, stage: str) -> Scenario:
    """A scenario to save: name, titles and steps of the request, after the steps of the run it was tried on.

    Raises
    ------
    InputError
        A name that cannot be the name of a file, and every fault of every step.
    PlanError
        Too many steps, or none.
    """
    steps = _listed(data)
    if not steps:
        raise PlanError("a scenario without steps changes nothing: add a step before saving")
    head = {key: data[key] for key in ("name", "title", "title_zh", "note") if data.get(key) is not None}
    given = parse_scenario({**head, "steps": _whole(steps, stage)}, str(data.get("name") or "scenario")[:64])
    return given.model_copy(update={"steps": (*before.steps, *given.steps)})


def _listed(data: Mapping[str, Any]) -> list[Any]:
    steps = data.get("steps", [])
    if not isinstance(steps, list):
        raise PlanError("steps: a list of steps is expected")
    if len(steps) > MOST_STEPS:
        raise PlanError(f"{len(steps)} steps: at most {MOST_STEPS} are tried at once; save a scenario and run it")
    return steps


def _whole(steps: list[Any], stage: str) -> list[Any]:
    made = []
    for number, step in enumerate(steps, start=1):
        opens = isinstance(step, dict) and step.get("action") == "open"
        made.append({"id": f"new-{number}", "stage": stage, **step} if opens else step)
    return made
