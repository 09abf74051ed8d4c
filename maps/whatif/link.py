"""Steps in an address: few letters a step, as UTF-8 JSON in base64url; ``whatif.js`` writes the same."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Any

from geoplan.errors import PlanError
from layers.scenariofile import OpenStep, Step, step_sizes

LONGEST = 12_000  # characters
BROKEN = "the steps in this link cannot be read"


def unpacked(text: str) -> list[dict[str, Any]]:
    """The steps of a link, as scenario files have them; PlanError where they cannot be read."""
    if len(text) > LONGEST:
        raise PlanError(BROKEN)
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        listed = json.loads(raw)
        return [_step(*one) for one in listed]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, binascii.Error):
        raise PlanError(BROKEN) from None


def _step(kind: str, *rest: Any) -> dict[str, Any]:
    if kind == "c":
        return {"action": "close", "school_id": str(rest[0])}
    if kind == "r":
        school, stage, places = rest
        return {"action": "resize", "school_id": str(school), "stage": str(stage), "places": places}
    if kind == "o":
        name, stage, lon, lat, sizes, title = rest
        places = {f"places_{one}": count for one, count in sizes.items()}
        return {"action": "open", "id": str(name), "stage": stage, "lon": lon, "lat": lat, **places, "name": title}
    if kind == "s":  # a whole step as scenario files have it
        return dict(rest[0])
    raise ValueError(kind)


def packed(steps: Sequence[Step], plain: Sequence[dict[str, Any]]) -> str:
    """Steps as a link holds them; ``plain`` are the same as scenario files have them."""
    short = [_short(step, one) for step, one in zip(steps, plain, strict=True)]
    raw = json.dumps(short, ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _short(step: Step, plain: dict[str, Any]) -> list[Any]:
    if plain.keys() == {"action", "school_id"} and plain["action"] == "close":
        return ["c", plain["school_id"]]
    if plain.keys() == {"action", "school_id", "stage", "places"}:
        return ["r", plain["school_id"], plain["stage"], plain["places"]]
    if isinstance(step, OpenStep) and step.lon is not None and not {"site_id", "year"} & plain.keys():
        sizes = {stage: count for stage, size, count in step_sizes(step) if size == "places"}
        own = {f"places_{stage}" for stage in sizes} | {"action", "id", "stage", "lon", "lat", "name"}
        if plain.keys() <= own:
            return ["o", step.id, step.stage, step.lon, step.lat, sizes, step.name]
    return ["s", plain]
