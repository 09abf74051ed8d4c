"""Covering problems made smaller: places and sites that can be left out of the question."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from geoplan.siting.location.core import Core, only
from geoplan.siting.location.instance import I64, Mask
from geoplan.siting.location.kernels_dominance import held_by_another, holding_another

MOST_COMPARISONS = 500_000_000
ROUNDS = 6


def condensed(core: Core) -> Core:
    """The same covering problem without pairs that cannot matter.

    A site whose units another site covers too, at no higher cost, need not be opened. A unit that must be covered and
    whose sites include all those of another such unit is covered with it: it is made to cost nothing. Sites and units
    keep their rows; they lose their pairs.
    """
    for _ in range(ROUNDS):
        before = len(core.site)
        core = _without_needless_units(_without_needless_sites(core))
        if len(core.site) == before:
            break
    return core


def _without_needless_sites(core: Core) -> Core:
    by_unit, by_site = _sets(core)
    out = held_by_another(*by_site, *by_unit, core.fixed, MOST_COMPARISONS)
    return only(core, ~out[core.site])


def _without_needless_units(core: Core) -> Core:
    must: Mask = np.isinf(core.outside)
    if not must.any():
        return core
    by_unit, by_site = _sets(only(core, must[core.unit]))
    out = holding_another(*by_unit, *by_site, MOST_COMPARISONS)
    return replace(only(core, ~out[core.unit]), outside=np.where(out, 0.0, core.outside))


def _sets(core: Core) -> tuple[tuple[I64, I64], tuple[I64, I64]]:
    """Sites of each unit and units of each site, ascending, as start and members."""
    unit, site = core.unit, core.site.astype(np.int64)
    site_of = site[np.lexsort((site, unit))]
    unit_of = unit[np.lexsort((unit, site))]
    site_start = np.concatenate([[0], np.cumsum(np.bincount(site, minlength=core.n_sites))]).astype(np.int64)
    return (core.start, site_of), (site_start, unit_of)
