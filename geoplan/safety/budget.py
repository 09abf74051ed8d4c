"""The most pupils on safe routes that a budget can buy, with a proof or an honest gap.

Model (docs/method.md, Route safety): maximise sum(pupils_r y_r) with y_r <= x_e for every failing element e of
route r and sum(cost x) <= budget. The packages of :mod:`geoplan.safety.works` give a first plan and a bound; the
reduced gains of a cut at the price of the last package settle all works but a few, and HiGHS decides those.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array, csr_array

from geoplan.safety.works import F64, I64, Mask, Package, Works, packages, spare

CLOSE = 1e-9  # relative; differences below it are rounding
LOOK_AHEAD = 64  # packages tried after the first that does not fit


@dataclass(frozen=True)
class Plan:
    """What to build for a budget.

    Parameters
    ----------
    budget, cost
        Money given and money used.
    built
        Mask per lot of the works.
    pupils, bound
        Pupils who gain a safe route, and the most that any plan for this budget could give.
    gap
        ``(bound - pupils) / bound``; 0 when proven.
    """

    budget: float
    built: Mask
    pupils: float
    cost: float
    bound: float
    gap: float
    status: Literal["proven", "feasible"]


def best_plan(
    works: Works,
    budget: float,
    *,
    ranked: Sequence[Package] | None = None,
    before: Mask | None = None,
    time_limit_s: float = 10.0,
) -> Plan:
    """The plan that gives most pupils a safe route for a budget.

    Parameters
    ----------
    ranked
        :func:`~geoplan.safety.works.packages` of the works, when they are known already.
    before
        What a plan for a smaller budget builds: the new one is never worse.
    time_limit_s
        For the integer program; when it runs out, the best plan and the bound known then are given.
    """
    order = packages(works) if ranked is None else ranked
    start, bound = _filled(works, order, budget), _envelope(order, budget)
    if before is not None:
        start = max(start, before, key=lambda built: _value(works, built))
    if _value(works, start) < bound * (1 - CLOSE):
        start, bound = _searched(works, order, budget, start, time_limit_s)
    return _plan(works, budget, start, bound)


def curve(
    works: Works, budgets: Sequence[float], *, ranked: Sequence[Package] | None = None, time_limit_s: float = 10.0
) -> list[Plan]:
    """A plan per budget, ascending; each is at least as good as the one before, so more money never helps fewer.

    The time limit holds for all of them together; what easy budgets leave is given to the others.
    """
    order = packages(works) if ranked is None else ranked
    plans: list[Plan] = []
    ends = time.monotonic() + time_limit_s
    asked = np.unique(np.asarray(budgets, dtype=np.float64))
    hard = np.cumsum(~_exact(order, asked)[::-1])[::-1]  # budgets from here on that may need a search
    for budget, many in zip(asked.tolist(), hard.tolist(), strict=True):
        left = max(ends - time.monotonic(), 0.0) / max(many, 1)
        before = plans[-1].built if plans else None
        plans.append(best_plan(works, budget, ranked=order, before=before, time_limit_s=max(left, 0.1)))
    return plans


def _exact(order: Sequence[Package], budgets: F64) -> Mask:
    """Whether a budget is just what the best packages cost: then they are the plan, and proven."""
    total = np.append(np.cumsum([package.cost for package in order]), np.inf)
    at = np.searchsorted(total, budgets * (1 - CLOSE))
    return np.asarray((at == total.size - 1) | (total[at] <= budgets * (1 + CLOSE)))


def steps(ranked: Sequence[Package], count: int = 16) -> list[float]:
    """Budgets worth showing: about evenly spaced in ratio, each the exact cost of the best packages, the last all."""
    total = np.cumsum([package.cost for package in ranked])
    if not total.size:
        return []
    wanted = np.geomspace(total[0], total[-1], count)
    return [float(total[at]) for at in np.unique(np.searchsorted(total, wanted * (1 - CLOSE)))]


def _plan(works: Works, budget: float, built: Mask, bound: float) -> Plan:
    gained = works.gained(built)
    needed = works.lots_of(gained)
    pupils, cost = float(works.pupils[gained].sum()), float(works.cost[needed].sum())
    if pupils >= bound * (1 - CLOSE):
        return Plan(budget, needed, pupils, cost, pupils, 0.0, "proven")
    return Plan(budget, needed, pupils, cost, bound, (bound - pupils) / bound, "feasible")


def _value(works: Works, built: Mask) -> float:
    return float(works.pupils[works.gained(built)].sum())


def _within(cost: float, budget: float) -> bool:
    return cost <= budget * (1 + CLOSE)


def _filled(works: Works, order: Sequence[Package], budget: float) -> Mask:
    """Packages in order until one does not fit, smaller ones after it, then single groups by pupils per cost."""
    total = np.cumsum([package.cost for package in order])
    sure = int(np.searchsorted(total, budget * (1 + CLOSE), side="right"))
    built = np.zeros(works.cost.size, dtype=bool)
    for package in order[:sure]:
        built[package.lots] = True
    left = budget - float(works.cost[built].sum())
    for package in order[sure : sure + LOOK_AHEAD]:
        if _within(package.cost, left):
            left = _build(works, works.lots_of(_mask(package.groups, works.pupils.size)), built, left)
    while (group := _best_group(works, built, left)) is not None:
        left = _build(works, works.lots_of(_mask([group], works.pupils.size)), built, left)
    return built


def _mask(rows: Sequence[int] | I64, size: int) -> Mask:
    found = np.zeros(size, dtype=bool)
    found[rows] = True
    return found


def _build(works: Works, wanted: Mask, built: Mask, left: float) -> float:
    """Build what is missing of the wanted lots if it can be paid; what is left of the money."""
    new = wanted & ~built
    cost = float(works.cost[new].sum())
    if not _within(cost, left):
        return left
    built |= new
    return left - cost


def _best_group(works: Works, built: Mask, left: float) -> int | None:
    need = ~built[works.lot]
    missing = np.bincount(works.group[need], works.cost[works.lot[need]], works.pupils.size)
    able = (missing > 0) & (missing <= left * (1 + CLOSE))
    if not able.any():
        return None
    ratio = np.divide(works.pupils, missing, out=np.full(missing.size, -1.0), where=able)
    return int(np.argmax(ratio))


def _envelope(order: Sequence[Package], budget: float) -> float:
    """Pupils at a budget if packages could be built in part: no plan does better."""
    cost = np.cumsum([0.0, *(package.cost for package in order)])
    pupils = np.cumsum([0.0, *(package.pupils for package in order)])
    return float(np.interp(budget, cost, pupils))


def _searched(
    works: Works, order: Sequence[Package], budget: float, start: Mask, time_limit_s: float
) -> tuple[Mask, float]:
    """A plan at least as good as the start, and a bound on every plan."""
    value, dear = _value(works, start), works.group_cost() > budget * (1 + CLOSE)
    order, bound = _affordable(works, order, dear, budget)
    if value >= bound * (1 - CLOSE):
        return start, value
    core = _core(works, dear, budget, value, _last_price(order, budget))
    if core is None:
        return start, value
    fixed, settled, shut = core
    rest, lots, _ = works.beyond(fixed | settled, shut | works.gained(fixed))
    chosen, most = _integer(rest, budget - float(works.cost[fixed].sum()), time_limit_s)
    found = fixed.copy()
    found[lots[chosen]] = True
    better = max(start, found, key=lambda built: _value(works, built))
    sure = float(works.pupils[works.gained(fixed)].sum())
    return better, min(bound, max(_value(works, better), sure + most))


def _affordable(works: Works, order: Sequence[Package], dear: Mask, budget: float) -> tuple[Sequence[Package], float]:
    """Packages and bound once the groups are left out that cost more than the budget by themselves."""
    if dear.all():
        return [], 0.0
    ranked = packages(works.of_groups(~dear)[0]) if dear.any() else order
    return ranked, _envelope(ranked, budget)


def _last_price(order: Sequence[Package], budget: float) -> float:
    """Pupils per cost of the package at which the budget runs out."""
    total = np.cumsum([package.cost for package in order])
    at = min(int(np.searchsorted(total, budget, side="right")), len(order) - 1)
    return order[at].pupils / order[at].cost


def _core(works: Works, dear: Mask, budget: float, value: float, price: float) -> tuple[Mask, Mask, Mask] | None:
    """Lots any better plan builds, lots it does not, and groups it leaves out; None where no better plan exists.

    With multipliers from the cut, a plan is worth at most ``most`` less the spare of every group left out and every
    lot built; one whose spare reaches the gap is therefore settled.
    """
    spare_pupils, spare_cost = spare(works, np.where(dear, 0.0, works.pupils), price)
    most = price * budget + np.maximum(spare_pupils, 0).sum() + np.maximum(-spare_cost, 0).sum()
    gap = (most - value) + CLOSE * most
    fixed = works.lots_of(spare_pupils >= gap)
    settled = spare_cost >= gap
    if (fixed & settled).any() or not _within(float(works.cost[fixed].sum()), budget):
        return None
    shut = np.bincount(works.group[settled[works.lot]], minlength=works.pupils.size) > 0
    return fixed, settled, shut | dear


def _integer(works: Works, budget: float, time_limit_s: float) -> tuple[I64, float]:
    """Lots to build by mixed-integer programming (HiGHS), and the most pupils any choice could give."""
    n_lots, n_groups = works.cost.size, works.pupils.size
    if not n_groups:
        return np.zeros(0, dtype=np.int64), 0.0
    found = milp(
        np.concatenate([np.zeros(n_lots), -works.pupils]),
        constraints=[_needs(works), LinearConstraint(_money(works), -np.inf, budget)],
        integrality=np.concatenate([np.ones(n_lots), np.zeros(n_groups)]),
        bounds=Bounds(0, 1),
        options={"time_limit": time_limit_s, "mip_rel_gap": 0.0},
    )
    bound = getattr(found, "mip_dual_bound", None)
    most = float(works.pupils.sum()) if bound is None or not np.isfinite(bound) else -float(bound)
    if found.x is None:
        return np.zeros(0, dtype=np.int64), most
    gained = _whole(works, budget, np.asarray(found.x[:n_lots]) > 0.5)
    return np.flatnonzero(gained), -float(found.fun) if found.status == 0 else most


def _whole(works: Works, budget: float, built: Mask) -> Mask:
    """The lots of groups that gained; none where rounding has broken the budget."""
    needed = works.lots_of(works.gained(built))
    return needed if _within(float(works.cost[needed].sum()), budget) else np.zeros_like(needed)


def _needs(works: Works) -> LinearConstraint:
    """y_group - x_lot <= 0 for every need."""
    rows, n_lots = np.arange(works.lot.size), works.cost.size
    ones = np.ones(rows.size)
    entries = (np.concatenate([ones, -ones]), (np.tile(rows, 2), np.concatenate([n_lots + works.group, works.lot])))
    return LinearConstraint(csr_array(coo_array(entries, shape=(rows.size, n_lots + works.pupils.size))), -np.inf, 0)


def _money(works: Works) -> csr_array:
    return csr_array(np.concatenate([works.cost, np.zeros(works.pupils.size)])[None, :])
