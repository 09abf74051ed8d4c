"""Siting checks as a table: what was found, the verdict, the figures, and who asks for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from geoplan.exports.document import cells
from geoplan.exports.document.nested import Record, name_in, nested
from geoplan.exports.document.parts import Block, Cell, Column, Table, Text
from geoplan.exports.document.ranking import ranked
from geoplan.exports.document.words import column, title
from geoplan.reasons import codes, known
from geoplan.reasons.figures import document
from geoplan.reasons.safety import word as reason_word
from geoplan.reasons.siting_checks import check_sentence
from geoplan.run import Run

WORST_FIRST = {verdict: at for at, verdict in enumerate(("fail", "unknown", "conditional", "pass"))}


def checks_in_full(run: Run, language: str) -> Iterator[Block]:
    """Every check of every proposal; nothing where none was made."""
    held = [(row, nested(row.get("checks"))) for row in ranked(run)]
    if not any(found for _, found in held):
        return
    yield Text(title("checks_all", language), "heading")
    for row, found in held:
        if found:
            name = f"{known(row['rank']) or 0:.0f}. {name_in(row, 'site_id', language)}"
            yield check_table(f"all_checks_{row.get('site_id')}", name, found, language)


def check_table(key: str, name: str, checks: Sequence[Record], language: str) -> Table:
    """Checks, the worst first."""
    ordered = sorted(checks, key=lambda check: WORST_FIRST.get(str(check.get("verdict")), 1))
    heads = ("rule", "verdict", "distance", "threshold", "source", "confidence")
    widths = {"rule": 3.2, "source": 2.1, "verdict": 1.2, "confidence": 1.2}
    columns = tuple(
        Column(column(key, language), key in ("distance", "threshold"), widths.get(key, 0.9)) for key in heads
    )
    made = dict.fromkeys(_check(check, language) for check in ordered)
    return Table(key, name, columns, tuple(made))


def _check(check: Record, language: str) -> tuple[Cell, ...]:
    distance, asked = (known(check.get(key)) for key in ("distance_m", "threshold_m"))
    return (
        cells.said(_found(check, language)),
        cells.said(reason_word("verdict", str(check.get("verdict") or "unknown"), language)),
        cells.empty() if distance is None else cells.length(distance, language),
        cells.empty() if asked is None else cells.length(asked, language),
        cells.said(document(check.get("source"), check.get("clause"), language)),
        cells.said(reason_word("confidence", str(check.get("confidence") or ""), language)),
    )


def _found(check: Record, language: str) -> str:
    """What the check found in a sentence; the rule's own name where there is none."""
    if str(check.get("code") or "") not in codes():
        return reason_word("site_rule", str(check.get("rule") or ""), language)
    bare = {**check, "source": "", "clause": "", "confidence": ""}  # they have columns of their own
    said = check_sentence(bare, language)
    return said[:1].upper() + said[1:]
