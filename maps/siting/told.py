"""Sentences other parts of the analysis give for siting checks and housing, and the limits they are held against."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from geoplan.reasons import codes, housing
from geoplan.reasons.siting_checks import check_sentence, rule_word, search_sentence
from geoplan.run import Run
from geoplan.settings import run_standards
from geoplan.standards import number
from maps.siting.facts import siting

LOAD_FLOOR = "plan.siting.load_floor"


def check_text(check: Mapping[str, Any], language: str) -> str:
    """What a siting check found, asks, and by whom; the rule's own name where there is no sentence for it."""
    return check_sentence(check, language) if told_whole(check) else check_name(check, language)


def told_whole(check: Mapping[str, Any]) -> bool:
    """Whether there is a sentence that tells all of a check: distance, threshold, source."""
    return str(check.get("code")) in codes()


def check_name(check: Mapping[str, Any], language: str) -> str:
    """What a siting check is about."""
    return rule_word(str(check.get("rule") or check.get("norm") or ""), language)


def low_load(run: Run) -> float | None:
    """Share of places in use below which building is to be weighed against other ways; None where not stated."""
    standards = run_standards(run)
    return number(standards, LOAD_FLOOR) if standards and LOAD_FLOOR in standards.norms else None


def search_text(run: Run, language: str) -> str:
    """How the search for free land went; empty where none was made."""
    found = siting(run).get("search")
    return search_sentence(found, language) if found and f"site_{found.get('code')}" in codes() else ""


def housing_sentences(row: Mapping[str, Any], language: str) -> tuple[str, ...]:
    """Why a project owes or needs what it does; reasons there is no sentence for are left out."""
    return tuple(housing.housing_sentences(row, language))
