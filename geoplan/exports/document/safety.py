"""Route safety in short: who has a safe route, what works would bring, what to look at in the street."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from geoplan.exports.document import cells
from geoplan.exports.document.nested import nested, records, stopped, table
from geoplan.exports.document.parts import Block, Cell, Column, Section, Table, Text
from geoplan.exports.document.words import column, phrase, printable, title
from geoplan.reasons import known, sentence, term, whole
from geoplan.reasons.safety import VERDICTS, safety_detour, safety_headline, verdict_amounts, word
from geoplan.run import Run
from layers.bundle import STAGES

MOST = 10  # rows of a list that a document shows


def safety(run: Run, language: str) -> Section:
    """The chapter; it says so where the run was made without route safety."""
    found = run.summary.get("safety")
    if not found:
        nothing = phrase("not_computed", language, what=phrase("what_safety", language))
        return Section("safety", title("safety", language), (Text(nothing, "plain"),))
    detour = safety_detour(found, language)
    blocks: list[Block] = [
        Text(stopped(safety_headline(found, language), language), "finding"),
        *([Text(detour, "item")] if detour else []),
        *_verdicts(found, language),
        *_works(run, found, language),
        *_survey(run, language),
    ]
    return Section("safety", title("safety", language), tuple(blocks))


def _verdicts(found: Mapping[str, Any], language: str) -> Iterator[Block]:
    by_stage = {stage: found["stages"][stage] for stage in STAGES if stage in (found.get("stages") or {})}
    if not by_stage:
        return
    columns = (
        Column(column("stage", language), width=1.5),
        *(Column(column(key, language), True) for key in ("pupils", *VERDICTS)),
    )
    rows = []
    for stage, part in by_stage.items():
        amounts = verdict_amounts(part)
        shown = (cells.count(amount, language) for amount in (sum(amounts), *whole(amounts)))
        rows.append((cells.said(term(f"stage.{stage}", language)), *shown))
    yield Table("verdicts", title("verdicts", language), columns, tuple(rows))


def _works(run: Run, found: Mapping[str, Any], language: str) -> Iterator[Block]:
    if table(run, "retrofits", "rank", "measures", "cost") is None:
        return
    yield Text(title("retrofits", language), "heading")
    rows = sorted(records(run, "retrofits"), key=lambda row: known(row["rank"]) or 0.0)
    if not rows:
        yield Text(phrase("no_retrofits", language), "plain")
        return
    budget = found.get("budget") or {}
    spent, pupils = known(budget.get("cost")), known(budget.get("pupils_gained"))
    if spent and pupils is not None:
        yield Text(phrase("budget", language, budget=budget.get("budget"), cost=spent, pupils=pupils), "finding")
    yield Text(phrase("unit_costs", language), "note")
    yield from _shown(rows, "retrofits", language)
    heads = ("rank", "measures", "cost", "safe_gained")
    columns = tuple(Column(column(k, language), k != "measures", 4.0 if k == "measures" else 1.0) for k in heads)
    made = tuple(_work(row, language) for row in rows[:MOST])
    yield Table("retrofits", title("retrofits", language), columns, made)


def _work(row: Mapping[str, Any], language: str) -> tuple[Cell, ...]:
    return (
        cells.count(row["rank"], language),
        cells.said(_measures(row["measures"], language)),
        cells.count(row["cost"], language),
        cells.count(row.get("pupils_safe_gained"), language),
    )


def _measures(value: object, language: str) -> str:
    """Measures in words, each with how often; a value may be a text, a list, or a list of records."""
    listed = [str(item.get("measure") or item.get("name") or "") for item in nested(value)]
    if not listed:
        listed = [str(item) for item in value] if isinstance(value, (list, tuple)) else str(value).split(";")
    names = [word("measure", name.strip(), language) for name in listed if name.strip()]
    counted = [f"{names.count(name)} × {name}" if names.count(name) > 1 else name for name in dict.fromkeys(names)]
    return sentence("list_comma", language).join(counted)


def _survey(run: Run, language: str) -> Iterator[Block]:
    if table(run, "survey", "rank", "kind", "tags", "pupils") is None:
        return
    rows = sorted(records(run, "survey"), key=lambda row: known(row["rank"]) or 0.0)
    if not rows:
        return
    yield Text(title("survey", language), "heading")
    yield from _shown(rows, "survey", language)
    heads = ("rank", "place", "look_for", "pupils")
    widths = {"place": 2.5, "look_for": 4.0}
    columns = tuple(Column(column(k, language), k in ("rank", "pupils"), widths.get(k, 1.0)) for k in heads)
    made = tuple(_element(row, language) for row in rows[:MOST])
    yield Table("survey", title("survey", language), columns, made)


def _element(row: Mapping[str, Any], language: str) -> tuple[Cell, ...]:
    street = row.get("name")
    street = printable(street) if isinstance(street, str) and street else sentence("survey_no_name", language)
    joint = sentence("list_comma", language)
    tags = row["tags"] if isinstance(row["tags"], (list, tuple)) else str(row["tags"] or "").split(";")
    kind = word("element_kind", "crossing" if str(row["kind"]).startswith("crossing") else "segment", language)
    return (
        cells.count(row["rank"], language),
        cells.said(f"{street} ({kind})" if language == "en" else f"{street}（{kind}）"),
        cells.said(joint.join(word("tag", tag, language) for tag in tags if tag)),
        cells.count(row["pupils"], language),
    )


def _shown(rows: list[dict[str, Any]], name: str, language: str) -> Iterator[Block]:
    if len(rows) > MOST:
        yield Text(phrase("top_of", language, shown=MOST, all=len(rows), table=name), "note")
