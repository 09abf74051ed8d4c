"""The base year beside later ones: pupils, places and who is served, with low and high births, for every stage."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from geoplan.coverage import StageCoverage, StageInput
from geoplan.coverage.years import YearCoverage, as_year, common_ground, coverage_in_year
from geoplan.demand.outlook import VARIANTS, Outlook, norm_ratio, share_unborn, stage_pupils
from geoplan.situation import Situation
from geoplan.stage_inputs import stage_in_year
from layers.bundle import Layers

COLUMNS = (
    "stage",
    "year",
    "variant",
    "pupils",
    "places",
    "served",
    "in_reach_no_place",
    "out_of_reach",
    "off_network",
    "radius_share",
    "walk_share",
    "walk_m_mean",
    "share_unborn",
    "norm_ratio",
)


@dataclass(frozen=True)
class Milestones:
    """Every stage in every year.

    Parameters
    ----------
    table
        ``COLUMNS``, stage by stage, year by year, ``low, mid, high``. Accounts are of the middle births only.
    cells
        ``pupils_<stage>_<year>, unserved_<stage>_<year>`` per cell, years after the base year.
    """

    table: pd.DataFrame
    cells: pd.DataFrame

    def of_stage(self, stage: str) -> list[dict[str, Any]]:
        """The rows of a stage as plain data, unknown figures None."""
        mine = self.table[self.table["stage"] == stage].drop(columns="stage")
        return [{str(name): _plain(value) for name, value in row.items()} for row in mine.to_dict("records")]


def make_milestones(
    layers: Layers,
    situation: Situation,
    stages: Mapping[str, tuple[StageInput, StageCoverage]],
    *,
    say: Callable[[str], None] = lambda step: None,
) -> Milestones:
    """Count the years of the outlook.

    Parameters
    ----------
    stages
        Input and coverage of the base year, by stage.
    say
        Called with ``years:<stage>``.
    """
    rows: list[dict[str, Any]] = []
    cells: dict[str, np.ndarray[Any, np.dtype[np.float64]]] = {}
    for stage, (given, counted) in stages.items():
        say(f"years:{stage}")
        for year, found in _years(layers, situation, given, counted):
            rows += _rows(situation.outlook, stage, year, found)
            if year != situation.outlook.base_year:
                cells[f"pupils_{stage}_{year}"] = found.pupils
                cells[f"unserved_{stage}_{year}"] = found.unserved
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    numbers = [name for name in COLUMNS if name not in ("stage", "year", "variant")]
    table[numbers] = table[numbers].astype(np.float64)
    return Milestones(table.astype({"year": "Int64"}), pd.DataFrame(cells, index=situation.cells.table.index))


def _years(
    layers: Layers, situation: Situation, given: StageInput, counted: StageCoverage
) -> Iterator[tuple[int | None, YearCoverage]]:
    outlook = situation.outlook
    found, ground = as_year(counted), None
    yield outlook.base_year, found
    for year in outlook.years[1:]:
        later = stage_in_year(layers, situation, outlook, given.stage, year, like=given)
        if ground is None or not ground.holds(later):
            ground = common_ground(later, like=ground)
        found = coverage_in_year(later, ground, price_dm=found.price_dm)
        yield year, found


def _rows(outlook: Outlook, stage: str, year: int | None, found: YearCoverage) -> Iterator[dict[str, Any]]:
    """A year by births; the base year, and a plan without years, have one reading, told three times and once."""
    ratio = norm_ratio(outlook, stage, year)
    for variant in VARIANTS if year is not None else ("mid",):
        shared = {"stage": stage, "year": year, "variant": variant, "norm_ratio": ratio}
        unborn = {"share_unborn": share_unborn(outlook, stage, year, variant)}
        if variant == "mid":
            yield {**shared, **unborn, **found.figures}
        else:
            pupils = stage_pupils(outlook, stage, year, variant)
            yield {**shared, **unborn, "pupils": pupils, "places": found.figures["places"]}


def _plain(value: Any) -> Any:
    if value is pd.NA or (isinstance(value, float) and not np.isfinite(value)):
        return None
    return value.item() if isinstance(value, np.generic) else value
