"""What helps people across at a node, from its tags, and the level of crossing a road with it."""

from __future__ import annotations

import math
from functools import cache
from typing import Any, NamedTuple

from geoplan.safety.carriageway import LANE_TAGS, SPEED_TAGS, Carriageway, carriageway
from geoplan.safety.segments import by_lanes_and_speed, opened
from geoplan.safety.tags import Choice, Tags, Wrong, choice, parts
from geoplan.safety.words import TABLES
from geoplan.standards import table

NODE_TAGS = (
    "highway", "crossing", "crossing:markings", "crossing:signals", "crossing:island", "crossing_ref",
    "traffic_calming", "flashing_lights",
)  # fmt: skip
WAY_TAGS = NODE_TAGS[1:]
"""Tags of a crossing way (``footway=crossing``) that speak for the node it crosses the road at."""

ABSENT, REFUSED, MAPPED = 0, 1, 2


class Facility(NamedTuple):
    """What stands at a node; None is not known.

    ``state``: ABSENT (nothing mapped), REFUSED (``crossing=no``) or MAPPED. Tables, flashing lights and narrowings
    are there when tagged and not otherwise; signals, markings and islands may be there untold.
    """

    state: int = ABSENT
    signals: bool | None = False
    marked: bool | None = None
    refuge: bool | None = None
    raised: bool = False
    flashing: bool = False
    narrowed: bool = False
    used: tuple[str, ...] = ()
    wrong: tuple[Wrong, ...] = ()

    @property
    def any(self) -> bool:
        """Whether the node says anything about crossing."""
        return self.state != ABSENT or self.raised or self.refuge is True or self.narrowed or self.flashing


class Crossed(NamedTuple):
    """Level of crossing a road at best and at worst, the rule that fired, and the tags not known and used."""

    low: int
    high: int
    rule: str
    assumed: tuple[str, ...]
    used: tuple[str, ...]


NOTHING = Facility()


def facility(node: Tags, way: Tags | None = None, *, signals: bool = False) -> Facility:
    """What stands at a node.

    Parameters
    ----------
    node
        Its tags.
    way
        Tags of the crossing way through it, None without one. The node's own go first.
    signals
        Whether signals are known to stand here from elsewhere.

    Examples
    --------
    >>> found = facility({"highway": "crossing", "crossing": "uncontrolled"})
    >>> found.state == MAPPED, found.signals, found.marked
    (True, False, True)
    """
    tags = {**(way or {}), **node}
    words, wrong = _words(tags)
    calming, calming_wrong = _calming(tags)
    lights, marks, island = (
        _told(tags, words | calming, name, yes, no)
        for name, yes, no in (
            ("signals", {"signals"}, {"marked", "bare"}),
            ("markings", {"marked", "signals"}, {"bare"}),
            ("island", {"refuge"}, set()),
        )
    )
    highway = parts(node.get("highway", ""))
    lit = signals or "traffic_signals" in highway or lights.value is True
    refused = "none" in words and "crossing" not in highway
    there = way is not None or "crossing" in highway or lit or bool(words - {"none"}) or marks.value is True
    return Facility(
        state=REFUSED if refused else MAPPED if there and "none" not in words else ABSENT,
        signals=(lit or lights.value) if there and "none" not in words else False,
        marked=marks.value,
        refuge=island.value,
        raised="raised" in calming,
        flashing=tags.get("flashing_lights") in ("yes", "button", "sensor", "always"),
        narrowed="narrowed" in calming,
        used=_used(node, way or {}),
        wrong=(*wrong, *lights.wrong, *marks.wrong, *island.wrong, *calming_wrong, *_denied(tags, words, highway)),
    )


def _told(tags: Tags, words: set[str], name: str, yes: set[str], no: set[str]) -> Choice:
    """Signals, markings or an island by their own key and by the words of ``crossing``; None where they differ."""
    key = f"crossing:{name}"
    own = choice(tags, key, name)
    said = True if words & yes else False if words & no else None
    if own.value is None or said is None or own.value == said:
        return Choice(own.value if said is None else said, own.wrong)
    if name == "markings" and "signals" in words:
        return own  # signals without painted lines are no contradiction
    return Choice(None, (*own.wrong, Wrong("tags_contradict", f"crossing+{key}", f"{_given(tags)}; {tags[key]}")))


def _denied(tags: Tags, words: set[str], highway: list[str]) -> tuple[Wrong, ...]:
    """A node that is a crossing and none."""
    if "none" in words and "crossing" in highway:
        return (Wrong("tags_contradict", "highway+crossing", f"{tags['highway']}; {_given(tags)}"),)
    return ()


def _given(tags: Tags) -> str:
    return "; ".join(tags[key] for key in ("crossing", "crossing_ref", "traffic_calming") if key in tags)


def _words(tags: Tags) -> tuple[set[str], tuple[Wrong, ...]]:
    """What ``crossing`` and ``crossing_ref`` say (see the table of words); contradictions count as silent."""
    found: set[str] = set()
    wrong = []
    for key in ("crossing", "crossing_ref"):
        for part in parts(tags.get(key, "")):
            kind = next((name for name in _KINDS if part in TABLES.get(f"{key}_{name}", ())), "")
            if kind:
                found.add(kind)
            elif key == "crossing":
                wrong.append(Wrong("tag_value_unknown", key, tags[key]))
    if ("none" in found and len(found) > 1) or {"marked", "bare"} <= found:
        return {"silent"}, (*wrong, Wrong("tags_contradict", "crossing", _given(tags)))
    return found or ({"silent"} if wrong else found), tuple(wrong)


_KINDS = ("signals", "marked", "bare", "refuge", "none", "silent")


def _calming(tags: Tags) -> tuple[set[str], tuple[Wrong, ...]]:
    found, wrong = set(), []
    for part in parts(tags.get("traffic_calming", "")):
        kind = next((name for name in ("raised", "refuge", "narrowed") if part in TABLES[f"calming_{name}"]), "")
        if kind:
            found.add(kind)
        elif part not in TABLES["calming_silent"]:
            wrong.append(Wrong("tag_value_unknown", "traffic_calming", tags["traffic_calming"]))
    return found, tuple(wrong)


def _used(node: Tags, way: Tags) -> tuple[str, ...]:
    own = [f"{key}={node[key]}" for key in NODE_TAGS if key in node]
    return (*own, *(f"{key}={way[key]}" for key in WAY_TAGS if key in way and key not in node))


def cross(tags: Any, here: Facility) -> Crossed:
    """Level of crossing the road of some tags (``rural, forward, backward`` among them) with what stands there."""
    rural, ways = bool(tags.get("rural")), {way: bool(tags.get(way, True)) for way in ("forward", "backward")}
    road = carriageway(tags, rural=rural, **ways)
    prior = carriageway({"highway": tags.get("highway", "road")}, rural=rural, **ways)
    found = _crossed(road, _span(road, prior), here)
    used = tuple(f"{tag}={tags[tag]}" for tag in ("highway", *SPEED_TAGS, *LANE_TAGS) if tag in tags)
    return found._replace(used=(*used, *found.used))


def _span(road: Carriageway, prior: Carriageway) -> tuple[int, int]:
    """Best and worst level without help; what is assumed never makes it certain."""
    low, high = (base(road.lanes[k], road.km_h[k]) for k in (0, 1))
    if not road.assumed or low < high:
        return low, high
    return opened(low, (base(prior.lanes[0], prior.km_h[0]), base(prior.lanes[1], prior.km_h[1])))


def _crossed(road: Carriageway, span: tuple[int, int], here: Facility) -> Crossed:
    """Level of crossing a road that has the levels ``span`` without help.

    Without a mapped crossing the best is an ideal one nobody has drawn (1), the worst is the table's level. Where
    ``crossing=no`` says there is none, both are the table's. A mapped crossing has the table's level less what its
    treatments are credited; with signals it has the level of signals. Untold signals, markings and islands may be
    there at best and are not at worst.
    """
    worst = credited(span[1], here, possible=False)
    if here.state == ABSENT:
        return Crossed(1, worst, "crossing_unmapped", ("crossing", *road.assumed), here.used)
    if here.state == MAPPED and here.signals:
        low, high = signalled(road.lanes[0]), signalled(road.lanes[1])
        return Crossed(low, high, "crossing_signals", ("lanes",) if low < high else (), here.used)
    if here.state == MAPPED and here.signals is None:
        return Crossed(1, worst, "crossing_control", ("crossing", *_untold(here), *road.assumed), here.used)
    refused = here.state == REFUSED
    best = credited(span[0], here, possible=not refused)
    untold = () if refused else _untold(here)
    return Crossed(best, worst, "crossing_refused" if refused else _rule(here), (*untold, *road.assumed), here.used)


def _untold(here: Facility) -> tuple[str, ...]:
    pairs = (("crossing:markings", here.marked), ("crossing:island", here.refuge))
    return tuple(name for name, told in pairs if told is None)


def _rule(here: Facility) -> str:
    if here.raised:
        return "crossing_raised"
    if here.refuge:
        return "crossing_refuge"
    return "crossing_marked" if here.marked else "crossing_bare"


@cache
def base(lanes: float, km_h: float) -> int:
    """Level of crossing without signals or treatments."""
    source = table("crossing_base_unsignalised")
    return by_lanes_and_speed(source.records(), source.extra["speed_upper_km_h"], lanes, km_h)


@cache
def signalled(lanes: float) -> int:
    """Level of crossing at signals."""
    rows = table("crossing_signals").rows
    return int(next((level for most, level in rows if lanes <= most), rows[-1][1]))


def credited(level: int, here: Facility, *, possible: bool) -> int:
    """The level less the credits of treatments: those tagged, and where ``possible`` those that may be there."""
    told = {
        "refuge": here.refuge, "raised": here.raised, "flashing": here.flashing, "marked": here.marked,
        "narrowed": here.narrowed,
    }  # fmt: skip
    credits, most, floor = _credits()
    total = sum(credits[name] for name, there in told.items() if there or (possible and there is None))
    return max(min(level, floor), math.ceil(level - min(total, most)))


@cache
def _credits() -> tuple[dict[str, float], float, int]:
    source = table("crossing_treatment")
    return dict(source.rows), float(source.extra["most"]), int(source.extra["floor"])
