"""JSON as requests bring it: one meaning or none."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from flask.json.provider import DefaultJSONProvider


class StrictJSON(DefaultJSONProvider):
    """Flask's JSON, but a name given twice, NaN, Infinity and endless nesting are no JSON when they are read."""

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """What a text says; ValueError where it says nothing, or two things at once."""
        try:
            return json.loads(s, object_pairs_hook=_once, parse_constant=_no_number, **kwargs)
        except RecursionError:
            raise ValueError("nested too deeply") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name is given twice")
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")
