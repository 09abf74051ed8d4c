"""Compiled comparison of sets: which of them hold another one (reductions of Toregas and ReVelle 1973)."""

from __future__ import annotations

import numpy as np
from numba import njit

from geoplan.siting.location.kernels_exchange import F64, I64, Mask


@njit(cache=True, nogil=True)
def _holds(a: I64, b: I64) -> bool:
    """Whether ascending b holds every entry of ascending a."""
    k = 0
    for entry in a:
        while k < b.size and b[k] < entry:
            k += 1
        if k == b.size or b[k] != entry:
            return False
        k += 1
    return True


@njit(cache=True, nogil=True)
def _rarest(members: I64, set_start: I64) -> int:
    """The member that is in the fewest sets, the first of equal ones."""
    rarest = members[0]
    for entry in members:
        if set_start[entry + 1] - set_start[entry] < set_start[rarest + 1] - set_start[rarest]:
            rarest = entry
    return int(rarest)


@njit(cache=True, nogil=True)
def holding_another(start: I64, member: I64, set_start: I64, in_set: I64, most: int) -> Mask:
    """Sets that hold all members of another set; of equal ones all but the first.

    ``start, member`` are the sets, members ascending; ``set_start, in_set`` the sets of each member. Stops after
    about ``most`` comparisons: what is found until then is right, if not all.
    """
    n = start.size - 1
    out = np.zeros(n, np.bool_)
    size = start[1:] - start[:-1]
    work = 0
    for a in np.argsort(size, kind="mergesort"):
        if out[a] or size[a] == 0 or work > most:
            continue
        mine = member[start[a] : start[a + 1]]
        rarest = _rarest(mine, set_start)
        for t in range(set_start[rarest], set_start[rarest + 1]):
            b = in_set[t]
            if b == a or out[b] or size[b] < size[a] or (size[b] == size[a] and b < a):
                continue
            work += size[a]
            out[b] = _holds(mine, member[start[b] : start[b + 1]])
    return out


@njit(cache=True, nogil=True)
def held_by_another(start: I64, member: I64, set_start: I64, in_set: I64, cost: F64, most: int) -> Mask:
    """Sets of which another one that costs no more holds all members; of equal ones all but the first."""
    n = start.size - 1
    out = np.zeros(n, np.bool_)
    size = start[1:] - start[:-1]
    work = 0
    for a in np.argsort(size, kind="mergesort"):
        if size[a] == 0 or work > most:
            continue
        mine = member[start[a] : start[a + 1]]
        rarest = _rarest(mine, set_start)
        for t in range(set_start[rarest], set_start[rarest + 1]):
            b = in_set[t]
            if b == a or out[b] or size[b] < size[a] or cost[b] > cost[a]:
                continue
            if size[b] == size[a] and cost[b] == cost[a] and b > a:
                continue
            work += size[a]
            if _holds(mine, member[start[b] : start[b + 1]]):
                out[a] = True
                break
    return out
