"""The proposals, ranked: each with its reasons in sentences, its checks, its load by year and what came close."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from geoplan.exports.document import cells
from geoplan.exports.document.nested import Record, name_in, nested, reason_texts, records, table
from geoplan.exports.document.parts import Block, Cell, Column, Picture, Section, Table, Text
from geoplan.exports.document.words import column, phrase, printable, title, word
from geoplan.reasons import known, term
from geoplan.reasons.safety import word as reason_word
from geoplan.run import Run
from layers.bundle import STAGES

Row = dict[str, Any]


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
        blocks += _one(row, language)
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
    siting = run.summary.get("siting") or {}
    why = siting.get("not_computed")
    if table(run, "proposals") is not None and not why:
        return phrase("no_proposals", language)
    what = phrase("what_proposals", language)
    if not why:
        return phrase("not_computed", language, what=what)
    texts = reason_texts([why] if isinstance(why, Mapping) else [{"code": why}], language)
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
        cells.said(word("decision", row.get("decision"), language)),
        cells.year(row.get("year"), language),
        cells.count(row.get("classes"), language),
        cells.count(row.get("places"), language),
        cells.count(gain(row), language),
        cells.length(row.get("walk_m_mean"), language),
        cells.money(row.get("cost"), row.get("cost_unit"), language),
    )


def _one(row: Row, language: str) -> Iterator[Block]:
    named = {
        "rank": f"{known(row['rank']) or 0:.0f}",
        "name": name_in(row, "site_id", language),
        "decision": word("decision", row.get("decision"), language),
        "stage": stage_words(row.get("stage"), language),
    }
    yield Text(phrase("build_title", language, **named), "heading")
    if "recommended" in row and isinstance(row["recommended"], bool | int):
        yield Text(phrase("recommended" if row["recommended"] else "not_recommended", language), "finding")
    yield from (Text(text, "item") for text in reason_texts(row.get("reasons"), language))
    if row.get("cost_assumed") is True:
        yield Text(phrase("cost_assumed", language), "note")
    yield from _loads(row, language)
    yield from _checks(row, language)
    yield from _alternatives(row, language)


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
    found = nested(row.get("checks"))
    if not found:
        yield Text(phrase("no_checks", language), "note")
        return
    heads = ("rule", "verdict", "distance", "threshold", "source", "confidence")
    widths = {"rule": 2.0, "source": 2.4, "verdict": 1.4, "confidence": 1.3}
    columns = tuple(
        Column(column(key, language), key in ("distance", "threshold"), widths.get(key, 1.0)) for key in heads
    )
    made = tuple(_check(check, language) for check in found)
    yield Table(f"checks_{row.get('site_id')}", title("checks", language), columns, made)


def _check(check: Record, language: str) -> tuple[Cell, ...]:
    distance, asked = (known(check.get(key)) for key in ("distance_m", "threshold_m"))
    return (
        cells.said(reason_word("siting_rule", str(check.get("rule") or ""), language)),
        cells.said(word("verdict", check.get("verdict"), language)),
        cells.empty() if distance is None else cells.length(distance, language),
        cells.empty() if asked is None else cells.length(asked, language),
        cells.said(reason_word("source", str(check.get("source") or ""), language)),
        cells.said(reason_word("confidence", str(check.get("confidence") or ""), language)),
    )


def _alternatives(row: Row, language: str) -> Iterator[Block]:
    if "alternatives" not in row:
        return
    found = nested(row["alternatives"])
    if not found:
        yield Text(phrase("no_alternatives", language), "note")
        return
    columns = (
        Column(column("name", language), width=2.0),
        Column(column("gained", language), True),
        Column(column("difference", language), width=3.0),
    )
    made = tuple(
        (
            cells.said(name_in(other, "site_id", language)),
            cells.count(other.get("pupils_gained"), language),
            _difference(other.get("difference"), language),
        )
        for other in found
    )
    yield Table(f"alternatives_{row.get('site_id')}", title("alternatives", language), columns, made)


def _difference(value: object, language: str) -> Cell:
    """A figure, a reason code with parameters, or words."""
    if known(value) is not None:
        return cells.signed(value, language)
    texts = reason_texts(value, language)
    return cells.said(" ".join(texts) if texts else value)


def _unmet(run: Run, language: str) -> Iterator[Block]:
    found = nested((run.summary.get("siting") or {}).get("unmet"))
    if not found:
        return
    heads = ("area", "stage", "year", "pupils", "reason")
    columns = tuple(
        Column(column(k, language), k in ("year", "pupils"), 2.4 if k == "reason" else 1.0) for k in heads
    )
    names = {str(r["area_id"]): name_in(r, "area_id", language) for r in records(run, "areas", "area_id")}
    made = tuple(
        (
            cells.said(names.get(str(row.get("area_id")), str(row.get("area_id") or ""))),
            cells.said(stage_words(row.get("stage"), language)),
            cells.year(row.get("year"), language),
            cells.count(row.get("pupils"), language),
            _reason(row.get("reason"), language),
        )
        for row in found
    )
    yield Table("unmet", title("unmet", language), columns, made)


def _reason(value: object, language: str) -> Cell:
    texts = reason_texts([{"code": value, "params": {}}] if isinstance(value, str) else value, language)
    return cells.said(" ".join(texts) or printable(str(value or "")))
