"""Checks in words: every verdict of every rule can be said, in both languages, with its source."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from affine import Affine
from shapely import LineString, Point, box

from geoplan import reasons
from geoplan.reasons.catalogue import catalogue
from geoplan.reasons.siting_checks import check_sentence, rule_word, search_sentence, verdict_sentence
from geoplan.siting.candidates import candidates
from geoplan.standards import table
from layers.bundle import Heights
from tests.geoplan.siting.fields import CN, fields, square
from tests.geoplan.siting.test_search_areas import need
from tests.toytown.land import EAST, NORTH

STAGES = ("primary", "junior")
RAIL = ("rail", LineString([(0, 0), (0, 3000)]))
MAIN = ("primary", "Ring Road", [(0.0, 1000.0), (3000.0, 1000.0)])
BARE = ("residential", "", [(0.0, 1000.0), (3000.0, 1000.0)])


def said(layers: Any, rule: str, language: str = "en") -> str:
    """The sentence of a rule on the first candidate, spaces plain."""
    checks = candidates(layers, CN, STAGES, search=False)["checks"].iloc[0]
    found = next(check for check in checks if check["rule"] == rule)
    return check_sentence(found, language).replace("\u202f", " ")


def test_a_railway_too_near() -> None:
    layers = fields([{"id": "p", "shape": square(50, 500)}], ground=[RAIL])
    assert said(layers, "railway") == (
        "The land lies 55 m from the railway; at least 300 m are asked for unless noise is kept out "
        "(GB 50099-2011 中小学校设计规范 4.1.6, seen in the official text)."
    )
    assert said(layers, "railway", "zh") == (
        "用地可建设部分距铁路仅55米，应不小于300米，否则须采取隔声降噪措施"
        "（GB 50099-2011 中小学校设计规范 4.1.6，已核对原文）。"
    )


def test_a_distance_just_short_is_not_rounded_up_to_the_threshold() -> None:
    layers = fields([{"id": "p", "shape": square(294.9, 500)}], ground=[RAIL])
    assert "299 m from the railway" in said(layers, "railway")


def test_roads_are_called_by_name_and_assumptions_by_their_own() -> None:
    layers = fields([{"id": "p", "shape": square(500, 1020)}], streets=[MAIN])
    assert "from Ring Road; at least 80 m" in said(layers, "arterial")
    assert said(layers, "access").startswith("Ring Road passes 20 m from the border")
    assert said(layers, "access").endswith("(geoplan planning assumption).")
    assert said(layers, "access", "zh").endswith("（geoplan规划假定）。")


def test_size_names_the_school() -> None:
    small = fields([{"id": "p", "shape": square(500, 1020, 70)}])
    assert said(small, "area").startswith(
        "4,900 m² can be used; a primary school of 12 classes needs 6,000 m², so several storeys"
    )
    assert said(small, "area", "zh").startswith("可用地4,900平方米（7.4亩）；12个班的小学需6,000平方米（9亩）")


def test_excluded_land_is_called_by_kind_and_uses_by_word() -> None:
    layers = fields(
        [{"id": "p", "shape": square(500, 1020)}],
        excluded=[("heritage", box(500, 1020, 550, 1220))],
        ground=[("green", box(0, 0, 3000, 3000))],
    )
    assert said(layers, "excluded").startswith("25 % of the land, 10,000 m², is excluded (heritage)")
    assert said(layers, "ground") == (
        "100 % of the land is mapped as park or green space: whoever decides on it must agree."
    )


def rising(step_m: float) -> Heights:
    """Pixels of 20 m, each so much higher than its western neighbour."""
    values = np.tile(np.arange(150, dtype=np.float32) * step_m, (150, 1))
    return Heights(values, Affine(20, 0, EAST, 0, -20, NORTH + 3000))


WORLDS: dict[str, Any] = {
    "plain": fields([{"id": "p", "shape": square(500, 1020)}]),
    "bare": fields([{"id": "p", "shape": square(500, 1020)}], ground=[], streets=[BARE]),
    "far": fields([{"id": "p", "shape": square(500, 2000)}]),
    "remote": fields([{"id": "p", "shape": square(500, 1100)}], streets=[BARE]),
    "remote_named": fields([{"id": "p", "shape": square(500, 1100)}]),
    "point": fields(
        [{"id": "p", "shape": Point(290, 1010), "area_m2": 10_000.0}],
        ground=[("rail", LineString([(0, 0), (0, 3000)])), ("water", square(295, 1010)), ("green", square(0, 900))],
        excluded=[("flood", square(295, 1010)), ("landslide", square(295, 1010)), ("airport", square(295, 1010))],
        buildings=[square(300, 1010)],
        streets=[MAIN],
    ),
    "lost": fields([{"id": "p", "shape": Point(1290, 1010)}], ground=[RAIL]),
    "wet": fields(
        [{"id": "p", "shape": square(500, 1020)}],
        ground=[
            ("water", square(400, 1000, 500)),
            ("power_line", square(450, 1050)),
            ("pipeline", square(450, 1050)),
        ],
        excluded=[(kind, square(400, 1000, 500)) for kind in ("flood", "landslide", "airport")],
        buildings=[square(600, 1100, 30), square(710, 1100, 30)],
    ),
    "part": fields(
        [{"id": "p", "shape": square(-100, 900, 400)}, {"id": "q", "shape": square(200, 900)}],
        ground=[RAIL, ("internet_cafe", Point(320, 1000)), ("water", square(0, 900, 30)), ("green", square(0, 900))],
        excluded=[(kind, square(0, 900, 50)) for kind in ("flood", "landslide", "airport")],
        streets=[MAIN],
    ),
    "out": fields([{"id": "p", "shape": square(-900, 900)}]),
    "level": replace(fields([{"id": "p", "shape": square(500, 1020)}]), heights=rising(0.0)),
    "steep": replace(fields([{"id": "p", "shape": square(500, 1020)}]), heights=rising(4.0)),
    "thin": fields([{"id": "p", "shape": box(500, 1020, 520, 1400)}]),
    "ragged": fields([{"id": "p", "shape": box(500, 1020, 900, 1061)}]),
    "near_point": fields(
        [{"id": "p", "shape": Point(340, 1160), "area_m2": 10_000.0}],
        ground=[RAIL, ("internet_cafe", Point(340, 1380))],
        buildings=[square(375, 1140, 30)],
        streets=[("primary", "Ring Road", [(0.0, 1260.0), (3000.0, 1260.0)]), MAIN],
    ),
    "reserved": fields(
        [{"id": "p", "shape": square(500, 1020), "kind": "education_plot"}], buildings=[square(850, 1120, 10)]
    ),
    "junction": fields(
        [{"id": "p", "shape": square(1000, 1020, 60)}, {"id": "q", "shape": square(1200, 1020)}],
        streets=[
            ("residential", "Cross Street", [(1030.0, 500.0), (1030.0, 1000.0)]),
            ("residential", "Lane", [(0.0, 1000.0), (1030.0, 1000.0), (3000.0, 1000.0)]),
        ],
    ),
    "clear": fields(
        [{"id": "p", "shape": square(500, 1120)}],
        excluded=[("flood", square(2000, 2000)), ("geology", square(2000, 2000)), ("airport", square(2000, 2000))],
        ground=[("rail", LineString([(0, 0), (0, 3000)])), ("internet_cafe", Point(1500, 1000))],
        buildings=[square(760, 1120, 30)],
        streets=[MAIN, ("residential", "Back Lane", [(0.0, 1350.0), (2000.0, 1350.0)])],
    ),
}


@pytest.mark.parametrize("world", WORLDS)
def test_every_check_can_be_said(world: str) -> None:
    table_of = candidates(WORLDS[world], CN, STAGES, search=False)
    for checks in table_of["checks"]:
        for check in json.loads(json.dumps(checks)):
            english, chinese = check_sentence(check, "en"), check_sentence(check, "zh")
            assert english.endswith(".") and chinese.endswith("。") and "{" not in english + chinese
            assert "None" not in english + chinese and "nan" not in english
            assert "()" not in english and "（）" not in chinese, (english, chinese)
            assert english[0].isupper() or english[0].isdigit(), english
    for row in table_of.to_dict("records"):
        assert verdict_sentence(row, "en") and verdict_sentence(row, "zh")


def test_every_sentence_of_a_rule_is_of_use() -> None:
    """What the catalogue can say of rules is what the rules give on these fields, no more and no less."""
    seen = {
        check["code"]
        for world in WORLDS.values()
        for checks in candidates(world, CN, STAGES, search=False)["checks"]
        for check in checks
    }
    others = ("site_by_", "site_plain", "site_verdict_", "site_search_")
    assert seen == {code for code in reasons.codes() if code.startswith("site_") and not code.startswith(others)}
    rules = {row["rule"] for row in table("siting_rules").records()}
    for language in reasons.LANGUAGES:
        assert set(catalogue(language)["term"]["site_rule"]) == rules
        assert rule_word("railway", language) != "railway"


def test_the_search_is_told() -> None:
    none = candidates(fields(ground=[("military", box(0, 0, 3000, 3000))]), CN, STAGES, need=need((1500, 1100, 9)))
    assert search_sentence(none.attrs["search"], "en").startswith("No free land of 1,500 m² or more was found")
    found = candidates(fields(), CN, STAGES, need=need((1500, 1100, 9)))
    assert "search areas" in search_sentence(found.attrs["search"], "en")
    for code in ("search_no_need", "search_no_street"):
        assert search_sentence({"code": code, "params": {}}, "zh").endswith("。")
