"""Enrolled pupils held against residents of the age: a difference must be answered before a proposal goes out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from geoplan.exports.document import cells
from geoplan.exports.document.parts import Block, Cell, Column, Section, Table, Text
from geoplan.exports.document.stages import stages
from geoplan.exports.document.words import column, phrase, printable, title
from geoplan.reasons import known, term
from geoplan.run import Run
from geoplan.settings import run_standards
from geoplan.standards import interval, load

FLOWS = ("boarding", "in", "out", "private")


@dataclass(frozen=True)
class Question:
    """What a stage's enrolment asks, and the answer of the plan where it gives one."""

    stage: str
    text: str
    answer: str


def open_questions(run: Run, language: str) -> tuple[Question, ...]:
    """Questions without an answer: while there is one, the document is a draft."""
    return tuple(question for question in questions(run, language) if not question.answer)


def questions(run: Run, language: str) -> tuple[Question, ...]:
    """One question a stage whose ratio lies outside the interval, or is not known: unknown is never shown as good."""
    low, high = _interval(run)
    return tuple(
        Question(stage, text, _answer(run, stage, language))
        for stage, facts in stages(run).items()
        if (text := _question(stage, facts.get("reconciliation") or {}, (low, high), language))
    )


def _interval(run: Run) -> tuple[float, float]:
    low, high = interval(run_standards(run) or load("neutral"), "plan.reconciliation")
    return float(low), float(high)


def _question(stage: str, found: Mapping[str, Any], inside: tuple[float, float], language: str) -> str:
    modelled, ratio = known(found.get("modelled")), known(found.get("ratio"))
    if not modelled:
        return ""
    named = {"stage": term(f"stage.{stage}", language), "modelled": modelled}
    if ratio is None:
        return phrase("question_unknown", language, **named)
    if inside[0] <= ratio <= inside[1]:
        return ""
    return phrase("question_ratio", language, **named, enrolled=known(found.get("enrolled")), ratio=ratio)


def _answer(run: Run, stage: str, language: str) -> str:
    section = (run.manifest.get("plan") or {}).get("proposal") or {}
    plain, chinese = (str((section.get(key) or {}).get(stage) or "") for key in ("answers", "answers_zh"))
    return printable(chinese or plain if language == "zh" else plain or chinese).strip()


def reconciliation(run: Run, language: str) -> Section:
    """The chapter: the table by stage, questions with their answers, sub-areas that lie outside."""
    low, high = _interval(run)
    blocks: list[Block] = [
        Text(phrase("reconciliation_note", language, low=low, high=high), "note"),
        _table(run, language),
        *_said(run, language),
        *(Text(text, "item") for text in _areas_outside(run, (low, high), language)),
    ]
    return Section("reconciliation", title("reconciliation", language), tuple(blocks))


def _said(run: Run, language: str) -> Iterator[Block]:
    asked = questions(run, language)
    for question in asked:
        yield Text(question.text, "plain" if question.answer else "open")
        if question.answer:
            stage = term(f"stage.{question.stage}", language)
            yield Text(phrase("answer", language, stage=stage, answer=question.answer), "item")
    if any(not question.answer for question in asked):
        yield Text(phrase("answer_how", language), "note")


def _table(run: Run, language: str) -> Table:
    heads = ("stage", "modelled", "enrolled", *FLOWS, "ratio")
    rows = [
        _row(term(f"stage.{stage}", language), facts.get("reconciliation") or {}, language)
        for stage, facts in stages(run).items()
    ]
    columns = tuple(Column(column(key, language), key != "stage", 1.6 if key == "stage" else 1.0) for key in heads)
    return Table("reconciliation", title("reconciliation", language), columns, tuple(rows))


def _row(name: str, found: Mapping[str, Any], language: str) -> tuple[Cell, ...]:
    figures = [cells.count(found.get(key), language) for key in ("modelled", "enrolled", *FLOWS)]
    return (cells.said(name), *figures, cells.plain(found.get("ratio"), language))


def _areas_outside(run: Run, inside: tuple[float, float], language: str) -> Iterator[str]:
    for stage, facts in stages(run).items():
        areas = (facts.get("reconciliation") or {}).get("areas") or []
        ratios = [ratio for area in areas if (ratio := known(area.get("ratio"))) is not None]
        outside = sum(not inside[0] <= ratio <= inside[1] for ratio in ratios)
        if len(areas) > 1 and outside:
            name = term(f"stage.{stage}", language)
            yield phrase("area_outside", language, stage=name, count=outside, all=len(ratios))
