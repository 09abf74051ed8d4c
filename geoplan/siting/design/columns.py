"""The decisions as whole numbers: for every option and year it may open, how many classes of each stage."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from geoplan.siting.design.requirements import Usable
from geoplan.siting.design.task import F64, I64, Mask, Task


@dataclass(frozen=True)
class Columns:
    """Openings (an option in a year) and the class columns that belong to them.

    Parameters
    ----------
    option, year, place, build, opening_cost
        Per opening: position in ``Usable.options``, position in the years, place, whether it is a new school.
    least, most
        Per opening: fewest and most classes of all its stages.
    opening, stage, low, high, class_cost, class_places
        Per class column: its opening, its stage, bounds if opened, cost and places of one class.
    e_column, e_stage, e_year, e_place, e_places
        Effects: what one class of a column adds to (or takes from) the places of a stage, year and place.
    base
        Places before any decision, shape (stages, years, places); unknown ones are none, unlimited ones hold all
        pupils of the stage and are not changed by decisions.
    """

    option: I64
    year: I64
    place: I64
    build: Mask
    opening_cost: F64
    least: I64
    most: I64
    opening: I64
    stage: I64
    low: I64
    high: I64
    class_cost: F64
    class_places: F64
    e_column: I64
    e_stage: I64
    e_year: I64
    e_place: I64
    e_places: F64
    base: F64

    @property
    def n_openings(self) -> int:
        """Number of openings."""
        return len(self.option)

    @property
    def n_classes(self) -> int:
        """Number of class columns."""
        return len(self.opening)


def columns(task: Task, given: Usable) -> Columns:
    """All columns of a task, in the order of its usable options."""
    index = {stage: at for at, stage in enumerate(task.stage_ids)}
    heads: list[tuple[float, ...]] = []
    classes: list[tuple[float, ...]] = []
    effects: list[tuple[float, ...]] = []
    base, unlimited = _base(task)
    for row, (at, years) in enumerate(zip(given.options, given.openings, strict=True)):
        option = task.options[at]
        total = sum(option.classes_max) if option.classes_total is None else option.classes_total
        for year in years:
            opening = len(heads)
            least = max(sum(option.classes_min), 1)
            heads.append((row, year, option.place, option.kind == "build", option.opening_cost, least, total))
            stands = [
                t for t, y in enumerate(task.years) if t >= year and (option.closes is None or y < option.closes)
            ]
            for name, low, high, cost in zip(
                option.stages, option.classes_min, option.classes_max, option.class_cost, strict=True
            ):
                stage, column = index[name], len(classes)
                places = task.stages[stage].class_places
                classes.append((opening, stage, low, min(high, total), cost, places))
                effects.extend((column, stage, t, option.place, places) for t in stands)
                if option.takes is not None:
                    other = index[option.takes]
                    given_up = -task.stages[other].class_places
                    effects.extend((column, other, t, option.place, given_up) for t in stands)
    changes = [row for row in effects if not unlimited[int(row[1]), int(row[2]), int(row[3])]]
    return _columns(_table(heads, 7), _table(classes, 6), _table(changes, 5), base)


def _columns(head: F64, body: F64, change: F64, base: F64) -> Columns:
    whole = np.int64
    return Columns(
        option=head[:, 0].astype(whole),
        year=head[:, 1].astype(whole),
        place=head[:, 2].astype(whole),
        build=head[:, 3].astype(bool),
        opening_cost=head[:, 4],
        least=head[:, 5].astype(whole),
        most=head[:, 6].astype(whole),
        opening=body[:, 0].astype(whole),
        stage=body[:, 1].astype(whole),
        low=body[:, 2].astype(whole),
        high=body[:, 3].astype(whole),
        class_cost=body[:, 4],
        class_places=body[:, 5],
        e_column=change[:, 0].astype(whole),
        e_stage=change[:, 1].astype(whole),
        e_year=change[:, 2].astype(whole),
        e_place=change[:, 3].astype(whole),
        e_places=change[:, 4],
        base=base,
    )


def opened(given: Columns, classes: I64) -> Mask:
    """Which openings a choice of classes uses."""
    return np.bincount(given.opening, classes, minlength=given.n_openings) > 0


def cost_of(given: Columns, classes: I64) -> float:
    """Cost of a choice."""
    heads = given.opening_cost[opened(given, classes)]
    return math.fsum([*heads.tolist(), *(given.class_cost * classes).tolist()])


def places_with(given: Columns, classes: F64 | I64) -> F64:
    """Places by stage, year and place with a choice (which may be fractional)."""
    places = given.base.copy()
    np.add.at(places, (given.e_stage, given.e_year, given.e_place), classes[given.e_column] * given.e_places)
    return np.maximum(places, 0.0)


def useful_places(given: Columns) -> Mask:
    """Per stage, places that can hold anybody in some year."""
    useful = np.asarray((given.base > 0).any(axis=1), bool)
    more = given.e_places > 0
    useful[given.e_stage[more], given.e_place[more]] = True
    return useful


def _base(task: Task) -> tuple[F64, Mask]:
    """Known places by stage, year and place, and which are unlimited."""
    shape = (len(task.stages), len(task.years), len(task.place_id))
    base, unlimited = np.zeros(shape), np.zeros(shape, bool)
    for s, stage in enumerate(task.stages):
        known = np.nan_to_num(np.asarray(stage.places, np.float64), nan=0.0, posinf=np.inf)
        everybody = np.asarray(stage.pupils, np.float64).sum(axis=1)[:, None] + 1.0
        unlimited[s, :, : task.existing] = np.isinf(known)
        base[s, :, : task.existing] = np.where(np.isinf(known), np.ceil(everybody), np.maximum(known, 0.0))
    return base, unlimited


def _table(rows: list[tuple[float, ...]], width: int) -> F64:
    return np.array(rows, np.float64).reshape(-1, width)
