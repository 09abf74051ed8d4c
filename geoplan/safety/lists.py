"""Lists to hand out: what to look at in the street, and what to put right in OpenStreetMap."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.reasons import sentence, term, terms
from geoplan.safety.facilities import REFUSED, Facility, facility
from geoplan.safety.measures import FIT
from geoplan.safety.needs import Uses
from geoplan.safety.tags import Tags, Wrong, choice

F64 = NDArray[np.float64]
SURVEY = (
    "rank",
    "element",
    "kind",
    "osm_id",
    "name",
    "mapped",
    "level_low",
    "level_high",
    "look_for",
    "pupils",
    "pupil_crossings",
    "pupil_metres",
)
FIX = ("rank", "osm_type", "osm_id", "problem", "tag", "value", "pupils")
SIDE = "sidewalk"  # where the element is known but not which side children walk on


def survey_list(routes: pd.DataFrame, uses: Uses, elements: pd.DataFrame) -> pd.DataFrame:
    """Elements that may be fit or not, by the pupils whose route they leave open.

    Parameters
    ----------
    routes
        One row a route: ``pupils``.
    uses
        Elements of the routes with the levels the route meets; a pupil counts once an element.
    elements
        ``kind, osm_id, level_low, level_high, assumed`` (``;``-joined tags), ``length_m``; ``mapped`` (crossings)
        and ``name`` where known.

    Returns
    -------
    pandas.DataFrame
        ``rank, element`` (row), ``kind, osm_id, name, mapped, level_low, level_high, look_for`` (``;``-joined
        tags), ``pupils, pupil_crossings, pupil_metres``. Most pupils first, then most pupil-metres; crossings that
        are not mapped before those that are.
    """
    open_ = _distinct(uses.only((uses.low <= FIT) & (uses.high > FIT)))
    amount = routes["pupils"].to_numpy(np.float64)[open_.route]
    pupils = np.bincount(open_.element, amount, len(elements))
    rows = np.flatnonzero(pupils > 0)
    found = _described(elements, rows).assign(pupils=pupils[rows])
    crossing = (found["kind"] == "crossing").to_numpy()
    length = elements["length_m"].to_numpy(np.float64)[rows]
    found["pupil_crossings"] = np.where(crossing, found["pupils"], 0.0)
    found["pupil_metres"] = np.where(crossing, 0.0, found["pupils"] * np.nan_to_num(length))
    return _ranked(found, ["pupils", "pupil_metres", "mapped"], [False, False, True], SURVEY)


def _distinct(uses: Uses) -> Uses:
    pair = np.stack([uses.route, uses.element])
    return uses.only(np.unique(pair, axis=1, return_index=True)[1])  # type: ignore[arg-type]


def _described(elements: pd.DataFrame, rows: NDArray[np.int64]) -> pd.DataFrame:
    part = elements.iloc[rows]
    mapped = part["mapped"].to_numpy(object) if "mapped" in part else np.full(len(part), True, dtype=object)
    kind = part["kind"].to_numpy(object)
    seen = np.where((kind == "crossing") & (mapped == False), False, True)  # noqa: E712  None is a segment
    tags = part["assumed"].astype("object").fillna("").to_numpy(object)
    return pd.DataFrame(
        {
            "element": rows,
            "kind": kind,
            "osm_id": part["osm_id"].astype(str).to_numpy(object),
            "name": part["name"].to_numpy(object) if "name" in part else None,
            "mapped": seen,
            "level_low": part["level_low"].to_numpy(np.int8),
            "level_high": part["level_high"].to_numpy(np.int8),
            "look_for": [_look_for(text, there) for text, there in zip(tags, seen, strict=True)],
        }
    )


def _look_for(assumed: str, mapped: bool) -> str:
    found = [tag for tag in str(assumed).split(";") if tag]
    first = [] if mapped or "crossing" in found else ["crossing"]
    return ";".join([*first, *found] or [SIDE])


def _ranked(table: pd.DataFrame, by: list[str], up: list[bool], columns: Sequence[str]) -> pd.DataFrame:
    keys = [*by, *(key for key in ("osm_id", "kind", "problem", "tag") if key in table)]
    order = table.sort_values(keys, ascending=[*up, *[True] * (len(keys) - len(up))], kind="stable")
    ranked = order.reset_index(drop=True)
    ranked["rank"] = np.arange(1, len(ranked) + 1)
    return ranked[list(columns)]


def node_wrongs(tags: Tags) -> tuple[Wrong, ...]:
    """What is wrong with the tags of a crossing node: values nobody knows, and tags that contradict one another."""
    said = facility({"crossing": tags["crossing"]}) if "crossing" in tags else None
    if said is None or said.wrong:
        return facility(tags).wrong
    denied = [name for name, bad in _denials(tags, said).items() if bad]
    found = [Wrong("tags_contradict", f"crossing+{name}", f"{tags['crossing']}; {tags[name]}") for name in denied]
    return (*facility(tags).wrong, *found)


def _denials(tags: Tags, said: Facility) -> dict[str, bool]:
    """Which other tags deny what ``crossing=*`` says."""
    marks, signals, island = (
        choice(tags, f"crossing:{name}", name).value for name in ("markings", "signals", "island")
    )
    bare, painted = said.state == REFUSED or said.marked is False, said.marked is True and not said.signals
    return {
        "crossing:signals": signals is not None and said.signals is (not signals),
        "crossing:markings": (marks is True and bare) or (marks is False and painted),
        "crossing:island": island is False and said.refuge is True,
        "highway": said.state == REFUSED and tags.get("highway") == "crossing",
    }


def wrong_nodes(nodes: pd.DataFrame, pupils: F64) -> pd.DataFrame:
    """Faults of crossing nodes, a row each: ``osm_type, osm_id, problem, tag, value, pupils``.

    ``pupils`` is float64 per row of ``nodes``: how many cross there.
    """
    names = [name for name in nodes.columns if name.startswith(("crossing", "highway"))]
    if "crossing" not in nodes:
        return pd.DataFrame(columns=list(FIX[1:]))
    asked = np.flatnonzero(nodes["crossing"].notna())
    said = nodes.iloc[asked][names].astype(object).to_dict("records")
    ids = nodes["osm_id"].astype(str).to_numpy(object)[asked]
    rows = [
        ("node", osm_id, *wrong, many)
        for osm_id, row, many in zip(ids, said, pupils[asked], strict=True)
        for wrong in node_wrongs({name: str(value) for name, value in row.items() if pd.notna(value)})
    ]
    return pd.DataFrame(rows, columns=list(FIX[1:]))


def wrong_ways(edges: pd.DataFrame, wrong: Sequence[Sequence[Wrong]], pupils: F64) -> pd.DataFrame:
    """Faults of ways, a row each, from what the levels found wrong with each edge; edges of one way count once."""
    rows = [
        ("way", osm_id, *fault, walked)
        for osm_id, faults, walked in zip(edges["osm_id"].astype(str), wrong, pupils, strict=True)
        for fault in faults
    ]
    return pd.DataFrame(rows, columns=list(FIX[1:]))


def missing_tags(elements: pd.DataFrame, pupils: F64) -> pd.DataFrame:
    """Tags that are not there and that a level needed, a row each, on elements somebody walks past.

    Parameters
    ----------
    elements
        ``kind, osm_id, assumed`` and, for crossings, ``mapped``; a crossing that is not mapped is a row of its own
        with the problem ``crossing_missing``.
    pupils
        float64 per element.
    """
    walked = np.flatnonzero(pupils > 0)
    part = _described(elements, walked)
    assumed = elements["assumed"].astype("object").fillna("").to_numpy(object)[walked]
    rows = []
    for kind, osm_id, mapped, tags, many in zip(
        part["kind"], part["osm_id"], part["mapped"], assumed, pupils[walked], strict=True
    ):
        osm_type = "node" if kind == "crossing" else "way"
        rows += [] if mapped else [(osm_type, osm_id, "crossing_missing", "crossing", "", many)]
        rows += [(osm_type, osm_id, "tag_missing", tag, "", many) for tag in str(tags).split(";") if tag]
    return pd.DataFrame(rows, columns=list(FIX[1:]))


def fix_list(*parts_: pd.DataFrame) -> pd.DataFrame:
    """The lists of faults as one: a row per element, problem and tag, what most pupils meet first.

    Contradictions and wrong values come before missing tags that as many pupils meet.
    """
    given = [part for part in parts_ if len(part)]
    if not given:
        return pd.DataFrame(columns=list(FIX))
    together = pd.concat(given, ignore_index=True)
    keys = ["osm_type", "osm_id", "problem", "tag", "value"]
    once = together.groupby(keys, as_index=False, sort=True)["pupils"].max()
    once["missing"] = once["problem"].isin(["tag_missing", "crossing_missing"])
    return _ranked(once, ["pupils", "missing"], [False, True], FIX)


def in_words(table: pd.DataFrame, language: str) -> pd.DataFrame:
    """A survey list or fix list with ``what_to_do``, a sentence a row, and titles in the language."""
    say: Callable[[Mapping[str, object], str], str] = _fix_words if "problem" in table else _survey_words
    told = [say(row, language) for row in table.to_dict("records")]
    hidden = [name for name in ("element", "mapped", "problem") if name in table]
    shown = table.drop(columns=hidden).assign(what_to_do=np.array(told, dtype=object))
    for column, group in (("kind", "element_kind"), ("osm_type", "osm_type")):
        if column in shown:
            shown[column] = [term(f"{group}.{value}", language) for value in shown[column]]
    return shown.rename(columns=terms("safety_column", language))


def _survey_words(row: Mapping[str, object], language: str) -> str:
    code = "survey_segment" if row["kind"] == "segment" else "survey_crossing"
    code = code if row["mapped"] else "survey_crossing_unmapped"
    name = row["name"] if isinstance(row["name"], str) else sentence("survey_no_name", language)
    return sentence(code, language, name=name, look_for=tag_words(str(row["look_for"]), language))


def _fix_words(row: Mapping[str, object], language: str) -> str:
    place = {"osm_type": term(f"osm_type.{row['osm_type']}", language), "osm_id": row["osm_id"]}
    return sentence(f"fix_{row['problem']}", language, **place, tag=row["tag"], value=row["value"])


def tag_words(tags: str, language: str) -> str:
    """Tags as plain words: ``maxspeed;lanes`` as "speed limit, number of lanes"; unknown ones stay as they are."""
    words = terms("tag", language)
    return sentence("list_comma", language).join(words.get(tag, tag) for tag in tags.split(";"))
