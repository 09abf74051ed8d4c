"""Other names of columns and values: Chinese, English and names a shapefile has cut to ten bytes."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from layers.schema import Contract

PLACES = ("lon", "lat", "x", "y", "wkt")
"""Columns that say where a row is; every contract with a geometry may have them."""

DBF_BYTES = 10
_NUMERAL = "一二三四五六七八九"
_SEPARATORS = re.compile(r"[\s_\-·:：/()\[\]【】~—]+")
_BRACKETED = re.compile(r"[(\[【][^)\]】]*[)\]】]\s*$")
_HOLES = {
    "n": rf"(?P<n>1[0-2]|[1-9]|十[一二]?|[{_NUMERAL}])",
    "year": r"(?P<year>\d{4})",
    "a": r"(?P<a>\d{1,3})",
    "b": r"(?P<b>\d{1,3})",
}


def squash(text: str) -> str:
    """Text as names are compared: compatibility form, no case, no separators but one ``-`` between digits."""
    plain = unicodedata.normalize("NFKC", text).casefold().strip()
    plain = re.sub(r"(?<=\d)\s*[-_~—至到]\s*(?=\d)", "\x00", plain)
    return _SEPARATORS.sub("", plain).replace("\x00", "-")


def canonical(header: str, contract: Contract) -> str | None:
    """The contract's name for a column heading, or None where the contract knows no such column."""
    own = unicodedata.normalize("NFKC", header).strip().casefold()
    snake = re.sub(r"[\s\-]+", "_", own)
    if _knows(contract, snake):
        return snake
    without_unit = _BRACKETED.sub("", unicodedata.normalize("NFKC", header))
    for text in dict.fromkeys((squash(header), squash(without_unit))):
        found = _by_alias(text, contract)
        if found:
            return found
    return None


def cut_names(header: str, contract: Contract) -> list[str]:
    """Canonical names a ten-byte field name may have been before it was cut, sorted; families keep their hole."""
    found = {name for full, name in _full_names(contract) if _is_cut(header, full)}
    return sorted(found)


def choice(value: str, column: str, allowed: Sequence[str]) -> str | None:
    """The allowed value that a cell means, or None."""
    text = squash(value)
    for name in allowed:
        if text == squash(name) or text in _values(column).get(name, ()):
            return name
    return None


def stage_name(text: str) -> str | None:
    """The stage a word means (``primary``, ``小学`` …), or None."""
    plain = squash(text)
    return next((stage for stage, words in _file()["stages"].items() if plain in map(squash, words)), None)


def _knows(contract: Contract, name: str) -> bool:
    return contract.column(name) is not None or (bool(contract.geometry) and name in PLACES)


def _by_alias(text: str, contract: Contract) -> str | None:
    for pattern, name in _patterns(contract.name):
        match = pattern.fullmatch(text)
        if match:
            filled = _fill(name, match.groupdict())
            if _knows(contract, filled):
                return filled
    return None


def _fill(name: str, holes: Mapping[str, str]) -> str:
    for hole, text in holes.items():
        filled = _stage(text) if hole == "stage" else _digits(text)
        name = name.replace(f"<{hole}>", filled)
    return name


def _stage(text: str) -> str:
    return next(stage for stage, words in _file()["stages"].items() if text in map(squash, words))


def _digits(text: str) -> str:
    if text.isascii():
        return text
    tens = 10 if text.startswith("十") else 0
    ones = text.removeprefix("十")
    return str(tens + (_NUMERAL.index(ones) + 1 if ones else 0))


@cache
def _file() -> dict[str, dict[str, dict[str, list[str]]]]:
    return tomllib.loads(Path(__file__).with_name("aliases.toml").read_text(encoding="utf-8"))


@cache
def _values(column: str) -> dict[str, frozenset[str]]:
    entry = _file()["values"].get(column, {})
    return {name: frozenset(map(squash, words)) for name, words in entry.items()}


@cache
def _patterns(table: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Alias patterns of a table, its own before those for any table."""
    columns = _file()["columns"]
    return tuple(
        (re.compile(pattern), name)
        for section in (table, "any")
        for name, words in columns.get(section, {}).items()
        for word in words
        for pattern in _regexes(word, name)
    )


def _regexes(word: str, name: str) -> Iterator[str]:
    """The regular expressions of one alias; with the stage on either side where the column is by stage."""
    plain = re.sub(r"<(\w+)>", lambda hole: f"\x01{hole.group(1)}\x02", word)
    body = re.sub(r"\x01(\w+)\x02", lambda hole: _HOLES[hole.group(1)], _escaped(plain))
    if "<stage>" not in name:
        yield body
        return
    words = sorted(
        {squash(text) for texts in _file()["stages"].values() for text in texts}, key=lambda t: (-len(t), t)
    )
    stage = f"(?P<stage>{'|'.join(map(re.escape, words))})"
    yield stage + body
    yield body + stage


def _escaped(text: str) -> str:
    """A squashed alias as a regular expression; holes and a lone dash between them stay."""
    parts = re.split(r"(\x01\w+\x02)", text)
    return "".join(part if part.startswith("\x01") else re.escape(squash(part)) or part for part in parts)


def _full_names(contract: Contract) -> Iterator[tuple[str, str]]:
    """Every name, own or alias, with the canonical name it stands for; by stage where there are stages."""
    places = PLACES if contract.geometry else ()
    yield from ((name, name) for name in (*contract.names(), *places))
    names = {*contract.names(), *places, *(column.name for column in contract.columns)}
    for section in (contract.name, "any"):
        for name, words in _file()["columns"].get(section, {}).items():
            if name in names:
                yield from _with_stages(name, words)


def _with_stages(name: str, words: Sequence[str]) -> Iterator[tuple[str, str]]:
    if "<stage>" not in name:
        yield from ((word, name) for word in words)
        return
    for stage, spoken in _file()["stages"].items():
        yield from ((f"{lead}{word}", name.replace("<stage>", stage)) for lead in spoken for word in words)


def _is_cut(header: str, full: str) -> bool:
    """Whether ``header`` is ``full`` cut to ten bytes, also when numbered (``enrolmen_1``) to keep it unique."""
    text = header.casefold()
    if len(full.encode()) <= DBF_BYTES or not _fills_ten(text):
        return False
    numbered = re.fullmatch(r"(.{5,8})_\d{1,2}", text)
    stems = (text, numbered.group(1)) if numbered else (text,)
    return full.split("<")[0].casefold().startswith(stems)


def _fills_ten(text: str) -> bool:
    """A cut name fills the ten bytes, but for part of a character: 3 bytes each in UTF-8, 2 in GBK."""
    ascii_only = text.isascii()
    return (
        len(text) == DBF_BYTES if ascii_only else len(text.encode()) in (8, 9, 10) or len(text.encode("gb18030")) >= 9
    )
