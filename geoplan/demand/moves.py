"""Who lives on and who moves: survival by age, and net movers by year, age group and sub-area."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.standards import Standards, number
from layers.errors import Fault, InputError

F64 = NDArray[np.float64]
Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Group:
    """People of one year who may move: ``children`` (areas, ages), ``adults`` (areas), those older than the ages."""

    children: F64
    adults: F64


def survival_by_age(table: pd.DataFrame | None, standards: Standards, ages: int) -> F64:
    """Share of each single year of age that lives to the next; the profile's where no row speaks of it."""
    found = np.full(ages, number(standards, "plan.survival"))
    if table is None:
        return found
    for row in table.sort_values("age_from").itertuples():
        last = ages - 1 if pd.isna(getattr(row, "age_to", np.nan)) else int(row.age_to)
        found[int(row.age_from) : last + 1] = float(row.survival)
    return found


def moves_by_year(table: pd.DataFrame | None, areas: tuple[str, ...]) -> Mapping[int, pd.DataFrame]:
    """Rows of the migration table by year: ``area_id ('' is the region), age_from, age_to, net, rate``."""
    if table is None:
        return {}
    names = ("year", "net", "rate", "age_from", "age_to")
    rows = pd.DataFrame({name: table[name].astype(float) if name in table else np.nan for name in names})
    rows["area_id"] = table["area_id"].fillna("").astype(str) if "area_id" in table else ""
    rows = rows[rows["area_id"].isin(["", *areas])]
    rows["age_from"], rows["age_to"] = rows["age_from"].fillna(0.0), rows["age_to"].fillna(np.inf)
    ordered = rows.sort_values(["area_id", "age_from", "age_to"], kind="stable")
    return {int(str(year).split(".")[0]): part for year, part in ordered.groupby("year", sort=True)}


def moved(rows: pd.DataFrame, group: Group, areas: tuple[str, ...], year: int) -> tuple[F64, F64]:
    """What the moves of one year make of it: factors per area and age, and people gained per area.

    Movers have the ages and the homes of those who live in the group already. A group that reaches beyond the ages
    known is taken to reach to the oldest. An area with rows of its own in a year takes no part in the region's rows
    of that year; the region's net is for the whole region, so the net of these areas in the same group is taken off.

    Parameters
    ----------
    rows
        Moves of the year, from :func:`moves_by_year`.
    group
        Residents of the year before anybody moves.

    Raises
    ------
    InputError
        More people leave than there are, or people move in where nobody of the group lives.
    """
    children, people = np.zeros_like(group.children), np.zeros(len(areas))
    faults: list[Fault] = []
    for net, rate, ages, chosen in _parts(rows, areas):
        first, last = int(ages[0]), min(ages[1], float(group.children.shape[1] - 1))
        part = np.zeros_like(group.children)
        part[np.ix_(chosen, np.arange(first, int(last) + 1))] = 1.0
        part *= group.children
        open_end = ages[1] > group.children.shape[1] - 1
        adults = np.where(np.isin(np.arange(len(areas)), chosen), group.adults, 0.0) if open_end else 0.0 * people
        there = float(part.sum() + adults.sum())
        amount = net + rate * there
        if amount != 0 and (there <= 0 or amount < -there):
            faults.append(
                Fault("demand_migration_size", file="migration", value=f"{amount:g}", params={"year": f"{year}"})
            )
            continue
        scale = amount / there if there > 0 else 0.0
        children += part * scale
        people += (part.sum(axis=1) + adults) * scale
    if faults:
        raise InputError(faults)
    factor = np.divide(children, group.children, out=np.zeros_like(children), where=group.children > 0)
    return np.clip(1.0 + factor, 0.0, None), people


def _parts(rows: pd.DataFrame, areas: tuple[str, ...]) -> Iterator[tuple[float, float, tuple[float, float], Rows]]:
    """Net, rate, ages and rows of the areas that every entry concerns."""
    own = set(rows["area_id"]) - {""}
    rest = np.array([row for row, area in enumerate(areas) if area not in own], dtype=np.intp)
    for row in rows.itertuples():
        ages = (float(row.age_from), float(row.age_to))
        net, rate = float(np.nan_to_num(row.net)), float(np.nan_to_num(row.rate))
        if row.area_id:
            yield net, rate, ages, np.array([areas.index(str(row.area_id))], dtype=np.intp)
        elif len(rest):
            same = rows[(rows["area_id"] != "") & (rows["age_from"] == ages[0]) & (rows["age_to"] == ages[1])]
            yield net - float(same["net"].sum()), rate, ages, rest
