"""The appendix: every school of the run with its places, pupils, load and walk, stage by stage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from geoplan.exports.document import cells
from geoplan.exports.document.checks import checks_in_full
from geoplan.exports.document.nested import name_in, records
from geoplan.exports.document.parts import Block, Cell, Column, Section, Table, Text
from geoplan.exports.document.stages import stages
from geoplan.exports.document.words import column, phrase, title
from geoplan.reasons import known, term
from geoplan.run import Run


def appendix(run: Run, language: str) -> Section:
    """The chapter."""
    blocks: tuple[Block, ...] = (
        Text(title("schools_all", language), "heading"),
        Text(phrase("no_recruiting", language), "note"),
        *_tables(run, language),
        *checks_in_full(run, language),
    )
    return Section("appendix", title("appendix", language), blocks)


def _tables(run: Run, language: str) -> Iterator[Table]:
    rows = records(run, "schools", "id", "stages")
    for stage in stages(run):
        heads = [key for key in ("places", "pupils_assigned", "load", "walk_m") if f"{key}_{stage}" in _columns(run)]
        serving = [row for row in rows if stage in _stages(row)]
        if not heads or not serving:
            continue
        titles = {"pupils_assigned": "assigned", "walk_m": "walk"}
        columns = (
            Column(column("school", language), width=3.0),
            *(Column(column(titles.get(key, key), language), True) for key in heads),
        )
        ordered = sorted(serving, key=lambda row: (-(known(row.get(f"load_{stage}")) or 0.0), str(row["id"])))
        made = tuple(_school(row, stage, heads, language) for row in ordered)
        yield Table(f"schools_{stage}", term(f"stage.{stage}", language), columns, made)


def _columns(run: Run) -> frozenset[str]:
    return frozenset(map(str, run.tables["schools"].columns)) if "schools" in run.tables else frozenset()


def _stages(row: Mapping[str, Any]) -> list[str]:
    value = row["stages"]
    return value.split(";") if isinstance(value, str) else list(value)


def _school(row: Mapping[str, Any], stage: str, heads: list[str], language: str) -> tuple[Cell, ...]:
    return (cells.said(name_in(row, "id", language)), *(_figure(row, stage, key, language) for key in heads))


def _figure(row: Mapping[str, Any], stage: str, key: str, language: str) -> Cell:
    """A dash where the school takes no pupils by nearness: nothing is unknown there."""
    if key != "places" and known(row.get(f"pupils_assigned_{stage}")) is None:
        return cells.empty()
    if key == "walk_m" and not known(row.get(f"pupils_assigned_{stage}")):
        return cells.empty()
    writers = {"load": cells.share, "walk_m": cells.length}
    return writers.get(key, cells.count)(row.get(f"{key}_{stage}"), language)
