"""The proposals, ranked: each with its reasons in sentences, its checks, its load by year and what came close."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from geoplan.exports.document import cells
from geoplan.exports.document.nested import Record, name_in, nested, reason_texts, records, table
from geoplan.exports.document.parts import Block, Cell, Column, Picture, Section, Table, Text
from geoplan.exports.document.words import column, phrase, title
from geoplan.reasons import codes, known, term
from geoplan.reasons.safety import word as reason_word
from geoplan.reasons.siting import (
    alternative_sentences,
    proposal_sentences,
    reason_sentences,
    unmet_sentences,
)
from geoplan.reasons.siting_checks import check_sentence
from geoplan.run import Run
from geoplan.settings import run_standards
from geoplan.standards import number
from layers.bundle import STAGES

Row = dict[str, Any]
LOAD_FLOOR = "plan.siting.load_floor"
WORST_FIRST = {verdict: at for at, verdict in enumerate(("fail", "unknown", "conditional", "pass"))}


def proposals(run: Run, language: str) -> Section:
    """The chapter; where nothing was proposed it says why."""
    rows = ranked(run)
    if not rows:
        return Section("proposals", title("proposals", language), (Text(_nothing(run, language), "plain"),))
    blocks: list[Block] = [
        *(Text(text, "finding") for text in lead(run, language)),
        _ranked_table(rows, language),
        Picture("proposals", phrase("map_proposals", language)),
    ]
    for row in rows:
        blocks += _one(run, row, language)
    return Section("proposals", title("proposals", language), (*blocks, *_unmet(run, language)))


def ranked(run: Run) -> list[Row]:
    """Rows of the proposals, best first."""
    return sorted(records(run, "proposals", "rank"), key=lambda row: known(row["rank"]) or math.inf)


def lead(run: Run, language: str) -> list[str]:
    """What is proposed, in one sentence; nothing where there are no proposals."""
    rows = ranked(run)
    if not rows:
        return []
    places = math.fsum(known(row.get("places")) or 0.0 for row in rows)
    gained = math.fsum(gain(row) or 0.0 for row in rows)
    key = "proposed_one" if len(rows) == 1 else "proposed"
    return [phrase(key, language, count=len(rows), places=places, gained=gained)]


def gain(row: Record) -> float | None:
    """Pupils a proposal gives a place who had none: as stated, else after minus before."""
    stated = known(row.get("pupils_gained"))
    after, before = known(row.get("pupils_served")), known(row.get("pupils_before"))
    if stated is not None:
        return stated
    return None if after is None else after - (before or 0.0)


def stage_words(value: object, language: str) -> str:
    """``Primary, Junior secondary`` for ``primary;junior``."""
    joint = "、" if language == "zh" else ", "
    return joint.join(term(f"stage.{stage}", language) for stage in str(value).split(";") if stage in STAGES)


def _nothing(run: Run, language: str) -> str:
    why = (run.summary.get("siting") or {}).get("not_computed")
    if table(run, "proposals") is not None and not why:
        return phrase("no_proposals", language)
    what = phrase("what_proposals", language)
    if not why:
        return phrase("not_computed", language, what=what)
    known_why = isinstance(why, Mapping) or str(why) in codes()
    texts = (
        reason_texts([why] if isinstance(why, Mapping) else [{"code": why}], language) if known_why else [str(why)]
    )
    return phrase("not_computed_because", language, what=what, why=" ".join(texts).rstrip(".。"))


def _ranked_table(rows: list[Row], language: str) -> Table:
    heads = ("rank", "name", "stage", "decision", "year", "classes", "places", "gained", "walk_after", "cost")
    words = ("name", "stage", "decision")
    widths = {"name": 2.4, "stage": 1.3, "cost": 1.5, "rank": 0.7}
    columns = tuple(Column(column(key, language), key not in words, widths.get(key, 1.0)) for key in heads)
    return Table("proposals", title("ranked", language), columns, tuple(_ranked_row(row, language) for row in rows))


def _ranked_row(row: Row, language: str) -> tuple[Cell, ...]:
    return (
        cells.count(row["rank"], language),
        cells.said(name_in(row, "site_id", language)),
        cells.said(stage_words(row.get("stage"), language)),
        cells.said(reason_word("decision", str(row.get("decision") or ""), language)),
        cells.year(row.get("year"), language),
        cells.count(row.get("classes"), language),
        cells.count(row.get("places"), language),
        cells.count(gain(row), language),
        cells.length(row.get("walk_m_mean"), language),
        cells.money(row.get("cost"), row.get("cost_unit"), language),
    )


def _one(run: Run, row: Row, language: str) -> Iterator[Block]:
    """The sentences of the page, then load, checks and what came close."""
    named = {"rank": f"{known(row['rank']) or 0:.0f}", "name": name_in(row, "site_id", language)}
    yield Text(phrase("proposal_title", language, **named), "heading")
    if isinstance(row.get("recommended"), bool):
        yield Text(phrase("recommended" if row["recommended"] else "not_recommended", language), "finding")
    told = proposal_sentences(row, language, low_load=low_load(run))
    yield from (Text(note.text, "item") for note in told)
    yield from (Text(note.text, "item") for note in reason_sentences(row, language, against=False))
    yield from (Text(note.text, "care") for note in reason_sentences(row, language, against=True))
    yield from _loads(row, language)
    yield from _checks(row, language)
    yield from _alternatives(row, language)


def low_load(run: Run) -> float | None:
    """Share of places in use below which building is to be weighed against other ways; None where not stated."""
    standards = run_standards(run)
    return number(standards, LOAD_FLOOR) if standards and LOAD_FLOOR in standards.norms else None


def _loads(row: Row, language: str) -> Iterator[Block]:
    years = sorted(int(key.removeprefix("load_")) for key in row if key.removeprefix("load_").isdigit())
    if not years:
        return
    heads = ("before", "after", "walk_before", "walk_after")
    columns = (
        *(Column(column(key, language), True) for key in heads),
        *(Column(f"{column('load', language)} {year}", True) for year in years),
    )
    made = (
        cells.count(row.get("pupils_before"), language),
        cells.count(row.get("pupils_served"), language),
        cells.length(row.get("walk_m_before"), language),
        cells.length(row.get("walk_m_mean"), language),
        *(cells.share(row.get(f"load_{year}"), language) for year in years),
    )
    yield Table(f"load_{row.get('site_id')}", title("loads", language), columns, (made,))


def _checks(row: Row, language: str) -> Iterator[Block]:
    found = sorted(nested(row.get("checks")), key=lambda check: WORST_FIRST.get(str(check.get("verdict")), 1))
    if not found:
        return
    heads = ("rule", "verdict", "distance", "threshold", "source", "confidence")
    widths = {"rule": 3.0, "source": 2.2, "verdict": 1.3, "confidence": 1.3}
    columns = tuple(
        Column(column(key, language), key in ("distance", "threshold"), widths.get(key, 1.0)) for key in heads
    )
    made = tuple(_check(check, language) for check in found)
    yield Table(f"checks_{row.get('site_id')}", title("checks", language), columns, made)


def _check(check: Record, language: str) -> tuple[Cell, ...]:
    distance, asked = (known(check.get(key)) for key in ("distance_m", "threshold_m"))
    joint = " " if language == "en" else ""
    source = (reason_word("source", str(check.get(key) or ""), language) for key in ("source", "clause"))
    return (
        cells.said(_found(check, language)),
        cells.said(reason_word("verdict", str(check.get("verdict") or "unknown"), language)),
        cells.empty() if distance is None else cells.length(distance, language),
        cells.empty() if asked is None else cells.length(asked, language),
        cells.said(joint.join(part for part in source if part)),
        cells.said(reason_word("confidence", str(check.get("confidence") or ""), language)),
    )


def _found(check: Record, language: str) -> str:
    """What the check found in a sentence; the rule's own name where there is none."""
    if str(check.get("code") or "") not in codes():
        return reason_word("site_rule", str(check.get("rule") or ""), language)
    bare = {**check, "source": "", "clause": "", "confidence": ""}  # they have columns of their own
    return check_sentence(bare, language)


def _alternatives(row: Row, language: str) -> Iterator[Block]:
    """Sentences, and the same as a table, for those who compare figures."""
    if "alternatives" not in row:
        return
    yield Text(title("alternatives", language), "heading")
    yield from (Text(text, "item") for text in alternative_sentences(row, language))


def _unmet(run: Run, language: str) -> Iterator[Block]:
    found = nested((run.summary.get("siting") or {}).get("unmet"))
    names = {str(r["area_id"]): name_in(r, "area_id", language) for r in records(run, "areas", "area_id")}
    said = unmet_sentences(found, language, areas=names)
    if said:
        yield Text(title("unmet", language), "heading")
        yield from (Text(text, "care") for text in said)
