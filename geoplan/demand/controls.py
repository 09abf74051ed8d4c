"""Residents the county expects in later years, as factors on what was projected."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from layers.errors import Fault, InputError


def control_years(control: Mapping[str, float], year: int) -> dict[int, float]:
    """``demand.control`` by year.

    Raises
    ------
    InputError
        A year that is none, or not after the year of the population; residents that are not above 0.
    """
    faults, found = [], {}
    for key, total in sorted(control.items()):
        if not re.fullmatch(r"\d{4}", key) or int(key) <= year:
            told = {"year": f"{year}"}
            faults.append(
                Fault("demand_control_year", file="plan.toml", column="demand.control", value=key, params=told)
            )
        elif not (np.isfinite(total) and total > 0):
            faults.append(
                Fault("demand_control_value", file="plan.toml", column=f"demand.control.{key}", value=f"{total:g}")
            )
        else:
            found[int(key)] = float(total)
    if faults:
        raise InputError(faults)
    return found


def control_factors(controls: Mapping[int, float], projected: Mapping[int, float], year: int) -> dict[int, float]:
    """Factor of every projected year.

    A year with a control meets it exactly. Years between two controls (and between the counts, factor 1, and the
    first) take a straight line between the factors; years after the last keep its factor.
    """
    at = [year, *(one for one in sorted(controls) if projected.get(one, 0.0) > 0)]
    factor = [1.0, *(controls[one] / projected[one] for one in at[1:])]
    return {one: float(np.interp(one, at, factor)) for one in projected}
