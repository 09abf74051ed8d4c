"""What to mend first: measures ranked by the pupils who gain a safe route, under a budget.

Elements that may fail or not are surveyed, not built: a plan counts only routes on which everything that fails is
certain. A route is safe only when all of it is, so works are ranked as packages, never one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.errors import PlanError
from geoplan.safety.budget import Plan, curve, steps
from geoplan.safety.measures import FIT, Judge, fixes, measures
from geoplan.safety.needs import Needs, Uses, failing, narrowed, needs, standing
from geoplan.safety.retrofit_tables import packages_table, unfixable_table, works_table
from geoplan.safety.works import Mask, Works, packages

CURVE = ("budget", "pupils", "cost", "bound", "gap", "status")


@dataclass(frozen=True)
class Funds:
    """What may be spent, and what things cost.

    Parameters
    ----------
    budget
        Money, in the unit of the costs; everything that helps is ranked when None.
    budgets
        Budgets of the curve; chosen when None, at the cost of the best packages.
    costs
        The county's table ``item, unit, cost``; our own assumptions where it says nothing.
    time_limit_s
        For all plans together; those not proven by then carry their gap.
    """

    budget: float | None = None
    budgets: Sequence[float] | None = None
    costs: pd.DataFrame | None = None
    time_limit_s: float = 10.0


@dataclass(frozen=True)
class Retrofits:
    """What to build, in which order, and what it does.

    Parameters
    ----------
    table
        One row a package, best first: ``rank, elements, measures, cost, pupils_safe_gained,
        pupil_crossings_improved, cost_total, pupils_total``; MultiPoint geometry where elements have one.
    works
        One row an element built: ``rank, element`` (row), ``kind, osm_id, measures, cost, assumed_cost,
        level_before, level_after, pupils``.
    curve
        ``budget, pupils, cost, bound, gap, status``, ascending.
    unfixable
        Elements that certainly fail and that no measure mends, with the pupils they hold up.
    routes
        Per route: ``standing, verdict_before, verdict_after, gained``.
    elements
        Per failing element (index: its row): ``measures, cost, level_after, assumed_cost, built``.
    summary
        Budget, cost, pupils, bound, gap, status and the pupils of routes that are not safe, by what can be done.
    """

    table: pd.DataFrame
    works: pd.DataFrame
    curve: pd.DataFrame
    unfixable: pd.DataFrame
    routes: pd.DataFrame
    elements: pd.DataFrame
    summary: dict[str, Any]


def plan_retrofits(
    routes: pd.DataFrame,
    uses: Uses,
    elements: pd.DataFrame,
    funds: Funds | None = None,
    *,
    judge: Judge | None = None,
) -> Retrofits:
    """The measures that give most pupils a safe route.

    Parameters
    ----------
    routes
        One row a route: ``pupils``, and ``verdict`` where some pairs have no route: theirs is missing.
    uses
        The elements of every route with the levels the route meets.
    elements
        ``kind`` (segment or crossing), ``osm_id, level_low, level_high, length_m``, and ``name, highway, geometry``
        where known.
    funds
        Budget and costs; everything that helps is ranked at our own costs when None.
    judge
        Levels after a set of measures; see :func:`geoplan.safety.measures.fixes`.

    Raises
    ------
    PlanError
        A budget below zero.
    InputError
        A cost whose unit does not fit.
    """
    funds = _checked(funds or Funds())
    rows, bad = narrowed(failing(uses))
    part = elements.iloc[rows].assign(element=rows).reset_index(drop=True)
    fix = fixes(part, measures(funds.costs), judge)
    walked = _walked(routes)
    stand = np.where(walked, standing(len(routes), bad, fix["measures"].notna().to_numpy()), "no_route")
    asked = needs(routes.assign(standing=stand), bad, part, fix["cost"].to_numpy(np.float64))
    plan, plans = _plans(asked.works, funds)
    built, gained = asked.built(plan.built), asked.gained(asked.works.gained(plan.built))
    free = float(routes["pupils"].to_numpy(np.float64)[asked.gained_free].sum())
    ranked, works = _ranked(asked, plan, bad, routes, part.join(fix))
    verdict = {
        "verdict_before": verdicts(len(routes), bad, walked),
        "verdict_after": verdicts(len(routes), _mended(bad, built, fix), walked),
    }
    found = pd.DataFrame({"standing": stand, **verdict, "gained": gained}, index=routes.index)
    return Retrofits(
        table=ranked,
        works=works,
        curve=pd.DataFrame([_figures(one, free) for one in plans], columns=list(CURVE)),
        unfixable=unfixable_table(bad, routes, part.join(fix)),
        routes=found,
        elements=fix.assign(built=built).set_index(pd.Index(rows, name="element")),
        summary=_summary(_figures(plan, free), routes, found),
    )


def _walked(routes: pd.DataFrame) -> Mask:
    return routes["verdict"].notna().to_numpy(bool) if "verdict" in routes else np.ones(len(routes), dtype=bool)


def _checked(funds: Funds) -> Funds:
    if min([funds.budget or 0.0, *(funds.budgets or ())]) < 0:
        raise PlanError("a budget cannot be below zero")
    return funds


def _plans(works: Works, funds: Funds) -> tuple[Plan, list[Plan]]:
    """The plan for the budget (everything without one), and the plans of the curve."""
    order = packages(works)
    wanted = list(steps(order) if funds.budgets is None else funds.budgets)
    cost, pupils = float(works.cost.sum()), float(works.pupils.sum())
    if funds.budget is None:
        everything = np.ones(works.cost.size, dtype=bool)
        plan = Plan(cost, everything, pupils, cost, pupils, 0.0, "proven")
        return plan, curve(works, wanted, ranked=order, time_limit_s=funds.time_limit_s)
    plans = curve(works, [*wanted, funds.budget], ranked=order, time_limit_s=funds.time_limit_s)
    return next(plan for plan in plans if plan.budget == funds.budget), plans


def _mended(uses: Uses, built: Mask, fix: pd.DataFrame) -> Uses:
    """Uses with what was built: a mended element is as good as its fix, never worse than it was."""
    after = np.where(built, fix["level_after"].to_numpy(np.int8), np.int8(127))[uses.element]
    return Uses(uses.route, uses.element, np.minimum(uses.low, after), np.minimum(uses.high, after))


def verdicts(n_routes: int, uses: Uses, walked: Mask | None = None) -> NDArray[np.object_]:
    """``safe`` when the worst high is at most 2, ``unsafe`` when the worst low is above it, else ``undetermined``.

    ``walked`` is False for pairs without a route, whose verdict is None.
    """
    found = np.full(n_routes, "safe", dtype=object)
    found[uses.route[uses.high > FIT]] = "undetermined"
    found[uses.route[uses.low > FIT]] = "unsafe"
    if walked is not None:
        found[~walked] = None
    return found


def _ranked(
    asked: Needs, plan: Plan, bad: Uses, routes: pd.DataFrame, elements: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    part, lots, _ = asked.works.of_groups(asked.works.gained(plan.built))
    order = packages(part)
    gains = [package.pupils for package in order]
    if asked.free.any():
        gains = [float(routes["pupils"].to_numpy(np.float64)[asked.gained_free].sum()), *gains]
    rank_of_lot = np.zeros(asked.works.cost.size + 1, dtype=np.int64)  # the last one is for elements in no lot
    for at, package in enumerate(order, start=1 + len(gains) - len(order)):
        rank_of_lot[lots[package.lots]] = at
    rank = np.where(asked.free, 1, rank_of_lot[asked.lot_of_element])
    works = works_table(rank, bad, routes, elements)
    return packages_table(gains, works), works


def _figures(plan: Plan, gained_free: float) -> dict[str, Any]:
    pupils, bound = plan.pupils + gained_free, plan.bound + gained_free
    gap = (bound - pupils) / bound if plan.status == "feasible" else 0.0
    figures = (plan.budget, pupils, plan.cost, bound, gap, plan.status)
    return dict(zip(CURVE, figures, strict=True))


def _summary(figures: dict[str, Any], routes: pd.DataFrame, found: pd.DataFrame) -> dict[str, Any]:
    """Pupils of routes that are not safe add up: gained, left, undetermined, unfixable."""
    pupils = routes["pupils"].to_numpy(np.float64)
    stand, gained = found["standing"].to_numpy(), found["gained"].to_numpy(bool)
    return {
        **figures,
        "pupils_not_safe": float(pupils[~np.isin(stand, ("safe", "no_route"))].sum()),
        "pupils_gained": float(pupils[gained].sum()),
        "pupils_left": float(pupils[(stand == "fixable") & ~gained].sum()),
        "pupils_undetermined": float(pupils[stand == "undetermined"].sum()),
        "pupils_unfixable": float(pupils[stand == "unfixable"].sum()),
    }
