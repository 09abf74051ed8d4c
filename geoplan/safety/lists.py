"""The survey list: what to look at in the street before anything is judged or built, and lists in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.reasons import sentence, term, terms
from geoplan.safety.measures import FIT
from geoplan.safety.needs import Uses

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
SIDE = "sidewalk"  # where the element is known but not which side children walk on


def survey_list(
    routes: pd.DataFrame, uses: Uses, elements: pd.DataFrame, *, whole_ways: bool = False
) -> pd.DataFrame:
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
    whole_ways
        One row a way instead of one an edge: to hand out; ``element`` is then the first of its edges.

    Returns
    -------
    pandas.DataFrame
        ``rank, element`` (row), ``kind, osm_id, name, mapped, level_low, level_high, look_for`` (``;``-joined
        tags), ``pupils, pupil_crossings, pupil_metres``. Most pupils first, then most pupil-metres; crossings that
        are not mapped before those that are.
    """
    unsure = (uses.low <= FIT) & (uses.high > FIT)
    open_ = _distinct(uses.only(unsure & (elements["kind"] != "leg").to_numpy()[uses.element]))
    found = _counted(routes, open_, elements)
    if whole_ways:
        found = _by_way(routes, open_, found)
    return ranked(found, ["pupils", "pupil_metres", "mapped"], [False, False, True], SURVEY)


def _counted(routes: pd.DataFrame, open_: Uses, elements: pd.DataFrame) -> pd.DataFrame:
    pupils = np.bincount(open_.element, routes["pupils"].to_numpy(np.float64)[open_.route], len(elements))
    rows = np.flatnonzero(pupils > 0)
    found = described(elements, rows).assign(pupils=pupils[rows])
    crossing = (found["kind"] == "crossing").to_numpy()
    length = elements["length_m"].to_numpy(np.float64)[rows]
    found["pupil_crossings"] = np.where(crossing, found["pupils"], 0.0)
    found["pupil_metres"] = np.where(crossing, 0.0, found["pupils"] * np.nan_to_num(length))
    return found


def _by_way(routes: pd.DataFrame, open_: Uses, found: pd.DataFrame) -> pd.DataFrame:
    """Rows of one kind and id as one; a pupil counts once a way, metres add up."""
    if found.empty:
        return found
    by = found.sort_values("element", kind="stable").groupby(["kind", "osm_id"], sort=True)
    first = by["element"].transform("min")
    way_of = dict(zip(found["element"], first.reindex(found.index), strict=True))
    way = np.array([way_of.get(element, -1) for element in open_.element.tolist()], dtype=np.int64)
    met = _distinct(Uses(open_.route, way, open_.low, open_.high).only(way >= 0))
    pupils = pd.Series(routes["pupils"].to_numpy(np.float64)[met.route]).groupby(met.element).sum()
    merged = by.agg(
        {
            "element": "min",
            "name": "first",
            "mapped": "min",
            "level_low": "min",
            "level_high": "max",
            "look_for": _all_tags,
            "pupil_metres": "sum",
        }
    ).reset_index()
    merged["pupils"] = pupils.reindex(merged["element"]).to_numpy(np.float64)
    merged["pupil_crossings"] = np.where(merged["kind"] == "crossing", merged["pupils"], 0.0)
    return merged


def _all_tags(texts: pd.Series[str]) -> str:
    return ";".join(dict.fromkeys(tag for text in texts for tag in text.split(";")))


def _distinct(uses: Uses) -> Uses:
    pair = np.stack([uses.route, uses.element])
    return uses.only(np.unique(pair, axis=1, return_index=True)[1])  # type: ignore[arg-type]


def described(elements: pd.DataFrame, rows: NDArray[np.int64]) -> pd.DataFrame:
    """Some elements with the tags to look for; a crossing that is not mapped is looked for itself."""
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


def ranked(table: pd.DataFrame, by: list[str], up: list[bool], columns: Sequence[str]) -> pd.DataFrame:
    """Rows by these columns, ties by id, numbered from 1."""
    keys = [*by, *(key for key in ("osm_id", "kind", "problem", "tag") if key in table)]
    order = table.sort_values(keys, ascending=[*up, *[True] * (len(keys) - len(up))], kind="stable")
    ranked = order.reset_index(drop=True)
    ranked["rank"] = np.arange(1, len(ranked) + 1)
    return ranked[list(columns)]


def in_words(table: pd.DataFrame, language: str) -> pd.DataFrame:
    """A survey list or fix list with ``what_to_do``, a sentence a row, and titles in the language."""
    say: Callable[[Mapping[str, object], str], str] = _fix_words if "problem" in table else _survey_words
    told = [say(row, language) for row in table.to_dict("records")]
    hidden = [name for name in ("element", "mapped", "problem") if name in table]
    shown = table.drop(columns=hidden).assign(what_to_do=np.array(told, dtype=object))
    amounts = [name for name in ("pupils", "pupil_crossings", "pupil_metres") if name in shown]
    shown[amounts] = shown[amounts].round(1)
    if "name" in shown:
        shown["name"] = shown["name"].astype(object).fillna("")
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
