"""Bounds on pupils served as linear rows over class columns, gathered while the goals are solved."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import csr_array, vstack

from geoplan.siting.design.columns import Columns, places_with
from geoplan.siting.design.flows import Market, Network, Sides, tight_cuts
from geoplan.siting.design.groups import MILLION
from geoplan.siting.design.task import F64, I64, Mask

SLACK = 1e-6  # pupils by which a bound must fail to be worth a row


@dataclass(frozen=True)
class Counts:
    """The counted quantities: pupils served per stage, year and part of the county that holds an option.

    Parameters
    ----------
    stage, year, part
        Of each quantity.
    most
        Pupils there are, the bound without places.
    weight
        Weight of its year.
    always
        Weighted pupils served in parts without any option.
    """

    stage: I64
    year: I64
    part: I64
    most: F64
    weight: F64
    always: float


@dataclass(frozen=True)
class Pool:
    """Rows ``count <= constant + share . openings + gain . classes``; they hold for every goal and number of schools.

    ``share`` and ``gain`` stand side by side in ``row``.
    """

    counts: Counts
    of: list[int] = field(default_factory=list)
    constant: list[float] = field(default_factory=list)
    row: list[F64] = field(default_factory=list)
    seen: set[tuple[int, bytes]] = field(default_factory=set)
    made: dict[int, Stacked] = field(default_factory=dict)


@dataclass(frozen=True)
class Stacked:
    """All rows of a pool, sorted by count: ``first`` is where each of the counts ``of`` begins."""

    matrix: csr_array
    constant: F64
    count: I64
    of: I64
    first: I64


@dataclass(frozen=True)
class Point:
    """A solution of a program, whole or not."""

    openings: F64
    classes: F64
    counts: F64

    @property
    def columns(self) -> F64:
        """Openings and classes."""
        return np.concatenate([self.openings, self.classes])

    @property
    def rounded(self) -> Point:
        """The whole decisions an integer program means."""
        return Point(np.rint(self.openings), np.rint(self.classes), self.counts)


def new_pool(world: Market) -> Pool:
    """A pool with the plainest cut: no part serves more than all its places."""
    rows = [
        (s, t, part, float(network.supply[t, network.part == part].sum()) / MILLION, world.weights[t])
        for s, network in enumerate(world.networks)
        for t in range(len(world.weights))
        for part in range(network.n_parts)
    ]
    table = np.array(rows, np.float64).reshape(-1, 5)
    always = sum(float(network.always @ world.weights) for network in world.networks) / MILLION
    stage, year, part = (table[:, at].astype(np.int64) for at in range(3))
    pool = Pool(Counts(stage, year, part, table[:, 3], table[:, 4], always))
    for s, network in enumerate(world.networks):
        add_cut(world, pool, s, Sides(np.ones(network.supply.shape[1], bool), network.place_part >= 0))
    return pool


def add_cut(world: Market, pool: Pool, stage: int, sides: Sides, *, at: Point | None = None) -> int:
    """Rows of a cut for every year and part; how many were new. With ``at`` only those this point breaks."""
    network = world.networks[stage]
    constants, through = _constants(network, sides)
    added = 0
    for q in np.flatnonzero(pool.counts.stage == stage).tolist():
        year, part = int(pool.counts.year[q]), int(pool.counts.part[q])
        mine = network.place_part == part
        row = _row(world.columns, (stage, year), sides.place & mine, np.where(mine, through[year], 0.0))
        constant = constants[year, part] + float(world.columns.base[stage, year, sides.place & mine].sum())
        if at is not None and at.counts[q] <= constant + float(row @ at.columns) + SLACK:
            continue
        key = (q, row.tobytes() + np.float64(constant).tobytes())
        if key in pool.seen:
            continue
        pool.seen.add(key)
        pool.of.append(q)
        pool.constant.append(constant)
        pool.row.append(row)
        added += 1
    return added


def separate(world: Market, pool: Pool, at: Point) -> int:
    """Add the cuts that a point breaks, most served being found exactly for its places; how many were new."""
    places = places_with(world.columns, at.classes)
    share = None if _is_whole(at.openings) else open_shares(world.columns, at.openings)
    added = 0
    for s, network in enumerate(world.networks):
        for t in range(len(world.weights)):
            for sides in tight_cuts(network, t, places[s, t], None if share is None else share[s, t]):
                added += add_cut(world, pool, s, sides, at=at)
    return added


def open_shares(given: Columns, openings: F64) -> F64:
    """How far each place is open to a stage in a year: the sum of its openings with places in them."""
    share = np.zeros(given.base.shape)
    chosen = given.e_places > 0
    opening = given.opening[given.e_column[chosen]]
    np.add.at(share, (given.e_stage[chosen], given.e_year[chosen], given.e_place[chosen]), openings[opening])
    return share


def estimate(pool: Pool, openings: F64, classes: F64) -> F64:
    """The least bound of the pool on every count, for some decisions."""
    found = pool.counts.most.copy()
    if pool.of:
        rows = stacked(pool)
        value = rows.constant + rows.matrix @ np.concatenate([openings, classes])
        found[rows.of] = np.minimum(found[rows.of], np.minimum.reduceat(value, rows.first))
    return found


def stacked(pool: Pool) -> Stacked:
    """The rows there are, made again only where some have come."""
    n = len(pool.of)
    if n not in pool.made:
        pool.made.clear()
        order = np.argsort(np.asarray(pool.of), kind="stable")
        count = np.asarray(pool.of)[order]
        of, first = np.unique(count, return_index=True)
        sparse = csr_array(vstack([csr_array(pool.row[at][None, :]) for at in order.tolist()]))
        pool.made[n] = Stacked(sparse, np.asarray(pool.constant)[order], count, of, first)
    return pool.made[n]


def most_served(pool: Pool, openings: F64, classes: F64) -> float:
    """What the pool proves no more than which is served, weighted over the years."""
    return float(estimate(pool, openings, classes) @ pool.counts.weight) + pool.counts.always


def _constants(network: Network, sides: Sides) -> tuple[F64, F64]:
    """Pupils cut off by year and part, whatever is opened; pupils of A by year and candidate outside B."""
    past = sides.group[network.group] & ~sides.place[network.place]
    fixed = ~sides.group
    fixed[network.group[past & ~network.new[network.place]]] = True  # an existing place outside B: no bound on them
    past &= ~fixed[network.group]
    n_places = len(network.place_part)
    constants = [np.bincount(network.part[fixed], row[fixed], network.n_parts) for row in network.supply]
    through = [np.bincount(network.place[past], row[network.group[past]], n_places) for row in network.supply]
    return np.array(constants) / MILLION, np.array(through) / MILLION


def _row(given: Columns, when: tuple[int, int], inside: Mask, through: F64) -> F64:
    """Coefficients of openings and classes for one stage and year."""
    own = (given.e_stage == when[0]) & (given.e_year == when[1])
    taken = own & inside[given.e_place]
    gain = np.bincount(given.e_column[taken], given.e_places[taken], given.n_classes)
    passed = own & (given.e_places > 0) & (through[given.e_place] > 0)
    share = np.zeros(given.n_openings)
    share[given.opening[given.e_column[passed]]] = through[given.e_place[passed]]
    return np.concatenate([share, gain]).astype(np.float64)


def _is_whole(openings: F64) -> bool:
    return bool(np.all(np.abs(openings - np.rint(openings)) < 1e-6))
