"""The chapter that is read if nothing else is: findings, accounts, what is proposed, and the years to come."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from geoplan.exports.document import cells
from geoplan.exports.document.nested import records, stopped
from geoplan.exports.document.parts import Block, Cell, Column, Section, Table, Text
from geoplan.exports.document.ranking import lead
from geoplan.exports.document.stages import stages
from geoplan.exports.document.words import column, phrase, title
from geoplan.reasons import account_amounts, account_sentences, both_ways, headline, rounded, term
from geoplan.reasons.siting import milestone_sentence, milestones_of, siting_headline
from geoplan.run import Run
from layers.bundle import STAGES

ACCOUNTS = ("served", "in_reach_no_place", "in_reach_places_unknown", "out_of_reach", "off_network")
FIGURES = ("pupils", "places", *ACCOUNTS[:2], *ACCOUNTS[3:])


def summary(run: Run, language: str) -> Section:
    """The answer first, stage by stage."""
    blocks: list[Block] = [*(Text(text, "finding") for text in lead(run, language)), accounts(run, language)]
    for stage, facts in stages(run).items():
        blocks.append(Text(term(f"stage.{stage}", language), "heading"))
        blocks.append(Text(stopped(headline(facts, language, stage=stage), language), "finding"))
        blocks += [Text(line, "item") for line in account_sentences(facts, language, stage=stage)]
        blocks += [Text(line, "note") for line in both_ways(facts, language, stage=stage)]
        blocks += _ahead(run, stage, language)
    return Section("summary", title("summary", language), (*blocks, *_years(run, language)))


def _ahead(run: Run, stage: str, language: str) -> Iterator[Text]:
    """The years to come in sentences: the worst of them and what is proposed, then each year."""
    years = milestones_of(records(run, "milestones", "stage", "year", "pupils"), stage)
    if years:
        facts = {**stages(run)[stage], "years": years}
        summary = {**run.summary, "stages": {stage: facts}}
        yield Text(stopped(siting_headline(summary, language, stage=stage), language), "finding")
        yield from (Text(milestone_sentence(row, language), "item") for row in years)


def accounts(run: Run, language: str) -> Table:
    """Where the pupils of each stage stand, in whole pupils that add up."""
    found = {stage: account_amounts(facts) for stage, facts in stages(run).items()}
    heads = [name for name in ACCOUNTS if any(name in (amounts or {}) for amounts in found.values())]
    rows = [_account_row(stage, amounts, heads, stages(run)[stage], language) for stage, amounts in found.items()]
    columns = (
        Column(column("stage", language), width=1.5),
        *(Column(column(name, language), True) for name in ("pupils", "places", *heads)),
    )
    return Table("accounts", title("accounts", language), columns, tuple(rows))


def _account_row(
    stage: str, amounts: Mapping[str, float] | None, heads: list[str], facts: Mapping[str, Any], language: str
) -> tuple[Cell, ...]:
    whole = rounded(amounts) if amounts else {}
    shown = [cells.count(whole[name], language) if name in whole else cells.empty() for name in heads]
    figures = (cells.count(facts.get("pupils"), language), cells.count(facts.get("places"), language))
    return (cells.said(term(f"stage.{stage}", language)), *figures, *shown)


def _years(run: Run, language: str) -> Iterator[Block]:
    rows = [
        row for row in records(run, "milestones", "stage", "year", "pupils") if row.get("variant", "mid") == "mid"
    ]
    if not rows:
        yield Text(phrase("not_computed", language, what=phrase("what_milestones", language)), "note")
        return
    yield milestones(rows, language)


def milestones(rows: list[dict[str, Any]], language: str) -> Table:
    """Pupils, places and accounts by stage and year, middle variant."""
    ordered = sorted(rows, key=lambda row: (STAGES.index(row["stage"]), row["year"]))
    heads = [name for name in FIGURES if any(name in row for row in ordered)]
    shares = [name for name in ("walk_share", "share_unborn") if any(name in row for row in ordered)]
    columns = (
        Column(column("stage", language), width=1.5),
        *(Column(column(name, language), True) for name in ("year", *heads, *shares)),
    )
    made = [
        (
            cells.said(term(f"stage.{row['stage']}", language)),
            cells.year(row["year"], language),
            *(cells.count(row.get(name), language) for name in heads),
            *(cells.share(row.get(name), language) for name in shares),
        )
        for row in ordered
    ]
    return Table("milestones", title("milestones", language), columns, tuple(made))
