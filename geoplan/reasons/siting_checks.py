"""Siting checks in words: what was found on a plot, what is asked for, and by whom."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from geoplan.reasons.catalogue import term, terms
from geoplan.reasons.figures import document, known, listing, sentence
from geoplan.reasons.safety import word

Row = Mapping[str, Any]


def check_sentence(check: Row, language: str) -> str:
    """One check of a candidate as a sentence, with the norm that asks, its source and its confidence.

    Parameters
    ----------
    check
        As :meth:`geoplan.siting.rules.Check.as_dict` gives it, also read back from a table.
    """
    said = sentence(str(check["code"]), language, **_words(check, language))
    source = document(check.get("source"), check.get("clause"), language)
    confidence = check.get("confidence")
    if not source:
        return sentence("site_plain", language, text=said)
    if confidence == "assumption":
        return sentence("site_by_assumption", language, text=said, source=source)
    return sentence("site_by_norm", language, text=said, source=source, confidence=confidence)


def rule_word(rule: str, language: str) -> str:
    """What a rule is about, for lists: ``distance to the railway``."""
    return word("site_rule", rule, language)


def verdict_sentence(candidate: Row, language: str) -> str:
    """The verdict on a candidate with how many conditions, open questions and broken rules stand behind it."""
    counts = {
        "conditions": known(candidate.get("conditions")) or 0,
        "questions": known(candidate.get("open_questions")) or 0,
        "failures": known(candidate.get("failures")) or 0,
    }
    return sentence(f"site_verdict_{candidate['verdict']}", language, **counts)


def search_sentence(search: Row, language: str) -> str:
    """How the search for free land went: ``attrs["search"]`` of the candidates."""
    params = search["params"]
    figures = {
        "count": params.get("count"),
        "largest": params.get("largest_m2"),
        "floor": params.get("floor_m2"),
    }
    return sentence(f"site_{search['code']}", language, **figures)


def _words(check: Row, language: str) -> dict[str, Any]:
    """The params of a sentence: figures as they are, distances rounded down, kinds and stages as words."""
    params = dict(check.get("params") or {})
    rule, evidence = str(check["rule"]), str(check.get("evidence") or "")
    distance = known(params.get("distance"))
    if distance is not None:
        params["distance"] = math.floor(distance)  # 299.9 m is no 300
    if "kinds" in params:
        params["uses"] = listing([word("site_ground", str(kind), language) for kind in params["kinds"]], language)
    if check.get("stage"):
        params["school"] = term(f"school.{check['stage']}", language)
    params["object"] = str(params.get("name") or "") or _object(str(params.get("kind")), rule, language)
    params["kind"] = _excluded(params, language)
    params["street"] = params.get("street") or evidence or term("site_object.arterial", language)
    return params


def _object(kind: str, rule: str, language: str) -> str:
    """What a distance runs to, where it has no name."""
    known_objects = terms("site_object", language)
    return known_objects.get(kind) or known_objects.get(rule, kind)


def _excluded(params: Row, language: str) -> str:
    """The kind of excluded land, with its name where it has one."""
    kind = word("site_exclusion", str(params.get("kind")), language)
    name = params.get("name")
    return kind if not name else sentence("list_comma", language).join([kind, str(name)])
