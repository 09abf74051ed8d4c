"""Arcs between schools: a pairing heap per ordered pair of nodes, with the detour of whoever could move.

Arrays go into the small functions one by one: taking them out of a tuple inside a loop costs more than the work.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

NO_PLACE = 1 << 56  # cost of one pupil without a place; exact as long as schools x longest cost stays below it
FAR = 1 << 61  # "no arc"

I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
Flags = NDArray[np.bool_]

NEAR, DETOUR, TOP = 0, 1, 2  # of an arc: the node it leads to, the least detour, the top of its heap (-1 empty)
KEY, LEAVE, ENTER, CHILD, SIBLING = 0, 1, 2, 3, 4  # of a heap entry
# of a node: more than it may hold (> 0) or room that must be used (< 0), what goes on to the sink, what still may
EXCESS, FILLED, LEFT, POTENTIAL = 0, 1, 2, 3


class Board(NamedTuple):
    """Who is where. A slot is an option of a unit (its row in the pairs) or, after those, a unit without a place."""

    start: I64
    school: I32
    cost: I64
    owner: I32  # unit of an option
    flow: I64  # supply per slot
    head: I32  # per node, a list of slots that have held supply, until the node's arcs are built
    following: I32
    listed: Flags
    state: I64  # (node, EXCESS or FILLED or LEFT or POTENTIAL)


class Arcs(NamedTuple):
    """The arcs between nodes."""

    arc: I64  # (from, spot, NEAR or DETOUR or TOP), side by side in use order; spot 0 holds how many there are
    spot: I32  # (from, to) -> spot, 0 where there is no arc
    built: Flags
    free: I64  # first heap entry to be used again, number of entries ever used


@njit(cache=True, nogil=True)
def new_arcs(nodes: int) -> Arcs:
    """No arcs yet."""
    arc = np.empty((nodes, nodes + 1, 3), np.int64)
    arc[:, 0, NEAR] = 0
    spot = np.zeros((nodes, nodes), np.int32)
    return Arcs(arc, spot, np.zeros(nodes, np.bool_), np.array([-1, 0], np.int64))


@njit(cache=True, nogil=True)
def meld(pool: I64, a: int, b: int) -> int:
    """Join two heaps; -1 is the empty one."""
    if a < 0:
        return b
    if b < 0:
        return a
    if pool[b, KEY] < pool[a, KEY]:
        a, b = b, a
    pool[b, SIBLING] = pool[a, CHILD]
    pool[a, CHILD] = b
    return a


@njit(cache=True, nogil=True)
def without_top(pool: I64, top: int) -> int:
    """The heap without its top, by two-pass pairing."""
    child = pool[top, CHILD]
    pairs = -1
    while child >= 0:
        second = pool[child, SIBLING]
        following = -1
        if second >= 0:
            following = pool[second, SIBLING]
            pool[second, SIBLING] = -1
        pool[child, SIBLING] = -1
        joined = meld(pool, child, second)
        pool[joined, SIBLING] = pairs
        pairs = joined
        child = following
    heap = -1
    while pairs >= 0:
        following = pool[pairs, SIBLING]
        pool[pairs, SIBLING] = -1
        heap = meld(pool, heap, pairs)
        pairs = following
    return heap


@njit(cache=True, nogil=True)
def clean(here: I64, flow: I64, pool: I64, free: I64) -> None:
    """Drop tops of an arc's heap whose pupils have left; note the least detour."""
    top = here[TOP]
    while top >= 0 and flow[pool[top, LEAVE]] == 0:
        rest = without_top(pool, top)
        pool[top, SIBLING] = free[0]
        free[0] = top
        top = rest
    here[TOP] = top
    here[DETOUR] = pool[top, KEY] if top >= 0 else FAR


@njit(cache=True, nogil=True)
def push(b: int, way: tuple[int, int, int], pool: I64, arc: I64, spot: I32, free: I64) -> None:
    """One more way to b, (detour, slot left, slot entered), among the arcs and spots of one node."""
    entry = free[0]
    if entry >= 0:
        free[0] = pool[entry, SIBLING]
    else:
        entry = free[1]
        free[1] += 1
    pool[entry, KEY], pool[entry, LEAVE], pool[entry, ENTER] = way
    pool[entry, CHILD] = pool[entry, SIBLING] = -1
    if spot[b] == 0:
        arc[0, NEAR] += 1
        spot[b] = arc[0, NEAR]
        arc[spot[b], NEAR] = b
        arc[spot[b], TOP] = -1
    top = meld(pool, arc[spot[b], TOP], entry)
    arc[spot[b], TOP] = top
    arc[spot[b], DETOUR] = pool[top, KEY]


@njit(cache=True, nogil=True)
def unit_of(owner: I32, slot: int) -> int:
    """Whose slot it is."""
    return owner[slot] if slot < len(owner) else slot - len(owner)


@njit(cache=True, nogil=True)
def offer(slot: int, a: int, board: Board, pool: I64, arcs: Arcs) -> None:
    """Enter all ways out of node a for the pupils in a slot."""
    arc, spot, free, school, cost = arcs.arc[a], arcs.spot[a], arcs.free, board.school, board.cost
    none = len(spot) - 1
    unit = unit_of(board.owner, slot)
    here = cost[slot] if a != none else NO_PLACE
    for option in range(board.start[unit], board.start[unit + 1]):
        if school[option] != a:
            push(school[option], (cost[option] - here, slot, option), pool, arc, spot, free)
    if a != none:
        push(none, (NO_PLACE - here, slot, len(school) + unit), pool, arc, spot, free)


@njit(cache=True, nogil=True)
def ways(start: I64, owner: I32, slot: int) -> int:
    """Heap entries one slot may need."""
    unit = unit_of(owner, slot)
    return start[unit + 1] - start[unit] + 1


@njit(cache=True, nogil=True)
def grown(pool: I64, free: I64, need: int) -> I64:
    """Room for so many more heap entries."""
    if free[1] + need <= len(pool):
        return pool
    bigger = np.empty((max(2 * len(pool), free[1] + need), 5), np.int64)
    bigger[: len(pool)] = pool
    return bigger
