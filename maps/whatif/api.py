"""The API of what-ifs: steps tried on a run, and scenarios saved beside the plan."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import PreconditionRequired

from geoplan.errors import PlanError
from layers.scenariofile import Scenario, plain_step
from maps import story, workspace
from maps.api import RUN, find
from maps.layerfiles import plain
from maps.people import audit, needs, person
from maps.state import request_language, workspace_folder
from maps.whatif import saved
from maps.whatif.answer import whatif_answer
from maps.whatif.asked import body, named_scenario, quick_scenario, year_of_body
from maps.whatif.bases import later_years, scenario_of_run, started
from maps.whatif.turns import turn

HEAD = ("name", "title", "title_zh")

whatif_api = Blueprint("whatif_api", __name__, url_prefix="/api/v1")


@whatif_api.post(f"{RUN}/whatif")
@needs("viewer", quiet=True)
def try_steps(plan_id: str, run_id: str) -> Response:
    """What ``steps`` change for a ``stage`` in a ``year``: accounts, homes and schools before and after.

    Without a year the base year is looked at. Nothing is kept. 503 with ``Retry-After`` where others are at it.
    """
    path, run = find(plan_id, run_id)
    data = body()
    stage = str(data.get("stage") or story.first_stage(run))
    story.stage_summary(run, stage)
    scenario = quick_scenario(data, stage)
    with turn():
        base = started(path).base.situation.outlook.base_year
        year = None if data.get("year") in (None, base) else year_of_body(data, later_years(path))
        answer = whatif_answer(path, scenario, stage, request_language(), year=year)
    response = jsonify(plain({"run_id": run.run_id, **answer}))
    response.headers["Cache-Control"] = "no-store"
    return response


@whatif_api.get("/plans/<plan_id>/scenarios")
def scenarios(plan_id: str) -> Response:
    """Scenario files of a plan: name, titles, number of steps, the runs made with it."""
    plan = workspace.find_plan(workspace_folder(), plan_id)
    return jsonify(saved.listed(plan))


@whatif_api.get("/plans/<plan_id>/scenarios/<name>")
def scenario(plan_id: str, name: str) -> Response:
    """One scenario with its steps; the ETag is that of what the file says."""
    plan = workspace.find_plan(workspace_folder(), plan_id)
    return _told(saved.opened(plan.folder, name))


@whatif_api.post("/plans/<plan_id>/scenarios")
@needs("planner")
def save_scenario(plan_id: str) -> tuple[Response, int]:
    """Save ``name, title, steps`` as a scenario; ``run`` names the run they were tried on, whose steps come first.

    A file of that name with other steps is a conflict unless ``If-Match`` holds its ETag.
    """
    plan = workspace.find_plan(workspace_folder(), plan_id)
    data = body()
    before, stage = Scenario(name="base"), ""
    if data.get("run"):
        _, run = find(plan_id, str(data["run"]))
        before, stage = scenario_of_run(run.manifest), story.first_stage(run)
    given = named_scenario(data, before, str(data.get("stage") or stage or "primary"))
    try:
        kept, fresh = saved.save(plan.folder, given, _matching(), person=person().name)
    except saved.ChangedError as error:
        return _conflict(error)
    audit("change", plan_id, scenario=given.name, steps=len(given.steps))
    return _told(kept), 201 if fresh else 200


@whatif_api.patch("/plans/<plan_id>/scenarios/<name>")
@needs("planner")
def rename_scenario(plan_id: str, name: str) -> tuple[Response, int]:
    """Give a scenario another ``name``, ``title`` or ``title_zh``; ``If-Match`` names the one that was read."""
    plan = workspace.find_plan(workspace_folder(), plan_id)
    head = {key: str(value) for key, value in body().items() if key in HEAD and value is not None}
    if not head:
        raise PlanError(f"{', '.join(HEAD)}: at least one of them is expected")
    try:
        kept = saved.renamed(plan.folder, name, head, _required(), person=person().name)
    except saved.ChangedError as error:
        return _conflict(error)
    audit("change", plan_id, scenario=kept.scenario.name, before=name)
    return _told(kept), 200


@whatif_api.delete("/plans/<plan_id>/scenarios/<name>")
@needs("planner")
def remove_scenario(plan_id: str, name: str) -> tuple[Response, int]:
    """Take a scenario away; ``If-Match`` names the one that was read. Runs made with it stay as they are."""
    plan = workspace.find_plan(workspace_folder(), plan_id)
    try:
        kept = saved.removed(plan.folder, name, _required())
    except saved.ChangedError as error:
        return _conflict(error)
    audit("change", plan_id, scenario=name, removed=len(kept.scenario.steps))
    return Response(status=204), 204


def _conflict(error: saved.ChangedError) -> tuple[Response, int]:
    """A problem document that names who saved the other content, and when."""
    status = 412 if request.if_match else 409
    now = error.now
    other = None if now is None else {"person": now.person, "at": now.at, "etag": now.etag}
    problem = {
        "type": "about:blank",
        "title": "Precondition Failed" if status == 412 else "Conflict",
        "status": status,
        "detail": str(error),
        "instance": request.path,
        "conflict": {"scenario": error.name, "stale": error.stale, "now": other},
    }
    answer = jsonify(problem)
    answer.mimetype = "application/problem+json"
    return answer, status


def _required() -> frozenset[str]:
    found = _matching()
    if found is None:
        raise PreconditionRequired("If-Match: the ETag of the scenario you read is expected")
    return found


def _matching() -> frozenset[str] | None:
    if not request.if_match:
        return None
    if request.if_match.star_tag:
        raise PlanError("If-Match: the ETag of the scenario is expected, not *")
    return frozenset(request.if_match)


def _told(kept: saved.Kept) -> Response:
    head: dict[str, Any] = kept.scenario.model_dump(mode="json", exclude={"steps"})
    response = jsonify({**head, "steps": [plain_step(step) for step in kept.scenario.steps]})
    response.set_etag(kept.etag)
    response.headers["Cache-Control"] = "no-cache"
    return response
