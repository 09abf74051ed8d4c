"""Small random tasks, and one that can be checked by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from geoplan.siting.design import Limits, Option, StageDemand, Task

EXISTING, CANDIDATES = 2, 2
IDS = ("a", "b", "x", "y")


def stage(name: str, pupils: Any, pairs: list[tuple[int, int, int]], places: Any, class_places: float) -> StageDemand:
    """A stage from plain lists; pairs are (unit, place, decimetres)."""
    unit, place, cost = (
        (np.array(column, np.int64) for column in zip(*pairs, strict=True))
        if pairs
        else (np.zeros(0, np.int64) for _ in range(3))
    )
    return StageDemand(name, np.array(pupils, float), unit, place, cost, np.array(places, float), class_places)


@st.composite
def stages(draw: st.DrawFn, name: str, years: int) -> StageDemand:
    units = draw(st.integers(1, 4))
    row = st.lists(st.integers(0, 12), min_size=units, max_size=units)
    pupils = draw(st.lists(row, min_size=years, max_size=years))
    near = st.lists(st.integers(0, EXISTING + CANDIDATES - 1), max_size=3, unique=True)
    pairs = [(u, p, draw(st.integers(1, 60)) * 10) for u in range(units) for p in draw(near)]
    places = draw(st.lists(st.sampled_from([0.0, 3.0, 7.0, 9.5]), min_size=EXISTING, max_size=EXISTING))
    return stage(name, pupils, pairs, [places] * years, draw(st.sampled_from([3.0, 4.0])))


def builds(place: int) -> st.SearchStrategy[Option]:
    money = st.integers(0, 9).map(float)
    one = st.builds(
        lambda s, low, more, cost, opening, ready: Option(
            "build", place, (s,), (low,), (low + more,), (cost,), opening, None, ready
        ),
        st.sampled_from(["primary", "junior"]),
        st.integers(1, 2),
        st.integers(0, 1),
        money,
        money,
        st.sampled_from([None, 2027]),
    )
    both = st.builds(
        lambda low, total, cost, opening: Option(
            "build", place, ("primary", "junior"), low, (2, 2), cost, opening, max(total, sum(low))
        ),
        st.tuples(st.integers(0, 1), st.integers(1, 1)),
        st.integers(1, 4),
        st.tuples(money, money),
        money,
    )
    return st.one_of(one, both)


def changes(place: int) -> st.SearchStrategy[Option]:
    enlarge = st.builds(
        lambda s, most, cost: Option("enlarge", place, (s,), (0,), (most,), (cost,)),
        st.sampled_from(["primary", "junior"]),
        st.integers(1, 2),
        st.integers(0, 9).map(float),
    )
    convert = st.builds(
        lambda most, cost: Option("convert", place, ("junior",), (0,), (most,), (cost,), takes="primary"),
        st.integers(1, 2),
        st.integers(0, 5).map(float),
    )
    return st.one_of(enlarge, convert)


@st.composite
def tasks(draw: st.DrawFn, *, phases: bool = True) -> Task:
    years = draw(st.sampled_from([(2025,), (2025, 2027), (2027, 2035)]))
    given = tuple(draw(stages(name, len(years))) for name in ("primary", "junior"))
    options = [draw(builds(place)) for place in draw(st.lists(st.sampled_from([2, 3]), max_size=2))]
    options += [draw(changes(place)) for place in draw(st.lists(st.sampled_from([0, 1]), max_size=1))]
    limits = Limits(
        max_new=draw(st.sampled_from([None, 0, 1, 2])),
        budget=draw(st.sampled_from([None, 3.0, 8.0, 15.0, 25.0])),
        phase_budgets=draw(st.sampled_from([{}, {2025: 6.0}, {2027: 10.0}])) if phases else {},
        force=tuple(draw(st.sampled_from([(), (), (), ("x",)]))),
    )
    weights = draw(st.sampled_from([None, tuple(1.0 + i for i in range(len(years)))]))
    return Task(years, given, IDS, EXISTING, tuple(options), limits, weights=weights)


def town() -> Task:
    """One existing primary school with 10 places; candidate x reaches 30 pupils, y 20 of the same and 5 more."""
    pupils = [[10, 20, 5]]
    pairs = [(0, 0, 1000), (0, 2, 2000), (1, 2, 3000), (1, 3, 1000), (2, 3, 4000)]
    primary = stage("primary", pupils, pairs, [[10.0, 0.0]], 5.0)
    options = (
        Option("build", 2, ("primary",), (1,), (4,), (10.0,), 100.0),
        Option("build", 3, ("primary",), (1,), (6,), (10.0,), 100.0),
        Option("enlarge", 0, ("primary",), (0,), (2,), (8.0,)),
    )
    return Task((2027,), (primary,), IDS, EXISTING, options)


def with_limits(task: Task, **limits: Any) -> Task:
    return replace(task, limits=replace(task.limits, **limits))
