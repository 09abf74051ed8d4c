"""The proposals in their order, what they are called, and what all of them do together."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from geoplan.exports.document.nested import Record, nested, records
from geoplan.exports.document.words import phrase
from geoplan.reasons import known, term
from geoplan.run import Run
from layers.bundle import STAGES

Row = dict[str, Any]


def ranked(run: Run) -> list[Row]:
    """Rows of the proposals, best first."""
    return sorted(records(run, "proposals", "rank"), key=lambda row: known(row["rank"]) or math.inf)


def stage_words(value: object, language: str) -> str:
    """``Primary, Junior secondary`` for ``primary;junior``."""
    joint = "、" if language == "zh" else ", "
    return joint.join(term(f"stage.{stage}", language) for stage in str(value).split(";") if stage in STAGES)


def lead(run: Run, language: str) -> list[str]:
    """What is proposed, and what all of it together does in the year it helps most."""
    rows = ranked(run)
    if not rows:
        return []
    places = math.fsum(known(row.get("places")) or 0.0 for row in rows)
    key = "proposed_one" if len(rows) == 1 else "proposed"
    return [phrase(key, language, count=len(rows), places=places), *_together(run, language)]


def _together(run: Run, language: str) -> Iterator[str]:
    """One sentence a stage: with and without the proposals, in the year with the greatest difference."""
    found = [row for row in effects(run) if gained(row) > 0]
    for stage in STAGES:
        mine = [row for row in found if row.get("stage") == stage]
        if mine:
            best = max(mine, key=gained)
            figures = {key: best[key] for key in ("pupils", "served_before", "served_after")}
            named = {"stage": term(f"stage.{stage}", language), "year": f"{best['year']:.0f}"}
            yield phrase("together", language, gained=gained(best), **figures, **named)


def effects(run: Run) -> list[Record]:
    """What the proposals do, by stage in school order and year."""
    rows = nested((run.summary.get("siting") or {}).get("effect"))
    return sorted(rows, key=lambda row: (STAGES.index(str(row["stage"])), int(row["year"])))


def gained(row: Record) -> float:
    """Pupils more who have a place, with all proposals; 0 where that is not known."""
    before, after = known(row.get("served_before")), known(row.get("served_after"))
    return 0.0 if before is None or after is None else after - before
