"""What the what-ifs of a run start from: its plan's files read and counted once, at the first question."""

from __future__ import annotations

import threading
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
from geoplan.whatif import WhatIf, WhatIfBase, count_again, reach_again, whatif_base
from layers.bundle import Layers
from layers.errors import InputError
from layers.scenariofile import parse_scenario
from maps.scene import open_scene

LIVE = 2  # runs whose streets and prices are kept in memory
KEPT = 6  # answers kept whole, so that another stage of the same steps and undo cost nothing

_starting = threading.Lock()


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
    with _starting:
        return _started(path)


def answered(path: Path, scenario: Scenario) -> WhatIf:
    """What steps do; the same steps of the same run are counted once."""
    return _answered(path, scenario)


@lru_cache(maxsize=KEPT)
def _answered(path: Path, scenario: Scenario) -> WhatIf:
    base = started(path).base
    return count_again(base, reach_again(base, *scenario.steps))


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
