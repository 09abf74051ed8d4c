"""Everything a run says of new places: balance of places, new housing, candidates, proposals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Any

import pandas as pd

from geoplan.coverage import StageInput
from geoplan.siting.county.county import county_siting, not_computed
from geoplan.siting.county_balance import balance_part
from geoplan.siting.housing.county import housing_part
from geoplan.siting.ledger import land_ledger
from geoplan.siting.sizes import school_size
from geoplan.siting.space import land_asked
from geoplan.situation import Situation
from layers.bundle import Layers
from layers.errors import Fault

Inputs = Mapping[str, Mapping[int, StageInput]]
NO_YEAR = "no_year"


@dataclass(frozen=True)
class SitingPart:
    """Tables in the plan's metric CRS, columns for the table of cells, keys of the summary, warnings."""

    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    cells: pd.DataFrame = field(default_factory=pd.DataFrame)
    summary: dict[str, Any] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()


def siting_part(layers: Layers, situation: Situation, inputs: Inputs, unserved: pd.DataFrame) -> SitingPart:
    """New places for every year ahead.

    Parameters
    ----------
    inputs
        Per stage and year, the input of its coverage; empty where no year is known, and then nothing is computed.
    unserved
        ``unserved_<stage>_<year>`` per cell.
    """
    if not inputs:
        return SitingPart(summary={"siting": not_computed(NO_YEAR).summary})
    balance = balance_part(layers, situation, inputs)
    housing = housing_part(layers, situation, inputs)
    siting = county_siting(
        layers,
        situation,
        inputs,
        base_year=situation.outlook.base_year,
        unserved=unserved,
        deficits=balance.deficits,
    )
    tables = {**balance.tables, **housing.tables, **siting.tables}
    if "candidates" in siting.tables:
        owed = land_owed(layers, situation, balance.tables["places_balance"])
        tables["land_ledger"] = land_ledger(siting.tables["candidates"], owed)
    return SitingPart(
        tables=tables,
        cells=siting.cells,
        summary={**balance.summary, **housing.summary, "siting": siting.summary},
        faults=siting.faults,
    )


def land_owed(layers: Layers, situation: Situation, balance: pd.DataFrame) -> pd.DataFrame:
    """Land for the places each sub-area lacks in its worst year, births as expected: ``area_id, stage, classes, m2``.

    Whole classes of the norm's size on the land the profile asks for a school of so many (our own land a place where
    it asks for none); in stages of the compulsory years first, as the balance lists them.
    """
    setting = layers.areas.set_index(layers.areas["area_id"].astype(str))["setting"].to_dict()
    worst = balance[balance["variant"] == "mid"].groupby(["area_id", "stage"], sort=False)["balance"].min()
    rows = []
    for (area, stage), lacking in worst.items():
        if pd.notna(lacking) and lacking < 0:
            where = str(setting[area])
            classes = ceil(-lacking / school_size(situation.standards, stage, where).class_places - 1e-9)
            m2, _ = land_asked(situation.standards, stage, classes, where)
            rows.append((area, stage, classes, m2))
    return pd.DataFrame(rows, columns=["area_id", "stage", "classes", "m2"])
