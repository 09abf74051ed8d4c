"""The shortest and the safest route of every enrolled cell to its school.

Routes compare on (worst level at worst, worst level at best, weighted length) within the detour bound, in this order.
For a school the classes of levels are tried from the best on: a search that uses nothing worse gives the shortest
length within the class for every cell at once, and cells whose length keeps the bound have found their class. There
the least weighted route is taken, from a search by weight; where that one is too long, an exact search for the single
pair decides (`geoplan.safety.kernels_bounded`). All searches run from the school outward.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoplan.network.graph import I32, I64
from geoplan.network.search import UNLIMITED
from geoplan.network.snap import starts
from geoplan.network.threads import share_out, workers
from geoplan.safety.costs import RouteRules
from geoplan.safety.legs import Doors, Legs
from geoplan.safety.searching import (
    Flags,
    School,
    Space,
    Starts,
    Traced,
    best_within,
    find,
    follow,
    open_school,
    prepare_searching,
    space_of,
)
from geoplan.safety.turns import I8, U8, Turns, high_of, low_of, within

SAFE, UNSAFE, UNDETERMINED = "safe", "unsafe", "undetermined"
SAFE_UP_TO, UNSAFE_FROM = 2, 3
WORST = 4
NEAR_DM, FAR_DM = 20_000, 200_000
"""How far a search goes first where no distance is known, and from where on it goes as far as the streets do."""
ANYTHING = within(15, 15)
"""Every level is allowed; only turning back is not."""


@dataclass(frozen=True)
class Ways:
    """One route a pair; -1 (level 0) where there is none.

    Parameters
    ----------
    length_dm
        int32, both straight legs included.
    weight_dm
        int64, weighted length.
    level
        uint8, packed levels of the worst segment, crossing or leg.
    home, gate
        int32, attachments at both ends: rows of the homes' legs and of ``Doors.legs``.
    start, arc
        int64 (pairs + 1) and int32: arcs walked, home first. The first and the last may be walked in part.
    """

    length_dm: I32
    weight_dm: I64
    level: U8
    home: I32
    gate: I32
    start: I64
    arc: I32

    @property
    def low(self) -> I8:
        """The worst of the route if everything unknown is good; 0 without a route."""
        return low_of(self.level)

    @property
    def high(self) -> I8:
        """The worst of the route if everything unknown is bad; 0 without a route."""
        return high_of(self.level)

    @property
    def verdict(self) -> NDArray[np.object_]:
        """``safe`` (high at most 2), ``unsafe`` (low at least 3), else ``undetermined``; None without a route."""
        found = np.full(len(self.level), UNDETERMINED, object)
        found[self.high <= SAFE_UP_TO] = SAFE
        found[self.low >= UNSAFE_FROM] = UNSAFE
        found[self.length_dm < 0] = None
        return found


@dataclass(frozen=True)
class Routes:
    """Routes of pairs of cell and school (int32 rows, in the order given)."""

    cell: I32
    school: I32
    shortest: Ways
    safest: Ways

    @property
    def price_dm(self) -> I32:
        """How much longer the safest route is than the shortest; -1 without a route."""
        return np.where(self.shortest.length_dm < 0, -1, self.safest.length_dm - self.shortest.length_dm)


@dataclass(frozen=True)
class Found:
    """Routes of some pairs (rows), shortest or safest."""

    safest: bool
    rows: I64
    ways: Traced


def safe_routes(
    turns: Turns,
    homes: Legs,
    doors: Doors,
    rules: RouteRules,
    pairs: tuple[ArrayLike, ArrayLike],
    *,
    walk_dm: ArrayLike | None = None,
    threads: int | None = None,
) -> Routes:
    """Shortest and safest route of each pair.

    Parameters
    ----------
    turns, homes, doors
        From `build_turns`, `join_homes` and `doors_of`.
    rules
        Detour bound and weights.
    pairs
        (cell, school) rows; a pair may occur once only.
    walk_dm
        Walking distance of each pair from `geoplan.reach`, where known: how far the first search goes. Results do not
        depend on it.

    Returns
    -------
    Routes
        Exact, and the same whatever the order of pairs and the number of threads.
    """
    cell, school = (np.array(rows, np.int32) for rows in pairs)
    limit = np.full(len(cell), NEAR_DM) if walk_dm is None else np.maximum(np.asarray(walk_dm, np.int64), 1)
    given = prepare_searching(turns, homes, doors, rules, cell)
    order = np.argsort(school, kind="stable")
    schools, first = np.unique(school[order], return_index=True)
    groups = np.split(order, first[1:]) if len(schools) else []
    work = [(int(s), rows, int(limit[rows].max())) for s, rows in zip(schools, groups, strict=True)]

    def task(space: Space, piece: tuple[int, I64, int]) -> list[Found]:
        number, rows, limit_dm = piece
        return list(_of_school(open_school(given, space, number), rows, limit_dm))

    found = [part for parts in share_out(task, work, lambda: space_of(given), workers(threads)) for part in parts]
    shortest, safest = (
        _together([part for part in found if part.safest == kind], len(cell)) for kind in (False, True)
    )
    return Routes(cell, school, shortest, safest)


def _of_school(school: School, rows: I64, limit_dm: int) -> Iterator[Found]:
    """Routes of a school's pairs ``rows``: the shortest of all, then the safest class by class."""
    given = school.given
    cells = given.cell[rows]
    base, short = _shortest(school, cells, limit_dm)
    yield Found(False, rows, follow(school, short, ANYTHING, base))
    waiting = np.flatnonzero(short.begin >= 0)
    bound = given.rules.longest_dm(short.key)
    for high in range(1, WORST + 1):
        able = _able(school, cells, bound, waiting, within(high, high))
        group, waiting = waiting[able], waiting[~able]
        for low in range(1, high + 1):
            if len(group) == 0:
                break
            allow = within(low, high)
            base, by_length = find(school, cells[group], allow, int(bound[group].max()))
            able = (by_length.begin >= 0) & (by_length.key <= bound[group])
            chosen, group = group[able], group[~able]
            for places, ways in _in_class(school, cells[chosen], bound[chosen], by_length.of(able), allow, base):
                yield Found(True, rows[chosen[places]], ways)


def _shortest(school: School, cells: I32, limit_dm: int) -> tuple[int, Starts]:
    """The shortest ways: searched for within the limit first, then farther until every cell has its own.

    What is longer than the limit of its search may not be the shortest.
    """
    while True:
        base, found = find(school, cells, ANYTHING, limit_dm)
        known = (found.begin >= 0) & (found.key <= limit_dm)
        if known.all() or limit_dm >= UNLIMITED:
            return base, found
        limit_dm = 4 * limit_dm if limit_dm < FAR_DM else UNLIMITED


def _able(school: School, cells: I32, bound: I64, waiting: I64, allow: Flags) -> Flags:
    """Which of the waiting pairs have a route that keeps the bound and uses nothing but what is allowed."""
    if len(waiting) == 0:
        return np.zeros(0, bool)
    _, found = find(school, cells[waiting], allow, int(bound[waiting].max()))
    return np.asarray((found.begin >= 0) & (found.key <= bound[waiting]))


def _in_class(
    school: School, cells: I32, bound: I64, by_length: Starts, allow: Flags, base: int
) -> Iterator[tuple[I64, Traced]]:
    """The least weighted routes within the bound of pairs that have one in this class; ``base`` of the search."""
    if len(cells) == 0:
        return
    weigh_base, by_weight = find(school, cells, allow, int(by_length.second.max()), weigh=True)
    fits = by_weight.second <= bound
    kept = np.flatnonzero(fits)
    yield kept, follow(school, by_weight.of(kept), allow, weigh_base, weigh=True)
    long = np.flatnonzero(~fits)
    if len(long):
        most = bound[long], by_length.second[long]
        yield long, best_within(school, cells[long], most, allow, (base, weigh_base))


def _together(found: list[Found], pairs: int) -> Ways:
    """Columns per pair from parts that hold each pair at most once."""
    count = np.zeros(pairs, np.int64)
    for part in found:
        count[part.rows] = np.diff(part.ways.start)
    start = starts(count)
    arc = np.empty(start[-1], np.int32)
    columns: dict[str, NDArray[Any]] = {
        "length_dm": np.full(pairs, -1, np.int32),
        "weight_dm": np.full(pairs, -1, np.int64),
        "level": np.zeros(pairs, np.uint8),
        "home": np.full(pairs, -1, np.int32),
        "gate": np.full(pairs, -1, np.int32),
    }
    for part in found:
        for name, column in columns.items():
            column[part.rows] = getattr(part.ways, name)
        size = np.diff(part.ways.start)
        arc[np.repeat(start[part.rows] - part.ways.start[:-1], size) + np.arange(len(part.ways.arc))] = part.ways.arc
    return Ways(**columns, start=start, arc=arc)
