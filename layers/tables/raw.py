"""A table as its file gives it: headings unchanged, cells unchecked."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import CRS

from layers.errors import Fault, InputError


@dataclass(frozen=True)
class Raw:
    """Cells, and where they stand.

    Parameters
    ----------
    table
        Columns as the file names them, cells as objects.
    rows
        Spreadsheet row of each record.
    geometry, crs
        Shapely geometries (None where a record has none) and their CRS, where the file holds any.
    cut_names
        The format keeps ten bytes of a column name (shapefile).
    decimal_comma
        Numbers may have a decimal comma (text divided by semicolons).
    faults
        Warnings met while reading.
    """

    table: pd.DataFrame
    rows: list[int]
    geometry: NDArray[np.object_] | None = None
    crs: CRS | None = None
    cut_names: bool = False
    decimal_comma: bool = False
    faults: tuple[Fault, ...] = field(default=())


def stop(
    code: str, path: Path, value: str | None = None, *, column: str | None = None, **params: object
) -> InputError:
    """The error of a file that cannot be read at all."""
    return InputError([Fault(code, file=path.name, column=column, value=value, params=params)])


def from_records(
    path: Path, header: list[str], records: list[tuple[int, list[object]]], *, decimal_comma: bool = False
) -> Raw:
    """A table from a header and numbered rows of cells; a column without a name is left out with a warning.

    Raises
    ------
    InputError
        Listing every fault of the headings and of the rows' lengths.
    """
    named = [name for name in header if name]
    if len(named) == 1 and any(sum(map(_full, cells)) > 1 for _, cells in records):
        raise stop("header_title", path, named[0])
    faults = _heading_faults(path, header, records)
    faults += [
        Fault("row_long", file=path.name, row=row, value=str(len(cells)), params={"columns": len(header)})
        for row, cells in records
        if any(_full(cell) for cell in cells[len(header) :])
    ]
    if any(fault.severity == "error" for fault in faults):
        raise InputError(faults)
    kept = [number for number, name in enumerate(header) if name]
    width = len(header)
    cells = [[*cells[:width], *[None] * (width - len(cells))] for _, cells in records]
    data = {header[number]: pd.Series([row[number] for row in cells], dtype=object) for number in kept}
    return Raw(pd.DataFrame(data), [row for row, _ in records], decimal_comma=decimal_comma, faults=tuple(faults))


def _heading_faults(path: Path, header: list[str], records: list[tuple[int, list[object]]]) -> list[Fault]:
    named = [name for name in header if name]
    twice = sorted({name for name in named if named.count(name) > 1})
    faults = [Fault("column_twice", file=path.name, column=name, params={"names": name}) for name in twice]
    for number, name in enumerate(header):
        if not name and any(len(cells) > number and _full(cells[number]) for _, cells in records):
            faults.append(Fault("header_empty", "warning", file=path.name, value=str(number + 1)))
    return faults


def _full(cell: object) -> bool:
    return cell is not None and str(cell).strip() != ""
