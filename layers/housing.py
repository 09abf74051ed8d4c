"""New housing: how many dwellings, when, and whether its residents are counted already."""

from __future__ import annotations

import re

import geopandas as gpd
import pandas as pd
from pyproj import CRS

from layers.aliases import choice
from layers.bundle import STAGES
from layers.errors import Fault
from layers.planfile import PlanFile
from layers.sites import in_order
from layers.tables import Bounds
from layers.tables.named import Named, read_named

NAME_ONLY = "name_only"
NEEDED = ("dwellings", "ready")
_OF_STAGE = re.compile(r"(?:pupils|reserved)_(?P<stage>\w+?)(?:_m2)?")


def read_housing(plan: PlanFile, crs: CRS, near: Bounds | None = None) -> tuple[gpd.GeoDataFrame | None, list[Fault]]:
    """Housing projects in order of ``id``, Point or Polygon.

    ``status`` ``name_only`` is a project that is shown but not computed: it needs neither ``dwellings`` nor
    ``ready``; every other row needs both. ``in_population`` is True, False or None (not said).
    """
    if plan.housing is None:
        return None, []
    section = plan.housing
    named = read_named(plan, section.table, "housing", crs, datum=section.datum, stated=section.crs, near=near)
    if named.table is None or "id" not in named.table:
        return None, named.faults
    table = named.places
    status = pd.Series([_status(value) for value in named.column("status")], index=table.index, dtype=object)
    faults = [*_lacking(named, status), *_unknown_stages(named)]
    table = table.assign(status=status)
    for column in NEEDED:
        if column not in table:
            table[column] = float("nan")
    return in_order(table, "id"), [*named.faults, *faults]


def _unknown_stages(named: Named) -> list[Fault]:
    """A warning for every column of pupils or reserved land whose stage is none: it would take no part unseen.

    Columns that look like a misspelt one have been told of already.
    """
    assert named.table is not None
    told = {fault.column for fault in named.faults}
    found = {str(name): _OF_STAGE.fullmatch(str(name)) for name in named.table.columns}
    return [
        Fault(
            "housing_stage_unknown",
            "warning",
            file=named.file,
            column=named.headings.get(name, name),
            params={"stage": match["stage"], "stages": ", ".join(STAGES)},
        )
        for name, match in found.items()
        if match and match["stage"] not in STAGES and named.headings.get(name, name) not in told
    ]


def _status(value: str | None) -> str | None:
    return None if value is None else choice(value, "status", (NAME_ONLY,)) or value


def _lacking(named: Named, status: pd.Series[str]) -> list[Fault]:
    """A fault for every computed project without dwellings or year; one for a column that is not there at all."""
    assert named.table is not None
    computed = (status != NAME_ONLY).to_numpy()
    faults = []
    for column in NEEDED:
        if column not in named.table:
            faults += [Fault("housing_column", file=named.file, column=column)] if computed.any() else []
            continue
        empty = named.table[column].isna().to_numpy() & computed
        faults += [
            named.fault("housing_value", record, column=column)
            for record in range(len(empty))
            if empty[record] and not named.told(record, column)
        ]
    return faults
