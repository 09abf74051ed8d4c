"""A run, a check, a comparison on the terminal: the same sentences as the pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from geoplan.compare import sentence as comparison_sentence
from geoplan.reasons import account_sentences, both_ways, care_notes, headline, people, percent, term
from geoplan.run import Run
from layers.errors import Fault

TEXTS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "region": "reading the region",
        "streets": "reading streets",
        "population": "reading residents",
        "schools": "reading schools",
        "tables": "reading the other tables",
        "cells": "fitting cells to the limits",
        "demand": "counting pupils by age",
        "network": "building the walking network",
        "reach": "walking from the schools (the first run on a machine compiles once, half a minute)",
        "coverage": "who has a place: {stage}",
        "map": "drawing the map",
        "place": "place",
        "fault": "what",
        "remedy": "what to do",
        "clean": "Nothing to mend.",
        "verdict": "{error} errors, {warning} warnings, {note} notes.",
        "told": "About the input: {warning} warnings, {note} notes; python -m geoplan check shows remedies.",
        "run": "run {run_id}",
        "where": "map: {path}",
        "care": "Read with care",
        "metric": "figure",
        "change": "change",
    },
    "zh": {
        "region": "读取区域",
        "streets": "读取道路",
        "population": "读取常住人口",
        "schools": "读取学校",
        "tables": "读取其他表格",
        "cells": "按距离限值细分网格",
        "demand": "按年龄推算学龄人口",
        "network": "构建步行网络",
        "reach": "从学校出发计算步行距离（本机首次运行需编译一次，约半分钟）",
        "coverage": "核算学位：{stage}",
        "map": "绘制地图",
        "place": "位置",
        "fault": "问题",
        "remedy": "处理办法",
        "clean": "未发现问题。",
        "verdict": "错误 {error} 项，警告 {warning} 项，提示 {note} 项。",
        "told": "输入数据：警告 {warning} 项，提示 {note} 项（运行 python -m geoplan check 可查看处理办法）。",
        "run": "运行 {run_id}",
        "where": "地图：{path}",
        "care": "阅读时请注意",
        "metric": "指标",
        "change": "变化",
    },
}
STYLE = {"error": "bold red", "warning": "yellow", "note": "dim"}


def step_text(step: str, language: str = "en") -> str:
    """A step of a run in words; ``coverage:primary`` names the stage."""
    key, _, stage = step.partition(":")
    shown = term(f"stage.{stage}", language) if stage else ""
    return f"… {TEXTS[language][key].format(stage=shown)}"


def fault_table(faults: Sequence[Fault], language: str) -> Table:
    """Every fault with its place, what is wrong, and what to do; errors first."""
    texts = TEXTS[language]
    table = Table(show_lines=False, expand=True)
    for name, ratio in (("place", 2), ("fault", 4), ("remedy", 4)):
        table.add_column(texts[name], overflow="fold", ratio=ratio)
    for fault in sorted(faults, key=lambda one: list(STYLE).index(one.severity)):
        value = f" ({fault.value})" if fault.value is not None else ""
        row = (fault.place(), fault.message(language) + value, fault.remedy(language))
        table.add_row(*(cell.replace("[", "\\[") for cell in row), style=STYLE[fault.severity])
    return table


def fault_verdict(faults: Sequence[Fault], language: str) -> str:
    """How many of each kind."""
    if not faults:
        return TEXTS[language]["clean"]
    count = {kind: sum(fault.severity == kind for fault in faults) for kind in STYLE}
    return TEXTS[language]["verdict"].format(**count)


def print_run(out: Console, run: Run, path: Path, language: str) -> None:
    """The accounts of a run in plain words, stage by stage, and where the map is."""
    summary = run.summary
    suffix = "_zh" if language == "zh" else ""
    out.print(str(summary.get(f"title{suffix}") or summary["title"]), style="bold", highlight=False)
    if notice := summary.get(f"notice{suffix}") or summary.get("notice"):
        out.print(str(notice), style="yellow", highlight=False)
    for stage, found in summary["stages"].items():
        out.print()
        out.print(headline(found, language, stage=stage), style="bold", highlight=False)
        for line in (*account_sentences(found, language, stage=stage), *both_ways(found, language, stage=stage)):
            out.print(f"  {line}", highlight=False)
        for note in care_notes(found, language, stage=stage):
            out.print(f"  ! {note.text}", style="yellow", highlight=False)
    out.print()
    _print_warnings(out, summary["warnings"], language)
    out.print(TEXTS[language]["run"].format(run_id=run.run_id), highlight=False)
    out.print(TEXTS[language]["where"].format(path=path / "map.html"), highlight=False, soft_wrap=True)


def _print_warnings(out: Console, warnings: Sequence[Mapping[str, Any]], language: str) -> None:
    """How many there are, and each warning in a line; notes are for the check."""
    count = {kind: sum(one["severity"] == kind for one in warnings) for kind in ("warning", "note")}
    out.print(TEXTS[language]["told"].format(**count), highlight=False)
    for one in warnings:
        if one["severity"] == "warning":
            text = one.get(f"message_{language}") or one["message"]
            out.print(f"  {one['file']}: {text}", style="yellow", highlight=False, markup=False)


def print_comparison(out: Console, found: Mapping[str, Any], language: str) -> None:
    """Findings as sentences, then every figure beside the others."""
    for finding in found["findings"]:
        out.print(comparison_sentence(finding, language), highlight=False)
    table = Table(expand=True)
    table.add_column(TEXTS[language]["metric"], overflow="fold", ratio=3)
    for run in found["runs"]:
        table.add_column(str(run.get("scenario") or run["run_id"]), justify="right")
    table.add_column(TEXTS[language]["change"], justify="right")
    for row in found["rows"]:
        if row.get("area_id"):
            continue
        figures = [_figure(value, row["unit"], language) for value in row["values"]]
        change = _figure(row["changes"][-1], row["unit"], language)
        table.add_row(f"{row['stage']} · {row['section']} · {row['key']}", *figures, change)
    out.print(table)


def _figure(value: float | None, unit: str, language: str) -> str:
    if value is None:
        return "–"
    return percent(value, language) if unit == "share" else people(value, language)


def norm_table(rows: Sequence[Mapping[str, Any]], language: str) -> Table:
    """Norms of a profile: id, value, unit, metric, force, source, date in force, confidence."""
    table = Table(expand=True)
    columns = ("id", "value", "unit", "metric", "force", "source", "since", "confidence")
    for name in columns:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(
            *(str(row.get(name) if row.get(name) is not None else "").replace("[", "\\[") for name in columns)
        )
    return table
