"""New housing and later years in a what-if: every figure is that of the full run with the same steps."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from geoplan.errors import PlanError
from geoplan.plan import SILENT, make_run
from geoplan.run import Run
from geoplan.situation import take_stock
from geoplan.whatif import WhatIf, WhatIfBase, in_year, whatif, whatif_base
from layers.bundle import Layers
from layers.errors import InputError
from tests.geoplan.test_scenario import closing, opening, what_if
from tests.toytown import at, toytown

YEARS = (2027, 2035)
ACCOUNTS = ("served", "in_reach_no_place", "out_of_reach", "off_network")


def homes(east: float, north: float, **more: Any) -> dict[str, Any]:
    x, y = at(east, north)
    step = {"action": "housing", "id": "H1", "x": x, "y": y, "crs": "EPSG:32632", "dwellings": 200, "ready": 2026}
    return {**step, **more}


CASES = {
    "by the town": [homes(150, 150)],
    "lived in at once": [homes(150, 150, occupancy_2026=1.0, persons_per_dwelling=3.0)],
    "two of them": [homes(150, 150), homes(850, 850, id="A0", ready=2030)],
    "people from inside": [homes(550, 450, from_inside_share=0.5)],
    "where no street is near": [homes(300, 620, id="far")],
    "with a school of its own": [homes(150, 150), opening(150, 50, places_primary=30)],
    "and a school closes": [closing("S1"), homes(150, 150)],
    "a school later": [homes(150, 150), opening(150, 50, places_primary=30, year=2030)],
    "counted already": [homes(150, 150, ready=2020)],
    "nothing": [],
}


@pytest.fixture(scope="module")
def town() -> Layers:
    return toytown()


@pytest.fixture(scope="module")
def years(town: Layers) -> dict[int, WhatIfBase]:
    base = whatif_base(town, take_stock(town, say=SILENT))
    return {year: in_year(base, year) for year in YEARS}


@pytest.fixture(scope="module")
def plan(town: Layers) -> Run:
    return make_run(town, parts=("coverage",))


def figures(run: Run, stage: str, year: int) -> dict[str, Any]:
    rows = run.summary["stages"][stage]["years"]
    return next(row for row in rows if row["year"] == year and row["variant"] == "mid")


def assert_same(found: WhatIf, full: Run, plan: Run, year: int) -> None:
    for stage, answer in found.stages.items():
        told, before = figures(full, stage, year), figures(plan, stage, year)
        for name in ACCOUNTS:
            assert answer.accounts[name] == pytest.approx(told[name], abs=2e-6), (stage, name)
            assert answer.accounts_before[name] == pytest.approx(before[name], abs=2e-6), (stage, name)
        for name, other in (
            ("radius_share", "radius_share"),
            ("walk_share", "walk_share"),
            ("walk_m", "walk_m_mean"),
        ):
            wanted = np.nan if told[other] is None else told[other]
            assert answer.shares[name] == pytest.approx(wanted, rel=1e-6, nan_ok=True), (stage, name)
        cells = full.tables["cells"]
        there = cells.set_index("cell_id")[f"unserved_{stage}_{year}"]
        ids = answer.basis.given.cells["cell_id"].astype(str)
        lacking = answer.cells[["no_place", "out", "off"]].sum(axis=1)
        assert lacking.to_numpy() == pytest.approx(there.reindex(ids).to_numpy(), abs=1e-5)
        pupils = cells.set_index("cell_id")[f"pupils_{stage}_{year}"]
        assert answer.pupils == pytest.approx(pupils.reindex(ids).to_numpy(), abs=1e-5)


@pytest.mark.parametrize("name", sorted(CASES))
def test_years_and_housing_are_those_of_the_full_run(
    town: Layers, plan: Run, years: dict[int, WhatIfBase], name: str
) -> None:
    scenario = what_if(*CASES[name])
    full = make_run(town, scenario=scenario, parts=("coverage",)) if scenario.steps else plan
    for year, base in years.items():
        assert_same(whatif(base, *scenario.steps), full, plan, year)


def test_what_new_homes_change_is_told(years: dict[int, WhatIfBase]) -> None:
    base = years[2035]
    (step,) = what_if(homes(150, 150)).steps
    answer = whatif(base, step).stages["primary"]
    assert len(answer.cells) == len(answer.cells_before) == len(base.stages["primary"].given.cells) + 1
    assert answer.changed[-1] and answer.pupils_before[-1] == 0 < answer.pupils[-1]
    assert answer.cells_before["status"].iloc[-1] == "none"
    assert not answer.changed[answer.pupils == 0].any()
    nothing = whatif(base).stages["primary"]
    assert not nothing.changed.any()


def test_base_year_does_not_see_later_homes(town: Layers) -> None:
    base = whatif_base(town, take_stock(town, say=SILENT))
    found = whatif(base, *what_if(homes(150, 150)).steps)
    for answer in found.stages.values():
        assert answer.accounts == pytest.approx(dict(answer.accounts_before)) and answer.pupils[-1] == 0
    assert in_year(base, base.situation.outlook.base_year) is base


def test_what_cannot_be_is_refused(town: Layers, years: dict[int, WhatIfBase]) -> None:
    base = years[2027]
    with pytest.raises(PlanError, match="not projected"):
        in_year(base, 1999)
    with pytest.raises(InputError):
        whatif(base, *what_if(homes(150, 90_000_000)).steps)
    own = replace(town, tables={**town.tables, "housing": whatif_housing(town)})
    with pytest.raises(PlanError, match="plan's own table"):
        whatif(in_year(whatif_base(own, take_stock(own, say=SILENT)), 2027), *what_if(homes(150, 150)).steps)


def whatif_housing(town: Layers) -> Any:
    from geoplan.scenario import applied

    return applied(town, what_if(homes(150, 150))).tables["housing"]
