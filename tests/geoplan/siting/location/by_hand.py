"""Small location problems, and their optimum by looking at every plan there is."""

from __future__ import annotations

import math
from itertools import combinations, product

import numpy as np
from hypothesis import strategies as some

from geoplan.siting.location import Instance, Pairs

INF = math.inf


def instance(model: str, demand: list[float], costs: list[list[float | None]], **more: object) -> Instance:
    """An instance from a table of costs, units by sites; None where a site is out of reach."""
    found = [(i, j, cost) for i, row in enumerate(costs) for j, cost in enumerate(row) if cost is not None]
    unit, site, cost = (np.array(column) for column in zip(*found, strict=True)) if found else (np.empty(0),) * 3
    pairs = Pairs(unit.astype(np.int64), site.astype(np.int64), cost.astype(np.float64))
    sites = len(costs[0]) if costs else 0
    arrays = {name: np.array(more.pop(name), float) for name in ("capacity", "opening_cost") if more.get(name)}
    existing = np.array(more.pop("existing", []), np.int64)
    return Instance(model, np.array(demand, float), sites, pairs, existing=existing, **arrays, **more)  # type: ignore[arg-type]


def table(given: Instance) -> np.ndarray:
    """Costs, units by sites; inf where out of reach."""
    dense = np.full((len(given.demand), given.n_sites), INF)
    dense[given.pairs.unit, given.pairs.site] = given.pairs.cost
    return np.where(dense <= (INF if given.limit is None else given.limit), dense, INF)


def optimum(given: Instance) -> float | None:
    """The best objective over all sets of sites and all assignments; None where there is no plan."""
    values = [value for chosen in _sets(given) if (value := _value(given, chosen)) is not None]
    if not values:
        return None
    return max(values) if given.model == "mclp" else min(values)


def _sets(given: Instance) -> list[tuple[int, ...]]:
    new = [j for j in range(given.n_sites) if j not in given.existing]
    most = len(new) if given.p is None else min(given.p, len(new))
    kept = tuple(int(j) for j in given.existing)
    return [kept + chosen for k in range(most + 1) for chosen in combinations(new, k)]


def _value(given: Instance, chosen: tuple[int, ...]) -> float | None:
    cost = table(given)[:, list(chosen)] if chosen else np.full((len(given.demand), 0), INF)
    opening = np.zeros(given.n_sites) if given.opening_cost is None else given.opening_cost
    paid = sum(opening[j] for j in chosen if j not in given.existing)
    new = len(chosen) - len(given.existing)
    if given.model == "mclp":
        return _served(given, chosen, cost)
    if _assigned(given, chosen, np.where(np.isfinite(cost), 0.0, INF)) is None:
        return None
    if given.model == "lscp":
        return float(new if given.opening_cost is None else paid)
    if given.model == "p_center":
        return _radius(given, chosen, cost)
    reach = np.isfinite(cost)
    found = _assigned(given, chosen, np.where(reach, np.where(reach, cost, 0) * given.demand[:, None], INF))
    return None if found is None else found + float(paid)


def _radius(given: Instance, chosen: tuple[int, ...], cost: np.ndarray) -> float | None:
    for radius in np.unique(cost[np.isfinite(cost)]):
        if _assigned(given, chosen, np.where(cost <= radius, 0.0, INF)) is not None:
            return float(radius)
    return None


def _served(given: Instance, chosen: tuple[int, ...], cost: np.ndarray) -> float:
    reach = np.isfinite(cost)
    if given.capacity is None:
        return float(given.demand[reach.any(axis=1)].sum()) if chosen else 0.0
    room = given.capacity[list(chosen)]
    if given.single_source:
        return _fullest(given.demand, reach, room)
    return _largest_flow(given.demand, reach, room)


def _fullest(demand: np.ndarray, reach: np.ndarray, room: np.ndarray) -> float:
    best = 0.0
    for choice in product(*[[-1, *np.flatnonzero(row)] for row in reach]):
        where = np.array(choice)
        load = np.bincount(where[where >= 0], demand[where >= 0], len(room))
        if (load <= room + 1e-9).all():
            best = max(best, float(demand[where >= 0].sum()))
    return best


def _largest_flow(demand: np.ndarray, reach: np.ndarray, room: np.ndarray) -> float:
    """The least cut over all sets of units: those outside it in full, and the room of what it reaches."""
    best = INF
    for inside in product([False, True], repeat=len(demand)):
        mask = np.array(inside, bool)
        touched = reach[mask].any(axis=0) if mask.any() else np.zeros(len(room), bool)
        best = min(best, float(demand[~mask].sum() + room[touched].sum()))
    return best


def _assigned(given: Instance, chosen: tuple[int, ...], value: np.ndarray) -> float | None:
    if given.capacity is None:
        least = value.min(axis=1) if chosen else np.full(len(given.demand), INF)
        return float(least.sum()) if np.isfinite(least).all() else None
    room = given.capacity[list(chosen)]
    if given.single_source:
        return _whole(given.demand, value, room)
    return _split(given.demand, value, room)


def _whole(demand: np.ndarray, value: np.ndarray, room: np.ndarray) -> float | None:
    best = None
    for choice in product(*[np.flatnonzero(np.isfinite(row)) for row in value]):
        where = np.array(choice, int)
        if (np.bincount(where, demand, len(room)) <= room + 1e-9).all():
            cost = float(value[np.arange(len(demand)), where].sum())
            best = cost if best is None else min(best, cost)
    return best


def _split(demand: np.ndarray, value: np.ndarray, room: np.ndarray) -> float | None:
    """Unit by unit in whole parts: amounts and rooms are whole numbers, so some best plan is whole."""
    states: dict[tuple[int, ...], float] = {tuple(int(r) for r in room): 0.0}
    for amount, row in zip(demand, value, strict=True):
        for _ in range(int(amount)):
            following: dict[tuple[int, ...], float] = {}
            for left, spent in states.items():
                for j in np.flatnonzero(np.isfinite(row)):
                    if left[j] > 0:
                        key = (*left[:j], left[j] - 1, *left[j + 1 :])
                        cost = spent + row[j] / amount
                        following[key] = min(cost, following.get(key, INF))
            states = following
        if amount == 0 and not np.isfinite(row).any():
            return None
    return min(states.values(), default=None)


@some.composite
def instances(draw: some.DrawFn, model: str, *, capacity: bool = False, single: bool = False) -> Instance:
    """Instances small enough to look at every plan."""
    units, sites = draw(some.integers(1, 4)), draw(some.integers(1, 4))
    demand = draw(some.lists(some.integers(0, 3), min_size=units, max_size=units))
    entry = some.one_of(some.none(), some.integers(0, 9), some.integers(0, 9), some.integers(0, 9))
    costs = draw(some.lists(some.lists(entry, min_size=sites, max_size=sites), min_size=units, max_size=units))
    more: dict[str, object] = {}
    if capacity:
        more["capacity"] = draw(some.lists(some.integers(0, 7), min_size=sites, max_size=sites))
    if model in ("cflp", "lscp") or draw(some.booleans()):
        more["opening_cost"] = draw(some.lists(some.integers(0, 12), min_size=sites, max_size=sites))
    more["existing"] = sorted(draw(some.sets(some.integers(0, sites - 1), max_size=1)))
    more["p"] = draw(some.integers(0, sites))
    if model in ("cflp", "lscp") and draw(some.booleans()):
        more["p"] = None
    more["limit"] = draw(some.sampled_from([None, 4.0, 7.0]))
    return instance(model, demand, costs, single_source=single, **more)


def shuffled(given: Instance, seed: int) -> tuple[Instance, np.ndarray, np.ndarray]:
    """The same instance with rows of units, sites and pairs in another order; old rows of the new ones."""
    random = np.random.default_rng(seed)
    units, sites = random.permutation(len(given.demand)), random.permutation(given.n_sites)
    pairs = random.permutation(len(given.pairs.cost))
    unit_rank, site_rank = np.argsort(units), np.argsort(sites)
    old = given.pairs
    moved = Pairs(unit_rank[old.unit[pairs]], site_rank[old.site[pairs]], old.cost[pairs])
    columns = {
        name: None if (column := getattr(given, name)) is None else column[sites]
        for name in ("capacity", "opening_cost", "site_xy")
    }
    return (
        Instance(
            given.model,
            given.demand[units],
            given.n_sites,
            moved,
            existing=site_rank[given.existing],
            p=given.p,
            limit=given.limit,
            single_source=given.single_source,
            unit_xy=None if given.unit_xy is None else given.unit_xy[units],
            **columns,
        ),
        units,
        sites,
    )
