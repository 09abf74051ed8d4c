"""Where places are needed: sub-areas by year, and what new housing must provide and needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from geoplan.exports.document import cells
from geoplan.exports.document.housing import housing
from geoplan.exports.document.nested import area_names, name_in, records
from geoplan.exports.document.parts import Block, Cell, Column, Picture, Section, Table, Text
from geoplan.exports.document.stages import stages
from geoplan.exports.document.words import column, phrase, title
from geoplan.reasons import known, listing, term
from geoplan.run import Run
from layers.bundle import STAGES

Row = dict[str, Any]
Found = Mapping[tuple[str, int, str], Row]  # by sub-area, year and births


def need(run: Run, language: str) -> Section:
    """The chapter: balance by sub-area, the map of need, new housing."""
    blocks = (*_balance(run, language), *_maps(run, language), *housing(run, language))
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
    yield from _balance_tables(rows, names, language)


def _deficits(rows: list[Row], names: dict[str, str], language: str) -> Iterator[Block]:
    """Which sub-areas run short, by stage and first year."""
    short: dict[tuple[int, int], list[str]] = {}
    for area, name in names.items():
        for row in rows:
            first = known(row.get("first_deficit_year"))
            if str(row["area_id"]) == area and first is not None and first == known(row["year"]):
                short.setdefault((STAGES.index(row["stage"]), int(first)), []).append(name)
    if not short:
        yield Text(phrase("no_deficit", language), "finding")
    for (stage, year), areas in sorted(short.items()):
        named = {"stage": term(f"stage.{STAGES[stage]}", language), "areas": listing(areas, language)}
        yield Text(phrase("deficit_first", language, year=str(year), **named), "item")


def _balance_tables(rows: list[Row], names: dict[str, str], language: str) -> Iterator[Block]:
    """A table a stage with a line a sub-area; one table with a line a stage where the region is not divided."""
    by_stage = {stage: _found([row for row in rows if row["stage"] == stage]) for stage in STAGES}
    held = {stage: found for stage, found in by_stage.items() if found}
    if len(names) == 1:
        lines = [(term(f"stage.{stage}", language), area, found) for stage, found in held.items() for area in names]
        yield _balance_table("balance", title("balance_all", language), "stage", lines, language)
        return
    for stage, found in held.items():
        areas = [(name, area, found) for area, name in names.items() if any(area == key[0] for key in found)]
        name = f"{title('balance', language)}: {term(f'stage.{stage}', language)}"
        yield _balance_table(f"balance_{stage}", name, "area", areas, language)


def _found(rows: list[Row]) -> Found:
    return {(str(row["area_id"]), int(row["year"]), str(row.get("variant", "mid"))): row for row in rows}


def _balance_table(key: str, name: str, first: str, lines: list[tuple[str, str, Found]], language: str) -> Table:
    """Pupils and places of the first year, the balance of every year, and its range in the last."""
    years = sorted({year for _, _, found in lines for _, year, variant in found if variant == "mid"})
    columns = (
        Column(column(first, language), width=1.7),
        *(Column(f"{column(head, language)} {years[0]}", True) for head in ("pupils", "places")),
        *(Column(f"{column('balance', language)} {year}", True) for year in years),
        Column(f"{column('low_high', language)} {years[-1]}", True, 1.3),
        Column(column("first_deficit_year", language), True),
    )
    made = tuple(_balance_row(found, area, years, language, said) for said, area, found in lines)
    return Table(key, name, columns, made)


def _balance_row(found: Found, area: str, years: list[int], language: str, name: str) -> tuple[Cell, ...]:
    first = found[area, years[0], "mid"]
    by_year = [found.get((area, year, "mid"), {}) for year in years]
    ends = [found.get((area, years[-1], variant), {}).get("balance") for variant in ("high", "low")]
    return (
        cells.said(name),
        cells.count(first["pupils"], language),
        cells.count(first["places"], language),
        *(cells.signed(row.get("balance"), language) for row in by_year),
        cells.spread(ends, language),
        cells.year(first.get("first_deficit_year"), language),
    )


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
