"""Compiled geometry of junctions: arcs in angular order, arms that make one road, what lies between two arcs.

An arc is an edge seen from one of its ends: ``2 * edge`` leaves u, ``2 * edge + 1`` leaves v.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

EITHER, LEFT, RIGHT, NEAREST = 0, 1, 2, 3
"""Side of the street a turn is walked on: not known; left; right; the one with less to cross, as the walk is free."""

STRAIGHT_DEG, SAME_NAME_DEG, NAME_DEG, SPLIT_DEG = 50.0, 100.0, 60.0, 50.0
"""How far two arms may bend and still be one road; with one name; what names count; how wide a street splits."""


@njit(cache=True, nogil=True)
def bearings(xy: Any, first: Any, reach_m: float) -> Any:
    """Angle (radians) in which each arc leaves its node, towards the point ``reach_m`` along the edge.

    ``xy`` (n, 2) holds the vertices of all edges, ``first`` (edges + 1) where each edge begins.
    """
    angle = np.zeros(2 * (first.size - 1), np.float64)
    for e in range(first.size - 1):
        for way in range(2):
            at, step = (first[e], 1) if way == 0 else (first[e + 1] - 1, -1)
            stop = first[e + 1] - 1 if way == 0 else first[e]
            x0, y0, left = xy[at, 0], xy[at, 1], reach_m
            dx, dy = 0.0, 0.0
            while at != stop:
                sx, sy = xy[at + step, 0] - xy[at, 0], xy[at + step, 1] - xy[at, 1]
                size = np.sqrt(sx * sx + sy * sy)
                share = 1.0 if size <= left or size == 0.0 else left / size
                dx, dy = xy[at, 0] + sx * share - x0, xy[at, 1] + sy * share - y0
                left -= size
                at += step
                if left <= 0.0:
                    break
            angle[2 * e + way] = np.arctan2(dy, dx)
    return angle


@njit(cache=True, nogil=True)
def arcs_at_nodes(u: Any, v: Any, angle: Any, nodes: int) -> Any:
    """Arcs of each node counterclockwise: ``start`` (nodes + 1) and ``arc``, int32; equal angles by arc."""
    start = np.zeros(nodes + 1, np.int32)
    for e in range(u.size):
        start[u[e] + 1] += 1
        start[v[e] + 1] += 1
    for n in range(nodes):
        start[n + 1] += start[n]
    free, arc = start[:-1].copy(), np.empty(2 * u.size, np.int32)
    for code in range(2 * u.size):
        n = u[code >> 1] if code & 1 == 0 else v[code >> 1]
        at = free[n]
        while at > start[n] and angle[arc[at - 1]] > angle[code]:
            arc[at] = arc[at - 1]
            at -= 1
        arc[at] = code
        free[n] += 1
    return start, arc


@njit(cache=True, nogil=True)
def near_nodes(start: Any, arc: Any, u: Any, v: Any, road: Any, length_m: Any, there: Any, limit_m: float) -> Any:
    """Per arc of a road: the first node along it, up to ``limit_m`` away, where ``there`` holds; else -1.

    The road is followed over nodes where no third carriageway meets it.
    """
    near = np.full(2 * u.size, -1, np.int32)
    for code in range(2 * u.size):
        if not road[code >> 1]:
            continue
        here, gone = code, 0.0
        while True:
            gone += length_m[here >> 1]
            if gone > limit_m:
                break
            n = v[here >> 1] if here & 1 == 0 else u[here >> 1]
            if there[n]:
                near[code] = n
                break
            count, on = 0, -1
            for k in range(start[n], start[n + 1]):
                if road[arc[k] >> 1]:
                    count += 1
                    if arc[k] != here ^ 1:
                        on = arc[k]
            if count != 2 or on < 0 or on >> 1 == code >> 1:
                break
            here = on
    return near


@njit(cache=True, nogil=True)
def bend_deg(one: float, other: float) -> float:
    """How far two arms are from continuing each other, 0 (straight on) to 180 degrees."""
    gap = abs(one - other) % (2 * np.pi)
    return abs(180.0 - np.degrees(min(gap, 2 * np.pi - gap)))


@njit(cache=True, nogil=True)
def roads_at_nodes(start: Any, arc: Any, angle: Any, road: Any, name: Any, oneway: Any) -> Any:
    """Number of the road each arc belongs to at its node (-1: no carriageway), and how many there are.

    Arms pair off by least bend, those of one name first; an arm of a street that splits into two one-way
    carriageways joins its sister.
    """
    group = np.full(arc.size, -1, np.int32)
    roads = 0
    for n in range(start.size - 1):
        first, last = start[n], start[n + 1]
        while True:
            best, i, j = 1000.0, -1, -1
            for p in range(first, last):
                if group[arc[p]] >= 0 or not road[arc[p] >> 1]:
                    continue
                for q in range(p + 1, last):
                    if group[arc[q]] >= 0 or not road[arc[q] >> 1]:
                        continue
                    named = name[arc[p] >> 1] >= 0 and name[arc[q] >> 1] >= 0
                    same = named and name[arc[p] >> 1] == name[arc[q] >> 1]
                    bend = bend_deg(angle[arc[p]], angle[arc[q]])
                    cost = bend - NAME_DEG if same else bend + NAME_DEG if named else bend
                    if bend <= (SAME_NAME_DEG if same else STRAIGHT_DEG) and cost < best - 1e-9:
                        best, i, j = cost, p, q
            if i < 0:
                break
            group[arc[i]] = group[arc[j]] = roads
            roads += 1
        for p in range(first, last):
            e = arc[p] >> 1
            if group[arc[p]] >= 0 or not road[e]:
                continue
            for q in range(first, last):
                f = arc[q] >> 1
                sisters = road[f] and oneway[e] and oneway[f] and name[e] >= 0 and name[e] == name[f]
                if sisters and group[arc[q]] >= 0 and bend_deg(angle[arc[p]], angle[arc[q]]) >= 180.0 - SPLIT_DEG:
                    group[arc[p]] = group[arc[q]]
                    break
            if group[arc[p]] < 0:
                group[arc[p]] = roads
                roads += 1
    return group, roads


@njit(cache=True, nogil=True, inline="always")
def walking_side(side: Any, code: Any, leaving: bool) -> Any:
    """Sides with a pavement as the walker sees them: 0 not known, 1 left, 2 right, 3 both."""
    with_line = (code & 1 == 0) == leaving
    return side if with_line or side == 0 or side == 3 else 3 - side


@njit(cache=True, nogil=True, inline="always")
def side_of_turn(before: Any, after: Any, road: Any, side: Any) -> Any:
    """The side a turn is walked on, from the pavements of the arcs it comes by and leaves by."""
    came, goes = walking_side(side[before >> 1], before, False), walking_side(side[after >> 1], after, True)
    if road[before >> 1] and road[after >> 1]:
        return came if came == goes and came != 3 else EITHER
    if not road[before >> 1] and not road[after >> 1]:
        return NEAREST
    return came if road[before >> 1] else goes


@njit(cache=True, nogil=True)
def between(arcs: Any, i: int, j: int, group: Any, layer: Any, apart: bool, out: Any) -> int:
    """Roads met counterclockwise from arc i to arc j of a node, each once, into ``out``; how many.

    ``apart`` says that the walk keeps to one layer above or below, so that roads on others are not met.
    """
    count, k = 0, i
    while True:
        k = k + 1 if k + 1 < arcs.size else 0
        if k == j:
            return count
        found = group[arcs[k]]
        if found < 0 or (apart and layer[arcs[k] >> 1] != layer[arcs[i] >> 1]):
            continue
        seen = False
        for p in range(count):
            seen = seen or out[p] == found
        if not seen:
            out[count] = found
            count += 1


@njit(cache=True, nogil=True)
def turns_at_nodes(start: Any, arc: Any, group: Any, walk: Any, road: Any, layer: Any, side: Any, out: Any) -> Any:
    """Turns that cross something: how many, and the most roads on one side.

    ``out`` is (node, edge in, edge out, mode, left, right) to be filled, or arrays of no length to count only. Each
    pair of edges stands once, the lower edge first.
    """
    t_node, t_in, t_out, t_mode, t_left, t_right = out
    size, most = 0, 0
    one, other = np.empty(1024, np.int32), np.empty(1024, np.int32)
    for n in range(start.size - 1):
        arcs = arc[start[n] : start[n + 1]]
        if arcs.size < 3 or arcs.size > 1024:
            continue
        for p in range(arcs.size):
            for q in range(arcs.size):
                a, b = arcs[p] >> 1, arcs[q] >> 1
                if a >= b or not (walk[a] and walk[b]):
                    continue
                apart = not road[a] and not road[b] and layer[a] == layer[b] and layer[a] != 0
                right = between(arcs, p, q, group, layer, apart, one)
                left = between(arcs, q, p, group, layer, apart, other)
                if left + right == 0:
                    continue
                most = max(most, left, right)
                if t_node.size:
                    t_node[size], t_in[size], t_out[size] = n, a, b
                    t_mode[size] = side_of_turn(arcs[p], arcs[q], road, side)
                    t_right[size, :right] = one[:right]
                    t_left[size, :left] = other[:left]
                size += 1
    return size, most


@njit(cache=True, nogil=True)
def turn_bounds(left: Any, right: Any, mode: Any, low: Any, high: Any) -> Any:
    """Best and worst level of what each turn crosses, 0 nothing.

    On one side a turn is as bad as the worst road on it. A side that is not known may be the better or the worse one;
    a walk that is free to choose takes the better one.
    """
    best, worst = np.zeros(mode.size, np.int8), np.zeros(mode.size, np.int8)
    for t in range(mode.size):
        l_low, l_high, r_low, r_high = np.int8(0), np.int8(0), np.int8(0), np.int8(0)
        for k in range(left.shape[1]):
            if left[t, k] >= 0:
                l_low, l_high = max(l_low, low[left[t, k]]), max(l_high, high[left[t, k]])
            if right[t, k] >= 0:
                r_low, r_high = max(r_low, low[right[t, k]]), max(r_high, high[right[t, k]])
        if mode[t] == LEFT:
            best[t], worst[t] = l_low, l_high
        elif mode[t] == RIGHT:
            best[t], worst[t] = r_low, r_high
        else:
            best[t] = min(l_low, r_low)
            worst[t] = min(l_high, r_high) if mode[t] == NEAREST else max(l_high, r_high)
    return best, worst
