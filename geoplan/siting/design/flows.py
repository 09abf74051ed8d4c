"""Pupils served for given places, exactly, and the cuts that prove nobody can serve more.

Whatever is built, a set A of groups and a set B of places bound the pupils served: those outside A, the places of B,
and those of A who find a candidate outside B open. The best such bound is exact (max-flow min-cut, Ford and Fulkerson
1956), and each is linear in the decisions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256

import numpy as np
from ortools.graph.python import max_flow

from geoplan.siting.design.columns import Columns, useful_places
from geoplan.siting.design.groups import MILLION, Groups, group_units
from geoplan.siting.design.task import F64, I64, Mask, Task

KEPT = 32  # cuts remembered per stage


@dataclass(frozen=True)
class Sides:
    """Groups and places on the source's side of a minimum cut."""

    group: Mask
    place: Mask


@dataclass(frozen=True)
class Network:
    """The groups of one stage whose part of the county holds an option, and a solver per year.

    ``always``: millionths served per year in the parts without any option; ``n_parts`` counts the others.
    ``part`` is per group, ``place_part`` per place (-1 outside); ``new`` flags places that are candidates.
    ``known`` remembers how many were served, ``cuts`` the sides of the last few cuts.
    """

    supply: I64
    start: I64
    place: I64
    group: I64
    part: I64
    place_part: I64
    new: Mask
    n_parts: int
    always: I64
    solvers: tuple[max_flow.SimpleMaxFlow, ...]
    pair_arcs: I64
    sink_arcs: I64
    known: dict[tuple[int, bytes], int] = field(default_factory=dict)
    cuts: dict[tuple[int, bytes], tuple[Sides, Sides]] = field(default_factory=dict)


@dataclass(frozen=True)
class Market:
    """Everything that decides who is served: networks by stage, columns, weights of the years."""

    networks: tuple[Network, ...]
    groups: tuple[Groups, ...]
    columns: Columns
    weights: F64


def market(task: Task, given: Columns, rank: I64) -> Market:
    """Groups and networks of all stages; ``rank`` orders the places whatever their rows."""
    useful = useful_places(given)
    groups = tuple(group_units(stage, useful[s], rank) for s, stage in enumerate(task.stages))
    new = np.arange(len(task.place_id)) >= task.existing
    networks = tuple(_network(found, given, s, new) for s, found in enumerate(groups))
    return Market(networks, groups, given, task.year_weights)


def served(world: Market, places: F64) -> I64:
    """Millionths of a pupil with a place, by stage and year; places as `places_with` gives them."""
    found = [
        [int(network.always[t]) + _count(network, t, places[s, t]) for t in range(places.shape[1])]
        for s, network in enumerate(world.networks)
    ]
    return np.array(found, np.int64).reshape(places.shape[:2])


def weighted(world: Market, amount: I64 | F64) -> float:
    """Pupils of all stages, each year with its weight; ``amount`` in millionths by stage and year."""
    return float(np.asarray(amount).sum(axis=0) @ world.weights) / MILLION


def tight_cuts(network: Network, year: int, places: F64, open_share: F64 | None) -> Sequence[Sides]:
    """The minimum cuts nearest to the pupils and nearest to the places.

    Parameters
    ----------
    places, open_share
        Places of the stage and year, and how far each candidate is open (0 to 1) in a relaxation: no group sends it a
        larger share of its pupils. All that are open are so in full when None.
    """
    least, most = _sides(network, year, places, open_share)
    return (least,) if np.array_equal(least.place, most.place) else (least, most)


def _network(groups: Groups, given: Columns, stage: int, new: Mask) -> Network:
    touched = np.unique(given.e_place[given.e_stage == stage])
    parts = np.unique(groups.place_part[touched])
    parts = parts[parts >= 0]
    inside = np.isin(groups.part, parts)
    new_part = np.full(int(groups.part.max(initial=-1)) + 2, -1)
    new_part[parts] = np.arange(len(parts))
    place_part = np.where(groups.place_part >= 0, new_part[groups.place_part], -1)
    always = _served_always(groups, given.base[stage], ~inside)
    supply, start, place = _rows(groups, inside)
    group = np.repeat(np.arange(len(start) - 1), np.diff(start))
    part = new_part[groups.part[inside]]
    solvers, pairs, sinks = _arcs(supply, group, place, len(new))
    return Network(supply, start, place, group, part, place_part, new, len(parts), always, solvers, pairs, sinks)


def _served_always(groups: Groups, base: F64, chosen: Mask) -> I64:
    """Millionths served per year in the parts without options."""
    supply, start, place = _rows(groups, chosen)
    group = np.repeat(np.arange(len(start) - 1), np.diff(start))
    solvers, _, sinks = _arcs(supply, group, place, base.shape[1])
    found = [_flow(solver, sinks, row, amount)[0] for solver, row, amount in zip(solvers, base, supply, strict=True)]
    return np.array(found, np.int64)


def _rows(groups: Groups, chosen: Mask) -> tuple[I64, I64, I64]:
    count = np.diff(groups.start)
    kept = np.repeat(chosen, count)
    start = np.concatenate([[0], np.cumsum(count[chosen])]).astype(np.int64)
    return groups.supply[:, chosen], start, groups.place[kept]


def _arcs(supply: I64, group: I64, place: I64, n_places: int) -> tuple[tuple[max_flow.SimpleMaxFlow, ...], I64, I64]:
    """Source, groups, places, sink: a solver per year, and the arcs between groups and places and into the sink."""
    n_groups = supply.shape[1]
    source, sink = n_groups + n_places, n_groups + n_places + 1
    solvers = []
    for amount in supply:
        solver = max_flow.SimpleMaxFlow()
        solver.add_arcs_with_capacity(np.full(n_groups, source), np.arange(n_groups), amount)
        solver.add_arcs_with_capacity(group, n_groups + place, amount[group])
        ends = (n_groups + np.arange(n_places), np.full(n_places, sink))
        solver.add_arcs_with_capacity(*ends, np.zeros(n_places, np.int64))
        solvers.append(solver)
    first = n_groups + len(group)
    return tuple(solvers), np.arange(n_groups, first), np.arange(first, first + n_places)


def _count(network: Network, year: int, places: F64) -> int:
    """Millionths served in the parts with options, all candidates with places being open."""
    key, row = _key(network, year, places, None)
    if key not in network.known:
        _solved(network, key, row, None)
    return network.known[key]


def _sides(network: Network, year: int, places: F64, open_share: F64 | None) -> tuple[Sides, Sides]:
    key, row = _key(network, year, places, open_share)
    if key not in network.cuts:
        _solved(network, key, row, open_share)
    return network.cuts[key]


def _key(network: Network, year: int, places: F64, open_share: F64 | None) -> tuple[tuple[int, bytes], F64]:
    row = np.where(network.place_part >= 0, places, 0.0)
    shares = b"" if open_share is None else open_share.tobytes()
    return (year, sha256(row.tobytes() + shares).digest()), row


def _solved(network: Network, key: tuple[int, bytes], row: F64, open_share: F64 | None) -> None:
    """Solve and remember; the solver's arcs are as they were afterwards."""
    supply, solver = network.supply[key[0]], network.solvers[key[0]]
    if open_share is not None:
        share = np.where(network.new, np.clip(open_share, 0.0, 1.0), 1.0)[network.place]
        solver.set_arcs_capacity(network.pair_arcs, np.ceil(supply[network.group] * share).astype(np.int64))
    network.known[key], *sides = _flow(solver, network.sink_arcs, row, supply)
    if len(network.cuts) >= KEPT:
        network.cuts.clear()
    network.cuts[key] = (sides[0], sides[1])
    if open_share is not None:
        solver.set_arcs_capacity(network.pair_arcs, supply[network.group])


def _flow(solver: max_flow.SimpleMaxFlow, sink_arcs: I64, places: F64, supply: I64) -> tuple[int, Sides, Sides]:
    """Millionths served, and the sides of the smallest and the largest minimum cut."""
    n_groups, n_places = len(supply), len(places)
    if not n_groups:
        nothing = Sides(np.zeros(0, bool), np.zeros(n_places, bool))
        return 0, nothing, nothing
    room = np.floor(np.clip(places * MILLION + 1e-4, 0, int(supply.sum()))).astype(np.int64)
    solver.set_arcs_capacity(sink_arcs, room)
    status = solver.solve(n_groups + n_places, n_groups + n_places + 1)
    if status != solver.OPTIMAL:
        raise RuntimeError(f"maximum flow did not finish: {status.name}")
    least = np.zeros(n_groups + n_places + 2, bool)
    least[solver.get_source_side_min_cut()] = True
    most = np.ones(n_groups + n_places + 2, bool)
    most[solver.get_sink_side_min_cut()] = False
    end = n_groups + n_places
    sides = [Sides(flags[:n_groups], flags[n_groups:end]) for flags in (least, most)]
    return int(solver.optimal_flow()), sides[0], sides[1]
