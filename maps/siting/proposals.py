"""Proposals as cards: what they say, their checks, their alternatives, how full they stay year by year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from geoplan.reasons import known, terms
from geoplan.reasons.siting import (
    alternative_sentences,
    check_verdict,
    loads,
    nested,
    proposal_name,
    proposal_sentences,
    reason_sentences,
)
from geoplan.run import Run
from geoplan.style import classes
from maps.kept import kept
from maps.language import NONE, metres, number, percent, speaker
from maps.siting import facts
from maps.siting.told import check_name, check_text, low_load, told_whole

BAR_WIDTH, BAR_GAP, BARS_HEIGHT = 38, 8, 46  # px
FULLEST = 1.2  # load at the top of the picture


@dataclass(frozen=True)
class CheckRow:
    """One siting check: verdict (code, word, colour), what is checked, the sentence; figures it does not hold."""

    verdict: str
    word: str
    colour: str
    name: str
    text: str
    distance: str
    threshold: str
    source: str


@dataclass(frozen=True)
class Bar:
    """Load of one year: where its bar stands and how high it is in pixels."""

    year: int
    load: str
    x: float
    height: float
    low: bool
    over: bool


@dataclass(frozen=True)
class ProposalCard:
    """One proposal in words and figures."""

    rank: int
    site_id: str
    name: str
    decision: str
    brief: str
    recommended: bool
    sentences: tuple[str, ...]
    reasons: tuple[str, ...]
    against: tuple[str, ...]
    checks: tuple[CheckRow, ...]
    alternatives: tuple[str, ...]
    bars: tuple[Bar, ...]
    lat: float | None
    lon: float | None

    @property
    def open_checks(self) -> tuple[CheckRow, ...]:
        """Checks that did not pass: failed, on conditions, not known."""
        return tuple(check for check in self.checks if check.verdict != "pass")

    @property
    def passed_checks(self) -> tuple[CheckRow, ...]:
        """Checks that passed."""
        return tuple(check for check in self.checks if check.verdict == "pass")

    @property
    def bars_width(self) -> float:
        """Width of the picture of loads in pixels."""
        return len(self.bars) * (BAR_WIDTH + BAR_GAP)


@kept
def cards(run: Run, stage: str, language: str) -> tuple[ProposalCard, ...]:
    """The proposals of a stage, best first."""
    limit = low_load(run)
    return tuple(card(row, language, limit) for row in facts.proposals(run, stage, language=language))


def card(row: dict[str, Any], language: str, limit: float | None) -> ProposalCard:
    """One proposal; ``limit`` is the load below which building has to be weighed against other ways."""
    point = row.get("geometry")
    place = None if point is None or point.is_empty else point.representative_point()
    return ProposalCard(
        rank=int(row["rank"]),
        site_id=str(row.get("site_id")),
        name=proposal_name(row, language),
        decision=terms("decision", language).get(str(row.get("decision")), str(row.get("decision"))),
        brief=_brief(row, language),
        recommended=bool(row.get("recommended", True)),
        sentences=tuple(note.text for note in proposal_sentences(row, language, low_load=limit)),
        reasons=tuple(note.text for note in reason_sentences(row, language, against=False)),
        against=tuple(note.text for note in reason_sentences(row, language, against=True)),
        checks=check_rows(row, language),
        alternatives=tuple(alternative_sentences(row, language)),
        bars=bars(row, language, limit),
        lat=None if place is None else round(place.y, 6),
        lon=None if place is None else round(place.x, 6),
    )


def _brief(row: dict[str, Any], language: str) -> str:
    """Places, year and pupils gained, in one line."""
    say = speaker(language)
    year, gained = known(row.get("year")), known(row.get("pupils_gained"))
    parts = [say("%(n)s places", n=number(row.get("places"), language))]
    if year is not None:
        parts.append(f"{year:.0f}")
    if gained is not None:
        parts.append(say("%(n)s gain a place", n=number(gained, language)))
    return " · ".join(parts)


def check_rows(row: dict[str, Any], language: str) -> tuple[CheckRow, ...]:
    """Checks of a proposal or candidate, what fails first."""
    worst_first = ("fail", "conditional", "unknown", "not_evaluated", "pass")
    checks = sorted(nested(row.get("checks")), key=lambda check: worst_first.index(check_verdict(check)))
    return tuple(_check(check, language) for check in checks)


def _check(check: dict[str, Any], language: str) -> CheckRow:
    verdict = check_verdict(check)
    whole = told_whole(check)
    return CheckRow(
        verdict=verdict,
        word=terms("verdict", language)[verdict],
        colour=verdict_colours().get(verdict, ""),
        text=check_text(check, language),
        name=check_name(check, language),
        distance=NONE if whole else metres(check.get("distance_m"), language),
        threshold=NONE if whole else metres(check.get("threshold_m"), language),
        source="" if whole else _source(check, language),
    )


def _source(check: dict[str, Any], language: str) -> str:
    source, confidence = check.get("source"), terms("confidence", language).get(str(check.get("confidence")), "")
    named = terms("source", language).get(str(source), str(source)) if source else ""
    return speaker(language)(", ").join(part for part in (named, confidence) if part)


def verdict_colours() -> dict[str, str]:
    """Colour of each verdict."""
    found = classes("verdict")
    return dict(zip(found.values, found.colours, strict=True))


def bars(row: dict[str, Any], language: str, limit: float | None) -> tuple[Bar, ...]:
    """A bar for each year the places are open."""
    return tuple(
        Bar(
            year=year,
            load=percent(load, language),
            x=k * (BAR_WIDTH + BAR_GAP),
            height=round(BARS_HEIGHT * min(load, FULLEST) / FULLEST, 1),
            low=limit is not None and load < limit,
            over=load > 1,
        )
        for k, (year, load) in enumerate(loads(row).items())
    )
