"""The exact transport of pupils to places: shortest augmenting paths on the small graph of schools.

The nodes are the schools, one node for "no place" and one for the sink. Arc a -> b costs the least detour over the
pupils now at a. Method: successive shortest paths with potentials (Ahuja, Magnanti, Orlin, Network Flows, 1993, 9.7),
with the arcs between units and schools folded into arcs between schools.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from geoplan.enrolment.heaps import (
    DETOUR,
    ENTER,
    EXCESS,
    FAR,
    FILLED,
    I32,
    I64,
    LEAVE,
    LEFT,
    NEAR,
    NO_PLACE,
    POTENTIAL,
    TOP,
    Arcs,
    Board,
    clean,
    grown,
    new_arcs,
    offer,
    unit_of,
    ways,
)

DIST, PARENT, SETTLED, ROOM, PLACE = 0, 1, 2, 3, 4  # of a node in a search; PLACE: where in the frontier
FRONTIER, TOUCHED, NEARNESS, BOUND = 0, 1, 2, 2  # lists of a search (NEARNESS: distances of the frontier); its reach


class Search(NamedTuple):
    """Workspace of one shortest-path search, clean between searches."""

    node: I64  # (node, DIST or PARENT or SETTLED or ROOM or PLACE)
    queue: I64  # (FRONTIER or TOUCHED or NEARNESS, nodes)
    length: I64  # of FRONTIER and of TOUCHED; BOUND
    path: I32


@njit(cache=True, nogil=True)
def _build(a: int, board: Board, pool: I64, arcs: Arcs) -> I64:
    """Enter the ways out of a node when a search first comes through it."""
    start, owner, following, flow = board.start, board.owner, board.following, board.flow
    arcs.built[a] = True
    need, slot = 0, board.head[a]
    while slot >= 0:
        need += ways(start, owner, slot)
        slot = following[slot]
    pool = grown(pool, arcs.free, need)
    slot = board.head[a]
    while slot >= 0:
        if flow[slot] > 0:
            offer(slot, a, board, pool, arcs)
        slot = following[slot]
    return pool


@njit(cache=True, nogil=True)
def _relax(a: int, b: int, dist: int, node: I64, queue: I64, length: I64) -> None:
    """Node b can be reached through a at this distance; no use beyond the nearest node with room."""
    if dist >= length[BOUND] or dist >= node[b, DIST] or node[b, SETTLED]:
        return
    if node[b, ROOM]:
        length[BOUND] = dist
    if node[b, DIST] == FAR:
        queue[FRONTIER, length[FRONTIER]] = queue[TOUCHED, length[TOUCHED]] = b
        node[b, PLACE] = length[FRONTIER]
        length[FRONTIER] += 1
        length[TOUCHED] += 1
    queue[NEARNESS, node[b, PLACE]] = dist
    node[b, DIST] = dist
    node[b, PARENT] = a


@njit(cache=True, nogil=True)
def _next(node: I64, queue: I64, length: I64) -> int:
    """Take the closest node off the frontier."""
    nearness, last = queue[NEARNESS], length[FRONTIER] - 1
    least, dist = 0, nearness[0]
    for i in range(1, last + 1):
        if nearness[i] < dist:
            least, dist = i, nearness[i]
    taken, moved = queue[FRONTIER, least], queue[FRONTIER, last]
    queue[FRONTIER, least] = moved
    nearness[least] = nearness[last]
    node[moved, PLACE] = least
    length[FRONTIER] = last
    node[taken, SETTLED] = 1
    return taken


@njit(cache=True, nogil=True)
def _spread(a: int, state: I64, arc: I64, node: I64, queue: I64, length: I64) -> None:
    """Relax every arc out of a settled node."""
    sink = len(state) - 1
    base = node[a, DIST] + state[a, POTENTIAL]
    if a == sink:
        for b in range(sink):
            if state[b, FILLED] > 0:
                _relax(a, b, base - state[b, POTENTIAL], node, queue, length)
        return
    for i in range(1, arc[a, 0, NEAR] + 1):
        b = arc[a, i, NEAR]
        dist = base + arc[a, i, DETOUR] - state[b, POTENTIAL]
        if dist < length[BOUND] and dist < node[b, DIST]:
            _relax(a, b, dist, node, queue, length)
    if state[a, LEFT] > 0:
        _relax(a, sink, base - state[sink, POTENTIAL], node, queue, length)


@njit(cache=True, nogil=True)
def _find(origin: int, board: Board, pool: I64, arcs: Arcs, search: Search) -> tuple[int, I64]:
    """Shortest path from a node too full to the nearest one with room; potentials follow."""
    node, queue, length, state = search.node, search.queue, search.length, board.state
    arc, built = arcs.arc, arcs.built
    length[FRONTIER] = length[TOUCHED] = 0
    length[BOUND] = FAR
    _relax(origin, origin, 0, node, queue, length)
    target = _next(node, queue, length)
    while state[target, EXCESS] >= 0:
        if target < len(built) and not built[target]:
            pool = _build(target, board, pool, arcs)
        _spread(target, state, arc, node, queue, length)
        target = _next(node, queue, length)
    reached = node[target, DIST]
    for i in range(length[TOUCHED]):
        b = queue[TOUCHED, i]
        if node[b, SETTLED]:
            state[b, POTENTIAL] += node[b, DIST] - reached
        node[b, DIST] = FAR
        node[b, SETTLED] = 0
    return target, pool


@njit(cache=True, nogil=True)
def _trace(origin: int, target: int, node: I64, path: I32) -> int:
    """Write the path, target first; returns its number of arcs."""
    length = 0
    here = target
    while here != origin:
        path[length] = here
        length += 1
        here = node[here, PARENT]
    path[length] = origin
    return length


@njit(cache=True, nogil=True)
def _width(path: I32, length: int, board: Board, pool: I64, arcs: Arcs) -> tuple[int, int]:
    """How much can go along the path, and how many heap entries that may need."""
    start, owner, flow, state, arc, spot = board.start, board.owner, board.flow, board.state, arcs.arc, arcs.spot
    sink = len(state) - 1
    amount = min(state[path[length], EXCESS], -state[path[0], EXCESS])
    need = 0
    for i in range(length, 0, -1):
        a, b = path[i], path[i - 1]
        if b == sink:
            amount = min(amount, state[a, LEFT])
        elif a == sink:
            amount = min(amount, state[b, FILLED])
        else:
            top = arc[a, spot[a, b], TOP]
            amount = min(amount, flow[pool[top, LEAVE]])
            need += ways(start, owner, pool[top, ENTER])
    return amount, need


@njit(cache=True, nogil=True)
def _move(a: int, b: int, amount: int, board: Board, pool: I64, arcs: Arcs) -> None:
    """Supply goes from node a to node b: by the cheapest pupils at a, or as room used at the sink."""
    free, flow, school, none = arcs.free, board.flow, board.school, len(arcs.spot) - 1
    if max(a, b) > none:
        inner, change = (a, amount) if b > none else (b, -amount)
        board.state[inner, FILLED] += change
        if inner != none:
            board.state[inner, LEFT] -= change
        return
    arc, spot = arcs.arc[a], arcs.spot[a]
    top = arc[spot[b], TOP]
    leave, enter = pool[top, LEAVE], pool[top, ENTER]
    arrives = flow[enter] == 0
    flow[leave] -= amount
    flow[enter] += amount
    if arrives and arcs.built[b]:
        offer(enter, b, board, pool, arcs)
    elif arrives and not board.listed[enter]:
        board.listed[enter] = True
        board.following[enter] = board.head[b]
        board.head[b] = enter
    if flow[leave] == 0:
        unit = unit_of(board.owner, leave)
        for option in range(board.start[unit], board.start[unit + 1]):
            if school[option] != a:
                clean(arc[spot[school[option]]], flow, pool, free)
        if a != none:
            clean(arc[spot[none]], flow, pool, free)


@njit(cache=True, nogil=True)
def _tight(path: I32, length: int, state: I64, arcs: Arcs) -> bool:
    """Whether the path is still a shortest one, and both ends still want it."""
    arc, spot = arcs.arc, arcs.spot
    sink = len(state) - 1
    if state[path[length], EXCESS] <= 0 or state[path[0], EXCESS] >= 0:
        return False
    for i in range(length, 0, -1):
        a, b = path[i], path[i - 1]
        if b == sink:
            held = state[a, LEFT] > 0
        elif a == sink:
            held = state[b, FILLED] > 0
        else:
            held = arc[a, spot[a, b], DETOUR] + state[a, POTENTIAL] == state[b, POTENTIAL]
        if not held:
            return False
    return True


@njit(cache=True, nogil=True)
def _begin(start: I64, school: I32, cost: I64, supply: I64, capacity: I64, price: I64) -> Board:
    """Every unit at its cheapest option; a school with a price counts as full."""
    n_units, n_pairs, n = len(supply), len(school), len(capacity)
    none, sink = n, n + 1
    flow = np.zeros(n_pairs + n_units, np.int64)
    head = np.full(n + 1, -1, np.int32)
    following = np.full(n_pairs + n_units, -1, np.int32)
    listed = np.zeros(n_pairs + n_units, np.bool_)
    owner = np.empty(n_pairs, np.int32)
    state = np.zeros((n + 2, 4), np.int64)
    for unit in range(n_units):
        least, slot, to = np.int64(NO_PLACE), n_pairs + unit, none
        for i in range(start[unit], start[unit + 1]):
            owner[i] = unit
            if cost[i] + price[school[i]] < least:
                least, slot, to = cost[i] + price[school[i]], i, school[i]
        if supply[unit] > 0:
            flow[slot] = supply[unit]
            state[to, EXCESS] += supply[unit]
            state[sink, EXCESS] -= supply[unit]
            listed[slot] = True
            following[slot] = head[to]
            head[to] = slot
    state[none, FILLED], state[none, LEFT] = state[none, EXCESS], FAR
    for s in range(n):
        state[s, FILLED] = capacity[s] if price[s] > 0 else min(state[s, EXCESS], capacity[s])
        state[s, LEFT] = capacity[s] - state[s, FILLED]
        state[s, POTENTIAL] = -price[s]
    for inner in range(n + 1):
        state[inner, EXCESS] -= state[inner, FILLED]
        state[sink, EXCESS] += state[inner, FILLED]
    return Board(start, school, cost, owner, flow, head, following, listed, state)


@njit(cache=True, nogil=True)
def _new_search(excess: I64) -> Search:
    nodes = len(excess)
    node = np.zeros((nodes, 5), np.int64)
    node[:, DIST] = FAR
    node[:, ROOM] = excess < 0
    return Search(node, np.empty((3, nodes), np.int64), np.zeros(3, np.int64), np.empty(nodes, np.int32))


@njit(
    "Tuple((int64[::1], int64[::1], int64))(int64[::1], int32[::1], int64[::1], int64[::1], int64[::1], int64[::1])",
    cache=True,
    nogil=True,
)
def transport(start: I64, school: I32, cost: I64, supply: I64, capacity: I64, price: I64) -> tuple[I64, I64, int]:
    """Most supply within capacity, then least cost: exact, from any prices >= 0.

    Every unit starts at its cheapest option at the given prices (at price 0: at its nearest school); then supply
    moves along shortest augmenting paths from places too full to places with room until none is too full.

    Parameters
    ----------
    start, school, cost
        Options of the units as CSR rows, each school at most once in a row; cost >= 0.
    supply, capacity
        Whole numbers; the sum of supply x cost must fit 63 bits.
    price
        What a place costs at the start, one number per school.

    Returns
    -------
    flow
        Amount per option, then per unit what has no place; shape (options + units,).
    price
        Prices that prove the optimum: no unit has an option cheaper than where it is, a school with a price is full.
    paths
        How many augmenting paths were needed.
    """
    n = len(capacity)
    board = _begin(start, school, cost, supply, capacity, price)
    arcs, search = new_arcs(n + 1), _new_search(board.state[:, EXCESS])
    state, path, node = board.state, search.path, search.node
    pool = np.empty((len(school) // 4 + 1024, 5), np.int64)
    paths = 0
    for origin in range(n + 2):
        while state[origin, EXCESS] > 0:
            target, pool = _find(origin, board, pool, arcs, search)
            length = _trace(origin, target, node, path)
            while _tight(path, length, state, arcs):
                paths += 1
                amount, need = _width(path, length, board, pool, arcs)
                pool = grown(pool, arcs.free, need)
                state[origin, EXCESS] -= amount
                state[target, EXCESS] += amount
                node[target, ROOM] = state[target, EXCESS] < 0
                for i in range(length, 0, -1):
                    _move(path[i], path[i - 1], amount, board, pool, arcs)
    return board.flow, np.maximum(state[n + 1, POTENTIAL] - state[:n, POTENTIAL], 0), paths
