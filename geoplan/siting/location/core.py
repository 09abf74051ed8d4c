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


def merged(core: Core) -> tuple[Core, I64]:
    """The units of a covering problem that have the same sites in reach as one, and which of them each unit is.

    Units in reach of an existing site have nothing left to ask for and are left out (-1).
    """
    reach = np.sort(core.unit * core.n_sites + core.site) % max(core.n_sites, 1)
    rows = np.split(reach, core.start[1:-1]) if core.n_units else []
    served = np.zeros(core.n_units, bool)
    served[core.unit[core.existing[core.site]]] = True
    names: dict[bytes, int] = {}
    group = np.full(core.n_units, -1, np.int64)
    kept: list[I64] = []
    for i in np.flatnonzero(~served).tolist():
        key = rows[i].tobytes()
        group[i] = names.setdefault(key, len(kept))
        if group[i] == len(kept):
            kept.append(rows[i])
    start = np.concatenate([[0], np.cumsum([len(row) for row in kept])]).astype(np.int64)
    flat = np.concatenate(kept) if kept else np.empty(0, np.int64)
    inside = group >= 0
    size, outside = (_summed(part[inside], group[inside], len(kept)) for part in (core.size, core.outside))
    site, value = flat.astype(np.int32), np.zeros(len(flat))
    return replace(core, start=start, site=site, value=value, size=size, outside=outside), group


def _summed(part: F64, group: I64, count: int) -> F64:
    out = np.zeros(count)
    np.add.at(out, group, part)
    return out


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
