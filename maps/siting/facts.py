"""What a run knows about places of coming years: its years, who stays without a place, proposals, candidates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.errors import NotFoundError
from geoplan.reasons.siting import milestones_of, nested, worst_of, years_told
from geoplan.run import Run
from maps.kept import kept
from maps.language import name_in
from maps.story import stage_summary

Row = Mapping[Any, Any]
F64 = NDArray[np.float64]
MILESTONES = (2027, 2035)
LACKING = ("no_place", "out", "off")  # accounts of cells in the base year


def present(run: Run) -> bool:
    """Whether places of coming years were counted or proposed in the run."""
    return bool(run.summary.get("siting")) or "milestones" in run.tables


def require(run: Run) -> None:
    """NotFoundError where neither was, with what to do."""
    if not present(run):
        raise NotFoundError(
            "new places were not computed in this run; python -m geoplan run PLAN --only siting computes them"
        )


def siting(run: Run) -> Row:
    """``siting`` of the summary; empty where there is none."""
    found: Row = run.summary.get("siting") or {}
    return found


def records(run: Run, name: str) -> list[dict[str, Any]]:
    """Rows of a table as mappings; none where the run does not hold it."""
    return list(_rows(run, name))


@kept
def _rows(run: Run, name: str) -> tuple[dict[str, Any], ...]:
    table = run.tables.get(name)
    if table is None:
        return ()
    return tuple({str(key): value for key, value in row.items()} for row in table.to_dict("records"))


def milestones(run: Run, stage: str, variant: str = "mid") -> list[Row]:
    """The counted years of a stage, in order."""
    rows: Sequence[Row] = stage_summary(run, stage).get("years") or records(run, "milestones")
    return milestones_of(rows, stage, variant)


def years(run: Run, stage: str) -> tuple[int, ...]:
    """Years the run counts places for, the base year first; none where it counts none."""
    return tuple(int(row["year"]) for row in milestones(run, stage))


def worst_year(run: Run, stage: str) -> int | None:
    """The year the finding speaks of; the first where it is not known who has a place; None where none is counted."""
    rows = milestones(run, stage)
    worst = worst_of(rows, years_told(siting(run), stage))
    if worst is None:
        return int(rows[0]["year"]) if rows else None
    return int(worst["year"])


def planned(run: Run, stage: str) -> bool:
    """Whether new places are looked for in the stage."""
    return stage in siting(run).get("stages", (stage,))


def year_of(run: Run, stage: str, asked: int | None) -> int:
    """The year asked for, else the worst one; NotFoundError for a year the run does not count."""
    counted = years(run, stage)
    chosen = worst_year(run, stage) if asked is None else asked
    if chosen is None or chosen not in counted:
        there = ", ".join(map(str, counted)) or "none"
        raise NotFoundError(f"the run counts no places for {chosen or 'any year'}; years counted: {there}")
    return chosen


def unserved(run: Run, stage: str, year: int) -> F64:
    """Pupils of each cell without a place in reach in a year, shape (cells,).

    Raises
    ------
    NotFoundError
        The run holds no such column; the base year can be told from the accounts of its cells.
    """
    cells = run.tables["cells"]
    column = f"unserved_{stage}_{year}"
    if column in cells:
        return _numbers(cells[column])
    parts = [f"{account}_{stage}" for account in LACKING]
    if year != min(years(run, stage), default=None) or not set(parts) <= set(cells.columns):
        raise NotFoundError(f"the run does not tell who is without a place in {year}: cells have no {column!r}")
    return np.sum([_numbers(cells[part]) for part in parts], axis=0)


def pupils_of(run: Run, stage: str, year: int) -> F64:
    """Pupils of each cell in a year, shape (cells,); those of the base year where the year has no column."""
    cells = run.tables["cells"]
    column = f"pupils_{stage}_{year}"
    return _numbers(cells[column if column in cells else f"pupils_{stage}"])


def _numbers(column: pd.Series[Any]) -> F64:
    return np.nan_to_num(column.to_numpy(dtype=float))


def teaches(row: Row, stage: str) -> bool:
    """Whether a proposal is for the stage; a nine-year school is for two."""
    return stage in str(row.get("stage") or "").split(";")


def proposals(run: Run, stage: str | None = None, *, language: str = "") -> list[dict[str, Any]]:
    """Proposals by rank, of one stage or of all; with ``language`` schools and sub-areas are named in it."""
    rows = [row for row in records(run, "proposals") if stage is None or teaches(row, stage)]
    ranked = sorted(rows, key=lambda row: (row["rank"], str(row.get("site_id"))))
    return [_named(row, *_local_names(run, language)) for row in ranked] if language else ranked


@kept
def _local_names(run: Run, language: str) -> tuple[dict[str, str], dict[str, str]]:
    """Names in a language: of schools by id, of sub-areas by id and by the name they have at home."""
    schools = {str(row["id"]): name_in(row, "id", language) for row in records(run, "schools")}
    areas: dict[str, str] = {}
    for row in records(run, "areas"):
        areas |= dict.fromkeys((str(row["area_id"]), str(row.get("name"))), name_in(row, "area_id", language))
    return schools, areas


def _named(row: dict[str, Any], schools: Mapping[str, str], areas: Mapping[str, str]) -> dict[str, Any]:
    def local(reason: Row) -> Row:
        params = dict(reason.get("params") or {})
        if "area" in params:
            params["area"] = areas.get(str(params["area"]), params["area"])
        return {**reason, "params": params}

    def called(place: Row) -> Row:
        return {**place, "name": schools.get(str(place.get("site_id")), place.get("name"))}

    return {
        **called(row),
        "reasons": [local(reason) for reason in nested(row.get("reasons"))],
        "alternatives": [called(other) for other in nested(row.get("alternatives"))],
    }
