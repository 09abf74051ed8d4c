"""The words routes are described in: a route, a parameter, an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Schema = Mapping[str, Any]

JSON, HTML, GEOJSON = "application/json", "text/html", "application/geo+json"
PROBLEM = "application/problem+json"


@dataclass(frozen=True)
class Param:
    """A part of the query, or a header when ``place`` says so."""

    name: str
    schema: Schema
    about: str
    required: bool = False
    place: str = "query"


@dataclass(frozen=True)
class Answer:
    """What a route answers: a schema for each kind of content; headers by name."""

    about: str
    content: Mapping[str, Schema] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Route:
    """One route and method. What follows from the route itself is not repeated: path, role, method, common errors.

    ``answers`` by status; ``errors``: statuses of problem documents beyond those every route may answer.
    """

    tag: str
    summary: str
    zh: str
    answers: Mapping[int, Answer]
    query: tuple[Param, ...] = ()
    body: Schema | None = None
    errors: tuple[int, ...] = ()
    note: str = ""
    of_body: str = JSON


def ref(name: str) -> Schema:
    """A schema of the document by its name."""
    return {"$ref": f"#/components/schemas/{name}"}


def listed(items: Schema) -> Schema:
    """A list of something."""
    return {"type": "array", "items": items}


def one_of(*names: str) -> Schema:
    """A text out of a few."""
    return {"type": "string", "enum": list(names)}


def maybe(kind: str, **more: Any) -> Schema:
    """A value that is null where it is not known."""
    return {"type": [kind, "null"], **more}


def thing(required: Mapping[str, Schema], **optional: Schema) -> Schema:
    """An object; what it may hold besides is not promised."""
    must = {"required": list(required)} if required else {}
    return {"type": "object", **must, "properties": {**required, **optional}}


def json(about: str, schema: Schema, **headers: str) -> Answer:
    """An answer in JSON; ``X_Total_Count`` stands for the header ``X-Total-Count``."""
    return Answer(about, {JSON: schema}, {name.replace("_", "-"): said for name, said in headers.items()})


def file(about: str, *mimetypes: str) -> Answer:
    """An answer that is a file."""
    return Answer(about, {mimetype: {} for mimetype in mimetypes})


TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}
COUNT: Schema = {"type": "integer", "minimum": 0}
FLAG: Schema = {"type": "boolean"}
MOMENT: Schema = {"type": "string", "format": "date-time"}
OBJECT: Schema = {"type": "object"}
STAGES = ("kindergarten", "primary", "junior", "senior")

LANG = Param("lang", one_of("en", "zh"), "language of words in the answer; else that of `Accept-Language`")
STAGE = Param("stage", one_of(*STAGES), "school stage; the first of the run when left out")
YEAR = Param("year", {"type": "integer", "minimum": 1000, "maximum": 9999}, "a year the run counts")
LON = Param("lon", {"type": "number", "minimum": -180, "maximum": 180}, "degrees east", required=True)
LAT = Param("lat", {"type": "number", "minimum": -85.06, "maximum": 85.06}, "degrees north", required=True)
MOST_ROWS = 999_999_999
OFFSET = Param("offset", {"type": "integer", "minimum": 0, "maximum": MOST_ROWS, "default": 0}, "rows left out")
