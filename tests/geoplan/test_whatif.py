"""What-ifs recomputed from a counted plan give every figure of a full run of the same steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from geoplan.coverage import StageCoverage, stage_coverage
from geoplan.enrolment import Options, edit, prepare
from geoplan.errors import PlanError
from geoplan.plan import SILENT
from geoplan.scenario import Scenario, applied
from geoplan.situation import restocked, take_stock
from geoplan.stage_inputs import stage_input
from geoplan.whatif import WhatIf, WhatIfBase, whatif, whatif_base
from layers.bundle import Layers
from layers.scenariofile import Step
from tests.geoplan.test_scenario import closing, opening, what_if
from tests.toytown import toytown

EXACT = ("status", "school", "served", "no_place", "out", "off", "walk_m", "nearest_m")


def town(**changes: Any) -> Layers:
    """Toytown with other settings of the coverage section, or of ``cross_border``."""
    layers = toytown()
    region = {name: changes.pop(name) for name in ("cross_border",) if name in changes}
    plan = layers.plan.model_copy(
        update={
            "coverage": layers.plan.coverage.model_copy(update=changes),
            "region": layers.plan.region.model_copy(update=region),
        }
    )
    return replace(layers, plan=plan)


def based(layers: Layers) -> WhatIfBase:
    return whatif_base(layers, take_stock(layers, say=SILENT))


def full(base: WhatIfBase, *steps: Step) -> dict[str, StageCoverage]:
    layers = applied(base.layers, Scenario(name="full", steps=steps))
    situation = restocked(layers, base.situation)
    return {stage: stage_coverage(stage_input(layers, situation, stage)) for stage in situation.stages}


COUNTED: dict[int, tuple[WhatIfBase, dict[str, StageCoverage]]] = {}


def plan_of(base: WhatIfBase) -> dict[str, StageCoverage]:
    """The plan itself, counted once; the base is kept with it, so that its number stays its own."""
    if id(base) not in COUNTED:
        COUNTED[id(base)] = base, full(base)
    return COUNTED[id(base)][1]


def same(base: WhatIfBase, *steps: Mapping[str, Any]) -> WhatIf:
    """The what-if, after every figure of it was found in the full run."""
    taken = what_if(*steps).steps
    answer, counted = whatif(base, *taken), full(base, *taken)
    before = plan_of(base)
    for stage, found in answer.stages.items():
        whole = counted[stage]
        assert found.accounts == dict(whole.accounts)
        assert found.accounts_before == dict(before[stage].accounts)
        for name in EXACT:
            pd.testing.assert_series_equal(found.cells[name], whole.cells[name], check_exact=True, check_dtype=False)
        np.testing.assert_allclose(found.cells["straight_m"], whole.cells["straight_m"], rtol=1e-12)
        for name, other in (("radius_share", "radius_share"), ("walk_share", "walk_share")):
            assert found.shares[name] == pytest.approx(whole.summary[other], abs=1e-12)
        mean = whole.summary["walk_m"]["mean"]
        assert found.shares["walk_m"] == pytest.approx(np.nan if mean is None else mean, nan_ok=True)
        schools = found.schools
        assert list(schools["id"]) == list(whole.schools["id"])
        for name, other in (("places", "places"), ("pupils", "pupils_assigned"), ("load", "load")):
            np.testing.assert_array_equal(schools[name], whole.schools[other])
        assert_changed(found.changed, before[stage], whole)
    return answer


def assert_changed(changed: np.ndarray, before: StageCoverage, after: StageCoverage) -> None:
    names = ["status", "school", "served", "no_place", "out", "off", "walk_m"]
    one, two = (
        cells.cells[names].astype(object).where(cells.cells[names].notna(), None) for cells in (before, after)
    )
    np.testing.assert_array_equal(changed, (one.to_numpy() != two.to_numpy()).any(axis=1))


@pytest.fixture(scope="module")
def base() -> WhatIfBase:
    return based(town())


CHANGES = {
    "a school in the south-west": [opening(150, 50, classes_primary=6)],
    "a full small school": [opening(150, 50, places_primary=3)],
    "a nine-year school": [opening(750, 850, stage="nine_year", places_primary=15, places_junior=45)],
    "where no street is near": [opening(300, 620, places_primary=100)],
    "a school that sorts last": [opening(550, 450, id="Z9", stage="junior", places_junior=20)],
    "the only town primary school closes": [closing("S1")],
    "the nine-year school closes": [closing("S3")],
    "every primary school closes": [closing("S1"), closing("S3")],
    "more classes": [{"action": "resize", "school_id": "S3", "stage": "junior", "plus_classes": 1}],
    "no places": [{"action": "resize", "school_id": "S1", "places": 0}],
    "primary becomes junior": [{"action": "convert", "school_id": "S1", "from": "primary", "to": "junior"}],
    "moved across town": [closing("S2"), opening(850, 450, stage="junior", places_junior=50)],
    "nothing": [],
    "later": [opening(150, 50, classes_primary=6, year=2030), closing("S2", year=2031)],
    "private": [opening(150, 50, classes_primary=6, ownership="private")],
    "a teaching point": [opening(150, 50, stage="teaching_point", places_primary=30)],
}


@pytest.mark.parametrize("name", CHANGES)
def test_every_figure_is_that_of_a_full_run(base: WhatIfBase, name: str) -> None:
    same(base, *CHANGES[name])


@pytest.mark.parametrize("changes", [{"enrolment": "nearest"}, {"include_private": True}, {"cross_border": True}])
def test_whatever_the_plan_counts(changes: dict[str, Any]) -> None:
    other = based(town(**changes))
    for steps in (
        [opening(150, 50, classes_primary=6)],
        [closing("S1")],
        [closing("S3"), opening(750, 850, places_primary=9)],
    ):
        same(other, *steps)


def test_boarding_takes_who_finds_no_place_on_foot() -> None:
    """The rural north may board: beds at S3, and at a new school that brings its own."""
    layers = town()
    with_beds = based(replace(layers, schools=layers.schools.assign(beds=[np.nan, np.nan, 40.0])))
    for steps in (
        [opening(150, 50, places_primary=20)],
        [opening(150, 50, places_primary=20, beds=30)],
        [closing("S3")],
    ):
        same(with_beds, *steps)


def test_only_what_changes_is_marked(base: WhatIfBase) -> None:
    answer = same(base, opening(150, 50, classes_primary=6))
    assert 0 < answer.stages["primary"].changed.sum() < 100
    assert not answer.stages["junior"].changed.any()
    row = answer.stages["primary"].schools.set_index("id").loc["N1"]
    assert np.isnan(row["pupils_before"]) and row["pupils"] > 0


def test_the_base_is_not_touched(base: WhatIfBase) -> None:
    first = whatif(base, *what_if(closing("S1")).steps)
    again = whatif(base, *what_if(closing("S1")).steps)
    for stage in first.stages:
        pd.testing.assert_frame_equal(first.stages[stage].cells, again.stages[stage].cells)
    assert not whatif(base).stages["primary"].changed.any()


def test_pupils_and_streets_are_not_changed_in_passing(base: WhatIfBase) -> None:
    step = {"action": "retrofit", "elements": [{"osm_id": "1050", "measures": ["sidewalk"]}]}
    with pytest.raises(PlanError, match="retrofit: changes pupils or streets"):
        whatif(base, *what_if(step).steps)


SPOTS = some.tuples(some.integers(0, 20), some.integers(0, 20))
STEPS = some.lists(
    some.one_of(
        some.builds(
            lambda spot, places, stage: ("open", spot, places, stage),
            SPOTS,
            some.integers(0, 150),
            some.sampled_from(["primary", "junior", "nine_year"]),
        ),
        some.sampled_from(["S1", "S2", "S3"]).map(lambda school: ("close", school)),
        some.builds(
            lambda school, places: ("resize", school, places), some.sampled_from(["S1", "S2"]), some.integers(0, 120)
        ),
    ),
    min_size=1,
    max_size=3,
)


@settings(max_examples=10, deadline=None)
@given(drawn=STEPS)
def test_any_steps_give_the_figures_of_a_full_run(base: WhatIfBase, drawn: list[tuple[Any, ...]]) -> None:
    steps: list[dict[str, Any]] = []
    closed: set[str] = set()
    for number, one in enumerate(drawn):
        if one[0] == "open":
            (east, north), places, stage = one[1:]
            sizes = {"primary": {"places_primary": places}, "junior": {"places_junior": places}}
            size = sizes.get(stage) or {"places_primary": places, "places_junior": places // 2}
            steps.append(opening(50.0 * east, 50.0 * north, id=f"N{number}", stage=stage, **size))
        elif one[1] not in closed:
            steps.append(
                closing(one[1]) if one[0] == "close" else {"action": "resize", "school_id": one[1], "places": one[2]}
            )
            closed |= {one[1]} if one[0] == "close" else set()
    same(base, *steps)


@settings(max_examples=60, deadline=None)
@given(seed=some.integers(0, 2**32 - 1))
def test_an_edited_problem_is_the_one_prepared_anew(seed: int) -> None:
    random = np.random.default_rng(seed)
    units, schools = int(random.integers(1, 30)), int(random.integers(1, 8))
    amount = random.gamma(2.0, 1.0, units)
    pair = np.flatnonzero(random.random(units * schools) < 0.5)
    unit, school = np.divmod(pair, schools)
    walk = random.integers(0, 6, len(pair)) * 100
    keys = np.array([f"s{number:02d}" for number in random.permutation(20)[:schools]])
    start = random.random(schools) < 0.7
    end = random.random(schools) < 0.7
    old, new = np.flatnonzero(start), np.flatnonzero(end)
    row_old, row_new = (np.full(schools, -1) for _ in range(2))
    row_old[old], row_new[new] = np.arange(len(old)), np.arange(len(new))

    def options(kept: np.ndarray, row: np.ndarray) -> Options:
        return Options(unit[kept], row[school[kept]], walk[kept])

    before = prepare(amount, options(start[school], row_old), len(old), school_key=keys[old])
    wanted = prepare(amount, options(end[school], row_new), len(new), school_key=keys[new])
    found = edit(before, row_new[old], options((end & ~start)[school], row_new), keys[new])
    for name in ("supply", "start", "school", "walk", "cost", "units", "schools", "school_mark", "scale"):
        np.testing.assert_array_equal(getattr(found, name), getattr(wanted, name), err_msg=name)
