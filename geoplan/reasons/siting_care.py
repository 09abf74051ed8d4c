"""What must be read with care beside the figures of new places, one note a reason, in a fixed order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from geoplan.reasons.care import Note
from geoplan.reasons.coverage import names
from geoplan.reasons.figures import known, sentence
from geoplan.reasons.proposals import check_counts, money_units
from geoplan.reasons.siting import MUCH, Row, milestones_of, year_text

Found = Iterator[tuple[str, Mapping[str, Any]]]
SERVED = ("pupils_served", "served")
APART = 0.1  # a norm this far from the cohort is pointed out


def siting_care(
    summary: Row,
    language: str,
    *,
    stage: str,
    proposals: Sequence[Row] = (),
    candidates: Mapping[str, int] | None = None,
) -> list[Note]:
    """Everything that limits what the figures of new places say.

    Parameters
    ----------
    proposals
        Rows of ``proposals``.
    candidates
        How many candidates of each kind there are.
    """
    years = ((summary.get("stages") or {}).get(stage) or {}).get("years") or ()
    words = names({}, language, stage)
    siting = summary.get("siting") or {}
    found = [
        *_unborn(years, stage),
        *_norm(years, stage),
        *_today(proposals),
        *_costs(proposals),
        *_unanswered(proposals),
        *_search(candidates or {}),
        *((*_gap(siting), *_stopped(siting)) if stage in siting.get("stages", (stage,)) else ()),
    ]
    return [Note(code, sentence(_counted(code, params), language, **{**words, **params})) for code, params in found]


def _counted(code: str, params: Mapping[str, Any]) -> str:
    """The sentence for some of a number, or for all of it."""
    whole = "count" in params and params["count"] == params["base"]
    return f"{code}_all" if whole else code


def _unborn(years: Sequence[Row], stage: str) -> Found:
    last = milestones_of(years, stage)[-1:]
    for row in last:
        share, base = known(row.get("share_unborn")), known(row.get("pupils"))
        if not base or share is None or share < MUCH:
            return
        ends = [_pupils_in(years, stage, variant, row["year"]) for variant in ("low", "high")]
        said = {"year": year_text(row), "base": base, "share": share}
        if None in ends:
            yield "siting_care_unborn_plain", said
        else:
            yield "siting_care_unborn", {**said, "low": ends[0], "high": ends[1]}


def _pupils_in(years: Sequence[Row], stage: str, variant: str, year: object) -> float | None:
    rows = [row for row in milestones_of(years, stage, variant) if row["year"] == year and row.get("variant")]
    return known(rows[0].get("pupils")) if rows else None


def _norm(years: Sequence[Row], stage: str) -> Found:
    for row in milestones_of(years, stage)[-1:]:
        ratio = known(row.get("norm_ratio"))
        if ratio is not None and ratio - 1 > APART:
            yield "siting_care_norm", {"year": year_text(row), "ratio": ratio, "base": known(row.get("pupils"))}


def _today(proposals: Sequence[Row]) -> Found:
    if len(proposals):
        yield "siting_care_today", {}


def _costs(proposals: Sequence[Row]) -> Found:
    assumed = sum(bool(row.get("cost_assumed")) for row in proposals)
    if assumed:
        yield "siting_care_costs", {"count": assumed, "base": len(proposals)}
    if len(money_units(proposals)) > 1:
        yield "siting_care_money", {}


def _unanswered(proposals: Sequence[Row]) -> Found:
    open_ones = sum(check_counts(row)["unknown"] > 0 for row in proposals)
    if open_ones:
        yield "siting_care_checks_unknown", {"count": open_ones, "base": len(proposals)}


def _search(candidates: Mapping[str, int]) -> Found:
    generated = candidates.get("search_area", 0)
    if generated:
        yield "siting_care_search", {"count": generated, "base": sum(candidates.values())}


def _stopped(siting: Row) -> Found:
    if "time" in (siting.get("stopped") or ()):
        yield "siting_care_time", {}


def _gap(siting: Row) -> Found:
    for goal in siting.get("goals") or ():
        gap, base = known(goal.get("gap")), known(goal.get("objective"))
        if goal.get("name") in SERVED and gap is not None and gap >= MUCH and base:
            yield "siting_care_gap", {"gap": gap, "base": base}
        if goal.get("name") == "cost" and gap is not None and gap >= MUCH:
            yield "siting_care_cost_gap", {}
