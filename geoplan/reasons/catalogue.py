"""Sentences and words by key, from one TOML file a language; placeholders say how their figure is written."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from geoplan.errors import NotFoundError

LANGUAGES = ("en", "zh")
PLACE = re.compile(r"\{(?P<name>\w+)(?::(?P<kind>[\w.]+))?\}")

Writer = Callable[[Any, str], str]


@cache
def catalogue(language: str) -> dict[str, Any]:
    """All texts of a language; NotFoundError for a language there is none of."""
    if language not in LANGUAGES:
        raise NotFoundError(f"unknown language {language!r}; known: {', '.join(LANGUAGES)}")
    return tomllib.loads((Path(__file__).parent / f"{language}.toml").read_text(encoding="utf-8"))


def codes() -> tuple[str, ...]:
    """Every sentence code, sorted."""
    return tuple(sorted(catalogue("en")["sentence"]))


def placeholders(template: str) -> frozenset[tuple[str, str]]:
    """Names a sentence needs, each with the kind of figure or word it is."""
    return frozenset((match["name"], match["kind"] or "") for match in PLACE.finditer(template))


def text(group: str, key: str, language: str) -> str:
    """A template as it stands in the file; NotFoundError when there is none."""
    found = catalogue(language)[group].get(key)
    if found is None:
        raise NotFoundError(f"no {group} {key!r} in {language}.toml")
    return str(found)


def term(key: str, language: str) -> str:
    """A word by ``group.name``: ``stage.primary``, ``account.served``, ``setting.town``.

    Raises
    ------
    NotFoundError
        Unknown group, name or language.
    """
    group, _, name = key.partition(".")
    words = catalogue(language)["term"].get(group)
    if words is None or name not in words:
        raise NotFoundError(f"no term {key!r} in {language}.toml")
    return str(words[name])


def terms(group: str, language: str) -> dict[str, str]:
    """All words of a group, in the order of the file."""
    return dict(catalogue(language)["term"][group])


def fill(template: str, language: str, writers: Mapping[str, Writer], params: Mapping[str, Any]) -> str:
    """A template with every place filled: figures by their writer, ``term.<group>`` by its word, the rest as text."""

    def place(match: re.Match[str]) -> str:
        value, kind = params[match["name"]], match["kind"]
        if kind and kind.startswith("term."):
            return term(f"{kind.removeprefix('term.')}.{value}", language)
        return writers[kind](value, language) if kind else str(value)

    return PLACE.sub(place, template)
