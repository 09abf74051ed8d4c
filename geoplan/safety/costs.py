"""What a route may cost: the detour bound, and metres weighted by level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoplan.errors import PlanError
from geoplan.network.graph import I32, I64
from geoplan.safety.turns import U8, high_of
from geoplan.standards import Standards


@dataclass(frozen=True)
class RouteRules:
    """How far a route may go out of its way, and what its metres weigh.

    Parameters
    ----------
    detour_ratio, detour_dm
        A route is at most so many times as long as the shortest, and at most so much longer; both, inclusive.
    weight
        int64 (5,), hundredths: what a metre weighs at each level at worst; level 0 is not used, 1 the smallest.
    crossing_dm
        int64 (5,), what a turn that crosses a road of each level at worst adds to the weighted length; 0 for none.
    """

    detour_ratio: float
    detour_dm: int
    weight: I64
    crossing_dm: I64

    def longest_dm(self, shortest_dm: I64) -> I64:
        """The longest route allowed beside a shortest one, whole decimetres."""
        share = np.floor(shortest_dm.astype(np.float64) * self.detour_ratio + 1e-6).astype(np.int64)
        return np.minimum(share, shortest_dm + self.detour_dm)


def route_rules(standards: Standards) -> RouteRules:
    """Rules from the norms ``plan.safety.detour_ratio``, ``…detour_m``, ``…weights`` and ``…crossing_m``."""
    value = {name: standards.norms[f"plan.safety.{name}"].value for name in ("weights", "crossing_m")}
    ratio, more_m = (float(standards.norms[f"plan.safety.detour_{unit}"].value) for unit in ("ratio", "m"))  # type: ignore[arg-type]
    return rules_of(ratio, more_m, value["weights"], value["crossing_m"])


def rules_of(detour_ratio: float, detour_m: float, weights: object, crossing_m: object) -> RouteRules:
    """Rules from plain figures: ``weights`` per metre and ``crossing_m`` per crossing, four each, by level.

    Raises
    ------
    PlanError
        A bound below the shortest route, a weight below 1, fewer or more than four levels, or values that fall as
        levels rise.
    """
    table, crossing = np.asarray(weights, np.float64), np.asarray(crossing_m, np.float64)
    fits = table.shape == crossing.shape == (4,)
    if not fits or table[0] < 1 or crossing[0] < 0 or (np.diff(table) < 0).any() or (np.diff(crossing) < 0).any():
        raise PlanError("plan.safety: weights and crossing_m need four values each, rising, weights from 1 on")
    if detour_ratio < 1 or detour_m < 0:
        raise PlanError("plan.safety: detour_ratio must be at least 1 and detour_m at least 0")
    hundredths = np.rint(np.concatenate([table[:1], table]) * 100).astype(np.int64)
    penalty = np.rint(np.concatenate([[0.0], crossing]) * 10).astype(np.int64)
    return RouteRules(detour_ratio, round(detour_m * 10), hundredths, penalty)


def weighted_dm(length_dm: I32, level: U8, rules: RouteRules) -> I64:
    """Weighted length of stretches of one level each."""
    return (length_dm.astype(np.int64) * rules.weight[high_of(level)] + 50) // 100
