"""Units, sites and pairs in an order of their own, so that nothing depends on the order of rows.

Rows carry no ids, so they are known by what they are: coordinates where given, weight, capacity, cost, and who they
can reach at which cost, and whom those can reach in turn. Rows that are alike in all this are interchangeable.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from geoplan.siting.location.instance import F64, I64, Instance, Pairs

U64 = NDArray[np.uint64]
ROUNDS = 3


@dataclass(frozen=True)
class Ordered:
    """An instance in canonical order, and the caller's row of each unit and site."""

    instance: Instance
    units: I64
    sites: I64


def ordered(instance: Instance) -> Ordered:
    """The instance in canonical order: pairs beyond the limit left out, the rest by unit, then cost, then site."""
    near = _within(instance)
    unit_mark, site_mark = _marks(near)
    units = _order(near.unit_xy, near.demand, unit_mark)
    sites = _order(near.site_xy, _or_zero(near.opening_cost, near.n_sites), site_mark)
    unit_rank, site_rank = _inverse(units), _inverse(sites)
    unit, site = unit_rank[near.pairs.unit], site_rank[near.pairs.site]
    by = np.lexsort((site, near.pairs.cost, unit))
    moved = replace(
        near,
        demand=near.demand[units],
        pairs=Pairs(unit[by], site[by], near.pairs.cost[by]),
        capacity=None if near.capacity is None else near.capacity[sites],
        opening_cost=None if near.opening_cost is None else near.opening_cost[sites],
        existing=np.sort(site_rank[near.existing]),
        unit_xy=None if near.unit_xy is None else near.unit_xy[units],
        site_xy=None if near.site_xy is None else near.site_xy[sites],
    )
    return Ordered(moved, units, sites)


def _within(instance: Instance) -> Instance:
    if instance.limit is None:
        return instance
    pairs = instance.pairs
    kept = pairs.cost <= instance.limit
    return replace(instance, pairs=Pairs(pairs.unit[kept], pairs.site[kept], pairs.cost[kept]))


def _marks(instance: Instance) -> tuple[U64, U64]:
    """A number for each unit and site that depends on what it is and what is around it, not on its row."""
    pairs = instance.pairs
    existing = np.zeros(instance.n_sites)
    existing[instance.existing] = 1
    columns = [
        existing,
        _or_zero(instance.capacity, instance.n_sites),
        _or_zero(instance.opening_cost, instance.n_sites),
    ]
    own_unit = _own([instance.demand], instance.unit_xy)
    own_site = _own(columns, instance.site_xy)
    unit, site, cost = own_unit, own_site, _bits(pairs.cost)
    for _ in range(ROUNDS):
        met_unit, met_site = np.zeros_like(own_unit), np.zeros_like(own_site)
        np.add.at(met_unit, pairs.unit, mixed(cost ^ site[pairs.site]))
        np.add.at(met_site, pairs.site, mixed(cost ^ unit[pairs.unit]))
        unit, site = mixed(own_unit ^ mixed(met_unit)), mixed(own_site ^ mixed(met_site))
    return unit, site


def _own(columns: list[F64], xy: F64 | None) -> U64:
    mark = np.zeros(len(columns[0]), np.uint64)
    for column in columns if xy is None else [*columns, xy[:, 0], xy[:, 1]]:
        mark = mixed(mark ^ _bits(column))
    return mark


def _order(xy: F64 | None, size: F64, mark: U64) -> I64:
    keys = (mark, size) if xy is None else (mark, size, xy[:, 1], xy[:, 0])
    return np.lexsort(keys).astype(np.int64)


def _or_zero(column: F64 | None, count: int) -> F64:
    return np.zeros(count) if column is None else column


def _inverse(order: I64) -> I64:
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return rank


def _bits(number: F64) -> U64:
    return (np.ascontiguousarray(number, np.float64) + 0.0).view(np.uint64)


def mixed(number: U64) -> U64:
    """Numbers that lie close together spread over 64 bits (splitmix64, Steele, Lea and Flood 2014)."""
    number = number * np.uint64(0x9E3779B97F4A7C15) + np.uint64(0x632BE59BD9B4E019)
    number = (number ^ (number >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    number = (number ^ (number >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return number ^ (number >> np.uint64(31))
