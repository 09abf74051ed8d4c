"""What besides the scenario differs between runs, in words."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files


def differing(names: Sequence[str], language: str) -> list[str]:
    """``population data``, ``streets`` … for what ``differs`` names; a role without a word stays as it is."""
    words = _words()
    found = [words.get(name, words.get(name.rpartition(".")[2], {})).get(language, name) for name in names]
    return list(dict.fromkeys(found))


@cache
def _words() -> dict[str, dict[str, str]]:
    return tomllib.loads(files("geoplan.compare").joinpath("differs.toml").read_text(encoding="utf-8"))
