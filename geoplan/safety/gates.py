"""The gate audit: ten checks of the traffic facilities around each school gate, each yes, no or unknown.

Evidence is what OpenStreetMap says. Where tags are silent the answer is unknown: that no sign is mapped does not say
that there is none. Items and figures follow GA/T 1215-2014; where the profile has no norm they are planning
assumptions. The access is the nearest point of the nearest street to the gate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.safety.facilities import MAPPED
from geoplan.safety.surroundings import JUNCTION_ARMS, Around, Road, Spot, look_around, places
from geoplan.safety.tags import Tags, choice, width_m
from geoplan.standards import Standards, table
from layers.bundle import Streets

YES, NO, UNKNOWN = "yes", "no", "unknown"
COLUMNS = ("school_id", "gate", "item", "answer", "value", "unit", "norm", "evidence")
SHOWN = 5  # pieces of evidence named; the others are counted
Answer = tuple[str, list[str]]  # yes, no or unknown, and the evidence


def gate_audit(
    streets: Streets,
    gates: gpd.GeoDataFrame,
    schools: gpd.GeoDataFrame,
    standards: Standards,
    *,
    rural: NDArray[np.bool_] | None = None,
) -> pd.DataFrame:
    """Ten answers for every gate.

    Parameters
    ----------
    streets
        With the field survey's values, where there is one.
    gates
        ``school_id`` and a point; a gate at the very point of its school counts as not mapped.
    schools
        ``id`` and a point.
    rural
        bool per edge, whether it lies outside towns; all in town when None.

    Returns
    -------
    pandas.DataFrame
        ``school_id, gate`` (row of gates), ``item, answer`` (yes, no, unknown), ``value, unit`` (the figure the item
        asks for), ``norm`` (id, empty where the figure is our assumption), ``evidence`` (OSM ids with tags).
    """
    zone_m = _asked(standards, table("gate_zone").records()[0])[1]
    given = places(streets, rural)
    own = dict(zip(schools["id"].astype(str), schools.geometry, strict=True))
    items = [(row["item"], row["unit"], *_asked(standards, row)) for row in table("gate_items").records()]
    rows: list[tuple[Any, ...]] = []
    for gate, (school, point) in enumerate(zip(gates["school_id"].astype(str), gates.geometry, strict=True)):
        around = look_around(given, point, zone_m, own_point=school in own and bool(point.equals(own[school])))
        for item, unit, norm, value in items:
            answer, evidence = CHECKS[item](around, value)
            rows.append((school, gate, item, answer, value if unit else np.nan, unit, norm, _shown(evidence)))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def by_school(audit: pd.DataFrame) -> pd.DataFrame:
    """One row a school (index ``school_id``): ``checklist_<item>`` and how many items have each answer.

    Columns ``gate_yes, gate_no, gate_unknown`` add up to the items. With several gates an item is met when all gates
    meet it, and not met when one does not.
    """
    ranks = {YES: 0, UNKNOWN: 1, NO: 2}
    ranked = audit.assign(rank=audit["answer"].map(ranks))
    worst = ranked.pivot_table(index="school_id", columns="item", values="rank", aggfunc="max")
    items = [row["item"] for row in table("gate_items").records()]
    said = {rank: answer for answer, rank in ranks.items()}
    answers = pd.DataFrame({f"checklist_{item}": worst[item].map(said) for item in items}, index=worst.index)
    counts = {f"gate_{answer}": (answers == answer).sum(axis=1) for answer in ranks}
    return answers.assign(**counts)


def _asked(standards: Standards, row: Mapping[str, Any]) -> tuple[str, float]:
    """Id and figure of the profile's norm on a topic; no id and our own figure where it has none."""
    norms = [norm for norm in standards.norms.values() if row["topic"] and norm.topic == row["topic"]]
    if not norms:
        return "", float(row["value"])
    first = min(norms, key=lambda norm: norm.id)
    return first.id, float(first.value)  # type: ignore[arg-type]


def _shown(evidence: list[str]) -> str:
    once = list(dict.fromkeys(evidence))
    more = [f"+{len(once) - SHOWN}"] if len(once) > SHOWN else []
    return "; ".join([*once[:SHOWN], *more])


def _told(kind: str, osm_id: str, tags: Tags, names: Iterable[str]) -> str:
    """``way 12 maxspeed=30 lanes=2``."""
    return " ".join([kind, osm_id, *(f"{name}={tags[name]}" for name in names if name in tags)])


def _every(found: Iterable[tuple[bool | None, str]]) -> Answer:
    """Yes when all are, no when one is not, unknown when one is not known or there is none; with what decided it."""
    pairs = list(found)
    bad = [text for good, text in pairs if good is False]
    if bad:
        return NO, bad
    known = [text for good, text in pairs if good]
    return (YES if pairs and len(known) == len(pairs) else UNKNOWN), known


def _clear_of_junction(around: Around, least_m: float) -> Answer:
    if around.access is None or around.own_point:
        return UNKNOWN, []
    found = sorted((spot.distance_m, spot.osm_id) for spot in around.spots if spot.arms >= JUNCTION_ARMS)
    near = [f"node {osm_id} {distance_m:.0f} m" for distance_m, osm_id in found if distance_m < least_m]
    return (NO, near) if near else (YES, [f"node {osm_id} {metres:.0f} m" for metres, osm_id in found[:1]])


def _off_main_road(around: Around, _: float) -> Answer:
    if around.access is None or around.own_point:
        return UNKNOWN, []
    highway = around.access.tags["highway"]
    main = highway in table("gate_zone").extra["main"]
    told = [_told("way", around.access.osm_id, around.access.tags, ["highway"])]
    return (UNKNOWN if highway == "road" else NO if main else YES), told


def _set_back(around: Around, least_m: float) -> Answer:
    """By the half width of the carriageway, tagged or from its lanes."""
    if around.access is None or around.own_point:
        return UNKNOWN, []
    low, high = _half_width_m(around.access)
    told = [f"{_told('way', around.access.osm_id, around.access.tags, ['width', 'lanes'])} {around.access_m:.0f} m"]
    if around.access_m - low <= least_m:
        return NO, told
    return (YES if around.access_m - high > least_m else UNKNOWN), told


def _half_width_m(road: Road) -> tuple[float, float]:
    tagged = width_m(road.tags["width"]) if "width" in road.tags else None
    if tagged is not None and tagged.given:
        return tagged.low / 2, tagged.high / 2
    lane_m = float(table("gate_zone").extra["lane_m"])
    return road.way.lanes[0] * lane_m / 2, road.way.lanes[1] * lane_m / 2


def _slow(around: Around, most_km_h: float) -> Answer:
    names = ("highway", "maxspeed")
    return _every((_within(road, most_km_h), _told("way", road.osm_id, road.tags, names)) for road in around.roads)


def _within(road: Road, most_km_h: float) -> bool | None:
    return None if "maxspeed" in road.way.assumed else road.way.km_h[1] <= most_km_h


def _sign(around: Around, _: float) -> Answer:
    names = ("hazard", "school_zone")
    roads = [_told("way", road.osm_id, road.tags, names) for road in around.roads if _warns(road.tags)]
    spots = [_told("node", spot.osm_id, spot.tags, names) for spot in around.spots if _warns(spot.tags)]
    return (YES if roads or spots else UNKNOWN), [*roads, *spots]


def _warns(tags: Tags) -> bool:
    said = set(tags.get("hazard", "").split(";"))
    return tags.get("school_zone") == "yes" or bool(said & set(table("gate_zone").extra["signs"]))


def _crossing_near(around: Around, most_m: float) -> Answer:
    """A marked crossing, bridge or underpass; not met only where all mapped crossings near are told to be bare."""
    near = [spot for spot in _crossings(around) if spot.distance_m <= most_m]
    marked = [_crossing_text(spot) for spot in near if _marked(spot)]
    apart = [
        _told("way", way.osm_id, way.tags, ("highway", "bridge", "tunnel"))
        for way in around.footways
        if way.distance_m <= most_m and {way.tags.get("bridge", "no"), way.tags.get("tunnel", "no")} != {"no"}
    ]
    if marked or apart:
        return YES, [*marked, *apart]
    bare = [_crossing_text(spot) for spot in near if _marked(spot) is False]
    return (NO if bare and len(bare) == len(near) else UNKNOWN), bare


def _crossings(around: Around) -> Iterator[Spot]:
    """Spots that say something about crossing a street, refusals included."""
    yield from (spot for spot in around.spots if spot.road is not None and spot.facility.any)


def _marked(spot: Spot) -> bool | None:
    if spot.facility.state != MAPPED:
        return False
    return True if spot.facility.signals else spot.facility.marked


def _crossing_text(spot: Spot) -> str:
    names = ("crossing", "crossing:markings", "crossing:signals")
    return f"{_told('node', spot.osm_id, spot.tags, names)} {spot.distance_m:.0f} m"


def _wide_enough(around: Around, least_m: float) -> Answer:
    ways = [way for way in around.footways if way.tags.get("footway") == "crossing" and "width" in way.tags]
    widths = [(way, width_m(way.tags["width"])) for way in ways]
    known = [(way, width) for way, width in widths if width.given]
    enough = [_told("way", way.osm_id, way.tags, ["width"]) for way, width in known if width.low >= least_m]
    if enough:
        return YES, enough
    return (NO if known else UNKNOWN), [_told("way", way.osm_id, way.tags, ["width"]) for way, _ in known]


def _signals(around: Around, lanes: float) -> Answer:
    """Signals at every mapped crossing of a street with so many lanes each way, outside towns of any with two.

    Streets known to be narrower need none; where lanes are not known a crossing counts only if it has signals.
    """
    mapped = [spot for spot in _crossings(around) if spot.facility.state == MAPPED]
    asked = [(spot, _wide(spot.road, lanes)) for spot in mapped if spot.road is not None]
    found = [(_signalled(spot, wide), _crossing_text(spot)) for spot, wide in asked if wide is not False]
    if found:
        return _every(found)
    narrow = [_wide(road, lanes) is False for road in around.roads]
    told = [_told("way", road.osm_id, road.tags, ["lanes"]) for road in around.roads]
    return (YES, told) if narrow and all(narrow) else (UNKNOWN, [])


def _signalled(spot: Spot, wide: bool | None) -> bool | None:
    return spot.facility.signals if wide or spot.facility.signals else None


def _wide(road: Road, lanes_each_way: float) -> bool | None:
    """Whether a street needs signals at its crossings; None where its lanes are not known."""
    if "lanes" in road.way.assumed:
        return None
    needed = 2.0 if road.rural else lanes_each_way * (2 if road.two_way else 1)
    return road.way.lanes[0] >= needed


def _camera(around: Around, _: float) -> Answer:
    found = [f"node {spot.osm_id} highway=speed_camera" for spot in around.spots if _is_camera(spot)]
    return (YES if found else UNKNOWN), found


def _is_camera(spot: Spot) -> bool:
    return "speed_camera" in spot.tags.get("highway", "").split(";")


def _lit(around: Around, _: float) -> Answer:
    return _every(
        (choice(road.tags, "lit").value, _told("way", road.osm_id, road.tags, ["lit"])) for road in around.roads
    )


CHECKS: Mapping[str, Callable[[Around, float], Answer]] = {
    "access_clear_of_junction": _clear_of_junction,
    "access_off_main_road": _off_main_road,
    "gate_set_back": _set_back,
    "speed_limit": _slow,
    "school_sign": _sign,
    "marked_crossing_near": _crossing_near,
    "crossing_wide_enough": _wide_enough,
    "signals_where_needed": _signals,
    "speed_camera": _camera,
    "lighting": _lit,
}
"""How each item is answered, by item."""
