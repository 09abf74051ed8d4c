"""What two versions of a plan.toml say differently, key by key, in words."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from layers.plankeys import choice_name, every_key, plan_keys
from maps.edit.document import same
from maps.edit.fields import Data, leaves, put, without_empty, written

Path = tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """One value that differs; None where it is absent."""

    path: Path
    old: Any
    new: Any


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """Every value that differs, in the order of the form."""
    old, new = dict(leaves(before)), dict(leaves(after))
    differing = [path for path in {**old, **new} if not same(old.get(path), new.get(path))]
    order = {key: at for at, key in enumerate(every_key())}
    differing.sort(key=lambda path: order.get(".".join(path[:2]), len(order)))
    return [Change(path, old.get(path), new.get(path)) for path in differing]


def both(mine: list[Change], theirs: list[Change]) -> list[tuple[Change, Change | None]]:
    """My changes, each with theirs of the same key where they made another one."""
    held = {change.path: change for change in theirs}
    return [(change, _other(change, held.get(change.path))) for change in mine]


def _other(mine: Change, theirs: Change | None) -> Change | None:
    return None if theirs is None or same(mine.new, theirs.new) else theirs


def put_on(data: Mapping[str, Any], mine: list[Change]) -> Data:
    """What is there with my changes on top of it."""
    found = deepcopy(dict(data))
    for change in mine:
        put(found, change.path, change.new)
    return without_empty(found)


def label(path: Path, language: str) -> str:
    """A key in words: section, key, and what is below it."""
    key = every_key().get(".".join(path[:2]))
    if key is None:
        return ".".join(path)
    section = next(one for one in plan_keys() if one.name == path[0])
    rest = [choice_name(part, language) for part in path[2:]]
    if key.kind == "overrides":
        rest = [".".join(path[2:])]
    return " · ".join((section.label(language), key.label(language), *rest))


def value_text(path: Path, value: Any, language: str) -> str:
    """A value in words; empty where it is absent."""
    key = every_key().get(".".join(path[:2]))
    if value is None:
        return ""
    if key is not None and key.kind in ("choice", "choices"):
        listed = value if isinstance(value, list) else [value]
        return ("、" if language == "zh" else ", ").join(choice_name(str(one), language) for one in listed)
    if isinstance(value, bool):
        return {"en": ("no", "yes"), "zh": ("否", "是")}[language][value]
    if isinstance(value, list):
        return ", ".join(one if isinstance(one, str) else written(one) for one in value)
    unit = f" {key.unit}" if key is not None and key.unit else ""
    return value if isinstance(value, str) else f"{written(value)}{unit}"
