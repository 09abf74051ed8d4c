"""The same assignment by the min-cost flow of OR-tools: slower, and the reference our own solver is held against."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from ortools.graph.python import min_cost_flow

from geoplan.enrolment.assign import Assignment, from_flow
from geoplan.enrolment.problem import Problem, whole_places


def assign_flow(problem: Problem, capacity: NDArray[np.float64]) -> Assignment:
    """Most pupils served, then the least walking: the same integers, solved as maximum flow of minimum cost.

    Raises
    ------
    RuntimeError
        When the solver does not prove an optimum.
    """
    n_units, n_schools, n_pairs = len(problem.supply), len(problem.schools), len(problem.school)
    places = whole_places(capacity, int(problem.supply.sum()))[problem.schools]
    units = np.repeat(np.arange(n_units), np.diff(problem.start))
    schools = n_units + np.arange(n_schools)
    sink = n_units + n_schools
    solver = min_cost_flow.SimpleMinCostFlow()
    solver.add_arcs_with_capacity_and_unit_cost(
        units.astype(np.int32),
        (n_units + problem.school).astype(np.int32),
        problem.supply[units],
        problem.walk,
    )
    solver.add_arcs_with_capacity_and_unit_cost(
        schools.astype(np.int32), np.full(n_schools, sink, np.int32), places, np.zeros(n_schools, np.int64)
    )
    solver.set_nodes_supplies(np.arange(n_units, dtype=np.int32), problem.supply)
    solver.set_nodes_supplies(np.array([sink], np.int32), np.array([-problem.supply.sum()]))
    status = solver.solve_max_flow_with_min_cost()
    if status != solver.OPTIMAL:
        raise RuntimeError(f"min-cost flow did not finish: {status.name}")
    taken = solver.flows(np.arange(n_pairs, dtype=np.int32)).astype(np.int64)
    left = problem.supply - np.bincount(units, taken, minlength=n_units).astype(np.int64)
    return from_flow(problem, np.concatenate([taken, left]), np.zeros(n_schools, np.int64))
