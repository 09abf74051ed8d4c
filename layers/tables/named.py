"""A table that plan.toml names: its CRS understood, its file read, its cells checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import pandas as pd
from pyproj import CRS

from layers.check import check
from layers.errors import Fault, InputError
from layers.planfile import PlanFile
from layers.schema import contract
from layers.tables import Bounds, read_table
from layers.tables.places import read_crs


@dataclass(frozen=True)
class Named:
    """One table of a plan.

    Parameters
    ----------
    file
        As plan.toml names it.
    table
        Checked; None where the file could not be read.
    rows
        Spreadsheet row of each record.
    faults
        Everything found so far.
    headings
        The file's own name of each column.
    """

    file: str
    table: pd.DataFrame | None
    rows: list[int]
    faults: list[Fault]
    headings: Mapping[str, str] = field(default_factory=dict)

    @property
    def places(self) -> gpd.GeoDataFrame:
        """The table with its geometry."""
        assert isinstance(self.table, gpd.GeoDataFrame)
        return self.table

    def column(self, name: str) -> pd.Series[Any]:
        """A column of texts, or one that says nothing where the table has none."""
        assert self.table is not None
        if name in self.table:
            return self.table[name]
        return pd.Series([None] * len(self.table), index=self.table.index, dtype=object)

    def told(self, record: int, name: str) -> bool:
        """Whether a fault of this cell has been found already."""
        place = (self.rows[record], self.headings.get(name, name))
        return any((fault.row, fault.column) == place for fault in self.faults)

    def fault(self, code: str, record: int, **params: Any) -> Fault:
        """A fault of one record; ``severity``, ``column`` and ``value`` are the fault's own, the rest its params."""
        if "column" in params:
            params["column"] = self.headings.get(params["column"], params["column"])
        own = {name: params.pop(name) for name in ("severity", "column", "value") if name in params}
        return Fault(code, file=self.file, row=self.rows[record], params=params, **own)


def read_named(
    plan: PlanFile,
    name: str,
    kind: str,
    crs: CRS | None,
    *,
    datum: str = "wgs84",
    stated: str | None = None,
    near: Bounds | None = None,
) -> Named:
    """Read and check one table of a plan.

    Parameters
    ----------
    plan, name
        The plan, and the file as it names it.
    kind
        Name of the contract.
    crs
        Metric CRS of the plan; None: EPSG:4326.
    datum, stated
        ``datum`` and ``crs`` of the table's section.
    near
        West, south, east, north of the region in degrees.
    """
    faults: list[Fault] = []
    own, reading = None, plan.reading(kind)
    if stated := reading.crs or stated:
        own, faults = read_crs(stated, "plan.toml", "crs")
    try:
        table, found = read_table(
            plan.path(name),
            contract=contract(kind),
            crs=own,
            datum=reading.datum or datum,
            to_crs=crs,
            near=near,
            reading=reading,
        )
    except InputError as error:
        return Named(name, None, [], [*faults, *error.faults])
    rows = [int(row) for row in table["_row"]]
    checked, wrong = check(table, contract(kind), plan.path(name).name)
    return Named(name, checked, rows, [*faults, *found, *wrong], table.attrs.get("headings", {}))
