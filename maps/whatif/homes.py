"""New housing of a what-if: how many children it brings in the year looked at, and how many of them have a place."""

from __future__ import annotations

from typing import Any

import pandas as pd

from geoplan.demand.newhomes import PREFIX
from geoplan.reasons import sentence, term
from geoplan.whatif import StageAnswer
from layers.scenariofile import HousingStep, Scenario
from maps.language import number

SOME = 0.05  # children: fewer are nobody


def housing_rows(answer: StageAnswer, scenario: Scenario, own: pd.Series, language: str) -> list[dict[str, Any]]:
    """One row a project of the steps; ``counted`` is False where it has no home of its own in the count.

    ``own`` are the ids of the plan's cells.
    """
    ids = answer.basis.given.cells["cell_id"].astype(str).to_numpy(object)[len(own) :]
    row_of = {name: at + len(own) for at, name in enumerate(ids)}
    found = []
    for step in scenario.steps:
        if isinstance(step, HousingStep):
            row = row_of.get(f"{PREFIX}{step.id}")
            pupils = 0.0 if row is None else float(answer.pupils[row])
            served = 0.0 if row is None else float(answer.cells["served"].iloc[row])
            found.append(
                {
                    "id": step.id,
                    "name": str(step.columns.get("name") or step.id),
                    "counted": row is not None,
                    "pupils": round(pupils, 2),
                    "served": round(served, 2),
                    "texts": [number(pupils, language), number(served, language)],
                }
            )
    return found


def said_of_housing(rows: list[dict[str, Any]], stage: str, year: int | None, language: str) -> list[str]:
    """What the new housing brings in the year, and how many of its children have no place in reach."""
    if not rows:
        return []
    pupils, served = (sum(row[name] for row in rows) for name in ("pupils", "served"))
    children = term(f"children.{stage}", language)
    if pupils < SOME:
        return [sentence("whatif_housing_none", language, year=year, children=children)]
    return [
        sentence("whatif_housing", language, year=year, pupils=pupils, without=pupils - served, children=children)
    ]
