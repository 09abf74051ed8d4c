"""Every word of the pages is there in Chinese, and figures are written as each language writes them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

from maps.language import LANGUAGES, day, metres, number, percent, speaker, translations

ROOM = Path(__file__).resolve().parents[2] / "maps"
PLACES = re.compile(r"%\((\w+)\)s")


def messages() -> list[str]:
    found = extract_from_dir(
        ROOM, method_map=[("**.py", "python"), ("templates/**.html", "jinja2")], keywords={"_": None, "say": None}
    )
    return sorted({str(message[2]) for message in found})


def test_every_message_is_translated_with_the_same_places() -> None:
    found = messages()
    assert len(found) > 100
    catalogue = translations("zh")
    for message in found:
        said = catalogue.gettext(message)
        assert said != message, f"no Chinese for {message!r}"
        assert set(PLACES.findall(said)) == set(PLACES.findall(message)), message


def test_the_catalogue_holds_nothing_unused() -> None:
    catalogue = translations("zh")
    used = set(messages())
    assert [message for message in catalogue._catalog if message and message not in used] == []


def test_places_are_filled() -> None:
    assert speaker("zh")("within %(limit)s", limit="500米") == "500米以内"
    assert speaker("en")("within %(limit)s", limit="500 m") == "within 500 m"


@pytest.mark.parametrize("language", LANGUAGES)
def test_unknown_is_a_dash_never_a_zero(language: str) -> None:
    for value in (None, float("nan"), "x"):
        assert number(value, language) == percent(value, language) == metres(value, language) == "–"


def test_figures() -> None:
    assert (number(12345.6, "en"), number(2.44, "en", 1)) == ("12,346", "2.4")
    assert (percent(0.713, "en"), percent(0.713, "zh")) == ("71\u202f%", "71%")
    assert percent(0.9999999999, "en") == "100\u202f%", "noise of adding is not a missing pupil"
    assert (metres(512, "zh"), metres(12345, "en")) == ("512米", "12.3\u202fkm")
    assert (day("2025-01-02T03:04:05+00:00", "zh"), day("yesterday", "en")) == ("2025年1月2日", "yesterday")
