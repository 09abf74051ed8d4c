"""Speed and lanes of a carriageway as bounds: from its tags, else from what its class may have."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from geoplan.safety.tags import UNKNOWN, Reading, Tags, Wrong, hours_speeds, implied_speed, lane_count, speed_km_h
from geoplan.standards import table

ROADS = frozenset(kind for kind, how in table("segment_class").rows if how not in ("own", "street"))
"""Values of highway=* that are carriageways, vehicles allowed or not."""

SPEED_TAGS = ("maxspeed", "maxspeed:forward", "maxspeed:backward", "maxspeed:conditional")
CONTEXT_TAGS = ("maxspeed:type", "source:maxspeed", "zone:maxspeed", "zone:traffic")
LANE_TAGS = ("lanes", "lanes:forward", "lanes:backward")


class Carriageway(NamedTuple):
    """Bounds of speed and lanes, which of the two were not known, and what was wrong with the tags."""

    km_h: tuple[float, float]
    lanes: tuple[float, float]
    assumed: tuple[str, ...]
    wrong: tuple[Wrong, ...]


def carriageway(tags: Tags, *, rural: bool, forward: bool = True, backward: bool = True) -> Carriageway:
    """Speed and lanes of a road.

    Parameters
    ----------
    tags
        Of the way.
    rural
        Chooses the prior table, outside towns or inside.
    forward, backward
        Whether vehicles run that way; both when neither does.

    Notes
    -----
    The greater of the two directions' limits counts. Limits that hold at hours widen the bounds, as no trip has its
    hour. Bounds from contexts (``CN:urban``) and class priors are assumed, however narrow.
    """
    prior = priors(rural).get(tags.get("highway", ""), priors(rural)["road"])
    speed = _speed(tags, forward, backward, Reading(*prior["km_h"]))
    lanes = _lanes(tags, Reading(*prior["oneway_lanes" if forward != backward else "lanes"]))
    assumed = [name for name, found in (("maxspeed", speed), ("lanes", lanes)) if found[1]]
    wrong = tuple(dict.fromkeys((*speed[0].wrong, *lanes[0].wrong)))
    return Carriageway(speed[0][:2], lanes[0][:2], tuple(assumed), wrong)


@cache
def priors(rural: bool) -> Mapping[str, Mapping[str, tuple[float, float]]]:
    """Bounds of ``km_h``, ``lanes`` and ``oneway_lanes`` by class of road."""
    rows = table(f"road_prior_{'rural' if rural else 'urban'}").records()
    names = ("km_h", "lanes", "oneway_lanes")
    return {row["highway"]: {name: (row[f"{name}_low"], row[f"{name}_high"]) for name in names} for row in rows}


def _speed(tags: Tags, forward: bool, backward: bool, prior: Reading) -> tuple[Reading, bool]:
    """Bounds, and whether they are assumed."""
    read = {tag: speed_km_h(tags[tag], tag) if tag in tags else UNKNOWN for tag in SPEED_TAGS[:3]}
    wrong = tuple(fault for one in read.values() for fault in one.wrong)
    whole = read["maxspeed"]
    ways = [
        read[f"maxspeed:{name}"] if read[f"maxspeed:{name}"].given else whole
        for name, driven in (("forward", forward), ("backward", backward))
        if driven or forward == backward
    ]
    context = _context(tags)
    assumed = not all(way.certain for way in ways)
    filled = [way if way.given else context if context.given else prior for way in ways]
    low, high = max(way.low for way in filled), max(way.high for way in filled)
    hours = hours_speeds(tags.get("maxspeed:conditional", ""))
    bounds = Reading(min([low, *hours]), max([high, *hours]), wrong)
    return bounds, assumed or not bounds.certain


def _context(tags: Tags) -> Reading:
    """The narrowest legal context that the tags name."""
    found = [implied_speed(tags[tag]) for tag in CONTEXT_TAGS if tag in tags]
    given = [one for one in found if one.given]
    return min(given, key=lambda one: (one.high - one.low, one.high)) if given else UNKNOWN


def _lanes(tags: Tags, prior: Reading) -> tuple[Reading, bool]:
    read = {tag: lane_count(tags[tag], tag) if tag in tags else UNKNOWN for tag in LANE_TAGS}
    wrong = tuple(fault for one in read.values() for fault in one.wrong)
    whole, one, other = (read[tag] for tag in LANE_TAGS)
    total = Reading(one.low + other.low, one.high + other.high)
    if whole.given and total.given and total.low > whole.high:
        given = "; ".join(tags[tag] for tag in LANE_TAGS)
        clash = Wrong("tags_contradict", "+".join(LANE_TAGS), given)
        return Reading(whole.low, total.high, (*wrong, clash)), True
    found = whole if whole.given else total
    if found.given:
        return Reading(found.low, found.high, wrong), not found.certain
    least = max([value for value in (one.low, other.low) if not math.isnan(value)], default=prior.low)
    return Reading(max(prior.low, least), max(prior.high, least), wrong), True
