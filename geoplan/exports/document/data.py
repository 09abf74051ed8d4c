"""What the figures rest on: sources, assumed values, the steps from residents to pupils, warnings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from geoplan.exports.document import cells
from geoplan.exports.document.norms import norm_table, used_norms
from geoplan.exports.document.parts import Block, Cell, Column, Section, Table, Text
from geoplan.exports.document.words import column, phrase, printable, title, word
from geoplan.reasons import known, outlook_notes, term
from geoplan.run import Run
from layers.bundle import STAGES

DATE = len("2024-09-01")
DIGITS = 12  # of a checksum that a page shows
UNSURE = ("assumption", "unverified", "county")


def data(run: Run, language: str) -> Section:
    """The chapter."""
    assumed = [norm for norm in used_norms(run) if norm.confidence in UNSURE]
    blocks: list[Block] = [Text(phrase("sources_note", language), "note"), sources(run, language)]
    if assumed:
        blocks += [
            Text(phrase("assumed_note", language), "note"),
            norm_table("assumed", title("assumed", language), assumed, language),
        ]
    blocks += [*_steps(run, language), *_warnings(run, language)]
    return Section("data", title("data", language), tuple(blocks))


def sources(run: Run, language: str, *, whole: bool = False) -> Table:
    """Every input with year, file date, checksum (``whole`` or its first digits) and licence."""
    heads = ("role", "file", "year", "date", "checksum", "licence")
    widths = {"role": 1.3, "file": 1.7, "year": 0.7, "date": 1.1, "checksum": 1.5, "licence": 3.0}
    columns = tuple(Column(column(key, language), key == "year", widths[key]) for key in heads)
    made = tuple(_source(source, language, whole) for source in run.manifest.get("sources") or [])
    return Table("sources", title("sources", language), columns, made)


def _source(source: Mapping[str, Any], language: str, whole: bool) -> tuple[Cell, ...]:
    joint = "；" if language == "zh" else "; "
    told = [printable(str(source[key])) for key in ("licence", "note") if source.get(key)]
    digits = str(source.get("sha256") or "")
    return (
        cells.said(word("role", source.get("role"), language)),
        cells.said(source.get("file")),
        cells.year(source.get("year"), language),
        cells.said(str(source.get("modified") or "")[:DATE]),
        cells.said(digits if whole else digits[:DIGITS]),
        cells.said(joint.join(told)),
    )


def _steps(run: Run, language: str) -> Iterator[Block]:
    steps = run.summary.get("demand") or []
    if not steps:
        return
    columns = (
        Column(column("step", language), width=3.0),
        Column(column("total", language), True),
        Column(column("factor", language), True),
    )
    made = tuple(
        (
            cells.said(_step(str(step.get("name") or ""), language)),
            cells.count(step.get("total"), language),
            cells.factor(step.get("factor"), language),
        )
        for step in steps
    )
    yield Table("steps", title("steps", language), columns, made)
    yield from (Text(text, "item") for text in outlook_notes(run.summary, language))


def _step(name: str, language: str) -> str:
    base, _, stage = name.rpartition("_")
    if stage not in STAGES:
        return word("step", name, language)
    return word("step", base, language).replace("{stage}", term(f"stage.{stage}", language))


def _warnings(run: Run, language: str) -> Iterator[Block]:
    """Warnings only: notes are for those who prepare the data."""
    found = [one for one in run.summary.get("warnings") or [] if one.get("severity") in ("warning", "error")]
    if not found:
        return
    heads = ("file", "what", "remedy")
    columns = tuple(Column(column(key, language), width=1.0 if key == "file" else 2.5) for key in heads)
    made = tuple(_warning(one, language) for one in found)
    yield Table("warnings", title("warnings", language), columns, made)


def _warning(one: Mapping[str, Any], language: str) -> tuple[Cell, ...]:
    suffix = "_zh" if language == "zh" else ""
    texts = [printable(str(one.get(f"{key}{suffix}") or one.get(key) or "")) for key in ("message", "remedy")]
    row = known(one.get("row"))
    place = str(one.get("file") or "") + (f":{row:.0f}" if row is not None else "")
    return (cells.said(place), *(cells.said(text) for text in texts))
