"""One route, street by street: found for any home and school when it is asked for, and drawn."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely import LineString
from shapely.ops import substring

from geoplan.errors import NotFoundError
from geoplan.reach import Network
from geoplan.safety.costs import RouteRules
from geoplan.safety.exposure import steps_dm
from geoplan.safety.legs import Doors, Legs
from geoplan.safety.routes import Routes, Ways, safe_routes
from geoplan.safety.turns import Turns, high_of, low_of

Kind = Literal["shortest", "safest"]
Lines = NDArray[np.object_]


@dataclass(frozen=True)
class Step:
    """A street walked, and what was crossed just before it.

    Parameters
    ----------
    edge
        Row of ``Streets.edges``.
    forward
        Walked from its u to its v.
    length_m
        Metres walked on it.
    crossings, certain
        Crossing elements met in the turn onto it, and whether each is crossed for certain.
    """

    edge: int
    forward: bool
    length_m: float
    crossings: tuple[int, ...]
    certain: tuple[bool, ...]


@dataclass(frozen=True)
class Route:
    """A route as it is shown: metres (legs included), worst levels, verdict, steps, the line from home to gate."""

    length_m: float
    low: int
    high: int
    verdict: str
    home_leg_m: float
    gate_leg_m: float
    gate: int
    steps: tuple[Step, ...]
    line: LineString


@dataclass(frozen=True)
class Drawing:
    """What drawing needs: the geometry of the graph's edges (u to v), and points of homes and gates (metres)."""

    edges: Lines
    homes_xy: NDArray[np.float64]
    gates_xy: NDArray[np.float64]


def route_between(
    turns: Turns, homes: Legs, doors: Doors, rules: RouteRules, cell: int, school: int, *, walk_dm: int | None = None
) -> Routes:
    """Both routes of one pair, enrolled or not, by searches from this school only.

    ``walk_dm`` is the walking distance where it is known: it keeps the first search short.
    """
    known = None if walk_dm is None else [walk_dm]
    return safe_routes(turns, homes, doors, rules, ([cell], [school]), walk_dm=known, threads=1)


def route_of(
    network: Network, turns: Turns, ends: tuple[Legs, Doors], drawing: Drawing, routes: Routes, pair: int, kind: Kind
) -> Route:  # fmt: skip
    """One of the routes of a pair, street by street.

    Parameters
    ----------
    ends
        (legs of homes, doors of schools) that the routes were found with.
    pair
        Row of ``routes``.

    Raises
    ------
    NotFoundError
        The school cannot be walked to from there.
    """
    homes, doors = ends
    ways = _alone(routes.safest if kind == "safest" else routes.shortest, pair)
    if ways.length_dm[0] < 0:
        raise NotFoundError(f"no walk from cell row {routes.cell[pair]} to school row {routes.school[pair]}")
    length = steps_dm(turns, homes, doors, ways)
    home, gate = int(ways.home[0]), int(ways.gate[0])
    return Route(
        length_m=float(ways.length_dm[0]) / 10,
        low=int(low_of(ways.level)[0]),
        high=int(high_of(ways.level)[0]),
        verdict=str(ways.verdict[0]),
        home_leg_m=float(homes.leg_dm[home]) / 10,
        gate_leg_m=float(doors.legs.leg_dm[gate]) / 10,
        gate=int(doors.gate[gate]),
        steps=tuple(_steps(network, turns, ways, length)),
        line=_line(turns, homes, doors, drawing, ways, int(routes.cell[pair])),
    )


def _alone(ways: Ways, pair: int) -> Ways:
    one = slice(pair, pair + 1)
    part = slice(int(ways.start[pair]), int(ways.start[pair + 1]))
    columns = {name: getattr(ways, name)[one] for name in ("length_dm", "weight_dm", "level", "home", "gate")}
    return replace(ways, **columns, start=np.array([0, part.stop - part.start]), arc=ways.arc[part])


def _steps(network: Network, turns: Turns, ways: Ways, length: NDArray[np.int32]) -> list[Step]:
    found = []
    for i, arc in enumerate(ways.arc.tolist()):
        crossings, certain = _met(turns, ways.arc[i - 1], arc) if i else ((), ())
        edge = int(network.edge_row[turns.edge[arc]])
        found.append(Step(edge, bool(turns.along[arc]), float(length[i]) / 10, crossings, certain))
    return found


def _met(turns: Turns, before: ArrayLike, after: int) -> tuple[tuple[int, ...], tuple[bool, ...]]:
    row = int(turns.turn_row[turns.turn(before, after)])
    if row < 0:
        return (), ()
    there = turns.met[row] >= 0
    return tuple(turns.met[row][there].tolist()), tuple(turns.certain[row][there].tolist())


def _line(turns: Turns, homes: Legs, doors: Doors, drawing: Drawing, ways: Ways, cell: int) -> LineString:
    """From the home over every street to the gate, straight legs included."""
    last = len(ways.arc) - 1
    home, gate = int(homes.offset_dm[ways.home[0]]), int(doors.legs.offset_dm[ways.gate[0]])
    points = [drawing.homes_xy[cell]]
    for i, arc in enumerate(ways.arc.tolist()):
        size = int(turns.length_dm[arc])
        begin, end = (0, size) if turns.along[arc] else (size, 0)
        begin, end = home if i == 0 else begin, gate if i == last else end
        piece = substring(drawing.edges[turns.edge[arc]], begin / size, end / size, normalized=True)
        points.extend(shapely.get_coordinates(piece))
    points.append(drawing.gates_xy[doors.gate[ways.gate[0]]])
    xy = np.array(points)
    kept = xy[np.append(True, (xy[1:] != xy[:-1]).any(axis=1))]
    return LineString(kept if len(kept) > 1 else xy[[0, -1]])
