"""Rules of the land itself: inside the region, not excluded, dry, large enough, well shaped, free, allowed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import shapely

from geoplan.siting.land import compactness, ground_m2, width_m
from geoplan.siting.rules.check import CONDITIONAL, FAIL, PASS, UNKNOWN, Check, Rule, judge
from geoplan.siting.rules.distance import buildings_mapped
from geoplan.siting.rules.objects import Around, Cover, Objects, cover
from geoplan.siting.rules.plot import Plot
from geoplan.siting.sizes import school_size
from geoplan.siting.space import land_asked
from geoplan.standards import number, table

WHOLE = 0.999  # from this share on a plot counts as covered
CROSSED_M = 5.0  # less street than this on a plot is loose drawing
FEW = 0.01  # a use of the ground below this share is not told


def in_region(rule: Rule, plot: Plot, about: Around) -> list[Check]:
    """The share of the plot outside the region."""
    outline = plot.land.outline
    if shapely.covers(about.boundary, outline):
        return [judge(rule, PASS)]
    if not shapely.intersects(about.boundary, outline):
        return [judge(rule, FAIL)]
    inside = shapely.intersection(about.boundary, outline)
    return [judge(rule, CONDITIONAL, share=1 - inside.area / outline.area)]


def excluded(rule: Rule, plot: Plot, about: Around) -> list[Check]:
    """Land the county excludes, kind by kind; floods and geology only where the table holds such kinds."""
    groups = {row["group"]: set(row["kinds"]) for row in table("siting_exclusions").records()}
    kinds = [] if about.excluded is None else sorted({str(kind) for kind in about.excluded.kinds})
    own = groups.get(rule.objects)
    others = set().union(*groups.values())
    wanted = [kind for kind in kinds if (kind in own if own is not None else kind not in others)]
    if about.excluded is None or (own is not None and not wanted):
        return [judge(rule, UNKNOWN)]
    return [_covered_by(rule, plot, about.excluded, kind) for kind in wanted]


def _covered_by(rule: Rule, plot: Plot, objects: Objects, kind: str) -> Check:
    found = cover(plot.land, objects, rows=np.flatnonzero(objects.kinds.astype(str) == kind))
    return _covered(rule, plot, found, kind=kind, name=", ".join(found.names))


def _covered(rule: Rule, plot: Plot, found: Cover, **told: str) -> Check:
    evidence = {"evidence": told.get("name") or told.get("kind", "")}
    if not found.certain:
        return judge(rule, UNKNOWN, "unknown_extent", **evidence, **told)
    if found.share >= WHOLE:
        return judge(rule, FAIL, **evidence, **told)
    if found.share > 0:
        area = float(round(found.m2))
        return judge(rule, CONDITIONAL, share=found.share, area=area, **evidence, **told)
    return judge(rule, PASS, **told)


def dry(rule: Rule, plot: Plot, about: Around) -> list[Check]:
    """Water mapped on the plot."""
    if not about.mapped:
        return [judge(rule, UNKNOWN)]
    return [_covered(rule, plot, cover(plot.land, about.objects[rule.objects]))]


def large_enough(rule: Rule, plot: Plot, about: Around) -> list[Check]:
    """Usable land against that of the smallest school, stage by stage."""
    return [_large_enough(rule, plot, stage) for stage in plot.stages]


def _large_enough(rule: Rule, plot: Plot, stage: str) -> Check:
    classes = school_size(plot.standards, stage, plot.setting).classes_min
    asked, norm = land_asked(plot.standards, stage, classes, plot.setting)
    found = plot.land.usable_m2
    told: dict[str, Any] = {
        "asked": float(round(asked)),
        "classes": classes,
        "stage": stage,
        "norm": norm,
    }
    if math.isnan(found):
        return judge(rule, UNKNOWN, **told)
    near = number(plot.standards, "plan.siting.area_share") * asked
    verdict = PASS if found >= asked else CONDITIONAL if found >= near else FAIL
    return judge(rule, verdict, area=float(math.floor(round(found, 1))), **told)


def well_shaped(rule: Rule, plot: Plot, about: Around) -> list[Check]:
    """Width and compactness of the largest usable part."""
    if not plot.land.drawn or plot.land.usable.is_empty:
        return [judge(rule, UNKNOWN)]
    compact_asked = number(plot.standards, "plan.siting.compactness")
    width, compact = round(width_m(plot.land.usable), 1), round(compactness(plot.land.usable), 3)
    told: dict[str, Any] = {"width": width, "asked": rule.asked, "compact": compact, "compact_asked": compact_asked}
    if width < rule.asked:
        return [judge(rule, CONDITIONAL, "conditional_narrow", **told)]
    if compact < compact_asked:
        return [judge(rule, CONDITIONAL, "conditional_ragged", **told)]
    return [judge(rule, PASS, **told)]


def free_of_buildings(rule: Rule, plot: Plot, about: Around) -> list[Check]:
    """Buildings on the plot; none counts as free only where buildings around are mapped."""
    found = cover(plot.land, about.buildings)
    if found.count and (found.share > 0 or not plot.land.drawn):
        shown: dict[str, Any] = {"count": found.count, "share": found.share, "evidence": ", ".join(found.names[:3])}
        return [judge(rule, CONDITIONAL, **shown)]
    told = found.certain and buildings_mapped(plot, about)
    return [judge(rule, PASS if told else UNKNOWN, asked=rule.asked)]


def uncrossed(rule: Rule, plot: Plot, about: Around) -> list[Check]:
    """Public streets across the buildable part, which a school closes or moves."""
    part, streets = plot.land.buildable, about.streets
    if not plot.land.drawn or part.is_empty:
        return [judge(rule, UNKNOWN)]
    rows = np.sort(streets.tree.query(part, predicate="intersects"))
    length = float(shapely.length(shapely.intersection(streets.shapes[rows], part)).sum()) if rows.size else 0.0
    if length < CROSSED_M:
        return [judge(rule, PASS)]
    names = sorted({str(streets.names[row]) for row in rows} - {""})
    return [judge(rule, CONDITIONAL, length=float(round(length)), evidence=", ".join(names[:3]))]


def own_ground(rule: Rule, plot: Plot, about: Around) -> list[Check]:
    """Other candidates drawn on the same land, which counts once."""
    if not plot.shares:
        return [judge(rule, PASS if plot.land.drawn else UNKNOWN)]
    others = ", ".join(site for site, _ in plot.shares)
    area = float(round(sum(m2 for _, m2 in plot.shares)))
    return [judge(rule, CONDITIONAL, others=others, area=area, evidence=others)]


def allowed_use(rule: Rule, plot: Plot, about: Around) -> list[Check]:
    """What the ground is mapped as today; a reserved education plot is zoned for schools already."""
    if plot.kind == "education_plot":
        return [judge(rule, PASS)]
    uses = ground_uses(plot, about)
    if not uses:
        return [judge(rule, UNKNOWN)]
    share = min(1.0, sum(uses.values()))
    return [judge(rule, CONDITIONAL, kinds=list(uses), share=share, evidence=", ".join(uses))]


def ground_uses(plot: Plot, about: Around) -> dict[str, float]:
    """Share of the plot by mapped use, the largest first; uses below one per cent left out."""
    kinds = {row["kind"] for row in table("siting_ground").records()}
    outline, ground = plot.land.outline, about.ground
    rows = np.sort(ground.tree.query(outline, predicate="intersects"))
    shares: dict[str, float] = {}
    for kind in sorted({str(ground.kinds[row]) for row in rows} & kinds):
        shapes = [ground.shapes[row] for row in rows if ground.kinds[row] == kind]
        if plot.land.drawn:
            part = shapely.intersection(shapely.union_all(shapes), outline)
            shares[kind] = float(ground_m2([part], plot.crs)[0]) / plot.land.outline.area
        else:
            shares[kind] = 1.0
    kept = {kind: share for kind, share in shares.items() if share >= FEW}
    return dict(sorted(kept.items(), key=lambda item: (-item[1], item[0])))
