"""Invented buildings, walled compounds and land use for the base map and for the first leg home."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from layers.demo.county.osm import OsmDraft
from layers.demo.county.streets import Grid, river_water
from layers.demo.county.terrain import SEED, Land, Settlement

COMPOUNDS = 14
HOUSES_A_BLOCK = {"seat": 2, "town": 3, "village": 2}


def add_ground(draft: OsmDraft, land: Land, grids: dict[str, Grid]) -> None:
    """Houses, compounds with one gate each, parks and water into the draft."""
    rng = np.random.default_rng(SEED + 3)
    draft.ring(list(river_water(land).exterior.coords)[:-1], {"natural": "water", "water": "river"})
    for place in land.settlements:
        blocks = _blocks(draft, place, grids[place.key])
        for block in blocks:
            if rng.random() < (0.55 if place.kind == "seat" else 0.4):
                _houses(draft, place, block, rng)
    seat_blocks = _blocks(draft, land.settlements[0], grids["seat"])
    chosen = rng.choice(len(seat_blocks), COMPOUNDS + 8, replace=False)
    for row in chosen[:COMPOUNDS]:
        _compound(draft, seat_blocks[row], int(row))
    for row in chosen[COMPOUNDS:]:
        park = [(draft.xy[node][0], draft.xy[node][1]) for node in seat_blocks[row]]
        draft.ring(_shrunk(park, 12), {"leisure": "park"})


def _blocks(draft: OsmDraft, place: Settlement, grid: Grid) -> list[tuple[int, int, int, int]]:
    """Corner nodes of the whole blocks, anticlockwise."""
    found = []
    for i, j in grid:
        corners = ((i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1))
        if all(corner in grid for corner in corners):
            found.append(tuple(grid[corner] for corner in corners))
    return found  # type: ignore[return-value]


def _houses(draft: OsmDraft, place: Settlement, block: tuple[int, ...], rng: np.random.Generator) -> None:
    corners = np.array([draft.xy[node] for node in block])
    across, along = corners[1] - corners[0], corners[3] - corners[0]
    for number in range(HOUSES_A_BLOCK[place.kind]):
        start = 0.15 + 0.7 * number / HOUSES_A_BLOCK[place.kind]
        box = [(start, 0.3), (start + 0.18, 0.3), (start + 0.18, 0.62), (start, 0.62)]
        points = [tuple(corners[0] + u * across + v * along) for u, v in box]
        tall = place.kind == "seat" and rng.random() < 0.6
        kind = "apartments" if tall else "residential" if place.kind != "village" else "house"
        levels = int(rng.integers(6, 18)) if tall else int(rng.integers(2, 6))
        draft.ring([(float(x), float(y)) for x, y in points], {"building": kind, "building:levels": str(levels)})


def _compound(draft: OsmDraft, block: tuple[int, ...], row: int) -> None:
    """A fenced block with one gate: its inner street is for residents only."""
    corners = np.array([draft.xy[node] for node in block])
    centre = corners.mean(axis=0)
    wall = corners + (centre - corners) * 0.16
    gate = draft.node(*_middle(wall[0], wall[1]), {"barrier": "gate", "access": "private"})
    outside = draft.node(*_middle(corners[0], corners[1]))
    ring = [draft.node(float(x), float(y)) for x, y in wall]
    draft.way([ring[0], gate, *ring[1:], ring[0]], {"barrier": "wall"})
    inside = draft.node(float(centre[0]), float(centre[1]))
    draft.way([gate, inside], {"highway": "service", "access": "private", "name": f"清苑{row}号小区内部路"})
    draft.way([block[0], outside, block[1]], {"highway": "residential"})
    draft.way([outside, gate], {"highway": "service"})


def _middle(a: NDArray[np.float64], b: NDArray[np.float64]) -> tuple[float, float]:
    x, y = ((a + b) / 2).tolist()
    return x, y


def _shrunk(corners: list[tuple[float, float]], by_m: float) -> list[tuple[float, float]]:
    ring = shapely.Polygon(corners).buffer(-by_m, join_style="mitre")
    return [(float(x), float(y)) for x, y in list(ring.exterior.coords)[:-1]]
