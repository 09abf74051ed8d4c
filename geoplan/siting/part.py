"""Everything a run says of new places: balance of places, new housing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from geoplan.coverage import StageInput
from geoplan.siting.county_balance import balance_part
from geoplan.siting.housing.county import housing_part
from geoplan.situation import Situation
from layers.bundle import Layers
from layers.errors import Fault

Inputs = Mapping[str, Mapping[int, StageInput]]


@dataclass(frozen=True)
class SitingPart:
    """Tables in the plan's metric CRS, columns for the table of cells, keys of the summary, warnings."""

    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    cells: pd.DataFrame = field(default_factory=pd.DataFrame)
    summary: dict[str, Any] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()


def siting_part(layers: Layers, situation: Situation, inputs: Inputs) -> SitingPart:
    """Balance and new housing for every year ahead.

    Parameters
    ----------
    inputs
        Per stage and year, the input of its coverage; empty where no year is known, and then nothing is computed.
    """
    if not inputs:
        return SitingPart()
    balance = balance_part(layers, situation, inputs)
    housing = housing_part(layers, situation, inputs)
    return SitingPart({**balance.tables, **housing.tables}, summary={**balance.summary, **housing.summary})
