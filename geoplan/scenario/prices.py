"""What the steps of a scenario cost to build: by the county's unit costs, else by ours, which are marked assumed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from geoplan.reasons import known
from geoplan.run import Run
from geoplan.siting.sizes import Cost, school_size, unit_costs
from geoplan.standards import Standards
from layers.scenariofile import ConvertStep, OpenStep, ResizeStep, RetrofitStep, Step, step_sizes


@dataclass(frozen=True)
class Price:
    """Money for one step, None where it cannot be told; ``assumed`` where any part of it is our own figure."""

    amount: float | None
    assumed: bool = False


def step_price(step: Step, run: Run, standards: Standards | None, costs: pd.DataFrame | None) -> Price:
    """What a step costs; closing a school costs nothing to build, and new housing is not paid by the county.

    Parameters
    ----------
    run
        The run the steps start from: places of its schools, land of its candidate sites, its packages of works.
    standards
        Places of a class; without them only classes can be priced.
    costs
        The county's table ``item, unit, cost``, where there is one.
    """
    book = unit_costs(costs)
    if isinstance(step, OpenStep):
        return _opening(step, run, standards, book)
    if isinstance(step, ResizeStep):
        return _classes(_more_classes(step, run, standards), book["enlarge_class"])
    if isinstance(step, ConvertStep):
        count = step.classes if step.classes is not None else _in_classes(_moved(step, run), step.to, standards)
        return _classes(count, book["convert_class"])
    return _works(step, run) if isinstance(step, RetrofitStep) else Price(0.0)


def _opening(step: OpenStep, run: Run, standards: Standards | None, book: Mapping[str, Cost]) -> Price:
    counts = [
        count if size == "classes" else _in_classes(count, stage, standards)
        for stage, size, count in step_sizes(step)
    ]
    rooms = _classes(None if None in counts else sum(count or 0 for count in counts), book["new_class"])
    school = book["new_school"]
    if rooms.amount is None:
        return rooms
    return Price(rooms.amount + school.amount + _land(step, run), rooms.assumed or school.assumed)


def _land(step: OpenStep, run: Run) -> float:
    """Cost of the plot a school is put on, where the run knows it."""
    sites = run.tables.get("candidates")
    if step.site_id is None or sites is None or "cost" not in sites:
        return 0.0
    return next((known(cost) or 0.0 for cost in sites.loc[sites["site_id"] == step.site_id, "cost"]), 0.0)


def _classes(count: float | None, unit: Cost) -> Price:
    return Price(None) if count is None else Price(max(count, 0) * unit.amount, unit.assumed and count > 0)


def _in_classes(places: float | None, stage: str, standards: Standards | None) -> float | None:
    """Whole classes that hold so many places."""
    if places is None or standards is None:
        return None
    return float(math.ceil(places / school_size(standards, stage).class_places - 1e-9))


def _more_classes(step: ResizeStep, run: Run, standards: Standards | None) -> float | None:
    """Classes more than before; none where the school gets smaller."""
    if step.plus_classes is not None:
        return max(float(step.plus_classes), 0.0)
    stage, before = _taught(step, run)
    if stage is None or before is None:
        return None
    if step.classes is not None:
        held = _in_classes(before, stage, standards)
        return None if held is None else max(step.classes - held, 0.0)
    return _in_classes(max((step.places or 0.0) - before, 0.0), stage, standards)


def _taught(step: ResizeStep, run: Run) -> tuple[str | None, float | None]:
    """The stage of a resized school, and its places of it in the run."""
    row = _school(step.school_id, run)
    stages = list(row.get("stages") or ())
    stage = step.stage or (stages[0] if len(stages) == 1 else None)
    return stage, known(row.get(f"places_{stage}"))


def _moved(step: ConvertStep, run: Run) -> float | None:
    return step.places if step.places is not None else known(_school(step.school_id, run).get(f"places_{step.of}"))


def _school(school_id: str, run: Run) -> dict[Any, Any]:
    schools = run.tables["schools"]
    rows = schools[schools["id"].astype(str) == school_id]
    return rows.iloc[0].to_dict() if len(rows) else {}


def _works(step: RetrofitStep, run: Run) -> Price:
    """The package of the run it was taken from, where the run still proposes the same elements."""
    works = run.tables.get("retrofits")
    if works is None or step.rank is None:
        return Price(None)
    rows = works[works["rank"] == step.rank]
    wanted = {element.osm_id for element in step.elements}
    if not len(rows) or set(str(rows["elements"].iloc[0]).split("; ")) != wanted:
        return Price(None)
    assumed = bool(rows["assumed_cost"].iloc[0]) if "assumed_cost" in rows else True
    return Price(known(rows["cost"].iloc[0]), assumed)
