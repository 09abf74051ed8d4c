"""Settings of a plan for programs: read with their ETag, put back whole, refused where somebody else was quicker."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import PreconditionRequired

from geoplan.errors import NotFoundError, PlanError
from layers.errors import InputError
from maps.edit import kept
from maps.edit.change import Data, apart, changeable, said, store
from maps.edit.checked import faults_of
from maps.edit.difference import both, changes
from maps.edit.document import rewritten
from maps.edit.kept import ChangedError, Version
from maps.layerfiles import plain
from maps.people import needs
from maps.state import request_language
from maps.workspace import PlanEntry

settings_api = Blueprint("settings_api", __name__, url_prefix="/api/v1")

MOST_BYTES = 1024 * 1024
BODY = "a JSON object with 'settings' (sections with their keys) or 'toml' (the text of plan.toml) is expected"


@settings_api.get("/plans/<plan_id>/settings")
@needs("planner")
def settings(plan_id: str) -> Response:
    """What plan.toml says, as data and as text, with its faults; the ETag is that of its content."""
    return _told(changeable(plan_id))


@settings_api.put("/plans/<plan_id>/settings")
@needs("planner", quiet=True)
def put_settings(plan_id: str) -> Response:
    """Put ``settings`` or ``toml`` in the place of the version that ``If-Match`` names; ``check=1`` only looks.

    Every fault is listed at once (422). Another version than the one named is a conflict (412), with who saved it,
    when, and both values of every setting that differs.
    """
    plan = changeable(plan_id)
    before = kept.read_text(plan.folder)
    text = _asked(before)
    if faults := faults_of(text, plan.folder):
        raise InputError(faults)
    if request.args.get("check") not in (None, "", "0"):
        return jsonify({"saved": False, "changes": _changes(said(before), said(text))})
    if not request.if_match or request.if_match.star_tag:
        raise PreconditionRequired("If-Match: the ETag of the settings you read is expected")
    now = kept.current(plan.folder)
    if now.etag not in request.if_match:
        return _conflict(plan, text, now)
    try:
        store(plan, before, text, over=now.etag)
    except ChangedError as error:
        return _conflict(plan, text, error.now)
    return _told(plan)


def _asked(before: str) -> str:
    """The text asked for; settings are written into the text there is, so that its comments stay."""
    request.max_content_length = MOST_BYTES
    data = request.get_json(force=True, silent=True)
    if not isinstance(data, dict) or set(data) not in ({"settings"}, {"toml"}):
        raise PlanError(BODY)
    if "toml" in data:
        if not isinstance(data["toml"], str):
            raise PlanError(BODY)
        return kept.plain_lines(data["toml"])
    if not isinstance(data["settings"], dict):
        raise PlanError(BODY)
    return rewritten(before if said(before) else "", _present(data["settings"]))[0]


def _present(value: Any) -> Any:
    """Without nulls: TOML has none, a setting that is null is absent."""
    if isinstance(value, dict):
        return {key: _present(held) for key, held in value.items() if held is not None}
    return [_present(one) for one in value if one is not None] if isinstance(value, list) else value


def _told(plan: PlanEntry) -> Response:
    text = kept.read_text(plan.folder)
    now, language = kept.current(plan.folder), request_language()
    faults = [fault.as_dict(language) for fault in faults_of(text, plan.folder)]
    answer = jsonify(
        plain({"settings": said(text), "toml": text, "saved": _version(now), "faults": faults}),
    )
    answer.set_etag(now.etag)
    answer.headers["Cache-Control"] = "no-cache"
    return answer


def _version(version: Version) -> dict[str, Any]:
    return {"at": version.at, "person": version.person, "version": version.etag}


def _changes(before: Data, after: Data) -> list[dict[str, Any]]:
    found = changes(before, after)
    rows: list[dict[str, Any]] = plain([{"key": apart(one.path), "old": one.old, "new": one.new} for one in found])
    return rows


def _conflict(plan: PlanEntry, text: str, now: Version) -> Response:
    """A problem document that names who, when, and what differs; ``before`` where that version was kept."""
    was, there = _before(plan), said(kept.read_text(plan.folder))
    pairs = both(changes(was, said(text)), changes(was, there)) if was is not None else ()
    found = [
        {"key": apart(one.path), "before": one.old, "yours": one.new, "theirs": other.new}
        for one, other in pairs
        if other is not None
    ]
    if was is None:
        found = [{"key": apart(one.path), "yours": one.new, "theirs": one.old} for one in changes(there, said(text))]
    problem = {
        "type": "about:blank",
        "title": "Precondition Failed",
        "status": 412,
        "detail": str(ChangedError(now)),
        "instance": request.path,
        "conflict": {**_version(now), "changes": found},
    }
    answer = jsonify(plain(problem))
    answer.status_code, answer.mimetype = 412, "application/problem+json"
    answer.set_etag(now.etag)
    return answer


def _before(plan: PlanEntry) -> Data | None:
    """What the version said that the request names; None where it was not kept."""
    for version in kept.versions(plan.folder):
        if version.etag in request.if_match:
            try:
                return said(kept.version_text(plan.folder, version.name))
            except NotFoundError:
                return None
    return None
