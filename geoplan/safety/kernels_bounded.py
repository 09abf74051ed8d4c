"""Compiled search for one pair: the least weighted route that is not too long, exactly.

Labels run from the home towards the school. Two searches from the school give exact lower bounds of what lies ahead,
in weight and in length, each for itself; labels are taken by least possible weight (A*), and of those at the end of
one arc only ever shorter ones are kept. The first label to arrive is the answer, and there are few before it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from geoplan.network.kernels import LOW
from geoplan.safety.kernels_routes import NEW, direct_arc, scaled, worst_of


@njit(cache=True, nogil=True, inline="always")
def before(one: Any, other: Any, bound: Any, ahead: Any) -> bool:
    """Order of labels: least possible weight, then least possible length, then age."""
    if bound[one] != bound[other]:
        return bound[one] < bound[other]
    return ahead[one] < ahead[other] or (ahead[one] == ahead[other] and one < other)


@njit(cache=True, nogil=True)
def rise(heap: Any, at: Any, bound: Any, ahead: Any) -> None:
    """Move the entry at a place up to where it belongs."""
    while at > 0:
        up = (at - 1) >> 1
        if not before(heap[at], heap[up], bound, ahead):
            return
        heap[at], heap[up] = heap[up], heap[at]
        at = up


@njit(cache=True, nogil=True)
def sink(heap: Any, size: Any, bound: Any, ahead: Any) -> None:
    """Move the first entry down to where it belongs."""
    at = 0
    while 2 * at + 1 < size:
        child = 2 * at + 1
        if child + 1 < size and before(heap[child + 1], heap[child], bound, ahead):
            child += 1
        if not before(heap[child], heap[at], bound, ahead):
            return
        heap[at], heap[child] = heap[child], heap[at]
        at = child


@njit(cache=True, nogil=True, inline="always")
def enter(label: Any, lists: Any, size: Any) -> Any:
    """Add a label (possible weight, possible length, weight, length, arc, parent); returns how many there are.

    Labels beyond the room are counted, not written.
    """
    heap, bound, ahead, weight, length, arc, parent = lists
    if size < heap.size:
        bound[size], ahead[size], weight[size], length[size], arc[size], parent[size] = label
    return size + 1


@njit(cache=True, nogil=True)
def bounded(
    cell: Any, most: Any, net: Any, outward: Any, homes: Any, gates: Any, edges: Any, doors: Any, span: Any,
    cost: Any, allow: Any, lengths: Any, weights: Any, reached: Any, lists: Any,
) -> Any:  # fmt: skip
    """The least weighted route of a cell within ``most`` = (length, weight); both can be met.

    ``outward`` is (start, arc) of arcs that leave each node, ``doors`` (arc, length, weight, level, gate), ``span``
    their first and last row of the school; ``lengths`` and ``weights`` are (base, space) of the two searches of the
    same school and class, ``cost`` that of the search by weight; ``reached`` is (stamp, epoch) per arc.

    Returns
    -------
    labels
        How many labels were made; more than the room of ``lists`` means that the search must be run again with more.
    last
        The label that arrived. Its arc is ``-1 - door``, or ``-1 - doors - attachment`` straight along one edge.
    """
    heap, bound, ahead, weight, length, arc, _ = lists
    arrive, turn_at, turn_level, level = net[2], net[4], net[5], net[6]
    out_start, out_arc = outward
    d_arc, d_length, d_weight, d_level, _ = doors
    key, more, turn_key, _, _, _ = cost
    stamp, epoch = reached
    l_base, l_space = lengths
    w_base, w_space = weights
    l_record, w_record = l_space[0], w_space[0]
    epoch[0] += 1
    mark = -epoch[0] << 32
    made = first_labels(cell, most, homes, gates, edges, cost, allow, lengths, weights, len(d_arc), lists)
    waiting = 0
    seen = 0
    while True:
        if made > heap.size:
            return made, -1
        while seen < made:
            heap[waiting] = seen
            rise(heap, waiting, bound, ahead)
            waiting += 1
            seen += 1
        if waiting == 0:
            return made, -1
        now = heap[0]
        waiting -= 1
        heap[0] = heap[waiting]
        sink(heap, waiting, bound, ahead)
        b = np.int64(arc[now])
        if b < 0:
            return made, now
        if (mark | length[now]) >= stamp[b]:
            continue
        stamp[b] = mark | length[now]
        n = arrive[b]
        for z in range(out_start[n], out_start[n + 1]):
            a = np.int64(out_arc[z])
            crossed = turn_level[turn_at[a] + b]
            if not allow[crossed]:
                continue
            w, far = weight[now] + turn_key[crossed >> 4], length[now]
            if l_space[3][a] < l_base + NEW:
                for i in range(span[0], span[1]):
                    end = (w + d_weight[i], far + d_length[i])
                    if d_arc[i] == a and allow[d_level[i]] and end[0] <= most[1] and end[1] <= most[0]:
                        made = enter((end[0], end[1], end[0], end[1], -1 - i, now), lists, made)
            if not allow[level[a]] or l_record[a] >= l_base + NEW or w_record[a] >= w_base + NEW:
                continue
            w, far = w + key[a], far + more[a]
            least = (w + w_record[a] - w_base, far + l_record[a] - l_base)
            if least[1] <= most[0] and least[0] <= most[1] and (mark | far) < stamp[a]:
                made = enter((least[0], least[1], w, far, a, now), lists, made)


@njit(cache=True, nogil=True)
def first_labels(
    cell: Any, most: Any, homes: Any, gates: Any, edges: Any, cost: Any, allow: Any, lengths: Any, weights: Any,
    doors: int, lists: Any,
) -> Any:  # fmt: skip
    """Labels of the legs and first parts of arcs of a cell; the parent of a label is ``-1 - attachment``."""
    h_start, h_edge, h_offset, h_leg, h_level = homes
    g_last, mark, gated, g_edge, g_offset, g_leg, g_level = gates
    size, level, begin_start, begin_arc, _ = edges
    metre_key = cost[4]
    l_base, l_space = lengths
    w_base, w_space = weights
    made = 0
    for i in range(h_start[cell], h_start[cell + 1]):
        e = h_edge[i]
        if not allow[h_level[i]]:
            continue
        leg = scaled(h_leg[i], h_level[i], metre_key)
        if gated[e] >> 32 == mark:
            g = gated[e] & LOW
            while g < g_last and g_edge[g] == e:
                part = abs(np.int64(h_offset[i]) - np.int64(g_offset[g]))
                w = leg + scaled(g_leg[g], g_level[g], metre_key) + scaled(part, level[e], metre_key)
                far = np.int64(h_leg[i]) + np.int64(g_leg[g]) + part
                if allow[g_level[g]] and (part == 0 or allow[level[e]]) and far <= most[0] and w <= most[1]:
                    made = enter((w, far, w, far, -1 - doors - g, -1 - i), lists, made)
                g += 1
        for along in range(2):
            part = np.int64(size[e] - h_offset[i] if along else h_offset[i])
            if part > 0 and not allow[level[e]]:
                continue
            w, far = leg + scaled(part, level[e], metre_key), np.int64(h_leg[i]) + part
            for z in range(begin_start[2 * e + along], begin_start[2 * e + along + 1]):
                b = np.int64(begin_arc[z])
                if l_space[0][b] >= l_base + NEW or w_space[0][b] >= w_base + NEW:
                    continue
                least = (w + w_space[0][b] - w_base, far + l_space[0][b] - l_base)
                if least[1] <= most[0] and least[0] <= most[1]:
                    made = enter((least[0], least[1], w, far, b, -1 - i), lists, made)
    return made


@njit(cache=True, nogil=True)
def room_for(labels: int) -> Any:
    """Fresh lists of labels: heap, possible weight, possible length, weight, length, arc, parent."""
    heap, arc, parent = np.empty(labels, np.int32), np.empty(labels, np.int32), np.empty(labels, np.int32)
    bound, ahead = np.empty(labels, np.int64), np.empty(labels, np.int64)
    return heap, bound, ahead, np.empty(labels, np.int64), np.empty(labels, np.int64), arc, parent


@njit(cache=True, nogil=True)
def unwound(last: Any, lists: Any, homes: Any, gates: Any, edges: Any, doors: Any) -> Any:
    """Arcs of the route behind a label that arrived (home first), its attachment and its gate's."""
    arc, parent = lists[5], lists[6]
    d_arc, d_gate = doors[0], doors[4]
    steps = 0
    at = np.int64(parent[last])
    while at >= 0:
        steps += 1
        at = np.int64(parent[at])
    begin, row = -1 - at, -1 - np.int64(arc[last])
    path = np.empty(steps + 1, np.int32)
    if row >= d_arc.size:
        gate = row - d_arc.size
        path[0] = direct_arc(begin, gate, homes, gates, edges)
        return path, begin, gate
    path[steps] = d_arc[row]
    at = np.int64(parent[last])
    for i in range(steps - 1, -1, -1):
        path[i] = arc[at]
        at = np.int64(parent[at])
    return path, begin, np.int64(d_gate[row])


@njit(cache=True, nogil=True)
def bounded_many(
    cells: Any, most: Any, net: Any, outward: Any, homes: Any, gates: Any, edges: Any, doors: Any, span: Any,
    cost: Any, allow: Any, lengths: Any, weights: Any, reached: Any,
) -> Any:  # fmt: skip
    """Least weighted routes of several cells, each within its ``most`` = (length, weight per cell).

    Returns weight, length, attachment, start per cell (cells + 1), arcs, packed level and gate attachment.
    """
    lists = room_for(16_384)
    weight, length, begin = (
        np.empty(cells.size, np.int64),
        np.empty(cells.size, np.int64),
        np.empty(cells.size, np.int64),
    )
    start, arc = np.zeros(cells.size + 1, np.int64), np.empty(64 * cells.size, np.int32)
    worst, gate = np.empty(cells.size, np.uint8), np.empty(cells.size, np.int32)
    for q in range(cells.size):
        while True:
            made, last = bounded(
                cells[q], (most[0][q], most[1][q]), net, outward, homes, gates, edges, doors, span,
                cost, allow, lengths, weights, reached, lists,
            )  # fmt: skip
            if made <= lists[0].size:
                break
            lists = room_for(2 * made)
        path, begin[q], gate[q] = unwound(last, lists, homes, gates, edges, doors)
        worst[q] = worst_of(path, begin[q], gate[q], net, homes, gates, edges)
        weight[q], length[q] = lists[3][last], lists[4][last]
        start[q + 1] = start[q] + path.size
        if start[q + 1] > arc.size:
            more = np.empty(2 * start[q + 1], np.int32)
            more[: start[q]] = arc[: start[q]]
            arc = more
        arc[start[q] : start[q + 1]] = path
    return weight, length, begin, start, arc[: start[-1]].copy(), worst, gate
