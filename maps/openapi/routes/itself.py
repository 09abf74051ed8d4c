"""The description of the API itself, as it is described."""

from __future__ import annotations

from maps.openapi.words import OBJECT, Route, json

ROUTES = {
    "openapi.document": Route(
        "plans and runs",
        "This document (OpenAPI 3.1)",
        "本接口说明（OpenAPI 3.1）",
        {200: json("the document", OBJECT)},
    ),
}
