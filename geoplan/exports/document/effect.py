"""What the proposals do to the accounts: before, gained, after; and what each further school brings."""

from __future__ import annotations

from collections.abc import Iterator

from geoplan.exports.document import cells
from geoplan.exports.document.nested import Record, nested
from geoplan.exports.document.parts import Block, Cell, Column, Section, Table, Text
from geoplan.exports.document.ranking import effects, ranked, stage_words
from geoplan.exports.document.words import column, phrase, title, word
from geoplan.reasons import known
from geoplan.reasons.siting import currency, marginal_sentences, money_unit
from geoplan.run import Run


def effect(run: Run, language: str) -> Section:
    """The chapter; it says so where there is nothing to compare."""
    rows = ranked(run)
    if not rows:
        nothing = phrase("not_computed", language, what=phrase("what_effect", language))
        return Section("effect", title("effect", language), (Text(nothing, "plain"),))
    blocks: tuple[Block, ...] = (
        Text(phrase("effect_note", language), "note"),
        *_before_after(run, language),
        *_goals(run, language),
        *_marginal(run, language),
    )
    return Section("effect", title("effect", language), blocks)


def _before_after(run: Run, language: str) -> Iterator[Block]:
    """Pupils with and without a place by stage and year, without the proposals and with all of them."""
    rows = effects(run)
    if not rows:
        yield Text(phrase("not_computed", language, what=phrase("what_effect_years", language)), "note")
        return
    heads = ("stage", "year", "pupils", "before", "after", "gained", "left", "walk_before", "walk_after")
    columns = tuple(Column(column(k, language), k != "stage", 1.4 if k == "stage" else 1.0) for k in heads)
    yield Table("effect", title("effect", language), columns, tuple(_effect_row(row, language) for row in rows))


def _effect_row(row: Record, language: str) -> tuple[Cell, ...]:
    pupils, before, after = (known(row.get(key)) for key in ("pupils", "served_before", "served_after"))
    difference = None if before is None or after is None else after - before
    left = None if pupils is None or after is None else pupils - after
    return (
        cells.said(stage_words(row.get("stage"), language)),
        cells.year(row.get("year"), language),
        *(cells.count(amount, language) for amount in (pupils, before, after, difference, left)),
        cells.length(row.get("walk_m_before"), language),
        cells.length(row.get("walk_m_after"), language),
    )


def _goals(run: Run, language: str) -> Iterator[Block]:
    """Each goal in its order: proven best, or how far it may be from the best possible."""
    for goal in nested((run.summary.get("siting") or {}).get("goals")):
        bound, gap, objective = (known(goal.get(key)) for key in ("bound", "gap", "objective"))
        if objective is None:
            continue
        if gap is not None and gap <= 0:
            key = "goal_proven"
        else:
            key = "goal_open" if not bound or gap is None or gap >= 1 else "goal_gap"
        named = {"name": word("goal", goal.get("name"), language), "unit": _unit(run, goal, language)}
        yield Text(phrase(key, language, **named, objective=objective, bound=bound, gap=gap), "item")


def _unit(run: Run, goal: Record, language: str) -> str:
    """What follows a figure of a goal: money, metres, or nothing for pupils."""
    if str(goal.get("name")).startswith("walk"):
        return {"en": "\u202fm", "zh": "米"}[language]
    return currency(cost_unit(run), language) if goal.get("name") == "cost" else ""


def cost_unit(run: Run) -> str | None:
    """The unit all costs of the proposals are in; None where they differ or none is stated."""
    return money_unit(ranked(run))


def _marginal(run: Run, language: str) -> Iterator[Block]:
    siting = run.summary.get("siting") or {}
    rows, new = nested(siting.get("marginal")), len(siting.get("new") or ())
    if not rows:
        return
    said = marginal_sentences(rows, language, unit=cost_unit(run), proposed=new)
    yield from (Text(text, "item") for text in said)
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
