"""Counts of rows as requests give them."""

from __future__ import annotations

from typing import TypeVar

from flask import request

from geoplan.errors import PlanError

Without = TypeVar("Without", int, None)


def whole(name: str, without: Without) -> int | Without:
    """A whole number from 0 on in the request; ``without`` where it has none, PlanError for any other text."""
    text = request.args.get(name)
    if text is None:
        return without
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise PlanError(f"{name}={text[:40]!r}: a whole number from 0 on is expected")
    return int(text)
