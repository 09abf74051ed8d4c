"""Births of the years to come, per sub-area, low, middle and high: as the table says, else from the youngest ages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.standards import Standards, number
from layers.errors import Fault, InputError

F64 = NDArray[np.float64]
VARIANTS = ("low", "mid", "high")
YOUNGEST = 5  # single years of age whose mean stands in for births nobody gives


@dataclass(frozen=True)
class Births:
    """Births after the year of the population.

    ``amount``: variant to an array (years, areas), from the year after the counts on. ``last_born``: last year whose
    children are born and counted; later ones are expected. ``findings``: reason code to parameters.
    """

    amount: Mapping[str, F64]
    last_born: int
    findings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True)
class Homes:
    """Where births go: per area the children of the ``YOUNGEST`` ages, and all residents."""

    areas: tuple[str, ...]
    young: F64
    people: F64


def births_ahead(
    table: pd.DataFrame | None, homes: Homes, standards: Standards, *, year: int, last: int, needed: int
) -> Births:
    """Births of every year from ``year + 1`` to ``last``.

    Rows of a sub-area hold for it; rows without one are of the whole region, and what they leave goes to the other
    sub-areas by where the youngest children live (else by residents). Years between those given are interpolated,
    years outside take the nearest given; areas that no row speaks of keep the mean of their five youngest ages. Low
    and high are the table's; elsewhere they are the profile's shares of the middle (``plan.births.low, .high``).
    Years in which births are registered, and years up to the counts, have one reading only.

    Parameters
    ----------
    table
        ``year, births``; ``area_id, low, high, registered``. None: no births given.
    needed
        Last year whose births reach a stage: missing years beyond it are not worth a warning.

    Raises
    ------
    InputError
        Births in an area where nobody lives.
    """
    years = np.arange(year + 1, last + 1)
    rows = _rows(table, homes.areas)
    groups = {str(area): part for area, part in rows.groupby("area_id", sort=True)}
    last_born = _last_born(groups, year)
    spread = number(standards, "plan.births.low"), number(standards, "plan.births.high")
    paths = {area: _path(part, years, last_born, spread) for area, part in groups.items()}
    amount = {name: _by_area(paths, homes, years, at, spread) for at, name in enumerate(VARIANTS)}
    missing = sorted({y for path in paths.values() for y in path[1] if y <= needed})
    faults = [Fault("demand_births_missing", "warning", file="births", value=_spans(missing))] if missing else []
    return Births(amount, last_born, dict(_findings(groups, homes, missing, year, spread)), tuple(faults))


def born_before(table: pd.DataFrame | None, areas: set[str], year: int | None) -> pd.DataFrame | None:
    """Births up to a year as residents by age (``age, residents, area_id``): those born in ``year`` are of age 0.

    Of every area only the years without a gap back from ``year``, each taken to live on where it was born.
    """
    if table is None or year is None:
        return None
    rows = _rows(table, tuple(areas))
    rows = rows.assign(age=year - rows["year"]).query("age >= 0").sort_values(["area_id", "age"])
    rows = rows[rows.groupby("area_id").cumcount() == rows["age"]]
    return pd.DataFrame({"age": rows["age"], "residents": rows["births"], "area_id": rows["area_id"]})


Path = tuple[tuple[F64, F64, F64], list[int]]


def _rows(table: pd.DataFrame | None, areas: tuple[str, ...]) -> pd.DataFrame:
    """Plain rows; those of areas nobody knows are left out (the reader has warned of them)."""
    if table is None:
        return pd.DataFrame({name: [] for name in ("area_id", "year", "births", "low", "high", "registered")})
    numbers = ("year", "births", "low", "high", "registered")
    found = pd.DataFrame({name: table[name].astype(float) if name in table else np.nan for name in numbers})
    found["area_id"] = table["area_id"].fillna("").astype(str) if "area_id" in table else ""
    return found[found["area_id"].isin(["", *areas]) & found["births"].notna()].sort_values(["area_id", "year"])


def _last_born(groups: Mapping[str, pd.DataFrame], year: int) -> int:
    """Last year every group of rows has registered births for; at least the year of the counts."""
    known = [part.loc[part["registered"].notna(), "year"].max() for part in groups.values()]
    last = [year if np.isnan(value) else max(year, int(value)) for value in known]
    return min(last, default=year)


def _path(part: pd.DataFrame, years: NDArray[np.int64], last_born: int, spread: tuple[float, float]) -> Path:
    """Low, middle and high of each year, and the years the rows do not hold."""
    at, births = part["year"].to_numpy(), part["births"].to_numpy()
    middle = np.interp(years, at, births)
    given = np.isin(years, at)
    readings = []
    for name, share, worse in (("low", spread[0], np.minimum), ("high", spread[1], np.maximum)):
        told = part[part[name].notna() & (part["births"] > 0)]
        ratio = np.full(len(years), share)
        if len(told):
            ratio = np.interp(years, told["year"], told[name] / told["births"])
            ratio = np.where(given, ratio, worse(ratio, share))
        readings.append(middle * np.where(years <= last_born, 1.0, ratio))
    return (readings[0], middle, readings[1]), [int(year) for year in years[~given]]


def _by_area(
    paths: Mapping[str, Path], homes: Homes, years: NDArray[np.int64], reading: int, spread: tuple[float, float]
) -> F64:
    """One reading per year and area."""
    found = np.tile(homes.young / YOUNGEST * (spread[0], 1.0, spread[1])[reading], (len(years), 1))
    row_of = {area: row for row, area in enumerate(homes.areas)}
    own = {row_of[area]: path[0][reading] for area, path in paths.items() if area}
    for row, births in own.items():
        found[:, row] = births
    if "" in paths:
        rest = [row for row in range(len(homes.areas)) if row not in own]
        left = np.clip(paths[""][0][reading] - sum(own.values(), np.zeros(len(years))), 0.0, None)
        found[:, rest] = left[:, None] * _weights(homes, rest)[None, :]
    _refuse_empty(found, homes)
    return found


def _weights(homes: Homes, rows: list[int]) -> F64:
    """Shares of some areas: by their youngest children, else by residents; even where nobody lives."""
    for weight in (homes.young[rows], homes.people[rows]):
        if weight.sum() > 0:
            return np.asarray(weight / weight.sum())
    return np.full(len(rows), 1.0 / max(len(rows), 1))


def _refuse_empty(found: F64, homes: Homes) -> None:
    empty = [row for row in range(len(homes.areas)) if homes.people[row] <= 0 and found[:, row].max(initial=0.0) > 0]
    if empty:
        raise InputError(
            [
                Fault(
                    "demand_births_empty",
                    file="births",
                    value=homes.areas[row],
                    params={"births": f"{found[:, row].max():g}"},
                )
                for row in empty
            ]
        )


def _findings(
    groups: Mapping[str, pd.DataFrame], homes: Homes, missing: list[int], year: int, spread: tuple[float, float]
) -> Iterator[tuple[str, dict[str, Any]]]:
    shares = {"low": spread[0], "high": spread[1]}
    if not groups:
        yield "births_assumed", {"year": year, **shares}
    elif "" not in groups and len(groups) < len(homes.areas):
        yield "births_partly_assumed", {"year": year, "areas": len(homes.areas) - len(groups), **shares}
    if missing:
        yield "births_held", {"years": _spans(missing), **shares}


def _spans(years: list[int]) -> str:
    """``2027, 2030-2032``."""
    spans: list[list[int]] = []
    for year in years:
        if spans and year == spans[-1][1] + 1:
            spans[-1][1] = year
        else:
            spans.append([year, year])
    return ", ".join(f"{first}" if first == last else f"{first}-{last}" for first, last in spans)
