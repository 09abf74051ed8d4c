"""Who goes where when the open sites are known and hold only so much: split exactly, or whole by exchange."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array, vstack

from geoplan.enrolment import Options, Problem, prepare, solve
from geoplan.siting.location.core import Core, cost_of, nearest_open, only
from geoplan.siting.location.instance import F64, I64, Mask
from geoplan.siting.location.kernels_whole import Ways, settle_whole
from geoplan.siting.location.mip import LARGEST

TOTAL_SIZE = 1e5
LONGEST = 20_000_000
"""Sizes and costs are scaled to these for the integer flow: their product in millionths stays below 2^62."""
LARGEST_LP = 150_000
PASSES = 50


@dataclass(frozen=True)
class Fit:
    """A plan for some open sites: pairs and shares of their units; ``cost`` is inf where not everybody fits."""

    pair: I64
    share: F64
    cost: float


@dataclass(frozen=True)
class Fitter:
    """A problem with capacities, ready to fit units into many sets of open sites."""

    core: Core
    problem: Problem
    scale: float  # sizes to the flow's amounts
    key: I64  # unit x sites + site of each pair, ascending
    pair: I64  # the pair of each key
    ways: Ways


NO_FIT = Fit(np.empty(0, np.int64), np.empty(0), math.inf)


def fitter(core: Core) -> Fitter:
    """Prepare a problem once for `split` and `whole`."""
    unit, site = core.unit, core.site.astype(np.int64)
    size = core.size[unit]
    each = np.divide(core.value, size, out=np.zeros(len(size)), where=size > 0)
    stretch = LONGEST / max(float(each.max(initial=0.0)), 1e-300)
    whole_cost = np.rint(each * stretch).astype(np.int64) if each.any() else np.zeros(len(each), np.int64)
    total = float(core.size.sum())
    scale = 10.0 ** math.floor(math.log10(TOTAL_SIZE / total)) if total > 0 else 1.0  # whole sizes stay whole
    problem = prepare(core.size * scale, Options(unit, site, whole_cost), core.n_sites)
    key = unit * core.n_sites + site
    order = np.argsort(key)
    room = np.zeros(core.n_sites)
    ways = Ways(core.start, core.site[order], core.value[order], core.size, room)
    return Fitter(core, problem, scale, key[order], order, ways)


def split(fit: Fitter, is_open: Mask) -> Fit:
    """The cheapest assignment to open sites by integer flow, exact but for the rounding of sizes and costs."""
    core = fit.core
    assert core.capacity is not None
    room = np.where(is_open, core.capacity, 0.0) * fit.scale
    found = solve(fit.problem, room)
    must = np.isinf(core.outside)
    none = nearest_open(core, is_open)
    if (found.unserved[must] > 0).any() or (none[must & (core.size == 0)] < 0).any():
        return NO_FIT
    pair = fit.pair[np.searchsorted(fit.key, found.unit * core.n_sites + found.school)]
    share = found.millionths / found.supply[found.unit]
    idle = np.flatnonzero((found.supply == 0) & (none >= 0) & must)
    pair, share = np.concatenate([pair, none[idle]]), np.concatenate([share, np.ones(len(idle))])
    return Fit(pair, share, cost_of(core, is_open, pair, share))


def polished(core: Core, is_open: Mask, fit: Fit) -> Fit:
    """The same by linear programming in the numbers as given, where that is small enough; else as it was."""
    small = only(core, is_open[core.site])
    if len(small.site) > LARGEST_LP:
        return fit
    share = _by_lp(small)
    if share is None:
        return fit
    kept = np.flatnonzero(is_open[core.site])
    used = np.flatnonzero(share)
    better = Fit(kept[used], share[used], cost_of(core, is_open, kept[used], share[used]))
    return better if better.cost < fit.cost else fit


def _by_lp(core: Core) -> F64 | None:
    """Shares of pairs by HiGHS; every pair's site is open."""
    assert core.capacity is not None
    pairs, must = np.arange(len(core.site)), np.isinf(core.outside)
    saved = core.value - np.where(must, 0.0, core.outside)[core.unit]
    if not len(pairs):
        return None
    served = csr_array((np.ones(len(pairs)), (core.unit, pairs)), shape=(core.n_units, len(pairs)))
    holds = np.where(core.capacity > 0, core.capacity, 1.0)
    used = core.size[core.unit] / holds[core.site]
    filled = csr_array((used, (core.site, pairs)), shape=(core.n_sites, len(pairs)))
    found = linprog(
        saved * (LARGEST / max(float(np.abs(saved).max()), 1e-300)),
        A_ub=vstack([filled, served[np.flatnonzero(~must)]]),
        b_ub=np.concatenate([core.capacity > 0, np.ones(int((~must).sum()))]).astype(np.float64),
        A_eq=served[np.flatnonzero(must)] if must.any() else None,
        b_eq=np.ones(int(must.sum())) if must.any() else None,
        bounds=(0, 1),
        method="highs",
    )
    return None if found.x is None else clean_shares(core, found.x)


def clean_shares(core: Core, share: F64) -> F64:
    """Shares without the dust of the simplex method: units that are served in full have parts that sum to one."""
    share = np.where(share > 1e-9, share, 0.0)
    total = np.bincount(core.unit, share, core.n_units)
    full = np.abs(total - 1) < 1e-6
    share[full[core.unit]] /= total[core.unit][full[core.unit]]
    return share


def whole(fit: Fitter, is_open: Mask, start: Fit) -> Fit:
    """Every unit to one open site: from the split plan, each unit where most of it goes, then moves and exchanges."""
    core = fit.core
    assert core.capacity is not None
    if not math.isfinite(start.cost):
        return NO_FIT
    optional = np.isfinite(core.outside)
    if optional.any():
        return _whole_or_left(fit, is_open, start)
    most = np.lexsort((start.share, core.unit[start.pair]))
    pair = np.empty(core.n_units, np.int64)
    pair[core.unit[start.pair[most]]] = start.pair[most]
    return _settled(fit, is_open, np.arange(core.n_units), pair)


def _settled(fit: Fitter, is_open: Mask, units: I64, pair: I64) -> Fit:
    """Moves and exchanges from one pair a unit; `NO_FIT` where sites stay overfull."""
    core = fit.core
    assert core.capacity is not None
    rank = np.empty(len(fit.pair), np.int64)
    rank[fit.pair] = np.arange(len(fit.pair))
    way = rank[pair]
    ways = fit.ways._replace(room=np.where(is_open, core.capacity, 0.0))
    price = 10 * float(core.value.max(initial=0.0)) / max(float(core.size[core.size > 0].min(initial=np.inf)), 1e-300)
    price = price if math.isfinite(price) and price > 0 else 1.0
    tiny = 1e-11 * max(float(core.value[pair].sum()), price)
    over = settle_whole(ways, way, price, tiny, PASSES)
    if over > 0:
        return NO_FIT
    chosen = fit.pair[way]
    share = np.ones(len(units))
    return Fit(chosen, share, cost_of(core, is_open, chosen, share))


def _whole_or_left(fit: Fitter, is_open: Mask, start: Fit) -> Fit:
    """Largest units first, each whole into the open site that its split plan names or the one with most room."""
    core = fit.core
    assert core.capacity is not None
    room = np.where(is_open, core.capacity, 0.0)
    chosen: list[int] = []
    order = np.lexsort((np.arange(core.n_units), -core.size))
    planned = dict(zip(core.unit[start.pair[::-1]].tolist(), start.pair[::-1].tolist(), strict=True))
    for i in order.tolist():
        ways = range(int(core.start[i]), int(core.start[i + 1]))
        first = planned.get(i)
        fitting = [t for t in ways if room[core.site[t]] >= core.size[i] and is_open[core.site[t]]]
        if not fitting:
            continue
        take = first if first in fitting else max(fitting, key=lambda t: room[core.site[t]])
        room[core.site[take]] -= core.size[i]
        chosen.append(int(take))
    pair = np.array(sorted(chosen), np.int64)
    return Fit(pair, np.ones(len(pair)), cost_of(core, is_open, pair, np.ones(len(pair))))
