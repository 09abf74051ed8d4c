"""Later years in sentences: pupils, places and who is served in each, and how the years were projected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from geoplan.reasons.catalogue import catalogue, placeholders
from geoplan.reasons.coverage import Summary, account_amounts, names, rounded
from geoplan.reasons.figures import known, sentence
from geoplan.standards import load

LEAST = 0.5  # pupils by which low and high births must differ to be told apart


def years_sentence(summary: Summary, language: str, *, stage: str | None = None) -> str | None:
    """The base year and the milestones after it in one line; None where no year is known.

    Parameters
    ----------
    summary
        ``stages.<stage>`` of a summary; uses ``years``.
    """
    words = names(summary, language, stage)
    rows = [row for row in summary.get("years") or () if known(row.get("year")) is not None]
    held: dict[int, dict[str, Mapping[str, Any]]] = {}
    for row in rows:
        held.setdefault(int(row["year"]), {})[str(row.get("variant", "mid"))] = row
    told = {min(held, default=0), *_milestones()} & {year for year, by_births in held.items() if "mid" in by_births}
    if not told:
        return None
    parts = [_year(year, held[year], language, words) for year in sorted(told)]
    return sentence("years_line", language, years=sentence("years_comma", language).join(parts))


def outlook_notes(summary: Summary, language: str) -> list[str]:
    """How later years were projected and what was assumed, and which parts are of the base year only.

    Parameters
    ----------
    summary
        ``summary.json``; uses ``outlook`` and ``safety``.
    """
    found = summary.get("outlook") or {}
    listed = catalogue("en")["sentence"]
    said = [
        sentence(code, language, **params)
        for code, params in (found.get("assumptions") or {}).items()
        if code in listed and {name for name, _ in placeholders(listed[code])} <= set(params)
    ]
    if found.get("projected") and "safety" in summary:
        said.append(sentence("not_projected_safety", language, year=found.get("base_year")))
    return said


def _milestones() -> set[int]:
    years = load("neutral").norms["plan.milestones"].value
    return {int(str(year)) for year in (years if isinstance(years, tuple) else (years,))}


def _year(year: int, rows: Mapping[str, Mapping[str, Any]], language: str, words: Mapping[str, str]) -> str:
    row = rows["mid"]
    low, high = (known(rows.get(name, row).get("pupils")) for name in ("low", "high"))
    apart = low is not None and high is not None and high - low > LEAST
    pupils = sentence(
        "years_pupils_range" if apart else "years_pupils",
        language,
        pupils=row.get("pupils"),
        low=low,
        high=high,
        **words,
    )
    accounts = account_amounts({"accounts": row})
    served = rounded(accounts)["served"] if accounts else row.get("served")
    code = "years_part" if known(served) is not None else "years_part_unknown"
    return sentence(code, language, year=year, pupils=pupils, places=row.get("places"), served=served)
