"""Compiled searches: bucket queues over integer weights, with no work that grows with the graph.

Every queue is a ring of buckets (Dial 1969): ``head[b]`` is the last entry put into bucket ``b``, entries are chained
in a pool as ``next << 32 | node``, and a bit per bucket says which hold any. Weights are at least 1, so all entries
of a bucket are final when it is opened. The ring is longer than any arc in use and any first cost, so that a bucket
never holds two distances. A search leaves its queue empty for the next.

``record[node] = -epoch << 32 | distance``: each search takes the next epoch, so that whatever earlier ones left is
larger, and one comparison tells whether a distance is the best so far. An entry is pushed only when it betters the
record, so a node settles once.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

FAR = np.int64(0x7FFFFFFFFFFFFFFF)
LOW = np.int64(0xFFFFFFFF)
ROW = np.uint64
"""Rows as unsigned numbers spare the test for negative indices in inner loops."""


@intrinsic
def trailing_zeros(typing: Any, word: Any) -> Any:
    """Place of the lowest bit set in a word that is not 0."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.int64), generate


@njit(cache=True, nogil=True, inline="always")
def put(entry: Any, place: Any, slot: Any, head: Any, used: Any, chain: Any) -> None:
    """Chain an entry (a node, or anything below 2**32) in front of a bucket of the ring."""
    bucket = ROW(place)
    chain[slot] = (np.int64(head[bucket]) << 32) | np.int64(entry)
    head[bucket] = slot
    used[bucket >> ROW(6)] |= np.int64(1) << np.int64(bucket & ROW(63))


@njit(cache=True, nogil=True, inline="always")
def next_bucket(place: Any, used: Any) -> Any:
    """First bucket that holds anything, from a place on around the ring; there must be one."""
    w = place >> 6
    word = (used[w] >> (place & 63)) << (place & 63)
    while word == 0:
        w = (w + 1) & (used.size - 1)
        word = used[w]
    return (w << 6) | trailing_zeros(word)  # type: ignore[call-arg]  # the typing context is numba's


@njit(cache=True, nogil=True, inline="always")
def empty(bucket: Any, head: Any, used: Any) -> Any:
    """Take all entries out of a bucket; returns the first, chained to the others."""
    first = np.int64(head[bucket])
    head[bucket] = -1
    used[bucket >> 6] ^= np.int64(1) << (bucket & 63)
    return first


@njit(cache=True, nogil=True)
def settle(
    start: Any, packed: Any, node: Any, cost: Any, first: int, last: int, limit: int, space: Any, found: Any, at: int
) -> Any:
    """One search from the seeds ``first:last``; writes ``distance << 32 | node`` to ``found[at:]``, nearest first.

    ``space`` is (record, head, used, pool, epoch) of one thread. Returns the end of what was written.
    """
    record, head, used, pool, epoch = space
    epoch[0] += 1
    base = -epoch[0] << 32
    mask = np.int64(head.size - 1)
    pushed = np.int64(0)
    waiting = 0
    now = np.int64(limit)
    for i in range(first, last):
        near = np.int64(cost[i])
        if near <= limit and (base | near) < record[node[i]]:
            record[node[i]] = base | near
            put(node[i], near & mask, pushed, head, used, pool)
            pushed += 1
            waiting += 1
            now = min(now, near)
    while waiting > 0:
        place = now & mask
        bucket = next_bucket(place, used)
        now += (bucket - place) & mask
        h = empty(bucket, head, used)
        key = base | now
        while h >= 0:
            entry = pool[ROW(h)]
            v = ROW(entry & LOW)
            h = entry >> 32
            waiting -= 1
            if record[v] != key:
                continue
            found[at] = (now << 32) | np.int64(v)
            at += 1
            for a in range(ROW(start[v]), ROW(start[v + ROW(1)])):
                arc = packed[a]
                far = now + (arc >> 32)
                if far > limit:
                    break
                t = ROW(arc & LOW)
                if (base | far) < record[t]:
                    record[t] = base | far
                    put(t, far & mask, pushed, head, used, pool)
                    pushed += 1
                    waiting += 1
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
def nearest_tree(start: Any, packed: Any, node: Any, cost: Any, source: Any, limit: int, head: Any, used: Any) -> Any:
    """Nearest source of every node, with the tree of shortest paths.

    Equal distances go to the smaller source, then to the smaller arc (the smaller tail); a seed comes before any arc.

    Returns
    -------
    best
        int64 per node, ``distance << 32 | source``, FAR where none.
    parent
        int32 per node, arc it was reached by, -1 for seeds and nodes not reached.
    """
    nodes = start.size - 1
    mask = np.int64(head.size - 1)
    best = np.full(nodes, FAR, np.int64)
    parent = np.full(nodes, -1, np.int32)
    pool = np.empty(packed.size + node.size + 1, np.int64)
    pushed = np.int64(0)
    waiting = 0
    now = np.int64(limit)
    for i in range(node.size):
        near = np.int64(cost[i])
        label = (near << 32) | np.int64(source[i])
        if near <= limit and label < best[node[i]]:
            if (best[node[i]] >> 32) > near:
                put(node[i], near & mask, pushed, head, used, pool)
                pushed += 1
                waiting += 1
            best[node[i]] = label
            now = min(now, near)
    while waiting > 0:
        place = now & mask
        bucket = next_bucket(place, used)
        now += (bucket - place) & mask
        h = empty(bucket, head, used)
        while h >= 0:
            entry = pool[ROW(h)]
            v = ROW(entry & LOW)
            h = entry >> 32
            waiting -= 1
            label = best[v]
            if (label >> 32) != now:
                continue
            for a in range(ROW(start[v]), ROW(start[v + ROW(1)])):
                arc = packed[a]
                offer = label + ((arc >> 32) << 32)
                far = offer >> 32
                if far > limit:
                    break
                t = ROW(arc & LOW)
                seen = best[t]
                if offer < seen:
                    if (seen >> 32) > far:
                        put(t, far & mask, pushed, head, used, pool)
                        pushed += 1
                        waiting += 1
                    best[t] = offer
                    parent[t] = a
                elif offer == seen and np.int64(a) < parent[t]:
                    parent[t] = a
    return best, parent


@njit(cache=True, nogil=True)
def gather_down(parent: Any, tail: Any, edge: Any, amount: Any, on_edge: Any) -> None:
    """Send each node's amount down the tree to its seed; ``amount`` ends as what passes each node.

    A node sends on when all that walk through it have arrived. Nodes are taken as they lie in memory, near by near.
    """
    waiting_for = np.zeros(parent.size, np.int32)
    for v in range(parent.size):
        if parent[v] >= 0:
            waiting_for[tail[parent[v]]] += 1
    for v in range(parent.size):
        w = v
        while waiting_for[w] == 0:
            waiting_for[w] = -1
            a = parent[w]
            if a < 0:
                break
            on_edge[edge[a]] += amount[w]
            t = tail[a]
            amount[t] += amount[w]
            waiting_for[t] -= 1
            if t > v:
                break
            w = t


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
def nearest_k(
    start: Any, packed: Any, node: Any, cost: Any, source: Any, limit: int, head: Any, used: Any, near: Any
) -> None:
    """The k nearest different sources of every node, by distance, then by source.

    ``near`` (nodes, k) int64 comes filled with FAR and leaves with ``distance << 32 | source``, ascending.
    A label among a node's k best is among the k best of the node it came by, so no other label need travel on.
    Slots of the pool are used again: ``held[slot]`` is ``source << 32 | node``, ``chain[slot] >> 32`` the next slot.
    """
    mask = np.int64(head.size - 1)
    size = packed.size * near.shape[1] + node.size + 1
    chain = np.empty(size, np.int64)
    held = np.empty(size, np.int64)
    free = np.int64(-1)
    pushed = np.int64(0)
    waiting = 0
    now = np.int64(limit)
    for i in range(node.size):
        first = np.int64(cost[i])
        if first <= limit and offer_label(near, node[i], (first << 32) | np.int64(source[i])):
            held[pushed] = (np.int64(source[i]) << 32) | np.int64(node[i])
            put(0, first & mask, pushed, head, used, chain)
            pushed += 1
            waiting += 1
            now = min(now, first)
    while waiting > 0:
        place = now & mask
        bucket = next_bucket(place, used)
        now += (bucket - place) & mask
        h = empty(bucket, head, used)
        while h >= 0:
            entry = held[h]
            after = chain[h] >> 32
            chain[h] = free
            free = h
            h = after
            waiting -= 1
            v = ROW(entry & LOW)
            label = (now << 32) | (entry >> 32)
            if not still_held(near, v, label):
                continue
            for a in range(ROW(start[v]), ROW(start[v + ROW(1)])):
                arc = packed[a]
                far = now + (arc >> 32)
                if far > limit:
                    break
                t = ROW(arc & LOW)
                if offer_label(near, t, (far << 32) | (entry >> 32)):
                    slot = free
                    if slot >= 0:
                        free = chain[slot]
                    else:
                        slot = pushed
                        pushed += 1
                    held[slot] = (entry & ~LOW) | np.int64(t)
                    put(0, far & mask, slot, head, used, chain)
                    waiting += 1
