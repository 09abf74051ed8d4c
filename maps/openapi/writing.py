"""An OpenAPI document from the routes an application has and the description of each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask
from werkzeug.routing import Rule

from geoplan import __version__
from maps.openapi.words import COUNT, PROBLEM, TEXT, Answer, Param, Route, Schema, ref
from maps.people.models import PLANNER, VIEWER
from maps.people.sessions import cookie_name

PLACE = re.compile(r"<(?:(\w+):)?(\w+)>")
METHODS = ("GET", "DELETE", "POST", "PUT", "PATCH")
WRITING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
ALWAYS, WRITTEN = (400, 401, 403, 500, 503), (413, 429)
PROBLEMS = {
    400: "the request cannot be carried out",
    401: "not logged in, or a token that is not known",
    403: "one's role does not allow this",
    404: "there is none, or one may not see it",
    406: "no such format",
    409: "another content has this name",
    412: "the content has changed since it was read",
    413: "the body is too large",
    415: "another kind of body is expected",
    422: "the data cannot be used; every fault is listed",
    428: "`If-Match` is missing",
    429: "too many requests; `Retry-After` says when to come back",
    500: "something went wrong on our side",
    503: "the service cannot work now",
}
PLAN_ID: Schema = {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]{0,63}$"}
PATHS: Mapping[str, tuple[Schema, str]] = {
    "plan_id": (PLAN_ID, "a plan of the workspace"),
    "run_id": ({"type": "string", "pattern": "^([0-9a-f]{12}|latest)$"}, "a run of the plan; `latest`: its newest"),
    "job_id": ({"type": "string", "pattern": "^[0-9a-f]{16}$"}, "a job"),
    "name": ({"type": "string", "pattern": "^[a-z0-9][a-z0-9_.-]{0,80}$"}, "name of the layer or scenario"),
    "school_id": (TEXT, "a school"),
    "site_id": (TEXT, "a candidate site"),
    "z": ({"type": "integer", "minimum": 0, "maximum": 20}, "zoom"),
    "x": (COUNT, "column of the tile"),
    "y": (COUNT, "row of the tile"),
    "row": (COUNT, "row of the table"),
}


@dataclass(frozen=True)
class Book:
    """A document to write: which routes, in which edition of OpenAPI, with which shapes."""

    prefix: str
    title: str
    about: str
    edition: str
    routes: Mapping[str, Route]
    schemas: Mapping[str, Schema]


def rules_of(app: Flask, prefix: str) -> Iterator[tuple[Rule, str]]:
    """Every route and method of an application below an address."""
    for rule in app.url_map.iter_rules():
        if rule.rule == prefix or rule.rule.startswith(f"{prefix}/"):
            yield from ((rule, method) for method in METHODS if method in (rule.methods or ()))


def written(app: Flask, book: Book, root: str = "") -> dict[str, Any]:
    """The document; ``root`` is where a proxy in front has put the application."""
    paths: dict[str, dict[str, Any]] = {}
    for rule, method in sorted(rules_of(app, book.prefix), key=lambda found: found[0].rule):
        entry = paths.setdefault(path_of(rule, book.prefix), {})
        entry[method.lower()] = _operation(
            app, rule, method, book.routes.get(rule.endpoint) or _undescribed(app, rule)
        )
    return {
        "openapi": book.edition,
        "info": {"title": book.title, "description": book.about, "version": __version__},
        "servers": [{"url": f"{root}{book.prefix}", "description": "this server"}],
        "tags": [{"name": name} for name in dict.fromkeys(route.tag for route in book.routes.values())],
        "security": _security(app, writes=False),
        "paths": paths,
        "components": {"schemas": dict(book.schemas), "responses": _problems(), "securitySchemes": _schemes(app)},
    }


def _undescribed(app: Flask, rule: Rule) -> Route:
    """What a route says of itself; the tests do not let it stay so."""
    first = (app.view_functions[rule.endpoint].__doc__ or rule.endpoint).splitlines()[0]
    return Route("other", first, first, {200: Answer("done")})


def path_of(rule: Rule, prefix: str) -> str:
    """``/plans/{plan_id}`` for the rule ``/api/v1/plans/<plan_id>``."""
    return PLACE.sub(r"{\2}", rule.rule).removeprefix(prefix) or "/"


def _operation(app: Flask, rule: Rule, method: str, route: Route) -> dict[str, Any]:
    writes = method in WRITING
    said: dict[str, Any] = {
        "operationId": rule.endpoint.replace(".", "_"),
        "summary": route.summary,
        "x-summary-zh": route.zh,
        "tags": [route.tag],
        "x-needs": getattr(app.view_functions[rule.endpoint], "needs", PLANNER if writes else VIEWER),
        "parameters": [*_places(rule, route), *(_asked(param) for param in route.query if param.place != "path")],
        "responses": _answers(rule, route, writes),
    }
    if route.note:
        said["description"] = route.note
    if route.body is not None:
        said["requestBody"] = {"required": True, "content": {route.of_body: {"schema": route.body}}}
    if writes:
        said["security"] = _security(app, writes=True)
    return said


def _places(rule: Rule, route: Route) -> Iterator[dict[str, Any]]:
    told = {param.name: (param.schema, param.about) for param in route.query if param.place == "path"}
    for kind, name in PLACE.findall(rule.rule):
        schema, about = told.get(name) or PATHS.get(name) or (COUNT if kind == "int" else TEXT, name)
        yield {"name": name, "in": "path", "required": True, "schema": schema, "description": about}


def _asked(param: Param) -> dict[str, Any]:
    said: dict[str, Any] = {"name": param.name, "in": param.place, "schema": param.schema, "description": param.about}
    if param.required:
        said["required"] = True
    if param.schema.get("type") == "array":
        said |= {"style": "form", "explode": False}
    return said


def _answers(rule: Rule, route: Route, writes: bool) -> dict[str, Any]:
    found = {str(status): _answer(answer) for status, answer in route.answers.items()}
    missing = (404,) if rule.arguments else ()
    for status in sorted({*ALWAYS, *missing, *route.errors, *(WRITTEN if writes else ())}):
        found[str(status)] = {"$ref": f"#/components/responses/Problem{status}"}
    return found


def _answer(answer: Answer) -> dict[str, Any]:
    said: dict[str, Any] = {"description": answer.about}
    if answer.content:
        said["content"] = {mimetype: {"schema": schema} for mimetype, schema in answer.content.items()}
    if answer.headers:
        said["headers"] = {name: {"schema": TEXT, "description": about} for name, about in answer.headers.items()}
    return said


def _problems() -> dict[str, Any]:
    content = {PROBLEM: {"schema": ref("Problem")}}
    return {f"Problem{status}": {"description": about, "content": content} for status, about in PROBLEMS.items()}


def _security(app: Flask, *, writes: bool) -> list[dict[str, list[str]]]:
    session: dict[str, list[str]] = {"session": [], "form": []} if writes else {"session": []}
    nobody: list[dict[str, list[str]]] = [{}] if app.config["AUTH"] == "open" else []
    return [*nobody, {"token": []}, {"password": []}, session]


def _schemes(app: Flask) -> dict[str, Any]:
    return {
        "token": {"type": "http", "scheme": "bearer", "description": "a token made at `/me`"},
        "password": {"type": "http", "scheme": "basic", "description": "any name, the token as password"},
        "session": {"type": "apiKey", "in": "cookie", "name": cookie_name(), "description": "of who is logged in"},
        "form": {
            "type": "apiKey",
            "in": "header",
            "name": "X-CSRFToken",
            "description": 'what the pages hold in `<meta name="csrf-token">`',
        },
    }
