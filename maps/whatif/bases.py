"""What the what-ifs of a run start from: its plan's files read and counted once, at the first question."""

from __future__ import annotations

import threading
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from geoplan.errors import NotFoundError
from geoplan.plan import SILENT, read_layers
from geoplan.run import Run
from geoplan.scenario import Scenario, applied
from geoplan.situation import take_stock
from geoplan.whatif import (
    WhatIf,
    WhatIfBase,
    against,
    count_again,
    in_year,
    reach_again,
    whatif_base,
    with_housing,
)
from layers.bundle import Layers
from layers.errors import InputError
from layers.scenariofile import HousingStep, parse_scenario, scenario_text
from maps.scene import open_scene

LIVE = 2  # runs whose streets and prices are kept in memory
YEARS = 4  # of a run that are kept
KEPT = 12  # answers kept whole, so that another stage of the same steps and undo cost nothing

_starting: dict[Path, threading.Lock] = {}  # one a run: reading the files of a large county keeps no other waiting


@dataclass(frozen=True, eq=False)
class Started:
    """A run and the counted plan that its what-ifs start from; cells of both in the same order."""

    run: Run
    base: WhatIfBase


def started(path: Path) -> Started:
    """The base of the run in a folder, made at the first question; others wait for the same one.

    Raises
    ------
    NotFoundError
        The plan's files can no longer be read, or are not those of the run.
    """
    with _starting.setdefault(path, threading.Lock()):
        return _started(path)


def base_in(path: Path, year: int | None) -> WhatIfBase:
    """The base in a year; None for the base year. PlanError for a year that is not projected."""
    if year is None:
        return started(path).base
    with _starting.setdefault(path, threading.Lock()):
        return _in_year(path, year)


@lru_cache(maxsize=YEARS * LIVE)
def _in_year(path: Path, year: int) -> WhatIfBase:
    return in_year(_started(path).base, year)


def later_years(path: Path) -> tuple[int, ...]:
    """The years after the base year that the plan counts."""
    return started(path).base.situation.outlook.years[1:]


def answered(path: Path, scenario: Scenario, year: int | None = None) -> WhatIf:
    """What steps do in a year; the same steps of the same run are counted once."""
    steps = scenario.model_copy(update={"name": "what-if", "title": "", "title_zh": "", "note": ""})
    return _answered(path, scenario_text(steps), year)


@lru_cache(maxsize=KEPT)
def _answered(path: Path, steps: str, year: int | None) -> WhatIf:
    scenario, base = scenario_of_text(steps), base_in(path, year)
    homes = tuple(step for step in scenario.steps if isinstance(step, HousingStep))
    schools = tuple(step for step in scenario.steps if not isinstance(step, HousingStep))
    if not homes:
        return count_again(base, reach_again(base, *schools))
    ground = _housed(path, scenario_text(scenario.model_copy(update={"steps": homes})), year)
    return against(base, count_again(ground, reach_again(ground, *schools)))


@lru_cache(maxsize=LIVE)
def _housed(path: Path, homes: str, year: int | None) -> WhatIfBase:
    """The base with new housing: kept, so that schools are tried on it as quickly as without."""
    steps = scenario_of_text(homes).steps
    return with_housing(base_in(path, year), [step for step in steps if isinstance(step, HousingStep)])


def scenario_of_text(text: str) -> Scenario:
    """The scenario of a text that was written from one; texts are what answers are kept by."""
    return parse_scenario(tomllib.loads(text), "what-if")


@lru_cache(maxsize=LIVE)
def _started(path: Path) -> Started:
    run = open_scene(path).run
    try:
        layers = read_layers(path.parents[1])
    except InputError as error:
        raise NotFoundError("no what-ifs: the plan's files can no longer be read") from error
    _require_same(run, layers)
    layers = applied(layers, scenario_of_run(run.manifest))
    base = whatif_base(layers, take_stock(layers, say=SILENT))
    cells = run.tables["cells"]["cell_id"].astype(str).to_numpy()
    if not np.array_equal(cells, base.situation.cells.table["cell_id"].astype(str).to_numpy()):
        raise NotFoundError(
            "no what-ifs: the homes of this run are not those of the plan's files; run the plan again"
        )
    return Started(run, base)


def scenario_of_run(manifest: Mapping[str, Any]) -> Scenario:
    """The scenario a run was made with, as its manifest keeps it; without steps for the plan as it is."""
    kept = manifest.get("scenario")
    if not isinstance(kept, Mapping) or not kept.get("steps"):
        return Scenario(name="base")
    return parse_scenario(kept, "manifest.json")


def _require_same(run: Run, layers: Layers) -> None:
    """NotFoundError unless the plan's files are those the run was made from."""
    then = {source["file"]: source["sha256"] for source in run.manifest.get("sources", [])}
    now = {source.file: source.sha256 for source in layers.sources}
    if then != now:
        raise NotFoundError(
            "no what-ifs: the plan's files have changed since this run; run the plan again to try changes on it"
        )
