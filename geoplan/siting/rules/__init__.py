"""Siting rules: each judged on a plot as pass, conditional, fail or unknown, with what was found and asked for.

Which rules there are, and what they look at, stands in ``standards/tables_siting_rules.toml``; ``check`` holds what
they share, ``objects`` what lies around a plot; the rules are in ``distance``, ``gate``, ``ground`` and ``slope``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from geoplan.siting.rules.check import Check, Rule, rules_of, verdict_of
from geoplan.siting.rules.distance import crosses, keeps_distance, not_evaluated
from geoplan.siting.rules.gate import best_gate, clear_of_junctions, has_access, off_main_roads
from geoplan.siting.rules.ground import (
    allowed_use,
    dry,
    excluded,
    free_of_buildings,
    in_region,
    large_enough,
    own_ground,
    uncrossed,
    well_shaped,
)
from geoplan.siting.rules.objects import Around, around
from geoplan.siting.rules.plot import Gate, Plot
from geoplan.siting.rules.slope import level_enough

__all__ = ["Around", "Check", "Gate", "Plot", "Rule", "around", "best_gate", "checks", "rules_of", "verdict_of"]

Judge = Callable[[Rule, Plot, Around], list[Check]]
JUDGES: Mapping[str, Judge] = {
    "region": in_region,
    "excluded": excluded,
    "water": dry,
    "crossing": crosses,
    "distance": keeps_distance,
    "not_evaluated": not_evaluated,
    "access": has_access,
    "gate_junction": clear_of_junctions,
    "gate_main_road": off_main_roads,
    "area": large_enough,
    "shape": well_shaped,
    "buildings": free_of_buildings,
    "streets": uncrossed,
    "overlap": own_ground,
    "ground": allowed_use,
    "slope": level_enough,
}


def checks(plot: Plot, about: Around) -> list[Check]:
    """Every rule of the profile on one plot, in the order of table ``siting_rules``."""
    return [check for rule in rules_of(plot.standards, plot.stages) for check in JUDGES[rule.how](rule, plot, about)]
