"""Where a plot is entered, and the rules of its gate: a street near, off main roads, clear of junctions."""

from __future__ import annotations

import math

import numpy as np
import shapely
from shapely import Point
from shapely.geometry.base import BaseGeometry

from geoplan.siting.rules.check import CONDITIONAL, PASS, UNKNOWN, Check, Rule, down, judge
from geoplan.siting.rules.objects import Around, Streets
from geoplan.siting.rules.plot import Gate, Plot

STEP_M = 5.0  # between places tried along the border
FAR_M = 500.0  # junctions and streets farther away are not looked for
CLEAR_M = 100.0  # among gates, how far from a junction is far enough to prefer the nearer street


def best_gate(outline: BaseGeometry, streets: Streets, access_m: float) -> Gate:
    """The place on the border to enter by: near a street, off main roads, then away from junctions.

    Places every 5 m along the border are tried; of those within ``access_m`` of a street the ones on minor streets go
    first, then those farther from a junction (beyond 100 m all are as good), then the nearer to the street. Where no
    street is so near, the place nearest to any.
    """
    tried = _border(outline)
    pairs = streets.tree.query(tried, predicate="dwithin", distance=access_m)
    if not pairs.size:
        return _remote(outline, tried, streets)
    point, street = tried[pairs[0]], pairs[1]
    lines = streets.shapes[street]
    feet = shapely.line_interpolate_point(lines, shapely.line_locate_point(lines, point))
    away = np.round(shapely.distance(point, feet), 3)
    clear = _to_junction(feet, streets)
    x, y = shapely.get_x(point), shapely.get_y(point)
    order = np.lexsort((y, x, away, -np.minimum(clear, CLEAR_M), streets.main[street]))
    at = int(order[0])
    name = str(streets.names[street[at]])
    return Gate(point[at], name, float(away[at]), bool(streets.main[street[at]]), float(clear[at]))


def _border(outline: BaseGeometry) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    if shapely.get_dimensions(outline) < 2:
        return np.array([shapely.centroid(outline)], dtype=object)
    rings = [shapely.get_exterior_ring(part) for part in shapely.get_parts(outline)]
    found = [shapely.points(shapely.get_coordinates(shapely.segmentize(ring, STEP_M))) for ring in rings]
    return np.concatenate(found)


def _to_junction(
    feet: np.ndarray[tuple[int], np.dtype[np.object_]], streets: Streets
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    clear = np.full(len(feet), math.inf)
    if len(streets.junctions.geometries):
        (rows, _), away = streets.junctions.query_nearest(
            feet, max_distance=FAR_M, return_distance=True, all_matches=False
        )
        clear[rows] = np.round(away, 3)
    return clear


def _remote(outline: BaseGeometry, tried: np.ndarray[tuple[int], np.dtype[np.object_]], streets: Streets) -> Gate:
    """No street is near: the place of the border nearest to one, or any place of it."""
    pairs, away = (
        streets.tree.query_nearest(outline, max_distance=FAR_M, return_distance=True, all_matches=True)
        if len(streets.shapes)
        else (np.empty(0, np.int64), np.empty(0))
    )
    if not len(pairs):
        inner = shapely.point_on_surface(outline)
        return Gate(inner, "", math.nan, False, math.inf)
    line = streets.shapes[np.sort(pairs)[0]]
    at = int(np.argmin(np.round(shapely.distance(tried, line), 3)))
    point: Point = tried[at]
    return Gate(point, str(streets.names[np.sort(pairs)[0]]), float(round(away[0], 3)), False, math.inf)


def has_access(rule: Rule, plot: Plot, about: Around) -> list[Check]:
    """A public street within reach of the border."""
    gate, asked = plot.gate, rule.asked
    if math.isnan(gate.street_m):
        return [judge(rule, CONDITIONAL, "conditional_none", threshold_m=asked, asked=FAR_M)]
    near = gate.street_m <= asked
    verdict, case = (PASS if near else CONDITIONAL), ("" if gate.street else "unnamed")
    code = "_".join(part for part in (verdict, case) if part)
    distance = down(gate.street_m)
    return [
        judge(
            rule, verdict, code, distance_m=distance, threshold_m=asked, distance=distance, asked=asked,
            street=gate.street, evidence=gate.street,
        )
    ]  # fmt: skip


def clear_of_junctions(rule: Rule, plot: Plot, about: Around) -> list[Check]:
    """The best place for a gate against the distance to the nearest junction."""
    gate, asked = plot.gate, rule.asked
    if not _is_fronted(plot):
        return [judge(rule, UNKNOWN, threshold_m=asked)]
    if math.isinf(gate.junction_m):
        return [judge(rule, PASS, "pass_none", threshold_m=asked, asked=asked)]
    distance = down(gate.junction_m)
    verdict = PASS if gate.junction_m >= asked else CONDITIONAL
    if not plot.land.drawn and verdict == CONDITIONAL:
        return [judge(rule, UNKNOWN, threshold_m=asked)]
    return [
        judge(rule, verdict, distance_m=distance, threshold_m=asked, distance=distance, asked=asked,
              evidence=gate.street)
    ]  # fmt: skip


def off_main_roads(rule: Rule, plot: Plot, about: Around) -> list[Check]:
    """Whether the plot can be entered from a street that is no arterial."""
    if not _is_fronted(plot) or (plot.gate.main and not plot.land.drawn):
        return [judge(rule, UNKNOWN)]
    verdict = CONDITIONAL if plot.gate.main else PASS
    return [judge(rule, verdict, evidence=plot.gate.street)]


def _is_fronted(plot: Plot) -> bool:
    """Whether a street is near enough for a gate to open on it."""
    asked = plot.standards.norms["plan.siting.access"].value
    return not math.isnan(plot.gate.street_m) and plot.gate.street_m <= float(asked)  # type: ignore[arg-type]
