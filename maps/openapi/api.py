"""Where the description of the API is."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, jsonify, request

from maps.openapi.routes import described
from maps.openapi.schemas import schemas
from maps.openapi.writing import Book, written

openapi = Blueprint("openapi", __name__, url_prefix="/api/v1")

ABOUT = (
    "Plans, their runs and what is in them. Log in on the pages, or send a token: `Authorization: Bearer …`. "
    "Errors are problem documents (RFC 9457). What one may not see is answered 404. Words come in English and "
    "Chinese (`lang`)."
)


@openapi.get("/openapi.json")
def document() -> Response:
    """The OpenAPI document of the API."""
    return jsonify(written(current_app, book(), request.script_root))


def book() -> Book:
    """What the document is made of."""
    return Book("/api/v1", "geoplan", ABOUT, "3.1.0", described(), schemas())
