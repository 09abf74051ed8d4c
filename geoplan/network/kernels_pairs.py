"""Compiled joins: nodes a home starts from, and the pairs of homes and schools within a limit."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from geoplan.network.kernels import FAR, LOW, settle


@njit(cache=True, nogil=True, inline="always")
def enter(node: Any, cost: Any, space: Any, touched: Any, count: Any) -> Any:
    """Note that a home reaches a node at a cost; returns how many nodes it has."""
    record, epoch = space
    key = (epoch[0] << 32) | np.int64(cost)
    if record[node] < (epoch[0] << 32):
        touched[count] = node
        count += 1
        record[node] = key
    elif key < record[node]:
        record[node] = key
    return count


@njit(cache=True, nogil=True, inline="always")
def enter_end(end: Any, cost: Any, inner: Any, copies: Any, space: Any, touched: Any, count: Any) -> Any:
    """Enter an end of an edge in every copy that the edge can be reached from."""
    public, entered, leaving = copies[0, end], copies[1, end], copies[2, end]
    if public >= 0:
        count = enter(public, cost, space, touched, count)
    if inner:
        count = enter(entered, cost, space, touched, count)
        count = enter(leaving, cost, space, touched, count)
    return count


@njit(cache=True, nogil=True, inline="always")
def dominated(node: Any, arcs: Any, space: Any) -> bool:
    """Whether a neighbour that the same home reaches makes this node needless."""
    start, packed = arcs
    record, epoch = space
    base = epoch[0] << 32
    cost = record[node] - base
    for a in range(start[node], start[node + 1]):
        weight = packed[a] >> 32
        if weight > cost:
            return False
        other = record[packed[a] & LOW]
        if other >= base and other - base + weight <= cost:
            return True
    return False


@njit(cache=True, nogil=True)
def entries_of(homes: Any, ways: Any, copies: Any, arcs: Any, space: Any, out: Any) -> int:
    """Nodes each home starts from, cheapest cost, needless ones left out; returns how many were written."""
    begin, edge, offset, leg = homes
    u, v, weight, private, forward, backward = ways
    node, cost, count = out
    record, epoch = space
    touched = np.empty(node.size, np.int32)
    at = 0
    for home in range(begin.size - 1):
        epoch[0] += 1
        found = 0
        for i in range(begin[home], begin[home + 1]):
            e = edge[i]
            if backward[e] or offset[i] == 0:
                found = enter_end(u[e], leg[i] + offset[i], private[e], copies, space, touched, found)
            if forward[e] or offset[i] == weight[e]:
                found = enter_end(v[e], leg[i] + weight[e] - offset[i], private[e], copies, space, touched, found)
        for i in range(found):
            if not dominated(touched[i], arcs, space):
                node[at] = touched[i]
                cost[at] = record[touched[i]] & LOW
                at += 1
                count[home] += 1
    return at


@njit(cache=True, nogil=True)
def direct_cost(home: Any, gate: Any, forward: Any, backward: Any) -> Any:
    """Straight along one edge from a home's point to a gate's, legs included; -1 against a one-way."""
    h_offset, h_leg = home
    g_offset, g_leg = gate
    if (h_offset < g_offset and not forward) or (h_offset > g_offset and not backward):
        return np.int64(-1)
    return np.int64(h_leg) + np.int64(g_leg) + abs(np.int64(h_offset) - np.int64(g_offset))


@njit(cache=True, nogil=True, inline="always")
def offer(home: Any, dist: Any, base: Any, best: Any, out: Any, at: Any) -> Any:
    """Keep the least distance of a home in this search, listing the home the first time; no branch to mispredict.

    Each search has a lower ``base`` (``-epoch << 32``) than those before it, so what they left in ``best`` is larger.
    """
    old = best[home]
    out[at] = home
    best[home] = min(old, base | dist)
    return at + (old >= base + (np.int64(1) << 32))


@njit(cache=True, nogil=True)
def homes_within(
    arcs: Any, seeds: Any, gates: Any, homes: Any, ways: Any, first: int, last: int, limit: int, space: Any, out: Any
) -> int:
    """Homes within the limit of each school from row ``first`` on; returns the school it stopped before.

    ``seeds`` (start, node, cost) and ``gates`` (start, edge, offset, leg) are per school; ``homes`` is (start per
    node, home, cost, start per edge, home, offset, leg); ``space`` is (search workspace, found, best per home);
    ``out`` is (home, distance, end per school). Stops early when ``out`` might not hold another school.
    """
    start, packed = arcs
    s_start, s_node, s_cost = seeds
    g_start, g_edge, g_offset, g_leg = gates
    n_start, n_home, n_cost, e_start, e_home, e_offset, e_leg = homes
    forward, backward = ways
    work, found, best = space
    out_home, out_dist, ends = out
    at = 0
    for school in range(first, last):
        if out_home.size - at <= best.size:
            return school
        opened = at
        size = settle(start, packed, s_node, s_cost, s_start[school], s_start[school + 1], limit, work, found, 0)
        base = -work[4][0] << 32
        for i in range(size):
            node = found[i] & LOW
            near = found[i] >> 32
            for j in range(n_start[node], n_start[node + 1]):
                at = offer(n_home[j], near + n_cost[j], base, best, out_home, at)
        for g in range(g_start[school], g_start[school + 1]):
            e = g_edge[g]
            for j in range(e_start[e], e_start[e + 1]):
                dist = direct_cost((e_offset[j], e_leg[j]), (g_offset[g], g_leg[g]), forward[e], backward[e])
                if dist >= 0:
                    at = offer(e_home[j], dist, base, best, out_home, at)
        listed = at
        at = opened
        for i in range(opened, listed):
            home = out_home[i]
            dist = best[home] & LOW
            if dist <= limit:
                out_home[at] = home
                out_dist[at] = dist
                at += 1
        ends[school] = at
    return last


@njit(cache=True, nogil=True)
def sorted_pairs(home: Any, school: Any, dist: Any, homes: int) -> Any:
    """Pairs by home, then distance, then school."""
    start = np.zeros(homes + 1, np.int64)
    for i in range(home.size):
        start[home[i] + 1] += 1
    for i in range(homes):
        start[i + 1] += start[i]
    key = np.empty(home.size, np.int64)
    free = start[:-1].copy()
    for i in range(home.size):
        key[free[home[i]]] = (np.int64(dist[i]) << 32) | np.int64(school[i])
        free[home[i]] += 1
    for h in range(homes):
        part = key[start[h] : start[h + 1]]
        if part.size > 40:
            part.sort()
            continue
        for i in range(1, part.size):
            value = part[i]
            j = i
            while j > 0 and part[j - 1] > value:
                part[j] = part[j - 1]
                j -= 1
            part[j] = value
    return start, key


@njit(cache=True, nogil=True)
def nearest_of_homes(label: Any, homes: Any, gates: Any, ways: Any, best: Any) -> None:
    """Least ``distance << 32 | school`` of each home from the labels of the nodes and from its own edges.

    ``gates`` is (school, edge, offset, leg) per attachment of a gate; ``best`` comes filled with FAR.
    """
    n_start, n_home, n_cost, e_start, e_home, e_offset, e_leg = homes
    school, g_edge, g_offset, g_leg = gates
    forward, backward = ways
    for node in range(n_start.size - 1):
        if label[node] == FAR:
            continue
        for j in range(n_start[node], n_start[node + 1]):
            best[n_home[j]] = min(best[n_home[j]], label[node] + (np.int64(n_cost[j]) << 32))
    for g in range(g_edge.size):
        e = g_edge[g]
        for j in range(e_start[e], e_start[e + 1]):
            dist = direct_cost((e_offset[j], e_leg[j]), (g_offset[g], g_leg[g]), forward[e], backward[e])
            if dist >= 0:
                best[e_home[j]] = min(best[e_home[j]], (dist << 32) | np.int64(school[g]))


@njit(cache=True, nogil=True)
def grouped(key: Any, keys: int) -> Any:
    """Rows in the order of a small integer key (stable): start per key (keys + 1, int64) and row, int32."""
    start = np.zeros(keys + 1, np.int64)
    for i in range(key.size):
        start[key[i] + 1] += 1
    for i in range(keys):
        start[i + 1] += start[i]
    free = start[:-1].copy()
    order = np.empty(key.size, np.int32)
    for i in range(key.size):
        order[free[key[i]]] = i
        free[key[i]] += 1
    return start, order
