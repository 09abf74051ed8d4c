"""What must be read with care beside the figures of a stage: one note a reason, in a fixed order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from geoplan.reasons.catalogue import catalogue, placeholders
from geoplan.reasons.coverage import (
    Summary,
    account_amounts,
    flags,
    left_out_private,
    names,
    places_known,
    rounded,
)
from geoplan.reasons.figures import known, sentence
from geoplan.standards import Standards, interval, load, number

_UNSURE = ("secondary", "unverified")


@dataclass(frozen=True)
class Note:
    """One caution: its reason code and its sentence."""

    code: str
    text: str


def care_notes(
    summary: Summary, language: str, *, stage: str | None = None, standards: Standards | None = None
) -> list[Note]:
    """Everything that limits what the figures of a stage say.

    Parameters
    ----------
    summary
        ``stages.<stage>`` of a summary. Besides the keys of every run it may hold ``invented`` (bool),
        ``schools_places_unknown`` (count), ``resolution`` (``side_m, limit_m``), ``completeness`` (``share_300m,
        threshold``), ``assumptions`` (code to parameters, or a list of codes, from :mod:`geoplan.demand`).
    standards
        Hold from which share of assumed places and which ratio of enrolment on a note is due; the shared planning
        assumptions when None.
    """
    words = names(summary, language, stage)
    due = standards or load("neutral")
    found = [
        *_invented(summary),
        *_places(summary, number(due, "plan.places.assumed_share")),
        *_private(summary),
        *_edge(summary),
        *_off_network(summary),
        *_resolution(summary),
        *_completeness(summary),
        *_reconciliation(summary, due),
        *_limits(summary),
        *_assumptions(summary),
    ]
    return [Note(code, sentence(code, language, **{**words, **params})) for code, params in found]


Found = Iterator[tuple[str, Mapping[str, Any]]]


def _invented(summary: Summary) -> Found:
    if summary.get("invented"):
        yield "care_invented", {}


def _places(summary: Summary, much: float) -> Found:
    schools, unknown = known(summary.get("schools")), known(summary.get("schools_places_unknown"))
    places, assumed = known(summary.get("places")), known(summary.get("places_assumed"))
    if not places_known(summary):
        yield "care_places_all_unknown", {}
        return
    if schools and unknown:
        yield "care_places_unknown", {"count": unknown, "schools": schools}
    if places and assumed:
        code = "care_places_range" if assumed / places > much else "care_places_assumed"
        yield code, {"assumed": assumed, "places": places}


def _private(summary: Summary) -> Found:
    schools, unknown = known(summary.get("schools")), known(summary.get("schools_ownership_unknown"))
    if schools and unknown:
        yield "care_ownership_unknown", {"count": unknown, "schools": schools}
    private = left_out_private(summary)
    if private is not None:
        count, places = private
        known_places = {} if places is None else {"places": places}
        yield "care_private" if known_places else "care_private_unknown", {"count": count, **known_places}


def _edge(summary: Summary) -> Found:
    edge = summary.get("edge") or {}
    near, base = known(edge.get("pupils_near_edge")), known(summary.get("pupils"))
    if not near or near < 0.5 or not base:
        return
    closed, open_ = _served(edge, "closed"), _served(edge, "open")
    if summary.get("schools_outside") == 0:
        yield "care_edge_closed", {"pupils": near, "base": base}
    elif closed is None or open_ is None or not places_known(summary):
        yield "care_edge", {"pupils": near, "base": base}
    else:
        yield "care_edge_both", {"pupils": near, "base": base, "closed": closed, "open": open_}


def _served(edge: Mapping[str, Any], reading: str) -> float | None:
    """Those with a place, rounded as the accounts of the reading are."""
    accounts = account_amounts({"accounts": edge.get(f"{reading}_accounts")})
    return rounded(accounts)["served"] if accounts else known(edge.get(reading))


def _off_network(summary: Summary) -> Found:
    accounts, base = account_amounts(summary), known(summary.get("pupils"))
    off = rounded(accounts)["off_network"] if accounts else 0
    if off and base:
        yield "care_off_network", {"pupils": off, "base": base}


def _resolution(summary: Summary) -> Found:
    found = summary.get("resolution") or {}
    side_m, limit_m = known(found.get("side_m")), known(found.get("limit_m"))
    if side_m and limit_m:
        yield "care_resolution", {"side": side_m, "limit": limit_m}


def _completeness(summary: Summary) -> Found:
    found = summary.get("completeness") or {}
    share, asked = known(found.get("share_300m")), known(found.get("threshold"))
    base = known(summary.get("residents"))
    if share is not None and asked is not None and base and share < asked:
        yield "care_completeness", {"share": share, "threshold": asked, "base": base}


def _reconciliation(summary: Summary, standards: Standards) -> Found:
    found = summary.get("reconciliation") or {}
    ratio = known(found.get("ratio"))
    low, high = interval(standards, "plan.reconciliation")
    if ratio is None or low <= ratio <= high:
        return
    modelled, enrolled = known(found.get("modelled")), known(found.get("enrolled"))
    if modelled is None or enrolled is None:
        yield "care_reconciliation_ratio", {"ratio": ratio}
    else:
        yield "care_reconciliation", {"ratio": ratio, "modelled": modelled, "enrolled": enrolled}


def _limits(summary: Summary) -> Found:
    rules = summary.get("rules") or ()
    said: dict[str, dict[str, Any]] = {}
    for rule in rules:
        confidence = rule.get("confidence")
        if rule.get("metric") == "none" or "no_limit" in flags(rule):
            if known(rule.get("limit_m")):
                said.setdefault("care_no_limit", {"cap": rule["limit_m"]})
        elif confidence == "assumption":
            said.setdefault("care_limit_assumption", {})
        elif confidence in _UNSURE:
            source = rule.get("source") or rule.get("id")
            said.setdefault("care_limit_confidence", {"source": source, "confidence": confidence})
    yield from sorted(said.items())


def _assumptions(summary: Summary) -> Found:
    found = summary.get("assumptions") or {}
    params = found if isinstance(found, Mapping) else {code: {} for code in found}
    listed = catalogue("en")["sentence"]
    for code, values in params.items():
        if code in listed and _complete(listed[code], values):
            yield code, values


def _complete(template: str, values: Mapping[str, Any]) -> bool:
    """Whether a sentence can be said: a run written by an older version may lack a figure."""
    return {name for name, _ in placeholders(template)} <= set(values)
