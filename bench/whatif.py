"""One changed school in a county, from a counted plan, against the whole run; every figure asserted equal."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from bench import Row, best_of, print_table
from bench.lattice_county import write_lattice
from bench.networks import SMALL
from geoplan.coverage import stage_coverage
from geoplan.plan import SILENT, read_layers
from geoplan.scenario import Scenario, applied
from geoplan.situation import restocked, take_stock
from geoplan.stage_inputs import stage_input
from geoplan.whatif import WhatIf, WhatIfBase, count_again, reach_again, whatif_base
from layers.scenariofile import Step, parse_scenario

REACH_S, ENROLMENT_S, TIMES = 0.2, 1.0, 20
EQUAL = ("status", "school", "served", "no_place", "out", "off", "walk_m", "nearest_m")


def rows(small: bool) -> Iterator[Row]:
    """Open, close and resize a primary school in the middle of the lattice."""
    side, schools, pixels = (SMALL, 60, 170) if small else (556, 300, 548)
    with tempfile.TemporaryDirectory() as folder:
        yield from _rows(write_lattice(Path(folder), side=side, schools=schools, pixels=pixels), small)


def _rows(folder: Path, small: bool) -> Iterator[Row]:
    layers = read_layers(folder / "plan.toml")
    begun = time.perf_counter()
    situation = take_stock(layers, say=SILENT)
    stages = {stage: stage_coverage(stage_input(layers, situation, stage)) for stage in situation.stages}
    whole = time.perf_counter() - begun
    base = whatif_base(layers, situation, stages)
    nodes, cells = len(situation.network.graph.external), len(situation.cells.table)
    size = f"{nodes:,} nodes, {cells:,} cells, {len(layers.schools)} schools"
    for name, step in steps(base).items():
        changed, reach = best_of(lambda step=step: reach_again(base, step))
        answer, enrolment = best_of(lambda changed=changed: count_again(base, changed))
        assert_equal(base, step, answer)
        goal = (None, None, None) if small else (1.0, 1.0, TIMES)
        yield Row(f"what-if, {name}: reach", "what it may take", reach, REACH_S, goal[0], note=size)
        yield Row(f"what-if, {name}: enrolment, cells", "what it may take", enrolment, ENROLMENT_S, goal[1])
        yield Row(f"what-if, {name}", "the run's coverage, without its tables", reach + enrolment, whole, goal[2])


def steps(base: WhatIfBase) -> dict[str, Step]:
    """A new school amid the region, the school nearest to it closed, and with two classes more."""
    middle = base.layers.boundary.centroid
    schools = base.layers.schools[base.layers.schools["stage"] == "primary"]
    near = str(schools["id"].iloc[int(schools.geometry.distance(middle).to_numpy().argmin())])
    crs = base.layers.crs.to_string()
    data = [
        {"action": "open", "id": "NEW", "stage": "primary", "x": middle.x, "y": middle.y, "crs": crs, "places": 900},
        {"action": "close", "school_id": near},
        {"action": "resize", "school_id": near, "plus_classes": 2},
    ]
    found = parse_scenario({"name": "bench", "steps": data}, "bench").steps
    return {step.action: step for step in found}


def assert_equal(base: WhatIfBase, step: Step, answer: WhatIf) -> None:
    """Every figure of a full count of the same schools."""
    layers = applied(base.layers, Scenario(name="bench", steps=(step,)))
    situation = restocked(layers, base.situation)
    for stage, found in answer.stages.items():
        counted = stage_coverage(stage_input(layers, situation, stage))
        assert found.accounts == dict(counted.accounts)
        for name in EQUAL:
            pd.testing.assert_series_equal(found.cells[name], counted.cells[name], check_exact=True)
        pd.testing.assert_series_equal(
            found.schools["pupils"], counted.schools["pupils_assigned"], check_exact=True, check_names=False
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="a small lattice")
    print_table(rows(parser.parse_args().small))
