"""The API of new places: one candidate with its siting checks."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from maps import layerfiles
from maps.api import RUN, find
from maps.siting import drawing
from maps.state import request_language

siting_api = Blueprint("siting_api", __name__, url_prefix="/api/v1")


@siting_api.get(f"{RUN}/candidates/<path:site_id>")
def candidate(plan_id: str, run_id: str, site_id: str) -> Response:
    """A candidate site: kind, land, verdict, and its siting checks in words."""
    _, run = find(plan_id, run_id)
    return jsonify(layerfiles.plain(drawing.candidate(run, site_id, request_language())))
