"""The proposals, ranked: each with its reasons in sentences, its checks, its load by year and what came close."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from geoplan.exports.document import cells
from geoplan.exports.document.checks import check_table
from geoplan.exports.document.nested import name_in, nested, reason_texts, table
from geoplan.exports.document.parts import Block, Cell, Column, Picture, Section, Table, Text
from geoplan.exports.document.ranking import lead, ranked, stage_words
from geoplan.exports.document.unmet import unmet
from geoplan.exports.document.words import column, phrase, title
from geoplan.reasons import codes, known, sentence
from geoplan.reasons.safety import word as reason_word
from geoplan.reasons.siting import (
    alternative_sentences,
    currency,
    note_sentences,
    proposal_sentences,
    reason_sentences,
)
from geoplan.reasons.siting_checks import search_sentence
from geoplan.run import Run
from geoplan.settings import run_standards
from geoplan.standards import number

Row = dict[str, Any]
LOAD_FLOOR = "plan.siting.load_floor"


def proposals(run: Run, language: str) -> Section:
    """The chapter; where nothing was proposed it says why."""
    rows = ranked(run)
    if not rows:
        nothing = (Text(_nothing(run, language), "plain"), *_notes(run, language), *unmet(run, language))
        return Section("proposals", title("proposals", language), nothing)
    blocks: list[Block] = [
        *(Text(text, "finding") for text in lead(run, language)),
        _ranked_table(rows, language),
        Text(phrase("gains_overlap", language), "note"),
        *_notes(run, language),
        Picture("proposals", phrase("map_proposals", language)),
    ]
    for row in rows:
        blocks += _one(run, row, language)
    return Section("proposals", title("proposals", language), (*blocks, *unmet(run, language)))


def _nothing(run: Run, language: str) -> str:
    why = (run.summary.get("siting") or {}).get("not_computed")
    if table(run, "proposals") is not None and not why:
        return phrase("no_proposals", language)
    what = phrase("what_proposals", language)
    if not why:
        return phrase("not_computed", language, what=what)
    if f"siting_not_computed_{why}" in codes():
        return sentence(f"siting_not_computed_{why}", language)
    return phrase("not_computed_because", language, what=what, why=_because(why, language).rstrip(".。"))


def _because(why: object, language: str) -> str:
    """A reason with parameters, the code of a sentence, or words."""
    if isinstance(why, str) and why not in codes():
        return why
    return " ".join(reason_texts(why if isinstance(why, Mapping) else [{"code": why}], language))


def _notes(run: Run, language: str) -> Iterator[Block]:
    """Requirements that cannot be met, and what should be known about the choice and the search for land."""
    siting = run.summary.get("siting") or {}
    said = note_sentences([*nested(siting.get("problems")), *nested(siting.get("notes"))], language)
    yield from (Text(text, "care") for text in said)
    if isinstance(siting.get("search"), Mapping):
        yield Text(search_sentence(siting["search"], language), "note")


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
        cells.count(row.get("pupils_gained"), language),
        cells.length(row.get("walk_m_mean"), language),
        cells.money(row.get("cost"), currency(row.get("cost_unit"), language), language),
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
    heads = ("without_it", "with_it", "walk_without", "walk_after")
    columns = (
        *(Column(column(key, language), True) for key in heads),
        *(Column(f"{column('load', language)} {year}", True) for year in years),
    )
    made = (
        cells.count(row.get("pupils_before"), language),
        cells.count(row.get("pupils_served"), language),
        cells.length(row.get("walk_m_before"), language),
        cells.length(row.get("walk_m_mean"), language),
        *(_load(row, year, language) for year in years),
    )
    yield Table(f"load_{row.get('site_id')}", title("loads", language), columns, (made,))


def _load(row: Row, year: int, language: str) -> Cell:
    """A dash before the year it opens."""
    opens = known(row.get("year"))
    if known(row.get(f"load_{year}")) is None and opens is not None and year < opens:
        return cells.empty()
    return cells.share(row.get(f"load_{year}"), language)


def _checks(row: Row, language: str) -> Iterator[Block]:
    """What did not simply pass; every check stands in the appendix."""
    found = nested(row.get("checks"))
    left = [check for check in found if check.get("verdict") != "pass"]
    if left:
        yield check_table(f"checks_{row.get('site_id')}", title("checks", language), left, language)
    if found:
        yield Text(phrase("checks_in_full", language, section=title("checks_all", language)), "note")


def _alternatives(row: Row, language: str) -> Iterator[Block]:
    """Sentences, and the same as a table, for those who compare figures."""
    if "alternatives" not in row:
        return
    yield Text(title("alternatives", language), "heading")
    yield from (Text(text, "item") for text in alternative_sentences(row, language))
