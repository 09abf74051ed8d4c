"""Walks of a what-if: one search from each new school, and the nearest school of the cells that it changes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.coverage import StageInput
from geoplan.coverage.stage import F64, I64, Flags
from geoplan.reach import Pairs, attach_gates, nearest_distance, nearest_straight, only
from geoplan.settings import by_setting, setting_of_schools, snap_limits_m
from geoplan.situation import Situation
from layers.bundle import Layers

I32 = NDArray[np.int32]


@dataclass(frozen=True)
class Nearest:
    """The nearest of some schools per cell: walk (decimetres, -1 none) with its school, and straight metres.

    ``school`` is a row of ``schools``, the flags it was chosen by.
    """

    schools: Flags
    dist_dm: I32
    school: I32
    straight_m: F64


@dataclass(frozen=True)
class SchoolsChanged:
    """Schools after the steps, and how far it is to the new ones.

    Parameters
    ----------
    layers
        With the schools changed.
    row_of_old
        New row of each school of the plan, -1 where it closes.
    added
        New rows of schools the plan does not have.
    dist_dm
        Walk of every cell to each of these, -1 where there is no way; one array a school.
    """

    layers: Layers
    row_of_old: I64
    added: I64
    dist_dm: tuple[I32, ...]

    def walks(self, row: int) -> I32 | None:
        """Walk of every cell to a new school; None for a school of the plan."""
        at = np.flatnonzero(self.added == row)
        return self.dist_dm[int(at[0])] if len(at) else None

    def old_row(self, row: int) -> int:
        """Row of a school in the plan."""
        return int(np.flatnonzero(self.row_of_old == row)[0])


def walks_to(situation: Situation, layers: Layers, schools: I64) -> tuple[I32, ...]:
    """Walk of every cell to each of some schools (rows), however far; one search a school."""
    if not len(schools):
        return ()
    ids = layers.schools["id"].astype(str).to_numpy()
    owner = pd.Index(ids[schools]).get_indexer(layers.gates["school_id"].astype(str))
    gates, owner = layers.gates[owner >= 0], owner[owner >= 0]
    setting = setting_of_schools(replace(layers, schools=layers.schools.iloc[schools].reset_index(drop=True)))
    snap_m = by_setting(snap_limits_m(layers.plan, situation.standards), setting[owner])
    points = np.column_stack([gates.geometry.x, gates.geometry.y])
    joined = attach_gates(situation.network, points, owner, snap_m, schools=len(schools))
    network, homes = situation.network, situation.homes
    return tuple(nearest_distance(network, homes, only(joined, [row]))[0] for row in range(len(schools)))


def nearest_of(given: StageInput, situation: Situation, schools: Flags) -> Nearest:
    """The nearest of some schools, walks without a limit."""
    dist, school = nearest_distance(situation.network, situation.homes, situation.gates, schools=schools)
    straight, _ = nearest_straight(_xy(given.cells), _gates(given, schools))
    return Nearest(schools, dist, school, straight)


def nearest_again(
    situation: Situation,
    before: Nearest,
    inputs: tuple[StageInput, StageInput],
    taking: Flags,
    changed: SchoolsChanged,
) -> Nearest:
    """The nearest school per cell after the steps: less where a school opens, searched where the nearest closes.

    ``inputs`` are the stage's before and after; ``taking`` says which schools count afterwards.
    """
    past, given = inputs
    rows = changed.row_of_old
    stays = before.schools & (rows >= 0)
    stays[stays] = taking[rows[stays]]
    new = np.zeros(len(taking), bool)
    new[rows[stays]] = True
    new = taking & ~new
    dist, straight = before.dist_dm, before.straight_m
    if (before.schools & ~stays).any():
        dist, straight = _without(situation, past, before, stays)
    for row in np.flatnonzero(new).tolist():
        walk = changed.walks(row)
        walk = walks_to(situation, changed.layers, np.array([row]))[0] if walk is None else walk
        dist = np.where((walk >= 0) & ((dist < 0) | (walk < dist)), walk, dist)
    if new.any():
        straight = np.minimum(straight, _straight_to(given.cells, _gates(given, new)))
    return Nearest(taking, dist, np.empty(0, np.int32), straight)


def _without(situation: Situation, given: StageInput, before: Nearest, stays: Flags) -> tuple[I32, F64]:
    """Nearest walks and straight lines when some schools are gone; only cells that had these are looked at."""
    gone = before.schools & ~stays
    hit = np.flatnonzero((before.school >= 0) & np.append(gone, False)[before.school])
    dist = before.dist_dm.copy()
    dist[hit] = _first(given.pairs, stays, hit)
    if (dist[hit] < 0).any():
        far = hit[dist[hit] < 0]
        found, _ = nearest_distance(situation.network, situation.homes, situation.gates, schools=stays)
        dist[far] = found[far]
    straight = before.straight_m.copy()
    near = np.flatnonzero(_straight_to(given.cells, _gates(given, gone)) <= straight * (1 + 1e-12) + 1e-9)
    straight[near], _ = nearest_straight(_xy(given.cells)[near], _gates(given, stays))
    return dist, straight


def _first(pairs: Pairs, schools: Flags, cells: I64) -> I32:
    """Walk to the nearest of some schools within the limit of the pairs, -1 where there is none."""
    asked = cells.astype(pairs.cell.dtype)  # of another type, all pairs would be copied
    first, last = (np.searchsorted(pairs.cell, asked, side=side) for side in ("left", "right"))
    count = last - first
    place = np.repeat(np.arange(len(cells)), count)
    pair = np.arange(count.sum()) + np.repeat(first - np.cumsum(count) + count, count)
    kept = np.flatnonzero(schools[pairs.school[pair]])
    nearest = kept[np.flatnonzero(np.diff(place[kept], prepend=-1))]
    found = np.full(len(cells), -1, np.int32)
    found[place[nearest]] = pairs.dist_dm[pair[nearest]]
    return found


def _straight_to(cells: pd.DataFrame, gates_xy: F64) -> F64:
    """Straight metres from each cell to the nearest of few points."""
    x, y = cells["x"].to_numpy(float), cells["y"].to_numpy(float)
    found = np.full(len(cells), np.inf)
    for east, north in gates_xy:
        found = np.minimum(found, np.sqrt((x - east) ** 2 + (y - north) ** 2))
    return found


def _gates(given: StageInput, schools: Flags) -> F64:
    gates = given.gates[schools[given.gates["school"].to_numpy(np.int64)]]
    return gates[["x", "y"]].to_numpy(float)


def _xy(cells: pd.DataFrame) -> F64:
    return cells[["x", "y"]].to_numpy(float)
