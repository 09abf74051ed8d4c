"""Where places are needed: sub-areas by year, and what new housing must provide and needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from geoplan.exports.document import cells
from geoplan.exports.document.nested import name_in, reason_texts, records, table
from geoplan.exports.document.parts import Block, Cell, Column, Picture, Section, Table, Text
from geoplan.exports.document.stages import stages
from geoplan.exports.document.words import column, phrase, title, word
from geoplan.reasons import known, term
from geoplan.reasons.siting import warning_word
from geoplan.run import Run
from layers.bundle import STAGES

Row = dict[str, Any]
OWED = ("owed_classes", "owed_places", "owed_site_m2", "owed_floor_m2", "reserved_m2")


def need(run: Run, language: str) -> Section:
    """The chapter: balance by sub-area, the map of need, new housing."""
    blocks = (*_balance(run, language), *_maps(run, language), *_housing(run, language))
    return Section("need", title("need", language), blocks)


def _maps(run: Run, language: str) -> Iterator[Block]:
    for stage in stages(run):
        yield Picture(f"need:{stage}", phrase("map_need_now", language, stage=term(f"stage.{stage}", language)))


def _balance(run: Run, language: str) -> Iterator[Block]:
    rows = records(run, "places_balance", "area_id", "stage", "year", "places", "pupils")
    if not rows:
        yield Text(phrase("not_computed", language, what=phrase("what_balance", language)), "note")
        yield Text(phrase("balance_now", language), "note")
        yield from _areas_now(run, language)
        return
    names = area_names(run, language)
    middle = [row for row in rows if row.get("variant", "mid") == "mid"]
    yield from _deficits(middle, names, language)
    yield Text(phrase("balance_note", language), "note")
    yield Text(phrase("balance_area_note", language), "note")
    for stage in [stage for stage in STAGES if any(row["stage"] == stage for row in middle)]:
        yield _balance_table(stage, [row for row in rows if row["stage"] == stage], names, language)


def area_names(run: Run, language: str) -> dict[str, str]:
    """Names of the sub-areas by id."""
    return {str(row["area_id"]): name_in(row, "area_id", language) for row in records(run, "areas", "area_id")}


def _deficits(rows: list[Row], names: dict[str, str], language: str) -> Iterator[Block]:
    firsts = {
        (STAGES.index(row["stage"]), str(row["area_id"])): year
        for row in rows
        if (year := known(row.get("first_deficit_year"))) is not None
    }
    if not firsts:
        yield Text(phrase("no_deficit", language), "finding")
    for (stage, area), year in sorted(firsts.items(), key=lambda item: (item[1], item[0])):
        named = {"area": names.get(area, area), "stage": term(f"stage.{STAGES[stage]}", language)}
        yield Text(phrase("deficit_first", language, year=f"{year:.0f}", **named), "item")


def _balance_table(stage: str, rows: list[Row], names: dict[str, str], language: str) -> Table:
    """A line a sub-area and year; years side by side would not fit a page."""
    found = {(str(row["area_id"]), int(row["year"]), str(row.get("variant", "mid"))): row for row in rows}
    lines = sorted({(area, year) for area, year, variant in found if variant == "mid"})
    heads = (
        "area",
        "year",
        "pupils",
        "low_high",
        "places",
        "balance",
        "share_unborn",
        "first_deficit_year",
        "warning",
    )
    columns = tuple(
        Column(column(key, language), key not in ("area", "warning"), 1.6 if key == "area" else 1.0) for key in heads
    )
    made = []
    for area, year in lines:
        middle = found[area, year, "mid"]
        ends = [found.get((area, year, variant), {}).get("pupils") for variant in ("low", "high")]
        made.append((
            cells.said(names.get(area, area)),
            cells.year(year, language),
            cells.count(middle["pupils"], language),
            cells.spread(ends, language),
            cells.count(middle["places"], language),
            cells.signed(middle.get("balance"), language),
            cells.share(middle.get("share_unborn"), language),
            cells.year(middle.get("first_deficit_year"), language),
            cells.said(warning_word(middle.get("warning"), language)),
        ))  # fmt: skip
    name = f"{title('balance', language)}: {term(f'stage.{stage}', language)}"
    return Table(f"balance_{stage}", name, columns, tuple(made))


def _areas_now(run: Run, language: str) -> Iterator[Block]:
    """The base year: a table a stage, or one of all stages where the region is not divided."""
    rows = records(run, "areas", "area_id")
    held = [stage for stage in stages(run) if rows and f"pupils_{stage}" in rows[0]]
    if len(rows) == 1 and held:
        made = tuple(_now(term(f"stage.{stage}", language), rows[0], stage, language) for stage in held)
        yield Table("balance", title("balance_all", language), _now_columns("stage", language), made)
        return
    for stage in held:
        made = tuple(_now(name_in(row, "area_id", language), row, stage, language) for row in rows)
        name = f"{title('balance', language)}: {term(f'stage.{stage}', language)}"
        yield Table(f"balance_{stage}", name, _now_columns("area", language), made)


def _now_columns(first: str, language: str) -> tuple[Column, ...]:
    figures = ("pupils", "places", "balance", "walk_share")
    return (Column(column(first, language), width=1.8), *(Column(column(key, language), True) for key in figures))


def _now(name: str, row: Row, stage: str, language: str) -> tuple[Cell, ...]:
    pupils, places = known(row[f"pupils_{stage}"]), known(row.get(f"places_{stage}"))
    balance = None if pupils is None or places is None else places - pupils
    return (
        cells.said(name),
        cells.count(pupils, language),
        cells.count(places, language),
        cells.signed(balance, language),
        cells.share(row.get(f"walk_share_{stage}"), language),
    )


def _housing(run: Run, language: str) -> Iterator[Block]:
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
    yield _housing_table(rows, language)
    yield from (Text(text, "item") for text in _housing_reasons(owed, language))


def _worst_year(rows: list[Row], key: str) -> list[Row]:
    """One row a project (or phase) and stage: the year with the greatest need, the first of equals."""
    worst: dict[tuple[str, str], Row] = {}
    for row in rows:
        whose = str(row.get(key) or row["housing_id"]), str(row["stage"])
        held = worst.get(whose)
        if held is None or (known(row.get("need")) or 0.0) > (known(held.get("need")) or 0.0):
            worst[whose] = row
    return list(worst.values())


def _housing_reasons(rows: list[Row], language: str) -> list[str]:
    said = [
        f"{name_in(row, 'housing_id', language)}, {term('stage.' + str(row['stage']), language)}: {' '.join(texts)}"
        for row in rows
        if (texts := reason_texts(row.get("reason"), language))
    ]
    return list(dict.fromkeys(said))


def _housing_table(rows: list[Row], language: str) -> Table:
    owed = [name for name in OWED if any(known(row.get(name)) is not None for row in rows)]
    heads = ("housing", "stage", "year", "pupils", "need", "obligation", *owed, "status", "due")
    words = ("housing", "stage", "obligation", "status")
    columns = tuple(
        Column(column(key, language), key not in words, 1.8 if key == "housing" else 1.0) for key in heads
    )
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
