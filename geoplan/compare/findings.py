"""What to say first about a comparison: codes with parameters, and their sentences in Chinese and English."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from geoplan.compare.differs import differing
from geoplan.compare.rows import SOME, Row, school_table, settled
from geoplan.run import Run

STAGE_NAMES = {
    "kindergarten": ("kindergarten", "幼儿园"),
    "primary": ("primary school", "小学"),
    "junior": ("junior secondary", "初中"),
    "senior": ("senior secondary", "高中"),
}


def findings(
    runs: Sequence[Run], stages: Sequence[str], rows: Sequence[Row], cells: Sequence[Row], heads: Sequence[Row]
) -> list[Row]:
    """What to say first, per later run: served, walked, moved, overfull, and a warning when inputs differ too."""
    found: list[Row] = []
    for number, run in enumerate(runs[1:], start=1):
        head = heads[number]
        said = [*_schools(head), *(_served(stage, rows, number) for stage in stages)]
        said += [_walked(stage, rows, number) for stage in stages]
        said += [_moved_cells(stage, cells, number) for stage in stages]
        said += [_need(stage, rows, number) for stage in stages]
        said += [_overfull(stage, runs[0], run) for stage in stages]
        said.append(
            {"code": "inputs_differ", "params": {"what": ", ".join(head["differs"])}} if head["differs"] else None
        )
        for finding in said:
            if finding is not None:
                titles = {"scenario": head["scenario_title"], "scenario_zh": head["scenario_title_zh"]}
                params = {**finding["params"], **titles}
                found.append({"code": finding["code"], "run": number, "params": params})
    return found


def _schools(head: Row) -> list[Row | None]:
    """Schools that open and close, and whether young children are left too far from any."""
    names = {key: ", ".join(one["name"] for one in head[key]) for key in ("opened", "closed")}
    said: list[Row | None] = [
        {"code": f"schools_{key}", "params": {"count": len(head[key]), "names": names[key]}} if head[key] else None
        for key in ("opened", "closed")
    ]
    return [*said, {"code": "closing_blocked", "params": {}} if head["blocked"] else None]


def _value(rows: Sequence[Row], section: str, stage: str, key: str) -> list[float | None]:
    return next(row["values"] for row in rows if (row["section"], row["stage"], row["key"]) == (section, stage, key))


def _served(stage: str, rows: Sequence[Row], number: int) -> Row | None:
    served = _value(rows, "accounts", stage, "served")
    before, after = served[0], served[number]
    if before is None or after is None:
        return None
    change = settled(after - before)
    code = "served_more" if change > 0 else "served_fewer" if change < 0 else "served_same"
    total = _value(rows, "figures", stage, "pupils")[number]
    return {
        "code": code,
        "params": {"stage": stage, "pupils": abs(change), "before": before, "after": after, "total": total},
    }


def _walked(stage: str, rows: Sequence[Row], number: int) -> Row | None:
    mean = _value(rows, "walk_m", stage, "mean")
    before, after = mean[0], mean[number]
    if before is None or after is None or abs(after - before) < 0.5:
        return None
    code = "walk_longer" if after > before else "walk_shorter"
    return {"code": code, "params": {"stage": stage, "metres": abs(after - before), "before": before, "after": after}}


def _need(stage: str, rows: Sequence[Row], number: int) -> Row | None:
    """The later year in which the pupils without a place differ most."""
    found = []
    for row in rows:
        year, _, key = str(row["key"]).partition(":")
        change = row["changes"][number] if (row["section"], row["stage"], key) == ("years", stage, "need") else None
        if change is not None and abs(change) >= 0.5:
            found.append((-abs(change), year, change, row["values"][0], row["values"][number]))
    if not found:
        return None
    _, year, change, before, after = min(found)
    params = {"stage": stage, "year": year, "pupils": abs(change), "before": before, "after": after}
    return {"code": "need_more" if change > 0 else "need_fewer", "params": params}


def _moved_cells(stage: str, cells: Sequence[Row], number: int) -> Row | None:
    moved = [row for row in cells if row["stage"] == stage and row["run"] == number]
    if not moved:
        return None
    counts = {key: sum(row[key] for row in moved) for key in ("cells", "pupils")}
    return {"code": "cells_changed", "params": {"stage": stage, **counts}}


def _overfull(stage: str, first: Run, run: Run) -> Row | None:
    before, after = (int((school_table(stage, each)["load"] > 1 + SOME).sum()) for each in (first, run))
    return (
        {"code": "schools_over", "params": {"stage": stage, "schools": after, "before": before}}
        if before != after
        else None
    )


def sentence(finding: Mapping[str, Any], language: str = "en") -> str:
    """A finding in words; pupils are whole in print, and stages in the language's own words."""
    params = dict(finding["params"])
    titles = {name: params.get(name) or params.get("scenario") for name in ("scenario", "scenario_zh")}
    params["scenario"] = scenario_name(titles["scenario_zh" if language == "zh" else "scenario"], language)
    if "stage" in params:
        params["stage"] = STAGE_NAMES[params["stage"]][language == "zh"]
    if "what" in params:
        params["what"] = ("、" if language == "zh" else ", ").join(
            differing(str(params["what"]).split(", "), language)
        )
    printed = {key: _printed(value) for key, value in params.items()}
    return _sentences()[finding["code"]][language].format_map(printed)


def scenario_name(title: Any, language: str) -> str:
    """A scenario's title; the plan itself in the language's words."""
    base = {"en": "as planned", "zh": "现方案"}
    return base[language] if str(title) == "base" else str(title)


def _printed(value: Any) -> str:
    return f"{value:,.0f}" if isinstance(value, (int, float)) else str(value)


@cache
def _sentences() -> dict[str, dict[str, str]]:
    return tomllib.loads(files("geoplan.compare").joinpath("sentences.toml").read_text(encoding="utf-8"))
