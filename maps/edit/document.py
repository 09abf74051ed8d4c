"""The text of plan.toml made to say something else: comments, order and spelling of what stays are kept."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, MutableMapping
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Table


def rewritten(text: str, data: Mapping[str, Any]) -> tuple[str, bool]:
    """The text changed until it says ``data``, and whether its comments could be kept.

    ``text`` must be TOML. Where the layout is one the library cannot follow, the text is written anew.
    """
    if says(text, data):
        return text, True
    try:
        document = tomlkit.parse(text if text.endswith("\n") or not text else f"{text}\n")
        _follow(document, data)
        made = document.as_string()
    except (TOMLKitError, KeyError, ValueError, TypeError, AttributeError):
        made = ""
    return (made, True) if says(made, data) else (tomlkit.dumps(data), False)


def says(text: str, data: Mapping[str, Any]) -> bool:
    """Whether a text is TOML that says just this."""
    try:
        return same(tomllib.loads(text), data)
    except tomllib.TOMLDecodeError:
        return False


def same(one: Any, other: Any) -> bool:
    """Equal, and true is not 1."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _follow(table: MutableMapping[str, Any], wanted: Mapping[str, Any]) -> None:
    for key in [key for key in table if key not in wanted]:
        del table[key]
    for key, value in wanted.items():
        if key not in table:
            _add(table, key, value)
        elif isinstance(table[key], MutableMapping) and isinstance(value, Mapping):
            _follow(table[key], value)
        elif not same(_plain(table[key]), value):
            table[key] = value


def _add(table: MutableMapping[str, Any], key: str, value: Any) -> None:
    """Behind the last key, before the comments that lead to the next heading."""
    item = _item(key, value, top=not isinstance(table, Table))
    if not isinstance(table, Table) or isinstance(item, Table):
        table[key] = item
        return
    body = table.value.body
    tail: list[Any] = []
    while body and body[-1][0] is None:
        tail.insert(0, body.pop())
    table.append(key, item)
    body.extend(tail)


def _item(key: str, value: Any, *, top: bool) -> Any:
    """A table of its own for sections and overrides, else within braces."""
    if not isinstance(value, Mapping):
        return tomlkit.item(value)
    made: Any = tomlkit.table() if top or key == "override" else tomlkit.inline_table()
    for name, inner in value.items():
        made.append(tomlkit.key(name), _item(name, inner, top=False))
    return made


def _plain(item: Any) -> Any:
    return item.unwrap() if hasattr(item, "unwrap") else item
