"""Which failing elements stand between which pupils and a safe route, made small enough to decide about."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.safety.measures import FIT
from geoplan.safety.works import F64, I64, Mask, Works, merged

I8 = NDArray[np.int8]


@dataclass(frozen=True)
class Uses:
    """Elements on the routes, one entry a use, in any order.

    Parameters
    ----------
    route, element
        int64: row of the routes table and row of the elements table.
    low, high
        int8: best and worst level of the element as this route meets it (a turn may leave the side open).
    """

    route: I64
    element: I64
    low: I8
    high: I8

    def only(self, kept: Mask) -> Uses:
        """Some of the uses."""
        return Uses(self.route[kept], self.element[kept], self.low[kept], self.high[kept])


def from_lists(start: I64, element: I64, low: I8, high: I8, *, first: int = 0) -> Uses:
    """Uses from lists per route: those of route r stand at ``start[r]:start[r + 1]``.

    ``first`` is added to the element rows, so that crossings can follow the segments in one elements table.
    """
    route = np.repeat(np.arange(start.size - 1, dtype=np.int64), np.diff(start))
    return Uses(route, element.astype(np.int64) + first, low.astype(np.int8), high.astype(np.int8))


def joined(*parts: Uses) -> Uses:
    """Several lists of uses as one."""
    return Uses(
        np.concatenate([part.route for part in parts]),
        np.concatenate([part.element for part in parts]),
        np.concatenate([part.low for part in parts]),
        np.concatenate([part.high for part in parts]),
    )


def failing(uses: Uses) -> Uses:
    """Uses above level 2 at worst, one per route and element (the worst), in order of both."""
    bad = uses.only(uses.high > FIT)
    bad = bad.only(np.lexsort((-bad.low, -bad.high, bad.element, bad.route)))  # type: ignore[arg-type]
    pair = (bad.route[1:] != bad.route[:-1]) | (bad.element[1:] != bad.element[:-1])
    return bad.only(np.append(True, pair)[: bad.route.size])


def narrowed(bad: Uses) -> tuple[NDArray[np.int64], Uses]:
    """Rows of the elements that fail somewhere, ascending, and the uses with elements numbered among them."""
    rows, at = np.unique(bad.element, return_inverse=True)
    return rows, Uses(bad.route, at.astype(np.int64), bad.low, bad.high)


def standing(n_routes: int, bad: Uses, fixable: Mask) -> NDArray[np.object_]:
    """What can be done for each route, before any money is spent.

    ``safe``: nothing fails. ``unfixable``: an element that certainly fails has no measure. ``undetermined``: an
    element may fail or not, so it is surveyed first. ``fixable``: everything that fails is certain and can be mended.
    """
    found = np.full(n_routes, "safe", dtype=object)
    certain = bad.low > FIT
    found[bad.route] = "fixable"
    found[bad.route[~certain]] = "undetermined"
    found[bad.route[certain & ~fixable[bad.element]]] = "unfixable"
    return found


@dataclass(frozen=True)
class Needs:
    """The works of a plan and how they map back.

    Parameters
    ----------
    works
        Lots and groups.
    lot_of_element, group_of_route
        Row in the works, -1 for elements and routes that are in none.
    free
        Mask per element: mended at no cost, so always built.
    gained_free
        Mask per route: safe as soon as the free ones are built.
    """

    works: Works
    lot_of_element: I64
    group_of_route: I64
    free: Mask
    gained_free: Mask

    def built(self, lots: Mask) -> Mask:
        """Elements mended when these lots are built."""
        return self.free | np.where(self.lot_of_element >= 0, np.append(lots, False)[self.lot_of_element], False)

    def gained(self, groups: Mask) -> Mask:
        """Routes made safe when these groups have gained."""
        known = np.append(groups, False)[self.group_of_route]
        return self.gained_free | np.where(self.group_of_route >= 0, known, False)


def needs(routes: pd.DataFrame, bad: Uses, elements: pd.DataFrame, cost: F64) -> Needs:
    """Routes with the same failing elements as one group, elements with the same groups as one lot.

    Parameters
    ----------
    routes
        ``pupils`` and ``standing``; only fixable routes with pupils count.
    bad
        From :func:`failing`.
    elements
        ``osm_id, kind`` give the order in which ties are settled, so that the order of rows does not matter.
    cost
        float64 per element, NaN where it cannot be mended.
    """
    amount = routes["pupils"].to_numpy(np.float64)
    open_ = (routes["standing"] == "fixable").to_numpy() & (amount > 0)
    bad = bad.only(open_[bad.route])
    rank = _ranks(elements)
    paid = bad.only(cost[bad.element] > 0)
    free = np.zeros(len(elements), dtype=bool)
    free[bad.element[cost[bad.element] <= 0]] = True
    group_of_route, sets, pupils = _groups(len(routes), paid, rank[paid.element], amount)
    lot_of_rank, works = _lots(sets, pupils, rank, cost)
    gained_free = open_ & (group_of_route < 0)
    return Needs(works, lot_of_rank[rank], group_of_route, free, gained_free)


def _ranks(elements: pd.DataFrame) -> I64:
    """Place of each element in an order that does not depend on rows."""
    keys = [column for column in ("osm_id", "kind", "length_m") if column in elements]
    order = elements[keys].astype(str).reset_index(drop=True).sort_values(keys, kind="stable").index.to_numpy()
    rank = np.empty(len(elements), dtype=np.int64)
    rank[order] = np.arange(len(elements))
    return rank


def _groups(n_routes: int, paid: Uses, ranked: I64, amount: F64) -> tuple[I64, list[I64], F64]:
    routes, first = np.unique(paid.route, return_index=True)
    sets, pupils, at = merged(np.split(ranked, first[1:]) if routes.size else [], amount[routes])
    group_of_route = np.full(n_routes, -1, dtype=np.int64)
    group_of_route[routes] = at
    return group_of_route, sets, pupils


def _lots(sets: list[I64], pupils: F64, rank: I64, cost: F64) -> tuple[I64, Works]:
    """Lot of every ranked element (-1: none) and the works."""
    size = np.array([one.size for one in sets], dtype=np.int64)
    group = np.repeat(np.arange(len(sets), dtype=np.int64), size)
    element = np.concatenate(sets) if sets else np.zeros(0, dtype=np.int64)
    order = np.lexsort((group, element))
    used, first = np.unique(element[order], return_index=True)
    cost_ranked = np.empty(cost.size)
    cost_ranked[rank] = cost
    members, cost_lot, at = merged(np.split(group[order], first[1:]) if used.size else [], cost_ranked[used])
    lot_of_rank = np.full(rank.size, -1, dtype=np.int64)
    lot_of_rank[used] = at
    lot = np.repeat(np.arange(len(members), dtype=np.int64), [one.size for one in members])
    need_group = np.concatenate(members) if members else np.zeros(0, dtype=np.int64)
    return lot_of_rank, Works(cost_lot, pupils, need_group, lot)
