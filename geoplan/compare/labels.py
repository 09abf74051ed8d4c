"""Rows of a comparison in words: what a figure is, and how it is written by its unit."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from geoplan.compare.findings import scenario_name
from geoplan.compare.rows import Row
from geoplan.reasons import known, metres, people, percent, rounded, term

NONE = "–"  # shown where a figure is not known


def row_label(row: Mapping[str, Any], language: str) -> str:
    """``Primary · within 500 m on foot``: the stage and the figure of a row."""
    stage = term(f"stage.{row['stage']}", language)
    return f"{stage} · {_figure_name(str(row['section']), str(row['key']), language)}"


def run_label(head: Mapping[str, Any], language: str) -> str:
    """Scenario and id of a run, on two lines."""
    own = head.get("scenario_title_zh") if language == "zh" else None
    title = own or head.get("scenario_title") or head.get("scenario") or "base"
    return f"{scenario_name(title, language)}\n{head['run_id']}"


def written(value: float | None, unit: str, language: str) -> str:
    """A figure by its unit: shares in per cent, indices with three decimals, metres, whole counts."""
    amount = known(value)
    if amount is None:
        return NONE
    if unit == "index":
        return f"{amount:.3f}"
    if unit == "m":
        return metres(amount, language)
    return percent(amount, language) if unit == "share" else people(amount, language)


def in_whole_pupils(rows: Sequence[Row]) -> list[Row]:
    """The rows with the accounts of each run rounded so that they add up, and the changes of what is shown."""
    stages = {row["stage"] for row in rows}
    whole = {key: values for stage in stages for key, values in _whole_accounts(stage, rows).items()}
    return [_with(row, whole.get((row["stage"], row["key"]))) if _is_account(row) else row for row in rows]


def _is_account(row: Row) -> bool:
    return bool(row["section"] == "accounts" and not row.get("area_id"))


def _whole_accounts(stage: str, rows: Sequence[Row]) -> dict[tuple[str, str], list[float | None]]:
    own = [row for row in rows if _is_account(row) and row["stage"] == stage]
    runs = range(len(own[0]["values"]) if own else 0)
    found = [rounded({row["key"]: row["values"][at] for row in own if row["values"][at] is not None}) for at in runs]
    return {(stage, row["key"]): [one.get(row["key"]) for one in found] for row in own}


def _with(row: Row, values: list[float | None] | None) -> Row:
    if values is None:
        return row
    changes = [None if None in (value, values[0]) else (value or 0) - (values[0] or 0) for value in values]
    return {**row, "values": values, "changes": changes}


def _figure_name(section: str, key: str, language: str) -> str:
    if section == "accounts":
        return term(f"account.{key}", language)
    if section == "years":
        year, _, name = key.partition(":")
        inner = "accounts" if name not in _words()["figures"] else "figures"
        return str(_words()["years"]["of"][language]).format(year=year, figure=_figure_name(inner, name, language))
    words = _words()[section]
    if section in ("reach", "radius"):
        return str(words["within"][language]).format(limit=metres(float(key), language))
    return str(words[key][language])


@cache
def _words() -> dict[str, Any]:
    return tomllib.loads(files("geoplan.compare").joinpath("labels.toml").read_text(encoding="utf-8"))
