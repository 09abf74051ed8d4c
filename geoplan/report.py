"""A run, a check, a comparison on the terminal: the same sentences as the pages."""

from __future__ import annotations

import errno
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from geoplan.compare import sentence as comparison_sentence
from geoplan.compare.labels import in_whole_pupils, row_label, run_label, written
from geoplan.reasons import (
    account_sentences,
    both_ways,
    care_notes,
    headline,
    outlook_notes,
    term,
    terms,
    years_sentence,
)
from geoplan.reasons.scenario import scenario_notes
from geoplan.reasons.siting import note_sentences, proposal_title, siting_headline
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
        "years": "who has a place in later years: {stage}",
        "safety": "judging streets and crossings, finding safe routes",
        "siting": "weighing places, new housing and where schools go",
        "publish": "putting the tables together",
        "map": "drawing the map",
        "place": "place",
        "fault": "what",
        "remedy": "what to do",
        "clean": "Nothing to mend.",
        "verdict": "{counts}.",
        "told": "About the input: {counts}; python -m geoplan check shows remedies.",
        "more": "and {more} more of this kind, from {place} on; --json and the data page list all",
        "more_anywhere": "and {more} more of this kind; --json and the data page list all",
        "comma": ", ",
        "norm": "norm",
        "value": "value",
        "rests_on": "rests on",
        "since": "in force since {date}",
        "interrupted": "interrupted: nothing was left half written",
        "unwritten": "{why}: {file}; nothing was left half written",
        "full": "{why}: {file} ({free} MB free there); nothing was left half written",
        "run": "run {run_id}",
        "where": "map: {path}",
        "doubtful": " (not recommended: see its reasons)",
        "care": "Read with care",
        "scenario": "What-if: {title}",
        "metric": "figure",
        "actions": "steps of the scenario",
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
        "years": "核算远期学位：{stage}",
        "safety": "评定道路与过街点，寻找安全路线",
        "siting": "核算学位余缺、新建住宅配建与学校布点",
        "publish": "汇总成果表",
        "map": "绘制地图",
        "place": "位置",
        "fault": "问题",
        "remedy": "处理办法",
        "clean": "未发现问题。",
        "verdict": "{counts}。",
        "told": "输入数据：{counts}（运行 python -m geoplan check 可查看处理办法）。",
        "more": "同类问题另有 {more} 处，自 {place} 起；--json 与数据页列出全部",
        "more_anywhere": "同类问题另有 {more} 处；--json 与数据页列出全部",
        "comma": "，",
        "norm": "标准",
        "value": "数值",
        "rests_on": "依据",
        "since": "{date} 起施行",
        "interrupted": "已中断：没有留下不完整的文件",
        "unwritten": "{why}：{file}；没有留下不完整的文件",
        "full": "{why}：{file}（该处剩余 {free} MB）；没有留下不完整的文件",
        "run": "运行 {run_id}",
        "where": "地图：{path}",
        "doubtful": "（不予推荐，理由见成果表）",
        "care": "阅读时请注意",
        "scenario": "情景：{title}",
        "metric": "指标",
        "actions": "情景步骤数",
        "change": "变化",
    },
}
STYLE = {"error": "bold red", "warning": "yellow", "note": "dim"}
KINDS_ZH = {"error": "错误", "warning": "警告", "note": "提示"}
MOST = 20  # faults of one code the terminal shows


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
    met: Counter[tuple[str, str]] = Counter()
    count = Counter((fault.code, fault.severity) for fault in faults)
    for fault in sorted(faults, key=lambda one: list(STYLE).index(one.severity)):
        kind = (fault.code, fault.severity)
        met[kind] += 1
        if met[kind] <= MOST:
            row = (fault.place(language), fault.shown(language), fault.remedy(language))
            table.add_row(*map(escape, row), style=STYLE[fault.severity])
        elif met[kind] == MOST + 1:
            more = _more(fault, count[kind] - MOST, language)
            table.add_row("…", escape(more), "", style=STYLE[fault.severity])
    return table


def _more(fault: Fault, more: int, language: str) -> str:
    place = fault.place(language)
    return TEXTS[language]["more" if place else "more_anywhere"].format(more=more, place=place)


def fault_verdict(faults: Sequence[Fault], language: str) -> str:
    """How many of each kind."""
    if not faults:
        return TEXTS[language]["clean"]
    return TEXTS[language]["verdict"].format(counts=_counts([fault.severity for fault in faults], STYLE, language))


def _counts(severities: Sequence[str], kinds: Iterable[str], language: str) -> str:
    """``1 error, 2 warnings``: every kind named, also those of which there is none."""
    count = Counter(severities)
    if language == "zh":
        return "，".join(f"{KINDS_ZH[kind]} {count[kind]} 项" for kind in kinds)
    return ", ".join(f"{count[kind]} {kind}{'' if count[kind] == 1 else 's'}" for kind in kinds)


def unwritten(error: OSError, language: str) -> str:
    """What to say of a file that could not be read or written; free space only where the disk is full."""
    file = Path(error.filename) if isinstance(error.filename, str) else None
    told = {"why": error.strerror or str(error), "file": file or ""}
    if error.errno != errno.ENOSPC:
        return TEXTS[language]["unwritten"].format(**told) if file else str(error)
    return TEXTS[language]["full"].format(**told, free=f"{_free_mb(file or Path.cwd()):,.0f}")


def _free_mb(path: Path) -> float:
    """Free space of the disk that holds a path, of its nearest folder that exists."""
    there = next((place for place in (path, *path.absolute().parents) if place.exists()), Path.cwd())
    return shutil.disk_usage(there).free / 1e6


def print_run(out: Console, run: Run, path: Path, language: str) -> None:
    """The accounts of a run in plain words, stage by stage, and where the map is."""
    summary = run.summary
    suffix = "_zh" if language == "zh" else ""
    out.print(str(summary.get(f"title{suffix}") or summary["title"]), style="bold", highlight=False)
    if notice := summary.get(f"notice{suffix}") or summary.get("notice"):
        out.print(str(notice), style="yellow", highlight=False)
    if told := summary.get("scenario"):
        _print_scenario(out, told, language)
    for stage, found in summary["stages"].items():
        out.print()
        out.print(headline(found, language, stage=stage), style="bold", highlight=False)
        for line in (*account_sentences(found, language, stage=stage), *both_ways(found, language, stage=stage)):
            out.print(f"  {line}", highlight=False)
        if years := years_sentence(found, language, stage=stage):
            out.print(f"  {years}", highlight=False)
        for note in care_notes(found, language, stage=stage):
            out.print(f"  ! {note.text}", style="yellow", highlight=False)
    for line in outlook_notes(summary, language):
        out.print(f"! {line}", style="yellow", highlight=False)
    out.print()
    _print_siting(out, run, language)
    _print_warnings(out, summary["warnings"], language)
    out.print(TEXTS[language]["run"].format(run_id=run.run_id), highlight=False)
    out.print(TEXTS[language]["where"].format(path=path / "map.html"), highlight=False, soft_wrap=True)


def _print_scenario(out: Console, told: Mapping[str, Any], language: str) -> None:
    """The scenario's title, and what closing schools does."""
    title = told.get("title_zh" if language == "zh" else "title") or told.get("title") or told["name"]
    out.print(TEXTS[language]["scenario"].format(title=title), style="bold", highlight=False)
    for note in scenario_notes(told, language):
        style = "bold red" if note.code == "closure_blocked" else None
        out.print(f"  {note.text}", style=style, highlight=False, markup=False)


def _print_siting(out: Console, run: Run, language: str) -> None:
    """The finding on new places, stage by stage, and every proposal in a line; those not recommended marked."""
    siting = run.summary.get("siting")
    if siting is None or siting.get("not_computed"):
        return
    for stage in siting["stages"]:
        out.print(siting_headline(run.summary, language, stage=stage), style="bold", highlight=False)
    for row in run.tables["proposals"].to_dict("records"):
        mark = "" if row["recommended"] else TEXTS[language]["doubtful"]
        out.print(f"  {row['rank']}. {proposal_title(row, language)}{mark}", highlight=False)
    for line in note_sentences([*siting["problems"], *siting["notes"]], language):
        out.print(f"  ! {line}", style="yellow", highlight=False)
    out.print()


def _print_warnings(out: Console, warnings: Sequence[Mapping[str, Any]], language: str) -> None:
    """How many there are, and each warning in a line; notes are for the check."""
    counts = _counts([one["severity"] for one in warnings], ("warning", "note"), language)
    out.print(TEXTS[language]["told"].format(counts=counts), highlight=False)
    for one in warnings:
        if one["severity"] == "warning":
            text = one.get(f"message_{language}") or one["message"]
            lead = f"{one['file']}: " if one["file"] else ""
            out.print(f"  {lead}{text}", style="yellow", highlight=False, markup=False)


def print_comparison(out: Console, found: Mapping[str, Any], language: str) -> None:
    """Findings as sentences, then every figure beside the others."""
    for finding in found["findings"]:
        out.print(comparison_sentence(finding, language), highlight=False)
    table = Table(expand=True)
    table.add_column(TEXTS[language]["metric"], overflow="fold", ratio=3)
    for run in found["runs"]:
        table.add_column(escape(run_label(run, language)), justify="right", overflow="fold")
    table.add_column(TEXTS[language]["change"], justify="right")
    actions = [str(run["actions"]) for run in found["runs"]]
    table.add_row(TEXTS[language]["actions"], *actions, "")
    for row in in_whole_pupils([row for row in found["rows"] if not row.get("area_id")]):
        figures = [written(value, row["unit"], language) for value in (*row["values"], row["changes"][-1])]
        table.add_row(row_label(row, language), *figures)
    out.print(table)


def norm_table(rows: Sequence[Mapping[str, Any]], language: str) -> Table:
    """Norms of a profile: id; value, unit, metric, force; source, clause, date in force, confidence."""
    table = Table(expand=True)
    for name, ratio in (("norm", 5), ("value", 4), ("rests_on", 5)):
        table.add_column(TEXTS[language][name], overflow="fold", ratio=ratio)
    for row in rows:
        value = " ".join(str(row[name]) for name in ("value", "unit") if row.get(name) is not None)
        since = TEXTS[language]["since"].format(date=row["since"]) if row.get("since") else ""
        kind = (value, _word("metric", row, language), _word("force", row, language))
        source = (row.get("source"), row.get("clause"), since, _word("confidence", row, language))
        cells = (
            row["id"],
            *(TEXTS[language]["comma"].join(str(part) for part in parts if part) for parts in (kind, source)),
        )
        table.add_row(*map(escape, cells))
    return table


def _word(group: str, row: Mapping[str, Any], language: str) -> str:
    """A key of a norm in words, where there are any."""
    return terms(group, language).get(str(row.get(group)), str(row.get(group) or ""))
