"""Problems with capacities: prices that bound all plans, and plans from the sites these choose.

Method: Lagrangian relaxation of the assignment with a continuous knapsack a site (Cornuejols, Sridharan and Thizy
1991; Holmberg, Ronnqvist and Yuan 1999); plans are split exactly by flow, or made whole by moves and exchanges.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np

from geoplan.siting.location.core import Core
from geoplan.siting.location.fitting import Fit, Fitter, fitter, split, whole
from geoplan.siting.location.instance import F64, PROVEN, Mask
from geoplan.siting.location.kernels_capacity import (
    FREE,
    I8,
    NEED,
    OPEN,
    SHUT,
    Offers,
    Yard,
    raise_filled,
    weigh_filled,
)
from geoplan.siting.location.kernels_relax import BEST, LEAST_STEP, STEP

STEPS = 50
ROOT_TURNS = 40
FIRST_STEP = 1.5
SPARE = 1.3
"""Places for each who needs one in the first plan."""
ROUNDING = 1e-12


@dataclass(frozen=True)
class Best:
    """Best plan so far; ``is_open`` None where there is none."""

    is_open: Mask | None
    fit: Fit
    cost: float


@dataclass(frozen=True)
class Task:
    """A problem with capacities in the forms its steps need."""

    core: Core
    fitter: Fitter
    yard: Yard
    need: float  # what open sites must hold together
    endless: float  # more than any plan costs
    tried: set[bytes]  # sets of sites looked at so far


@dataclass(frozen=True, order=True)
class Node:
    """Part of all plans: some sites open, some shut; nothing in it is cheaper than ``bound``."""

    bound: float
    number: int
    rule: I8
    price: F64
    branch: int


def task_of(core: Core) -> Task:
    assert core.capacity is not None
    by_site = np.argsort(core.site, kind="stable")
    start = np.concatenate([[0], np.cumsum(np.bincount(core.site, minlength=core.n_sites))]).astype(np.int64)
    free = np.zeros(core.n_sites, np.int8)
    columns = (core.unit[by_site].astype(np.int32), core.value[by_site])
    yard = Yard(start, *columns, core.size, core.outside, core.fixed, np.asarray(core.capacity, np.float64), free)
    dearest = np.zeros(core.n_units)
    np.maximum.at(dearest, core.unit, core.value)
    left = core.outside[np.isfinite(core.outside)]
    endless = 1.0 + float(dearest.sum() + core.fixed.sum() + left.sum())
    need = math.fsum(core.size[np.isinf(core.outside)].tolist())
    return Task(core, fitter(core), yard, need * (1 - 1e-9), endless, set())


def starting_sites(task: Task) -> list[Mask]:
    """The existing sites; with them the cheapest places until all fit with room to spare; as many as may open."""
    core = task.core
    capacity = task.yard.capacity
    new = np.flatnonzero(~core.existing & (capacity > 0))
    cheapest = new[np.lexsort((-capacity[new], core.fixed[new] / capacity[new]))][: core.may_open]
    held = capacity[core.existing].sum() + np.cumsum(capacity[cheapest])
    enough = int(np.searchsorted(held, SPARE * task.need)) + 1
    largest = new[np.argsort(-capacity[new], kind="stable")][: core.may_open]
    found = []
    for chosen in (new[:0], cheapest[:enough], largest):
        is_open = core.existing.copy()
        is_open[chosen] = True
        found.append(is_open)
    return found


def _first_prices(core: Core) -> F64:
    """The second cheapest value of each unit and its part of the cost of places."""
    assert core.capacity is not None
    count = np.diff(core.start)
    price = np.zeros(core.n_units)
    has = count > 0
    price[has] = core.value[core.start[:-1][has] + (count[has] > 1)]
    holds = core.capacity > 0
    rate = float(np.median(core.fixed[holds] / core.capacity[holds])) if holds.any() else 0.0
    return np.minimum(price + rate * core.size, core.outside)


def offers_at(task: Task, price: F64, step: float) -> Offers:
    sites = np.zeros(task.core.n_sites)
    state = np.array([-np.inf, step, 0.0, 0.0])
    pairs = np.zeros(len(task.core.site))
    units = np.zeros(task.core.n_units)
    return Offers(price.copy(), price.copy(), units, sites, sites.copy(), sites.copy(), pairs, sites.copy(), state)


def root_node(task: Task, rule: I8, best: Best, deadline: float, enough: float | None) -> tuple[Best, Node | None]:
    """Prices for all plans, and plans from the sites they choose."""
    offers, most = offers_at(task, _first_prices(task.core), FIRST_STEP), left_to_open(task, rule)
    yard = task.yard._replace(rule=rule)
    for _ in range(ROOT_TURNS):
        raise_filled(yard, offers, most, task.need, min(best.cost, task.endless), STEPS)
        best = tried(task, chosen_sites(task, rule, offers), best)
        bound = sure_bound(task.core, offers)
        met = bound >= best.cost or (enough is not None and (best.cost <= enough or bound > enough))
        if met or offers.state[STEP] < LEAST_STEP or time.monotonic() > deadline:
            break
    return best, node_of(task, rule, offers, best, 0)


def left_to_open(task: Task, rule: I8) -> int:
    """How many free sites may still be opened."""
    return task.core.may_open - int(((rule == OPEN) & ~task.core.existing).sum())


def chosen_sites(task: Task, rule: I8, offers: Offers) -> Mask:
    """The sites the prices choose, no more than may be opened: those opened in part go first."""
    is_open = offers.opened > 0
    new = np.flatnonzero(is_open & (rule == FREE))
    spare = len(new) - left_to_open(task, rule)
    if spare > 0:
        order = np.lexsort((offers.worth[new], offers.opened[new] < 1))
        is_open[new[order[-spare:]]] = False
    return is_open


def tried(task: Task, is_open: Mask, best: Best) -> Best:
    """The plan for some open sites, if it is better than the best one."""
    key = np.packbits(is_open).tobytes()
    if key in task.tried:
        return best
    task.tried.add(key)
    found = split(task.fitter, is_open)
    if found.cost >= best.cost:
        return best
    if task.core.whole:
        found = whole(task.fitter, is_open, found)
    return Best(is_open.copy(), found, found.cost) if found.cost < best.cost else best


def sure_bound(core: Core, offers: Offers) -> float:
    """The bound less what arithmetic may err; rounded up where every plan has a whole cost."""
    bound = float(offers.state[BEST]) - ROUNDING * float(np.abs(offers.best_price).sum())
    return math.ceil(bound - 1e-6) if core.integral and math.isfinite(bound) else bound


def margins(task: Task, rule: I8, offers: Offers) -> tuple[F64, F64]:
    """What opening, and what shutting a free site adds to the bound at least (dual of choosing among the sites)."""
    worth = offers.worth - offers.state[NEED] * task.yard.capacity
    free = rule == FREE
    worth = np.where(free, worth, 0.0)
    chosen = free & (offers.opened > 0)
    full = int(chosen.sum()) >= left_to_open(task, rule) and offers.state[NEED] == 0
    last = min(float(worth[chosen].max(initial=-np.inf)), 0.0) if full and chosen.any() else 0.0
    following = min(float(worth[free & ~chosen].min(initial=0.0)), 0.0) if full else 0.0
    opening = np.where(free & ~chosen, np.maximum(worth - last, 0.0), 0.0)
    shutting = np.where(chosen, np.maximum(following - worth, 0.0), 0.0)
    return opening, shutting


def node_of(task: Task, rule: I8, offers: Offers, best: Best, number: int) -> Node | None:
    """What is left to decide at the best prices; None where nothing there can be better than the best plan."""
    bound = sure_bound(task.core, offers)
    if bound >= best.cost - PROVEN / 10 * abs(best.cost):
        return None
    offers.price[:] = offers.best_price
    weigh_filled(task.yard._replace(rule=rule), offers, left_to_open(task, rule), task.need)
    opening, shutting = margins(task, rule, offers)
    room = best.cost + PROVEN * abs(best.cost) - float(offers.state[BEST])
    rule = rule.copy()
    rule[(rule == FREE) & (opening > room)] = SHUT
    rule[(rule == FREE) & (shutting > room)] = OPEN
    free = np.flatnonzero(rule == FREE)
    doubt = np.abs(offers.mean[free] - 0.5) - 1e-3 * (opening + shutting)[free] / max(room, 1e-300)
    branch = int(free[np.argmin(doubt)]) if len(free) else -1
    return Node(bound, number, rule, offers.best_price.copy(), branch)
