"""The level of one kind of street from its tags: the worst characteristic governs, bounds where tags are silent."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from geoplan.safety.carriageway import SPEED_TAGS, Carriageway, carriageway
from geoplan.safety.sidewalks import BUFFERS, KEYS, separations, sidewalk
from geoplan.safety.tags import Choice, Tags, Wrong, choice
from geoplan.standards import table

EDGE_TAGS = (
    "highway", "footway", "crossing", "route", *SPEED_TAGS, "maxspeed:type", "source:maxspeed", "zone:maxspeed",
    "zone:traffic", "lanes", "lanes:forward", "lanes:backward", *KEYS, *(key for key, _ in BUFFERS),
    "lit", "surface", "smoothness", "tunnel",
)  # fmt: skip
"""Tags of a way that its level may rest on."""

KIND_OF = {highway: kind for highway, kind in table("segment_class").rows}
PAVEMENTS = ("sidewalk", "crossing", "traffic_island", "link")
"""Values of footway=* that lie beside or across a street and share its light and paving."""

WORST = 4
SAFETY_TAGS = ("maxspeed", "lanes", "sidewalk", "lit", "surface")


class Judged(NamedTuple):
    """Levels of a street, the rule that fired, the tags not known and used, and what was wrong."""

    low: int
    high: int
    rule: str
    assumed: tuple[str, ...]
    used: tuple[str, ...]
    known: tuple[int, ...]  # per SAFETY_TAGS: 1 known, 0 not, -1 does not apply
    wrong: tuple[Wrong, ...] = ()


def judge(tags: Any) -> Judged:
    """Level of a kind of street; ``rural, forward, backward, beside`` (a pavement drawn apart) are among the tags."""
    if "highway" not in tags:
        return Judged(1, 1, "segment_ferry", (), _used(tags, ("route",)), (-1,) * 5)
    kind = KIND_OF.get(tags["highway"], "road")
    return _own_way(tags, kind) if kind in ("own", "street") else _carriageway(tags, kind)


def _own_way(tags: Tags, kind: str) -> Judged:
    light, paving = choice(tags, "lit"), _paving(tags)
    known = (-1, -1, -1, *(int(one.value is not None) for one in (light, paving)))
    wrong = (*light.wrong, *paving.wrong)
    if kind == "street" or tags.get("footway") in PAVEMENTS:
        pavement = "segment_crossing" if tags.get("footway") == "crossing" else "segment_pavement"
        rule = pavement if kind == "own" else "segment_street"
        return Judged(1, 1, rule, (), _used(tags, ("highway", "footway")), known, wrong)
    low, high, bad = _floored((1, 1), light, paving)
    rule = f"segment_own_{bad}" if bad else "segment_own"
    used = _used(tags, ("highway", "lit", "surface", "smoothness"))
    return Judged(low, high, rule, _minor(light, paving), used, known, wrong)


def _minor(light: Choice, paving: Choice) -> tuple[str, ...]:
    return tuple(name for name, one in (("lit", light), ("surface", paving)) if one.value is None)


def _paving(tags: Tags) -> Choice:
    """Whether the surface is even: smoothness where told, else the material."""
    smooth, surface = choice(tags, "smoothness"), choice(tags, "surface")
    best = smooth if smooth.value is not None else surface
    return Choice(best.value, (*smooth.wrong, *surface.wrong))


def _floored(levels: tuple[int, int], light: Choice, paving: Choice) -> tuple[int, int, str]:
    """Levels no better than the floors of dark and rough ways, and the floor that certainly holds."""
    low, high = levels
    bad = ""
    for name, one in (("rough", paving), ("unlit", light)):
        if one.value is not True:
            high = max(high, floors()[name])
        if one.value is False:
            bad = name if low < floors()[name] or not bad else bad
            low = max(low, floors()[name])
    return low, high, bad


class _Walk(NamedTuple):
    """How a street can be walked along: on its pavement or not (None: not known), and what bears on either."""

    here: bool | None
    separation: tuple[str, ...]
    light: Choice
    paving: Choice
    tunnel: bool


def _carriageway(tags: Any, kind: str) -> Judged:
    rural, ways = bool(tags.get("rural")), {way: bool(tags.get(way, True)) for way in ("forward", "backward")}
    road = carriageway(tags, rural=rural, **ways)
    side, light, paving = sidewalk(tags), choice(tags, "lit"), _paving(tags)
    apart = side.apart or (side.present is not True and bool(tags.get("beside")))
    separation, buffer_wrong = separations(tags)
    tunnel = tags.get("tunnel") in ("yes", "covered", "flooded")
    walk = _Walk(False if apart else side.present, separation, light, paving, tunnel)
    low, high = _span(road, carriageway({"highway": tags["highway"]}, rural=rural, **ways), walk)
    known = (
        int("maxspeed" not in road.assumed), int("lanes" not in road.assumed), int(side.present is not None or apart),
        int(light.value is not None), int(paving.value is not None),
    )  # fmt: skip
    wrong = (*road.wrong, *side.wrong, *buffer_wrong, *light.wrong, *paving.wrong, *_misplaced(tags))
    rule = "segment_tunnel" if tunnel else _rule(kind, walk.here, apart, rural)
    used = _used(tags, ("highway", *EDGE_TAGS[4:]))
    return Judged(low, high, rule, _assumed(road, walk), used, known, tuple(dict.fromkeys(wrong)))


def _misplaced(tags: Tags) -> tuple[Wrong, ...]:
    """A carriageway that is tagged as a pavement; it is judged as a carriageway."""
    if tags.get("footway") not in PAVEMENTS:
        return ()
    return (Wrong("tags_contradict", "highway+footway", f"{tags['highway']}; {tags['footway']}"),)


def opened(level: int, widest: tuple[int, int]) -> tuple[int, int]:
    """Bounds around a level that rests on assumed speed or lanes: one level wide, inside the widest where it can be.

    What is assumed never makes a level certain, even where every plausible value gives the same.
    """
    up = level < widest[1] or (widest[0] == level and level < WORST)
    return (level, level + 1) if up else (level - 1, level)


def _span(road: Carriageway, prior: Carriageway, walk: _Walk) -> tuple[int, int]:
    """Best and worst over the ways of walking along that are possible: on the pavement, on the carriageway."""
    found = []
    if walk.here is not False:
        found += [_bounds(road, prior, f"sidewalk_{name}") for name in walk.separation]
    if walk.here is not True:
        found.append(_floored(_bounds(road, prior, "none"), walk.light, walk.paving)[:2])
    floor = floors()["tunnel"] if walk.tunnel else 1
    return max(floor, min(one[0] for one in found)), max(floor, *(one[1] for one in found))


def _bounds(road: Carriageway, prior: Carriageway, name: str) -> tuple[int, int]:
    low, high = (level(name, road.lanes[k], road.km_h[k]) for k in (0, 1))
    if not road.assumed or low < high:
        return low, high
    widest = [level(name, prior.lanes[k], prior.km_h[k]) for k in (0, 1)]
    return opened(low, (widest[0], widest[1]))


def _assumed(road: Carriageway, walk: _Walk) -> tuple[str, ...]:
    names = [*road.assumed]
    if walk.here is None:
        names.append("sidewalk")
    if walk.here is not False and len(walk.separation) > 1:
        names.append("separation")
    if walk.here is not True:
        names += _minor(walk.light, walk.paving)
    return tuple(names)


def _rule(kind: str, here: bool | None, apart: bool, rural: bool) -> str:
    if here is True:
        return "segment_sidewalk"
    if apart:
        return "segment_apart"
    if kind != "road":
        return f"segment_{kind}"
    if here is None:
        return "segment_unknown"
    return "segment_none_rural" if rural else "segment_none"


def _used(tags: Tags, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"{name}={tags[name]}" for name in names if name in tags)


@cache
def floors() -> dict[str, int]:
    """The level a condition holds a way at, by condition."""
    return dict(table("segment_floor").rows)


@cache
def level(name: str, lanes: float, km_h: float) -> int:
    """Level of a segment table: ``none`` (no pavement), ``sidewalk_buffer`` or ``sidewalk_kerb``."""
    source = table("segment_no_sidewalk" if name == "none" else "segment_sidewalk")
    rows = [row for row in source.records() if name == "none" or f"sidewalk_{row['separation']}" == name]
    return by_lanes_and_speed(rows, source.extra["speed_upper_km_h"], lanes, km_h)


def by_lanes_and_speed(rows: Sequence[dict[str, Any]], speeds: Sequence[float], lanes: float, km_h: float) -> int:
    """The entry of the first row whose lanes and first column whose speed are not exceeded; the last beyond."""
    row = next((row for row in rows if lanes <= row["lanes_up_to"]), rows[-1])
    return int(row["level_by_speed"][int(np.searchsorted(speeds, km_h, side="left"))])
