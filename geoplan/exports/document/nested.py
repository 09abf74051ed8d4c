"""Nested values of a run's tables: lists and records that may have come through a file as JSON text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from geoplan.exports.document.words import phrase, printable
from geoplan.reasons import codes, sentence
from geoplan.reasons.catalogue import catalogue, placeholders
from geoplan.reasons.housing import housing_sentences
from geoplan.run import Run

Record = Mapping[str, Any]


def table(run: Run, name: str, *columns: str) -> pd.DataFrame | None:
    """A table of the run; None where it is not there or lacks a column that is needed."""
    found = run.tables.get(name)
    return None if found is None or not set(columns) <= set(found.columns) else found


def records(run: Run, name: str, *columns: str) -> list[dict[str, Any]]:
    """Rows of a table without their place; none where it is not there."""
    found = table(run, name, *columns)
    if found is None:
        return []
    plain = pd.DataFrame(found.drop(columns=["geometry"], errors="ignore"))
    return [{str(key): value for key, value in row.items()} for row in plain.to_dict("records")]


def nested(value: Any) -> list[Record]:
    """A list of records, from JSON text or as it is; nothing where it is something else."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return []
    if isinstance(value, Mapping):
        value = [value]
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, (list, tuple)) else []


def reason_texts(value: Any, language: str) -> list[str]:
    """The sentences of reasons ``{code, params}``; the code itself where its sentence cannot be said."""
    return [text for reason in nested(value) if (text := _reason(reason, language))]


def _reason(reason: Record, language: str) -> str:
    code, params = str(reason.get("code") or ""), reason.get("params")
    params = {name: printable(given) if isinstance(given, str) else given for name, given in (params or {}).items()}
    if code.startswith("housing_"):
        said = housing_sentences({"reason": [{"code": code, "params": params}]}, language)
        return "".join(stopped(printable(text), language) for text in said)
    if code in codes():
        needed = {name for name, _ in placeholders(catalogue(language)["sentence"][code])}
        if needed <= set(params):
            return stopped(printable(sentence(code, language, **params)), language)
    return phrase("reason_code", language, code=code) if code else ""


def stopped(text: str, language: str) -> str:
    """The sentence with its full stop."""
    return text if not text or text[-1] in ".!?。！？；;" else text + ("。" if language == "zh" else ".")


def name_in(row: Record, key: str, language: str) -> str:
    """``name_en`` on English pages where there is one, else the name, else the key."""
    english = row.get("name_en") if language == "en" else None
    found = (printable(name).strip() for name in (english, row.get("name")) if isinstance(name, str))
    return next((name for name in found if name), printable(str(row.get(key) or "")))


def local(texts: Mapping[str, Any], key: str, language: str) -> str:
    """``title`` or ``notice`` in the language, falling back to the other one."""
    chinese, plain = (printable(str(texts.get(name) or "")) for name in (f"{key}_zh", key))
    return (chinese or plain) if language == "zh" else (plain or chinese)


def area_names(run: Run, language: str) -> dict[str, str]:
    """Names of the sub-areas by id; the region's own title where it is not divided."""
    rows = records(run, "areas", "area_id")
    if len(rows) == 1:
        return {
            str(rows[0]["area_id"]): local(run.summary, "title", language) or name_in(rows[0], "area_id", language)
        }
    return {str(row["area_id"]): name_in(row, "area_id", language) for row in rows}
