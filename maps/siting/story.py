"""The story column of new places: the finding, one year at a time, sub-areas, who stays without, care."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from geoplan.reasons import care_notes, codes, known, listing, outlook_notes, sentence, terms
from geoplan.reasons.siting import (
    marginal_sentences,
    milestone_sentence,
    milestones_of,
    money_unit,
    note_sentences,
    siting_headline,
    siting_reserve,
    warning_word,
)
from geoplan.reasons.siting_care import siting_care
from geoplan.run import Run
from geoplan.settings import run_standards
from maps import story, style, tables
from maps.kept import kept
from maps.language import number, percent, speaker
from maps.siting import facts
from maps.siting.facts import Row
from maps.story import Account, Note

LEAST = 0.5  # pupils that are told
TARGETS = {"siting_care_search": "candidates", "siting_care_checks_unknown": "proposals"}


@dataclass(frozen=True)
class AreaRow:
    """A sub-area in one year; ``warning`` is the code, ``word`` its word, ``first`` the first year short."""

    name: str
    pupils: str
    places: str
    balance: str
    warning: str
    word: str
    first: str


@dataclass(frozen=True)
class UnmetRow:
    """Pupils of a sub-area who stay without a place whatever is proposed, and why."""

    name: str
    pupils: str
    reason: str


@dataclass(frozen=True)
class YearView:
    """Everything that changes with the year."""

    year: int
    base: str
    accounts: tuple[Account, ...]
    bar_text: str
    said: str
    areas: tuple[AreaRow, ...]
    unmet: tuple[UnmetRow, ...]


@dataclass(frozen=True)
class MilestoneRow:
    """One counted year of a stage in figures."""

    year: str
    pupils: str
    places: str
    served: str
    unborn: str


@dataclass(frozen=True)
class SitingStory:
    """All the words and figures above the proposals."""

    title: str
    notice: str
    kicker: str
    headline: str
    reserve: str  # how many proposals are not recommended; empty where all are
    none: str  # why nothing is proposed; empty where something is
    marginal: tuple[str, ...]
    notes: tuple[str, ...]  # requirements that cannot be met, what should be known about the choice
    care: tuple[Note, ...]
    ahead: tuple[str, ...]  # how later years were counted


@kept
def tell(run: Run, stage: str, language: str) -> SitingStory:
    """New places of a stage in words."""
    rows, siting = facts.proposals(run, stage), facts.siting(run)
    steps = siting.get("marginal") or () if facts.planned(run, stage) else ()
    unit = money_unit(facts.proposals(run))
    return SitingStory(
        title=story.local_text(run.summary, "title", language) or str(run.summary.get("plan", "")),
        notice=story.local_text(run.summary, "notice", language),
        kicker=_kicker(run, stage, language),
        headline=siting_headline(run.summary, language, stage=stage),
        reserve=siting_reserve(run.summary, language, stage=stage),
        none="" if rows else _nothing(run, stage, language),
        marginal=tuple(marginal_sentences(steps, language, unit=unit, proposed=len(siting.get("new") or ()))),
        notes=tuple(note_sentences([*(siting.get("problems") or ()), *(siting.get("notes") or ())], language)),
        care=tuple(_care(run, stage, rows, language)),
        ahead=tuple(outlook_notes(run.summary, language)),
    )


def _kicker(run: Run, stage: str, language: str) -> str:
    name = style.stage_names(language)[stage]
    parts = (story.local_text(run.summary, "title", language), name, story.data_years(run, language))
    return " · ".join(part for part in parts if part)


def _nothing(run: Run, stage: str, language: str) -> str:
    reason = facts.siting(run).get("not_computed")
    if isinstance(reason, str) and reason:
        code = f"siting_not_computed_{reason}"
        return sentence(code if code in codes() else "siting_not_computed", language, reason=reason)
    if "proposals" not in run.tables:
        return ""
    if not facts.planned(run, stage):
        names = style.stage_names(language)
        listed = listing([names.get(name, name) for name in facts.siting(run)["stages"]], language)
        return sentence("siting_stage_not_planned", language, stages=listed)
    children = style.children_name(stage, language)
    return sentence("siting_none_needed", language, children=children)


def _care(run: Run, stage: str, rows: list[dict[str, Any]], language: str) -> Iterable[Note]:
    say = speaker(language)
    kinds = Counter(str(row.get("kind")) for row in facts.records(run, "candidates")) if rows else {}
    actions = {"candidates": say("See the candidates"), "proposals": say("See the checks")}
    for held in care_notes(story.stage_summary(run, stage), language, stage=stage, standards=run_standards(run)):
        if held.code.startswith("care_places"):  # who has a place rests on them
            yield Note(held.text)
    for note in siting_care(run.summary, language, stage=stage, proposals=rows, candidates=kinds):
        target = TARGETS.get(note.code, "")
        yield Note(note.text, target, actions.get(target, ""))


@kept
def year_view(run: Run, stage: str, year: int, language: str) -> YearView:
    """One year: accounts of its pupils, births not yet born, sub-areas from the shortest of places on."""
    say = speaker(language)
    row = next(row for row in facts.milestones(run, stage) if int(row["year"]) == year)
    span, gap = _span(run, stage, year, language), "" if language == "zh" else " "
    stood = story.accounts({**story.stage_summary(run, stage), "accounts": row}, language)
    return YearView(
        year=year,
        base=say("Where the %(n)s pupils of %(year)s stand", n=number(row.get("pupils"), language), year=year),
        accounts=stood,
        bar_text=", ".join(f"{account.name} {account.share}" for account in stood),
        said=gap.join(filter(None, (milestone_sentence({**row, "stage": stage}, language), span))),
        areas=area_rows(run, stage, year, language),
        unmet=unmet_rows(run, stage, year, language),
    )


def _span(run: Run, stage: str, year: int, language: str) -> str:
    """Pupils by few and by many births, where these differ."""
    ends = []
    for variant in ("low", "high"):
        rows = [row for row in facts.milestones(run, stage, variant) if int(row["year"]) == year]
        ends.append(known(rows[0].get("pupils")) if rows and rows[0].get("variant") else None)
    low, high = ends
    if low is None or high is None or high - low < 1:
        return ""
    say = speaker(language)
    return say(
        "%(low)s to %(high)s pupils, by few or many births.", low=number(low, language), high=number(high, language)
    )


def area_rows(run: Run, stage: str, year: int, language: str) -> tuple[AreaRow, ...]:
    """Sub-areas of a year, those most short of places first; none where the run has no balance by sub-area."""
    held = [row for row in facts.records(run, "places_balance") if row.get("stage") == stage]
    rows = [row for row in milestones_of(held, stage) if int(row["year"]) == year]
    names = tables.area_names(run, language)
    rows.sort(key=lambda row: (_order(row), str(row["area_id"])))
    return tuple(_area(row, names, language) for row in rows)


def unmet_rows(run: Run, stage: str, year: int, language: str) -> tuple[UnmetRow, ...]:
    """Who stays without a place in a year with all that is proposed, most pupils first."""
    names, reasons = tables.area_names(run, language), terms("unmet", language)
    held = [row for row in facts.siting(run).get("unmet") or () if row.get("stage", stage) == stage]
    rows = [row for row in held if row.get("year") == year and (known(row.get("pupils")) or 0.0) >= LEAST]
    rows.sort(key=lambda row: (-float(row["pupils"]), str(row.get("area_id"))))
    return tuple(
        UnmetRow(
            name=names.get(str(row.get("area_id")), str(row.get("area_id"))),
            pupils=number(row["pupils"], language),
            reason=reasons.get(str(row.get("reason")), reasons["unknown"]),
        )
        for row in rows
    )


def _order(row: Row) -> float:
    balance = known(row.get("balance"))
    return float("inf") if balance is None else balance


def _area(row: Row, names: dict[str, str], language: str) -> AreaRow:
    warning = str(row.get("warning") or "unknown")
    first = known(row.get("first_deficit_year"))
    return AreaRow(
        name=names.get(str(row["area_id"]), str(row["area_id"])),
        pupils=number(row.get("pupils"), language),
        places=number(row.get("places"), language),
        balance=signed(row.get("balance"), language),
        warning=warning,
        word=warning_word(warning, language),
        first="" if first is None else f"{first:.0f}",
    )


def signed(value: object, language: str) -> str:
    """A surplus or a lack of places with its sign."""
    amount = known(value)
    if amount is None or abs(amount) < 0.5:
        return number(amount if amount is None else 0.0, language)
    return ("+" if amount > 0 else "−") + number(abs(amount), language)


@kept
def milestone_rows(run: Run, stage: str, language: str) -> tuple[MilestoneRow, ...]:
    """The base year, 2027 and 2035, for the coverage panel; none where the run counts no years."""
    rows = facts.milestones(run, stage)
    shown = [row for at, row in enumerate(rows) if at == 0 or int(row["year"]) in facts.MILESTONES]
    known_places = story.places_known(run, stage)
    return tuple(
        MilestoneRow(
            year=f"{row['year']:.0f}",
            pupils=number(row.get("pupils"), language),
            places=number(row.get("places") if known_places else None, language),
            served=number(row.get("served") if known_places else None, language),
            unborn=percent(row.get("share_unborn"), language),
        )
        for row in shown
    )
