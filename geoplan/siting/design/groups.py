"""Pupils who may go to just the same places, counted together: exact for the number of pupils served.

How many pupils find a place depends on each unit only through its set of admissible places. Places that never hold
anybody (no places in any year, no option) are left out of the sets first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geoplan.siting.design.task import I64, Mask, StageDemand

MILLION = 1_000_000


@dataclass(frozen=True)
class Groups:
    """Units of a stage by their set of places, in an order that depends on the sets alone.

    Parameters
    ----------
    supply
        Millionths of a pupil, shape (years, groups).
    start, place
        Sets as CSR rows, places ascending.
    part
        Connected part of every group: groups of different parts share no place.
    place_part
        The same per place; -1 for places nobody may go to.
    reachable
        Per unit, whether it has any place.
    """

    supply: I64
    start: I64
    place: I64
    part: I64
    place_part: I64
    reachable: Mask

    @property
    def group(self) -> I64:
        """Group of every entry of ``place``."""
        return np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))


def pupil_millionths(stage: StageDemand) -> I64:
    """Pupils in whole millionths, shape (years, units)."""
    return np.rint(np.asarray(stage.pupils, np.float64) * MILLION).astype(np.int64)


def group_units(stage: StageDemand, useful: Mask, rank: I64) -> Groups:
    """Units with the same set of useful places together.

    Parameters
    ----------
    useful
        Places that can hold anybody in any year.
    rank
        Position of each place in an order that does not depend on rows.
    """
    supply = pupil_millionths(stage)
    kept = useful[stage.place]
    unit, place = np.asarray(stage.unit)[kept].astype(np.int64), rank[np.asarray(stage.place)[kept]]
    bits = np.zeros((supply.shape[1], (len(rank) + 7) // 8), np.uint8)
    np.bitwise_or.at(bits, (unit, place >> 3), (128 >> (place & 7)).astype(np.uint8))
    reachable: Mask = np.asarray(bits.any(axis=1), bool)
    rows = np.ascontiguousarray(bits[reachable])
    sets, group = np.unique(rows.view(np.dtype((np.void, max(bits.shape[1], 1)))).ravel(), return_inverse=True)
    members = np.unpackbits(sets.view(np.uint8).reshape(len(sets), bits.shape[1]), axis=1)[:, : len(rank)]
    row, ranked = np.nonzero(members)
    total = np.stack([_summed(year[reachable], group, len(sets)) for year in supply])
    start = np.concatenate([[0], np.cumsum(members.sum(axis=1))]).astype(np.int64)
    places = np.argsort(rank)[ranked]
    part, place_part = _parts(row, places, len(sets), len(rank))
    return Groups(total, start, places, part, place_part, reachable)


def _summed(amount: I64, group: I64, count: int) -> I64:
    """Whole sums by group; float64 holds whole numbers below 2^53 exactly."""
    return np.bincount(group, amount, minlength=count).astype(np.int64)


def _parts(group: I64, place: I64, n_groups: int, n_places: int) -> tuple[I64, I64]:
    size = n_groups + n_places
    links = coo_array((np.ones(len(group)), (group, n_groups + place)), shape=(size, size))
    _, label = connected_components(links, directed=False)
    used = np.zeros(n_places, bool)
    used[place] = True
    names, part = np.unique(label[:n_groups], return_inverse=True)
    at = np.searchsorted(names, label[n_groups:])
    return part.astype(np.int64), np.where(used, np.minimum(at, max(len(names) - 1, 0)), -1).astype(np.int64)
