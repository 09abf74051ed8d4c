"""What every stage shares: cells fine enough for the limits, their settings, and all walking distances to schools."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.demand import Demand, pupils
from geoplan.demand.newhomes import own_land_m, with_new_homes
from geoplan.demand.outlook import Frame, Outlook, headline, outlook
from geoplan.errors import PlanError
from geoplan.network.cache import Shelf, street_parts
from geoplan.reach import (
    Gates,
    Homes,
    Network,
    Pairs,
    attach_gates,
    attach_homes,
    prepare,
    walk_pairs,
)
from geoplan.settings import by_setting, plan_standards, setting_of_cells, setting_of_schools, snap_limits_m
from geoplan.standards import SETTINGS, Rule, Standards, rules
from layers.bundle import Cells, Layers
from layers.errors import Fault
from layers.planfile import PlanFile
from layers.population import refine, resolution_fault

Say = Callable[[str], None]
NO_SHELF = Shelf()
QUARTER = 4  # cells may be at most a quarter of the shortest limit in use (docs/method.md, Resolution)


@dataclass(frozen=True)
class Situation:
    """Everything computed once for all stages of a run.

    Parameters
    ----------
    standards, stages
        The profile in force and the stage ids of the run, in school order.
    cells
        Refined where the limits ask for it; behind them one for each new housing project not counted yet.
    setting
        ``town`` or ``rural`` per cell.
    rules
        By stage and setting, one rule per grade band.
    demand
        Pupils per cell, stage and band in the base year.
    outlook
        Pupils of any later year.
    network, homes, gates
        The streets and what is attached to them; kept for what-ifs.
    walk
        Cells and schools within the longest limit along streets.
    """

    standards: Standards
    stages: tuple[str, ...]
    cells: Cells
    setting: NDArray[np.object_]
    rules: Mapping[tuple[str, str], tuple[Rule, ...]]
    demand: Demand
    outlook: Outlook
    network: Network
    homes: Homes
    gates: Gates
    walk: Pairs


def plan_stages(plan: PlanFile, standards: Standards) -> tuple[str, ...]:
    """The stages a run is made for: those asked for, in the profile's order; PlanError names unknown ones."""
    known = tuple(stage.id for stage in standards.stages)
    wanted = plan.coverage.stages or known
    unknown = [stage for stage in wanted if stage not in known]
    if unknown:
        raise PlanError(f"coverage.stages: profile {standards.profile} has no {', '.join(unknown)}, only {known}")
    return tuple(stage for stage in known if stage in wanted)


def all_rules(standards: Standards, stages: Sequence[str]) -> dict[tuple[str, str], tuple[Rule, ...]]:
    """Every rule that can apply, by stage and setting."""
    return {(stage, setting): rules(standards, stage, setting) for stage in stages for setting in SETTINGS}


def longest_limit_m(plan: PlanFile, standards: Standards, stages: Sequence[str]) -> float:
    """How far schools must be looked for: the longest rule, search cap or limit of the reach table."""
    rule_limits = [rule.limit_m for found in all_rules(standards, stages).values() for rule in found]
    return float(max([*rule_limits, *plan.coverage.limits_m]))


def take_stock(layers: Layers, *, say: Say, cache: Path | None = None) -> Situation:
    """Demand and distances of a plan, ready for the accounts of each stage.

    ``cache`` is a folder to keep the network and its homes in, by checksum; without it nothing is written.
    """
    plan = layers.plan
    standards = plan_standards(plan)
    stages = plan_stages(plan, standards)
    rule_book = all_rules(standards, stages)
    say("cells")
    cells = all_homes(layers, fine_cells(layers, rule_book))
    setting = setting_of_cells(layers, cells)
    say("demand")
    demand, ahead = demand_of(layers, cells, standards, stages)
    say("network")
    shelf = Shelf(cache)
    network = shelf.kept(Network, lambda: street_parts(layers.streets), lambda: prepare(layers.streets))
    say("reach")
    limit_m = longest_limit_m(plan, standards, stages)
    homes, gates = attach(layers, network, cells, setting, standards, shelf)
    walk = walk_pairs(network, homes, gates, round(limit_m * 10))
    return Situation(standards, stages, cells, setting, rule_book, demand, ahead, network, homes, gates, walk)


def demand_of(layers: Layers, cells: Cells, standards: Standards, stages: Sequence[str]) -> tuple[Demand, Outlook]:
    """Pupils of the base year, and what those of later years follow from."""
    section = layers.plan.population.year, layers.plan.schools.year
    counted = pupils(
        cells,
        layers.areas,
        layers.tables,
        standards,
        stages,
        population_year=section[0],
        school_year=section[1],
    )
    frame = Frame(*section, layers.plan.plan.years, layers.plan.demand)
    ahead = outlook(counted, cells, layers.areas, layers.tables, standards, frame)
    return headline(ahead), ahead


def all_homes(layers: Layers, cells: Cells) -> Cells:
    """The cells, and behind them new housing the population data do not hold: empty in their year, lived in later."""
    counted = layers.plan.population.year or layers.plan.schools.year
    return with_new_homes(cells, layers.tables.get("housing"), layers.areas, counted)


def fine_cells(layers: Layers, rule_book: Mapping[tuple[str, str], tuple[Rule, ...]]) -> Cells:
    """Cells at most a quarter of the shortest limit in use; settings nobody lives in are not in use."""
    settings = set(layers.areas["setting"])
    limits = [
        rule.limit_m
        for (_, setting), found in rule_book.items()
        for rule in found
        if setting in settings and rule.metric != "none"
    ]
    if not limits:
        return layers.cells
    return refine(layers.cells, min(limits) / QUARTER, layers.surroundings.buildings)


def unreached_homes(situation: Situation) -> list[Fault]:
    """A warning for every new housing project that no street is near."""
    found = situation.outlook.projection
    if found is None:
        return []
    off = situation.walk.off_network[found.homes.cell]
    return [
        Fault("demand_housing_off", "warning", file="housing", column="id", value=name)
        for name, far in zip(found.homes.ids, off, strict=True)
        if far
    ]


def resolution(cells: Cells) -> dict[str, float] | None:
    """What the resolution note needs; None where the cells were fine enough."""
    if resolution_fault(cells) is None:
        return None
    return {"side_m": cells.notes["side_before_m"], "refined_m": cells.notes["side_after_m"]}


def attach(
    layers: Layers,
    network: Network,
    cells: Cells,
    setting: NDArray[np.object_],
    standards: Standards,
    shelf: Shelf = NO_SHELF,
) -> tuple[Homes, Gates]:
    """Homes and gates on the network, each within the snap limit of its setting; new housing from its own outline."""
    limits = snap_limits_m(layers.plan, standards)
    xy, snap_m = cells.table[["x", "y"]].to_numpy(float), by_setting(limits, setting) + own_land_m(cells)
    homes = shelf.kept(
        Homes, lambda: (*street_parts(layers.streets), xy, snap_m), lambda: attach_homes(network, xy, snap_m)
    )
    return homes, school_gates(layers, network, standards)


def school_gates(layers: Layers, network: Network, standards: Standards) -> Gates:
    """Gates of the schools on the network, each within the snap limit of its setting."""
    row_of = pd.Series(np.arange(len(layers.schools)), index=layers.schools["id"].to_numpy())
    owner = row_of.reindex(layers.gates["school_id"]).to_numpy()
    points = np.column_stack([layers.gates.geometry.x, layers.gates.geometry.y])
    gate_snap_m = by_setting(snap_limits_m(layers.plan, standards), setting_of_schools(layers)[owner])
    return attach_gates(network, points, owner, gate_snap_m, schools=len(layers.schools))


def restocked(layers: Layers, situation: Situation) -> Situation:
    """The situation with other schools: the same cells, pupils and streets."""
    gates = school_gates(layers, situation.network, situation.standards)
    limit_m = longest_limit_m(layers.plan, situation.standards, situation.stages)
    walk = walk_pairs(situation.network, situation.homes, gates, round(limit_m * 10))
    return replace(situation, gates=gates, walk=walk)
