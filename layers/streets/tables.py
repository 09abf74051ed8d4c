"""The data tables of this package: which tags mean what, kept out of the code."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

Tags = Mapping[str, str]
Kinds = Mapping[str, Mapping[str, str]]  # key -> value -> kind


@cache
def table(name: str) -> dict[str, Any]:
    """One of the TOML tables beside this file, read once."""
    return tomllib.loads((Path(__file__).parent / f"{name}.toml").read_text(encoding="utf-8"))


def kind_of(tags: Tags, kinds: Kinds) -> str | None:
    """The kind the first fitting ``key=value`` stands for, in the order of the table."""
    for key, values in kinds.items():
        found = values.get(tags.get(key, ""))
        if found is not None:
            return found
    return None


def is_lifted(tags: Tags) -> bool:
    """Whether a way lies on a bridge, in a tunnel or under a roof, so off the ground around it."""
    rules: Mapping[str, list[str]] = table("barriers")["lifted"]
    return any(key in tags and tags[key] not in values for key, values in rules.items())
