"""What the proposals do to the accounts: before, gained, after; and what each further school brings."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from geoplan.exports.document import cells
from geoplan.exports.document.nested import Record, nested
from geoplan.exports.document.parts import Block, Cell, Column, Section, Table, Text
from geoplan.exports.document.proposals import gain, ranked, stage_words
from geoplan.exports.document.words import column, phrase, title, word
from geoplan.reasons import known
from geoplan.reasons.siting import marginal_sentences
from geoplan.run import Run


def effect(run: Run, language: str) -> Section:
    """The chapter; it says so where there is nothing to compare."""
    rows = ranked(run)
    if not rows:
        nothing = phrase("not_computed", language, what=phrase("what_effect", language))
        return Section("effect", title("effect", language), (Text(nothing, "plain"),))
    blocks: tuple[Block, ...] = (
        Text(phrase("effect_note", language), "note"),
        _before_after(rows, language),
        *_goals(run, language),
        *_marginal(run, language),
    )
    return Section("effect", title("effect", language), blocks)


def _before_after(rows: list[dict[str, Any]], language: str) -> Table:
    """Pupils with a place around each proposal, and in total by stage."""
    heads = ("name", "stage", "year", "before", "gained", "after")
    columns = tuple(
        Column(column(k, language), k not in ("name", "stage"), 2.2 if k == "name" else 1.0) for k in heads
    )
    made = [
        (
            cells.said(str(row.get("name") or row.get("site_id") or "")),
            cells.said(stage_words(row.get("stage"), language)),
            cells.year(row.get("year"), language),
            *_figures([row], language),
        )
        for row in rows
    ]
    stages = sorted({str(row.get("stage")) for row in rows})
    for stage in stages:
        own = [row for row in rows if str(row.get("stage")) == stage]
        if len(own) > 1:
            total = cells.said(title("all_stages", language) if len(stages) == 1 else stage_words(stage, language))
            made.append((cells.said(column("total", language)), total, cells.empty(), *_figures(own, language)))
    return Table("effect", title("effect", language), columns, tuple(made))


def _figures(rows: list[dict[str, Any]], language: str) -> tuple[Cell, ...]:
    before = _sum([known(row.get("pupils_before")) for row in rows])
    gained = _sum([gain(row) for row in rows])
    after = _sum([known(row.get("pupils_served")) for row in rows])
    return tuple(cells.count(value, language) for value in (before, gained, after))


def _sum(values: list[float | None]) -> float | None:
    return None if None in values else math.fsum(value for value in values if value is not None)


def _goals(run: Run, language: str) -> Iterator[Block]:
    """Each goal with how far it may be from the best possible."""
    for goal in nested((run.summary.get("siting") or {}).get("goals")):
        bound, gap = known(goal.get("bound")), known(goal.get("gap"))
        if known(goal.get("objective")) is None or gap is None:
            continue
        key = "goal_proven" if gap <= 0 else "goal_gap"
        if key == "goal_gap" and bound is None:
            continue
        name = word("goal", goal.get("name"), language)
        yield Text(phrase(key, language, name=name, objective=goal["objective"], bound=bound, gap=gap), "item")


def _marginal(run: Run, language: str) -> Iterator[Block]:
    siting = run.summary.get("siting") or {}
    rows, new = nested(siting.get("marginal")), len(siting.get("new") or ())
    if not rows:
        return
    units = {str(row["cost_unit"]) for row in ranked(run) if isinstance(row.get("cost_unit"), str)}
    unit = units.pop() if len(units) == 1 else None
    yield from (Text(text, "item") for text in marginal_sentences(rows, language, unit=unit, proposed=new))
    heads = ("new_schools", "served", "extra_pupils", "cost", "cost_per_extra_pupil", "gap")
    columns = tuple(Column(column(key, language), True) for key in heads)
    made = tuple(_step(row, language) for row in rows)
    yield Table("marginal", title("marginal", language), columns, made)


def _step(row: Record, language: str) -> tuple[Cell, ...]:
    first = row.get("k", row.get("new"))
    amounts = [row.get(key) for key in ("pupils_served", "extra_pupils", "cost", "cost_per_extra_pupil")]
    shown = [cells.empty() if known(amount) is None else cells.count(amount, language) for amount in amounts]
    gap = cells.empty() if known(row.get("gap")) is None else cells.share(row["gap"], language)
    return (cells.count(first, language), *shown, gap)
