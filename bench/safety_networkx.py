"""The same safe routes in plain Python: networkx over arcs as nodes, one search a class and school."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable

import networkx as nx

from geoplan.safety.costs import RouteRules
from geoplan.safety.legs import Doors, Legs
from geoplan.safety.turns import Turns

Costs = tuple[int, int]  # by length, by weight
Found = tuple[int, int, int, int, int]
INFINITE = float("inf")


class ByNetworkx:
    """Arcs as nodes of a directed graph that runs from schools to homes; turns as its edges."""

    def __init__(self, turns: Turns, homes: Legs, doors: Doors, rules: RouteRules) -> None:
        self.turns, self.homes, self.doors, self.rules = turns, homes, doors, rules
        self.weight = rules.weight.tolist()
        self.penalty = rules.crossing_dm.tolist()
        self.level, self.length = turns.level.tolist(), turns.length_dm.tolist()
        self.graph = nx.DiGraph()
        self.after: dict[int, list[tuple[int, int]]] = defaultdict(list)
        start, offset, level = turns.start.tolist(), turns.turn_at.tolist(), turns.turn_level.tolist()
        for a, node in enumerate(turns.leave.tolist()):
            for b in range(start[node], start[node + 1]):
                crossed = level[offset[a] + b]
                if crossed != 255:
                    step = self.stretch(b)
                    cost = (step[0], step[1] + self.penalty[crossed >> 4])
                    self.graph.add_edge(a, b, cost=cost, levels=(crossed, self.level[b]))
                    self.after[b].append((a, crossed))

    def weighted(self, length: int, level: int) -> int:
        return (length * self.weight[level >> 4] + 50) // 100

    def stretch(self, arc: int) -> Costs:
        return self.length[arc], self.weighted(self.length[arc], self.level[arc])

    def search(self, school: int, which: int, allow: Callable[[int], bool], cutoff: float) -> dict[int, int]:
        """Cost from the beginning of each arc to the school."""
        for i in range(self.doors.start[school], self.doors.start[school + 1]):
            if allow(int(self.doors.level[i])):
                cost = int((self.doors.length_dm, self.doors.weight_dm)[which][i])
                arc = int(self.doors.arc[i])
                old = self.graph.get_edge_data("school", arc, {"cost": (INFINITE, INFINITE)})["cost"]
                self.graph.add_edge("school", arc, cost=(min(old[0], cost), min(old[1], cost)), levels=(0, 0))

        def cost_of(_: object, __: object, edge: dict[str, tuple[int, int]]) -> int | None:
            return edge["cost"][which] if allow(edge["levels"][0]) and allow(edge["levels"][1]) else None

        found = {}
        if "school" in self.graph:
            found = nx.single_source_dijkstra_path_length(self.graph, "school", cutoff=cutoff, weight=cost_of)
            self.graph.remove_node("school")
        return found

    def ahead(self, arc: int, which: int, found: dict[int, int], allow: Callable[[int], bool]) -> float:
        """Cost of what lies ahead at the end of an arc."""
        costs = [
            found[a] + (self.penalty[crossed >> 4] if which else 0)
            for a, crossed in self.after[arc]
            if a in found and allow(crossed)
        ]
        return min(costs, default=INFINITE)

    def entries(self, cell: int, allow: Callable[[int], bool]) -> list[tuple[int, int, int]]:
        """Arcs that the home begins on, with (length, weight) to their ends."""
        turns, homes, found = self.turns, self.homes, []
        for i in range(homes.start[cell], homes.start[cell + 1]):
            edge, leg = int(homes.edge[i]), self.leg(int(homes.leg_dm[i]), int(homes.level[i]))
            for along in range(2):
                code = 2 * edge + along
                for z in range(turns.home_start[code], turns.home_start[code + 1]):
                    arc = int(turns.home_arc[z])
                    offset = int(homes.offset_dm[i])
                    part = self.length[arc] - offset if along else offset
                    if allow(int(homes.level[i])) and (part == 0 or allow(self.level[arc])):
                        found.append((arc, leg[0] + part, leg[1] + self.weighted(part, self.level[arc])))
        return found

    def leg(self, length: int, level: int) -> Costs:
        return length, self.weighted(length, level)

    def straight(self, cell: int, school: int, allow: Callable[[int], bool]) -> list[Costs]:
        """Walks that stay on one edge."""
        homes, gates, found = self.homes, self.doors.legs, []
        mine = range(gates.start[school], gates.start[school + 1])
        for i in range(homes.start[cell], homes.start[cell + 1]):
            for g in mine:
                if gates.edge[g] != homes.edge[i]:
                    continue
                part = abs(int(gates.offset_dm[g]) - int(homes.offset_dm[i]))
                level = self.level[int(self.turns.home_arc[self.turns.home_start[2 * int(gates.edge[g])]])]
                legs = [(int(one.leg_dm[k]), int(one.level[k])) for one, k in ((homes, i), (gates, g))]
                if all(allow(used) for _, used in legs) and (part == 0 or allow(level)):
                    costs = [self.leg(*leg) for leg in legs]
                    found.append(
                        (part + sum(c[0] for c in costs), self.weighted(part, level) + sum(c[1] for c in costs))
                    )
        return found

    def least(self, cell: int, school: int, which: int, found: dict[int, int], allow: Callable[[int], bool]) -> float:
        costs = [entry[1 + which] + self.ahead(entry[0], which, found, allow) for entry in self.entries(cell, allow)]
        return min([*costs, *(pair[which] for pair in self.straight(cell, school, allow))], default=INFINITE)

    def school(self, school: int, cells: list[int]) -> list[Found]:
        """Shortest length, worst high, worst low, weight and length of the safest, for each cell."""
        found = self.search(school, 0, lambda level: True, INFINITE)
        shortest = {cell: int(self.least(cell, school, 0, found, lambda level: True)) for cell in cells}
        bound = {
            cell: min(int(dm * self.rules.detour_ratio + 1e-6), dm + self.rules.detour_dm)
            for cell, dm in shortest.items()
        }
        results: dict[int, Found] = {}
        for high in range(1, 5):
            for low in range(1, high + 1):
                waiting = [cell for cell in cells if cell not in results]
                if waiting:
                    self.in_class(school, (low, high), {cell: bound[cell] for cell in waiting}, shortest, results)
        return [results[cell] for cell in cells]

    def in_class(
        self, school: int, levels: tuple[int, int], bound: dict[int, int], shortest: dict[int, int],
        results: dict[int, Found],
    ) -> None:  # fmt: skip
        """Give those that keep the bound in a class their least weighted route."""
        low, high = levels

        def allow(level: int) -> bool:
            return level & 15 <= low and level >> 4 <= high

        lengths = self.search(school, 0, allow, max(bound.values()))
        fits = [cell for cell in bound if self.least(cell, school, 0, lengths, allow) <= bound[cell]]
        weights = self.search(school, 1, allow, INFINITE) if fits else {}
        for cell in fits:
            weight, length = self.bounded(cell, school, bound[cell], (lengths, weights), allow)
            results[cell] = shortest[cell], high, low, weight, length

    def bounded(
        self, cell: int, school: int, most: int, found: tuple[dict[int, int], dict[int, int]],
        allow: Callable[[int], bool],
    ) -> Costs:  # fmt: skip
        """Least weight, then least length, within the bound: labels by least possible weight and length."""
        lengths, weights = found
        doors = self.doors_by_arc(school, allow)
        heap: list[tuple[float, float, int, int, int]] = []

        def offer(length: int, weight: int, arc: int) -> None:
            least = [(length, lengths, 0), (weight, weights, 1)]
            far, heavy = (
                cost + (self.ahead(arc, which, one, allow) if arc >= 0 else 0) for cost, one, which in least
            )
            if far <= most and heavy < INFINITE:
                heapq.heappush(heap, (heavy, far, weight, length, arc))

        for length, weight in self.straight(cell, school, allow):
            offer(length, weight, -1)
        for arc, length, weight in self.entries(cell, allow):
            offer(length, weight, arc)
        shortest: dict[int, int] = {}
        while True:
            _, _, weight, length, arc = heapq.heappop(heap)
            if arc < 0:
                return weight, length
            if length >= shortest.get(arc, INFINITE):
                continue
            shortest[arc] = length
            for nxt, crossed in self.after[arc]:
                there = weight + self.penalty[crossed >> 4]
                ends = [(far, heavy, -1) for far, heavy in doors.get(nxt, [])]
                on = [(*self.stretch(nxt), nxt)] if allow(self.level[nxt]) else []
                for far, heavy, arrived in [*ends, *on] if allow(crossed) else []:
                    offer(length + far, there + heavy, arrived)

    def doors_by_arc(self, school: int, allow: Callable[[int], bool]) -> dict[int, list[Costs]]:
        doors: dict[int, list[Costs]] = defaultdict(list)
        for i in range(self.doors.start[school], self.doors.start[school + 1]):
            if allow(int(self.doors.level[i])):
                doors[int(self.doors.arc[i])].append((int(self.doors.length_dm[i]), int(self.doors.weight_dm[i])))
        return doors
