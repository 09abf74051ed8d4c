"""The school list against the schools of OpenStreetMap, both ways."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from difflib import SequenceMatcher

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from geoplan.doctor.ground import Ground, lonlat, nearest
from geoplan.doctor.schools import named, plan_stages, table_file
from layers.bundle import STAGES, Layers
from layers.errors import Fault, Severity

FAR_M = 500.0  # the same school is looked for this far
SAME_PLACE_M = 60.0  # two names this near are one school
ALIKE = 0.6
UNLIKE = 0.5
SHORT, SURE = 6, 0.85  # a letter more or less makes another word of a short name: east, west
SAYING = 2  # letters that say something as a part of another name
GENERIC = re.compile(
    r"\b(schools?|primary|junior|senior|secondary|high|middle|elementary|infants?|nursery|kindergarten|nine|twelve|year"
    r"|ecoles?|college|lycee|maternelle|elementaire|scuola|escola|colegio|instituto|jardim|ensino|fundamental|medio"
    r"|infantil|educacao|estadual|municipal|schule|grundschule|gymnasium|the|of|de|da|do|dos|das|du|des|la|le|les|l)\b"
    r"|小学|中学|初级|高级|初中|高中|完全|九年一贯制|十二年一贯制|学校|幼儿园|附属|教学点"
)
NUMBERS = re.compile(r"\d+|[一二三四五六七八九十百]+")
WORDLESS = re.compile(r"[\W_]+")
SERVED = {
    "nine_year": ("primary", "junior"),
    "twelve_year": ("primary", "junior", "senior"),
    "teaching_point": ("primary",),
}


def against_osm(layers: Layers, ground: Ground) -> Iterator[Fault]:
    """Schools that only one side knows, and schools on one place under two names; nothing when OSM is the list."""
    mapped = layers.surroundings.schools
    if layers.plan.schools.osm or mapped.empty:
        return
    stated = _stated(layers, mapped)
    pairs = stated | _matched(layers, mapped, stated)
    for row, other in sorted(pairs.items()):
        names = layers.schools["name"].iloc[row], mapped["name"].iloc[other]
        if row not in stated and likeness(*names) < ALIKE:
            yield _other_name(layers, mapped, row, other)
    for row in _missing(layers, mapped, pairs):
        yield Fault("doctor_not_in_osm", "note", table_file(layers), value=named(layers, row))
    known = set(pairs.values())
    for other in np.flatnonzero(_of_interest(layers, ground, mapped)).tolist():
        if other not in known:
            yield _not_listed(layers, mapped, other)


def _stated(layers: Layers, mapped: pd.DataFrame) -> dict[int, int]:
    """Pairs that the list states itself in a column ``osm_id``."""
    if "osm_id" not in layers.schools:
        return {}
    rows = {osm_id: other for other, osm_id in enumerate(mapped["osm_id"])}
    given = enumerate(layers.schools["osm_id"])
    return {row: rows[osm_id] for row, osm_id in given if isinstance(osm_id, str) and osm_id in rows}


def _missing(layers: Layers, mapped: pd.DataFrame, pairs: dict[int, int]) -> list[int]:
    """Schools of the region without a pair, unless a mapped school that another one took stands there."""
    away, _ = nearest(mapped.geometry.to_numpy(), layers.schools.geometry.to_numpy())
    inside = (layers.schools["scope"] == "inside").to_numpy()
    return [row for row in np.flatnonzero(inside & (away > SAME_PLACE_M)).tolist() if row not in pairs]


def _of_interest(layers: Layers, ground: Ground, mapped: pd.DataFrame) -> NDArray[np.bool_]:
    """Mapped schools of the region that serve a stage of the plan or of the list, or do not say which."""
    listed = {*plan_stages(layers, ground), *(stage for each in layers.schools["stages"] for stage in each)}
    spoken = [not _stages(stage) or bool(listed & set(_stages(stage))) for stage in mapped["stage"]]
    inside = shapely.contains(layers.boundary, mapped.geometry.to_numpy())
    return np.asarray(inside & np.array(spoken, dtype=bool))


def _stages(stage: object) -> tuple[str, ...]:
    return SERVED.get(str(stage), (str(stage),) if stage in STAGES else ())


def _matched(layers: Layers, mapped: pd.DataFrame, stated: dict[int, int]) -> dict[int, int]:
    """Row of the list to row of the map: the likeliest pairs first, each school once."""
    if mapped.empty or layers.schools.empty:
        return {}
    tree = cKDTree(_xy(mapped.geometry.to_numpy()))
    ours = _xy(layers.schools.geometry.to_numpy())
    near = tree.query_ball_point(ours, FAR_M)
    scored = [
        (_score(layers.schools["name"].iloc[row], mapped["name"].iloc[other], metres), row, other)
        for row, others in enumerate(near)
        for other, metres in zip(others, np.hypot(*(tree.data[others] - ours[row]).T), strict=True)
    ]
    found: dict[int, int] = {}
    taken = set(stated.values())
    for score, row, other in sorted(scored, key=lambda item: (-item[0], item[1], item[2])):
        if score > 0 and row not in found and row not in stated and other not in taken:
            found[row] = other
            taken.add(other)
    return found


def _xy(points: NDArray[np.object_]) -> NDArray[np.float64]:
    return np.column_stack([shapely.get_x(points), shapely.get_y(points)])


def _score(one: object, two: object, metres: float) -> float:
    """Likeness of names less a little for distance; names that differ count only on the same place; 0 is no match."""
    alike = likeness(one, two)
    if alike >= ALIKE:
        return 1.0 + alike - metres / FAR_M
    return 1e-6 + alike * 0.1 + 0.1 * (1 - metres / SAME_PLACE_M) if metres <= SAME_PLACE_M else 0.0


def likeness(one: object, two: object) -> float:
    """Likeness of two names from 0 to 1, blind to case, width, accents, spaces, punctuation and words for "school".

    A name that is the whole beginning or end of the other counts as alike: "Saint-Charles" and "École Saint-Charles".
    Names with different numbers do not: school no. 1 is not school no. 2.
    """
    first, second = sorted((own_name(one), own_name(two)), key=lambda name: (len(name), name))
    if not first:
        return 0.0
    alike = SequenceMatcher(None, first, second, autojunk=False).ratio()
    if len(second) <= SHORT and alike < SURE:
        alike = min(alike, UNLIKE)
    if len(first) >= SAYING and (second.startswith(first) or second.endswith(first)):
        alike = max(0.8, alike)
    ours, theirs = _numbers(one), _numbers(two)
    return min(alike, UNLIKE) if ours and theirs and ours != theirs else alike


def own_name(name: object) -> str:
    """A name without accents, case, punctuation and words for "school", unless that is all there is."""
    if not isinstance(name, str):
        return ""
    letters = unicodedata.normalize("NFKD", name).casefold()
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    rest = WORDLESS.sub("", GENERIC.sub(" ", bare))
    return rest if len(rest) >= 2 else WORDLESS.sub("", bare)


def _numbers(name: object) -> list[str]:
    return sorted(NUMBERS.findall(str(name)))


def _other_name(layers: Layers, mapped: pd.DataFrame, row: int, other: int) -> Fault:
    there = mapped.iloc[other]
    metres = layers.schools.geometry.iloc[row].distance(there["geometry"])
    shown = {"osm_name": _called(there["name"]), "osm_id": there["osm_id"], "metres": f"{metres:.0f}"}
    return Fault("doctor_other_name", "note", table_file(layers), value=named(layers, row), params=shown)


def _not_listed(layers: Layers, mapped: pd.DataFrame, other: int) -> Fault:
    there = mapped.iloc[other]
    shown = {"osm_id": there["osm_id"], "at": lonlat(layers, there["geometry"].x, there["geometry"].y)}
    severity: Severity = "warning" if _stages(there["stage"]) else "note"  # a stage that is known weighs more
    return Fault("doctor_not_listed", severity, table_file(layers), value=_called(there["name"]), params=shown)


def _called(name: object) -> str:
    return name if isinstance(name, str) and name else "?"
