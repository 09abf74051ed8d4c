"""Which class each cell of a run shows, layer by layer; class 0 shows nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layers.bundle import IndexRaster
from maps import style

Classes = NDArray[np.uint8]


def walk_classes(cells: pd.DataFrame, stage: str) -> Classes:
    """Walking distance to the assigned school; the last class has pupils but no assigned place."""
    return _distance(cells, f"walk_m_{stage}", f"pupils_{stage}", style.WALK_BREAKS_M[1:])


def nearest_classes(cells: pd.DataFrame, stage: str, limits_m: tuple[int, ...]) -> Classes:
    """Walking distance to the nearest school, classed by the limits (inclusive); the last class cannot walk there."""
    return _distance(cells, f"nearest_m_{stage}", "residents", limits_m)


def _distance(cells: pd.DataFrame, column: str, amount: str, breaks_m: tuple[float, ...]) -> Classes:
    metres = cells[column].to_numpy(dtype=float)
    known = np.isfinite(metres)
    classes = np.searchsorted(np.asarray(breaks_m, dtype=float), metres, side="left") + 1
    lost = len(breaks_m) + 2
    lived_in = cells[amount].to_numpy(dtype=float) > 0
    return np.where(lived_in, np.where(known, classes, lost), 0).astype(np.uint8)


def status_classes(cells: pd.DataFrame, stage: str) -> Classes:
    """The account most of the cell's pupils are in."""
    order = {status: k + 1 for k, status in enumerate(style.STATUS_COLOURS)}
    return cells[f"status_{stage}"].map(order).fillna(0).to_numpy(dtype=np.uint8)


def catchment_classes(cells: pd.DataFrame, stage: str, raster: IndexRaster, prefix: str = "school") -> Classes:
    """A colour per assigned school, no two schools with touching catchments alike while the colours last.

    With ``site`` as prefix, per proposed place instead; cells that go to no such place have no colour.
    """
    codes, schools = pd.factorize(cells[f"{prefix}_{stage}"], sort=True)
    colour = colour_graph(len(schools), neighbours(raster.cell, codes), len(style.catchment_colours()))
    return np.where(codes >= 0, np.append(colour, 0)[codes] + 1, 0).astype(np.uint8)


def neighbours(index: NDArray[np.int32], codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Pairs of different codes that touch on the raster, shape (pairs, 2), smaller first, each pair once."""
    shown = np.append(codes, -1)[index]
    found = []
    for first, second in ((shown[:, :-1], shown[:, 1:]), (shown[:-1], shown[1:])):
        touch = (first != second) & (first >= 0) & (second >= 0)
        found.append(np.stack([first[touch], second[touch]], axis=1))
    pairs = np.sort(np.concatenate(found), axis=1)
    return np.unique(pairs, axis=0)


def colour_graph(nodes: int, pairs: NDArray[np.int64], colours: int) -> NDArray[np.int64]:
    """A colour per node, the least used one that no neighbour has; most connected nodes first."""
    around: list[set[int]] = [set() for _ in range(nodes)]
    for a, b in pairs.tolist():
        around[a].add(b)
        around[b].add(a)
    chosen = np.full(nodes, -1, dtype=np.int64)
    used = np.zeros(colours, dtype=np.int64)
    for node in sorted(range(nodes), key=lambda n: (-len(around[n]), n)):
        taken = {int(chosen[other]) for other in around[node]}
        free = [c for c in range(colours) if c not in taken] or list(range(colours))
        chosen[node] = min(free, key=lambda c: (used[c], c))
        used[chosen[node]] += 1
    return chosen
