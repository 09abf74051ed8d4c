"""Who goes where: the nearest school, or most pupils served within the places and then the least walking."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoplan.enrolment.balance import balanced_prices
from geoplan.enrolment.heaps import I32, I64, NO_PLACE
from geoplan.enrolment.kernels import transport
from geoplan.enrolment.problem import MILLION, Options, Problem, prepare, whole_places

COARSEST = 2_000  # units below which no coarser start is worth its while
STEP = 8  # units merged from one level to the next
PRICELESS = 1 << 40  # decimetres that stand for a pupil without a place
FINEST = 32  # units merged in the finest of the coarse levels


@dataclass(frozen=True)
class Assignment:
    """Who goes where, in the caller's row numbers; exact in millionths of a pupil.

    Parameters
    ----------
    unit, school, cost_dm, millionths
        One entry per unit and school that takes some of it, sorted by unit.
    supply, unserved
        Millionths per unit, shape (n_units,): ``supply == unserved + sum of the unit's entries``.
    price_dm
        Per school, what the optimum proves a place to be worth, in decimetres of walking: zero where places are left,
        counted down from ``PRICELESS`` where one more place would let one more pupil be served. Starts the next solve
        of a similar problem.
    """

    unit: I64
    school: I64
    cost_dm: I64
    millionths: I64
    supply: I64
    unserved: I64
    price_dm: I64

    @property
    def amount(self) -> NDArray[np.float64]:
        """Pupils per entry."""
        return self.millionths / MILLION

    @property
    def served(self) -> int:
        """Millionths of a pupil with a place."""
        return int(self.millionths.sum())

    @property
    def walked(self) -> int:
        """Millionths of a pupil times decimetres."""
        return (
            sum(int(part) for part in np.add.reduceat(self.millionths * self.cost_dm, [0])) if len(self.unit) else 0
        )


def assign_capacity(
    amount: NDArray[np.float64],
    options: Options,
    capacity: NDArray[np.float64],
    *,
    unit_key: NDArray[np.generic] | None = None,
    school_key: NDArray[np.generic] | None = None,
    recruits: NDArray[np.bool_] | None = None,
) -> Assignment:
    """Most pupils served first, then the least walking; exact.

    Parameters
    ----------
    amount
        Pupils per unit (cell x grade band), fractional.
    options
        Admissible pairs: within the rule of each unit.
    capacity
        Places per school; NaN has none, inf takes everybody.
    unit_key, school_key, recruits
        See `prepare`.
    """
    problem = prepare(amount, options, len(capacity), unit_key=unit_key, school_key=school_key, recruits=recruits)
    return solve(problem, capacity)


def solve(problem: Problem, capacity: NDArray[np.float64], *, price_dm: I64 | None = None) -> Assignment:
    """The same for a prepared problem; prices of a similar solve make it faster and never change the objective."""
    places = whole_places(capacity, int(problem.supply.sum()))[problem.schools]
    if price_dm is None:
        price = _coarse_prices(problem, places)
    else:
        price = _scaled(np.asarray(price_dm, np.int64)[problem.schools], problem.scale)
    flow, price = _transport((problem.start, problem.school, problem.cost), problem.supply, places, price)
    return from_flow(problem, flow, price)


def reassign(previous: Assignment, problem: Problem, capacity: NDArray[np.float64]) -> Assignment:
    """A what-if: changed places, or schools added at the end (`add_school`); places of a closed school are 0.

    Gives the objective of a full solve, starting from the prices of the previous one.
    """
    added = np.zeros(len(capacity) - len(previous.price_dm), np.int64)
    return solve(problem, capacity, price_dm=np.concatenate([previous.price_dm, added]))


def assign_nearest(problem: Problem) -> Assignment:
    """Everybody to the nearest admissible school, whatever its places; compare with `overload`."""
    flow = np.zeros(len(problem.school) + len(problem.supply), np.int64)
    has = np.diff(problem.start) > 0
    flow[problem.start[:-1][has]] = problem.supply[has]
    flow[len(problem.school) :][~has] = problem.supply[~has]
    return from_flow(problem, flow, np.zeros(len(problem.schools), np.int64))


def school_load(assignment: Assignment) -> I64:
    """Millionths of a pupil per school, shape (n_schools,)."""
    load = np.zeros(len(assignment.price_dm), np.int64)
    np.add.at(load, assignment.school, assignment.millionths)
    return load


def overload(assignment: Assignment, capacity: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pupils beyond the places of each school; NaN where its places are unknown."""
    over: NDArray[np.float64] = np.maximum(school_load(assignment) / MILLION - capacity, 0.0)
    return over


def from_flow(problem: Problem, flow: I64, price: I64) -> Assignment:
    """Flow per option, then per unit without a place, in the caller's row numbers."""
    n_pairs = len(problem.school)
    used = np.flatnonzero(flow[:n_pairs])
    position = np.searchsorted(problem.start, used, side="right") - 1
    unit = problem.units[position]
    order = np.argsort(unit, kind="stable")
    supply = np.empty(len(problem.supply), np.int64)
    unserved = np.empty(len(problem.supply), np.int64)
    price_dm = np.empty(len(price), np.int64)
    supply[problem.units] = problem.supply
    unserved[problem.units] = flow[n_pairs:]
    price_dm[problem.schools] = _in_dm(price, problem.scale)
    school = problem.schools[problem.school[used]]
    taken = used[order]
    return Assignment(unit[order], school[order], problem.walk[taken], flow[taken], supply, unserved, price_dm)


def _transport(rows: tuple[I64, I32, I64], supply: I64, places: I64, price: I64) -> tuple[I64, I64]:
    flow, price, _ = transport(*rows, supply, places, balanced_prices(*rows, supply, places, price))
    return flow, price


def _in_dm(price: I64, scale: int) -> I64:
    """Prices of a solve in decimetres."""
    return np.where(price > NO_PLACE // 2, PRICELESS - (NO_PLACE - price) // scale, price // scale)


def _scaled(price_dm: I64, scale: int) -> I64:
    """Prices in decimetres as a solve takes them."""
    most = NO_PLACE // (2 * scale)
    short = np.minimum(np.maximum(PRICELESS - price_dm, 0), most)
    return np.where(price_dm > PRICELESS // 2, NO_PLACE - short * scale, np.clip(price_dm, 0, most) * scale)


def _coarse_prices(problem: Problem, places: I64) -> I64:
    """Prices from ever finer versions of the problem, in which neighbours with like options stand for each other."""
    price = np.zeros(len(places), np.int64)
    size = FINEST
    while len(problem.supply) > size * COARSEST:
        size *= STEP
    order = _alike(problem) if len(problem.supply) > COARSEST else np.empty(0, np.int64)
    while size >= FINEST and len(order):
        first = np.arange(0, len(order), size)
        member = order[np.minimum(first + size // 2, len(order) - 1)]
        supply = np.add.reduceat(problem.supply[order], first)
        _, price = _transport(_rows(problem, member), supply, places, price)
        size //= STEP
    return price


def _alike(problem: Problem) -> I64:
    """Units ordered by nearest school, second nearest, and the detour between the two."""
    count = np.diff(problem.start)
    if not len(problem.school):
        return np.arange(len(count))
    first = np.where(count > 0, problem.start[:-1], 0)
    second = np.where(count > 1, first + 1, first)
    nearest = np.where(count > 0, problem.school[first], -1)
    following = np.where(count > 1, problem.school[second], -1)
    return np.lexsort((problem.cost[second] - problem.cost[first], following, nearest)).astype(np.int64)


def _rows(problem: Problem, member: I64) -> tuple[I64, I32, I64]:
    """The options of some units, as rows of their own."""
    count = np.diff(problem.start)[member]
    start = np.concatenate([np.zeros(1, np.int64), np.cumsum(count)])
    index = np.repeat(problem.start[member] - start[:-1], count) + np.arange(start[-1])
    return start, problem.school[index], problem.cost[index]
