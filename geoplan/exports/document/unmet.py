"""Who stays without a place whatever is proposed, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from geoplan.exports.document import cells
from geoplan.exports.document.nested import area_names, nested
from geoplan.exports.document.parts import Block, Column, Table
from geoplan.exports.document.words import column, title
from geoplan.reasons import known, term
from geoplan.reasons.safety import word
from geoplan.run import Run
from layers.bundle import STAGES

LEAST = 0.5  # pupils: fewer are nobody
Key = tuple[int, str]  # stage in school order, sub-area


def unmet(run: Run, language: str) -> Iterator[Block]:
    """A line a stage and sub-area: pupils by year, and the reason of most of them."""
    held: dict[Key, Counter[int]] = {}
    causes: dict[Key, Counter[str]] = {}
    for row in nested((run.summary.get("siting") or {}).get("unmet")):
        key, pupils = (STAGES.index(str(row["stage"])), str(row["area_id"])), known(row.get("pupils")) or 0.0
        held.setdefault(key, Counter())[int(row["year"])] += pupils  # type: ignore[assignment]
        causes.setdefault(key, Counter())[str(row.get("reason"))] += pupils  # type: ignore[assignment]
    kept = sorted(key for key, by_year in held.items() if max(by_year.values()) >= LEAST)
    if kept:
        yield _table(run, {key: (held[key], causes[key].most_common(1)[0][0]) for key in kept}, language)


def _table(run: Run, rows: dict[Key, tuple[Counter[int], str]], language: str) -> Table:
    names = area_names(run, language)
    years = sorted({year for by_year, _ in rows.values() for year in by_year})
    columns = (
        Column(column("stage", language), width=1.3),
        Column(column("area", language), width=1.3),
        *(Column(f"{column('pupils', language)} {year}", True) for year in years),
        Column(column("reason_of_most", language), width=3.0),
    )
    made = tuple(
        (
            cells.said(term(f"stage.{STAGES[stage]}", language)),
            cells.said(names.get(area, area)),
            *(cells.count(by_year[year], language) for year in years),
            cells.said(word("unmet", cause, language)),
        )
        for (stage, area), (by_year, cause) in rows.items()
    )
    return Table("unmet", title("unmet", language), columns, made)
