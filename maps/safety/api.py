"""The API of route safety: vector tiles, one element, the routes of one home, the checklist of one school."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Blueprint, Response, jsonify, request
from werkzeug.wrappers import Response as AnyResponse

from geoplan.errors import NotFoundError, PlanError
from maps import layerfiles, scene
from maps.api import RUN, answer_tile, check_tile, degrees, find, stage_asked
from maps.safety import drawing, elements, facts, rows
from maps.safety.routes import route_at
from maps.state import request_language
from maps.tiles import tile_canvas
from maps.workspace import kept

safety_api = Blueprint("safety_api", __name__, url_prefix="/api/v1")

MOST_M = 1000.0


@safety_api.get(f"{RUN}/tiles/<name>/<int:z>/<int:x>/<int:y>.pbf")
def vector_tile(plan_id: str, run_id: str, name: str, z: int, x: int, y: int) -> AnyResponse:
    """A vector tile of streets or crossings: levels, pupils a day; an empty answer where there is nothing."""
    path, _ = find(plan_id, run_id)
    check_tile(z, x, y)

    def make() -> bytes:
        shown, file = scene.open_scene(path), kept(path, "vectors") / name / str(z) / str(x) / f"{y}.pbf"
        if not scene.shows(shown, tile_canvas(z, x, y)):
            return b""
        cut = partial(drawing.tile, shown, name, (z, x, y))
        return scene.cached(file, cut) if z <= scene.KEPT_ZOOM else cut()

    drawing.known_layer(name)
    return answer_tile(path, run_id, (name, "pbf", z, x, y), "application/vnd.mapbox-vector-tile", make)


@safety_api.get(f"{RUN}/elements/<name>/<int:row>")
def element(plan_id: str, run_id: str, name: str, row: int) -> Response:
    """A street or crossing by its row number, which is the feature's id in vector tiles."""
    _, run = find(plan_id, run_id)
    return jsonify(layerfiles.plain(elements.element(run, name, row, request_language())))


@safety_api.get(f"{RUN}/elements")
def nearest_element(plan_id: str, run_id: str) -> Response:
    """The nearest crossing, else street, within ``within_m`` metres of ``lon, lat``; ``row`` is null without one."""
    _, run = find(plan_id, run_id)
    lon, lat = degrees("lon", 180), degrees("lat", 85.06)
    found = elements.near(run, lon, lat, _within_m())
    answer: dict[str, Any] = {"row": None}
    if found:
        answer = elements.element(run, *found, request_language())
    return jsonify(layerfiles.plain(answer))


def _within_m() -> float:
    text = request.args.get("within_m", "20")
    try:
        within_m = float(text)
    except ValueError:
        within_m = -1.0
    if not 0 <= within_m <= MOST_M:
        raise PlanError(f"within_m={text[:40]!r}: metres between 0 and {MOST_M:g} are expected")
    return within_m


@safety_api.get(f"{RUN}/route")
def route(plan_id: str, run_id: str) -> Response:
    """Both routes of the home at ``lon, lat`` to its school of the ``stage``: lines, lengths, verdicts, the worst."""
    path, run = find(plan_id, run_id)
    place = degrees("lon", 180), degrees("lat", 85.06)
    if not facts.routes_known(run):
        raise NotFoundError("routes not computed: this run holds no streets with levels")
    return jsonify(layerfiles.plain(route_at(path, *place, stage_asked(run), request_language())))


@safety_api.get(f"{RUN}/gates/<school_id>")
def gates(plan_id: str, run_id: str, school_id: str) -> Response:
    """The traffic checklist of a school's gates: item, answer, evidence, in words."""
    _, run = find(plan_id, run_id)
    schools = run.tables.get("schools")
    if schools is None or school_id not in set(schools["id"]):
        raise NotFoundError(f"the run has no school {school_id!r}")
    checked = rows.gate_card(run, school_id, request_language())
    items = [{"item": item, "answer": answer, "evidence": evidence} for item, answer, evidence in checked]
    return jsonify({"school_id": school_id, "items": items})
