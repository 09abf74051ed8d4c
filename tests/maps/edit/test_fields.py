"""Every key of plan.toml goes through the form and comes back; comments and order stay."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.planfile import PlanFile
from layers.plankeys import Key, every_key, plan_keys
from maps.edit.document import rewritten, same, says
from maps.edit.fields import data_from, form_of
from maps.edit.overrides import data_with, override_form

WORDS = st.text(st.characters(categories=("L", "N", "P", "Sm")), min_size=1, max_size=12)
LINE = st.lists(WORDS, min_size=1, max_size=3).map(" ".join).map(str.strip)
YEAR = st.integers(1900, 2200).map(str)
TEXT = """# of the county
[plan]
name = "a"        # short
title = "A"

# where
[region]
boundary = "b.geojson"

[standards]
profile = "cn"
[standards.override]
cn.radius.primary = 600  # council, 2024
"plan.snap.rural" = { value = 400, unit = "m", source = "county" }
# the end
"""


def values(key: Key) -> st.SearchStrategy[Any]:
    bounds = dict(key.bounds)
    low, high = bounds.get("ge", bounds.get("gt", 0.0) + 1), bounds.get("le", 1e6)
    return {
        "text": lambda: LINE,
        "file": lambda: LINE,
        "flag": st.booleans,
        "choice": lambda: st.sampled_from(key.choices),
        "whole": lambda: st.integers(int(low), int(high)),
        "number": lambda: st.floats(low, high, allow_nan=False),
        "wholes": lambda: st.lists(st.integers(1, 9999), min_size=1, max_size=4),
        "texts": lambda: st.lists(LINE, min_size=1, max_size=3),
        "files": lambda: st.one_of(LINE, st.lists(LINE, min_size=2, max_size=3)),
        "choices": lambda: st.lists(st.sampled_from(key.choices), min_size=1, unique=True),
        "amounts": lambda: st.dictionaries(YEAR, st.integers(1, 10**9), min_size=1, max_size=3),
        "answers": lambda: st.dictionaries(st.sampled_from(key.choices), LINE, min_size=1),
        "overrides": lambda: st.fixed_dictionaries({"cn.radius.primary": st.integers(1, 900)}),
    }[key.kind]()


@st.composite
def plans(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    chosen = draw(st.lists(st.sampled_from(sorted(every_key())), max_size=12, unique=True))
    found: dict[str, dict[str, Any]] = {}
    for name in chosen:
        key = every_key()[name]
        found.setdefault(key.section, {})[key.name] = draw(values(key))
    return found


def through(data: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """What the form means that ``data`` fills, opened on ``before``."""
    form = form_of(data) | {name: [""] for name in override_form(before)} | override_form(data)
    return data_with(form, data_from(form, before), before)


@settings(max_examples=30, deadline=None)
@given(plans(), plans())
def test_every_key_goes_through_the_form(data: dict[str, Any], before: dict[str, Any]) -> None:
    assert same(through(data, data), data), "an untouched form changes nothing"
    made = {name: held for name, held in through(data, before).items() if held}
    assert same(made, data)


@settings(max_examples=30, deadline=None)
@given(plans())
def test_a_text_is_made_to_say_anything_and_keeps_its_comments(data: dict[str, Any]) -> None:
    whole = {"plan": {"name": "a"}, "region": {"boundary": "c.geojson"}} | data
    text, kept = rewritten(TEXT, whole)
    assert kept and says(text, whole)
    assert text.startswith("# of the county\n[plan]\n")
    assert re.search(r"# where\n\[region\]\n", text), "a comment stays before its heading"


@pytest.mark.parametrize("name", sorted(every_key()))
def test_each_key_is_named_and_helped_in_both_languages(name: str) -> None:
    key = every_key()[name]
    for language in ("en", "zh"):
        assert key.label(language) and key.help(language)
    assert re.search("[\u4e00-\u9fff]", key.label("zh") + key.help("zh"))
    if key.kind == "choice":
        from layers.plankeys import choice_name

        assert all(choice_name(one, "zh") != one for one in key.choices)


def test_the_words_name_no_key_there_is_not() -> None:
    from layers.plankeys import _words

    for section, said in _words().items():
        if section != "choices":
            known = {key.name for one in plan_keys() if one.name == section for key in one.keys}
            assert set(said) == {"label", *known}, section
    assert {section.name for section in plan_keys()} == set(PlanFile.model_fields) - {"root", "tables"}


def test_a_new_key_stands_with_its_section_and_a_value_keeps_its_comment() -> None:
    data = tomllib.loads(TEXT)
    data["plan"] |= {"title": "B", "years": [2025, 2030]}
    data["housing"] = {"table": "h.csv"}
    text, kept = rewritten(TEXT, data)
    assert kept and 'title = "B"\nyears = [2025, 2030]\n\n# where\n[region]' in text
    assert 'name = "a"        # short' in text and text.endswith('[housing]\ntable = "h.csv"\n')


def test_overrides_are_changed_where_and_as_they_stand() -> None:
    before = tomllib.loads(TEXT)
    form = form_of(before) | override_form(before)
    assert form["value:cn.radius.primary"] == ["600"] and form["source:plan.snap.rural"] == ["county"]
    form |= {"value:cn.radius.primary": ["550"], "note:plan.snap.rural": ["hills"]}
    form |= {
        "value:plan.reconciliation": ["[0.8, 1.2]"],
        "value:cn.structure": ["5-4"],
        "value:cn.radius.junior": [""],
    }
    data = data_with(form, data_from(form, before), before)
    text, kept = rewritten(TEXT, data)
    assert kept and "cn.radius.primary = 550  # council, 2024" in text and "# the end" in text
    assert data["standards"]["override"]["plan.snap.rural"] == {
        "value": 400,
        "unit": "m",
        "source": "county",
        "note": "hills",
    }
    assert data["standards"]["override"]["plan.reconciliation"] == [0.8, 1.2]
    assert data["standards"]["override"]["cn.structure"] == "5-4"
    emptied = {name: [""] if name.startswith("value:") else held for name, held in form.items()}
    assert "override" not in data_with(emptied, data_from(emptied, before), before)["standards"]


def test_what_is_no_number_stays_as_it_was_entered() -> None:
    form = form_of({}) | {"siting.max_new": ["many"], "plan.years": ["2025; x"], "demand.control": ["2030"]}
    data = data_from(form, {})
    assert data == {
        "siting": {"max_new": "many"},
        "plan": {"years": [2025, "x"]},
        "demand": {"control": {"2030": ""}},
    }
    assert form_of(data)["siting.max_new"] == ["many"]


@pytest.mark.parametrize("text", ["region = 3\n", 'region.boundary = "b"\n', '[region]\nboundary = "b"', "\n\n", ""])
def test_odd_layouts_are_followed(text: str) -> None:
    data = {"region": {"boundary": "c", "areas": "d"}, "plan": {"name": "x"}}
    made, _ = rewritten(text, data)
    assert says(made, data)


def test_what_norms_speak_of_has_words_in_both_languages() -> None:
    from geoplan.standards import load, profiles
    from maps.edit.rows import norm_rows, topics

    spoken = {norm.topic for name in profiles() for norm in load(name).norms.values()}
    assert set(topics()) == spoken
    found = norm_rows({"standards": {"profile": "cn"}}, {}, "服务半径 小学", "zh")
    ids = [row["id"] for row in found]
    assert "cn.radius.primary" in ids and all("radius" in one for one in ids)
