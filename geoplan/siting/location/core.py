"""One form behind the models: open sites and assign units so that the cost in all is least.

min  sum fixed_j y_j + sum value_ij x_ij + sum outside_i s_i
     sum_j x_ij + s_i = 1,  x_ij <= y_j,  sum_i size_i x_ij <= capacity_j y_j,  sum of new y_j <= most

with s_i the share of unit i that is left out (``outside`` is inf where it must not be).

| model | value | outside | fixed |
|---|---|---|---|
| lscp | 0 | inf | 1, or the opening cost |
| mclp | 0 | weight | 0 |
| p_median, cflp | weight x cost | inf | opening cost |
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from geoplan.siting.location.canonical import mixed
from geoplan.siting.location.instance import F64, I64, Instance, Mask

I32 = NDArray[np.int32]


@dataclass(frozen=True)
class Core:
    """A location problem in the common form.

    Parameters
    ----------
    start, site, value
        Pairs as CSR rows of units; within a row by value, then site.
    size, outside
        Per unit: what it takes of a capacity; cost of leaving it out.
    fixed, existing
        Per site: cost of opening; whether it is open already (then ``fixed`` is 0).
    capacity
        Per site, or None for no limit.
    most
        Most new sites, or None for any number.
    whole
        Whether a unit goes to one site as a whole.
    """

    start: I64
    site: I32
    value: F64
    size: F64
    outside: F64
    fixed: F64
    existing: Mask
    capacity: F64 | None = None
    most: int | None = None
    whole: bool = False

    @property
    def n_units(self) -> int:
        """Number of units."""
        return len(self.size)

    @property
    def n_sites(self) -> int:
        """Number of sites."""
        return len(self.fixed)

    @property
    def unit(self) -> I64:
        """Unit of each pair."""
        return np.repeat(np.arange(self.n_units), np.diff(self.start))

    @property
    def covering(self) -> bool:
        """Whether it only matters that a unit has an open site in reach, not which."""
        return self.capacity is None and not self.value.any()

    @property
    def integral(self) -> bool:
        """Whether every plan has a whole cost: whole coefficients, and nothing that could be split."""
        if self.capacity is not None and not self.whole:
            return False
        finite = self.outside[np.isfinite(self.outside)]
        return all(bool((part == np.rint(part)).all()) for part in (self.value, finite, self.fixed))

    @property
    def may_open(self) -> int:
        """Most new sites that can be opened at all."""
        new = int((~self.existing).sum())
        return new if self.most is None else min(self.most, new)


def core_of(instance: Instance) -> Core:
    """The common form of lscp, mclp, p_median and cflp; ``instance`` must be in canonical order."""
    pairs, n_units = instance.pairs, len(instance.demand)
    start = np.zeros(n_units + 1, np.int64)
    np.cumsum(np.bincount(pairs.unit, minlength=n_units), out=start[1:])
    covers = instance.model in ("lscp", "mclp")
    value = np.zeros(len(pairs.cost)) if covers else instance.demand[pairs.unit] * pairs.cost
    outside = instance.demand if instance.model == "mclp" else np.full(n_units, np.inf)
    existing = np.zeros(instance.n_sites, bool)
    existing[instance.existing] = True
    return Core(
        start=start,
        site=pairs.site.astype(np.int32),
        value=value,
        size=instance.demand,
        outside=outside.astype(np.float64),
        fixed=np.where(existing, 0.0, _opening_cost(instance)),
        existing=existing,
        capacity=instance.capacity,
        most=instance.p,
        whole=instance.single_source and instance.capacity is not None,
    )


def _opening_cost(instance: Instance) -> F64:
    if instance.model == "mclp":
        return np.zeros(instance.n_sites)
    if instance.opening_cost is not None:
        return instance.opening_cost
    return np.full(instance.n_sites, 1.0 if instance.model == "lscp" else 0.0)


def merged(core: Core) -> Core:
    """The units of a covering problem that have the same sites in reach as one: the first of them, for all."""
    group = _alike(core)
    first = group == np.arange(core.n_units)
    rank = np.cumsum(first) - 1
    kept = only(core, first[core.unit])
    start = np.concatenate([[0], np.diff(kept.start)[first].cumsum()]).astype(np.int64)
    count = int(first.sum())
    size, outside = (_summed(part, rank[group], count) for part in (core.size, core.outside))
    return replace(kept, start=start, size=size, outside=outside)


def _alike(core: Core) -> I64:
    """The first unit with the same sites in reach, for each unit: by checksums, then one site after the other."""
    order = np.lexsort((core.site, core.unit))
    site = core.site[order].astype(np.int64)
    count = np.diff(core.start)
    mark = np.zeros(core.n_units, np.uint64)
    np.add.at(mark, core.unit, mixed(site.astype(np.uint64)))
    _, first, inverse = np.unique(mixed(mark ^ count.astype(np.uint64)), return_index=True, return_inverse=True)
    group = np.where(count == count[first[inverse]], first[inverse], np.arange(core.n_units))
    shift = core.start[group] - core.start[:-1]
    same = np.ones(core.n_units, bool)
    np.logical_and.at(same, core.unit, site == site[np.arange(len(site)) + shift[core.unit]])
    return np.where(same, group, np.arange(core.n_units))


def _summed(part: F64, group: I64, count: int) -> F64:
    out = np.zeros(count)
    np.add.at(out, group, part)
    return out


def only(core: Core, kept: Mask) -> Core:
    """The problem with some of its pairs."""
    start = np.concatenate([[0], np.cumsum(kept)])[core.start].astype(np.int64)
    return replace(core, start=start, site=core.site[kept], value=core.value[kept])


def nearest_open(core: Core, is_open: Mask) -> I64:
    """The pair of each unit with its cheapest open site, -1 where none is in reach or leaving it out is cheaper."""
    pair = np.flatnonzero(is_open[core.site])
    unit = core.unit[pair]
    first = np.full(core.n_units, -1, np.int64)
    lead = np.flatnonzero(np.diff(unit, prepend=-1) > 0)
    first[unit[lead]] = pair[lead]
    has = first >= 0
    dear = np.zeros(core.n_units, bool)
    dear[has] = core.value[first[has]] > core.outside[has]
    first[dear] = -1
    return first


def cost_of(core: Core, is_open: Mask, pair: I64, share: F64) -> float:
    """What a plan costs: sites opened, and shares of units per pair; what is not served pays for being left out."""
    left = np.clip(1.0 - np.bincount(core.unit[pair], share, core.n_units), 0.0, 1.0)
    left[left < 1e-12] = 0.0
    away = left > 0
    parts = [core.fixed[is_open], core.value[pair] * share, core.outside[away] * left[away]]
    return math.fsum(np.concatenate(parts).tolist())
