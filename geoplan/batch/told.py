"""A batch on the terminal: a line a finished plan, then the counties by rank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from geoplan.batch.ledger import Ledger
from geoplan.batch.page import county_names, notes
from geoplan.batch.progress import Progress
from geoplan.batch.province import Province
from geoplan.batch.words import duration, phrase, reason, words
from geoplan.exports.names import column_title
from geoplan.reasons import known, people, percent

COLUMNS = ("rank", "plan", "pupils", "without_place", "share_without", "state")
COLOURS = {"done": "", "data": "red", "request": "red", "failed": "bold red"}


def skipped_line(progress: Progress, language: str) -> str:
    """How many plans stand from before, said once; empty later."""
    first = progress.finished == progress.skipped and not progress.running
    return phrase("resumed", language, count=progress.skipped) if first and progress.skipped else ""


def progress_line(progress: Progress, language: str) -> str:
    """What to say when a plan was finished; empty when none was."""
    outcome = progress.latest
    if outcome is None:
        return ""
    state = words(language)[f"state_{outcome.state}"]
    why = reason(outcome, language)
    line = phrase(
        "finished",
        language,
        done=progress.finished,
        total=progress.total,
        name=outcome.key,
        state=f"{state} ({why})" if why else f"{state}, {duration(outcome.seconds, language)}",
    )
    if progress.eta_s is None or progress.finished == progress.total:
        return line
    return f"{line}; {phrase('eta', language, time=duration(progress.eta_s, language))}"


def print_province(out: Console, made: Province, ledger: Ledger, files: Sequence[Path], language: str) -> None:
    """The finding, the counties by rank, why some are missing, where the files are."""
    for line in notes(made, language):
        out.print(line, highlight=False, markup=False)
    names = county_names(made, language)
    table = Table()
    for column in COLUMNS:
        table.add_column(column_title(column, language), justify="left" if column in ("plan", "state") else "right")
    for row in made.counties.to_dict("records"):
        why = reason(ledger[row["plan"]].outcome, language)
        state = words(language)[f"state_{row['state']}"]
        cells = (_rank(row), names[row["plan"]], *_figures(row, language), f"{state}: {why}" if why else state)
        table.add_row(*map(escape, cells), style=COLOURS[row["state"]])
    out.print(table)
    done = sum(entry.outcome.state == "done" for entry in ledger.values())
    out.print(phrase("verdict", language, done=done, total=len(ledger)), highlight=False)
    for file in files:
        out.print(phrase("where", language, path=file), highlight=False, soft_wrap=True, markup=False)
    if done < len(ledger):
        out.print(words(language)["again"], highlight=False)


def _rank(row: Mapping[str, Any]) -> str:
    rank = known(row["rank"])
    return "" if rank is None else f"{rank:.0f}"


def _figures(row: Mapping[str, Any], language: str) -> tuple[str, str, str]:
    none = words(language)["none"]
    amounts = [known(row[name]) for name in ("pupils", "without_place", "share_without")]
    writers = (people, people, percent)
    shown = [none if a is None else w(a, language) for a, w in zip(amounts, writers, strict=True)]
    return shown[0], shown[1], shown[2]
