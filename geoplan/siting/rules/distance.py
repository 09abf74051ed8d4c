"""Rules of distance and of crossing: railways, arterials, neighbours, power lines, pipelines, internet cafés."""

from __future__ import annotations

import math
from typing import Any

import shapely

from geoplan.siting.land import Land, ground_m2
from geoplan.siting.rules.check import CONDITIONAL, FAIL, PASS, UNKNOWN, Check, Rule, down, judge
from geoplan.siting.rules.objects import Around, Gap, Objects, gap
from geoplan.siting.rules.plot import Plot
from geoplan.standards import number

LOOK = 3.0  # how many times the threshold objects are looked for, so that a pass names its distance


def keeps_distance(rule: Rule, plot: Plot, about: Around) -> list[Check]:
    """From the buildable part to the nearest object, to the edge of streets; from the outline for neighbours."""
    land, objects = plot.land, about.objects[rule.objects]
    start = land.outline if rule.objects == "homes" else None
    found = gap(land, objects, LOOK * rule.asked, start=start)
    if found is None or (found.least_m >= rule.asked and not _is_told(rule, plot, about)):
        return [_none_near(rule, plot, about)]
    told: dict[str, Any] = {"asked": rule.asked, "name": found.name, "kind": found.kind}
    figures: dict[str, Any] = {"threshold_m": rule.asked, "evidence": found.name or found.kind}
    if found.most_m < rule.asked:
        clear = _clear_m2(land, objects, rule.asked, plot) if objects.complete else 0.0
        case = "conditional_part" if clear > 0 else ""
        more = {"clear": clear} if clear > 0 else {}
        distance = down(found.most_m)
        return [judge(rule, CONDITIONAL, case, distance_m=distance, distance=distance, **more, **told, **figures)]
    if found.least_m >= rule.asked:
        distance = down(found.least_m)
        return [judge(rule, PASS, distance_m=distance, distance=distance, **told, **figures)]
    return [judge(rule, UNKNOWN, "unknown_extent", distance=down(found.most_m), **told, **figures)]


def _none_near(rule: Rule, plot: Plot, about: Around) -> Check:
    """No object near: a pass only where its kind would be mapped and the plot's extent is known."""
    known = _is_told(rule, plot, about) and math.isfinite(plot.land.reach_m)
    case = ("pass_none", PASS) if known else ("unknown", UNKNOWN)
    return judge(rule, case[1], case[0], asked=rule.asked, threshold_m=rule.asked)


def _is_told(rule: Rule, plot: Plot, about: Around) -> bool:
    """Whether the street file would show an object of the kind near the plot."""
    if rule.objects == "homes":
        return buildings_mapped(plot, about)
    return about.objects[rule.objects].complete


def buildings_mapped(plot: Plot, about: Around) -> bool:
    """Whether buildings are mapped around the plot at all."""
    within = number(plot.standards, "plan.siting.mapped_within")
    return about.buildings.tree.query(plot.land.outline, predicate="dwithin", distance=within).size > 0


def _clear_m2(land: Land, objects: Objects, asked_m: float, plot: Plot) -> float:
    """Buildable land farther from every object than asked for, for rules of noise."""
    if not land.drawn or land.buildable.is_empty:
        return 0.0
    reach = asked_m + float(objects.half_m.max(initial=0.0))
    rows = objects.tree.query(land.buildable, predicate="dwithin", distance=reach)
    near = shapely.union_all(shapely.buffer(objects.shapes[rows], asked_m + objects.half_m[rows]))
    clear = float(ground_m2([shapely.difference(land.buildable, near)], plot.crs)[0])
    return float(math.floor(min(clear, land.buildable_m2)))


def crosses(rule: Rule, plot: Plot, about: Around) -> list[Check]:
    """A line across the plot forbids it; that none is mapped proves nothing."""
    found = gap(plot.land, about.objects[rule.objects], 0.0, start=plot.land.outline)
    if found is not None and found.most_m == 0:
        return [judge(rule, FAIL, distance_m=0.0, evidence=found.name or found.kind)]
    return [judge(rule, UNKNOWN, **_nearest(plot, about.objects[rule.objects]))]


def _nearest(plot: Plot, objects: Objects) -> dict[str, Any]:
    found: Gap | None = gap(plot.land, objects, number(plot.standards, "plan.siting.mapped_within"))
    return {} if found is None else {"distance_m": down(found.most_m)}


def not_evaluated(rule: Rule, plot: Plot, about: Around) -> list[Check]:
    """A rule there is, but no figure sure enough to judge by."""
    return [judge(rule, UNKNOWN, "not_evaluated", norm=None)]
