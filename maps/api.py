"""The API under ``/api/v1``: plans, runs, layers, one cell by place, tiles."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from geoplan import __version__
from geoplan.errors import NotFoundError, PlanError
from geoplan.run import Run
from maps import documents, layerfiles, rowfiles, scene, story, style, tables, tiles, workspace
from maps.counts import whole
from maps.people import visible
from maps.safety import drawing
from maps.safety.facts import LAYERS
from maps.siting.facts import year_of
from maps.state import request_language, workspace_folder
from maps.workspace import LATEST, kept

api = Blueprint("api", __name__, url_prefix="/api/v1")

RUN = "/plans/<plan_id>/runs/<run_id>"
MAX_ZOOM = 20  # pages go to 19
FOREVER = "private, max-age=31536000, immutable"


@api.get("/plans")
def plans() -> Response:
    """Every plan of the workspace with its runs."""
    return jsonify([workspace.as_data(plan) for plan in visible(workspace.list_plans(workspace_folder()))])


@api.get("/plans/<plan_id>")
def plan(plan_id: str) -> Response:
    """One plan with its runs."""
    return jsonify(workspace.as_data(workspace.find_plan(workspace_folder(), plan_id)))


@api.get("/plans/<plan_id>/runs")
def runs(plan_id: str) -> Response:
    """The runs of a plan, newest first."""
    found = workspace.find_plan(workspace_folder(), plan_id)
    return jsonify([workspace.run_data(run) for run in found.runs])


@api.get(RUN)
def run_root(plan_id: str, run_id: str) -> Response:
    """One run: summary, manifest, the layers it holds. ``latest`` names the newest."""
    entry = workspace.find_run(workspace.find_plan(workspace_folder(), plan_id), run_id)
    run = workspace.open_run(entry.path)
    held = [{"name": name, "rows": len(run.tables[name])} for name in sorted(run.tables)]
    data = {**workspace.run_data(entry), "summary": run.summary, "manifest": run.manifest, "layers": held}
    return jsonify(layerfiles.plain(data))


def find(plan_id: str, run_id: str) -> tuple[Path, Run]:
    """The folder of a run and what is in it; NotFoundError when there is none."""
    path = workspace.run_path(workspace_folder(), plan_id, run_id)
    return path, workspace.open_run(path)


@api.get(f"{RUN}/layers/<name>.<ending>")
def layer(plan_id: str, run_id: str, name: str, ending: str) -> AnyResponse:
    """A table of a run in a format of :mod:`maps.rowfiles`; ``bbox``, ``limit`` and ``offset`` choose rows."""
    _, run = find(plan_id, run_id)
    if name not in run.tables:
        raise NotFoundError(f"the run has no layer {name!r}; it has {', '.join(sorted(run.tables))}")
    if ending not in rowfiles.WRITERS:
        raise NotFoundError(f"layers come as {', '.join(rowfiles.WRITERS)}, not as {ending!r}")
    table = run.tables[name]
    chosen = layerfiles.rows_inside(table, layerfiles.parse_bbox(request.args.get("bbox")))
    limit, offset = whole("limit", None), whole("offset", 0)
    mimetype, write = rowfiles.WRITERS[ending]
    page = layerfiles.page_of(chosen, limit, offset)
    response = Response(write(page, name, request_language()), mimetype=mimetype)
    response.headers["X-Total-Count"] = str(len(chosen))
    for rel, first in layerfiles.neighbours(len(chosen), limit, offset).items():
        response.headers.add("Link", f'<{address_with(run_id=run.run_id, offset=first)}>; rel="{rel}"')
    if ending != "geojson":
        file = f"{plan_id}-{run.run_id}-{name}.{ending}"
        response.headers["Content-Disposition"] = f'attachment; filename="{file}"'
    return response


def address_with(**changes: Any) -> str:
    """The address of the request with some of it changed: parts of the path by their name, else of the query."""
    places = request.view_args or {}
    query = request.args.to_dict() | {name: value for name, value in changes.items() if name not in places}
    path = url_for(str(request.endpoint), **{name: changes.get(name, value) for name, value in places.items()})
    return f"{path}?{urlencode(query)}" if query else path


@api.get(f"{RUN}/export.gpkg")
def gpkg(plan_id: str, run_id: str) -> AnyResponse:
    """The whole run as one GeoPackage with QGIS styles; 202 with its job where it is not made yet."""
    path, run = find(plan_id, run_id)
    return documents.answer(path, run, "gpkg")


@api.get(f"{RUN}/proposal.<ending>")
def proposal(plan_id: str, run_id: str, ending: str) -> AnyResponse:
    """The siting proposal as ``docx``, ``pdf`` or ``xlsx``; 202 with its job where it is not made yet."""
    path, run = find(plan_id, run_id)
    if ending not in documents.PROPOSALS:
        raise NotFoundError(f"the proposal comes as {', '.join(documents.PROPOSALS)}, not as {ending!r}")
    return documents.answer(path, run, ending)


@api.get(f"{RUN}/cell")
def cell(plan_id: str, run_id: str) -> Response:
    """The cell at ``lon, lat``: residents, pupils, school, walk, status, as values and as labelled rows; with
    ``year`` also its pupils of that year and those of them without a place in reach.

    ``cell_id`` is null where nobody is counted.
    """
    path, run = find(plan_id, run_id)
    stage = stage_asked(run)
    lon, lat = degrees("lon", 180), degrees("lat", 85.06)
    year = year_asked(run, stage) if "year" in request.args else None
    row = tiles.cell_at(scene.open_scene(path).raster, *scene.TO_MERCATOR.transform(lon, lat))
    if row is None:
        return jsonify({"cell_id": None, "lon": lon, "lat": lat, "card": None})
    return jsonify(layerfiles.plain(tables.cell_card(run, row, stage, request_language(), year=year)))


def stage_asked(run: Run) -> str:
    """The stage of the request, else the first; NotFoundError when the run does not hold it."""
    stage = request.args.get("stage", story.first_stage(run))
    story.stage_summary(run, stage)
    return stage


def year_asked(run: Run, stage: str) -> int:
    """The year of the request, else the worst one; NotFoundError when the run does not count it."""
    text = request.args.get("year")
    if text is not None and not (text.isascii() and text.isdigit() and len(text) == 4):
        raise PlanError(f"year={text!r}: a year of four digits is expected")
    return year_of(run, stage, None if text is None else int(text))


def degrees(name: str, most: float) -> float:
    """A coordinate of the request; PlanError when it is none."""
    value = request.args.get(name, type=float)
    if value is None or not abs(value) <= most:
        raise PlanError(f"{name}: degrees between -{most:g} and {most:g} are expected")
    return value


@api.get(f"{RUN}/tiles/<name>/<int:z>/<int:x>/<int:y>.png")
def tile(plan_id: str, run_id: str, name: str, z: int, x: int, y: int) -> AnyResponse:
    """A tile of a cell layer (``stage=…``; ``need`` with ``year=…``), of streets or crossings, or of the base map."""
    path, run = find(plan_id, run_id)
    check_tile(z, x, y)
    at = (z, x, y)
    stage = stage_asked(run) if name in (*style.PER_STAGE, style.NEED, style.PROPOSED) else ""
    year = year_asked(run, stage) if name == style.NEED else None

    def make() -> bytes:
        shown, file = scene.open_scene(path), kept(path, "tiles") / name / str(z) / str(x) / f"{y}.png"
        if name == "base":
            return scene.kept_tile(shown, name, at, file, lambda: scene.base_png(shown, tiles.tile_canvas(z, x, y)))
        if name in LAYERS:
            return scene.kept_tile(shown, name, at, file, lambda: drawing.picture(shown, name, at))
        return scene.layer_png(shown, name, stage, tiles.tile_canvas(z, x, y), year=year)

    return answer_tile(path, run_id, (name, stage, year or "", z, x, y), "image/png", make)


def check_tile(z: int, x: int, y: int) -> None:
    """NotFoundError for a tile that is not in the world."""
    if z > MAX_ZOOM or x >= 2**z or y >= 2**z:
        raise NotFoundError(f"there is no tile {z}/{x}/{y}")


def answer_tile(
    path: Path, run_id: str, key: tuple[str | int, ...], mimetype: str, make: Callable[[], bytes]
) -> AnyResponse:
    """A tile, or 304 for whoever has it; made only when it is sent."""
    response = Response(mimetype=mimetype)
    response.set_etag("-".join((path.name, __version__, *map(str, key))))
    response.headers["Cache-Control"] = "no-cache" if run_id == LATEST else FOREVER
    if request.if_none_match.contains(response.get_etag()[0] or ""):
        response.status_code = 304
    else:
        response.data = make()
    return response


@api.get("/")
def index() -> dict[str, Any]:
    """Where things are."""
    return {"version": __version__, "plans": "/api/v1/plans", "openapi": "/api/v1/openapi.json"}
