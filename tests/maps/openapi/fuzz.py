"""Requests drawn from the description of the API, proper and improper ones, held against what it promises."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from maps.openapi.words import PROBLEM

PROMISES = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
HOSTILE = ["..", "../..", "..%2f..%2fetc%2fpasswd", "a\x00b", "'; drop table x; --", "<script>alert(1)</script>"]


def seasoned(document: dict[str, Any], known: Mapping[str, list[Any]]) -> dict[str, Any]:
    """The document with places of paths that are mostly there, sometimes not, and sometimes hostile."""
    for path in document["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", ()):
                values = known.get(parameter["name"])
                if values and parameter["in"] == "path":
                    parameter["schema"] = {"enum": [*values, *HOSTILE]}
    return document


def fuzz(app: Flask, document: dict[str, Any], examples: int, seed: int = 1) -> Iterator[tuple[str, str]]:
    """Every operation with so many requests of both kinds; each fault with the operation it is of."""
    schema = schemathesis.openapi.from_dict(document)
    schema.app = app
    for found in schema.get_all_operations():
        operation = found.ok()
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            try:
                drawn = operation.as_strategy(generation_mode=mode)
                _try(drawn, examples, seed)
            except (Exception, BaseExceptionGroup) as fault:
                nothing_to_spoil = mode is GenerationMode.NEGATIVE and isinstance(fault, Unsatisfiable)
                if not nothing_to_spoil:
                    yield f"{operation.method.upper()} {operation.path} ({mode.value})", str(fault)


def _try(drawn: st.SearchStrategy[Any], examples: int, seed: int) -> None:
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        derandomize=seed == 1,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=drawn)
    def one(case: Any) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            answer = case.call_and_validate(checks=PROMISES)
        if answer.status_code >= 400 and case.method != "HEAD":
            kind = (answer.headers.get("content-type") or [""])[0]
            assert kind.startswith(PROBLEM), f"{answer.status_code} is no problem document but {kind}"

    one()
