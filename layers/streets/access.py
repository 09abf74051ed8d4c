"""What a child may walk and a vehicle drive, from the tags of a way; the values live in ``access.toml``.

Walking: ``foot=`` decides where it is set; else ``access=``; else the class of the way. A private way (residents,
permit, customers ...) stays in the graph, marked: it may be used on the first and last leg only. ``highway=corridor``
(indoor) is never walked; footways under a roof or through a building are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from layers.streets.tables import Tags, table


class Access(NamedTuple):
    """Who may use a way, and in which direction vehicles run along it."""

    walk: bool
    private: bool
    drive_forward: bool
    drive_backward: bool

    @property
    def any(self) -> bool:
        """Whether the way is part of the graph at all."""
        return self.walk or self.drive_forward or self.drive_backward


def way_access(tags: Tags, *, ferries: bool = False) -> Access:
    """Access of one way; ``ferries`` lets children use ``route=ferry``.

    Examples
    --------
    >>> way_access({"highway": "residential", "oneway": "yes"})
    Access(walk=True, private=False, drive_forward=True, drive_backward=False)
    >>> way_access({"highway": "cycleway"}).walk
    False
    """
    foot = _foot(tags, ferries)
    forward, backward = _directions(tags) if _drivable(tags) else (False, False)
    return Access(foot != "no", foot == "private", forward, backward)


def has_sidewalk(tags: Tags) -> bool:
    """Whether the tags say there is a pavement on the way itself (one mapped as its own way does not count)."""
    rules = table("access")["sidewalk"]
    if tags.get("sidewalk") in rules["present"]:
        return True
    return any(tags.get(key) in (*rules["present"], "yes") for key in rules["keys"])


def is_tunnel(tags: Tags) -> bool:
    """Whether the way runs in a tunnel; a passage through a building is none."""
    return tags.get("tunnel") in table("access")["walk"]["tunnels"]


def shuts_feet(tags: Tags) -> str | None:
    """How a barrier node on a way treats feet: ``closed``, ``private`` or None when it lets everyone through.

    ``foot=no``, or ``access=no`` or ``locked=yes`` on a gate or the like, closes the way there. A bollard or lift
    gate with ``access=no`` is about vehicles. A private gate makes the pieces of way on both sides private.
    """
    rules = table("access")
    if "barrier" not in tags:
        return None
    found = _explicit(tags.get("foot"), rules["foot"])
    if found is None and tags["barrier"] in rules["gates"]["shut_by_access"]:
        found = _explicit(tags.get("access"), {"allowed": (), **rules["access"]})
        if found is None and tags.get("locked") == "yes":
            found = "no"
    return {"no": "closed", "private": "private"}.get(found or "")


def ferry_minutes(tags: Tags, length_m: float) -> float:
    """Minutes of a crossing: its ``duration`` (``HH:MM``, ``HH:MM:SS``, ``PT1H20M`` or minutes), else at 15 km/h."""
    stated = _duration(tags.get("duration", ""))
    if stated is not None:
        return stated
    return length_m / (float(table("access")["ferry"]["speed_kmh"]) * 1000.0 / 60.0)


def _foot(tags: Tags, ferries: bool) -> str:
    """``yes``, ``private`` or ``no``."""
    rules = table("access")
    if "highway" not in tags:
        if not (ferries and tags.get("route") == "ferry"):
            return "no"
        return _explicit(tags.get("foot"), rules["foot"]) or _by_access(tags) or "yes"
    explicit = _explicit(tags.get("foot"), rules["foot"])
    if not _class_allows(tags, explicit, rules["walk"]):
        return "no"
    return explicit or _by_access(tags) or "yes"


def _class_allows(tags: Tags, explicit: str | None, rules: dict[str, Any]) -> bool:
    name = tags["highway"]
    if tags.get("motorroad") == "yes":
        return False
    marked = explicit in ("yes", "private")
    if name in rules["only_with_foot"]:
        return marked
    if name in rules["only_with_foot_or_sidewalk"]:
        return marked or has_sidewalk(tags)
    if name in rules["tunnel_needs_foot_or_sidewalk"] and is_tunnel(tags):
        return marked or has_sidewalk(tags)
    return name in rules["classes"]


def _explicit(value: str | None, rules: dict[str, Sequence[str]]) -> str | None:
    if value is None:
        return None
    answers = (("forbidden", "no"), ("private", "private"), ("allowed", "yes"))
    return next((answer for key, answer in answers if value in rules[key]), None)


def _by_access(tags: Tags) -> str | None:
    return _explicit(tags.get("access"), {"allowed": (), **table("access")["access"]})


def _drivable(tags: Tags) -> bool:
    rules = table("access")["drive"]
    name = tags.get("highway")
    said = next((tags[key] for key in reversed(rules["keys"]) if key in tags), None)
    if said in rules["forbidden"] or tags.get("area") == "yes":
        return False
    if name in rules["only_with_vehicle"]:
        return any(tags.get(key) in rules["allowed"] for key in rules["keys"][1:])
    return name in rules["classes"]


def _directions(tags: Tags) -> tuple[bool, bool]:
    rules = table("access")["drive"]
    oneway = tags.get("oneway")
    if oneway in rules["oneway_backward"]:
        return False, True
    implied = tags.get("junction") in rules["oneway_junctions"] or tags.get("highway") in rules["oneway_classes"]
    if oneway in rules["oneway_forward"] or (oneway is None and implied):
        return True, False
    return True, True


def _duration(text: str) -> float | None:
    """Minutes, or None where the text says nothing usable."""
    iso = re.fullmatch(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?", text)
    clock = re.fullmatch(r"(\d+):(\d{2})(?::(\d{2}))?", text)
    found = iso or clock
    if found:
        hours, minutes, seconds = (float(part or 0) for part in found.groups())
        total = hours * 60 + minutes + seconds / 60
    else:
        total = float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else 0.0
    return total if total > 0 else None
