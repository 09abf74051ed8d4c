"""Words of the documents by group and key, in both languages."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from geoplan.reasons.catalogue import fill
from geoplan.reasons.figures import WRITERS

UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")

Words = dict[str, dict[str, dict[str, str]]]


@cache
def catalogue() -> Words:
    """Everything in ``words.toml``."""
    path = files("geoplan.exports.document").joinpath("words.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def title(key: str, language: str) -> str:
    """Title of a section or table."""
    return catalogue()["title"][key][language]


def column(key: str, language: str) -> str:
    """Head of a column."""
    return catalogue()["column"][key][language]


def word(group: str, key: object, language: str) -> str:
    """The word of a code; the code itself where there is none, nothing for nothing."""
    found = catalogue()[group].get(str(key))
    return found[language] if found else printable("" if key is None else str(key))


def phrase(key: str, language: str, **params: Any) -> str:
    """A sentence with its figures written in."""
    return printable(fill(catalogue()["phrase"][key][language], language, WRITERS, params))


def printable(text: str) -> str:
    """The text without control characters, which neither Word nor Excel can hold."""
    return UNPRINTABLE.sub("", text)
