"""Who stays without a place whatever is proposed: by sub-area, stage and year, each with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from geoplan.siting.county.demand import StagePart
from geoplan.siting.design import Design, Task

FEWEST = 0.5  # pupils of a row that is told
OFF, NOWHERE, FULL = "off_network", "no_candidate_in_reach", "no_place"


def unmet(task: Task, outcome: Design, parts: Sequence[StagePart], cells: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows ``area_id, stage, year, reason, pupils``, most pupils first.

    Reasons: ``off_network`` (no street within the snap limit), ``no_candidate_in_reach`` (neither a school nor a
    candidate within the rule), ``no_place`` (the places there could be are full, too dear or not worth building).
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
    reason = np.where(units.off, OFF, np.where(nowhere, NOWHERE, FULL))
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
