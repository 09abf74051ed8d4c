"""Compiled route searches over arcs and turns, from a school outward; the queue is that of `geoplan.network.kernels`.

A search minimises one cost (``key``) and, among routes of equal key, another (``second``), then prefers the smaller
arc: results depend on the order of arcs only, which is canonical. Nothing worse than ``allow`` (by packed level) is
walked or crossed. With G(b) the cost of what lies ahead at the end of arc b, and F(a) that of going on by arc a,

    F(a) = min(the school's doors on a, length(a) + G(a)),    G(b) = min over turns from b to a of F(a) + crossing.

``doors`` of a school are its gates' attachments: the part of an arc from its beginning to a gate, and the gate's leg.

Shapes used throughout (tuples, because compiled code takes no dataclasses):
    net    (start, leave, arrive, edge, turn_at, turn_level, level) as in `geoplan.safety.turns.Turns`
    cost   (key per arc, second per arc, key and second per crossing level (5), key and second per metre of level (5))
    doors  (arc, key, second, packed level, gate attachment), rows first … last - 1 are the school's
    space  (record, second, onward, door record, door second, door row, head, used, pool, epoch)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from geoplan.network.kernels import FAR, LOW, empty, next_bucket, put
from geoplan.safety.kernels_turns import worse

NEW = np.int64(1) << 32
"""Records of this search are less than its base plus this."""


@njit(cache=True, nogil=True, inline="always")
def scaled(length: Any, level: Any, per_metre: Any) -> Any:
    """Cost of a stretch: hundredths per unit of length, by the level it may have at worst."""
    return (np.int64(length) * per_metre[level >> 4] + 50) // 100


@njit(cache=True, nogil=True, inline="always")
def from_here(a: Any, base: Any, key: Any, more: Any, open_way: Any, space: Any) -> Any:
    """F(a) as (key, second, whether it ends at a door); FAR where arc a leads nowhere.

    ``open_way``: whether a may be walked to its end.
    """
    record, second, _, door, door_second, _, _, _, _, _ = space
    best, then, ends = FAR, np.int64(0), False
    if door[a] < base + NEW:
        best, then, ends = door[a] - base, np.int64(door_second[a]), True
    if open_way and record[a] < base + NEW:
        through, extra = record[a] - base + key[a], np.int64(second[a]) + more[a]
        if through < best or (through == best and extra < then):
            best, then, ends = through, extra, False
    return best, then, ends


@njit(cache=True, nogil=True)
def search(net: Any, cost: Any, doors: Any, first: int, last: int, allow: Any, limit: int, space: Any) -> Any:
    """Fill ``space`` with G of every arc within the limit (of the key); returns the base of its records."""
    start, leave, _, _, turn_at, turn_level, level = net
    key, more, turn_key, turn_more, _, _ = cost
    d_arc, d_key, d_second, d_level, _ = doors
    record, second, onward, door, door_second, door_row, head, used, pool, epoch = space
    epoch[0] += 1
    base = -epoch[0] << 32
    mask = np.int64(head.size - 1)
    pushed = np.int64(0)
    waiting = 0
    now = np.int64(limit)
    for i in range(first, last):
        a, near = d_arc[i], np.int64(d_key[i])
        if near > limit or not allow[d_level[i]]:
            continue
        if (base | near) < door[a]:
            door[a] = base | near
            put(a, near & mask, pushed, head, used, pool)
            pushed += 1
            waiting += 1
            now = min(now, near)
        elif (base | near) > door[a] or d_second[i] >= door_second[a]:
            continue
        door_second[a] = d_second[i]
        door_row[a] = i
    while waiting > 0:
        place = now & mask
        bucket = next_bucket(place, used)
        now += (bucket - place) & mask
        h = empty(bucket, head, used)
        while h >= 0:
            entry = pool[h]
            a = np.int64(entry & LOW)
            h = entry >> 32
            waiting -= 1
            at, then, _ = from_here(a, base, key, more, allow[level[a]], space)
            if at != now:
                continue
            n = leave[a]
            for b in range(start[n], start[n + 1]):
                crossed = turn_level[turn_at[a] + b]
                if not allow[crossed]:
                    continue
                near = now + turn_key[crossed >> 4]
                if near > limit:
                    continue
                extra = then + turn_more[crossed >> 4]
                if (base | near) < record[b]:
                    record[b] = base | near
                    second[b] = extra
                    onward[b] = a
                    far = near + key[b]
                    if far <= limit and allow[level[b]]:
                        put(b, far & mask, pushed, head, used, pool)
                        pushed += 1
                        waiting += 1
                elif (base | near) == record[b] and (extra < second[b] or (extra == second[b] and a < onward[b])):
                    second[b] = extra
                    onward[b] = a
    return base


@njit(cache=True, nogil=True)
def mark_gates(g_edge: Any, first: int, last: int, mark: Any, gated: Any) -> None:
    """Note the first attachment of the school's gates on each edge; attachments of a school come edge by edge."""
    for g in range(last - 1, first - 1, -1):
        gated[g_edge[g]] = (np.int64(mark) << 32) | np.int64(g)


@njit(cache=True, nogil=True)
def best_starts(
    cells: Any, homes: Any, gates: Any, edges: Any, cost: Any, allow: Any, base: Any, space: Any, out: Any
) -> None:
    """Best way from each of some cells to the school searched from.

    ``homes`` is (start per cell, edge, offset, leg, leg level); ``gates`` is (last row, mark, gated, edge, offset,
    leg, leg level); ``edges`` is (length, level, arcs a walk may begin on: start, arc, and along per arc). ``out`` is
    (key, second, attachment, arc) per cell: -1 where there is no way, arc ``-1 - g`` straight along one edge to gate
    attachment g.
    """
    h_start, h_edge, h_offset, h_leg, h_level = homes
    g_last, mark, gated, g_edge, g_offset, g_leg, g_level = gates
    length, level, begin_start, begin_arc, _ = edges
    metre_key, metre_more = cost[4], cost[5]
    record, second = space[0], space[1]
    o_key, o_second, o_begin, o_arc = out
    for q in range(cells.size):
        best, then, begin, first = FAR, FAR, np.int64(-1), np.int64(-1)
        for i in range(h_start[cells[q]], h_start[cells[q] + 1]):
            if not allow[h_level[i]]:
                continue
            e = h_edge[i]
            leg_key = scaled(h_leg[i], h_level[i], metre_key)
            leg_more = scaled(h_leg[i], h_level[i], metre_more)
            if gated[e] >> 32 == mark:
                g = gated[e] & LOW
                while g < g_last and g_edge[g] == e:
                    part = abs(np.int64(h_offset[i]) - np.int64(g_offset[g]))
                    if allow[g_level[g]] and (part == 0 or allow[level[e]]):
                        k = leg_key + scaled(g_leg[g], g_level[g], metre_key)
                        k += scaled(part, level[e], metre_key)
                        s = leg_more + scaled(g_leg[g], g_level[g], metre_more)
                        s += scaled(part, level[e], metre_more)
                        if k < best or (k == best and (s < then or (s == then and -1 - g < first))):
                            best, then, begin, first = k, s, np.int64(i), -1 - g
                    g += 1
            for along in range(2):
                part = np.int64(length[e] - h_offset[i] if along else h_offset[i])
                if part > 0 and not allow[level[e]]:
                    continue
                for z in range(begin_start[2 * e + along], begin_start[2 * e + along + 1]):
                    b = np.int64(begin_arc[z])
                    if record[b] >= base + NEW:
                        continue
                    k = leg_key + scaled(part, level[e], metre_key) + record[b] - base
                    s = leg_more + scaled(part, level[e], metre_more) + second[b]
                    if k < best or (k == best and (s < then or (s == then and b < first))):
                        best, then, begin, first = k, s, np.int64(i), b
        o_begin[q] = begin
        o_arc[q] = first
        o_key[q] = best if begin >= 0 else -1
        o_second[q] = then if begin >= 0 else -1


@njit(cache=True, nogil=True)
def traced(
    found: Any, net: Any, homes: Any, gates: Any, edges: Any, doors: Any, cost: Any, allow: Any, base: Any, space: Any
) -> Any:
    """Follow the ways that `best_starts` found: start per way (ways + 1), arcs, packed level and gate attachment.

    The first and last arc may be walked in part.
    """
    _, _, begin, first = found
    level = net[6]
    start = np.zeros(begin.size + 1, np.int64)
    for q in range(begin.size):
        b = first[q]
        steps = 0 if begin[q] < 0 else 1
        ends: Any = b < 0
        while not ends:
            b = np.int64(space[2][b])
            _, _, ends = from_here(b, base, cost[0], cost[1], allow[level[b]], space)
            steps += 1
        start[q + 1] = start[q] + steps
    arc = np.empty(start[-1], np.int32)
    worst = np.zeros(begin.size, np.uint8)
    gate = np.full(begin.size, -1, np.int32)
    for q in range(begin.size):
        if begin[q] < 0:
            continue
        b = first[q]
        if b < 0:
            gate[q] = -1 - b
            arc[start[q]] = direct_arc(begin[q], gate[q], homes, gates, edges)
        else:
            arc[start[q]] = b
            for at in range(start[q] + 1, start[q + 1]):
                b = np.int64(space[2][b])
                arc[at] = b
            gate[q] = doors[4][space[5][b]]
        worst[q] = worst_of(arc[start[q] : start[q + 1]], begin[q], gate[q], net, homes, gates, edges)
    return start, arc, worst, gate


@njit(cache=True, nogil=True)
def direct_arc(begin: Any, gate: Any, homes: Any, gates: Any, edges: Any) -> Any:
    """An arc of the edge that home and gate share, in the direction of the walk."""
    e = homes[1][begin]
    along = 1 if gates[4][gate] >= homes[2][begin] else 0
    return edges[3][edges[2][2 * e + along]]


@njit(cache=True, nogil=True)
def worst_of(path: Any, begin: Any, gate: Any, net: Any, homes: Any, gates: Any, edges: Any) -> Any:
    """Packed level of a whole route: both legs, all arcs walked for more than nothing, all turns."""
    _, _, _, edge, turn_at, turn_level, level = net
    along = edges[4]
    h_offset, g_offset, length = homes[2], gates[4], edges[0]
    worst = worse(homes[4][begin], gates[6][gate])
    for i in range(path.size):
        a = path[i]
        enters = np.int64(0)
        leaves = np.int64(length[edge[a]])
        if i == 0:
            enters = np.int64(h_offset[begin] if along[a] else length[edge[a]] - h_offset[begin])
        else:
            worst = worse(worst, turn_level[turn_at[a] + path[i - 1]])
        if i == path.size - 1:
            leaves = np.int64(g_offset[gate] if along[a] else length[edge[a]] - g_offset[gate])
        if leaves != enters:
            worst = worse(worst, level[a])
    return worst
