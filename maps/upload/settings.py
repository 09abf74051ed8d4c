"""Limits of what may be sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask, current_app

from maps.settings import Read, whole

DEFAULTS: Mapping[str, Any] = {  # each is the setting GEOPLAN_<name>
    "UPLOAD_MB": "2048",  # most in one request
    "UPLOAD_FILES": "200",  # most files in one request
    "UPLOAD_FREE_MB": "1024",  # what stays free on the disk
    "UPLOAD_KEPT": "20",  # unfinished uploads of one person
}
MB = 1 << 20
FORM_BYTES = 4 * MB
"""Most of a request that carries no files."""


READERS: Mapping[str, Read] = {
    "UPLOAD_MB": whole(),
    "UPLOAD_FILES": whole(),
    "UPLOAD_FREE_MB": whole(0),
    "UPLOAD_KEPT": whole(),
}


def attach(app: Flask) -> None:
    """Requests without files are small."""
    app.config.update(MAX_CONTENT_LENGTH=FORM_BYTES, MAX_FORM_PARTS=4_000)


def most_bytes(config: Mapping[str, Any] | None = None) -> int:
    """Most bytes of a request with files."""
    return int((config or current_app.config)["UPLOAD_MB"]) * MB + FORM_BYTES


def number(name: str) -> int:
    """A limit, as a whole number."""
    return int(current_app.config[name])
