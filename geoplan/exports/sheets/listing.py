"""The legend of a sheet: classes of the cells, rings of schools, numbers of proposals, in words."""

from __future__ import annotations

from geoplan.exports.document.nested import name_in
from geoplan.exports.document.ranking import ranked, stage_words
from geoplan.exports.document.words import phrase, title
from geoplan.exports.sheets.furniture import Column
from geoplan.exports.sheets.layers import Layer
from geoplan.reasons import term
from geoplan.reasons.safety import word
from geoplan.run import Run
from geoplan.style import classes, style

MOST = 16  # proposals a sheet lists by name


def legend(column: Column, run: Run, sheet: str, shown: Layer, language: str, *, named: bool = True) -> None:
    """Write the legend into a column, from where it stands down; ``named`` lists the proposals by name."""
    column.text(shown.legend_title, 8)
    used = set(shown.number.tolist())
    for number, (colour, words) in enumerate(zip(shown.colours, shown.labels, strict=True)):
        if number in used:
            column.sign(words, colour)
    if not used - {-1}:
        column.sign(phrase("legend_none", language), style()["ground"]["land"])
    column.at += 2
    if sheet == "proposals":
        _places(column, language)
        if named:
            _proposals(column, run, language)
    else:
        _schools(column, language)


def _schools(column: Column, language: str) -> None:
    look, sizes = classes("load"), style()["load"]["sizes_mm"]
    joint = "：" if language == "zh" else ": "
    column.text(f"{term('layer.schools', language)}{joint}{look.title(language)}", 8)
    for colour, words, mm in zip(look.colours, look.labels(language), sizes, strict=True):
        column.sign(words, colour, shape="ring", mm=mm * 0.8)
    column.sign(phrase("legend_load_unknown", language), look.unknown, shape="ring", mm=sizes[0])


def _places(column: Column, language: str) -> None:
    accent = style()["tokens"]["accent"]
    column.sign(phrase("legend_candidate", language), accent, shape="diamond", mm=2.4)
    column.sign(term("layer.schools", language), classes("load").unknown, shape="ring", mm=2.2)
    column.at += 2


def _proposals(column: Column, run: Run, language: str) -> None:
    column.text(title("ranked", language), 8)
    rows = ranked(run)
    for row in rows[:MOST]:
        named = {"rank": f"{row['rank']:.0f}", "name": name_in(row, "site_id", language)}
        what = word("decision", str(row.get("decision") or ""), language)
        stage = stage_words(row.get("stage"), language)
        said = phrase("proposal_brief", language, **named, decision=what, stage=stage)
        column.text(said, 6.8, gap_mm=0.6)
    if len(rows) > MOST:
        column.text(phrase("legend_more", language, count=len(rows) - MOST), 6.8)
