"""Problems with capacities: prices that bound, exchange of sites, and branching where the two do not meet.

Method: Lagrangian relaxation of the assignment with a continuous knapsack a site (Holmberg, Ronnqvist and Yuan 1999;
Cornuejols, Sridharan and Thizy 1991); plans from the sites the prices choose, split exactly by flow or made whole by
moves and exchanges; best-first branching on sites, each child priced from its parent's prices.
"""

from __future__ import annotations

import heapq
import math
import time
from dataclasses import dataclass, replace

import numpy as np

from geoplan.siting.location.core import Core
from geoplan.siting.location.fitting import NO_FIT, Fit, Fitter, fitter, polished, split, whole
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
CHILD_STEPS = 60
FIRST_STEP, CHILD_STEP = 1.5, 0.4
NEAR = 8
"""Sites on either side of the margin that are tried in exchanges."""
MOST_TRIES = 400
SPARE = 1.3
"""Places for each who needs one in the first plan."""
MOST_NODES = 20_000
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


def fit_sites(core: Core, deadline: float, enough: float | None = None) -> tuple[Best, float]:
    """The best plan found until the deadline and a proven bound (inf: there is no plan).

    ``enough`` stops as soon as a plan costs no more, or is proven to cost more.
    """
    task = _task(core)
    rule = np.where(core.existing, OPEN, FREE).astype(np.int8)
    best = Best(None, NO_FIT, math.inf)
    for is_open in _first_sets(task):
        best = _tried(task, is_open, best)
    best, root = _root(task, rule, best, deadline, enough)
    best = _exchanged(task, root, best, deadline) if root is not None else best
    best, bound = _branched(task, root, best, deadline, enough)
    return best, min(bound, best.cost)


def _task(core: Core) -> Task:
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


def _first_sets(task: Task) -> list[Mask]:
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


def _offers(task: Task, price: F64, step: float) -> Offers:
    sites = np.zeros(task.core.n_sites)
    state = np.array([-np.inf, step, 0.0, 0.0])
    pairs = np.zeros(len(task.core.site))
    units = np.zeros(task.core.n_units)
    return Offers(price.copy(), price.copy(), units, sites, sites.copy(), sites.copy(), pairs, sites.copy(), state)


def _root(task: Task, rule: I8, best: Best, deadline: float, enough: float | None) -> tuple[Best, Node | None]:
    """Prices for all plans, and plans from the sites they choose."""
    offers, most = _offers(task, _first_prices(task.core), FIRST_STEP), _left(task, rule)
    yard = task.yard._replace(rule=rule)
    for _ in range(ROOT_TURNS):
        raise_filled(yard, offers, most, task.need, min(best.cost, task.endless), STEPS)
        best = _tried(task, _chosen(task, rule, offers), best)
        bound = _sure(task.core, offers)
        met = bound >= best.cost or (enough is not None and (best.cost <= enough or bound > enough))
        if met or offers.state[STEP] < LEAST_STEP or time.monotonic() > deadline:
            break
    return best, _node(task, rule, offers, best, 0)


def _left(task: Task, rule: I8) -> int:
    """How many free sites may still be opened."""
    return task.core.may_open - int(((rule == OPEN) & ~task.core.existing).sum())


def _chosen(task: Task, rule: I8, offers: Offers) -> Mask:
    """The sites the prices choose, no more than may be opened: those opened in part go first."""
    is_open = offers.opened > 0
    new = np.flatnonzero(is_open & (rule == FREE))
    spare = len(new) - _left(task, rule)
    if spare > 0:
        order = np.lexsort((offers.worth[new], offers.opened[new] < 1))
        is_open[new[order[-spare:]]] = False
    return is_open


def _tried(task: Task, is_open: Mask, best: Best) -> Best:
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


def _sure(core: Core, offers: Offers) -> float:
    """The bound less what arithmetic may err; rounded up where every plan has a whole cost."""
    bound = float(offers.state[BEST]) - ROUNDING * float(np.abs(offers.best_price).sum())
    return math.ceil(bound - 1e-6) if core.integral and math.isfinite(bound) else bound


def _margins(task: Task, rule: I8, offers: Offers) -> tuple[F64, F64]:
    """What opening, and what shutting a free site adds to the bound at least (dual of choosing among the sites)."""
    worth = offers.worth - offers.state[NEED] * task.yard.capacity
    free = rule == FREE
    worth = np.where(free, worth, 0.0)
    chosen = free & (offers.opened > 0)
    full = int(chosen.sum()) >= _left(task, rule) and offers.state[NEED] == 0
    last = min(float(worth[chosen].max(initial=-np.inf)), 0.0) if full and chosen.any() else 0.0
    following = min(float(worth[free & ~chosen].min(initial=0.0)), 0.0) if full else 0.0
    opening = np.where(free & ~chosen, np.maximum(worth - last, 0.0), 0.0)
    shutting = np.where(chosen, np.maximum(following - worth, 0.0), 0.0)
    return opening, shutting


def _node(task: Task, rule: I8, offers: Offers, best: Best, number: int) -> Node | None:
    """What is left to decide at the best prices; None where nothing there can be better than the best plan."""
    bound = _sure(task.core, offers)
    if bound >= best.cost - PROVEN / 10 * abs(best.cost):
        return None
    offers.price[:] = offers.best_price
    weigh_filled(task.yard._replace(rule=rule), offers, _left(task, rule), task.need)
    opening, shutting = _margins(task, rule, offers)
    room = best.cost + PROVEN * abs(best.cost) - float(offers.state[BEST])
    rule = rule.copy()
    rule[(rule == FREE) & (opening > room)] = SHUT
    rule[(rule == FREE) & (shutting > room)] = OPEN
    free = np.flatnonzero(rule == FREE)
    doubt = np.abs(offers.mean[free] - 0.5) - 1e-3 * (opening + shutting)[free] / max(room, 1e-300)
    branch = int(free[np.argmin(doubt)]) if len(free) else -1
    return Node(bound, number, rule, offers.best_price.copy(), branch)


def _exchanged(task: Task, root: Node, best: Best, deadline: float) -> Best:
    """Shut, open and swap sites near the margin until nothing helps."""
    tries = 0
    while best.is_open is not None:
        before = best.cost
        for is_open in _neighbours(task, root, best.is_open):
            if tries >= MOST_TRIES or time.monotonic() > deadline:
                return best
            tries += 1
            best = _tried(task, is_open, best)
            if best.cost < before:
                break
        if best.cost >= before:
            return best
    return best


def _neighbours(task: Task, root: Node, is_open: Mask) -> list[Mask]:
    """Sets of sites one step away, with sites whose opening or shutting costs the bound least."""
    offers = _offers(task, root.price, FIRST_STEP)
    rule = np.where(task.core.existing, OPEN, FREE).astype(np.int8)
    weigh_filled(task.yard._replace(rule=rule), offers, _left(task, rule), task.need)
    opening, shutting = _margins(task, rule, offers)
    free = root.rule == FREE
    outs = _least(shutting, free & is_open)
    ins = _least(opening, free & ~is_open)
    moves = [(out, -1) for out in outs] + [(-1, into) for into in ins] + [(out, into) for out in outs for into in ins]
    found = []
    for out, into in moves:
        changed = is_open.copy()
        changed[[at for at in (out, into) if at >= 0]] ^= True
        if int((changed & ~task.core.existing).sum()) <= task.core.may_open:
            found.append(changed)
    return found


def _least(margin: F64, among: Mask) -> list[int]:
    rows = np.flatnonzero(among)
    return [int(row) for row in rows[np.argsort(margin[rows], kind="stable")][:NEAR]]


def _branched(task: Task, root: Node | None, best: Best, deadline: float, enough: float | None) -> tuple[Best, float]:
    """Decide site after site, always in the part of the plans with the lowest bound."""
    heap = [] if root is None else [root]
    settled, number = math.inf, 0
    while heap:
        bound = min(settled, heap[0].bound)
        stop = enough is not None and (best.cost <= enough or bound > enough)
        if stop or bound >= best.cost - PROVEN / 10 * abs(best.cost) or settled <= heap[0].bound:
            return best, bound
        if number >= MOST_NODES or time.monotonic() > deadline:
            return best, bound
        node = heapq.heappop(heap)
        if node.branch < 0:
            best, cost = _leaf(task, node, best)
            settled = min(settled, cost)
            continue
        for value in (OPEN, SHUT):
            number += 1
            best, child = _child(task, node, value, best, number)
            if child is not None:
                heapq.heappush(heap, child)
    return best, min(settled, best.cost)


def _child(task: Task, node: Node, value: int, best: Best, number: int) -> tuple[Best, Node | None]:
    rule = node.rule.copy()
    rule[node.branch] = value
    if not _holds(task, rule):
        return best, None
    offers = _offers(task, node.price, CHILD_STEP)
    offers.state[BEST] = node.bound if not task.core.integral else -np.inf
    yard = task.yard._replace(rule=rule)
    raise_filled(yard, offers, _left(task, rule), task.need, min(best.cost, task.endless), CHILD_STEPS)
    best = _tried(task, _chosen(task, rule, offers), best)
    return best, _node(task, rule, offers, best, number)


def _holds(task: Task, rule: I8) -> bool:
    """Whether the sites that may be open can hold everybody who must be served."""
    left = _left(task, rule)
    if left < 0:
        return False
    capacity = task.yard.capacity
    largest = np.sort(capacity[rule == FREE])[::-1][:left]
    return bool(capacity[rule == OPEN].sum() + largest.sum() >= task.need)


def _leaf(task: Task, node: Node, best: Best) -> tuple[Best, float]:
    """All sites decided: the cost of the split plan bounds the leaf, and is its cost where units may be split."""
    is_open = node.rule == OPEN
    found = polished(task.core, is_open, split(task.fitter, is_open))
    if not math.isfinite(found.cost):
        return best, math.inf
    if task.core.whole:
        made = whole(task.fitter, is_open, found)
        least = math.ceil(found.cost * (1 - ROUNDING) - 1e-6) if task.core.integral else found.cost * (1 - 1e-9)
        return (Best(is_open, made, made.cost) if made.cost < best.cost else best), max(node.bound, least)
    return (Best(is_open, found, found.cost) if found.cost < best.cost else best), max(node.bound, found.cost)


def finished(core: Core, best: Best) -> Best:
    """The best plan with its assignment polished where units may be split."""
    if best.is_open is None or core.whole:
        return best
    fit = polished(core, best.is_open, best.fit)
    return replace(best, fit=fit, cost=fit.cost)
