"""Age groups as they are given, in columns of cells or rows of a table, checked once and read as single years."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.demand.years import single_years, smoothed
from layers.errors import Fault, InputError

_COLUMN = re.compile(r"age_(\d+)(?:_(\d+))?")
_COMPLETE_AGE = 60  # a table that reaches this age speaks of all residents


@dataclass(frozen=True)
class Controls:
    """Official counts by age.

    ``areas``: area id to residents by single year (NaN where the table is silent). ``region``: the same for rows
    without an area, or None. ``total``: all residents of the table when it speaks of every age, else None.
    ``smooth``: five-year groups could be split by Sprague's multipliers. ``year``: reference year, if any.
    """

    areas: Mapping[str, NDArray[np.float64]]
    region: NDArray[np.float64] | None
    total: float | None
    smooth: bool
    year: int | None


def columns_by_age(table: pd.DataFrame, last_age: int) -> tuple[NDArray[np.float64], bool] | None:
    """Residents per cell and single year from ``age_<a>`` and ``age_<a>_<b>`` columns; None where there are none.

    Returns
    -------
    Array of shape (cells, last_age + 1), NaN for ages in no column, and whether Sprague could be used.

    Raises
    ------
    InputError
        Groups that overlap, end before they begin, or leave an age out between them.
    """
    found = {name: match for name in map(str, table.columns) if (match := _COLUMN.fullmatch(name))}
    if not found:
        return None
    groups = sorted((int(match[1]), int(match[2] or match[1]), name) for name, match in found.items())
    _raise(Fault(code, file="population", column=name, params={"age": age}) for code, name, age in _misfits(groups))
    kept = [group for group in groups if group[0] < _reach(last_age)]
    bounds = [(first, last) for first, last, _ in kept]
    counts = table[[name for _, _, name in kept]].to_numpy(dtype=np.float64, na_value=0.0)
    return single_years(np.nan_to_num(counts), bounds, last_age), smoothed(bounds, last_age)


def _reach(last_age: int) -> int:
    """First age that changes nothing up to ``last_age``: Sprague looks two five-year groups ahead."""
    return 5 * (last_age // 5 + 3)


def read_controls(ages: pd.DataFrame, area_ids: set[str], last_age: int, year: int | None) -> Controls:
    """The ages table of the plan as controls, of the year nearest to ``year`` where it has several.

    Raises
    ------
    InputError
        Unknown areas, counts that are no counts, groups that overlap or leave an age out; all of them at once.
    """
    rows, table_year = _of_year(_tidy(ages), year)
    _raise(_row_faults(rows, area_ids))
    by_area = {str(area): part for area, part in rows.groupby("area_id", sort=True)}
    _raise(fault for part in by_area.values() for fault in _group_faults(part))
    years = {area: _years(part, last_age) for area, part in by_area.items()}
    region = years.pop("", None)
    complete = bool((rows["age_to"] >= _COMPLETE_AGE).any() or rows["age_to"].isna().any())
    counted = rows[rows["area_id"] == ""] if region is not None else rows
    return Controls(
        areas=years,
        region=region,
        total=float(counted["residents"].sum()) if complete else None,
        smooth=all(smoothed(_bounds(part), last_age) for part in by_area.values()),
        year=table_year,
    )


def _tidy(ages: pd.DataFrame) -> pd.DataFrame:
    """Columns ``age_from, age_to (NaN is open), residents, area_id ('' is the region), year, row``."""
    first = ages["age_from"] if "age_from" in ages else ages["age"]
    last = ages.get("age_to", first)
    if "age" in ages and "age_from" in ages:
        first, last = first.fillna(ages["age"]), last.fillna(ages["age"])
    return pd.DataFrame(
        {
            "age_from": pd.to_numeric(first, errors="coerce"),
            "age_to": pd.to_numeric(last, errors="coerce"),
            "residents": pd.to_numeric(ages["residents"], errors="coerce"),
            "area_id": ages["area_id"].fillna("").astype(str) if "area_id" in ages else "",
            "year": pd.to_numeric(ages["year"]) if "year" in ages else np.nan,
            "row": ages["_row"] if "_row" in ages else np.arange(len(ages)) + 2,
        }
    )


def _of_year(rows: pd.DataFrame, year: int | None) -> tuple[pd.DataFrame, int | None]:
    """Rows of the year nearest to the one wanted (the earlier of two), or of the latest year when none is wanted."""
    years = sorted({int(value) for value in rows["year"].dropna()})
    if not years:
        return rows, None
    chosen = years[-1] if year is None else min(years, key=lambda one: (abs(one - year), one))
    return rows[rows["year"] == chosen], chosen


def _row_faults(rows: pd.DataFrame, area_ids: set[str]) -> Iterator[Fault]:
    for row in rows.itertuples():
        line = int(row.row)
        if row.area_id and row.area_id not in area_ids:
            yield Fault("demand_area_unknown", file="ages", row=line, column="area_id", value=str(row.area_id))
        if not (np.isfinite(row.residents) and row.residents >= 0):
            yield Fault("demand_ages_value", file="ages", row=line, column="residents", value=str(row.residents))
        if not np.isfinite(row.age_from):
            yield Fault("demand_ages_order", file="ages", row=line, column="age_from", value=str(row.age_from))


def _group_faults(part: pd.DataFrame) -> Iterator[Fault]:
    ordered = part.sort_values("age_from")
    closed = ordered["age_to"].fillna(np.maximum(ordered["age_from"], 200))
    groups = list(zip(ordered["age_from"].astype(int), closed.astype(int), ordered["row"], strict=True))
    for code, row, age in _misfits(groups):
        yield Fault(code, file="ages", row=int(row), column="age_from", params={"age": age})


def _misfits(groups: list[tuple[int, int, Any]]) -> Iterator[tuple[str, Any, int]]:
    """Codes of what is wrong with ascending groups, the group's name, and the age concerned."""
    expected: int | None = None
    for first, last, name in groups:
        if last < first or first < 0:
            yield "demand_ages_order", name, first
        if expected is not None and first != expected:
            yield ("demand_ages_overlap", name, first) if first < expected else ("demand_ages_gap", name, expected)
        expected = max(expected or 0, last + 1)


def _bounds(part: pd.DataFrame) -> list[tuple[int, int]]:
    closed = part.dropna(subset="age_to").sort_values("age_from")
    return list(zip(closed["age_from"].astype(int), closed["age_to"].astype(int), strict=True))


def _years(part: pd.DataFrame, last_age: int) -> NDArray[np.float64]:
    closed = part.dropna(subset="age_to").sort_values("age_from")
    counts = closed["residents"].to_numpy(dtype=np.float64)[None, :]
    return single_years(counts, _bounds(part), last_age)[0]


def _raise(faults: Iterator[Fault]) -> None:
    found = tuple(faults)
    if found:
        raise InputError(found)
