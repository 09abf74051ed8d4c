"""What ``summary.json`` says of a stage: plain numbers, unknown ones None."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from geoplan.coverage.accounts import totals
from geoplan.coverage.demand import Units
from geoplan.coverage.enrol import ON_FOOT, Enrolled, ways
from geoplan.coverage.reach import share, walk_statistics, within
from geoplan.coverage.stage import F64, I64, WAYS, Flags, StageInput, coming_in, outside, private, unknown_owner
from geoplan.coverage.tables import Counted, area_codes
from geoplan.enrolment import MILLION
from geoplan.inequality import end_ratio, gini, quantile, theil
from geoplan.places import assumed_share
from geoplan.standards import number, rule_entry


def summary(counted: Counted, areas: pd.DataFrame, reconciliation: Mapping[str, Any]) -> dict[str, Any]:
    """Everything of the headline reading; the range and the two readings of the edge are added by the caller."""
    given, units, near = counted.given, counted.units, counted.near
    limits_m, amount = given.choices.limits_m, units.amount
    residents = given.cells["residents"] if "residents" in given.cells else pd.Series([], dtype=float)
    found = {
        "residents": float(residents.sum()) if len(residents) else None,
        "pupils": float(amount.sum() / MILLION),
        **_schools(counted),
        "rules": _rules(counted),
        "radius_share": share(amount, counted.radius),
        "walk_share": share(amount, counted.enrolled.walkable),
        **_standard_share(counted),
        "enrolment": given.choices.enrolment,
        "accounts": totals(counted.accounts),
        "served_by": served_by(given, units, counted.enrolled),
        "reach": within(amount, near.unit_walk_m, limits_m),
        "radius": within(amount, near.unit_straight_m, limits_m),
        "nearest_m": {"median": _median_of_all(near.unit_walk_m, amount)},
        "walk_m": walk_statistics(*_walks(counted.enrolled)),
        "ownership": _ownership(counted),
        "reconciliation": dict(reconciliation),
        **_inequality(counted),
        "areas": areas.to_dict("records"),
    }
    return dict(plain(found))


def served_by(given: StageInput, units: Units, enrolled: Enrolled) -> dict[str, float]:
    """Pupils with a place, by how they get there."""
    way = ways(given, enrolled, units)
    return {name: float(enrolled.amount[way == number].sum() / MILLION) for number, name in enumerate(WAYS)}


def doubtful(counted: Counted) -> bool:
    """Whether so many places are assumed or unknown that the served are a range and the headline is reach."""
    due = number(counted.given.standards, "plan.places.assumed_share")
    return _assumed_share(counted) > due


def plain(value: Any) -> Any:
    """Numbers and lists as JSON holds them; NaN and infinity become None."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _schools(counted: Counted) -> dict[str, Any]:
    """Recruiting schools of the headline reading that lie inside, and their places before pupils from outside."""
    schools = counted.given.schools
    chosen = _counted_schools(counted)
    part = schools[chosen]
    return {
        "schools": int(chosen.sum()),
        "places": float(part["places"].sum(min_count=min(1, len(part)))),
        "places_assumed": float(part.loc[part["places_assumed"].astype(bool), "places"].sum()),
        "places_assumed_share": _assumed_share(counted),
        "schools_places_unknown": int(part["places"].isna().sum()),
        "schools_ownership_unknown": int(unknown_owner(schools)[chosen].sum()),
        "pupils_from_outside": coming_in(part, counted.given.stage),
    }


def _counted_schools(counted: Counted) -> Flags:
    return counted.offer.recruits & ~outside(counted.given.schools)


def _assumed_share(counted: Counted) -> float:
    return assumed_share(counted.given.schools, _counted_schools(counted))


def _rules(counted: Counted) -> list[dict[str, Any]]:
    """The rules in use, each with its pupils and both shares among them."""
    units, found = counted.units, []
    for position, rule in enumerate(units.rules):
        mine = units.rule == position
        amount = units.amount[mine]
        found.append(
            {
                **rule_entry(counted.given.standards, rule),
                "pupils": float(amount.sum() / MILLION),
                "radius_share": share(amount, counted.radius[mine]),
                "walk_share": share(amount, counted.enrolled.walkable[mine]),
            }
        )
    return found


def _standard_share(counted: Counted) -> dict[str, float]:
    """Share near a school that meets the standard, where the schools say which ones do."""
    schools, options = counted.given.schools, counted.options
    if "meets_standard" not in schools:
        return {}
    good = counted.offer.recruits & schools["meets_standard"].fillna(False).to_numpy(bool)
    near = np.zeros(len(counted.units.amount), bool)
    near[options.unit[good[options.school]]] = True
    return {"standard_share": share(counted.units.amount, near)}


def _median_of_all(distance_m: F64, amount: I64) -> float | None:
    """Distance half of all pupils have, those with no way counted as farthest; None where half have none."""
    finite = np.where(np.isfinite(distance_m), distance_m, np.finfo(np.float64).max)
    median = quantile(finite, amount.astype(np.float64), 0.5)
    return median if median < np.finfo(np.float64).max else None


def _walks(enrolled: Enrolled) -> tuple[Any, Any]:
    foot = enrolled.mode == ON_FOOT
    return enrolled.cost_dm[foot] / 10, enrolled.amount[foot]


def _ownership(counted: Counted) -> dict[str, dict[str, Any]]:
    """Public (and purchased) beside private schools inside: schools, places, enrolled, served."""
    given, enrolled = counted.given, counted.enrolled
    schools = given.schools
    here = schools["serves"].to_numpy(bool) & ~outside(schools)
    column = f"enrolment_{given.stage}"
    found = {}
    for name, kind in (("public", ~private(schools)), ("private", private(schools))):
        part = schools[here & kind]
        found[name] = {
            "schools": len(part),
            "recruiting": bool(counted.offer.recruits[here & kind].any()),
            "places": float(part["places"].sum(min_count=1)),
            "enrolled": float(part[column].sum(min_count=1)) if column in part else None,
            "served": float(enrolled.amount[(here & kind)[enrolled.school]].sum() / MILLION),
        }
    return found


def _inequality(counted: Counted) -> dict[str, Any]:
    """How unevenly places per pupil are spread over pupils, within and between sub-areas."""
    amount, access = counted.units.amount.astype(np.float64), counted.access
    area = area_codes(counted.given)[counted.units.cell]
    split = theil(access, amount, area)
    total = amount.sum()
    return {
        "gini": gini(access, amount),
        "theil": {"total": split.total, "between": split.between, "within": split.within},
        "p90_p10": end_ratio(access, amount),
        "accessibility": float((access * amount).sum() / total) if total else None,
    }
