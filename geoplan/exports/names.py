"""Readable names of tables and columns, in Chinese and English."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from geoplan.run import Run
from layers.bundle import STAGES

Names = dict[str, dict[str, dict[str, str]]]


@cache
def catalogue() -> Names:
    """Names by section: ``tables``, ``columns``, ``stages``."""
    return tomllib.loads(files("geoplan.exports").joinpath("names.toml").read_text(encoding="utf-8"))


def table_title(table: str, language: str) -> str:
    """What a table is called; its own name when it is not in the catalogue."""
    return catalogue()["tables"].get(table, {}).get(language, table)


def column_title(column: str, language: str) -> str:
    """What a column is called: ``pupils_primary_2027`` gives "pupils, primary, 2027"; an unknown one its name."""
    return _titled(column, language) or column


def _titled(column: str, language: str) -> str | None:
    """The name of a column; None where neither it nor what stands before its stage and year is known."""
    known = catalogue()["columns"]
    if column in known:
        return known[column][language]
    base, _, ending = column.rpartition("_")
    told = _titled(base, language) if ending in STAGES or ending.isdigit() else None
    joint = ", " if language == "en" else "："
    return told and f"{told}{joint}{stage_title(ending, language) if ending in STAGES else ending}"


def stage_title(stage: str, language: str) -> str:
    """What a stage is called."""
    return catalogue()["stages"][stage][language]


def dictionary(run: Run) -> list[dict[str, str]]:
    """Every column of every table of a run with its name in both languages."""
    return [
        {"table": name, "column": column, "en": column_title(column, "en"), "zh": column_title(column, "zh")}
        for name, table in sorted(run.tables.items())
        for column in map(str, table.columns)
        if column != "geometry"
    ]
