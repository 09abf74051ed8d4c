"""How much land a school asks for, and how many classes a plot holds, also where the profile has no norm of land."""

from __future__ import annotations

import math

from geoplan.siting.sizes import classes_on, land_m2, school_size
from geoplan.standards import Norm, Standards, number


def land_asked(standards: Standards, stage: str, classes: int, setting: str) -> tuple[float, Norm]:
    """Square metres for a school of so many classes, and the norm; our own land a place where there is none."""
    needed = land_m2(standards, stage, classes, setting=setting)
    if needed.m2 is not None:
        return needed.m2, standards.norms[needed.norm]
    own = standards.norms["plan.siting.land_per_place"]
    places = classes * school_size(standards, stage, setting).class_places
    return places * number(standards, own.id), own


def classes_in(standards: Standards, stage: str, usable_m2: float, setting: str) -> float:
    """Most whole classes on usable land, at most those of the profile's largest school; NaN for unknown land.

    On less land than the smallest school of the norm asks for, its land a class counts, down to the share of it that
    ``plan.siting.area_share`` lets pass on conditions.
    """
    if math.isnan(usable_m2):
        return math.nan
    size = school_size(standards, stage, setting)
    fits = classes_on(standards, stage, usable_m2, setting=setting)
    if fits is None:
        a_class = number(standards, "plan.siting.land_per_place") * size.class_places
        return float(min(size.classes_max, math.floor(usable_m2 / a_class + 1e-9)))
    return float(fits or _below_the_smallest(standards, stage, usable_m2, setting))


def _below_the_smallest(standards: Standards, stage: str, usable_m2: float, setting: str) -> int:
    smallest, _ = land_asked(standards, stage, 1, setting)
    classes = classes_on(standards, stage, smallest, setting=setting) or 0
    if usable_m2 < number(standards, "plan.siting.area_share") * smallest:
        return 0
    return math.floor(classes * usable_m2 / smallest + 1e-9)
