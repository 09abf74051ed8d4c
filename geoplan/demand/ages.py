"""Residents by single year of age in every cell: the cells say where children live, official counts how many."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.demand.groups import Controls, columns_by_age
from geoplan.demand.years import single_years
from geoplan.standards import Standards, age_structure
from layers.errors import Fault, InputError

_TOLERANCE = 0.01  # table and cells may differ by one in a hundred before it is said


@dataclass(frozen=True)
class Ages:
    """Residents by age.

    ``residents``: shape (cells, ages). ``assumed``: the same shape, True where the profile's age structure stood in.
    ``findings``: reason code to parameters, in a fixed order.
    """

    residents: NDArray[np.float64]
    assumed: NDArray[np.bool_]
    findings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def residents_by_age(
    table: pd.DataFrame, controls: Controls | None, standards: Standards, *, last_age: int, year: int | None
) -> Ages:
    """Residents per cell and single year up to ``last_age``.

    Parameters
    ----------
    table
        ``Cells.table``: ``residents, area_id`` and any ``age_*`` columns, which say where children live.
    controls
        Official counts, which say how many there are, per sub-area or for the region; None when not given.
    standards
        Holds the age structure that fills ages neither source knows; such counts are marked assumed.
    year
        Reference year of the residents.

    Raises
    ------
    InputError
        Age columns that do not fit, or children counted where nobody lives; see ``layers/faults/demand.toml``.
    """
    people = table["residents"].to_numpy(dtype=np.float64)
    columns = columns_by_age(table, last_age)
    known = columns[0] if columns else np.full((len(people), last_age + 1), np.nan)
    area_ids = table["area_id"].astype(str).to_numpy()
    counted = _calibrated(known, people, area_ids, controls) if controls else known
    assumed = np.isnan(counted)
    filled = np.where(assumed, people[:, None] * _shares(standards, last_age)[None, :], counted)
    smooth = (columns is None or columns[1]) and (controls is None or controls.smooth)
    findings = dict(_findings(controls, assumed, standards, float(people.sum()), year, smooth))
    return Ages(filled, assumed, findings)


def _shares(standards: Standards, last_age: int) -> NDArray[np.float64]:
    """Share of residents in every single year of age, from the profile."""
    rows = np.array(age_structure(standards).value, dtype=np.float64)
    groups = [(int(first), int(last)) for first, last in rows[:, :2]]
    return np.nan_to_num(single_years(rows[None, :, 2], groups, last_age)[0])


def _calibrated(
    known: NDArray[np.float64], people: NDArray[np.float64], area_ids: NDArray[np.object_], controls: Controls
) -> NDArray[np.float64]:
    """Counts scaled so that every area meets its control at every age the table knows."""
    counted = known.copy()
    faults: list[Fault] = []
    for area, control in _units(controls):
        rows = _cells_of(area, area_ids, controls)
        places = np.isfinite(control)
        children = float(control[places].sum())
        if children > 0 and people[rows].sum() <= 0:
            faults.append(
                Fault("demand_area_empty", file="ages", value=area or None, params={"children": f"{children:g}"})
            )
            continue
        weights = _weights(known[rows][:, places], people[rows])
        counted[np.ix_(rows, np.flatnonzero(places))] = weights * control[places][None, :]
    if faults:
        raise InputError(faults)
    return counted


def _units(controls: Controls) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """Areas with counts of their own, then the rest of the region under the empty id."""
    yield from controls.areas.items()
    if controls.region is not None:
        listed = sum((np.nan_to_num(area) for area in controls.areas.values()), np.zeros_like(controls.region))
        yield "", np.clip(controls.region - listed, 0.0, None)


def _cells_of(area: str, area_ids: NDArray[np.object_], controls: Controls) -> NDArray[np.intp]:
    if area:
        return np.flatnonzero(area_ids == area)
    return np.flatnonzero(~np.isin(area_ids, list(controls.areas)))


def _weights(known: NDArray[np.float64], people: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of an area's children in each cell, per age: by the cells' own ages, else by residents."""
    ages = np.nan_to_num(known)
    by_age = ages.sum(axis=0)
    total = people.sum()
    by_people = np.repeat((people / total if total > 0 else people)[:, None], ages.shape[1], axis=1)
    return np.divide(ages, by_age[None, :], out=by_people, where=by_age[None, :] > 0)


def _findings(
    controls: Controls | None,
    assumed: NDArray[np.bool_],
    standards: Standards,
    people: float,
    year: int | None,
    smooth: bool,
) -> Iterator[tuple[str, dict[str, Any]]]:
    norm = age_structure(standards)
    if assumed.all():
        yield "ages_assumed", {"source": norm.source, "confidence": norm.confidence}
    elif assumed.any():
        yield "ages_partly_assumed", {"source": norm.source, "confidence": norm.confidence}
    if not smooth:
        yield "ages_even_in_group", {}
    if controls is None:
        return
    if controls.year is not None and year is not None and controls.year != year:
        yield "ages_year_differs", {"ages_year": controls.year, "population_year": year}
    if controls.total is not None and abs(controls.total - people) > _TOLERANCE * people:
        yield "ages_total_differs", {"ages_total": controls.total, "residents": people}
