"""The story column of the plan page: a run's summary for one stage and limit, put into words and rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from geoplan import reasons
from geoplan.errors import NotFoundError
from geoplan.reasons import known, sentence, subject, term
from geoplan.run import Run
from geoplan.settings import run_standards
from geoplan.standards import StageDef
from maps import style
from maps.kept import kept
from maps.language import NONE, metres, number, percent, speaker

TARGETS = {"care_places": "schools", "care_reconciliation": "reconciliation", "care_limit": "standards"}


@dataclass(frozen=True)
class Account:
    """One of the four accounts: its colour, name, pupils and share of all pupils of the stage."""

    name: str
    colour: str
    pupils: str
    share: str
    width: float  # per cent of the bar


@dataclass(frozen=True)
class BothWays:
    """Pupils within a limit, measured straight and on foot."""

    label: str
    straight: str
    on_foot: str
    current: bool


@dataclass(frozen=True)
class Note:
    """Something to read with care; ``target`` names the section of the data page that helps to settle it."""

    text: str
    target: str = ""
    action: str = ""


@dataclass(frozen=True)
class Story:
    """All the words and figures of the story column."""

    stage: str
    title: str
    notice: str
    kicker: str
    headline: str
    base: str
    accounts: tuple[Account, ...]
    bar_text: str
    places_known: bool
    rules: tuple[str, ...]
    both_ways: tuple[BothWays, ...]
    both_notes: tuple[str, ...]
    walk: str
    care: tuple[Note, ...]
    reconciliation: tuple[tuple[str, str], ...]


def stages(run: Run) -> tuple[str, ...]:
    """Stages the run holds, in school order."""
    held = run.summary.get("stages", {})
    return tuple(stage for stage in style.stage_names("en") if stage in held)


def first_stage(run: Run) -> str:
    """The stage a page opens with: primary where there is one."""
    held = stages(run)
    return "primary" if "primary" in held else next(iter(held), "")


def stage_summary(run: Run, stage: str) -> Mapping[str, Any]:
    """The summary of one stage; NotFoundError when the run does not hold it."""
    held = run.summary.get("stages", {})
    if stage not in held:
        raise NotFoundError(f"the run holds no stage {stage!r}, only {', '.join(held) or 'none'}")
    return held[stage]


def places_known(run: Run, stage: str) -> bool:
    """Whether any school of the stage states its places."""
    return reasons.places_known(stage_summary(run, stage))


def first_layer(run: Run, stage: str) -> str:
    """The layer a map opens with: the walk to the school one is assigned to, to the nearest where nobody can be."""
    facts = (run.summary.get("stages") or {}).get(stage)
    return "nearest" if facts and not reasons.places_known(facts) else "walk"


def limits_m(run: Run, stage: str) -> tuple[int, ...]:
    """Limits the run was counted for, ascending."""
    return tuple(sorted(int(limit) for limit in stage_summary(run, stage).get("reach") or {}))


def local_text(texts: Mapping[str, Any], key: str, language: str) -> str:
    """``title`` or ``notice`` in the language, falling back to the other one."""
    chinese, plain = str(texts.get(f"{key}_zh") or ""), str(texts.get(key) or "")
    return (chinese or plain) if language == "zh" else (plain or chinese)


@kept
def tell(run: Run, stage: str, language: str, *, limit_m: int | None = None) -> Story:
    """The story of one stage: answer first, then accounts, both measures, and what to read with care.

    Parameters
    ----------
    limit_m
        The limit the headline speaks of; each pupil's own rule when None.
    """
    say = speaker(language)
    facts = stage_summary(run, stage)
    stood = accounts(facts, language)
    rules = facts.get("rules") or ()
    return Story(
        stage=stage,
        title=local_text(run.summary, "title", language) or str(run.summary.get("plan", "")),
        notice=local_text(run.summary, "notice", language),
        kicker=_kicker(run, stage, language),
        headline=headline(facts, stage, language, limit_m=limit_m),
        base=say("Where the %(n)s pupils stand", n=number(facts.get("pupils"), language)),
        accounts=stood,
        bar_text=", ".join(f"{account.name} {account.share}" for account in stood),
        places_known=reasons.places_known(facts),
        rules=tuple(reasons.rule_sentences(rules, language)),
        both_ways=tuple(_both_ways(facts, limit_m, language)),
        both_notes=tuple(reasons.both_ways(facts, language, stage=stage)),
        walk=_walk(facts, language),
        care=tuple(_care(run, stage, language)),
        reconciliation=tuple(_reconciliation(facts.get("reconciliation") or {}, language)),
    )


def headline(facts: Mapping[str, Any], stage: str, language: str, *, limit_m: int | None = None) -> str:
    """The finding in one sentence, for the rule of each pupil or for one limit on foot."""
    pupils, near = known(facts.get("pupils")), known((facts.get("reach") or {}).get(str(limit_m)))
    if limit_m is None or not pupils or near is None:
        return reasons.headline(facts, language, stage=stage)
    who = subject(round(near / pupils, 9), pupils, term(f"children.{stage}", language), language)
    school = term(f"school.{stage}", language)
    return sentence("headline_within", language, subject=who, school=school, limit=limit_m)


def _kicker(run: Run, stage: str, language: str) -> str:
    say = speaker(language)
    standards = run_standards(run)
    found: StageDef | None = next((s for s in standards.stages if s.id == stage), None) if standards else None
    ages = say("ages %(first)s-%(last)s", first=found.ages[0], last=found.ages[1]) if found else ""
    name = say(", ").join(part for part in (style.stage_names(language)[stage], ages) if part)
    parts = (local_text(run.summary, "title", language), name, data_years(run, language))
    return " · ".join(part for part in parts if part)


def data_years(run: Run, language: str) -> str:
    """The year of the residents, and of the schools where it is another; nothing where neither is known."""
    say = speaker(language)
    people, school = run.summary.get("population_year"), run.summary.get("school_year")
    if people and school and people != school:
        return say("residents %(people)s, schools %(school)s", people=people, school=school)
    if people:
        return say("residents %(year)s", year=people) if not school else str(people)
    return say("schools %(year)s", year=school) if school else ""


def accounts(facts: Mapping[str, Any], language: str) -> tuple[Account, ...]:
    """The accounts of a stage in whole pupils, with colour, name and share of all of them."""
    names = style.status_names(language)
    found = reasons.account_amounts(facts) or dict.fromkeys(style.STATUS_COLOURS, 0.0)
    total = sum(found.values())
    counts = reasons.whole([*found.values()])
    return tuple(
        Account(
            names[name],
            style.account_colour(name),
            number(count, language) if total else NONE,
            percent(_seen(count, sum(counts), amount / total), language) if total else NONE,
            round(100 * amount / total, 3) if total else 0.0,
        )
        for (name, amount), count in zip(found.items(), counts, strict=True)
    )


def _seen(count: float, base: float, share: float) -> float:
    """The share of an account as its whole pupils show it: nobody is 0, everybody is 1, whatever was rounded away."""
    return count / base if base and count in (0, base) else share


def _both_ways(facts: Mapping[str, Any], limit_m: int | None, language: str) -> Iterable[BothWays]:
    say = speaker(language)
    pupils = known(facts.get("pupils")) or float("nan")
    straight, on_foot = facts.get("radius") or {}, facts.get("reach") or {}
    comparable = reasons.held_straight(facts.get("rules") or ())
    yield BothWays(
        say("within its own rule") if reasons.has_limit(facts) else say("within the search distance"),
        percent(facts.get("radius_share") if comparable else None, language),
        percent(facts.get("walk_share"), language),
        limit_m is None,
    )
    for limit in sorted(int(key) for key in on_foot):
        yield BothWays(
            say("within %(limit)s", limit=metres(limit, language)),
            percent(_share(straight.get(str(limit)), pupils), language),
            percent(_share(on_foot[str(limit)], pupils), language),
            limit == limit_m,
        )


def _share(part: object, whole: float) -> float | None:
    amount = known(part)
    return None if amount is None else amount / whole


def _walk(facts: Mapping[str, Any], language: str) -> str:
    walk = facts.get("walk_m") or {}
    known_all = all(known(walk.get(key)) is not None for key in ("mean", "median", "p95"))
    return sentence("walk_lengths", language, **walk) if known_all else ""


def _care(run: Run, stage: str, language: str) -> Iterable[Note]:
    say = speaker(language)
    actions = {
        "schools": say("Ask the schools"),
        "reconciliation": say("See the reconciliation"),
        "standards": say("See the standards"),
    }
    for note in reasons.care_notes(stage_summary(run, stage), language, stage=stage, standards=run_standards(run)):
        target = next((TARGETS[start] for start in TARGETS if note.code.startswith(start)), "")
        yield Note(note.text, target, actions.get(target, ""))
    warnings = [fault for fault in run.summary.get("warnings") or [] if fault.get("severity") != "note"]
    if warnings:
        text = say("The input data gave %(n)s warnings.", n=number(len(warnings), language))
        yield Note(text, "warnings", say("Read them"))


def serving(schools: pd.DataFrame, stage: str) -> pd.Series:
    """Which schools serve the stage."""
    held = schools["stages"].map(lambda value: value.split(";") if isinstance(value, str) else list(value))
    return held.map(lambda names: stage in names).astype(bool)


def _reconciliation(values: Mapping[str, Any], language: str) -> Iterable[tuple[str, str]]:
    say = speaker(language)
    names = {
        "modelled": say("Residents of this age"),
        "enrolled": say("Enrolled in schools here"),
        "boarding": say("of them boarding"),
        "in": say("Coming in from outside"),
        "out": say("Schooled outside"),
        "private": say("of them in private schools"),
    }
    for key, name in names.items():
        if key in values:
            yield name, number(values[key], language)
    if "ratio" in values:
        yield say("Enrolled to residents"), percent(values["ratio"], language)
