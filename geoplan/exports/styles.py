"""Which QGIS style a table gets: cells by walking distance and by account, schools by load, a quiet base map."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

from geoplan.exports import qml
from geoplan.exports.names import stage_title, table_title
from geoplan.exports.qml import Class
from geoplan.style import classes, style
from layers.bundle import STAGES

NAME_LENGTH = 30
FAR_M = 1e7


@dataclass(frozen=True)
class LayerStyle:
    """One style of a layer; the first of a layer is what QGIS shows when the layer is added."""

    name: str
    qml: str


def styles(table: str, columns: Sequence[str], language: str) -> list[LayerStyle]:
    """The styles of a table in the order of use; none for a table we do not know."""
    maker = MAKERS.get(table)
    if maker is None:
        return []
    label = "name" if table in {"schools", "areas"} and "name" in columns else ""
    return [
        LayerStyle(name[:NAME_LENGTH], qml.document(renderer, columns, language, label))
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
    look = classes("walk")
    bounds = zip(look.breaks, [*look.breaks[1:], FAR_M], strict=True)
    return [
        Class(qml.square(colour, "side_m"), label, test)
        for colour, label, test in zip(look.colours, look.labels(language), bounds, strict=True)
    ]


def _status_classes(language: str) -> list[Class]:
    look = classes("status")
    known = [
        Class(qml.square(colour, "side_m"), label, value)
        for colour, label, value in zip(look.colours, look.labels(language), look.values, strict=True)
    ]
    nobody = {"en": "no pupils of this stage", "zh": "无该学段学生"}[language]
    return [*known, Class(qml.square(look.unknown, "side_m"), nobody, "none")]


def _schools(columns: Sequence[str], language: str) -> Made:
    for stage in [stage for stage in STAGES if f"load_{stage}" in columns]:
        word = {"en": "Load", "zh": "学位负荷"}[language]
        yield f"{word}, {stage_title(stage, language)}", qml.ruled(_load_classes(stage, language))


def _load_classes(stage: str, language: str) -> list[Class]:
    look, sizes = classes("load"), style()["load"]["sizes_mm"]
    upper = [*look.breaks[1:], None]
    known = [
        Class(qml.ring(colour, size), label, _load_test(stage, low, high))
        for colour, size, label, low, high in zip(
            look.colours, sizes, look.labels(language), look.breaks, upper, strict=True
        )
    ]
    unknown = {"en": "load not known", "zh": "负荷未知"}[language]
    other = {"en": "other stages", "zh": "其他学段"}[language]
    serves = f"\"stages\" LIKE '%{stage}%'"
    grey = Class(qml.ring(look.unknown, 3.0), unknown, f'"load_{stage}" IS NULL AND {serves}')
    return [*known, grey, Class(qml.ring(look.unknown, 1.6), other, "ELSE")]


def _load_test(stage: str, low: float, high: float | None) -> str:
    """Classes hold their upper end, so that a school with as many pupils as places is full, not over."""
    column = f'"load_{stage}"'
    lower = f"{column} > {low:g}" if low else f"{column} >= 0"
    return lower if high is None else f"{lower} AND {column} <= {high:g}"


def _levels(table: str, symbol: Callable[[str], qml.Symbol]) -> Callable[[Sequence[str], str], Made]:
    def made(columns: Sequence[str], language: str) -> Made:
        look = classes("level")
        sure = [
            Class(symbol(colour), label, f'"level_low" = {level} AND "level_high" = {level}')
            for colour, label, level in zip(look.colours, look.labels(language), look.values, strict=True)
        ]
        unsure = {"en": "level not known for sure", "zh": "等级未定"}[language]
        yield table_title(table, language), qml.ruled([*sure, Class(symbol(look.unknown), unsure, "ELSE")])

    return made


def _candidates(columns: Sequence[str], language: str) -> Made:
    look = classes("verdict")
    called = zip(look.colours, look.labels(language), look.values, strict=True)
    known = [Class(qml.fill(colour, colour, alpha=110), label, value) for colour, label, value in called]
    yield table_title("candidates", language), qml.categorised("verdict", known)


def _proposals(columns: Sequence[str], language: str) -> Made:
    look = style()
    plain = qml.ring(look["ink"], 5.0)
    if "recommended" not in columns:
        yield table_title("proposals", language), qml.single(plain)
        return
    words = {"en": ("recommended", "shown, not recommended"), "zh": ("建议采用", "仅列出，不建议采用")}[language]
    weak = Class(qml.ring(look["unknown"], 4.0), words[1], "ELSE")
    yield table_title("proposals", language), qml.ruled([Class(plain, words[0], '"recommended"'), weak])


def _ground(columns: Sequence[str], language: str) -> Made:
    look = style()["ground"]
    water = "\"kind\" IN ('water', 'sea', 'river', 'riverbank')"
    kinds = [
        Class(qml.fill(look["water"]), {"en": "water", "zh": "水系"}[language], water),
        Class(qml.fill(look["green"]), {"en": "green", "zh": "绿地"}[language], "\"kind\" = 'green'"),
        Class(qml.fill(look["other"]), {"en": "other", "zh": "其他"}[language], "ELSE"),
    ]
    yield table_title("base_ground", language), qml.ruled(kinds)


def _plain(table: str, symbol: Callable[[dict[str, Any]], qml.Symbol]) -> Callable[[Sequence[str], str], Made]:
    def made(columns: Sequence[str], language: str) -> Made:
        yield table_title(table, language), qml.single(symbol(style()))

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
    "candidates": _candidates,
    "proposals": _proposals,
    "base_streets": _plain("base_streets", lambda look: qml.line(look["ground"]["street"], 0.3)),
    "base_ground": _ground,
    "base_buildings": _plain("base_buildings", lambda look: qml.fill(look["ground"]["building"])),
}
