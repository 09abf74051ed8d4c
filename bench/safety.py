"""Safe routes with exposure for a whole county, against networkx on the same arcs and turns."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from bench import Row, best_of, peak_mb, print_table
from bench.networks import COUNTY, SMALL, Streets, streets
from bench.safety_networkx import ByNetworkx
from geoplan.network.graph import build_graph
from geoplan.network.snap import NO_OBSTACLES, index_edges
from geoplan.reach import Network, attach_gates, attach_homes, nearest_distance
from geoplan.safety.costs import rules_of
from geoplan.safety.crossings import TurnTable
from geoplan.safety.exposure import Exposure, exposure
from geoplan.safety.kernels_crossings import turn_bounds
from geoplan.safety.legs import Doors, Legs, doors_of, join_gates, join_homes
from geoplan.safety.path import Drawing, route_between, route_of
from geoplan.safety.routes import Routes, safe_routes
from geoplan.safety.turns import Turns, build_turns, pack

RULES = rules_of(1.25, 400.0, (1.0, 1.2, 2.0, 4.0), (5.0, 10.0, 30.0, 60.0))
SNAP_M = 150.0


@dataclass(frozen=True)
class County:
    """Streets with levels and crossings, and homes that each go to the nearest school."""

    lines: np.ndarray
    network: Network
    low: np.ndarray
    high: np.ndarray
    table: TurnTable
    elements: tuple[np.ndarray, np.ndarray]
    homes_xy: np.ndarray
    gates_xy: np.ndarray
    pairs: tuple[np.ndarray, np.ndarray]
    walk_dm: np.ndarray


def county(town: Streets, homes: int, schools: np.ndarray) -> County:
    """Main roads are bad to walk along and to cross, unless known to be better; a tenth of small streets is, too."""
    graph = build_graph(town.x, town.y, town.u, town.v, town.length_dm)
    rows = np.arange(len(town.u), dtype=np.int32)
    lines = town.lines()
    network = Network(graph, rows, index_edges(graph, lines), NO_OBSTACLES)
    main = town.length_dm / town.drive_ds > 10.0  # 50 km/h against 25
    rng = np.random.default_rng(3)
    low, high = levels(main, rng)
    side = int(homes**0.5)
    axis = np.linspace(town.x.min(), town.x.max(), side)
    homes_xy = np.stack([one.ravel() for one in np.meshgrid(axis, axis)], 1)
    gates_xy = np.stack([town.x[schools], town.y[schools]], 1) + 20.0
    doors = attach_gates(network, gates_xy, np.arange(len(schools)), SNAP_M)
    walk, school = nearest_distance(network, attach_homes(network, homes_xy, SNAP_M), doors)
    goes = np.flatnonzero((school >= 0) & (walk <= 40_000))
    return County(
        lines, network, low, high, *crossings(town, main, rng), homes_xy, gates_xy, (goes, school[goes]), walk[goes]
    )


def levels(main: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    chance = rng.random(len(main))
    low = np.where(main, np.where(chance < 0.6, 2, 3), np.where(chance < 0.9, 1, 3)).astype(np.int8)
    high = np.where(main, np.where(chance < 0.3, 2, 4), np.where(chance < 0.6, 2, 3)).astype(np.int8)
    return low, np.maximum(low, high)


def crossings(
    town: Streets, main: np.ndarray, rng: np.random.Generator
) -> tuple[TurnTable, tuple[np.ndarray, np.ndarray]]:
    """One element where a node meets a main road; sides by the order of arms around the node."""
    incident: dict[int, list[int]] = {}
    at_main = np.unique(np.concatenate([town.u[main], town.v[main]]))
    wanted = set(at_main.tolist())
    for edge, (u, v) in enumerate(zip(town.u.tolist(), town.v.tolist(), strict=True)):
        for node in (u, v):
            if node in wanted:
                incident.setdefault(node, []).append(edge)
    found = [
        turn
        for element, node in enumerate(at_main.tolist())
        for turn in _turns(town, main, node, incident[node], element)
    ]
    table = np.array(found, np.int32).reshape(-1, 5)
    low = rng.choice([1, 1, 2, 3], len(at_main)).astype(np.int8)
    high = np.maximum(low, rng.choice([1, 2, 3, 4], len(at_main))).astype(np.int8)
    node, before, after = (np.ascontiguousarray(table[:, i]) for i in range(3))
    left, right = (np.ascontiguousarray(table[:, i : i + 1]) for i in (3, 4))
    mode = rng.choice([0, 1, 2, 3], len(table)).astype(np.int8)
    bounds = turn_bounds(left, right, mode, low, high)
    return TurnTable(node, before, after, left, right, mode, *bounds), (low, high)


def _turns(town: Streets, main: np.ndarray, node: int, edges: list[int], element: int) -> list[tuple[int, ...]]:
    far = [int(town.v[e] if town.u[e] == node else town.u[e]) for e in edges]
    angle = np.arctan2(town.y[far] - town.y[node], town.x[far] - town.x[node])
    arms = [edges[i] for i in np.argsort(angle)]
    rows = []
    for i in range(len(arms)):
        for j in range(i + 1, len(arms)):
            between, beyond = arms[i + 1 : j], arms[j + 1 :] + arms[:i]
            sides = [element if any(main[e] for e in side) else -1 for side in (between, beyond)]
            if max(sides) >= 0:
                rows.append((node, arms[i], arms[j], *sides))
    return rows


def joined(place: County, *, threads: int | None = None) -> tuple[Turns, Legs, Doors]:
    """Everything that stands before the routes: turns, legs of homes, doors of schools."""
    turns = build_turns(place.network, (place.low, place.high), place.table, place.elements)
    crossing = pack(np.where(place.high >= 3, 1, 0), np.where(place.high >= 3, place.high, 0))
    gates = join_gates(place.network, place.gates_xy, SNAP_M, crossing, turns.edge_level, threads=threads)
    homes = join_homes(place.network, place.homes_xy, SNAP_M, crossing, turns.edge_level, gates, threads=threads)
    return turns, homes, doors_of(gates, np.arange(len(place.gates_xy)), len(place.gates_xy), turns, RULES)


def walked(place: County, ends: tuple[Turns, Legs, Doors], threads: int | None = None) -> tuple[Routes, Exposure]:
    """Both routes of every pair, and one pupil a home on the safest."""
    routes = safe_routes(*ends, RULES, place.pairs, walk_dm=place.walk_dm, threads=threads)
    return routes, exposure(*ends, routes.safest, np.ones(len(place.pairs[0])))


def rows(small: bool) -> Iterator[Row]:
    """Every comparison; when ``small``, on 25k nodes and without goals, which are set for counties."""
    for row in _on(*((SMALL, 30_000, 60) if small else (COUNTY, 300_000, 300))):
        yield replace(row, goal=None) if small else row


def _on(side: int, homes: int, schools: int) -> Iterator[Row]:
    each, alone = networkx_seconds()
    town = streets(side)
    place = county(town, homes, town.spread(schools))
    ends, joining = best_of(lambda: joined(place), 2)
    (routes, found), ours = best_of(lambda: walked(place, ends), 3)
    assert (routes.shortest.length_dm == place.walk_dm).all()
    assert found.arrived.sum() == len(place.pairs[0])
    mb = peak_mb(lambda: walked(place, joined(place)))
    count = len(place.pairs[0])
    work = f"safe routes and exposure, {schools} schools, {count // 1000}k homes, {len(town.x) // 1000}k"
    note = f"turns and legs before: {joining:.1f} s; {mb:.0f} MB in all; theirs from 25k nodes, by pairs"
    yield Row(work, "networkx, arcs as nodes", ours, each * count, 100, note=note)
    yield _by_click(place, ends, routes, alone)


def _by_click(place: County, ends: tuple[Turns, Legs, Doors], routes: Routes, theirs: float) -> Row:
    """One route, from the click to the line on the map; the slowest of twenty."""
    drawing = Drawing(place.lines, place.homes_xy, place.gates_xy)
    longest = 0.0
    for pair in np.linspace(0, len(routes.cell) - 1, 20).astype(int).tolist():
        begun = time.perf_counter()
        alone = route_between(*ends, RULES, int(routes.cell[pair]), int(routes.school[pair]))
        shown = route_of(place.network, ends[0], ends[1:], drawing, alone, 0, "safest")
        longest = max(longest, time.perf_counter() - begun)
        assert shown.length_m == routes.safest.length_dm[pair] / 10
    return Row("one route by click", "networkx, arcs as nodes, 25k", longest, theirs, note="ours: the slowest of 20")


def networkx_seconds() -> tuple[float, float]:
    """The peer's time on a small county, where its results are ours: for a pair among many, and for one alone."""
    town = streets(SMALL)
    place = county(town, 30_000, town.spread(60))
    ends = joined(place)
    routes, _ = walked(place, ends)
    peer = ByNetworkx(*ends, RULES)
    seconds, count = 0.0, 0
    for school in (5, 25, 45):
        mine = np.flatnonzero(routes.school == school)[:400]
        begun = time.perf_counter()
        theirs = peer.school(school, routes.cell[mine].tolist())
        seconds += time.perf_counter() - begun
        count += len(mine)
        safest = routes.safest
        ours = [routes.shortest.length_dm, safest.high, safest.low, safest.weight_dm, safest.length_dm]
        assert theirs == list(zip(*(column[mine].tolist() for column in ours), strict=True))
    begun = time.perf_counter()
    peer.school(5, routes.cell[routes.school == 5][:1].tolist())
    return seconds / count, time.perf_counter() - begun


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="small inputs: a check that everything runs")
    print_table(rows(parser.parse_args().small))
