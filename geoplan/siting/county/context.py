"""What the tables of a siting are written from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd

from geoplan.siting.county.demand import StagePart
from geoplan.siting.county.offers import Terms
from geoplan.siting.design import Design, Task
from geoplan.situation import Situation
from layers.bundle import Layers


@dataclass(frozen=True)
class Context:
    """A design with everything it was made from.

    Parameters
    ----------
    sites
        The candidates, in the order of the task's places.
    parts
        By stage, in the order of the task.
    deficits
        By sub-area and stage the first year short of places: ``area, year, places``.
    """

    layers: Layers
    situation: Situation
    task: Task
    design: Design
    sites: gpd.GeoDataFrame
    parts: Mapping[str, StagePart]
    terms: Terms
    deficits: Mapping[tuple[str, str], Mapping[str, Any]]
