"""The tabular door: every kind of table file, under the contract's column names, with a place for each record."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS

from layers.aliases import PLACES
from layers.check import NUMERIC, check
from layers.errors import Fault, InputError
from layers.plansections import TableReading
from layers.schema import Contract
from layers.tables.archive import unpack
from layers.tables.geojson import read_geojson
from layers.tables.names import rename, same_in_all_rows
from layers.tables.numbers import decimal_commas
from layers.tables.places import LONLAT, place
from layers.tables.project import Bounds, project
from layers.tables.raw import Raw, stop
from layers.tables.shapes import fit
from layers.tables.sheet import read_sheet
from layers.tables.text import read_text
from layers.tables.vector import read_geopackage, read_parquet, read_shapefile

EXTENSIONS = (".csv", ".tsv", ".txt", ".xlsx", ".gpkg", ".geojson", ".json", ".shp", ".parquet", ".zip")

AS_IT_IS = TableReading()

__all__ = ["EXTENSIONS", "Bounds", "read_checked", "read_table"]


def read_table(
    path: Path,
    *,
    contract: Contract,
    crs: CRS | None = None,
    datum: str = "wgs84",
    to_crs: CRS | None = None,
    near: Bounds | None = None,
    reading: TableReading = AS_IT_IS,
) -> tuple[pd.DataFrame, list[Fault]]:
    """Read a table file under canonical column names; cells are not yet checked.

    Parameters
    ----------
    path
        A local file with one of ``EXTENSIONS``. Nothing else is ever handed to a driver.
    contract
        Names the columns and the geometry types.
    crs
        CRS of x and y columns, and of a vector file that states none.
    datum
        ``wgs84``, ``cgcs2000``, ``gcj02`` or ``bd09``.
    to_crs
        CRS of the result; None: EPSG:4326.
    near
        West, south, east, north of the region in degrees: a table with nothing within one degree of it is a fault.
    reading
        Sheet or layer, headings of columns and values of all rows, as the plan names them; its datum and CRS are the
        caller's to apply.

    Returns
    -------
    A GeoDataFrame (a DataFrame without geometry), RangeIndex, with ``_row``, the spreadsheet row; and the faults so
    far. Rows with a fault in their place have geometry None.

    Raises
    ------
    InputError
        The file cannot be read at all: not there, another format, another encoding, an empty table, a bad heading.
    """
    raw = read_raw(path, contract.name, reading.sheet)
    table, faults = rename(raw, contract, path.name, reading.columns)
    table, same = same_in_all_rows(table, contract, path.name, reading.values)
    faults = [*raw.faults, *faults, *same]
    if raw.decimal_comma:
        numeric = [str(name) for name in table if _is_number(str(name), contract)]
        table, found = decimal_commas(table, numeric, path.name)
        faults += found
    if not contract.geometry:
        return table, faults
    rows = table["_row"].to_numpy(dtype=np.int64)
    placed = place(raw, table, crs, path.name)
    fitted, misfits = fit(placed.geometry, contract, rows, path.name)
    shapes, misplaced = project(replace(placed, geometry=fitted), rows, to_crs, datum, near, path.name)
    plain = table.drop(columns=[name for name in PLACES if name in table])
    out = gpd.GeoDataFrame(plain, geometry=list(shapes), crs=LONLAT if to_crs is None else to_crs)
    out.attrs = table.attrs
    return out, [*faults, *placed.faults, *misfits, *misplaced]


def read_checked(
    path: Path,
    *,
    contract: Contract,
    crs: CRS | None = None,
    datum: str = "wgs84",
    to_crs: CRS | None = None,
    near: Bounds | None = None,
    reading: TableReading = AS_IT_IS,
) -> tuple[pd.DataFrame, list[int], list[Fault]]:
    """:func:`read_table`, then :func:`layers.check.check`: the table, spreadsheet row of each record, every fault.

    Raises
    ------
    InputError
        As :func:`read_table`.
    """
    table, faults = read_table(
        path, contract=contract, crs=crs, datum=datum, to_crs=to_crs, near=near, reading=reading
    )
    rows = [int(row) for row in table["_row"]]
    checked, found = check(table, contract, path.name)
    return checked, rows, [*faults, *found]


def read_raw(path: Path, layer: str, sheet: str | None = None) -> Raw:
    """A table as its file gives it; ``layer`` is preferred in a file with several, ``sheet`` is the one to read.

    Raises
    ------
    InputError
        See :func:`read_table`.
    """
    suffix = path.suffix.casefold()
    if suffix not in EXTENSIONS or str(path).startswith("/vsi"):
        raise stop("table_format", path, suffix or path.name, formats=" ".join(EXTENSIONS))
    if not path.is_file():
        raise stop("table_missing", path)
    if suffix == ".zip":
        return _zipped(path, layer, sheet)
    return _read(path, suffix, layer, sheet)


def _read(path: Path, suffix: str, layer: str, sheet: str | None) -> Raw:
    if suffix == ".gpkg":
        return read_geopackage(path, layer, sheet)
    if suffix == ".xlsx":
        return read_sheet(path, sheet)
    readers = {
        ".geojson": read_geojson,
        ".json": read_geojson,
        ".shp": read_shapefile,
        ".parquet": read_parquet,
    }
    return readers.get(suffix, read_text)(path)


def _zipped(path: Path, layer: str, sheet: str | None) -> Raw:
    with tempfile.TemporaryDirectory(prefix="geoplan-") as folder:
        inner = unpack(path, Path(folder))
        try:
            return _read(inner, inner.suffix, layer, sheet)
        except InputError as error:
            raise InputError([replace(fault, file=path.name) for fault in error.faults]) from None


def _is_number(name: str, contract: Contract) -> bool:
    column = contract.column(name)
    return column is not None and column.kind in NUMERIC
