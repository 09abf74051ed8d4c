"""Which works make which routes safe, and the order of packages by pupils gained for the money.

A route becomes safe only when all its failing elements are mended. At a price per unit of money the best set of works
is a largest closure (Picard 1976), found by one cut. Falling prices give nested sets: their differences are the
packages, each the best next step, and their totals are the upper envelope of what any budget can do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from ortools.graph.python import max_flow
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Mask = NDArray[np.bool_]
_SCALE = float(1 << 44)  # whole units of flow: sums stay below 2**53, so no rounding is lost in float64
_ENDLESS = 1 << 60


@dataclass(frozen=True)
class Works:
    """What can be built and who needs it.

    Parameters
    ----------
    cost
        float64 per lot (elements that are always needed together), > 0.
    pupils
        float64 per group of routes with the same failing lots, > 0.
    group, lot
        int64, one entry a need: this group needs this lot. Every group has at least one.
    """

    cost: F64
    pupils: F64
    group: I64
    lot: I64

    def group_cost(self) -> F64:
        """What each group costs by itself."""
        return np.asarray(np.bincount(self.group, self.cost[self.lot], self.pupils.size), dtype=np.float64)

    def gained(self, built: Mask) -> Mask:
        """Groups all of whose lots are built."""
        missing = np.bincount(self.group[~built[self.lot]], minlength=self.pupils.size)
        return np.asarray(missing == 0)

    def of_groups(self, kept: Mask) -> tuple[Works, I64, I64]:
        """The works some groups need, with the original rows of lots and of groups."""
        return self._part(kept, self.lots_of(kept))

    def lots_of(self, groups: Mask) -> Mask:
        """Lots that at least one of the groups needs."""
        needed = np.zeros(self.cost.size, dtype=bool)
        needed[self.lot[groups[self.group]]] = True
        return needed

    def beyond(self, built: Mask, gained: Mask) -> tuple[Works, I64, I64]:
        """What is left when some lots are built and some groups have gained."""
        return self._part(~gained, ~built)

    def _part(self, groups: Mask, lots: Mask) -> tuple[Works, I64, I64]:
        need = groups[self.group] & lots[self.lot]
        new_group, new_lot = np.cumsum(groups) - 1, np.cumsum(lots) - 1
        part = Works(self.cost[lots], self.pupils[groups], new_group[self.group[need]], new_lot[self.lot[need]])
        return part, np.flatnonzero(lots), np.flatnonzero(groups)


@dataclass(frozen=True)
class Package:
    """Lots and groups (rows of the works) of one step, with its cost and the pupils it adds to the steps before."""

    lots: I64
    groups: I64
    cost: float
    pupils: float


def packages(works: Works) -> list[Package]:
    """All works as packages, best first: each adds most pupils for the money once those before it are built.

    Pupils per cost never rise along the list. Steps that are equally good and have nothing to do with each other are
    packages of their own, in order of their first lot. Method: density decomposition by cuts, halving the list
    at the price of its own mean.
    """
    found: list[Package] = []
    stack: list[tuple[Works, I64, I64]] = [(works, np.arange(works.cost.size), np.arange(works.pupils.size))]
    while stack:
        part, lots, groups = stack.pop()
        if not part.pupils.size:
            continue
        cut = _better_half(part)
        if cut is None:
            found.extend(_apart(part, lots, groups))
            continue
        built, gained = cut
        outer, outer_lots, outer_groups = part.beyond(built, gained)
        inner, inner_lots, inner_groups = part.of_groups(gained)
        stack.append((outer, lots[outer_lots], groups[outer_groups]))
        stack.append((inner, lots[inner_lots], groups[inner_groups]))
    return found


def spare(works: Works, pupils: F64, price: float) -> tuple[F64, F64]:
    """What the best closure at a price leaves over, as multipliers of the integer program.

    Parameters
    ----------
    pupils
        float64 per group; 0 for groups that are out of the question.
    price
        Pupils per unit of cost.

    Returns
    -------
    spare_pupils, spare_cost
        Pupils of a group, and priced cost of a lot, that the largest flow does not use: any plan that leaves the
        group out, or builds the lot, loses that much against the bound.
    """
    scale = _SCALE / max(pupils.sum(), price * works.cost.sum())
    gain, charge = np.rint(pupils * scale), np.rint(works.cost * price * scale)
    _, _, flow = _cut(works, gain.astype(np.int64), charge.astype(np.int64))
    carried = flow[pupils.size : pupils.size + works.lot.size] / scale
    spare_pupils = pupils - np.bincount(works.group, carried, pupils.size)
    spare_cost = works.cost * price - np.bincount(works.lot, carried, works.cost.size)
    return spare_pupils, spare_cost


def _better_half(works: Works) -> tuple[Mask, Mask] | None:
    """Lots and groups that do better than the mean of all, or None where nothing does."""
    if works.cost.size == 1:
        return None
    gain = np.rint(works.pupils * (_SCALE / works.pupils.sum())).astype(np.int64)
    charge = np.rint(works.cost * (_SCALE / works.cost.sum())).astype(np.int64)
    built, gained, _ = _cut(works, gain, charge)
    surplus = int(gain[gained].sum()) - int(charge[built].sum())
    if built.all() or surplus <= works.cost.size + works.pupils.size:  # what rounding alone can do
        return None
    return built, gained


def _cut(works: Works, gain: I64, charge: I64) -> tuple[Mask, Mask, I64]:
    """Smallest best closure by a least cut; flow per arc: groups, needs, lots."""
    n_lots, n_groups = works.cost.size, works.pupils.size
    source, sink = n_lots + n_groups, n_lots + n_groups + 1
    tail = np.concatenate([np.full(n_groups, source), n_lots + works.group, np.arange(n_lots)])
    head = np.concatenate([n_lots + np.arange(n_groups), works.lot, np.full(n_lots, sink)])
    most = np.concatenate([gain, np.full(works.lot.size, _ENDLESS), charge])
    solver = max_flow.SimpleMaxFlow()
    arcs = solver.add_arcs_with_capacity(tail.astype(np.int32), head.astype(np.int32), most)
    if solver.solve(source, sink) != solver.OPTIMAL:
        raise ArithmeticError("the largest flow was not found")
    side = np.zeros(sink + 1, dtype=bool)
    side[solver.get_source_side_min_cut()] = True
    return side[:n_lots], side[n_lots:source], np.asarray(solver.flows(arcs), dtype=np.int64)


def _apart(works: Works, lots: I64, groups: I64) -> Iterator[Package]:
    """A step as packages that share no lot, in order of their first lot."""
    if np.bincount(works.group).max() == lots.size:  # one group needs them all
        yield Package(lots, groups, float(works.cost.sum()), float(works.pupils.sum()))
        return
    n_lots, n_groups = works.cost.size, works.pupils.size
    pairs = (np.ones(works.lot.size), (works.lot, n_lots + works.group))
    label = connected_components(coo_array(pairs, shape=(n_lots + n_groups,) * 2), directed=False)[1]
    _, first = np.unique(label[:n_lots], return_index=True)
    for name in label[np.sort(first)]:
        mine, theirs = label[:n_lots] == name, label[n_lots:] == name
        cost, pupils = float(works.cost[mine].sum()), float(works.pupils[theirs].sum())
        if pupils > 0:
            yield Package(lots[mine], groups[theirs], cost, pupils)


def merged(sets: Sequence[I64], amount: F64) -> tuple[list[I64], F64, I64]:
    """Equal sets as one: the sets in order of their members, the sum of their amounts, and which set each one is."""
    keys = [np.unique(one).tobytes() for one in sets]
    names = sorted(set(keys), key=lambda key: tuple(np.frombuffer(key, dtype=np.int64)))
    row = {key: at for at, key in enumerate(names)}
    at = np.array([row[key] for key in keys], dtype=np.int64)
    order = np.lexsort((amount, at))
    total = np.zeros(len(names))
    np.add.at(total, at[order], amount[order])
    return [np.frombuffer(key, dtype=np.int64) for key in names], total, at
