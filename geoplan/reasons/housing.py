"""What a housing project owes and needs, in sentences: every clause with its document and how sure it is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from geoplan.reasons.catalogue import catalogue, placeholders, term
from geoplan.reasons.figures import document, sentence
from geoplan.siting.sizes import MU_M2


def housing_sentences(row: Mapping[str, Any], language: str) -> list[str]:
    """The reasons of a row of ``housing_need`` (or of a pool), in their order.

    Parameters
    ----------
    row
        Holds ``reason`` or ``reasons``: a list of ``{code, params}``, or the same as JSON text. A code this version
        does not know, or that lacks a figure, is left out.
    """
    told = row.get("reason", row.get("reasons")) or []
    found: Sequence[Mapping[str, Any]] = json.loads(told) if isinstance(told, str) else told
    said = [_sentence(str(item["code"]), dict(item.get("params") or {}), language) for item in found]
    return [text for text in said if text]


def _sentence(code: str, params: Mapping[str, Any], language: str) -> str:
    """Nothing where the code is not known, or a figure it needs is missing."""
    template = catalogue(language)["sentence"].get(code)
    filled = {**params, **_words(params, language)}
    if template is None or not {name for name, _ in placeholders(template)} <= set(filled):
        return ""
    return sentence(code, language, **filled)


def _words(params: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Words and areas that sentences need beyond the figures."""
    words: dict[str, Any] = {}
    if "stage" in params:
        words["school"] = term(f"school.{params['stage']}", language)
    if "unit" in params:
        words["of_what"] = term(f"housing_unit.{params['unit']}", language)
    if "source" in params:
        words["document"] = document(params["source"], params.get("clause"), language)
    comma = sentence("list_comma", language)
    for name in ("phases", "projects"):
        if name in params:
            words[f"{name}_listed"] = comma.join(map(str, params[name]))
    for name, value in params.items():
        if name.endswith("_m2") and value is not None:
            words[f"{name.removesuffix('_m2')}_mu"] = value / MU_M2
    return words
