"""What limits the figures, said once where it holds for all stages."""

from __future__ import annotations

from collections import Counter
from itertools import chain

from geoplan.exports.document.nested import records
from geoplan.exports.document.parts import Block, Section, Text
from geoplan.exports.document.stages import stages
from geoplan.exports.document.words import phrase, title
from geoplan.reasons import Note, care_notes, term
from geoplan.reasons.safety import safety_care
from geoplan.reasons.siting_care import siting_care
from geoplan.run import Run
from geoplan.settings import run_standards

BY_STAGE = ("care_reconciliation", "care_reconciliation_ratio")  # they have a chapter of their own


def care(run: Run, language: str) -> Section:
    """Cautions of all stages first, then those of single stages, then of route safety."""
    standards = run_standards(run)
    notes = {
        stage: [
            note.text
            for note in (
                *care_notes(facts, language, stage=stage, standards=standards),
                *_siting(run, stage, language),
            )
            if note.code not in BY_STAGE
        ]
        for stage, facts in stages(run).items()
    }
    shared = [text for text in dict.fromkeys(chain(*notes.values())) if all(text in own for own in notes.values())]
    blocks: list[Block] = [Text(text, "care") for text in shared]
    for stage, own in notes.items():
        left = [text for text in own if text not in shared]
        if left:
            blocks += [Text(term(f"stage.{stage}", language), "heading"), *(Text(text, "care") for text in left)]
    found = run.summary.get("safety")
    if found:
        blocks.append(Text(title("safety", language), "heading"))
        blocks += [Text(note.text, "care") for note in safety_care(found, language)]
    if not stages(run):
        blocks.append(Text(phrase("no_stages", language), "care"))
    return Section("care", title("care", language), tuple(blocks))


def _siting(run: Run, stage: str, language: str) -> list[Note]:
    """Cautions about the years to come and the proposals of a stage; none where neither was computed."""
    years = records(run, "milestones", "stage", "year", "pupils")
    mine = [row for row in records(run, "proposals", "rank", "stage") if stage in str(row["stage"]).split(";")]
    if not years and not mine:
        return []
    kinds = Counter(str(row.get("kind")) for row in records(run, "candidates", "kind"))
    summary = {**run.summary, "stages": {stage: {**stages(run)[stage], "years": years}}}
    return siting_care(summary, language, stage=stage, proposals=mine, candidates=kinds if mine else None)
