"""The province summary as one page that opens from disk: no request leaves it, tables can be sorted."""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import sha256
from html import escape
from importlib.resources import files
from typing import Any

import pandas as pd

from geoplan.batch.outlines import drawing, legend
from geoplan.batch.province import Province
from geoplan.batch.words import phrase, words
from geoplan.exports.names import column_title
from geoplan.reasons import known, listing, metres, money, people, percent, terms
from geoplan.style import css_tokens

COUNTIES = (
    *("rank", "plan", "pupils", "without_place", "share_without", "proposals", "proposals_cost", "cost_unit"),
    *("housing_unmet", "pupils_routed", "safe", "undetermined", "unsafe", "state", "run_id"),
)
STAGES = (
    *("plan", "stage", "pupils", "places", "places_assumed", "served", "in_reach_no_place", "out_of_reach"),
    *("off_network", "share_without", "radius_share", "walk_share", "walk_m_mean"),
)
NEED = ("plan", "stage", "year", "pupils", "places", "balance", "without_place", "share_without", "share_unborn")
FAULTS = ("plan", "file", "row", "column", "value", "message", "remedy")
TEXTS = ("plan", "state", "run_id", "stage", "cost_unit", "file", "column", "value", "message", "remedy")
SHORT = ("stage", "state", "run_id", "cost_unit")
PLAIN = ("rank", "year", "row")


def page(made: Province, language: str, *, other: str = "") -> str:
    """The page as HTML text.

    Parameters
    ----------
    other
        Address of the same page in the other language; no link when empty.
    """
    said = words(language)
    code, away = ("zh-Hans", "en") if language == "zh" else ("en", "zh-Hans")
    link = f'<a href="{escape(other)}" lang="{away}" hreflang="{away}">{said["other"]}</a>' if other else ""
    return (
        f'<!doctype html>\n<html lang="{code}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy()}">'
        f"<title>{escape(said['title'])} · geoplan</title>"
        f"<style>{_look()}</style></head>\n"
        f'<body data-sort="{escape(said["sort"])}"><a class="skip" href="#counties">{escape(said["skip"])}</a>\n'
        f"<header><strong>geoplan</strong>{link}</header>\n<main>{_body(made, language)}</main>\n"
        f"<script>{_file('page.js')}</script></body></html>\n"
    )


def _look() -> str:
    return f":root{{{css_tokens()}}}\n{_file('page.css')}"


def _policy() -> str:
    """Nothing but this very style and script, nothing from anywhere."""
    style, script = (b64encode(sha256(text.encode()).digest()).decode() for text in (_look(), _file("page.js")))
    return f"default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; base-uri 'none'"


def _file(name: str) -> str:
    return files("geoplan.batch").joinpath(name).read_text(encoding="utf-8")


def _body(made: Province, language: str) -> str:
    said, names = words(language), county_names(made, language)
    parts = [f"<h1>{escape(said['title'])}</h1>", *(f"<p>{escape(line)}</p>" for line in notes(made, language))]
    parts.append(_map(made, language))
    need = made.need[made.need["variant"].isna() | (made.need["variant"] == "mid")]
    faults = made.faults.rename(columns={f"{part}_{language}": part for part in ("message", "remedy")})
    failed = made.counties[made.counties["message"].fillna("") != ""][["plan", "message"]]
    told = pd.concat([faults, failed], ignore_index=True) if len(failed) else faults
    for key, table, columns in (
        ("counties", made.counties, COUNTIES),
        ("stages", made.stages, STAGES),
        ("need", need, NEED),
        ("faults", told, FAULTS),
    ):
        if len(table):
            shown = _table(_records(table, columns), columns, names, language)
            parts.append(f'<section aria-labelledby="{key}"><h2 id="{key}">{escape(said[key])}</h2>{shown}</section>')
    return "\n".join(parts)


def county_names(made: Province, language: str) -> dict[str, str]:
    """The title of every county by its plan, with the plan's name where two share one."""
    title = "title_zh" if language == "zh" else "title"
    named = {row["plan"]: str(row[title] or row["plan"]) for row in made.counties.to_dict("records")}
    count = Counter(named.values())
    return {plan: name if count[name] == 1 else f"{name} ({plan})" for plan, name in named.items()}


def notes(made: Province, language: str) -> list[str]:
    """What the province comes to, in sentences; what is not known and what was left out said plainly."""
    counties, names = made.counties, county_names(made, language)
    done = counties[counties["state"] == "done"]
    unknown = done[done["share_without"].isna()]
    lost = counties[counties["state"] != "done"]
    pupils, without = float(done["pupils"].sum()), float(done["without_place"].sum())
    figures = {"counties": len(done), "pupils": pupils}
    if len(unknown) or pupils <= 0:
        lines = [phrase("lead_unknown", language, **figures)]
    else:
        lines = [phrase("lead", language, **figures, without=without, share=without / pupils)]
    for key, rows in (("unknown_share", unknown), ("left_out", lost)):
        if len(rows):
            lines.append(phrase(key, language, names=listing([names[plan] for plan in rows["plan"]], language)))
    return lines


def _map(made: Province, language: str) -> str:
    said, drawn = words(language), drawing(made.counties, language)
    if not drawn:
        return ""
    keys = "".join(
        f'<li><svg viewBox="0 0 1 1" aria-hidden="true"><rect width="1" height="1" fill="{colour}"/></svg>'
        f"{escape(text)}</li>"
        for colour, text in legend(language)
    )
    return (
        f'<section aria-labelledby="map"><h2 id="map">{escape(said["map"])}</h2><div class="map">{drawn}'
        f'<div><p>{escape(said["legend"])}</p><ul class="legend">{keys}</ul>'
        f'<p class="note">{escape(said["map_note"])}</p></div></div></section>'
    )


def _records(table: pd.DataFrame, columns: Sequence[str]) -> list[dict[str, Any]]:
    return [dict(row) for row in table.reindex(columns=list(columns)).astype(object).to_dict("records")]


def _table(rows: list[dict[str, Any]], columns: Sequence[str], names: Mapping[str, str], language: str) -> str:
    heads = "".join(
        f'<th scope="col"{_figure(column)}>{escape(column_title(column, language))}</th>' for column in columns
    )
    lines = "".join(
        f"<tr>{''.join(_cell(row, column, names, language) for column in columns)}</tr>\n" for row in rows
    )
    label = escape(column_title(columns[0], language))
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{label}"><table>'
        f"<thead><tr>{heads}</tr></thead>\n<tbody>{lines}</tbody></table></div>"
    )


def _short(column: str) -> str:
    return ' class="short"' if column in SHORT else ""


def _figure(column: str) -> str:
    return "" if column in TEXTS else ' class="figure"'


def _cell(row: Mapping[str, Any], column: str, names: Mapping[str, str], language: str) -> str:
    """One cell; ``data-value`` is what it is sorted by, empty for unknown."""
    value = row[column]
    if column in TEXTS:
        text = _text(column, value, names, language)
        return (
            f"<td{_short(column)}>{escape(text)}</td>" if column != "plan" else f'<th scope="row">{escape(text)}</th>'
        )
    amount = known(value)
    shown = words(language)["none"] if amount is None else _written(column, amount, language)
    return f'<td class="figure" data-value="{"" if amount is None else format(amount, ".12g")}">{escape(shown)}</td>'


def _text(column: str, value: Any, names: Mapping[str, str], language: str) -> str:
    if value is None or (isinstance(value, float) and pd.isna(value)):
        return ""
    if column == "plan":
        return names.get(str(value), str(value))
    if column == "stage":
        return terms("stage", language).get(str(value), str(value))
    return words(language)[f"state_{value}"] if column == "state" else str(value)


def _written(column: str, amount: float, language: str) -> str:
    if column in PLAIN:
        return f"{amount:.0f}"
    if "share" in column:
        return percent(amount, language)
    if column == "walk_m_mean":
        return metres(amount, language)
    return money(amount, language) if column == "proposals_cost" else people(amount, language)
