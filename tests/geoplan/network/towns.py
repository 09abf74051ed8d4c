"""Random small street networks for the tests of this folder."""

from __future__ import annotations

from dataclasses import dataclass

import networkx as nx
import numpy as np
import shapely
from hypothesis import strategies as st
from numpy.typing import NDArray

from geoplan.network.graph import Graph, build_graph


@dataclass(frozen=True)
class Town:
    """Nodes on a jittered lattice, random edges among neighbours, some private, some one-way."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    u: NDArray[np.int64]
    v: NDArray[np.int64]
    weight_dm: NDArray[np.int64]
    private: NDArray[np.bool_]
    forward: NDArray[np.bool_]
    backward: NDArray[np.bool_]

    def graph(self) -> Graph:
        """The town as a searchable graph."""
        return build_graph(
            self.x,
            self.y,
            self.u,
            self.v,
            self.weight_dm,
            private=self.private,
            forward=self.forward,
            backward=self.backward,
        )


def town(seed: int, *, side: int = 6, private: float = 0.0, one_way: float = 0.0, longest: int = 30) -> Town:
    """A town of ``side * side`` nodes; small weights, so that ties are common."""
    rng = np.random.default_rng(seed)
    row, column = np.divmod(np.arange(side * side), side)
    index = np.arange(side * side).reshape(side, side)
    pairs = np.concatenate(
        [
            np.stack([index[:, :-1].ravel(), index[:, 1:].ravel()], 1),
            np.stack([index[:-1].ravel(), index[1:].ravel()], 1),
            rng.integers(0, side * side, (side, 2)),
        ]
    )
    pairs = pairs[rng.random(len(pairs)) < 0.8]
    count = len(pairs)
    lane = rng.random(count)
    return Town(
        column * 100.0 + rng.normal(0, 20, side * side),
        row * 100.0 + rng.normal(0, 20, side * side),
        pairs[:, 0],
        pairs[:, 1],
        rng.integers(1, longest, count),
        rng.random(count) < private,
        lane >= one_way / 2,
        lane < 1 - one_way / 2,
    )


def trips(town: Town) -> nx.DiGraph:
    """The travel rule as a graph of states, one arc per permitted step towards the destination.

    States: (node, 0) in the compound of the start, (node, 1) on public ways, (node, 2) in the compound of the end.
    """
    states = nx.DiGraph()
    for node in range(len(town.x)):
        states.add_edge((node, 0), (node, 1), w=0)
        states.add_edge((node, 1), (node, 2), w=0)
    for u, v, w, inner, there, back in zip(
        town.u, town.v, town.weight_dm, town.private, town.forward, town.backward, strict=True
    ):
        for a, b, allowed in ((u, v, there), (v, u, back)):
            for phase in ((0, 2) if inner else (1,)) if allowed else ():
                old = states.get_edge_data((a, phase), (b, phase), {"w": 10**9})["w"]
                states.add_edge((a, phase), (b, phase), w=min(int(w), old))
    return states


seeds_of_towns = st.integers(0, 10**6)


def bent_lines(place: Town, rng: np.random.Generator) -> NDArray[np.object_]:
    """A line of three pieces for every edge of a town, from u to v; loops enclose an area."""
    ends = np.stack([np.stack([place.x[n], place.y[n]], 1) for n in (place.u, place.v)], 1)
    middle = ends.mean(axis=1, keepdims=True) + rng.normal(0, 15, (len(place.u), 2, 2))
    return shapely.linestrings(np.concatenate([ends[:, :1], middle, ends[:, 1:]], axis=1))
