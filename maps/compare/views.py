"""The page and the API of comparisons."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from geoplan.compare import difference, sentence, with_all_cells
from geoplan.errors import NotFoundError, PlanError
from maps import assets, layerfiles, rowfiles, scene, story, style, tiles, workspace
from maps.api import answer_tile, check_tile, stage_asked
from maps.compare.actions import actions, plan_costs
from maps.compare.alternatives import LETTERS, Alternative, alternative, scene_of
from maps.compare.beside import compared
from maps.compare.page import context
from maps.language import day
from maps.state import language_links, read_state, request_language, workspace_folder

pages = Blueprint("compare", __name__)
compare_api = Blueprint("compare_api", __name__, url_prefix="/api/v1")

FEWEST = 2
NO_PAGE = {"asked": {}, "lead": "", "figures": ()}


@pages.get("/plans/<plan_id>/compare")
def compare_page(plan_id: str) -> str:
    """Alternatives ``a``, ``b`` (``c``, ``d``) side by side."""
    state = read_state(plan_id)
    return render_template(
        "compare.html",
        state=state,
        title=story.local_text(state.plan.texts, "title", state.language),
        notice=story.local_text(state.run.summary, "notice", state.language),
        languages=language_links(),
        lacking=assets.remedy(),
        created=day(state.entry.created, state.language),
        **{**NO_PAGE, **context(state)},
    )


@compare_api.get("/plans/<plan_id>/compare")
def compare_runs(plan_id: str) -> Response:
    """The same as numbers: alternatives with their actions and cost, rows of figures, schools, cells, findings."""
    language = request_language()
    plan = workspace.find_plan(workspace_folder(), plan_id)
    found = _asked(plan_id)
    told = compared([one.run for one in found])
    costs = plan_costs(plan)
    sides = []
    for one, head in zip(found, told["runs"], strict=True):
        done = actions(one, found[0], costs, language)
        listed = [{"text": row.text, "counted": not row.uncounted} for row in done.rows]
        own = {"letter": one.letter, "spec": one.spec, "run_id": None if one.whatif else one.run.run_id}
        sides.append({**head, **own, "steps": listed, "cost": done.cost, "cost_assumed": done.assumed})
    said = [{**finding, "text": sentence(finding, language)} for finding in told["findings"]]
    response = jsonify(layerfiles.plain({**told, "runs": sides, "findings": said}))
    response.headers["Cache-Control"] = "no-cache"
    return response


@compare_api.get("/plans/<plan_id>/compare/difference.<ending>")
def difference_file(plan_id: str, ending: str) -> AnyResponse:
    """The homes that change from ``a`` to ``b`` in any stage, in a format of :mod:`maps.rowfiles`."""
    if ending not in rowfiles.WRITERS:
        raise NotFoundError(f"the difference comes as {', '.join(rowfiles.WRITERS)}, not as {ending!r}")
    first, other = _asked(plan_id)[:2]
    told = compared([first.run, other.run])
    runs = with_all_cells([first.run, other.run])
    table = difference(runs[0], runs[1], told["stages"])
    mimetype, write = rowfiles.WRITERS[ending]
    response = Response(write(table, "difference", request_language()), mimetype=mimetype)
    name = f"{plan_id}-difference-{first.run.run_id}-{other.run.run_id}.{ending}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@compare_api.get("/plans/<plan_id>/compare/tiles/<name>/<int:z>/<int:x>/<int:y>.png")
def tile(plan_id: str, name: str, z: int, x: int, y: int) -> AnyResponse:
    """A tile of a cell layer of the alternative ``of``, as it is for runs."""
    plan = workspace.find_plan(workspace_folder(), plan_id)
    check_tile(z, x, y)
    if name not in style.CELL_LAYERS:
        raise NotFoundError(f"there is no layer {name!r}; there are {', '.join(style.CELL_LAYERS)}")
    found = alternative(plan, "of", request.args.get("of", ""), request.args.get("on", ""))
    stage = stage_asked(found.run)

    def make() -> bytes:
        return scene.layer_png(scene_of(found), name, stage, tiles.tile_canvas(z, x, y))

    return answer_tile(found.path, found.run.run_id, (found.run.run_id, name, stage, z, x, y), "image/png", make)


def _asked(plan_id: str) -> list[Alternative]:
    """The alternatives of the request; PlanError for fewer than two."""
    plan = workspace.find_plan(workspace_folder(), plan_id)
    given: dict[str, Any] = {letter: request.args.get(letter, "") for letter in LETTERS}
    found = [
        alternative(plan, letter, spec, request.args.get("on", "")) for letter, spec in given.items() if spec.strip()
    ]
    if len(found) < FEWEST:
        raise PlanError("a and b: two alternatives or more are expected, such as a=base&b=scenario:<name>")
    return found
