"""How large a school may be: classes, places, land and floor by the profile's norms, and what building costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.standards import Norm, Standards, class_size, speaking_of, table
from layers.errors import Fault, InputError

F64 = NDArray[np.float64]

MU_M2 = 2000.0 / 3.0  # square metres of one mu
ITEMS = ("new_school", "new_class", "enlarge_class", "convert_class")
NINE_YEAR = "nine_year"


@dataclass(frozen=True)
class Size:
    """Smallest and largest school of a stage in whole classes, and the places of a class; ``norms`` names them."""

    classes_min: int
    classes_max: int
    class_places: int
    norms: tuple[str, ...]


@dataclass(frozen=True)
class Needed:
    """Square metres asked for and the norm that asks; None and an empty id where the profile has none."""

    m2: float | None
    norm: str


@dataclass(frozen=True)
class Cost:
    """Money for one unit (a school or a class); ``assumed`` unless the county's table gives it."""

    amount: float
    assumed: bool


def school_size(standards: Standards, stage: str, setting: str = "town") -> Size:
    """Bounds of a new school: the nearest norm that sets a smallest and the nearest that sets a largest size."""
    norms = speaking_of(standards, "school_classes", stage, setting=setting)
    low = next(norm for norm in norms if norm.relation in ("ge", "range", "one_of"))
    high = next(norm for norm in norms if norm.relation in ("le", "range", "one_of"))
    places = class_size(standards, "primary" if stage == NINE_YEAR else stage)
    smallest, largest = int(min(_figures(low))), int(max(_figures(high)))
    return Size(
        classes_min=min(smallest, largest),
        classes_max=largest,
        class_places=int(_figures(places)[0]),
        norms=(low.id, high.id, places.id),
    )


def land_m2(standards: Standards, stage: str, classes: int, *, setting: str = "town") -> Needed:
    """Land of a school of so many classes.

    Between the sizes a norm lists the land follows a straight line; below the smallest it is that of the smallest,
    above the largest it grows by the largest's land per class.
    """
    norms = speaking_of(standards, "land_by_classes", stage, setting=setting)
    return Needed(_area(norms[0], classes), norms[0].id) if norms else Needed(None, "")


def floor_m2(standards: Standards, stage: str, classes: int, *, setting: str = "town") -> Needed:
    """Floor area of a school: by its classes, or square metres a pupil (by classes) times its places."""
    norms = speaking_of(standards, ("floor_by_classes", "floor_per_pupil_by_classes"), stage, setting=setting)
    if not norms:
        return Needed(None, "")
    if norms[0].topic == "floor_by_classes":
        return Needed(_area(norms[0], classes), norms[0].id)
    sizes, per_pupil = _steps(norms[0])
    places = classes * int(_figures(class_size(standards, stage))[0])
    return Needed(float(np.interp(classes, sizes, per_pupil) * places), norms[0].id)


def classes_on(standards: Standards, stage: str, area_m2: float, *, setting: str = "town") -> int | None:
    """Most whole classes whose land fits on an area; 0 where not even the smallest listed size does.

    None where the profile has no norm, or the area is not known.
    """
    if not np.isfinite(area_m2) or land_m2(standards, stage, 1, setting=setting).m2 is None:
        return None
    largest = school_size(standards, stage, setting).classes_max
    fits = [n for n in range(1, largest + 1) if (land_m2(standards, stage, n, setting=setting).m2 or 0.0) <= area_m2]
    return max(fits, default=0)


def unit_costs(costs: pd.DataFrame | None) -> dict[str, Cost]:
    """Cost of every building item: the county's own, else our order of magnitude (table ``building_costs``).

    Raises
    ------
    InputError
        An item of the county's table whose unit is none of the item's own.
    """
    rows = {str(row["item"]): row for row in table("building_costs").records()}
    own, faults = _own(costs, rows)
    if faults:
        raise InputError(faults)
    return {item: own.get(item, Cost(float(row["cost"]), assumed=True)) for item, row in rows.items()}


def _own(costs: pd.DataFrame | None, rows: Mapping[str, Mapping[str, Any]]) -> tuple[dict[str, Cost], list[Fault]]:
    found: dict[str, Cost] = {}
    faults = []
    for row in [] if costs is None else costs.to_dict("records"):
        item = str(row["item"]).strip()
        if item not in rows:
            continue
        units: Sequence[str] = rows[item]["units"]
        if str(row["unit"]).strip().lower() not in units:
            asked = {"item": item, "units": ", ".join(units)}
            faults.append(
                Fault("cost_unit_building", file="costs", column="unit", value=str(row["unit"]), params=asked)
            )
        found[item] = Cost(float(row["cost"]), assumed=False)
    return found, faults


def _area(norm: Norm, classes: int) -> float:
    """Straight line between the sizes listed, the smallest below them, the largest's area per class above."""
    sizes, areas = _steps(norm)
    if classes > sizes[-1]:
        return float(areas[-1] / sizes[-1] * classes)
    return float(np.interp(classes, sizes, areas))


def _steps(norm: Norm) -> tuple[F64, F64]:
    rows = np.asarray(norm.value, dtype=np.float64)
    return rows[:, 0], rows[:, 1]


def _figures(norm: Norm) -> tuple[float, ...]:
    value = norm.value if isinstance(norm.value, tuple) else (norm.value,)
    return tuple(float(item) for item in value if isinstance(item, int | float))
