"""What a plan proposes, run as a scenario: the schools stand, and serve whom the proposals promised."""

from __future__ import annotations

import pytest

from geoplan.identity import plain
from geoplan.plan import make_run
from geoplan.scenario.saved import scenario_of
from tests.geoplan.siting.county.test_county import EAST, WEST, town

PARTS = ("coverage", "siting")


def test_proposals_as_a_scenario_serve_as_many_as_they_promise() -> None:
    layers = town([WEST, EAST], max_new=2, enlarge=True)
    base = make_run(layers, parts=PARTS)
    table = base.tables["proposals"]
    assert {"build"} <= set(table["decision"])
    again = make_run(layers, scenario=scenario_of(base, "all", proposals=(), works=None), parts=("coverage",))
    for row in base.summary["siting"]["effect"]:
        found = {
            year["year"]: year for year in again.summary["stages"][row["stage"]]["years"] if year["variant"] == "mid"
        }
        assert found[row["year"]]["served"] == pytest.approx(row["served_after"], abs=1e-4), row
        if row["served_after"]:
            assert found[row["year"]]["walk_m_mean"] == pytest.approx(row["walk_m_after"], abs=0.05), row


def test_the_run_is_the_same_twice_and_differs_from_one_without_siting() -> None:
    layers = town([WEST, EAST], max_new=1)
    one, two = make_run(layers, parts=PARTS), make_run(layers, parts=PARTS)
    assert one.run_id == two.run_id != make_run(layers, parts=("coverage",)).run_id
    assert plain(one.summary) == plain(two.summary)
    assert one.tables["proposals"].drop(columns="geometry").equals(two.tables["proposals"].drop(columns="geometry"))
