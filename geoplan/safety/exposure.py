"""How many pupils pass every street and crossing on their routes, how far they walk there, and under what light.

Pupils per school day are children: one who walks there and back counts once, and once on a street that the route
uses twice. Counting is done in whole millionths of a pupil, so sums are exact and in any order the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoplan.enrolment import MILLION
from geoplan.network.graph import F64, I32, I64
from geoplan.safety.kernels_exposure import count_along, met_crossings, step_lengths
from geoplan.safety.legs import Doors, Legs
from geoplan.safety.routes import Ways
from geoplan.safety.turns import Turns

LIT, UNLIT, UNKNOWN = 1, 0, -1


@dataclass(frozen=True)
class Exposure:
    """Pupils per school day along chosen routes.

    Parameters
    ----------
    edge_pupils, edge_pupil_m
        float64 per edge of the graph: children on it, and their metres (one way).
    crossing_pupils, crossing_certain
        float64 per crossing element: children whose turn meets it on one side of the street at least, and those who
        cross it for certain, as it lies on the side they walk on, or on both where the side is not known.
    leg_pupil_m
        Pupil-metres on straight legs.
    arrived
        float64 per school, children who arrive on foot.
    """

    edge_pupils: F64
    edge_pupil_m: F64
    crossing_pupils: F64
    crossing_certain: F64
    leg_pupil_m: float
    arrived: F64


@dataclass(frozen=True)
class Light:
    """Pupil-metres on streets by light; straight legs are not among them."""

    lit: float
    unlit: float
    unknown: float

    @property
    def shares(self) -> tuple[float, float, float]:
        """Shares lit, unlit and unknown; NaN where nobody walks."""
        total = self.lit + self.unlit + self.unknown
        return (self.lit / total, self.unlit / total, self.unknown / total) if total else (np.nan, np.nan, np.nan)


@dataclass(frozen=True)
class Met:
    """Crossing elements that routes meet: rows ``start[r]:start[r + 1]`` of route r, in walking order.

    ``element`` int32; ``certain`` bool: otherwise the route may pass it by on the other side of the street.
    """

    start: I64
    element: I32
    certain: NDArray[np.bool_]


def exposure(turns: Turns, homes: Legs, doors: Doors, ways: Ways, pupils: ArrayLike) -> Exposure:
    """Count pupils along routes.

    Parameters
    ----------
    turns, homes, doors
        What the routes were found on.
    ways
        ``Routes.safest`` or ``Routes.shortest``.
    pupils
        float64 per pair, who walk from that cell to that school on a school day. Pairs without a route count nowhere.
    """
    amount = np.where(ways.length_dm >= 0, np.rint(np.asarray(pupils, np.float64) * MILLION), 0).astype(np.int64)
    size, elements = int(turns.edge.max(initial=-1)) + 1, turns.elements
    on_edge, edge_dm, met, certain = (np.zeros(count, np.int64) for count in (size, size, elements, elements))
    count_along(
        ways.start, ways.arc, steps_dm(turns, homes, doors, ways), amount, _arcs(turns), (turns.met, turns.certain),
        (np.zeros(size, np.int64), on_edge, edge_dm), (np.zeros(elements, np.int64), met, certain),
    )  # fmt: skip
    walks = ways.length_dm >= 0
    leg = homes.leg_dm[ways.home[walks]].astype(np.int64) + doors.legs.leg_dm[ways.gate[walks]]
    arrived = np.zeros(len(doors.legs.start) - 1, np.int64)
    np.add.at(arrived, doors.legs.place[ways.gate[walks]], amount[walks])
    return Exposure(
        on_edge / MILLION,
        edge_dm / (10 * MILLION),
        met / MILLION,
        certain / MILLION,
        float((leg * amount[walks]).sum() / (10 * MILLION)),
        arrived / MILLION,
    )


def steps_dm(turns: Turns, homes: Legs, doors: Doors, ways: Ways) -> I32:
    """Length walked on each arc of the routes, as ``ways.arc``; 0 where only the end of an arc is touched."""
    there = ways.home >= 0
    home, gate = np.zeros(len(there), np.int32), np.zeros(len(there), np.int32)
    home[there], gate[there] = homes.offset_dm[ways.home[there]], doors.legs.offset_dm[ways.gate[there]]
    return step_lengths(ways.start, ways.arc, home, gate, _arcs(turns))


def crossings_met(turns: Turns, ways: Ways) -> Met:
    """Crossing elements on each route, for retrofits and for showing a route."""
    start = np.zeros(len(ways.start), np.int64)
    rest = turns.turn_at, turns.turn_row, (turns.met, turns.certain)
    size = met_crossings(ways.start, ways.arc, *rest, (start, np.empty(0, np.int32), np.empty(0, np.bool_)))
    element, certain = np.empty(size, np.int32), np.empty(size, np.bool_)
    met_crossings(ways.start, ways.arc, *rest, (start, element, certain))
    return Met(start, element, certain)


def _arcs(turns: Turns) -> tuple[I32, NDArray[np.bool_], I32, I64, I32]:
    return turns.edge, turns.along, turns.length_dm, turns.turn_at, turns.turn_row


def pupils_after_sunset(
    ways: Ways, pupils: ArrayLike, *, finish_h: ArrayLike, sunset_h: float, speed_mps: ArrayLike
) -> F64:
    """Pupils of each pair who are still walking home at sunset.

    Parameters
    ----------
    finish_h
        When school ends, hours of the day; one or one per pair.
    sunset_h
        Hour of sunset on the day in question, same clock.
    speed_mps
        Walking speed, one or one per pair.
    """
    home_h = np.asarray(finish_h, np.float64) + ways.length_dm / 10 / np.asarray(speed_mps, np.float64) / 3600
    return np.where((home_h > sunset_h) & (ways.length_dm >= 0), np.asarray(pupils, np.float64), 0.0)


def light(found: Exposure, lit: ArrayLike) -> Light:
    """Pupil-metres by light. ``lit`` is int per edge of the graph: 1 lit, 0 unlit, -1 unknown."""
    code = np.asarray(lit, np.int64)
    return Light(*(float(found.edge_pupil_m[code == value].sum()) for value in (LIT, UNLIT, UNKNOWN)))
