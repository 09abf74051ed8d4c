"""The survey list and the OSM fix list: who is on them, in which order, in both languages."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import LineString

from geoplan.reasons import LANGUAGES, codes, terms
from geoplan.safety.lists import in_words, survey_list, tag_words
from geoplan.safety.needs import Uses
from geoplan.safety.osm_list import fix_list, missing_tags, wrong_tags
from geoplan.standards import table
from layers.bundle import Streets


def elements() -> pd.DataFrame:
    """A street of unknown limit, a crossing nobody mapped, one mapped, a bad street, a good one."""
    return pd.DataFrame(
        {
            "kind": ["segment", "crossing", "crossing", "segment", "segment"],
            "osm_id": ["11", "21-12", "22", "13", "14"],
            "name": ["Rue Haute", "Rue Basse", None, "Quai", "Passage"],
            "length_m": [200.0, np.nan, np.nan, 90.0, 50.0],
            "mapped": [None, False, True, None, None],
            "level_low": np.array([2, 1, 2, 4, 1], np.int8),
            "level_high": np.array([3, 4, 3, 4, 2], np.int8),
            "assumed": ["maxspeed;sidewalk", "crossing;lanes", "crossing:markings", "", "lit"],
            "road_id": [None, "12", "12", None, None],
        }
    )


def uses() -> Uses:
    route = np.array([0, 0, 0, 1, 1, 2, 2])
    element = np.array([0, 1, 3, 1, 2, 0, 0])
    level = elements()[["level_low", "level_high"]].to_numpy(np.int8)[element]
    return Uses(route, element, level[:, 0], level[:, 1])


ROUTES = pd.DataFrame({"pupils": [10.0, 5.0, 5.0]})


def test_unknown_elements_come_by_pupils_and_unmapped_crossings_before_equals() -> None:
    found = survey_list(ROUTES, uses(), elements())
    assert found["osm_id"].tolist() == ["11", "21-12", "22"]  # both first have 15 pupils; the street has metres too
    assert found["pupils"].tolist() == [15, 15, 5] and found["rank"].tolist() == [1, 2, 3]
    assert found["pupil_metres"].tolist() == [3000, 0, 0] and found["pupil_crossings"].tolist() == [0, 15, 5]
    assert found["look_for"].tolist() == ["maxspeed;sidewalk", "crossing;lanes", "crossing:markings"]


def test_what_certainly_fails_or_is_good_is_not_surveyed() -> None:
    assert not {"13", "14"} & set(survey_list(ROUTES, uses(), elements())["osm_id"])


def test_an_unknown_side_of_the_street_is_what_to_look_for() -> None:
    open_side = Uses(np.array([0]), np.array([3]), np.array([0], np.int8), np.array([4], np.int8))
    assert survey_list(ROUTES, open_side, elements())["look_for"].tolist() == ["sidewalk"]


def test_edges_of_one_way_are_one_row_when_handed_out() -> None:
    parts = elements().assign(osm_id=["11", "21-12", "22", "11", "14"])
    parts["assumed"] = ["maxspeed", "crossing;lanes", "crossing:markings", "maxspeed;lit", "lit"]
    parts.loc[3, ["level_low", "level_high"]] = [1, 4]
    level = parts[["level_low", "level_high"]].to_numpy(np.int8)
    route, element = np.array([0, 0, 1]), np.array([0, 3, 3])
    met = Uses(route, element, level[element, 0], level[element, 1])
    found = survey_list(ROUTES, met, parts, whole_ways=True)
    assert found[["osm_id", "pupils", "pupil_metres"]].to_numpy().tolist() == [["11", 15.0, 10 * 200.0 + 15 * 90.0]]
    assert found.loc[0, "look_for"] == "maxspeed;lit" and found.loc[0, "element"] == 0
    assert found[["level_low", "level_high"]].to_numpy().tolist() == [[1, 4]]
    assert survey_list(ROUTES, met, parts)["pupils"].tolist() == [15, 10]
    same = survey_list(ROUTES, uses(), elements())
    pd.testing.assert_frame_equal(survey_list(ROUTES, uses(), elements(), whole_ways=True), same, check_dtype=False)


def test_the_order_of_rows_changes_nothing() -> None:
    order = np.array([3, 1, 4, 0, 2])
    back = np.argsort(order)
    given = uses()
    moved = Uses(given.route[::-1], back[given.element][::-1], given.low[::-1], given.high[::-1])
    one = survey_list(ROUTES, given, elements()).drop(columns="element")
    two = survey_list(ROUTES, moved, elements().iloc[order].reset_index(drop=True)).drop(columns="element")
    pd.testing.assert_frame_equal(one, two)


@pytest.mark.parametrize("language", LANGUAGES)
def test_both_lists_can_be_handed_out(language: str) -> None:
    survey = in_words(survey_list(ROUTES, uses(), elements()), language)
    words = terms("safety_column", language)
    assert set(survey.columns) <= set(words.values()) and len(survey) == 3
    told = survey[words["what_to_do"]].tolist()
    assert "Rue Haute" in told[0] and "Rue Basse" in told[1] and "{" not in "".join(told)
    assert ("no crossing is mapped" if language == "en" else "未标绘") in told[1]
    fixes = in_words(fix_list(missing_tags(elements(), np.full(5, 3.0))), language)
    assert set(fixes.columns) <= set(words.values())
    assert all("http" not in text for text in fixes[words["what_to_do"]])


def test_every_problem_and_tag_has_words() -> None:
    known = set(codes())
    for problem in ("tag_value_unknown", "tags_contradict", "tag_several_values", "tag_missing", "crossing_missing"):
        assert f"fix_{problem}" in known
    assert set(terms("measure", "zh")) == {row["measure"] for row in table("retrofit_measures").records()}
    assert tag_words("maxspeed;nothing:known", "en") == "speed limit, nothing:known"
    assert tag_words("maxspeed;lanes", "zh") == "限速、车道数"


def test_tags_are_missing_where_they_belong() -> None:
    found = fix_list(missing_tags(elements(), np.array([4.0, 9.0, 2.0, 1.0, 0.0])))
    told = found[["osm_type", "osm_id", "problem", "tag", "pupils"]].to_numpy().tolist()
    assert told == [
        ["node", "21", "crossing_missing", "crossing", 9.0],
        ["way", "12", "tag_missing", "lanes", 9.0],
        ["way", "11", "tag_missing", "maxspeed", 4.0],
        ["way", "11", "tag_missing", "sidewalk", 4.0],
        ["node", "22", "tag_missing", "crossing:markings", 2.0],
    ]


def streets(edge: dict[str, Any], node: dict[str, Any]) -> Streets:
    nodes = pd.DataFrame({"osm_id": [1, 2], "x": [0.0, 100.0], "y": [0.0, 0.0], "signals": [False, False]})
    nodes = nodes.assign(**{tag: [value, None] for tag, value in node.items()})
    flags = {"walk": True, "private": False, "drive_forward": True, "drive_backward": True}
    edges = pd.DataFrame({"u": [0], "v": [1], "osm_id": ["7"], "length_m": [100.0], **flags, **edge})
    none = gpd.GeoDataFrame({"kind": []}, geometry=[], crs=32650)
    return Streets(nodes, gpd.GeoDataFrame(edges, geometry=[LineString([(0, 0), (100, 0)])], crs=32650), none, none)


def test_contradictions_and_unknown_values_are_found_and_weighed() -> None:
    given = streets(
        {"highway": "residential", "maxspeed": "fast", "lanes": "2"},
        {"highway": "crossing", "crossing": "unmarked", "crossing:markings": "zebra"},
    )
    found = fix_list(wrong_tags(given, np.array([12.0]), np.array([30.0, 0.0])))
    told = found[["osm_type", "osm_id", "problem", "tag", "value", "pupils"]].to_numpy().tolist()
    assert told == [
        ["node", "1", "tags_contradict", "crossing+crossing:markings", "unmarked; zebra", 30.0],
        ["way", "7", "tag_value_unknown", "maxspeed", "fast", 12.0],
    ]


def test_nothing_to_put_right() -> None:
    calm = streets({"highway": "residential", "maxspeed": "30", "lanes": "2"}, {"highway": "crossing"})
    found = fix_list(wrong_tags(calm, np.zeros(1), np.zeros(2)))
    assert found.empty and "problem" in found.columns
