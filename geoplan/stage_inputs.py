"""What the accounts of one stage are made from, in rows of cells and schools: in the base year and in later ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import shapely

from geoplan.coverage import Choices, StageInput, recruiting
from geoplan.demand.outlook import Outlook, pupils_in, residents_in
from geoplan.otherways import other_ways
from geoplan.places import stage_places
from geoplan.reach import nearest_distance
from geoplan.settings import area_row_of_schools
from geoplan.situation import Situation
from geoplan.standards import stage_def
from layers.bundle import Layers
from layers.planfile import PlanFile


def stage_input(layers: Layers, situation: Situation, stage: str) -> StageInput:
    """What the accounts of one stage need in the base year."""
    plan = layers.plan
    choices = plan_choices(plan)
    schools = _schools(layers, situation, stage, plan.schools.year)
    schools["area_id"] = _area_of_schools(layers)
    units = situation.demand.units
    return StageInput(
        stage=stage,
        standards=situation.standards,
        units=units.loc[units["stage"] == stage, ["cell", "band", "pupils"]].reset_index(drop=True),
        cells=home_cells(layers, situation),
        schools=schools,
        gates=_gates(layers),
        pairs=situation.walk,
        areas=pd.DataFrame(layers.areas[["area_id", "name", "setting"]]),
        nearest_dm=_nearest(situation, schools, choices),
        extra=other_ways(layers, situation, stage),
        schooled_outside=_schooled_outside(layers, stage),
        choices=choices,
    )


def stage_in_year(
    layers: Layers,
    situation: Situation,
    outlook: Outlook,
    stage: str,
    year: int | None,
    variant: str = "mid",
    *,
    like: StageInput | None = None,
) -> StageInput:
    """The same in another year: its pupils and residents, and the schools open then.

    Streets, walking distances, buses and beds are those of the base year.

    Parameters
    ----------
    outlook
        Usually ``situation.outlook``.
    year, variant
        As in :func:`geoplan.demand.outlook.pupils_in`.
    like
        The stage's input in any year, to take over what years share; made where it is None.

    Raises
    ------
    PlanError
        A year that is not projected.
    """
    base = like or stage_input(layers, situation, stage)
    opening = layers.plan.schools.year if year is None or year == outlook.base_year else year
    schools = _schools(layers, situation, stage, opening).assign(area_id=base.schools["area_id"].to_numpy())
    before, now = (recruiting(table, base.choices) for table in (base.schools, schools))
    return replace(
        base,
        units=pupils_in(outlook, year, variant, stage=stage)[["cell", "band", "pupils"]],
        cells=base.cells.assign(residents=residents_in(outlook, year)),
        schools=schools,
        nearest_dm=base.nearest_dm if np.array_equal(before, now) else _nearest(situation, schools, base.choices),
        schooled_outside=base.schooled_outside,
    )


def plan_choices(plan: PlanFile) -> Choices:
    """How the plan wants its coverage counted."""
    return Choices(
        cross_border=plan.region.cross_border,
        include_private=plan.coverage.include_private,
        enrolment=plan.coverage.enrolment,
        limits_m=plan.coverage.limits_m,
    )


def _schools(layers: Layers, situation: Situation, stage: str, year: int | None) -> pd.DataFrame:
    places = stage_places(layers.schools, stage_def(situation.standards, stage), situation.standards, year=year)
    given = pd.DataFrame(layers.schools.drop(columns="geometry"))
    return pd.concat([given.drop(columns=given.columns.intersection(places.columns)), places], axis=1)


def _nearest(situation: Situation, schools: pd.DataFrame, choices: Choices) -> np.ndarray[Any, np.dtype[np.int32]]:
    found, _ = nearest_distance(
        situation.network, situation.homes, situation.gates, schools=recruiting(schools, choices)
    )
    return found


def home_cells(layers: Layers, situation: Situation) -> pd.DataFrame:
    """``cell_id, x, y, area_id, residents, setting, edge_m`` of every cell."""
    table = situation.cells.table[["cell_id", "x", "y", "area_id", "residents"]]
    edge = shapely.distance(shapely.boundary(layers.boundary), shapely.points(table["x"], table["y"]))
    return table.assign(setting=situation.setting, edge_m=edge)


def _gates(layers: Layers) -> pd.DataFrame:
    row_of = pd.Series(np.arange(len(layers.schools)), index=layers.schools["id"].to_numpy())
    points = layers.gates.geometry
    return pd.DataFrame(
        {"school": row_of.reindex(layers.gates["school_id"]).to_numpy(), "x": points.x, "y": points.y}
    )


def _area_of_schools(layers: Layers) -> np.ndarray[Any, np.dtype[np.object_]]:
    """The sub-area each school stands in; None outside the region."""
    return np.array([*layers.areas["area_id"], None], dtype=object)[area_row_of_schools(layers)]


def _schooled_outside(layers: Layers, stage: str) -> float | None:
    table = layers.tables.get("registered")
    column = f"schooled_outside_{stage}"
    if table is None or column not in table:
        return None
    total = float(table[column].sum(min_count=1))
    return None if np.isnan(total) else total
