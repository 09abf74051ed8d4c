"""Rows of the route safety tables: worst crossings, survey list, schools by class, sub-areas, gates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.reasons import codes, known, sentence
from geoplan.reasons.safety import VERDICTS, word
from geoplan.run import Run
from maps.kept import kept
from maps.language import name_in, number, speaker
from maps.safety.facts import class_span, listed, schools_of, span

WORST = 10
SURVEY = 8
LEAST = 0.5  # pupils a day: fewer are none
ANSWERS = ("yes", "no", "unknown")
CLASSES = "ABCDE"
KEYS = {"segments": "edge", "crossings": "element"}  # what other tables call a street or crossing by


@dataclass(frozen=True)
class PlaceRow:
    """A crossing or street in a list: what it is called, why it stands there, where, and its row in its layer."""

    layer: str
    row: int
    name: str
    note: str
    level: str
    amount: str
    lat: float
    lon: float


@dataclass(frozen=True)
class SchoolRow:
    """A school with its class and its pupils by verdict."""

    school_id: str
    name: str
    route_class: str
    pupils: tuple[str, ...]
    lat: float
    lon: float


@kept
def worst_crossings(run: Run, language: str, count: int = WORST) -> tuple[PlaceRow, ...]:
    """Mapped crossings on routes that may be above level 2, the surely worst first, then by pupils."""
    table = run.tables.get("crossings")
    if not isinstance(table, gpd.GeoDataFrame):
        return ()
    used = table[_mapped(table) & (table["pupils_per_day"] >= LEAST) & (table["level_high"] > 2)]
    ranked = used.sort_values(["level_low", "level_high", "pupils_per_day", "osm_id"], ascending=[False] * 3 + [True])
    return tuple(_place("crossings", int(at), row, language) for at, row in ranked.head(count).iterrows())


def unmapped_count(run: Run) -> int:
    """Places where routes cross a road without a mapped crossing."""
    table = run.tables.get("crossings")
    return 0 if table is None else int((~_mapped(table) & (table["pupils_per_day"] >= LEAST)).sum())


def _mapped(table: pd.DataFrame) -> pd.Series:
    return table["mapped"].astype(bool) if "mapped" in table else pd.Series(True, index=table.index)


def _place(layer: str, at: int, row: Any, language: str) -> PlaceRow:
    point = row["geometry"].representative_point()
    return PlaceRow(
        layer=layer,
        row=at,
        name=element_name(row, layer, language),
        note=rule_text(row.get("rule"), language),
        level=span(row["level_low"], row["level_high"]),
        amount=number(row["pupils_per_day"], language),
        lat=round(point.y, 6),
        lon=round(point.x, 6),
    )


def rule_text(rule: object, language: str) -> str:
    """The sentence of the rule that fired; the code itself where there is none."""
    code = rule if isinstance(rule, str) else ""
    return sentence(code, language) if code in codes() else code


def element_name(row: Any, layer: str, language: str) -> str:
    """The street's name, else what it is and its number in OpenStreetMap."""
    say = speaker(language)
    named = row.get("name")
    if isinstance(named, str) and named:
        return named
    osm = str(row.get("osm_id", ""))
    return say("Crossing %(id)s", id=osm) if layer == "crossings" else say("Street %(id)s", id=osm)


@kept
def survey_rows(run: Run, language: str, count: int = SURVEY) -> tuple[PlaceRow, ...]:
    """What to look at first: elements that are not known, in the order of the list."""
    table = run.tables.get("survey")
    if not isinstance(table, gpd.GeoDataFrame):
        return ()
    ranked = table.sort_values("rank") if "rank" in table else table.sort_values("pupil_metres", ascending=False)
    return tuple(_survey(run, row, language) for row in ranked.head(count).to_dict("records"))


def _survey(run: Run, row: dict[Any, Any], language: str) -> PlaceRow:
    kind = str(row.get("kind") or "")
    layer = "crossings" if kind.startswith("crossing") else "segments"
    point = row["geometry"].representative_point()
    asked = speaker(language)(", ").join(word("tag", tag, language) for tag in listed(row.get("tags")))
    return PlaceRow(
        layer=layer,
        row=_row_of(run.tables.get(layer), KEYS[layer], row),
        name=element_name(row, layer, language),
        note=" · ".join(part for part in (word("element_kind", kind, language), asked) if part),
        level="",
        amount=number(row.get("pupils", row.get("pupil_metres")), language),
        lat=round(point.y, 6),
        lon=round(point.x, 6),
    )


def _row_of(table: pd.DataFrame | None, key: str, wanted: dict[Any, Any]) -> int:
    """The row of a table with the wanted number in its column ``key``; -1 without one."""
    asked = known(wanted.get(key))
    if table is None or key not in table or asked is None:
        return -1
    rows = np.flatnonzero(table[key].to_numpy() == asked)
    return int(rows[0]) if len(rows) else -1


@kept
def school_rows(run: Run, stage: str, language: str) -> tuple[SchoolRow, ...]:
    """Schools of the stage, the worst class first, then by pupils without a safe route."""
    schools = schools_of(run, stage)
    columns = [f"pupils_{verdict}_{stage}" for verdict in VERDICTS]
    if "route_class_high" not in schools or not set(columns) <= set(schools.columns):
        return ()
    known_ones = schools[schools[columns].sum(axis=1) > 0]
    worst = known_ones.apply(lambda row: _class_number(class_span(row)[-1]), axis=1)
    ranked = known_ones.assign(_worst=worst).sort_values(["_worst", columns[2], "id"], ascending=[False, False, True])
    return tuple(_school(row, columns, language) for row in ranked.to_dict("records"))


def _class_number(name: str) -> int:
    return CLASSES.find(name)


def _school(row: dict[Any, Any], columns: list[str], language: str) -> SchoolRow:
    return SchoolRow(
        school_id=str(row["id"]),
        name=name_in(row, "id", language),
        route_class=class_span(row),
        pupils=tuple(number(row[column], language) for column in columns),
        lat=round(row["geometry"].y, 6),
        lon=round(row["geometry"].x, 6),
    )


@kept
def area_rows(run: Run, stage: str, language: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Sub-areas with their pupils by verdict; none when there is one area only."""
    areas = run.tables.get("areas")
    columns = [f"pupils_{verdict}_{stage}" for verdict in VERDICTS]
    if areas is None or len(areas) < 2 or not set(columns) <= set(areas.columns):
        return ()
    return tuple(
        (name_in(row, "area_id", language), tuple(number(row[column], language) for column in columns))
        for row in areas.drop(columns="geometry").to_dict("records")
    )


@kept
def gate_items(run: Run, stage: str, language: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The checklist of the gates: schools of the stage with yes, no and not known, item by item."""
    audit, schools = run.tables.get("gate_audit"), schools_of(run, stage)
    if audit is None or not len(schools):
        return ()
    own = _deciding(audit[audit["school_id"].isin(schools["id"])])
    return tuple(
        (word("gate_item", item, language), tuple(number((rows == answer).sum(), language) for answer in ANSWERS))
        for item, rows in own.groupby("item", sort=False)["answer"]
    )


def gate_card(run: Run, school_id: str, language: str) -> tuple[tuple[str, str, str], ...]:
    """The checklist of one school: item, answer, evidence."""
    audit = run.tables.get("gate_audit")
    if audit is None:
        return ()
    own = _deciding(audit[audit["school_id"] == school_id])
    return tuple(
        (word("gate_item", item, language), word("gate_answer", answer, language), evidence or "")
        for item, answer, evidence in own[["item", "answer", "evidence"]].astype(object).itertuples(index=False)
    )


def _deciding(audit: pd.DataFrame) -> pd.DataFrame:
    """Of a school's gates the one that decides each item: no before not known before yes."""
    rank = audit["answer"].map({answer: k for k, answer in enumerate(("no", "unknown", "yes"))})
    first = audit.assign(_rank=rank).sort_values("_rank", kind="stable").drop_duplicates(["school_id", "item"])
    return first.sort_index()
