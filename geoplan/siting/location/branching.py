"""Branching on sites where prices and plans with capacities do not meet; exchange of sites before.

Best first, each child priced from its parent's prices. Where all sites are decided, a split plan is exact; whole
units go to HiGHS with the pairs that a better plan may use.
"""

from __future__ import annotations

import heapq
import math
import time
from dataclasses import replace

import numpy as np

from geoplan.siting.location.capacity import (
    Best,
    Node,
    Task,
    chosen_sites,
    left_to_open,
    margins,
    node_of,
    offers_at,
    root_node,
    starting_sites,
    task_of,
    tried,
)
from geoplan.siting.location.core import Core, cost_of, only
from geoplan.siting.location.fitting import NO_FIT, Fit, polished, split, whole
from geoplan.siting.location.instance import F64, I64, PROVEN, Mask
from geoplan.siting.location.kernels_capacity import FREE, I8, OPEN, SHUT, raise_filled, weigh_filled
from geoplan.siting.location.kernels_relax import BEST
from geoplan.siting.location.mip import solve_mip

CHILD_STEPS = 60
FIRST_STEP, CHILD_STEP = 1.5, 0.4
NEAR = 8
"""Sites on either side of the margin that are tried in exchanges."""
MOST_TRIES = 400
MOST_NODES = 20_000
ROUNDING = 1e-12
LARGEST_LEAF = 40_000
"""Pairs of whole units above which HiGHS is not asked."""
TOLERANCE = 1e-7
"""What HiGHS may err where it says that it has proven a plan best."""
LEAF_SHARE = 0.25
"""Part of the time left that HiGHS may take for one set of sites."""


def fit_sites(core: Core, deadline: float, enough: float | None = None) -> tuple[Best, float]:
    """The best plan found until the deadline and a proven bound (inf: there is no plan).

    ``enough`` stops as soon as a plan costs no more, or is proven to cost more.
    """
    task = task_of(core)
    rule = np.where(core.existing, OPEN, FREE).astype(np.int8)
    best = Best(None, NO_FIT, math.inf)
    for is_open in starting_sites(task):
        best = tried(task, is_open, best)
    best, root = root_node(task, rule, best, deadline, enough)
    best = _exchanged(task, root, best, deadline) if root is not None else best
    best, bound = _branched(task, root, best, deadline, enough)
    return best, min(bound, best.cost)


def _exchanged(task: Task, root: Node, best: Best, deadline: float) -> Best:
    """Shut, open and swap sites near the margin until nothing helps."""
    tries = 0
    while best.is_open is not None:
        before = best.cost
        for is_open in _neighbours(task, root, best.is_open):
            if tries >= MOST_TRIES or time.monotonic() > deadline:
                return best
            tries += 1
            best = tried(task, is_open, best)
            if best.cost < before:
                break
        if best.cost >= before:
            return best
    return best


def _neighbours(task: Task, root: Node, is_open: Mask) -> list[Mask]:
    """Sets of sites one step away, with sites whose opening or shutting costs the bound least."""
    offers = offers_at(task, root.price, FIRST_STEP)
    rule = np.where(task.core.existing, OPEN, FREE).astype(np.int8)
    weigh_filled(task.yard._replace(rule=rule), offers, left_to_open(task, rule), task.need)
    opening, shutting = margins(task, rule, offers)
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
            best, cost = _leaf(task, node, best, deadline)
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
    offers = offers_at(task, node.price, CHILD_STEP)
    offers.state[BEST] = node.bound if not task.core.integral else -np.inf
    yard = task.yard._replace(rule=rule)
    raise_filled(yard, offers, left_to_open(task, rule), task.need, min(best.cost, task.endless), CHILD_STEPS)
    best = tried(task, chosen_sites(task, rule, offers), best)
    return best, node_of(task, rule, offers, best, number)


def _holds(task: Task, rule: I8) -> bool:
    """Whether the sites that may be open can hold everybody who must be served."""
    left = left_to_open(task, rule)
    if left < 0:
        return False
    capacity = task.yard.capacity
    largest = np.sort(capacity[rule == FREE])[::-1][:left]
    return bool(capacity[rule == OPEN].sum() + largest.sum() >= task.need)


def _leaf(task: Task, node: Node, best: Best, deadline: float) -> tuple[Best, float]:
    """All sites decided: a split plan costs what it costs; of whole units it is the bound, and HiGHS has the rest."""
    is_open = node.rule == OPEN
    found = polished(task.core, is_open, split(task.fitter, is_open))
    if not math.isfinite(found.cost):
        return best, math.inf
    if not task.core.whole:
        return _lower(best, is_open, found), max(node.bound, found.cost)
    best = _lower(best, is_open, whole(task.fitter, is_open, found))
    least = max(node.bound, _rounded(task.core, found.cost * (1 - PROVEN)))
    if least >= best.cost - PROVEN * abs(best.cost):
        return best, least
    return _whole_leaf(task, node, best, deadline, least)


def _lower(best: Best, is_open: Mask, found: Fit) -> Best:
    return Best(is_open, found, found.cost) if found.cost < best.cost else best


def _rounded(core: Core, bound: float) -> float:
    return math.ceil(bound - 1e-6) if core.integral and math.isfinite(bound) else bound


def _whole_leaf(task: Task, node: Node, best: Best, deadline: float, least: float) -> tuple[Best, float]:
    """Whole units to known sites by HiGHS, with the pairs whose use does not lift the bound above the best plan."""
    is_open = node.rule == OPEN
    pairs = _useful(task, node, best)
    left = deadline - time.monotonic()
    if len(pairs) > LARGEST_LEAF or left <= 0:
        return best, least
    core, kept = task.core, np.zeros(len(task.core.site), bool)
    kept[pairs] = True
    small = replace(only(core, kept), fixed=np.zeros(core.n_sites), existing=np.ones(core.n_sites, bool), most=None)
    exact = solve_mip(small, LEAF_SHARE * left)
    paid = float(core.fixed[is_open].sum())
    if exact.is_open is not None:
        best = _lower(best, is_open, _fit_of(core, is_open, pairs[exact.share > 0.5]))
    bound = _rounded(core, exact.bound + paid)
    if exact.proven and bound >= best.cost * (1 - TOLERANCE):
        bound = best.cost
    return best, max(least, min(bound, best.cost))


def _fit_of(core: Core, is_open: Mask, pair: I64) -> Fit:
    """Whole units by pair, if sites hold them to the last."""
    assert core.capacity is not None
    load = np.bincount(core.site[pair], core.size[core.unit[pair]], core.n_sites)
    if (load > core.capacity * (1 + ROUNDING)).any() or len(np.unique(core.unit[pair])) < len(pair):
        return NO_FIT
    return Fit(pair, np.ones(len(pair)), cost_of(core, is_open, pair, np.ones(len(pair))))


def _useful(task: Task, node: Node, best: Best) -> I64:
    """Pairs of open sites that a better plan may use, by their cost at the node's prices."""
    core, offers = task.core, offers_at(task, node.price, FIRST_STEP)
    bound = weigh_filled(task.yard._replace(rule=node.rule), offers, left_to_open(task, node.rule), task.need)
    reduced = core.value - offers.price[core.unit] + offers.rate[core.site] * core.size[core.unit]
    room = best.cost + PROVEN * abs(best.cost) - bound
    return np.flatnonzero((node.rule[core.site] == OPEN) & (np.maximum(reduced, 0.0) <= room))


def finished(core: Core, best: Best) -> Best:
    """The best plan with its assignment polished where units may be split."""
    if best.is_open is None or core.whole:
        return best
    fit = polished(core, best.is_open, best.fit)
    return replace(best, fit=fit, cost=fit.cost)
