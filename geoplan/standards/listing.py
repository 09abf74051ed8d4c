"""Every norm as rows for the command line and as the page docs/standards.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from geoplan.standards.choice import SETTINGS, rules
from geoplan.standards.norm import Norm, Rule, Standards, Value
from geoplan.standards.profile import load, own_norms, profiles
from geoplan.standards.tables import table, table_names


def _columns(names: str) -> tuple[str, ...]:
    return tuple(names.split())


NORM_COLUMNS = _columns(
    "id stage topic value unit relation metric force modes setting grades since source clause confidence note"
)
RULE_COLUMNS = _columns(
    "stage band setting metric value unit limit_m speed_mps force id source clause confidence flags"
)
_PAGE_NORMS = _columns("id value unit relation metric force setting grades since source clause confidence note")
_PAGE_RULES = _columns("stage band setting metric value unit limit_m force id confidence")

_INTRODUCTION = """# Standards

Every norm geoplan knows, with unit, date in force, source and confidence. This page is written by
`geoplan.standards.document()`; `python -m geoplan standards PROFILE` prints the same rows.

| confidence | meaning |
|---|---|
| verified | the figure was seen together with the document's name |
| secondary | found in a second-hand copy, a local rule or a superseded edition |
| unverified | recalled, not seen in the official text: check before citing |
| assumption | a planning assumption of geoplan, no norm |
| county | the county's own value, from `[standards.override]` in plan.toml |

A county replaces a value by its id, `"cn.radius.primary" = 600`, or with unit and source,
`"cn.radius.primary" = { value = 600, unit = "m", source = "county rule 2024" }`. Unknown ids, wrong types and wrong
units are listed together and stop the run. `on = "2015-01-01"` in `[standards]` takes the norms in force on that day;
without it, the day of the profile's edition.

The rule of a grade band is chosen among the reach norms that speak of it: `must` before `should`, then the norm named
for the setting, then the norm named for the stage, then walking, then the smaller limit. Where none is set the metric
is `none` and the limit only says how far schools are looked for. A time is turned into metres at the band's walking
speed. A norm that does not say how distance is measured is read both straight and along streets
(flag `metric_unspecified`).
"""


def norm_rows(standards: Standards) -> list[dict[str, Any]]:
    """One dict a norm in force, by id: the columns of ``NORM_COLUMNS``, values as text where they are lists."""
    return [_norm_row(norm) for _, norm in sorted(standards.norms.items())]


def rule_rows(standards: Standards) -> list[dict[str, Any]]:
    """One dict a stage, band and setting: the columns of ``RULE_COLUMNS``."""
    found = [
        rule for stage in standards.stages for setting in SETTINGS for rule in rules(standards, stage.id, setting)
    ]
    return [_rule_row(rule) for rule in found]


def rule_entry(standards: Standards, rule: Rule) -> dict[str, Any]:
    """A rule as ``summary.json`` holds it: ``id, setting, band, grades, metric, value, unit, limit_m, force, source,
    confidence, flags``; grades as ``1-3``, ``K`` for kindergarten.
    """
    first, last = next(band.grades for band in standards.bands if (band.stage, band.id) == (rule.stage, rule.band))
    grades = "K" if rule.stage == "kindergarten" else f"{first}-{last}"
    keys = ("id", "setting", "band", "metric", "value", "unit", "limit_m", "force", "source", "confidence")
    return {**{key: getattr(rule, key) for key in keys}, "grades": grades, "flags": list(rule.flags)}


def document() -> str:
    """The page docs/standards.md: per profile its rules and its own norms, then the tables."""
    parts = [_INTRODUCTION, *(_profile_page(profile) for profile in profiles()), _assumptions_page(), _tables_page()]
    return "\n".join(parts).rstrip() + "\n"


def show(value: Value | None) -> str:
    """A value as text: ``50000, 100000`` or ``12: 6.6; 18: 5.8``."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        nested = any(isinstance(item, tuple) for item in value)
        return "; ".join(_pair(item) for item in value) if nested else ", ".join(show(item) for item in value)
    return f"{value:g}" if isinstance(value, float) and value < 1e6 else str(value)


def _pair(item: Value) -> str:
    if not isinstance(item, tuple):
        return show(item)
    return f"{'-'.join(show(part) for part in item[:-1])}: {show(item[-1])}"


def _norm_row(norm: Norm) -> dict[str, Any]:
    row = {column: getattr(norm, column) for column in NORM_COLUMNS}
    return {**row, "value": _plain(norm.value), "since": norm.since.isoformat() if norm.since else None}


def _plain(value: Value) -> float | int | bool | str:
    return show(value) if isinstance(value, tuple) else value


def _rule_row(rule: Rule) -> dict[str, Any]:
    return {**{column: getattr(rule, column) for column in RULE_COLUMNS}, "flags": ", ".join(rule.flags)}


def _profile_page(profile: str) -> str:
    standards = load(profile)
    lead = f"\n## {profile}: {standards.name_en} {standards.name_zh}\n\nEdition {standards.on.isoformat()}"
    chain = f", on top of {', '.join(standards.ancestors[1:])}." if standards.ancestors[1:] else "."
    note = f" {standards.note_en}" if standards.note_en else ""
    parts = [lead + chain + note]
    parts.append("Rules:\n\n" + _markdown(_PAGE_RULES, rule_rows(standards)))
    parts.append("Norms:\n\n" + _markdown(_PAGE_NORMS, [_norm_row(norm) for norm in own_norms(profile)]))
    return "\n\n".join(parts) + "\n"


def _assumptions_page() -> str:
    rows = [_norm_row(norm) for norm in own_norms("assumptions")]
    return "\n## assumptions: shared by all profiles\n\n" + _markdown(_PAGE_NORMS, rows) + "\n"


def _tables_page() -> str:
    rows = [
        {
            "table": name,
            "columns": ", ".join(table(name).columns),
            "rows": len(table(name).rows),
            "confidence": table(name).confidence or "by row",
            "source": table(name).source,
            "note": table(name).note,
        }
        for name in table_names()
    ]
    return "\n## Tables\n\n" + _markdown(list(rows[0]), rows) + "\n"


def _markdown(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(_cell(row[column]) for column in columns) + " |" for row in rows]
    return "\n".join(lines)


def _cell(value: Any) -> str:
    return show(value).replace("|", "\\|") if value != "" else ""
