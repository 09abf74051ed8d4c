"""Route safety of whole plans: the three groups close, flows are conserved, shortest equals reach."""

from __future__ import annotations

import numpy as np
import pytest

from geoplan.coverage import stage_coverage
from geoplan.identity import plain
from geoplan.plan import make_run, stage_input
from geoplan.run import Run
from geoplan.safety.county import county_safety, streetscape
from geoplan.situation import take_stock
from layers.bundle import Layers
from tests.toytown import toytown

VERDICTS = ("safe", "undetermined", "unsafe")


def _silent(step: str) -> None:
    assert step


def test_the_three_groups_add_up_to_the_pupils_routed(made_run: Run) -> None:
    found = made_run.summary["safety"]
    assert sum(found[name] for name in VERDICTS) == pytest.approx(found["pupils_routed"], abs=1e-6)
    on_foot = sum(stage["served_by"]["walk"] for stage in made_run.summary["stages"].values())
    assert found["pupils_routed"] == pytest.approx(on_foot, abs=1e-5)
    for stage, counts in found["stages"].items():
        schools = made_run.tables["schools"]
        for name in VERDICTS:
            assert schools[f"pupils_{name}_{stage}"].sum() == pytest.approx(counts[name], abs=1e-6)


def test_levels_are_intervals_and_every_route_stays_on_them(made_run: Run) -> None:
    for name in ("segments", "crossings"):
        table = made_run.tables[name]
        assert table["level_low"].between(1, 4).all() and (table["level_low"] <= table["level_high"]).all()
        assert (table["pupils_per_day"] >= 0).all() and table["pupils_per_day"].sum() > 0
    known = made_run.summary["safety"]["tag_completeness"]
    assert {"maxspeed", "lanes", "sidewalk", "crossing"} <= set(known)
    assert all(0 <= share <= 1 for share in known.values())


def test_nothing_unknown_is_called_safe(made_run: Run) -> None:
    crossings = made_run.tables["crossings"]
    unmapped = crossings[~crossings["mapped"]]
    wide = unmapped[unmapped["level_high"] > 2]
    assert len(wide) and (wide["level_low"] == 1).all(), "unmapped crossings are neither free nor proven bad"


def test_the_safest_route_is_never_shorter_and_costs_within_the_bound(demo_layers: Layers) -> None:
    from geoplan.safety.costs import route_rules
    from geoplan.safety.routes import safe_routes

    situation = take_stock(demo_layers, say=_silent)
    scape = streetscape(demo_layers, situation)
    rng = np.random.default_rng(3)
    rows = np.sort(rng.choice(len(situation.walk.cell), 300, replace=False))
    cell, school, dist = (getattr(situation.walk, name)[rows] for name in ("cell", "school", "dist_dm"))
    rules = route_rules(situation.standards)
    found = safe_routes(scape.turns, scape.homes, scape.doors, rules, (cell, school))
    assert (found.shortest.length_dm == dist).all(), "the shortest route is as long as reach says"
    assert (found.price_dm >= 0).all()
    assert (found.safest.length_dm <= rules.longest_dm(dist.astype(np.int64))).all()
    assert (found.safest.high <= found.shortest.high).all()


def test_toytown_is_judged_and_the_same_twice() -> None:
    town = toytown()
    situation = take_stock(town, say=_silent)
    stages = {stage: stage_coverage(stage_input(town, situation, stage)) for stage in situation.stages}
    one, two = (county_safety(town, situation, stages) for _ in range(2))
    assert plain(one.summary) == plain(two.summary)
    assert len(one.tables["gate_audit"]) == 10 * len(town.gates)


def test_safety_can_be_left_out() -> None:
    run = make_run(toytown(), parts=("coverage",))
    assert "safety" not in run.summary and "segments" not in run.tables
    assert run.run_id != make_run(toytown(), parts=("coverage", "safety")).run_id
