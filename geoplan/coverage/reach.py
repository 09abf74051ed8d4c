"""How far the nearest school is, on foot and in a straight line, and how many pupils live within a limit of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoplan.coverage.demand import Units, takes_band
from geoplan.coverage.stage import F64, I64, Flags, StageInput
from geoplan.enrolment import MILLION
from geoplan.inequality import quantile
from geoplan.reach import Pairs, nearest_straight


@dataclass(frozen=True)
class Nearness:
    """Metres to the nearest recruiting school, inf for none: per cell, and per unit (by its band)."""

    cell_walk_m: F64
    cell_straight_m: F64
    unit_walk_m: F64
    unit_straight_m: F64


def nearness(given: StageInput, units: Units, recruits: Flags) -> Nearness:
    """Walks from ``nearest_dm`` where every recruiting school takes the band, else from the pairs."""
    cell_walk, cell_straight = _walk_m(given, recruits, whole=True), _straight_m(given, recruits)
    unit_walk, unit_straight = np.empty(len(units.cell)), np.empty(len(units.cell))
    for number, band in enumerate(units.bands):
        mine = units.band == number
        taking = recruits & takes_band(given.schools, band)
        same = bool((taking == recruits).all())
        walk = cell_walk if same else _walk_m(given, taking, whole=False)
        straight = cell_straight if same else _straight_m(given, taking)
        unit_walk[mine], unit_straight[mine] = walk[units.cell[mine]], straight[units.cell[mine]]
    return Nearness(cell_walk, cell_straight, unit_walk, unit_straight)


def meets_radius(units: Units, near: Nearness, walkable: Flags) -> Flags:
    """Limits in metres held against the straight line; rules of time and of no limit as they are walked."""
    return np.where(units.straight, near.unit_straight_m <= units.limit_m * (1 + 1e-12), walkable)


def within(amount: I64, distance_m: F64, limits_m: Sequence[int]) -> dict[str, float]:
    """Pupils within each limit (inclusive), keyed by the metres."""
    return {str(limit): float(amount[distance_m <= limit].sum() / MILLION) for limit in limits_m}


def share(amount: I64, chosen: Flags) -> float:
    """Share of the pupils; NaN where there are none."""
    total = amount.sum()
    return float(amount[chosen].sum() / total) if total else float("nan")


def walk_statistics(walk_m: F64, amount: I64) -> Mapping[str, float]:
    """Mean, median and 95th percentile of a walk, every pupil counted once; NaN where nobody walks."""
    total = amount.sum()
    mean = float((walk_m * amount).sum() / total) if total else float("nan")
    people = amount.astype(np.float64)
    return {"mean": mean, "median": quantile(walk_m, people, 0.5), "p95": quantile(walk_m, people, 0.95)}


def _walk_m(given: StageInput, schools: Flags, *, whole: bool) -> F64:
    if whole and given.nearest_dm is not None:
        return np.where(given.nearest_dm >= 0, given.nearest_dm / 10, np.inf)
    return _first_of_pairs(given.pairs, schools)


def _first_of_pairs(pairs: Pairs, schools: Flags) -> NDArray[np.float64]:
    """Pairs are sorted by cell and distance, so the first of a cell is its nearest."""
    found = np.full(len(pairs.off_network), np.inf)
    kept = np.flatnonzero(schools[pairs.school])
    cell = pairs.cell[kept]
    first = np.flatnonzero(np.diff(cell, prepend=-1))
    found[cell[first]] = pairs.dist_dm[kept[first]] / 10
    return found


def _straight_m(given: StageInput, schools: Flags) -> F64:
    gates = given.gates[schools[given.gates["school"].to_numpy(np.int64)]]
    found, _ = nearest_straight(given.cells[["x", "y"]].to_numpy(float), gates[["x", "y"]].to_numpy(float))
    return found
