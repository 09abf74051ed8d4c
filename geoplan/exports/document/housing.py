"""New housing in the document: what each project must provide, what it needs, and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from geoplan.exports.document import cells
from geoplan.exports.document.nested import name_in, reason_texts, records, table
from geoplan.exports.document.parts import Block, Column, Table, Text
from geoplan.exports.document.words import column, phrase, title, word
from geoplan.reasons import known, listing, term
from geoplan.run import Run

Row = dict[str, Any]
OWED = ("owed_classes", "owed_site_m2", "reserved_m2")


def housing(run: Run, language: str) -> Iterator[Block]:
    """Obligations and needs, a line a project and stage, and how each came about."""
    yield Text(title("housing", language), "heading")
    if table(run, "housing_need", "housing_id", "stage", "need") is None:
        yield Text(phrase("not_computed", language, what=phrase("what_housing", language)), "note")
        return
    rows = records(run, "housing_need")
    if not rows:
        yield Text(phrase("no_housing", language), "plain")
        return
    rows = _worst_year(rows, "housing_id")
    owed = _worst_year([row for row in rows if row.get("obligation") == "yes"], "project")
    unmet = sum(row.get("status") == "unmet" for row in owed)
    if owed:
        yield Text(phrase("housing_unmet", language, count=unmet, all=len(owed)), "finding")
    yield Text(phrase("housing_note", language), "note")
    counted, named = _apart(rows)
    if counted:
        yield _housing_table(counted, language)
    if named:
        names = list(dict.fromkeys(name_in(row, "housing_id", language) for row in named))
        yield Text(phrase("housing_names_only", language, names=listing(names, language)), "care")
    for row in owed:
        yield from _reasons(row, language)


def _apart(rows: list[Row]) -> tuple[list[Row], list[Row]]:
    """Rows with anything known, and rows of which only the name is."""
    counted = [row for row in rows if known(row.get("pupils")) is not None or row.get("obligation") != "unknown"]
    ids = {str(row["housing_id"]) for row in counted}
    return counted, [row for row in rows if str(row["housing_id"]) not in ids]


def _worst_year(rows: list[Row], key: str) -> list[Row]:
    """One row a project (or phase) and stage: the year with the greatest need, the first of equals."""
    worst: dict[tuple[str, str], Row] = {}
    for row in rows:
        whose = str(row.get(key) or row["housing_id"]), str(row["stage"])
        held = worst.get(whose)
        if held is None or (known(row.get("need")) or 0.0) > (known(held.get("need")) or 0.0):
            worst[whose] = row
    return list(worst.values())


def _reasons(row: Row, language: str) -> Iterator[Block]:
    """How an obligation came about: which project, then its clauses and figures in small print."""
    texts = reason_texts(row.get("reason"), language)
    if texts:
        stage = term(f"stage.{row['stage']}", language)
        yield Text(f"{name_in(row, 'housing_id', language)} · {stage}", "finding")
        yield Text(("" if language == "zh" else " ").join(texts), "note")


def _housing_table(rows: list[Row], language: str) -> Table:
    owed = [name for name in OWED if any(known(row.get(name)) is not None for row in rows)]
    heads = ("housing", "stage", "year", "pupils", "need", "obligation", *owed, "status", "due")
    words = ("housing", "stage", "obligation", "status")
    widths = {"housing": 1.8, "stage": 1.4, "status": 1.4}
    columns = tuple(Column(column(key, language), key not in words, widths.get(key, 1.0)) for key in heads)
    made = tuple(
        (
            cells.said(name_in(row, "housing_id", language)),
            cells.said(term(f"stage.{row['stage']}", language)),
            cells.year(row.get("year"), language),
            cells.count(row.get("pupils"), language),
            cells.count(row.get("need"), language),
            cells.said(word("obligation", row.get("obligation"), language)),
            *(cells.count(row.get(name), language) for name in owed),
            cells.said(word("status", row.get("status"), language)),
            cells.year(row.get("due"), language),
        )
        for row in rows
    )
    return Table("housing_need", title("housing", language), columns, made)
