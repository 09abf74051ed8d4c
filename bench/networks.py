"""Generated street networks the size of a county (266k nodes) and of a large one (1.06M), always the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geoplan.network.graph import hilbert_order

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
SPACING_M = 70.0
COUNTY, LARGE, SMALL = 520, 1040, 160
"""Lattice sides: 266k, 1.06M and 25k nodes."""


@dataclass(frozen=True)
class Streets:
    """A network: nodes along a Hilbert curve (kind to every library), edges by node rows.

    ``length_dm`` and ``drive_ds`` (0.1 s) are int64 per edge; ``one_way`` edges may be driven from u to v only.
    """

    x: F64
    y: F64
    u: I64
    v: I64
    length_dm: I64
    drive_ds: I64
    one_way: NDArray[np.bool_]

    @property
    def side_m(self) -> float:
        """Extent of the network."""
        return float(self.x.max() - self.x.min())

    def lines(self) -> NDArray[np.object_]:
        """Straight LineStrings, u to v."""
        ends = [np.stack([self.x[n], self.y[n]], 1) for n in (self.u, self.v)]
        return shapely.linestrings(np.stack(ends, 1))

    def spread(self, count: int, seed: int = 0) -> I64:
        """Node rows spread at random, ascending."""
        return np.sort(np.random.default_rng(seed).choice(len(self.x), count, replace=False))


def streets(side: int, seed: int = 7) -> Streets:
    """A jittered lattice: every tenth line an arterial, a third of the small streets missing, one part only."""
    rng = np.random.default_rng(seed)
    row, column = np.divmod(np.arange(side * side), side)
    x, y = (line * SPACING_M + rng.normal(0, 14, side * side) for line in (column, row))
    pairs, arterial = _lattice(side)
    keep = rng.random(len(pairs)) < np.where(arterial, 0.985, 0.66)
    pairs, arterial = pairs[keep], arterial[keep]
    nodes, pairs, inside = _largest_part(side * side, pairs)
    arterial = arterial[inside]
    x, y = x[nodes], y[nodes]
    order = hilbert_order(x, y)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    x, y, (u, v) = x[order], y[order], rank[pairs].T
    bends = rng.uniform(1.0, 1.15, len(u))
    length_m = np.maximum(np.hypot(x[u] - x[v], y[u] - y[v]) * bends, 5.0)
    speed_mps = np.where(arterial, 50.0, 25.0) / 3.6
    one_way = arterial & (rng.random(len(u)) < 0.10)
    dm, ds = (np.maximum(np.rint(value * 10), 1).astype(np.int64) for value in (length_m, length_m / speed_mps))
    return Streets(x, y, u.copy(), v.copy(), dm, ds, one_way)


def _lattice(side: int) -> tuple[I64, NDArray[np.bool_]]:
    index = np.arange(side * side).reshape(side, side)
    across = np.stack([index[:, :-1].ravel(), index[:, 1:].ravel()], 1)
    up = np.stack([index[:-1].ravel(), index[1:].ravel()], 1)
    line = np.concatenate([across[:, 0] // side, up[:, 0] % side])
    return np.concatenate([across, up]), line % 10 == 0


def _largest_part(count: int, pairs: I64) -> tuple[I64, I64, NDArray[np.bool_]]:
    links = coo_array((np.ones(len(pairs), np.int8), pairs.T), shape=(count, count))
    _, label = connected_components(links, directed=False)
    inside = label == np.bincount(label).argmax()
    nodes = np.flatnonzero(inside)
    number = np.cumsum(inside) - 1
    use = inside[pairs[:, 0]]
    return nodes, number[pairs[use]], use
