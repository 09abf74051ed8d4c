"""The story column of the route safety panel: the finding, the three groups, what is known, and what to do."""

from __future__ import annotations

from dataclasses import dataclass

from geoplan.reasons import known, sentence, term, whole
from geoplan.reasons.safety import VERDICTS, safety_care, safety_detour, safety_headline, verdict_amounts, word
from geoplan.run import Run
from geoplan.style import classes
from maps import story, style
from maps.kept import kept
from maps.language import NONE, number, percent, speaker
from maps.safety.facts import Facts, facts
from maps.story import Note

TARGETS = {"safety_care_undetermined": "survey", "safety_care_tag": "survey"}


@dataclass(frozen=True)
class Verdict:
    """One of the three groups: its colour (``dashed`` where it is not certain), name, pupils, share."""

    value: str
    name: str
    colour: str
    dashed: bool
    pupils: str
    share: str
    width: float  # per cent of the bar


@dataclass(frozen=True)
class SafetyStory:
    """All the words and figures above the tables."""

    title: str
    notice: str
    kicker: str
    headline: str
    base: str
    verdicts: tuple[Verdict, ...]
    bar_text: str
    detour: str
    completeness: tuple[tuple[str, str, float], ...]  # tag, share, per cent of the bar
    care: tuple[Note, ...]


@kept
def tell(run: Run, stage: str, language: str) -> SafetyStory:
    """The route safety of a stage in words, or of all stages together where the run does not tell them apart."""
    say = speaker(language)
    found = facts(run, stage)
    groups = verdicts(found, language)
    pupils = number(sum(verdict_amounts(found.figures)), language)
    return SafetyStory(
        title=story.local_text(run.summary, "title", language) or str(run.summary.get("plan", "")),
        notice=story.local_text(run.summary, "notice", language),
        kicker=_kicker(run, found, language),
        headline=safety_headline(found.figures, language, stage=found.stage or "any"),
        base=say("Routes of the %(n)s pupils who walk to their place", n=pupils),
        verdicts=groups,
        bar_text=", ".join(f"{group.name} {group.share}" for group in groups),
        detour=safety_detour(found.figures, language),
        completeness=tuple(_completeness(found, language)),
        care=tuple(_care(found, language, listed="survey" in run.tables)),
    )


def _kicker(run: Run, found: Facts, language: str) -> str:
    say = speaker(language)
    stage = style.stage_names(language)[found.stage] if found.stage else say("All stages together")
    parts = (story.local_text(run.summary, "title", language), stage, story.data_years(run, language))
    return " · ".join(part for part in parts if part)


def verdicts(found: Facts, language: str) -> tuple[Verdict, ...]:
    """The three groups in their fixed colours; shares have the pupils of all three as base."""
    amounts = verdict_amounts(found.figures)
    total = sum(amounts)
    look = classes("route")
    return tuple(
        Verdict(
            value=value,
            name=term(f"route.{value}", language),
            colour=look.colours[look.values.index(value)],
            dashed=value == "undetermined",
            pupils=number(count, language) if total else NONE,
            share=percent(amount / total, language) if total else NONE,
            width=round(100 * amount / total, 3) if total else 0.0,
        )
        for value, amount, count in zip(VERDICTS, amounts, whole(amounts), strict=True)
    )


def _completeness(found: Facts, language: str) -> list[tuple[str, str, float]]:
    shares = {tag: known(share) for tag, share in (found.figures.get("tag_completeness") or {}).items()}
    return [
        (word("safety_tag", tag, language), percent(share, language), round(100 * (share or 0.0), 1))
        for tag, share in shares.items()
    ]


def _care(found: Facts, language: str, *, listed: bool) -> list[Note]:
    say = speaker(language)
    action = say("To the survey list")
    notes = [
        Note(note.text, target, action if target else "")
        for note in safety_care(found.figures, language, stage=found.stage or "any")
        for target in [TARGETS.get(note.code, "") if listed else ""]
    ]
    if any(row.get("assumed_cost") for row in found.figures.get("retrofits") or []):
        notes.append(Note(sentence("safety_care_costs", language)))
    return notes
