"""Need: spare places within reach, none used twice, held against a maximum flow."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from geoplan.siting.housing import needs
from tests.geoplan.siting.housing.tables import frame

PUPILS = "housing_id stage year pupils"
SPARE = "stage year school_id places"
WALKS = "housing_id stage school_id dist_dm"


def test_two_projects_share_the_places_of_one_school() -> None:
    pupils = frame(PUPILS, ("a", "primary", 2027, 60.0), ("b", "primary", 2027, 60.0))
    spare = frame(SPARE, ("primary", 2027, "S", 100.0))
    walks = frame(WALKS, ("a", "primary", "S", 3000), ("b", "primary", "S", 2000))
    found = needs(pupils, spare, walks).set_index("housing_id")
    assert found["need"].to_dict() == {"a": 20.0, "b": 0.0}  # the nearer walks first
    assert found["spare"].sum() == 100.0


def test_stages_and_years_do_not_mix() -> None:
    pupils = frame(
        PUPILS,
        ("a", "primary", 2027, 10.0), ("a", "primary", 2035, 10.0), ("a", "junior", 2027, 10.0),
    )  # fmt: skip
    spare = frame(SPARE, ("primary", 2027, "S", 4.0), ("primary", 2035, "S", 9.0), ("junior", 2027, "S", 1.0))
    walks = frame(WALKS, ("a", "primary", "S", 10), ("a", "junior", "S", 10))
    found = needs(pupils, spare, walks).set_index(["stage", "year"])["need"]
    assert found.to_dict() == {("junior", 2027): 9.0, ("primary", 2027): 6.0, ("primary", 2035): 1.0}


def test_unknown_places_are_none_and_are_counted() -> None:
    pupils = frame(PUPILS, ("a", "primary", 2027, 10.0), ("b", "primary", 2027, 5.0))
    spare = frame(SPARE, ("primary", 2027, "S", np.nan), ("primary", 2027, "T", 3.0))
    walks = frame(WALKS, ("a", "primary", "S", 10), ("a", "primary", "T", 20))
    found = needs(pupils, spare, walks).set_index("housing_id")
    assert found["need"].to_dict() == {"a": 7.0, "b": 5.0}
    assert found["spare_unknown"].to_dict() == {"a": 1, "b": 0}


def test_unknown_pupils_stay_unknown() -> None:
    found = needs(frame(PUPILS, ("a", "primary", 2027, np.nan)), frame(SPARE, ("primary", 2027, "S", 3.0)),
                  frame(WALKS, ("a", "primary", "S", 10)))  # fmt: skip
    assert found[["need", "spare"]].isna().all(axis=None)


def test_a_row_that_stands_twice_is_refused() -> None:
    spare, walks = frame(SPARE, ("primary", 2027, "S", 3.0)), frame(WALKS, ("a", "primary", "S", 10))
    row = ("a", "primary", 2027, 1.0)
    with pytest.raises(ValueError, match="housing_id, stage, year twice"):
        needs(frame(PUPILS, row, row), spare, walks)
    with pytest.raises(ValueError, match="school_id, stage, year twice"):
        needs(frame(PUPILS, row), pd.concat([spare, spare]), walks)


COUNT = some.integers(0, 40)


@settings(max_examples=50, deadline=None)
@given(
    some.lists(COUNT, min_size=1, max_size=5),
    some.lists(COUNT, min_size=1, max_size=4),
    some.lists(some.integers(0, 900), min_size=20, max_size=20),
    some.integers(0, 2**32 - 1),
)
def test_as_many_as_a_maximum_flow_and_no_place_twice(
    asking: list[int], free: list[int], walk: list[int], seed: int
) -> None:
    pupils = frame(PUPILS, *((f"h{row}", "primary", 2027, float(count)) for row, count in enumerate(asking)))
    spare = frame(SPARE, *(("primary", 2027, f"s{row}", float(count)) for row, count in enumerate(free)))
    pairs = [(one, two, walk[one * 4 + two]) for one in range(len(asking)) for two in range(len(free))]
    near = [pair for pair in pairs if pair[2] < 500]
    walks = pd.DataFrame(
        {
            "housing_id": [f"h{one}" for one, _, _ in near],
            "stage": "primary",
            "school_id": [f"s{two}" for _, two, _ in near],
            "dist_dm": [dist for _, _, dist in near],
        }
    )
    found = needs(pupils, spare, walks)
    graph = nx.DiGraph()
    graph.add_edges_from([("from", "to", {"capacity": 0})])
    graph.add_edges_from(("from", f"h{row}", {"capacity": count}) for row, count in enumerate(asking))
    graph.add_edges_from((f"s{row}", "to", {"capacity": count}) for row, count in enumerate(free))
    graph.add_edges_from((f"h{one}", f"s{two}") for one, two, _ in near)
    most = nx.maximum_flow_value(graph, "from", "to")
    assert found["spare"].sum() == pytest.approx(most, abs=1e-5)
    assert np.allclose(found["spare"] + found["need"], found["pupils"], atol=1e-6)
    assert found["spare"].sum() <= sum(free) + 1e-6
    mixed = [table.sample(frac=1, random_state=seed) for table in (pupils, spare, walks)]
    pd.testing.assert_frame_equal(needs(*mixed), found)
