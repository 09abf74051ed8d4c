"""What a design gives: goals with proof, decisions with loads and alternatives, and who stays without a place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from geoplan.siting.design.task import F64, I64, Kind, Mask


@dataclass(frozen=True)
class Reason:
    """A code with parameters; sentences are in geoplan/reasons."""

    code: str
    params: Mapping[str, Any]


@dataclass(frozen=True)
class Goal:
    """One goal and how far it is proven.

    Parameters
    ----------
    name
        ``served`` (pupils with a place, weighted over the years; more is better), ``cost`` and ``walking``
        (pupils x metres of those served, weighted likewise; less is better).
    objective, bound
        What the design reaches, and what no design can pass once the goals before it are kept.
    gap
        Difference of the two as a share of the larger; 0 when proven.
    status
        ``proven`` or ``feasible``.
    """

    name: Literal["served", "cost", "walking"]
    objective: float
    bound: float
    gap: float
    status: Literal["proven", "feasible"]
    seconds: float


@dataclass(frozen=True)
class MarginalRow:
    """The best with at most ``k`` new schools.

    ``served, cost`` as in the goals; ``extra`` and ``cost_per_extra`` against the row before (None where nothing is
    gained); ``gap`` of ``served``; ``new`` are the ids built on; ``served_by_year`` has the shape (stages, years).
    """

    k: int
    served: float
    cost: float
    extra: float | None
    cost_per_extra: float | None
    gap: float
    new: tuple[str, ...]
    served_by_year: F64


@dataclass(frozen=True)
class Alternative:
    """Another place for the same decision: how many fewer pupils (weighted) it would serve in all, and its cost.

    ``gained`` is what it would gain in this decision's place; ``difference = gained - gained of the decision``.
    """

    site_id: str
    kind: Kind
    stages: tuple[str, ...]
    classes: tuple[int, ...]
    cost: float
    gained: float
    difference: float
    within_budget: bool


@dataclass(frozen=True)
class Decision:
    """One thing to do. Arrays by stage and year follow ``stages`` and the plan's years.

    Parameters
    ----------
    option
        Position in the task's options.
    classes, places
        Per stage of the decision.
    cost
        Opening and classes.
    year
        The plan year it opens in.
    needed_year
        First plan year in which it serves pupils who would have no place without it; None where it never does.
    gained
        Pupils served with all decisions less those served without this one, by stage of the *task* and year.
    gained_weighted
        The same summed with the year weights.
    pupils, pupils_before
        Enrolled at the place with and without the decisions, by stage of the decision and year.
    load
        ``pupils / places of the place`` by stage and year: NaN before it opens, without places, or unlimited.
    load_all
        The same for all its stages together, by year.
    walk_m, walk_before_m
        Mean walk, over all years and stages, of the pupils enrolled there, and what the same pupils walked before,
        of those who had a place (NaN for none).
    recommended, reasons
        Whether it is, and what speaks for or against.
    alternatives
        The closest other places, best first.
    """

    option: int
    kind: Kind
    place: int
    site_id: str
    stages: tuple[str, ...]
    takes: str | None
    classes: tuple[int, ...]
    places: tuple[float, ...]
    cost: float
    year: int
    needed_year: int | None
    gained: F64
    gained_weighted: float
    pupils: F64
    pupils_before: F64
    load: F64
    load_all: F64
    walk_m: float
    walk_before_m: float
    recommended: bool
    reasons: tuple[Reason, ...]
    alternatives: tuple[Alternative, ...]


@dataclass(frozen=True)
class StageYears:
    """Exact enrolment of a stage over the plan's years; most served, then least walking.

    Parameters
    ----------
    served
        Pupils with a place, shape (years,).
    walk_m
        Mean walk of these, shape (years,); NaN where there are none.
    load
        Pupils per year and place, shape (years, places).
    places
        Places per year and place (NaN where unknown, inf unlimited; candidates 0 or as built).
    unserved
        Pupils without a place, shape (years, units).
    main_place
        Where the largest share of a unit goes, -1 for nowhere, shape (years, units).
    """

    stage: str
    served: F64
    walk_m: F64
    load: F64
    places: F64
    unserved: F64
    main_place: I64


@dataclass(frozen=True)
class Design:
    """The outcome.

    Parameters
    ----------
    status
        ``optimal`` (all goals proven), ``feasible`` (a limit or a gap remains), ``nothing`` (no decision is possible
        or useful; ``notes`` say why), ``infeasible`` (``problems`` name the requirements that cannot be met).
    goals
        Served, cost, walking.
    marginal
        Rows by number of new schools.
    decisions
        Most gained first.
    before, after
        Enrolment without and with the decisions, by stage.
    no_place_in_reach
        Per stage, units that neither an existing school nor any candidate could ever serve.
    problems, notes
        Requirements that cannot be met; what should be known.
    stopped
        Which limits stopped the search (``nodes``, ``rounds``, ``time``, ``walk_work``); with ``time`` the outcome
        may differ between machines.
    seconds
        Spent in all; never compared.
    """

    status: Literal["optimal", "feasible", "nothing", "infeasible"]
    weights: tuple[float, ...]
    goals: tuple[Goal, ...]
    marginal: tuple[MarginalRow, ...]
    decisions: tuple[Decision, ...]
    before: tuple[StageYears, ...]
    after: tuple[StageYears, ...]
    no_place_in_reach: tuple[Mask, ...]
    problems: tuple[Reason, ...]
    notes: tuple[Reason, ...]
    stopped: tuple[str, ...]
    seconds: float
