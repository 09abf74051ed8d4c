"""Who stays without a place whatever is proposed: by sub-area, stage and year, each with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.siting.county.demand import StagePart
from geoplan.siting.design import Design, Task

FEWEST = 0.5  # pupils of a row that is told
OFF, NOWHERE, LATER, FULL = "off_network", "no_candidate_in_reach", "not_yet", "no_place"


def unmet(task: Task, outcome: Design, parts: Sequence[StagePart], cells: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows ``area_id, stage, year, reason, pupils``, most pupils first.

    Reasons: ``off_network`` (no street within the snap limit), ``no_candidate_in_reach`` (neither a school nor a
    candidate within the rule), ``not_yet`` (what could be in reach is ready only later), ``no_place`` (the places
    there could be are full, too dear or not worth building).
    """
    found = [
        part_rows
        for number, part in enumerate(parts)
        for at, _ in enumerate(task.years)
        for part_rows in _of_year(task, outcome, number, part, at, cells)
    ]
    return sorted(found, key=lambda row: (-row["pupils"], row["stage"], row["year"], row["area_id"], row["reason"]))


def _of_year(
    task: Task, outcome: Design, number: int, part: StagePart, at: int, cells: pd.DataFrame
) -> list[dict[str, Any]]:
    units, nowhere = part.units, outcome.no_place_in_reach[number]
    later = first_ready(task, number, part) > task.years[at]
    reason = np.select([units.off, nowhere, later], [OFF, NOWHERE, LATER], FULL)
    told = pd.DataFrame(
        {
            "area_id": cells["area_id"].astype(str).to_numpy()[units.cell],
            "reason": reason,
            "pupils": outcome.after[number].unserved[at],
        }
    )
    total = told.groupby(["area_id", "reason"], sort=True)["pupils"].sum()
    about = {"stage": task.stage_ids[number], "year": task.years[at]}
    return [
        {"area_id": area, "reason": reason, "pupils": float(pupils), **about}
        for (area, reason), pupils in total.items()
        if pupils >= FEWEST
    ]


def first_ready(task: Task, number: int, part: StagePart) -> NDArray[np.float64]:
    """Per unit, the first year in which any option within its reach can stand; no year where none ever can."""
    stage, ready = task.stage_ids[number], np.full(len(task.place_id), np.inf)
    for option in task.options:
        if stage in option.stages:
            year = -np.inf if option.ready is None else float(option.ready)
            ready[option.place] = min(ready[option.place], year)
    first = np.full(part.demand.pupils.shape[1], np.inf)
    np.minimum.at(first, part.demand.unit, ready[part.demand.place])
    return np.where(np.isposinf(first), -np.inf, first)
