"""New housing in a what-if: cells of its own on the streets there are, and the pupils of the year looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from geoplan.coverage import StageInput
from geoplan.coverage.stage import I64
from geoplan.coverage.years import units_in_year
from geoplan.demand.newhomes import own_land_m, with_new_homes
from geoplan.demand.outlook import pupils_in, residents_in
from geoplan.errors import PlanError
from geoplan.network.join import with_more_homes
from geoplan.otherways import other_ways
from geoplan.reach import Homes, Pairs, attach_homes, nearest_distance, walk_pairs
from geoplan.scenario import Scenario, applied
from geoplan.settings import by_setting, setting_of_cells, snap_limits_m
from geoplan.situation import Situation, demand_of, longest_limit_m
from geoplan.stage_inputs import home_cells
from geoplan.whatif.reach import Nearest
from geoplan.whatif.start import StageBase, WhatIfBase, stage_base
from layers.bundle import Layers
from layers.scenariofile import HousingStep


def with_housing(base: WhatIfBase, steps: Sequence[HousingStep]) -> WhatIfBase:
    """The plan with new housing, in the year of the base; its cells stand behind those of the plan.

    Housing not lived in by that year, or taken as counted by the population data, changes nothing.

    Raises
    ------
    InputError
        Places that cannot be read or are far from the region.
    PlanError
        Projects of the plan's own table, and plans of which no later year can be projected.
    """
    layers = applied(base.layers, Scenario(name="what-if", steps=tuple(steps)))
    own = base.layers.tables.get("housing")
    known = set() if own is None else set(own["id"].astype(str))
    if twice := sorted({step.id for step in steps} & known):
        raise PlanError(f"housing {', '.join(twice)}: is in the plan's own table; run the plan with the scenario")
    if base.situation.outlook.projection is None:
        raise PlanError("housing: the plan names no year of its population, so that no later year can be counted")
    whole, new = reach_of_housing(base, layers, steps)
    return counted_with(base, layers, (whole, new)) if len(new.cells.table) else replace(base, layers=layers)


def reach_of_housing(base: WhatIfBase, layers: Layers, steps: Sequence[HousingStep]) -> tuple[Situation, Situation]:
    """The situation with the new homes behind the others, and one of the new homes alone, pupils not yet counted."""
    situation, table = base.situation, layers.tables["housing"]
    chosen = table[table["id"].astype(str).isin([step.id for step in steps])]
    cells = with_new_homes(situation.cells, chosen, layers.areas, layers.plan.population.year)
    count = len(situation.cells.table)
    alone = replace(cells, table=cells.table.iloc[count:].reset_index(drop=True))
    setting = setting_of_cells(layers, alone)
    limits = snap_limits_m(layers.plan, situation.standards)
    xy = alone.table[["x", "y"]].to_numpy(float)
    homes = attach_homes(situation.network, xy, by_setting(limits, setting) + own_land_m(alone))
    limit_m = longest_limit_m(layers.plan, situation.standards, situation.stages)
    walk = walk_pairs(situation.network, homes, situation.gates, round(limit_m * 10))
    new = replace(situation, cells=alone, setting=setting, homes=homes, walk=walk)
    return replace(
        situation,
        cells=cells,
        setting=np.concatenate([situation.setting, setting]),
        homes=with_more_homes(situation.homes, homes),
        walk=_both(situation.walk, walk, count),
    ), new


def _both(walk: Pairs, more: Pairs, count: int) -> Pairs:
    return Pairs(
        np.concatenate([walk.cell, more.cell + np.int32(count)]),
        np.concatenate([walk.school, more.school]),
        np.concatenate([walk.dist_dm, more.dist_dm]),
        np.concatenate([walk.off_network, more.off_network]),
    )


def counted_with(base: WhatIfBase, layers: Layers, reached: tuple[Situation, Situation]) -> WhatIfBase:
    """Every stage counted again with the pupils of the new homes."""
    whole, new = reached
    demand, ahead = demand_of(layers, whole.cells, whole.standards, whole.stages)
    whole = replace(whole, demand=demand, outlook=ahead)
    year = base.year if base.year is not None else ahead.base_year
    residents, fresh = residents_in(ahead, year), home_cells(layers, new)
    found = {}
    for name, stage in base.stages.items():
        given = _input(stage, layers, (whole, new), fresh)
        asked = pupils_in(ahead, year, stage=name)[["cell", "band", "pupils"]]
        given = replace(given, units=asked, cells=given.cells.assign(residents=residents))
        near = {band: _nearest(one, given, new) for band, one in stage.near.items()}
        past: I64 = stage.enrolled.assignment.price_dm
        units = None if base.year is None else units_in_year(given)
        found[name] = stage_base(given, whole, units=units, price_dm=past, like=replace(stage, near=near))
    return WhatIfBase(layers, whole, found, base.year)


def _input(stage: StageBase, layers: Layers, reached: tuple[Situation, Situation], fresh: pd.DataFrame) -> StageInput:
    """The stage's input with the cells of the new homes, and their ways by bus and to beds."""
    given, count, (whole, new) = stage.given, len(stage.given.cells), reached
    more = other_ways(layers, new, stage.stage)
    extra = [] if given.extra is None else [given.extra]
    extra += [] if more is None else [more.assign(cell=more["cell"] + count)]
    return replace(
        given,
        cells=pd.concat([given.cells, fresh], ignore_index=True),
        pairs=whole.walk,
        extra=pd.concat(extra, ignore_index=True) if extra else None,
    )


def _nearest(near: Nearest, given: StageInput, new: Situation) -> Nearest:
    """The nearest school of the new homes behind that of the others."""
    dist, school = _walk_to_nearest(new, near)
    gates = given.gates[near.schools[given.gates["school"].to_numpy(np.int64)]][["x", "y"]].to_numpy(float)
    xy = new.cells.table[["x", "y"]].to_numpy(float)
    away = np.hypot(xy[:, None, 0] - gates[None, :, 0], xy[:, None, 1] - gates[None, :, 1])
    straight = away.min(axis=1, initial=np.inf)
    return Nearest(
        near.schools,
        np.concatenate([near.dist_dm, dist]).astype(np.int32),
        np.concatenate([near.school, school]).astype(np.int32) if len(near.school) else near.school,
        np.concatenate([near.straight_m, straight]),
    )


def _walk_to_nearest(new: Situation, near: Nearest) -> tuple[I64, I64]:
    """From the pairs within the longest limit; only homes without any are searched for."""
    homes: Homes = new.homes
    count = len(homes.off_network)
    dist, school = np.full(count, -1, np.int64), np.full(count, -1, np.int64)
    kept = np.flatnonzero(near.schools[new.walk.school])
    first = kept[np.flatnonzero(np.diff(new.walk.cell[kept], prepend=-1))]
    dist[new.walk.cell[first]], school[new.walk.cell[first]] = new.walk.dist_dm[first], new.walk.school[first]
    if ((dist < 0) & ~homes.off_network).any():
        far = dist < 0
        found, row = nearest_distance(new.network, homes, new.gates, schools=near.schools)
        dist[far], school[far] = found[far], row[far]
    return dist, school
