"""Compiled searches: bucket queues over integer weights, with no work that grows with the graph.

Every queue is a ring of buckets (Dial 1969): ``head[b]`` is the last entry put into bucket ``b``, entries are chained
in a pool as ``next << 32 | node``. Weights are at least 1, so all entries of a bucket are final when it is opened.
The ring is longer than any arc in use and any first cost, so that a bucket never holds two distances.
``record[node] = epoch << 32 | distance``: one memory access tells whether this search has seen the node and how near;
a new search only takes the next epoch. An entry is pushed only when it betters the record, so a node settles once.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

FAR = np.int64(0x7FFFFFFFFFFFFFFF)
LOW = np.int64(0xFFFFFFFF)


@njit(cache=True, nogil=True)
def settle(
    start: Any, packed: Any, node: Any, cost: Any, first: int, last: int, limit: int, space: Any, found: Any, at: int
) -> Any:
    """One search from the seeds ``first:last``; writes ``distance << 32 | node`` to ``found[at:]``, nearest first.

    ``space`` is (record, head, pool, epoch) of one thread. Returns the end of what was written.
    """
    record, head, pool, epoch = space
    epoch[0] += 1
    base = epoch[0] << 32
    mask = np.int64(head.size - 1)
    used = 0
    waiting = 0
    now = np.int64(limit)
    for i in range(first, last):
        near = np.int64(cost[i])
        key = base | near
        v = np.int64(node[i])
        if near <= limit and (record[v] < base or record[v] > key):
            record[v] = key
            b = near & mask
            pool[used] = (np.int64(head[b]) << 32) | v
            head[b] = used
            used += 1
            waiting += 1
            now = min(now, near)
    while waiting > 0:
        b = now & mask
        h = np.int64(head[b])
        key = base | now
        while h >= 0:
            entry = pool[h]
            v = entry & LOW
            h = entry >> 32
            waiting -= 1
            if record[v] != key:
                continue
            found[at] = (now << 32) | v
            at += 1
            for a in range(start[v], start[v + 1]):
                arc = packed[a]
                far = now + (arc >> 32)
                if far > limit:
                    break
                t = arc & LOW
                better = base | far
                seen = record[t]
                if seen < base or seen > better:
                    record[t] = better
                    c = far & mask
                    pool[used] = (np.int64(head[c]) << 32) | t
                    head[c] = used
                    used += 1
                    waiting += 1
        head[b] = -1
        now += 1
    return at


@njit(cache=True, nogil=True)
def settle_many(
    start: Any, packed: Any, seeds: Any, first: int, last: int, limit: int, space: Any, found: Any, ends: Any
) -> int:
    """Search from source ``first`` on, until ``last`` or until ``found`` might not hold another.

    Returns the source it stopped before. ``seeds`` is (start per source, node, cost); ``ends[source]`` receives the
    end of its part of ``found``.
    """
    offset, node, cost = seeds
    at = 0
    for source in range(first, last):
        if found.size - at < start.size - 1:
            return source
        at = settle(start, packed, node, cost, offset[source], offset[source + 1], limit, space, found, at)
        ends[source] = at
    return last


@njit(cache=True, nogil=True)
def unpack(found: Any, external: Any, node: Any, dist: Any) -> None:
    """Split packed results into the caller's nodes and distances."""
    for i in range(node.size):
        node[i] = external[found[i] & LOW]
        dist[i] = found[i] >> 32


@njit(cache=True, nogil=True)
def nearest_tree(start: Any, packed: Any, node: Any, cost: Any, source: Any, limit: int, head: Any) -> Any:
    """Nearest source of every node, with the tree of shortest paths.

    Equal distances go to the smaller source, then to the smaller arc (the smaller tail); a seed comes before any arc.

    Returns
    -------
    best
        int64 per node, ``distance << 32 | source``, FAR where none.
    parent
        int32 per node, arc it was reached by, -1 for seeds and nodes not reached.
    order
        int32, nodes reached, nearest first.
    """
    nodes = start.size - 1
    mask = np.int64(head.size - 1)
    best = np.full(nodes, FAR, np.int64)
    parent = np.full(nodes, -1, np.int32)
    order = np.empty(nodes, np.int32)
    pool = np.empty(packed.size + node.size + 1, np.int64)
    used = 0
    waiting = 0
    reached = 0
    now = np.int64(limit)
    for i in range(node.size):
        near = np.int64(cost[i])
        v = np.int64(node[i])
        label = (near << 32) | np.int64(source[i])
        if near <= limit and label < best[v]:
            if (best[v] >> 32) > near:
                b = near & mask
                pool[used] = (np.int64(head[b]) << 32) | v
                head[b] = used
                used += 1
                waiting += 1
            best[v] = label
            now = min(now, near)
    while waiting > 0:
        b = now & mask
        h = np.int64(head[b])
        while h >= 0:
            entry = pool[h]
            v = entry & LOW
            h = entry >> 32
            waiting -= 1
            label = best[v]
            if (label >> 32) != now:
                continue
            order[reached] = v
            reached += 1
            for a in range(start[v], start[v + 1]):
                arc = packed[a]
                weight = arc >> 32
                far = now + weight
                if far > limit:
                    break
                t = arc & LOW
                offer = label + (weight << 32)
                seen = best[t]
                if offer < seen:
                    if (seen >> 32) > far:
                        c = far & mask
                        pool[used] = (np.int64(head[c]) << 32) | t
                        head[c] = used
                        used += 1
                        waiting += 1
                    best[t] = offer
                    parent[t] = a
                elif offer == seen and a < parent[t]:
                    parent[t] = a
        head[b] = -1
        now += 1
    return best, parent, order[:reached]


@njit(cache=True, nogil=True)
def gather_down(order: Any, parent: Any, tail: Any, edge: Any, amount: Any, on_edge: Any) -> None:
    """Send each node's amount down the tree to its seed; ``amount`` ends as what passes each node."""
    for i in range(order.size - 1, -1, -1):
        v = order[i]
        a = parent[v]
        if a >= 0:
            on_edge[edge[a]] += amount[v]
            amount[tail[a]] += amount[v]


@njit(cache=True, nogil=True, inline="always")
def offer_label(near: Any, v: Any, label: Any) -> bool:
    """Enter ``distance << 32 | source`` into the node's sorted list of its k best sources; whether it got in."""
    k = near.shape[1]
    if label >= near[v, k - 1]:
        return False
    source = label & LOW
    place = k - 1
    for j in range(k):
        held = near[v, j]
        if held != FAR and (held & LOW) == source:
            if held <= label:
                return False
            place = j
            break
    while place > 0 and near[v, place - 1] > label:
        near[v, place] = near[v, place - 1]
        place -= 1
    near[v, place] = label
    return True


@njit(cache=True, nogil=True, inline="always")
def still_held(near: Any, v: Any, label: Any) -> bool:
    """Whether the node's list still holds exactly this label."""
    for j in range(near.shape[1]):
        if near[v, j] >= label:
            return near[v, j] == label
    return False


@njit(cache=True, nogil=True)
def nearest_k(start: Any, packed: Any, node: Any, cost: Any, source: Any, limit: int, head: Any, near: Any) -> None:
    """The k nearest different sources of every node, by distance, then by source.

    ``near`` (nodes, k) int64 comes filled with FAR and leaves with ``distance << 32 | source``, ascending.
    A label among a node's k best is among the k best of the node it came by, so no other label need travel on.
    """
    mask = np.int64(head.size - 1)
    size = packed.size * near.shape[1] + node.size + 1
    chain = np.empty(size, np.int32)
    held = np.empty(size, np.int64)
    free = np.int64(-1)
    used = np.int64(0)
    waiting = 0
    now = np.int64(limit)
    for i in range(node.size):
        label = (np.int64(cost[i]) << 32) | np.int64(source[i])
        if cost[i] <= limit and offer_label(near, node[i], label):
            b = cost[i] & mask
            chain[used] = head[b]
            held[used] = (np.int64(source[i]) << 32) | np.int64(node[i])
            head[b] = used
            used += 1
            waiting += 1
            now = min(now, np.int64(cost[i]))
    while waiting > 0:
        b = now & mask
        h = np.int64(head[b])
        while h >= 0:
            entry = held[h]
            after = np.int64(chain[h])
            chain[h] = free
            free = h
            h = after
            waiting -= 1
            v = entry & LOW
            label = (now << 32) | (entry >> 32)
            if not still_held(near, v, label):
                continue
            for a in range(start[v], start[v + 1]):
                arc = packed[a]
                weight = arc >> 32
                far = now + weight
                if far > limit:
                    break
                t = arc & LOW
                if offer_label(near, t, label + (weight << 32)):
                    slot = free
                    if slot >= 0:
                        free = np.int64(chain[slot])
                    else:
                        slot = used
                        used += 1
                    c = far & mask
                    chain[slot] = head[c]
                    held[slot] = (entry & ~LOW) | t
                    head[c] = slot
                    waiting += 1
        head[b] = -1
        now += 1
