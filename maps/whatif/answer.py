"""The answer to a what-if as plain data: accounts, homes and schools before and after, in figures and in words."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from geoplan import reasons
from geoplan.compare.difference import CHANGES
from geoplan.reasons import sentence, term
from geoplan.reasons.whatif import Moved, whatif_sentences
from geoplan.run import Run
from geoplan.whatif import StageAnswer, WhatIf
from layers.scenariofile import Scenario
from maps import story, style
from maps.language import number
from maps.whatif.asked import counted
from maps.whatif.bases import answered, base_in, started
from maps.whatif.cells import Cells, changed, drawn, home_rows, points_of
from maps.whatif.homes import housing_rows, said_of_housing
from maps.whatif.schools import school_rows


def whatif_answer(
    path: Path, scenario: Scenario, stage: str, language: str, *, year: int | None = None
) -> dict[str, Any]:
    """What steps change for a stage of a run.

    Parameters
    ----------
    path
        Folder of the run; its plan's files are read and counted at the first question.
    scenario
        The steps, in their order; works on streets are named in ``uncounted`` and change nothing here.
    year
        A later year the plan counts; the base year when None.

    Returns
    -------
    dict
        ``stage, steps, finding`` (sentences), ``accounts``, ``stages`` (others that change), ``walk``, ``cells``
        (``total, shown, columns, values`` and ``rows``, the table's), ``schools, housing, uncounted, year, seconds``.
    """
    began = time.perf_counter()
    run = started(path).run
    live, slow = counted(scenario)
    base, found = base_in(path, year), answered(path, live, year)
    answer = found.stages[stage]
    cells = changed(answer)
    built = housing_rows(answer, live, base.situation.cells.table["cell_id"], language)
    facts = story.stage_summary(run, stage)
    accounts = account_rows(facts, answer, language)
    told = {
        "stage": stage,
        "steps": len(scenario.steps),
        "year": year or base.situation.outlook.base_year,
        "finding": [
            *finding(accounts, cells, (stage, len(live.steps), run), language),
            *said_of_housing(built, stage, year or base.situation.outlook.base_year, language),
        ],
        "uncounted": {
            "steps": len(slow),
            "text": sentence("whatif_uncounted", language, steps=len(slow)) if slow else "",
        },
        "housing": built,
        "accounts": accounts,
        "stages": other_stages(run, found, stage, language),
        "walk": {"before": answer.shares_before["walk_m"], "after": answer.shares["walk_m"]},
        "cells": drawn(points_of(run, answer), cells) | {"rows": home_rows(run, answer, cells, stage, language)},
        "schools": school_rows(run, base, found, stage, language),
    }
    return told | {"seconds": round(time.perf_counter() - began, 3)}


def account_rows(facts: Mapping[str, Any], answer: StageAnswer, language: str) -> list[dict[str, Any]]:
    """Every account before and after, in whole pupils that add up."""
    names = style.status_names(language)
    before, after = (
        reasons.account_amounts({**facts, "accounts": dict(accounts)}) or {}
        for accounts in (answer.accounts_before, answer.accounts)
    )
    old, new = (reasons.whole([*amounts.values()]) for amounts in (before, after))
    total = max(sum(before.values()), sum(after.values())) or 1.0
    return [
        {
            "account": name,
            "name": names[name],
            "colour": style.account_colour(name),
            "before": before[name],
            "after": after[name],
            "texts": [number(one, language), number(two, language), signed(two - one, language)],
            "widths": [round(100 * before[name] / total, 3), round(100 * after[name] / total, 3)],
            "change": two - one,
        }
        for name, one, two in zip(before, old, new, strict=True)
    ]


def signed(amount: float, language: str) -> str:
    """A change as people write it: ``+120``, ``−30``, ``0``."""
    text = number(abs(amount), language)
    return f"{'+' if amount > 0 else '−' if amount < 0 else ''}{text}"


def finding(accounts: list[dict[str, Any]], cells: Cells, asked: tuple[str, int, Run], language: str) -> list[str]:
    """The difference in sentences; nothing while there is no step."""
    stage, steps, run = asked
    if not steps:
        return []
    first = accounts[0]
    moved = Moved(
        stage=stage,
        steps=steps,
        pupils=sum(row["after"] for row in accounts),
        gained=first["change"],
        nearer=cells.nearer,
        farther=cells.farther,
        places_known=story.places_known(run, stage),
    )
    return whatif_sentences(moved, language)


def other_stages(run: Run, found: WhatIf, stage: str, language: str) -> list[dict[str, Any]]:
    """Other stages whose first account changes."""
    rows = []
    for name in story.stages(run):
        if name == stage or name not in found.stages or not found.stages[name].changed.any():
            continue
        first = account_rows(story.stage_summary(run, name), found.stages[name], language)[0]
        rows.append({"stage": name, "name": style.stage_names(language)[name], "texts": first["texts"]})
    return rows


def legend(language: str) -> list[dict[str, str]]:
    """Colours of the kinds of change with their words, in the order of the codes."""
    colours = style.LOOK["change"]["colours"]
    return [
        {"kind": kind, "colour": colour, "name": term(f"change.{kind}", language)}
        for kind, colour in zip(CHANGES, colours, strict=True)
    ]
