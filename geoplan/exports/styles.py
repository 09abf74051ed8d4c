"""Which QGIS style a table gets: cells by walking distance and by account, schools by load, a quiet base map."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

from geoplan.exports import qml
from geoplan.exports.names import column_title, stage_title, table_title
from geoplan.exports.qml import Class, palette
from layers.bundle import STAGES

NAME_LENGTH = 30
FAR_M = 1e7


@dataclass(frozen=True)
class Style:
    """One style of a layer; the first of a layer is what QGIS shows when the layer is added."""

    name: str
    qml: str


def styles(table: str, columns: Sequence[str], language: str) -> list[Style]:
    """The styles of a table in the order of use; none for a table we do not know."""
    maker = MAKERS.get(table)
    if maker is None:
        return []
    label = "name" if table in {"schools", "areas"} and "name" in columns else ""
    return [
        Style(name[:NAME_LENGTH], qml.document(renderer, columns, language, label))
        for name, renderer in maker(columns, language)
    ]


Made = Iterator[tuple[str, ET.Element]]


def _cells(columns: Sequence[str], language: str) -> Made:
    for stage in [stage for stage in STAGES if f"walk_m_{stage}" in columns]:
        called = stage_title(stage, language)
        words = {"en": ("Walk", "Accounts"), "zh": ("步行距离", "覆盖类别")}[language]
        yield f"{words[0]}, {called}", qml.graduated(f"walk_m_{stage}", _distance_classes(language))
        yield f"{words[1]}, {called}", qml.categorised(f"status_{stage}", _status_classes(language))


def _distance_classes(language: str) -> list[Class]:
    look = palette()["distance"]
    breaks = [*look["breaks_m"], FAR_M]
    beyond = {"en": "beyond {} m", "zh": "{} 米以上"}[language]
    between = {"en": "{}-{} m", "zh": "{}-{} 米"}[language]
    return [
        Class(
            qml.square(colour, "side_m"),
            beyond.format(low) if high == FAR_M else between.format(low, high),
            (low, high),
        )
        for colour, low, high in zip(look["colours"], breaks, breaks[1:], strict=False)
    ]


def _status_classes(language: str) -> list[Class]:
    known = [Class(qml.square(s["colour"], "side_m"), s[language], s["value"]) for s in palette()["status"]]
    nobody = {"en": "No pupils of this stage", "zh": "无该学段学生"}[language]
    faint = qml.square(palette()["unknown"], "side_m")
    return [*known, Class(faint, nobody, "none")]


def _schools(columns: Sequence[str], language: str) -> Made:
    for stage in [stage for stage in STAGES if f"load_{stage}" in columns]:
        yield column_title(f"load_{stage}", language), qml.ruled(_load_classes(stage, language))


def _load_classes(stage: str, language: str) -> list[Class]:
    look = palette()["load"]
    breaks = [*look["breaks"], None]
    classes = [
        Class(_load_ring(low, size), _span(low, high, language), _load_test(stage, low, high))
        for size, low, high in zip(look["sizes_mm"], breaks, breaks[1:], strict=False)
    ]
    unknown = {"en": "load not known", "zh": "负荷未知"}[language]
    other = {"en": "other stages", "zh": "其他学段"}[language]
    grey = palette()["unknown"]
    serves = f"\"stages\" LIKE '%{stage}%'"
    classes.append(Class(qml.ring(grey, 3.0), unknown, f'"load_{stage}" IS NULL AND {serves}'))
    return [*classes, Class(qml.ring(grey, 1.6), other, "ELSE")]


def _load_ring(low: float, size_mm: float) -> qml.Symbol:
    look = palette()["load"]
    return qml.ring(look["over"] if low >= 1.0 else look["ring"], size_mm)


def _load_test(stage: str, low: float, high: float | None) -> str:
    """Classes hold their upper end, so that a school with as many pupils as places is full, not over."""
    column = f'"load_{stage}"'
    lower = f"{column} > {low:g}" if low else f"{column} >= 0"
    return lower if high is None else f"{lower} AND {column} <= {high:g}"


def _span(low: float, high: float | None, language: str) -> str:
    if high is None:
        return {"en": f"more than {low:.0%} of places", "zh": f"学位的 {low:.0%} 以上"}[language]
    return {"en": f"{low:.0%}-{high:.0%} of places", "zh": f"学位的 {low:.0%}-{high:.0%}"}[language]


def _levels(table: str, symbol: Callable[[str], qml.Symbol]) -> Callable[[Sequence[str], str], Made]:
    def made(columns: Sequence[str], language: str) -> Made:
        colours = palette()["level"]["colours"]
        word = {"en": "level", "zh": "等级"}[language]
        sure = [
            Class(symbol(colour), f"{word} {level}", f'"level_low" = {level} AND "level_high" = {level}')
            for level, colour in enumerate(colours, start=1)
        ]
        unsure = {"en": "level not known for sure", "zh": "等级未定"}[language]
        yield table_title(table, language), qml.ruled([*sure, Class(symbol(palette()["unknown"]), unsure, "ELSE")])

    return made


def _ground(columns: Sequence[str], language: str) -> Made:
    look = palette()["ground"]
    water = "\"kind\" IN ('water', 'sea', 'river', 'riverbank')"
    classes = [
        Class(qml.fill(look["water"]), {"en": "water", "zh": "水系"}[language], water),
        Class(qml.fill(look["green"]), {"en": "green", "zh": "绿地"}[language], "\"kind\" = 'green'"),
        Class(qml.fill(look["other"]), {"en": "other", "zh": "其他"}[language], "ELSE"),
    ]
    yield table_title("base_ground", language), qml.ruled(classes)


def _plain(table: str, symbol: Callable[[dict[str, Any]], qml.Symbol]) -> Callable[[Sequence[str], str], Made]:
    def made(columns: Sequence[str], language: str) -> Made:
        yield table_title(table, language), qml.single(symbol(palette()))

    return made


MAKERS: dict[str, Callable[[Sequence[str], str], Made]] = {
    "cells": _cells,
    "schools": _schools,
    "segments": _levels("segments", lambda colour: qml.line(colour, 0.8)),
    "crossings": _levels("crossings", lambda colour: qml.ring(colour, 2.6)),
    "areas": _plain("areas", lambda look: qml.fill(look["paper"], look["ground"]["area"], alpha=0)),
    "zones": _plain("zones", lambda look: qml.fill(look["ground"]["zone"], look["ground"]["zone"], alpha=40)),
    "boundary": _plain("boundary", lambda look: qml.fill(look["paper"], look["ink"], alpha=0)),
    "gates": _plain("gates", lambda look: qml.ring(look["ink"], 1.4)),
    "proposals": _plain("proposals", lambda look: qml.ring(look["load"]["over"], 5.0)),
    "base_streets": _plain("base_streets", lambda look: qml.line(look["ground"]["street"], 0.3)),
    "base_ground": _ground,
    "base_buildings": _plain("base_buildings", lambda look: qml.fill(look["ground"]["building"])),
}
