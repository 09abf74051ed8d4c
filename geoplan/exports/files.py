"""CSV, GeoJSON and COG: one file a table or raster."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
from numpy.typing import NDArray

from geoplan.exports.flat import flat, located, without_formulas
from geoplan.exports.names import dictionary
from geoplan.exports.orders import Job, Order
from geoplan.store import cog_bytes, value_rasters
from geoplan.store.rasters import COUNTS, INDEX
from layers.bundle import IndexRaster

BACKDROP = ("base_", "boundary")


def csv_jobs(order: Order) -> Iterator[Job]:
    """One CSV a table, for spreadsheets: UTF-8 with byte order mark, no formulas, place as ``lon, lat``.

    The map backdrop is left out; ``columns.csv`` says what every column means, in both languages.
    """
    for name, table in order.run.tables.items():
        if not name.startswith(BACKDROP):
            yield f"{name}.csv", partial(_csv, table)
    yield "columns.csv", partial(_csv, pd.DataFrame(dictionary(order.run)))


def _csv(table: pd.DataFrame, path: Path) -> None:
    safe = without_formulas(located(flat(table)))
    safe.to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\r\n", float_format="%.12g")


def geojson_jobs(order: Order) -> Iterator[Job]:
    """One GeoJSON a table with places (RFC 7946): EPSG:4326 and no crs member, right-hand rule, seven decimals."""
    for name, table in order.run.tables.items():
        if isinstance(table, gpd.GeoDataFrame):
            yield f"{name}.geojson", partial(_geojson, table, name)


def _geojson(table: pd.DataFrame, name: str, path: Path) -> None:
    pyogrio.write_dataframe(flat(table), path, driver="GeoJSON", layer=name, RFC7946="YES", WRITE_BBOX="NO")


def cog_jobs(order: Order) -> Iterator[Job]:
    """The rasters of the run as cloud-optimised GeoTIFF, in the CRS of the population raster."""
    index = order.run.cell_index
    yield f"{INDEX}.tif", partial(_cog, index.cell.astype(np.int32), index, "NEAREST")
    for name, values in value_rasters(order.run):
        yield f"{name}.tif", partial(_cog, values, index, "NONE" if name in COUNTS else "AVERAGE")


def _cog(values: NDArray[Any], index: IndexRaster, overviews: str, path: Path) -> None:
    path.write_bytes(cog_bytes(values, index, overviews=overviews))
